import { keyIdOf, materialId, wrap } from 'keyreeve-import'
import { clientFlags, clientHelp, connect } from './client.ts'
import {
  describeKey,
  fetchParameters,
  importReport,
  requireKeyId,
  requireUploadSettings,
  requireWrapping,
  uploadFlags,
  uploadMaterial,
  wrappingKeyFlags,
  type Imported,
} from './import-calls.ts'
import {
  algorithms,
  fingerprintOf,
  generateMaterial,
  loadMaterial,
  materialFlags,
  requireFormat,
  requireGeneratable,
} from './material.ts'
import { Failure, flagsHelp, readArguments, remark, say, table, UsageError, type Verb } from './verb.ts'

const flags = {
  'key-id': { value: 'id or ARN', help: 'The KMS key, made with origin EXTERNAL' },
  generate: { help: 'First make random material and write it to the file, which must not exist' },
  ...materialFlags,
  ...uploadFlags,
  ...wrappingKeyFlags,
  json: { help: 'Print the result as JSON' },
  ...clientFlags,
} as const

export const importAtOnce: Verb = {
  help: () => `Usage: keyreeve import <material file> --key-id <id or ARN> (--expires <time> | --no-expiry) [options]

Imports key material: a secret, or a private key in PEM, DER or a JSON Web Key. Fetches a wrapping key, wraps the material
here, uploads it, and compares what the server says of it with what is computed here: the key material ID of a symmetric
key, the fingerprint of the public half of a private key. The material leaves this machine wrapped only. With - it is
read from stdin.

${flagsHelp(flags)}
Wrapping algorithms:

${table(Object.entries(algorithms))}
${clientHelp}
Where the material must not come near a network: keyreeve import parameters, keyreeve wrap, keyreeve import upload.
`,
  async run(argv) {
    const {
      given,
      words: [path],
    } = readArguments(argv, flags, 1)
    if (path === undefined) throw new UsageError('Name the file with the key material, or - for stdin.')
    const keyId = requireKeyId(given['key-id'])
    const format = requireFormat(given.generate ? 'raw' : given.format)
    const settings = requireUploadSettings(given, new Date())
    const wrapping = requireWrapping(given)
    if (given.generate) requireGeneratable(path)
    const client = connect(given, keyId, process.env)

    const spec = given['key-spec']
    const facts =
      spec === undefined ? await describeKey(client, keyId) : { keySpec: spec, currentMaterialId: undefined }
    const { keySpec, currentMaterialId } = facts
    if (given.generate) generateMaterial(path, keySpec)
    const material = await loadMaterial(path, { keySpec, format })
    try {
      const fingerprint = fingerprintOf(keySpec, material)
      const { wrappingKey, algorithm, token } = await fetchParameters(client, keyId, keySpec, wrapping)
      const encrypted = await wrap(wrappingKey, algorithm, material)
      const result = await uploadMaterial(client, keyId, { keySpec, token, encrypted }, settings)
      say(importReport(result, settings, given.json))
      const proof = await compare(result, material, fingerprint)
      if (proof !== undefined && !given.json) say(proof)
      if (settings.importType === 'NEW_KEY_MATERIAL' && currentMaterialId !== undefined) {
        remark(
          'note',
          `The key encrypts with it once you run: aws kms rotate-key-on-demand --key-id ${keyIdOf(result.keyArn)}`,
        )
      }
    } finally {
      material.fill(0)
    }
  },
}

/**
 * What proves that the server has this very material, as a sentence; undefined if it gives nothing to compare. The ID of
 * symmetric material is a MAC of the key's name under it, so whoever gives the right one has the right material.
 *
 * @param fingerprint of the public half, computed here
 * @throws Failure
 */
async function compare(
  { keyArn, ...theirs }: Imported,
  material: Uint8Array,
  fingerprint: string | undefined,
): Promise<string | undefined> {
  if (fingerprint !== undefined) {
    if (theirs.fingerprint === undefined) return undefined
    if (theirs.fingerprint === fingerprint) {
      return 'The server holds this very key: the fingerprint of its public half computed here is the same.'
    }
    throw new Failure(
      `The server has not got this key: computed here, SHA-256 of its public half is ${fingerprint}. ` +
        `Delete what it has: ${deletion(keyArn)}`,
    )
  }
  if (theirs.materialId === undefined) return undefined
  const own = await materialId(keyIdOf(keyArn), material)
  if (theirs.materialId === own) return 'The server holds this very material: the ID computed here is the same.'
  throw new Failure(
    `The server has not got this material: computed here, its ID is ${own}. Unless the server is AWS KMS, which makes ` +
      `its IDs in a way of its own, delete what it has: ${deletion(keyArn)}`,
  )
}

const deletion = (keyArn: string): string => `aws kms delete-imported-key-material --key-id ${keyArn}`
