import { materialId, wrap } from 'keyreeve-import'
import { clientFlags, clientHelp, connect } from './client.ts'
import {
  describeKey,
  fetchParameters,
  importReport,
  requireKeyId,
  requireUploadSettings,
  requireWrappingKeySpec,
  uploadFlags,
  uploadMaterial,
  wrappingKeyFlags,
} from './import-calls.ts'
import {
  algorithmNames,
  algorithms,
  generateMaterial,
  loadMaterial,
  materialFlags,
  requireFormat,
  requireGeneratable,
  usualAlgorithm,
} from './material.ts'
import { keyIdOf } from './parameters.ts'
import { Failure, flagsHelp, readArguments, remark, requireChoice, say, table, UsageError, type Verb } from './verb.ts'

const flags = {
  'key-id': { value: 'id or ARN', help: 'The KMS key, made with origin EXTERNAL' },
  generate: { help: 'First make random material and write it to the file, which must not exist' },
  ...materialFlags,
  ...uploadFlags,
  ...wrappingKeyFlags,
  'key-spec': { value: 'name', help: 'Key spec of the key; without it the server is asked (kms:DescribeKey)' },
  json: { help: 'Print the result as JSON' },
  ...clientFlags,
} as const

export const importAtOnce: Verb = {
  help: () => `Usage: keyreeve import <material file> --key-id <id or ARN> (--expires <time> | --no-expiry) [options]

Imports key material: fetches a wrapping key, wraps the material here, uploads it, and compares the key material ID that
the server gives with the one computed here. The material leaves this machine wrapped only. With - it is read from stdin.

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
    const wrappingKeySpec = requireWrappingKeySpec(given['wrapping-key-spec'])
    const chosen = given.algorithm && requireChoice(given.algorithm, '--algorithm', algorithmNames)
    if (given.generate) requireGeneratable(path)
    const client = connect(given, keyId, process.env)

    const spec = given['key-spec']
    const facts =
      spec === undefined ? await describeKey(client, keyId) : { keySpec: spec, currentMaterialId: undefined }
    const { keySpec, currentMaterialId } = facts
    const algorithm = chosen || usualAlgorithm(keySpec)
    if (given.generate) generateMaterial(path, keySpec)
    const material = await loadMaterial(path, { keySpec, format })
    try {
      const parameters = await fetchParameters(client, keyId, { keySpec, algorithm, wrappingKeySpec })
      const encrypted = await wrap(parameters.wrappingKey, algorithm, material)
      const result = await uploadMaterial(client, keyId, { token: parameters.token, encrypted }, settings)
      say(importReport(result, settings, given.json))
      if (result.materialId === undefined) return
      await requireSameMaterial(result.keyArn, result.materialId, material)
      if (!given.json) say('The server holds this very material: the ID computed here is the same.')
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

/** The ID is a MAC of the key's name under the material, so whoever gives the right one has the right material. */
async function requireSameMaterial(keyArn: string, id: string, material: Uint8Array): Promise<void> {
  const own = await materialId(keyIdOf(keyArn), material)
  if (own === id) return
  throw new Failure(
    `The server has not got this material: computed here, its ID is ${own}. Unless the server is AWS KMS, which makes ` +
      `its IDs in a way of its own, delete what it has: aws kms delete-imported-key-material --key-id ${keyArn}`,
  )
}
