import type { material as english } from '../en/material.ts'

export const material: Record<keyof typeof english, string> = {
  'material.title': 'Schlüsselmaterial',
  'material.text':
    'Die Bytes, aus denen dieser Schlüssel besteht. Sie haben sie importiert und bewahren die einzige Kopie außerhalb dieses Dienstes auf.',
  'material.textSymmetric':
    'Womit der Schlüssel jetzt verschlüsselt. Sie haben es importiert und bewahren die einzige Kopie außerhalb dieses Dienstes auf.',
  'material.inStore':
    'Das Schlüsselmaterial dieses Schlüssels liegt in seinem externen Schlüsselspeicher. Hier wird es weder importiert noch rotiert.',
  'material.notRotated':
    'KMS hat das Schlüsselmaterial dieses Schlüssels erzeugt, und es verlässt den Dienst nie. Asymmetrische und HMAC-Schlüssel werden nicht rotiert: Legen Sie einen neuen Schlüssel an, und lassen Sie den Alias auf ihn zeigen.',
  'material.none': 'Dieser Schlüssel hat noch kein Schlüsselmaterial. Importieren Sie es, dann ist er brauchbar.',
  'material.noneOrGone':
    'Dieser Schlüssel hat jetzt kein Schlüsselmaterial. Hatte er schon welches, lässt sich nur dasselbe importieren; sonst bindet ihn das erste für immer.',
  'material.gone':
    'Das Schlüsselmaterial ist abgelaufen oder wurde gelöscht. Importieren Sie dasselbe Schlüsselmaterial noch einmal: Bis dahin lässt sich mit diesem Schlüssel nichts entschlüsseln.',
  'material.import': 'Schlüsselmaterial importieren',
  'material.reimport': 'Erneut importieren',
  'material.reimportOne': 'Schlüsselmaterial {id} erneut importieren',
  'material.upload': 'Material hochladen',
  'material.importNew': 'Neues Material importieren',
  'material.delete': 'Material löschen',
  'material.deleteOne': 'Schlüsselmaterial {id} löschen',

  'material.id': 'ID des Schlüsselmaterials',
  'material.state': 'Zustand des Schlüsselmaterials',
  'material.stateShort': 'Zustand',
  'material.CURRENT': 'Aktuell',
  'material.NON_CURRENT': 'Nicht mehr aktuell',
  'material.PENDING_ROTATION': 'Wartet auf Rotation',
  'material.PENDING_MULTI_REGION_IMPORT_AND_ROTATION': 'Wartet auf Import in allen Regionen',
  'material.importState': 'Importstatus',
  'material.IMPORTED': 'Importiert',
  'material.PENDING_IMPORT': 'Wartet auf Import',
  'material.expirationModel': 'Ablauf',
  'material.expires': 'Schlüsselmaterial läuft ab',
  'material.doesNotExpire': 'Schlüsselmaterial läuft nicht ab',
  'material.validTo': 'Ablaufdatum',
  'material.expired': 'abgelaufen',
  'material.imported': 'Zuletzt importiert',
  'material.importedUntold': 'Steht im Protokoll, das Sie nicht lesen dürfen',
  'material.description': 'Beschreibung',
  'material.all': 'Alles Schlüsselmaterial',
  'material.allText':
    'Was früher aktuell war, entschlüsselt weiterhin. Fehlt etwas davon, wartet der Schlüssel auf Import. Erneut importieren heißt: noch einmal dieselben Bytes.',
  'material.rotationDate': 'Rotiert am',
  'material.rotationType': 'Art der Rotation',
  'material.automatic': 'Automatisch',
  'material.onDemand': 'Auf Wunsch',

  'material.deleteTitle': 'Schlüsselmaterial löschen?',
  'material.deleteText':
    'Das Schlüsselmaterial wird sofort gelöscht, und der Schlüssel wartet auf Import: Damit lässt sich nichts ver- oder entschlüsseln, bis genau dieses Schlüsselmaterial wieder importiert ist. Haben Sie eine Kopie? Der Dienst gibt keine heraus.',
  'material.deleteWaiting':
    'Es wartet auf seine Rotation und wurde nie verwendet. Es wird gelöscht, und der Schlüssel bleibt, wie er ist.',
  'material.deleteWhileDeleting':
    'Das Schlüsselmaterial wird sofort gelöscht. Wenn Sie die Löschung des Schlüssels später abbrechen, wartet er auf Import: Nur genau dieses Schlüsselmaterial macht ihn wieder brauchbar.',
  'material.deletePhrase': 'löschen',
  'material.deleted': 'Das Schlüsselmaterial wurde gelöscht.',

  'material.onDemandRotation': 'Rotation auf Wunsch',
  'material.rotateText':
    'Wechselt das Schlüsselmaterial jetzt. Schlüssel-ID, ARN, Aliase und Richtlinie bleiben, und alte Geheimtexte lassen sich entschlüsseln wie bisher.',
  'material.rotate': 'Jetzt rotieren',
  'material.rotateTitle': 'Den Schlüssel jetzt rotieren?',
  'material.rotateImported':
    'Der Schlüssel verschlüsselt von jetzt an mit dem neuen Schlüsselmaterial. Was bisher aktuell war, muss importiert bleiben, denn es entschlüsselt, was damit verschlüsselt wurde.',
  'material.rotateFresh':
    'KMS erzeugt neues Schlüsselmaterial, und der Schlüssel verschlüsselt von jetzt an damit. Was bisher aktuell war, bleibt erhalten und entschlüsselt weiterhin.',
  'material.rotateFreshText': 'KMS erzeugt bei jeder Rotation neues Schlüsselmaterial.',
  'material.rotated': 'Der Schlüssel wurde rotiert.',
  'material.rotations': '{done} von höchstens {most} Rotationen auf Wunsch bisher.',
  'material.ready': 'Neues Schlüsselmaterial wartet auf Rotation. Rotieren Sie, um damit zu verschlüsseln.',
  'material.missingElsewhere':
    'Neues Schlüsselmaterial ist hier. Importieren Sie dasselbe Schlüsselmaterial in jedes Replikat, dann lässt sich der Schlüssel rotieren.',
  'material.nothingWaits':
    'Kein Schlüsselmaterial wartet auf Rotation. Importieren Sie zuerst neues Schlüsselmaterial.',

  'material.whyDeletion': 'Der Schlüssel wartet auf seine Löschung.',
  'material.whyBusy': 'Der Schlüssel wird gerade angelegt oder geändert. Warten Sie kurz.',
  'material.whyUnavailable': 'Der externe Schlüsselspeicher des Schlüssels ist nicht verbunden.',
  'material.whyNone': 'Es gibt kein Schlüsselmaterial zu löschen.',
  'material.whyReplica': 'Nur beim Primärschlüssel. Dieser Schlüssel ist ein Replikat.',
  'material.whyDisabled': 'Der Schlüssel ist deaktiviert. Aktivieren Sie ihn zuerst.',
  'material.whyPendingImport': 'Der Schlüssel wartet auf Import. Importieren Sie zuerst sein Schlüsselmaterial.',
  'material.whyNothingWaits': 'Kein Schlüsselmaterial wartet auf Rotation.',
  'material.whyWaiting':
    'Anderes neues Schlüsselmaterial wartet auf Rotation. Rotieren Sie darauf, oder löschen Sie es zuerst.',
  'material.whyLimit': 'Der Schlüssel hatte {most} Rotationen auf Wunsch; mehr gibt es nicht.',

  'material.automaticRotation': 'Automatische Schlüsselrotation',
  'material.automaticText':
    'KMS erzeugt von Zeit zu Zeit neues Schlüsselmaterial. Was früher aktuell war, entschlüsselt weiterhin.',
  'material.editAutomatic': 'Automatische Schlüsselrotation bearbeiten',
  'material.status': 'Status',
  'material.on': 'Eingeschaltet',
  'material.onText': 'KMS rotiert den Schlüssel jedes Mal, wenn der Zeitraum um ist.',
  'material.off': 'Ausgeschaltet',
  'material.offText': 'Der Schlüssel wird nur rotiert, wenn Sie es sagen.',
  'material.period': 'Rotationszeitraum',
  'material.days': '{count, plural, one {# Tag} other {# Tage}}',
  'material.next': 'Nächste Rotation',
  'material.due': 'fällig',
  'material.periodInDays': 'Rotationszeitraum (in Tagen)',
  'material.periodRange': '{shortest} bis {longest} Tage. Die nächste Rotation ist so lange von jetzt an.',
  'material.periodWrong': 'Geben Sie eine ganze Zahl von {shortest} bis {longest} an.',
  'material.turnedOn': 'Die automatische Schlüsselrotation ist eingeschaltet, alle {count} Tage.',
  'material.turnedOff': 'Die automatische Schlüsselrotation ist ausgeschaltet.',
  'material.history': 'Schlüsselrotationen',
  'material.historyText': 'Alles Schlüsselmaterial, das dieser Schlüssel hatte, das neueste zuerst.',
  'material.noHistory': 'Keine Rotationen',
}
