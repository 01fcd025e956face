/** The import of key material. */
export const importing = {
  'import.title': 'Import key material',
  'import.material': 'Key material',
  'import.toKey': 'View key',
  'import.notNow': 'No key material can be imported into this key',
  'import.notExternal':
    'Its origin is not External. The origin is chosen when a key is created, and never changes: create a key with external key material.',
  'import.pendingDeletion': 'The key is pending deletion. Cancel the deletion first.',
  'import.creating': 'The key is still being created. Wait a moment, and load this page again.',

  'import.step1': 'Download wrapping key and import token',
  'import.step1Text':
    'Key {keyId} ({keySpec}). The service makes a wrapping public key and an import token for this key alone: key material is wrapped under the one and goes back with the other.',
  'import.step2': 'Upload your wrapped key material',
  'import.step2Text': 'Key {keyId} ({keySpec}). Only wrapped key material is uploaded, together with its import token.',
  'import.skip': 'Skip and do this later',
  'import.submit': 'Import key material',

  'import.parameters': 'Wrapping key and import token',
  'import.wrappingKeySpec': 'Select wrapping key spec',
  'import.wrappingKeySpecText': 'The RSA key that your key material is wrapped under.',
  'import.recommended': 'Recommended',
  'import.wrappingAlgorithm': 'Select wrapping algorithm',
  'import.wrappingAlgorithmText': 'How it is wrapped. All that fit this key are listed.',
  'import.legacy': 'legacy',
  'import.forSmall': 'Recommended for secrets and elliptic curve keys',
  'import.forAll': 'For everything; RSA private keys need it',
  'import.forOld': 'Where SHA-256 cannot be had',
  'import.forOldest': 'For secrets alone; AWS no longer offers it',
  'import.withPage': 'Add a page for an air-gapped machine',
  'import.withPageText':
    'One HTML file in the zip file: it holds the wrapping key, wraps key material in any browser, and needs no network.',
  'import.download': 'Download wrapping key and import token',
  'import.fetched': 'Downloaded: ImportParameters.zip',
  'import.expires': 'Valid for',
  'import.expired': 'expired',
  'import.belong':
    'It holds {wrappingKey} and {token}. They belong together and to this key alone; those of another download fit neither.',
  'import.earlier':
    '{count, plural, one {This tab has downloaded one other set before.} other {This tab has downloaded # other sets before.}}',

  'import.spec': 'Wrapping key spec',
  'import.algorithm': 'Wrapping algorithm',
  'import.wrapping': 'Wrap your key material',
  'import.ways': 'Ways to wrap key material',
  'import.wayOpenssl': 'With openssl',
  'import.wayHere': 'In this tab',
  'import.wayOffline': 'On an air-gapped machine',
  'import.opensslFirst':
    'Download the wrapping key and the import token first. The commands are then shown here, with the names of your files.',
  'import.opensslSecret':
    'Unpack {zip} into a folder, put your key material there as {file} (raw bytes), and run this with OpenSSL 3 or later. Then upload EncryptedKeyMaterial.bin in the next step.',
  'import.opensslKey':
    'Unpack {zip} into a folder, put your private key there as {file}, and run this with OpenSSL 3 or later. Then upload EncryptedKeyMaterial.bin in the next step.',
  'import.opensslLines': 'openssl commands',
  'import.offlineText': 'Key material that must never come near a network is wrapped where it is:',
  'import.offline1':
    'Choose “Add a page for an air-gapped machine” above, download the zip file, and carry it there. Leave the import token behind if you like: only the wrapping key is needed.',
  'import.offline2':
    'Open wrapKeyMaterial_….html in a browser there. It wraps the material and gives EncryptedKeyMaterial.bin.',
  'import.offline3': 'Carry that file back, and upload it in the next step with the import token.',
  'import.ready': 'I am ready to upload my exported key material',
  'import.notReady': 'Check this box to go on. To come back another time, choose “Skip and do this later”.',

  'import.hereText':
    'The material is wrapped by this page, in this tab. Nothing unwrapped leaves it, and it is forgotten at once. The result goes into the next step by itself.',
  'import.materialFile': 'Key material file',
  'import.materialSecret': 'Raw bytes, hexadecimal digits, base64 or a JSON Web Key.',
  'import.materialKey': 'PEM, DER or a JSON Web Key; not encrypted.',
  'import.materialText': 'Or paste it as text',
  'import.read': 'Read',
  'import.format': 'Format',
  'import.formatAuto': 'Recognize it',
  'import.formatRaw': 'Raw bytes',
  'import.orGenerate': 'Or make new key material',
  'import.generateText':
    'Random bytes from this browser. A backup copy is downloaded first, since nobody else has it: the service never gives material back.',
  'import.generate': 'Generate material here',
  'import.fileTooLarge': 'This file is larger than any key: more than 64 KB.',
  'import.notRead': 'This cannot be used as key material',
  'import.kind': 'Read as',
  'import.kindSecret': 'Secret for {keySpec}',
  'import.kindKey': 'Private key for {keySpec}',
  'import.length': 'Length',
  'import.bytes': '{count, plural, one {# byte} other {# bytes}}',
  'import.check': 'Check value',
  'import.checkKcv': 'Check value (AES, first 3 bytes)',
  'import.checkPublicKey': 'Public key (SHA-256)',
  'import.checkSecret': 'Material (SHA-256)',
  'import.noCheck': 'Not available: the file holds no public key',
  'import.backup': 'Keep the backup copy',
  'import.backupText':
    '{file} has been handed to your downloads. It is the only copy. If the material expires or is deleted, only this file brings your data back.',
  'import.backupStored': 'I have the file, and it is in a safe place',
  'import.backupFirst': 'First confirm that you have the backup copy.',
  'import.wrap': 'Wrap in this tab',
  'import.discard': 'Discard',
  'import.wrapped': 'Wrapped, and forgotten here',
  'import.wrappedText':
    'EncryptedKeyMaterial.bin ({count} bytes) and its import token are ready in the next step. The material itself has been wiped from this tab.',

  'import.files': 'Wrapped key material and import token',
  'import.filesText': 'Both are looked at in this tab before anything is sent.',
  'import.wrappedFile': 'Wrapped key material',
  'import.wrappedFileText': 'EncryptedKeyMaterial.bin, as binary.',
  'import.tokenFile': 'Import token',
  'import.tokenFileText': 'importToken_…, or all of ImportParameters.zip.',
  'import.missing': 'Choose a file.',
  'import.knownSet': 'The token is from this tab: {algorithm}, {spec}. Valid for:',
  'import.expiry': 'Expiration option',
  'import.expiryText':
    'When key material expires, the service erases it. Only the same material makes the key usable again.',
  'import.doesExpire': 'Key material expires',
  'import.expiryDate': 'Date',
  'import.expiryTime': 'Time',
  'import.expiryZone': 'Time zone: {zone}',
  'import.expiryMoment': 'Expires on {time}, in:',
  'import.expiryMissing': 'Choose a date, as YYYY/MM/DD.',
  'import.expiryNoTime': 'Give a time, as hh:mm.',
  'import.expiryPast': 'This is in the past.',
  'import.expiryFar': 'At most 365 days from now.',
  'import.neverExpires': 'Never',
  'import.type': 'Import type',
  'import.existing': 'Existing key material',
  'import.existingText':
    'Material that the key has had before, byte for byte: after it expired, to change its expiration, or after it was deleted.',
  'import.existingOne': 'Exactly the material {id}, byte for byte.',
  'import.new': 'New key material',
  'import.newText': 'Material that the key has never had. It waits until you rotate the key to it.',
  'import.newOnReplica': 'Only on the primary key. This key is a replica.',
  'import.description': 'Key material description',
  'import.descriptionRules': 'Up to 256 letters, digits, blanks and : / _ . -',
  'import.descriptionWrong': 'Only up to 256 letters, digits, blanks and : / _ . - can be used.',
  'import.sameOnly': 'The first key material binds this key for ever. After that, only the same can be imported again.',

  'import.findEmpty': 'This file is empty.',
  'import.findTooLarge': 'This file is too large: neither wrapped material nor a token has more than {largest} bytes.',
  'import.findWrappingKey':
    'This is a wrapping key. It stays with you: nothing but wrapped material and the token is uploaded.',
  'import.findZip': 'This is a zip file without an import token that fits here. Unpack it, and choose the single file.',
  'import.findPem': 'This looks like PEM, which is text. Choose the binary file.',
  'import.findHex':
    'This looks like hexadecimal text. The service wants the bytes: xxd -r -p {name} > EncryptedKeyMaterial.bin',
  'import.findBase64':
    'This looks like base64 text. The service wants the bytes: openssl enc -d -base64 -A -in {name} -out {name}.bin',
  'import.findText': 'This is text. Both files are binary.',
  'import.findBare':
    '{name} is key material that is not wrapped! It has been dropped, and nothing was sent. Go back and wrap it first.',
  'import.findSame': 'This is the same file as the import token.',
  'import.findTokenHere': 'This is an import token. Did you swap the two files?',
  'import.findWrappedHere': 'This is wrapped key material. Did you swap the two files?',
  'import.findTooShort':
    '{count, plural, one {# byte is} other {# bytes are}} less than wrapped material ever has (256). Is this wrapped?',
  'import.findSize': '{count} bytes: nothing that was wrapped for {keySpec} has this length. Is the file cut short?',
  'import.findOtherSet':
    'This was wrapped for another download, under {wrapped}. The token is {token}. Use files of one set.',
  'import.findOtherKey': 'This was wrapped under another wrapping key than {file}, which belongs to the token.',
  'import.findNoKwp':
    '{count} bytes are a single RSA block, as RSAES_OAEP_* gives. The token is for {algorithm}, where the wrapped material follows that block: cat aes-key-wrapped.bin key-material-wrapped.bin > EncryptedKeyMaterial.bin',
  'import.findOtherSpec': 'Wrapped for {other}, this set is {spec}: {count} bytes do not fit.',
  'import.findKwp':
    '{count} bytes are what RSA_AES_KEY_WRAP_* gives. The token is for {algorithm}: exactly {block} bytes.',
  'import.findOtherSize':
    '{count} bytes cannot be material for this key, wrapped by {algorithm} under {spec}. Is the file cut short?',
  'import.findTokenOfOther': 'This is the token of another key: {key}.',
  'import.findTokenOfRegion': 'This is a token of the Region {region}. Each Region has its own.',
  'import.findExpired': 'This token has expired. Download a new set, and wrap the material again.',
  'import.findNoToken':
    '{count, plural, one {# byte is} other {# bytes are}} very little for an import token. Is this the right file?',
  'import.findMaybeWrapped': '{count} bytes are what wrapped material has. Did you swap the two files?',
  'import.findNamedFor': 'By its name, this file is for another key: {key}.',

  'import.whyTitle': 'What this can mean',
  'import.whyCiphertext':
    'The server could not unwrap the file, or what came out is no material for this key. Check that the material was wrapped under the wrapping key of this very token, by the algorithm that was selected for it, and that it was raw bytes: no text, no PEM, no newline at the end.',
  'import.whyMaterial':
    'The material was unwrapped, but it is not what this key may take: other material than it had before, or, for new material, material that it already has.',
  'import.whyToken': 'The token is not of this key, of another server, or damaged. Download a new set.',
  'import.whyExpired':
    'The token is older than 24 hours, or too many files have failed with it. Download a new set, and wrap the material again.',

  'import.same': 'The server holds exactly what you wrapped',
  'import.sameText': 'What it says of the material is what was computed in this tab before it was wrapped.',
  'import.different': 'The server holds something else than you wrapped',
  'import.differentText':
    'What it says of the material is not what was computed in this tab. Do not use this key; look into the audit log.',
  'import.imported': 'The key material is imported',
  'import.untold': 'The server gives nothing of this material to compare with what was wrapped in this tab.',
  'import.elsewhere':
    'It was wrapped elsewhere. The tool that wrapped it may have printed the key material ID or the fingerprint of the public key: compare.',
  'import.waits': 'The new key material waits for its rotation',
  'import.waitsText': 'The key goes on encrypting with what it had until you rotate it.',
  'import.toRotation': 'Rotate the key',
  'import.keyState': 'Key state',
  'import.materialId': 'Key material ID',
  'import.again': 'Import again',
} as const
