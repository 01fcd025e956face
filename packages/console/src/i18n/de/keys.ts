import type { keys as english } from '../en/keys.ts'

export const keys: Record<keyof typeof english, string> = {
  'keys.intro':
    'Schlüssel in {region}. Was hier fehlt, ist vielleicht in einer anderen Region: Wählen Sie sie oben auf der Seite.',
  'keys.create': 'Schlüssel anlegen',
  'keys.actions': 'Aktionen',

  'keys.alias': 'Alias',
  'keys.keyId': 'Schlüssel-ID',
  'keys.status': 'Status',
  'keys.keySpec': 'Schlüsselspezifikation',
  'keys.keyUsage': 'Verwendung',
  'keys.originLabel': 'Herkunft',
  'keys.regionalityLabel': 'Regionalität',
  'keys.created': 'Angelegt am',
  'keys.expiry': 'Ablauf des Materials',
  'keys.lastUsed': 'Zuletzt benutzt',
  'keys.description': 'Beschreibung',
  'keys.region': 'Region',
  'keys.keyStore': 'Externer Schlüsselspeicher',
  'keys.tags': 'Tags',
  'keys.tagKey': 'Tag-Schlüssel',
  'keys.tagValue': 'Tag-Wert',
  'keys.tagNamed': 'Tag {key}',

  'keys.usage.ENCRYPT_DECRYPT': 'Verschlüsseln und entschlüsseln',
  'keys.usage.SIGN_VERIFY': 'Signieren und prüfen',
  'keys.usage.GENERATE_VERIFY_MAC': 'MAC erzeugen und prüfen',
  'keys.usage.KEY_AGREEMENT': 'Schlüsselvereinbarung',
  'keys.origin.AWS_KMS': 'KMS',
  'keys.origin.EXTERNAL': 'Extern (Schlüsselmaterial importieren)',
  'keys.origin.EXTERNAL_KEY_STORE': 'Externer Schlüsselspeicher',
  'keys.origin.AWS_CLOUDHSM': 'AWS-CloudHSM-Schlüsselspeicher',
  'keys.regionality.SINGLE': 'Eine Region',
  'keys.regionality.PRIMARY': 'Multi-Region, Primärschlüssel',
  'keys.regionality.REPLICA': 'Multi-Region, Replikat',

  'keys.denied': 'Keine Einsicht',
  'keys.deletionOn': 'Löschung am {date}',
  'keys.neverExpires': 'Läuft nicht ab',
  'keys.expires': 'Läuft {text} ab',
  'keys.expired': 'Abgelaufen am {date}',
  'keys.otherAliases': 'Weitere Aliasse',
  'keys.showAliases': '{count, plural, one {# weiterer Alias} other {# weitere Aliasse}}',
  'keys.moreAliases': '{count, plural, one {und # weiterer} other {und # weitere}}',

  'keys.filter': 'Nach Alias, ID, Tag oder anderen Eigenschaften suchen',
  'keys.filterText': 'Suchen nach: „{text}“',
  'keys.filterValues': 'Werte von {property}',
  'keys.filterEmpty': 'Keine Vorschläge',
  'keys.matches': '{matches, plural, one {{count} Treffer} other {{count} Treffer}}',
  'keys.soFar': 'bisher {count, number} Schlüssel',
  'keys.shown': 'Schlüssel {first} bis {last} von {count}',
  'keys.selection': 'Auswahl von Schlüsseln',
  'keys.selectAll': 'Alle Schlüssel dieser Seite auswählen',
  'keys.select': 'Den Schlüssel {id} auswählen',
  'keys.nextPage': 'Nächste Seite',
  'keys.previousPage': 'Vorige Seite',
  'keys.pages': 'Seiten der Schlüsselliste',
  'keys.page': 'Seite {page}',
  'keys.preferences': 'Einstellungen',
  'keys.confirm': 'Übernehmen',
  'keys.perPage': '{count} Schlüssel',

  'keys.none': 'Keine Schlüssel in {region}',
  'keys.noneText':
    'Ein Schlüssel ist vielleicht in einer anderen Region: Wählen Sie sie oben auf der Seite. Oder legen Sie hier den ersten an.',
  'keys.noMatch': 'Kein Schlüssel passt zum Filter',
  'keys.clearFilter': 'Filter löschen',
  'keys.notLoaded': 'Die Schlüssel ließen sich nicht auflisten',

  'keys.noneChosen': 'Wählen Sie zuerst Schlüssel aus.',
  'keys.enable': 'Aktivieren',
  'keys.enableTitle': '{count, plural, one {# Schlüssel aktivieren?} other {# Schlüssel aktivieren?}}',
  'keys.enableText':
    '{count, plural, one {Er lässt sich sofort wieder für kryptographische Operationen benutzen.} other {Sie lassen sich sofort wieder für kryptographische Operationen benutzen.}}',
  'keys.enableDone': '{count, plural, one {# Schlüssel wurde aktiviert.} other {# Schlüssel wurden aktiviert.}}',
  'keys.enableImpossible': 'Keiner der ausgewählten Schlüssel ist deaktiviert.',
  'keys.disable': 'Deaktivieren',
  'keys.disableTitle': '{count, plural, one {# Schlüssel deaktivieren?} other {# Schlüssel deaktivieren?}}',
  'keys.disableText':
    '{count, plural, one {Von jetzt an verschlüsselt, entschlüsselt, signiert und prüft er nichts mehr, bis jemand ihn wieder aktiviert. Wer Daten unter ihm braucht, wird abgewiesen.} other {Von jetzt an verschlüsseln, entschlüsseln, signieren und prüfen sie nichts mehr, bis jemand sie wieder aktiviert. Wer Daten unter ihnen braucht, wird abgewiesen.}}',
  'keys.disableDone': '{count, plural, one {# Schlüssel wurde deaktiviert.} other {# Schlüssel wurden deaktiviert.}}',
  'keys.disableImpossible': 'Keiner der ausgewählten Schlüssel ist aktiviert.',
  'keys.delete': 'Löschung planen',
  'keys.deleteTitle':
    '{count, plural, one {Die Löschung von # Schlüssel planen?} other {Die Löschung von # Schlüsseln planen?}}',
  'keys.deleteText':
    '{count, plural, one {Von jetzt an kann niemand ihn benutzen. Am Ende der Wartezeit wird er gelöscht, und was nur unter ihm verschlüsselt ist, lässt sich nie wieder lesen.} other {Von jetzt an kann niemand sie benutzen. Am Ende der Wartezeit werden sie gelöscht, und was nur unter ihnen verschlüsselt ist, lässt sich nie wieder lesen.}} Bis dahin können Sie die Löschung abbrechen. Sicherer ist es, einen Schlüssel zuerst zu deaktivieren und zu sehen, wem er fehlt.',
  'keys.deletePhrase': 'löschen',
  'keys.deleteDone':
    '{count, plural, one {Die Löschung von # Schlüssel ist geplant.} other {Die Löschung von # Schlüsseln ist geplant.}}',
  'keys.deleteImpossible': 'Die ausgewählten Schlüssel warten schon auf ihre Löschung.',
  'keys.keep': 'Löschung abbrechen',
  'keys.keepTitle':
    '{count, plural, one {Die Löschung von # Schlüssel abbrechen?} other {Die Löschung von # Schlüsseln abbrechen?}}',
  'keys.keepText':
    '{count, plural, one {Er bleibt und ist deaktiviert. Aktivieren Sie ihn, um ihn wieder zu benutzen.} other {Sie bleiben und sind deaktiviert. Aktivieren Sie sie, um sie wieder zu benutzen.}}',
  'keys.keepDone':
    '{count, plural, one {# Schlüssel bleibt. Er ist deaktiviert, bis Sie ihn aktivieren.} other {# Schlüssel bleiben. Sie sind deaktiviert, bis Sie sie aktivieren.}}',
  'keys.keepImpossible': 'Keiner der ausgewählten Schlüssel wartet auf seine Löschung.',
  'keys.leftOut':
    '{count, plural, one {# weiterer ausgewählter Schlüssel bleibt, wie er ist: Sein Status lässt das nicht zu.} other {# weitere ausgewählte Schlüssel bleiben, wie sie sind: Ihr Status lässt das nicht zu.}}',
  'keys.andMore': 'und {count} weitere',
  'keys.window': 'Wartezeit (in Tagen)',
  'keys.windowText':
    'Von 7 bis 30 Tagen. Ein Primärschlüssel für mehrere Regionen wartet außerdem, bis seine Replikate gelöscht sind.',
  'keys.windowWrong': 'Geben Sie eine ganze Zahl von 7 bis 30 ein.',
  'keys.progress': 'Fortschritt',
  'keys.progressOf': '{done} von {count} Schlüsseln',
  'keys.reportNone':
    '{done, plural, one {Es hat nicht geklappt.} other {Es hat bei keinem der {done} Schlüssel geklappt.}}',
  'keys.report': 'Bei {failed} von {done} Schlüsseln hat es nicht geklappt. Die anderen sind erledigt.',
}
