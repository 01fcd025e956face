import { basename } from 'node:path'
import { clientFlags, clientHelp, connect } from './client.ts'
import { requireAbsent, writeOutput } from './files.ts'
import { describeKey, fetchParameters, requireKeyId, requireWrapping, wrappingKeyFlags } from './import-calls.ts'
import { algorithms } from './material.ts'
import { packParameters } from './parameters.ts'
import { shellWord } from './sign-in.ts'
import { flagsHelp, readArguments, say, table, type Verb } from './verb.ts'

const flags = {
  'key-id': { value: 'id or ARN', help: 'The KMS key, made with origin EXTERNAL' },
  zip: { value: 'file', help: 'File to write (default: ImportParameters.zip)' },
  force: { help: 'Replace that file' },
  ...wrappingKeyFlags,
  json: { help: 'Print what was fetched as JSON' },
  ...clientFlags,
} as const

const advice = 'Name another file with --zip, or replace it with --force.'

export const importParameters: Verb = {
  help: () => `Usage: keyreeve import parameters --key-id <id or ARN> [options]

Fetches a wrapping key and its import token, good for 24 hours, into a zip file of raw binary members and a README. It
is all that keyreeve wrap needs, or openssl, to wrap key material on a machine without network.

${flagsHelp(flags)}
Wrapping algorithms:

${table(Object.entries(algorithms))}
${clientHelp}`,
  async run(argv) {
    const { given } = readArguments(argv, flags)
    const keyId = requireKeyId(given['key-id'])
    const wrapping = requireWrapping(given)
    const zip = given.zip ?? 'ImportParameters.zip'
    if (!given.force) requireAbsent(zip, advice)
    const client = connect(given, keyId, process.env)

    const keySpec = given['key-spec'] ?? (await describeKey(client, keyId)).keySpec
    const parameters = await fetchParameters(client, keyId, keySpec, wrapping)
    writeOutput(zip, packParameters(parameters, basename(zip), new Date()), { force: given.force, advice })
    const { keyArn, algorithm, wrappingKeySpec, validTo } = parameters
    const facts = { KeyId: keyArn, WrappingAlgorithm: algorithm, WrappingKeySpec: wrappingKeySpec }
    if (given.json)
      return say(JSON.stringify({ ...facts, ParametersValidTo: validTo.toISOString(), File: zip }, null, 2))
    say(`Wrote ${zip} for ${keyArn}`)
    say(`Wrapping algorithm: ${algorithm}`)
    say(`Valid until: ${validTo.toISOString()}`)
    say(`Next, where the material is: keyreeve wrap <material file> --parameters ${shellWord(zip)}`)
  },
}
