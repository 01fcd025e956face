import type { importing as english } from '../en/import.ts'

export const importing: Record<keyof typeof english, string> = {
  'import.title': 'Schlüsselmaterial importieren',
  'import.material': 'Schlüsselmaterial',
  'import.toKey': 'Schlüssel ansehen',
  'import.notNow': 'In diesen Schlüssel lässt sich kein Schlüsselmaterial importieren',
  'import.notExternal':
    'Seine Herkunft ist nicht „Extern“. Sie wird gewählt, wenn ein Schlüssel angelegt wird, und ändert sich nie: Legen Sie einen Schlüssel mit externem Schlüsselmaterial an.',
  'import.pendingDeletion': 'Der Schlüssel wartet auf seine Löschung. Brechen Sie sie zuerst ab.',
  'import.creating': 'Der Schlüssel wird noch angelegt. Warten Sie kurz, und laden Sie diese Seite neu.',

  'import.step1': 'Wrapping-Schlüssel und Importtoken herunterladen',
  'import.step1Text':
    'Schlüssel {keyId} ({keySpec}). Der Dienst erzeugt einen öffentlichen Wrapping-Schlüssel und ein Importtoken für diesen Schlüssel allein: Unter dem einen wird das Material verpackt, mit dem anderen geht es zurück.',
  'import.step2': 'Verpacktes Schlüsselmaterial hochladen',
  'import.step2Text':
    'Schlüssel {keyId} ({keySpec}). Hochgeladen wird nur verpacktes Schlüsselmaterial, zusammen mit seinem Importtoken.',
  'import.skip': 'Überspringen und später erledigen',
  'import.submit': 'Schlüsselmaterial importieren',

  'import.parameters': 'Wrapping-Schlüssel und Importtoken',
  'import.wrappingKeySpec': 'Wrapping-Schlüsselspezifikation auswählen',
  'import.wrappingKeySpecText': 'Der RSA-Schlüssel, unter dem Ihr Schlüsselmaterial verpackt wird.',
  'import.recommended': 'Empfohlen',
  'import.wrappingAlgorithm': 'Wrapping-Algorithmus auswählen',
  'import.wrappingAlgorithmText': 'Wie es verpackt wird. Aufgeführt sind alle, die zu diesem Schlüssel passen.',
  'import.legacy': 'veraltet',
  'import.forSmall': 'Empfohlen für Geheimnisse und Schlüssel auf elliptischen Kurven',
  'import.forAll': 'Für alles; private RSA-Schlüssel brauchen ihn',
  'import.forOld': 'Wo SHA-256 nicht zu haben ist',
  'import.forOldest': 'Nur für Geheimnisse; AWS bietet ihn nicht mehr an',
  'import.withPage': 'Seite für einen Rechner ohne Netz beilegen',
  'import.withPageText':
    'Eine HTML-Datei im Zip-Archiv: Sie enthält den Wrapping-Schlüssel, verpackt Schlüsselmaterial in jedem Browser und braucht kein Netz.',
  'import.download': 'Wrapping-Schlüssel und Importtoken herunterladen',
  'import.fetched': 'Heruntergeladen: ImportParameters.zip',
  'import.expires': 'Gültig noch',
  'import.expired': 'abgelaufen',
  'import.belong':
    'Darin sind {wrappingKey} und {token}. Sie gehören zueinander und nur zu diesem Schlüssel; Dateien eines anderen Downloads passen zu keiner von beiden.',
  'import.earlier':
    '{count, plural, one {Dieser Tab hat vorher einen weiteren Satz heruntergeladen.} other {Dieser Tab hat vorher # weitere Sätze heruntergeladen.}}',

  'import.spec': 'Wrapping-Schlüsselspezifikation',
  'import.algorithm': 'Wrapping-Algorithmus',
  'import.wrapping': 'Schlüsselmaterial verpacken',
  'import.ways': 'Wege, Schlüsselmaterial zu verpacken',
  'import.wayOpenssl': 'Mit openssl',
  'import.wayHere': 'In diesem Tab',
  'import.wayOffline': 'Auf einem Rechner ohne Netz',
  'import.opensslFirst':
    'Laden Sie zuerst Wrapping-Schlüssel und Importtoken herunter. Dann stehen hier die Befehle mit den Namen Ihrer Dateien.',
  'import.opensslSecret':
    'Entpacken Sie {zip} in einen Ordner, legen Sie Ihr Schlüsselmaterial als {file} (rohe Bytes) dazu, und führen Sie dies mit OpenSSL 3 oder neuer aus. Laden Sie dann im nächsten Schritt EncryptedKeyMaterial.bin hoch.',
  'import.opensslKey':
    'Entpacken Sie {zip} in einen Ordner, legen Sie Ihren privaten Schlüssel als {file} dazu, und führen Sie dies mit OpenSSL 3 oder neuer aus. Laden Sie dann im nächsten Schritt EncryptedKeyMaterial.bin hoch.',
  'import.opensslLines': 'openssl-Befehle',
  'import.offlineText': 'Schlüsselmaterial, das keinem Netz nahe kommen darf, wird dort verpackt, wo es ist:',
  'import.offline1':
    'Wählen Sie oben „Seite für einen Rechner ohne Netz beilegen“, laden Sie das Zip-Archiv herunter, und bringen Sie es dorthin. Das Importtoken darf zurückbleiben: Gebraucht wird nur der Wrapping-Schlüssel.',
  'import.offline2':
    'Öffnen Sie dort wrapKeyMaterial_….html in einem Browser. Die Seite verpackt das Material und gibt EncryptedKeyMaterial.bin heraus.',
  'import.offline3':
    'Bringen Sie diese Datei zurück, und laden Sie sie im nächsten Schritt zusammen mit dem Importtoken hoch.',
  'import.ready': 'Ich bin bereit, mein exportiertes Schlüsselmaterial hochzuladen',
  'import.notReady':
    'Setzen Sie dieses Häkchen, um weiterzugehen. Um ein andermal zurückzukommen, wählen Sie „Überspringen und später erledigen“.',

  'import.hereText':
    'Das Material wird von dieser Seite verpackt, in diesem Tab. Nichts Unverpacktes verlässt ihn, und es wird sofort vergessen. Das Ergebnis kommt von selbst in den nächsten Schritt.',
  'import.materialFile': 'Datei mit Schlüsselmaterial',
  'import.materialSecret': 'Rohe Bytes, hexadezimale Ziffern, Base64 oder ein JSON Web Key.',
  'import.materialKey': 'PEM, DER oder ein JSON Web Key; unverschlüsselt.',
  'import.materialText': 'Oder als Text einfügen',
  'import.read': 'Lesen',
  'import.format': 'Format',
  'import.formatAuto': 'Erkennen',
  'import.formatRaw': 'Rohe Bytes',
  'import.orGenerate': 'Oder neues Schlüsselmaterial erzeugen',
  'import.generateText':
    'Zufällige Bytes aus diesem Browser. Zuerst wird eine Sicherungskopie heruntergeladen, denn niemand sonst hat es: Der Dienst gibt Material nie wieder heraus.',
  'import.generate': 'Material hier erzeugen',
  'import.fileTooLarge': 'Diese Datei ist größer als jeder Schlüssel: mehr als 64 KB.',
  'import.notRead': 'Das ist als Schlüsselmaterial nicht zu gebrauchen',
  'import.kind': 'Gelesen als',
  'import.kindSecret': 'Geheimnis für {keySpec}',
  'import.kindKey': 'Privater Schlüssel für {keySpec}',
  'import.length': 'Länge',
  'import.bytes': '{count, plural, one {# Byte} other {# Bytes}}',
  'import.check': 'Prüfwert',
  'import.checkKcv': 'Prüfwert (AES, erste 3 Bytes)',
  'import.checkPublicKey': 'Öffentlicher Schlüssel (SHA-256)',
  'import.checkSecret': 'Material (SHA-256)',
  'import.noCheck': 'Nicht verfügbar: Die Datei enthält keinen öffentlichen Schlüssel',
  'import.backup': 'Bewahren Sie die Sicherungskopie auf',
  'import.backupText':
    '{file} ist zu Ihren Downloads gegangen. Es ist die einzige Kopie. Wenn das Material abläuft oder gelöscht wird, bringt nur diese Datei Ihre Daten zurück.',
  'import.backupStored': 'Ich habe die Datei, und sie ist an einem sicheren Ort',
  'import.backupFirst': 'Bestätigen Sie zuerst, dass Sie die Sicherungskopie haben.',
  'import.wrap': 'In diesem Tab verpacken',
  'import.discard': 'Verwerfen',
  'import.wrapped': 'Verpackt und hier vergessen',
  'import.wrappedText':
    'EncryptedKeyMaterial.bin ({count} Bytes) und das Importtoken dazu liegen im nächsten Schritt bereit. Das Material selbst ist aus diesem Tab gelöscht.',

  'import.files': 'Verpacktes Schlüsselmaterial und Importtoken',
  'import.filesText': 'Beide werden in diesem Tab geprüft, bevor etwas gesendet wird.',
  'import.wrappedFile': 'Verpacktes Schlüsselmaterial',
  'import.wrappedFileText': 'EncryptedKeyMaterial.bin, binär.',
  'import.tokenFile': 'Importtoken',
  'import.tokenFileText': 'importToken_… oder ganz ImportParameters.zip.',
  'import.missing': 'Wählen Sie eine Datei aus.',
  'import.knownSet': 'Das Token ist aus diesem Tab: {algorithm}, {spec}. Gültig noch:',
  'import.expiry': 'Ablaufoption',
  'import.expiryText':
    'Wenn Schlüsselmaterial abläuft, löscht es der Dienst. Nur dasselbe Material macht den Schlüssel wieder brauchbar.',
  'import.doesExpire': 'Schlüsselmaterial läuft ab',
  'import.expiryDate': 'Datum',
  'import.expiryTime': 'Uhrzeit',
  'import.expiryZone': 'Zeitzone: {zone}',
  'import.expiryMoment': 'Läuft ab am {time}, in:',
  'import.expiryMissing': 'Wählen Sie ein Datum, als JJJJ/MM/TT.',
  'import.expiryNoTime': 'Geben Sie eine Uhrzeit an, als hh:mm.',
  'import.expiryPast': 'Das liegt in der Vergangenheit.',
  'import.expiryFar': 'Höchstens 365 Tage von jetzt an.',
  'import.neverExpires': 'Nie',
  'import.type': 'Art des Imports',
  'import.existing': 'Vorhandenes Schlüsselmaterial',
  'import.existingText':
    'Material, das der Schlüssel schon hatte, Byte für Byte: nach seinem Ablauf, um den Ablauf zu ändern oder nach dem Löschen.',
  'import.existingOne': 'Genau das Material {id}, Byte für Byte.',
  'import.new': 'Neues Schlüsselmaterial',
  'import.newText': 'Material, das der Schlüssel noch nie hatte. Es wartet, bis Sie den Schlüssel darauf rotieren.',
  'import.newOnReplica': 'Nur beim Primärschlüssel. Dieser Schlüssel ist ein Replikat.',
  'import.description': 'Beschreibung des Schlüsselmaterials',
  'import.descriptionRules': 'Bis zu 256 Buchstaben ohne Umlaute, Ziffern, Leerzeichen und : / _ . -',
  'import.descriptionWrong': 'Möglich sind nur bis zu 256 Buchstaben ohne Umlaute, Ziffern, Leerzeichen und : / _ . -',
  'import.sameOnly':
    'Das erste Schlüsselmaterial bindet diesen Schlüssel für immer. Danach lässt sich nur dasselbe noch einmal importieren.',

  'import.findEmpty': 'Diese Datei ist leer.',
  'import.findTooLarge':
    'Diese Datei ist zu groß: Weder verpacktes Material noch ein Token hat mehr als {largest} Bytes.',
  'import.findWrappingKey':
    'Das ist ein Wrapping-Schlüssel. Er bleibt bei Ihnen: Hochgeladen werden nur verpacktes Material und das Token.',
  'import.findZip':
    'Das ist ein Zip-Archiv ohne ein Importtoken, das hierher passt. Entpacken Sie es, und wählen Sie die einzelne Datei.',
  'import.findPem': 'Das sieht nach PEM aus, also nach Text. Wählen Sie die binäre Datei.',
  'import.findHex':
    'Das sieht nach hexadezimalem Text aus. Der Dienst will die Bytes: xxd -r -p {name} > EncryptedKeyMaterial.bin',
  'import.findBase64':
    'Das sieht nach Base64-Text aus. Der Dienst will die Bytes: openssl enc -d -base64 -A -in {name} -out {name}.bin',
  'import.findText': 'Das ist Text. Beide Dateien sind binär.',
  'import.findBare':
    '{name} ist Schlüsselmaterial, das nicht verpackt ist! Es ist verworfen, und nichts wurde gesendet. Gehen Sie zurück, und verpacken Sie es zuerst.',
  'import.findSame': 'Das ist dieselbe Datei wie das Importtoken.',
  'import.findTokenHere': 'Das ist ein Importtoken. Haben Sie die beiden Dateien vertauscht?',
  'import.findWrappedHere': 'Das ist verpacktes Schlüsselmaterial. Haben Sie die beiden Dateien vertauscht?',
  'import.findTooShort':
    '{count, plural, one {# Byte ist} other {# Bytes sind}} weniger, als verpacktes Material je hat (256). Ist das verpackt?',
  'import.findSize':
    '{count} Bytes: Nichts, was für {keySpec} verpackt wurde, ist so lang. Ist die Datei abgeschnitten?',
  'import.findOtherSet':
    'Das wurde für einen anderen Download verpackt, unter {wrapped}. Das Token ist {token}. Nehmen Sie Dateien eines Satzes.',
  'import.findOtherKey': 'Das wurde unter einem anderen Wrapping-Schlüssel verpackt als {file}, das zum Token gehört.',
  'import.findNoKwp':
    '{count} Bytes sind ein einzelner RSA-Block, wie ihn RSAES_OAEP_* ergibt. Das Token ist für {algorithm}, wo das verpackte Material hinter diesem Block folgt: cat aes-key-wrapped.bin key-material-wrapped.bin > EncryptedKeyMaterial.bin',
  'import.findOtherSpec': 'Verpackt für {other}, dieser Satz ist {spec}: {count} Bytes passen nicht.',
  'import.findKwp':
    '{count} Bytes sind, was RSA_AES_KEY_WRAP_* ergibt. Das Token ist für {algorithm}: genau {block} Bytes.',
  'import.findOtherSize':
    '{count} Bytes können kein Material für diesen Schlüssel sein, verpackt mit {algorithm} unter {spec}. Ist die Datei abgeschnitten?',
  'import.findTokenOfOther': 'Das ist das Token eines anderen Schlüssels: {key}.',
  'import.findTokenOfRegion': 'Das ist ein Token der Region {region}. Jede Region hat ihre eigenen.',
  'import.findExpired':
    'Dieses Token ist abgelaufen. Laden Sie einen neuen Satz herunter, und verpacken Sie das Material noch einmal.',
  'import.findNoToken':
    '{count, plural, one {# Byte ist} other {# Bytes sind}} sehr wenig für ein Importtoken. Ist das die richtige Datei?',
  'import.findMaybeWrapped': '{count} Bytes hat verpacktes Material. Haben Sie die beiden Dateien vertauscht?',
  'import.findNamedFor': 'Ihrem Namen nach ist diese Datei für einen anderen Schlüssel: {key}.',

  'import.whyTitle': 'Was das bedeuten kann',
  'import.whyCiphertext':
    'Der Server konnte die Datei nicht auspacken, oder was herauskam, ist kein Material für diesen Schlüssel. Prüfen Sie, ob das Material unter dem Wrapping-Schlüssel genau dieses Tokens verpackt wurde, mit dem dafür gewählten Algorithmus, und ob es rohe Bytes waren: kein Text, kein PEM, kein Zeilenende am Schluss.',
  'import.whyMaterial':
    'Das Material wurde ausgepackt, aber dieser Schlüssel darf es nicht annehmen: Es ist anderes Material, als er vorher hatte, oder, bei neuem Material, eines, das er schon hat.',
  'import.whyToken':
    'Das Token ist nicht von diesem Schlüssel, von einem anderen Server oder beschädigt. Laden Sie einen neuen Satz herunter.',
  'import.whyExpired':
    'Das Token ist älter als 24 Stunden, oder zu viele Dateien sind damit gescheitert. Laden Sie einen neuen Satz herunter, und verpacken Sie das Material noch einmal.',

  'import.same': 'Der Server hat genau das, was Sie verpackt haben',
  'import.sameText': 'Was er über das Material sagt, ist das, was in diesem Tab vor dem Verpacken berechnet wurde.',
  'import.different': 'Der Server hat etwas anderes, als Sie verpackt haben',
  'import.differentText':
    'Was er über das Material sagt, ist nicht das, was in diesem Tab berechnet wurde. Verwenden Sie diesen Schlüssel nicht; sehen Sie im Protokoll nach.',
  'import.imported': 'Das Schlüsselmaterial ist importiert',
  'import.untold':
    'Der Server gibt von diesem Material nichts preis, was sich mit dem in diesem Tab Verpackten vergleichen ließe.',
  'import.elsewhere':
    'Es wurde anderswo verpackt. Das Werkzeug dort hat vielleicht die ID des Schlüsselmaterials oder den Fingerabdruck des öffentlichen Schlüssels ausgegeben: Vergleichen Sie.',
  'import.waits': 'Das neue Schlüsselmaterial wartet auf seine Rotation',
  'import.waitsText': 'Der Schlüssel verschlüsselt mit dem bisherigen weiter, bis Sie ihn rotieren.',
  'import.toRotation': 'Schlüssel rotieren',
  'import.keyState': 'Zustand des Schlüssels',
  'import.materialId': 'ID des Schlüsselmaterials',
  'import.again': 'Noch einmal importieren',
}
