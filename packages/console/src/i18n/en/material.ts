/** The tab of a key about its material and rotations. */
export const material = {
  'material.title': 'Key material',
  'material.text':
    'The bytes that this key is made of. You have imported them, and keep the only copy outside of this service.',
  'material.textSymmetric':
    'What the key encrypts with now. You have imported it, and keep the only copy outside of this service.',
  'material.inStore':
    'The key material of this key is in its custom key store. It is neither imported nor rotated here.',
  'material.notRotated':
    'KMS made the key material of this key, and it never leaves the service. Asymmetric and HMAC keys are not rotated: create a new key, and let its alias point there.',
  'material.none': 'This key has no key material yet. Import it, and the key can be used.',
  'material.noneOrGone':
    'This key has no key material now. If it had some before, only the same key material can be imported; otherwise the first binds it for ever.',
  'material.gone':
    'The key material has expired or was deleted. Import the same key material again: until then nothing can be decrypted with this key.',
  'material.import': 'Import key material',
  'material.reimport': 'Reimport',
  'material.reimportOne': 'Reimport key material {id}',
  'material.upload': 'Upload key material',
  'material.importNew': 'Import new key material',
  'material.delete': 'Delete key material',
  'material.deleteOne': 'Delete key material {id}',

  'material.id': 'Key material ID',
  'material.state': 'Key material state',
  'material.stateShort': 'State',
  'material.CURRENT': 'Current',
  'material.NON_CURRENT': 'Non-current',
  'material.PENDING_ROTATION': 'Pending rotation',
  'material.PENDING_MULTI_REGION_IMPORT_AND_ROTATION': 'Pending import in all Regions',
  'material.importState': 'Import state',
  'material.IMPORTED': 'Imported',
  'material.PENDING_IMPORT': 'Pending import',
  'material.expirationModel': 'Expiration',
  'material.expires': 'Key material expires',
  'material.doesNotExpire': 'Key material does not expire',
  'material.validTo': 'Expiration date',
  'material.expired': 'expired',
  'material.imported': 'Last imported',
  'material.importedUntold': 'Told by the audit log, which you may not read',
  'material.description': 'Description',
  'material.all': 'All key material',
  'material.allText':
    'What was current before still decrypts. If any of it is missing, the key is pending import. To reimport means the same bytes again.',
  'material.rotationDate': 'Rotation date',
  'material.rotationType': 'Rotation type',
  'material.automatic': 'Automatic',
  'material.onDemand': 'On-demand',

  'material.deleteTitle': 'Delete key material?',
  'material.deleteText':
    'The key material is erased at once, and the key is pending import: nothing can be encrypted or decrypted with it until exactly this key material is imported again. Do you have a copy? The service gives none back.',
  'material.deleteWaiting': 'It waits for its rotation and was never used. It is erased, and the key stays as it is.',
  'material.deleteWhileDeleting':
    'The key material is erased at once. If you cancel the deletion of the key later, it is pending import: only exactly this key material makes it usable.',
  'material.deletePhrase': 'delete',
  'material.deleted': 'The key material was deleted.',

  'material.onDemandRotation': 'On-demand rotation',
  'material.rotateText':
    'Changes the key material now. Key ID, ARN, aliases and policy stay, and old ciphertext decrypts as before.',
  'material.rotate': 'Rotate now',
  'material.rotateTitle': 'Rotate the key now?',
  'material.rotateImported':
    'The key encrypts with the new key material from now on. What was current before must stay imported, since it decrypts what was encrypted with it.',
  'material.rotateFresh':
    'KMS makes new key material, and the key encrypts with it from now on. What was current before is kept, and still decrypts.',
  'material.rotateFreshText': 'KMS makes new key material whenever you rotate.',
  'material.rotated': 'The key was rotated.',
  'material.rotations': '{done} of at most {most} on-demand rotations so far.',
  'material.ready': 'New key material is pending rotation. Rotate to encrypt with it.',
  'material.missingElsewhere':
    'New key material is here. Import the same key material into each replica, and the key can be rotated.',
  'material.nothingWaits': 'No key material is pending rotation. Import new key material first.',

  'material.whyDeletion': 'The key is pending deletion.',
  'material.whyBusy': 'The key is being created or updated. Wait a moment.',
  'material.whyUnavailable': 'The custom key store of the key is not connected.',
  'material.whyNone': 'There is no key material to delete.',
  'material.whyReplica': 'Only on the primary key. This key is a replica.',
  'material.whyDisabled': 'The key is disabled. Enable it first.',
  'material.whyPendingImport': 'The key is pending import. Import its key material first.',
  'material.whyNothingWaits': 'No key material is pending rotation.',
  'material.whyWaiting': 'Other new key material is pending rotation. Rotate to it, or delete it first.',
  'material.whyLimit': 'The key has had {most} on-demand rotations, which is the most.',

  'material.automaticRotation': 'Automatic key rotation',
  'material.automaticText': 'KMS makes new key material from time to time. What was current before still decrypts.',
  'material.editAutomatic': 'Edit automatic key rotation',
  'material.status': 'Status',
  'material.on': 'Enabled',
  'material.onText': 'KMS rotates the key each time the period is over.',
  'material.off': 'Disabled',
  'material.offText': 'The key is rotated only when you say so.',
  'material.period': 'Rotation period',
  'material.days': '{count, plural, one {# day} other {# days}}',
  'material.next': 'Next rotation',
  'material.due': 'due',
  'material.periodInDays': 'Rotation period (in days)',
  'material.periodRange': '{shortest} to {longest} days. The next rotation is that long from now.',
  'material.periodWrong': 'Give a whole number from {shortest} to {longest}.',
  'material.turnedOn': 'Automatic key rotation is on, each {count} days.',
  'material.turnedOff': 'Automatic key rotation is off.',
  'material.history': 'Key rotations',
  'material.historyText': 'All key material that this key has had, newest first.',
  'material.noHistory': 'No rotations',
} as const
