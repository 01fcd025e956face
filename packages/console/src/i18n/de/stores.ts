import type { stores as english } from '../en/stores.ts'

export const stores: Record<keyof typeof english, string> = {
  'stores.text':
    'In einem externen Schlüsselspeicher liegen Schlüssel außerhalb von Keyreeve: Jeder ist ein Schlüssel Ihrer eigenen Schlüsselverwaltung, die ein Proxy bittet, zu ver- und entschlüsseln.',
  'stores.create': 'Schlüsselspeicher anlegen',
  'stores.name': 'Name des Schlüsselspeichers',
  'stores.id': 'ID des Schlüsselspeichers',
  'stores.type': 'Typ',
  'stores.type.EXTERNAL_KEY_STORE': 'Externer Schlüsselspeicher',
  'stores.type.AWS_CLOUDHSM': 'AWS-CloudHSM-Schlüsselspeicher',
  'stores.connection': 'Verbindung',
  'stores.state.CONNECTED': 'Verbunden',
  'stores.state.CONNECTING': 'Wird verbunden',
  'stores.state.DISCONNECTED': 'Getrennt',
  'stores.state.DISCONNECTING': 'Wird getrennt',
  'stores.state.FAILED': 'Fehlgeschlagen',
  'stores.connectivity': 'Weg zum Proxy',
  'stores.connectivity.PUBLIC_ENDPOINT': 'Öffentlicher Endpunkt',
  'stores.connectivity.VPC_ENDPOINT_SERVICE': 'VPC-Endpunktdienst',
  'stores.endpoint': 'URI-Endpunkt des Proxys',
  'stores.path': 'URI-Pfad des Proxys',
  'stores.accessKeyId': 'Zugangsschlüssel-ID beim Proxy',
  'stores.created': 'Angelegt am',
  'stores.service': 'VPC-Endpunktdienst',
  'stores.selection': 'Auswahl eines Schlüsselspeichers',
  'stores.select': 'Den Schlüsselspeicher {name} auswählen',
  'stores.none': 'Keine externen Schlüsselspeicher in {region}',
  'stores.noneText':
    'Sie brauchen einen Proxy für externe Schlüsselspeicher, den Keyreeve über HTTPS erreicht. Andere Regionen haben vielleicht Schlüsselspeicher: Wählen Sie eine oben auf der Seite.',
  'stores.choose': 'Wählen Sie einen Schlüsselspeicher aus, um ihn ganz zu sehen und etwas mit ihm zu tun.',
  'stores.gone': 'Den Schlüsselspeicher {id} gibt es hier nicht',
  'stores.goneText': 'Er wurde gelöscht oder ist in einer anderen Region.',

  'stores.actions': 'Aktionen',
  'stores.connect': 'Verbinden',
  'stores.disconnect': 'Trennen',
  'stores.edit': 'Bearbeiten',
  'stores.delete': 'Löschen',
  'stores.keys': 'Schlüssel in diesem Speicher',
  'stores.createKey': 'Schlüssel in diesem Speicher anlegen',
  'stores.createKeyImpossible': 'Verbinden Sie zuerst den Schlüsselspeicher.',
  'stores.connectImpossible': 'Er ist verbunden.',
  'stores.connectFailed': 'Trennen Sie zuerst den Schlüsselspeicher und beheben Sie, was der Fehler nennt.',
  'stores.disconnectImpossible': 'Er ist getrennt.',
  'stores.editFailed': 'Trennen Sie zuerst den Schlüsselspeicher.',
  'stores.deleteImpossible': 'Trennen Sie zuerst den Schlüsselspeicher.',
  'stores.connected': 'Der Schlüsselspeicher {name} ist verbunden.',
  'stores.notConnected': 'Der Schlüsselspeicher {name} ließ sich nicht verbinden: {code}.',
  'stores.createdDone': 'Der Schlüsselspeicher {name} ist angelegt. Verbinden Sie ihn, um Schlüssel in ihm anzulegen.',
  'stores.savedDone': 'Der Schlüsselspeicher {name} ist geändert.',
  'stores.disconnectedDone': 'Der Schlüsselspeicher {name} ist getrennt.',
  'stores.deletedDone': 'Der Schlüsselspeicher {name} ist gelöscht.',
  'stores.disconnectTitle': '{name} trennen?',
  'stores.disconnectText':
    'Bis er wieder verbunden ist, lässt sich kein Schlüssel in ihm benutzen und keiner in ihm anlegen. Die Schlüssel bleiben, wie sie sind.',
  'stores.deleteTitle': '{name} löschen?',
  'stores.deleteText':
    'Keyreeve vergisst den Schlüsselspeicher und die Zugangsdaten seines Proxys. An Ihrem Proxy und in Ihrer Schlüsselverwaltung ändert sich nichts.',
  'stores.deleteEmpty':
    'Das geht nur, wenn kein Schlüssel in ihm ist. Planen Sie zuerst die Löschung seiner Schlüssel; auch solche, die auf ihre Löschung warten, zählen noch.',

  'stores.failure': 'Warum er sich nicht verbinden ließ: {code}',
  'stores.failureSteps':
    'Trennen Sie den Schlüsselspeicher, bevor Sie hier etwas ändern, und verbinden Sie ihn danach wieder.',
  'stores.failure.XKS_PROXY_NOT_REACHABLE':
    'Der Proxy war nicht zu erreichen oder sagt, dass seine Schlüsselverwaltungen nicht verfügbar sind. Prüfen Sie, ob der Proxy läuft, ob sein Name sich auflösen lässt und sein Port von hier aus offen ist und ob er seine Schlüsselverwaltung erreicht.',
  'stores.failure.XKS_PROXY_TIMED_OUT':
    'Der Proxy hat nicht rechtzeitig geantwortet. Prüfen Sie seine Last und das Netz zwischen ihm, Keyreeve und der Schlüsselverwaltung.',
  'stores.failure.INVALID_CREDENTIALS':
    'Der Proxy hat die Zugangsdaten nicht angenommen. Kopieren Sie Zugangsschlüssel-ID und geheimen Zugangsschlüssel noch einmal vom Proxy und geben Sie sie hier unter Bearbeiten ein.',
  'stores.failure.XKS_PROXY_ACCESS_DENIED':
    'Der Proxy hat die Anfrage abgewiesen. Prüfen Sie, was seine eigenen Berechtigungen Keyreeve erlauben.',
  'stores.failure.XKS_PROXY_INVALID_CONFIGURATION':
    'Der Proxy ist für diesen Schlüsselspeicher nicht eingerichtet. Prüfen Sie den URI-Pfad und ob die externen Schlüssel aktiviert sind.',
  'stores.failure.XKS_PROXY_INVALID_RESPONSE':
    'Der Proxy hat etwas geantwortet, was die Spezifikation solcher Proxys nicht kennt. Prüfen Sie, ob Endpunkt und Pfad die eines solchen Proxys sind, und fragen Sie, wer ihn betreibt.',
  'stores.failure.XKS_PROXY_INVALID_TLS_CONFIGURATION':
    'Eine TLS-Verbindung zum Proxy kam nicht zustande. Prüfen Sie, ob sein Zertifikat gültig ist, den Namen des Endpunkts nennt und von einer Stelle ist, der Keyreeve vertraut (Einstellung xks.ca).',
  'stores.failure.other': 'Das Protokoll des Servers und das des Proxys sagen mehr.',

  'stores.createTitle': 'Externen Schlüsselspeicher anlegen',
  'stores.editTitle': '{name} bearbeiten',
  'stores.nameText':
    '1 bis 256 Zeichen; jeder Name nur einmal je Konto und Region. Schreiben Sie nichts Geheimes hinein.',
  'stores.endpointText':
    'https:// und der Name des Rechners, ohne Port und Pfad. Der Port ist eine Einstellung des Servers (xks.port).',
  'stores.pathText': 'Endet mit /kms/xks/v1. Wenn der Proxy ein Präfix hat, steht es davor.',
  'stores.connectivityText': 'Keyreeve erreicht den Proxy unter seinem Namen, über HTTPS.',
  'stores.credentialText':
    'Am Proxy erzeugt: Mit ihnen unterschreibt Keyreeve seine Anfragen an den Proxy. Es ist kein Zugangsschlüssel eines Benutzers.',
  'stores.keyIdText': '20 bis 30 Großbuchstaben und Ziffern von 2 bis 7.',
  'stores.secret': 'Geheimer Zugangsschlüssel',
  'stores.secretText': '43 bis 64 Zeichen. Er wird versiegelt aufbewahrt und niemandem wieder gezeigt.',
  'stores.newCredential': 'Zugangsdaten ersetzen',
  'stores.newCredentialText': 'Sonst bleiben die mit der Zugangsschlüssel-ID {id}.',
  'stores.fileLabel': 'Konfigurationsdatei des Proxys',
  'stores.file': 'Konfigurationsdatei hochladen',
  'stores.fileText':
    'Eine JSON-Datei mit XksProxyUriPath und XksProxyAuthenticationCredential, wie Proxys sie schreiben, füllt Pfad und Zugangsdaten aus.',
  'stores.fileWrong':
    'Das ist keine Konfigurationsdatei eines Proxys: Sie muss JSON mit XksProxyUriPath und XksProxyAuthenticationCredential sein.',
  'stores.onlyDisconnected': 'Lässt sich ändern, solange der Schlüsselspeicher getrennt ist.',
  'stores.wrongName': 'Geben Sie einen Namen mit 1 bis 256 Zeichen ein.',
  'stores.wrongEndpoint': 'Geben Sie https:// und einen Rechnernamen ein, etwa https://proxy.example.com.',
  'stores.wrongPath': 'Geben Sie einen Pfad ein, der mit /kms/xks/v1 endet, etwa /beispiel/kms/xks/v1.',
  'stores.wrongKeyId': 'Eine Zugangsschlüssel-ID eines Proxys hat 20 bis 30 Zeichen: A bis Z und 2 bis 7.',
  'stores.wrongSecret':
    'Ein geheimer Zugangsschlüssel eines Proxys hat 43 bis 64 Zeichen: Buchstaben, Ziffern, /, + und =.',
}
