import { clientFlags, clientHelp, connect } from './client.ts'
import { readInput } from './files.ts'
import { importReport, requireKeyId, requireUploadSettings, uploadFlags, uploadMaterial } from './import-calls.ts'
import { loadParameters } from './parameters.ts'
import { flagsHelp, readArguments, say, type Verb } from './verb.ts'

const flags = {
  parameters: { value: 'zip file', help: 'With the import token (default: ImportParameters.zip)' },
  encrypted: { value: 'file', help: 'The wrapped key material (default: EncryptedKeyMaterial.bin)' },
  'key-id': { value: 'id or ARN', help: 'The KMS key, if the zip file does not name it' },
  ...uploadFlags,
  json: { help: 'Print the result as JSON' },
  ...clientFlags,
} as const

export const importUpload: Verb = {
  help: () => `Usage: keyreeve import upload (--expires <time> | --no-expiry) [options]

Uploads key material that keyreeve wrap or openssl has wrapped, with the import token of the same zip file, and prints
what the server has now: the key material ID of a symmetric key, the fingerprint of an asymmetric key's public half. It
is the one that keyreeve wrap has printed.

${flagsHelp(flags)}
${clientHelp}`,
  async run(argv) {
    const { given } = readArguments(argv, flags)
    const settings = requireUploadSettings(given, new Date())
    const { token, keySpec, keyId: named } = await loadParameters(given.parameters ?? 'ImportParameters.zip')
    const keyId = requireKeyId(given['key-id'] ?? named)
    const encrypted = await readInput(given.encrypted ?? 'EncryptedKeyMaterial.bin', false)
    const client = connect(given, keyId, process.env)
    const imported = await uploadMaterial(client, keyId, { keySpec, token, encrypted }, settings)
    say(importReport(imported, settings, given.json))
  },
}
