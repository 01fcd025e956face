import { encryptedFile, keyIdOf, materialId, wrap, type PackedParameters } from 'keyreeve-import'
import { requireAbsent, writeOutput } from './files.ts'
import { fingerprintLabel } from './import-calls.ts'
import { algorithmNames, fingerprintOf, loadMaterial, materialFlags, requireFormat } from './material.ts'
import { loadParameters } from './parameters.ts'
import { shellWord } from './sign-in.ts'
import { Failure, flagsHelp, readArguments, requireChoice, say, UsageError, type Verb } from './verb.ts'

const flags = {
  parameters: {
    value: 'zip file',
    help: 'Of keyreeve import parameters or the console (default: ImportParameters.zip)',
  },
  out: { value: 'file', help: 'File to write (default: EncryptedKeyMaterial.bin)' },
  force: { help: 'Replace that file' },
  ...materialFlags,
  algorithm: { value: 'name', help: 'Wrapping algorithm, if the README in the zip file does not name it' },
  'key-spec': { value: 'name', help: 'Key spec, if the README does not name it (default: SYMMETRIC_DEFAULT)' },
  json: { help: 'Print the result as JSON' },
} as const

const advice = 'Name another file with --out, or replace it with --force.'

export const wrapMaterial: Verb = {
  help: () => `Usage: keyreeve wrap <material file> [options]

Wraps key material under the wrapping key of a zip file of import parameters. Needs no network and no access key. Prints
the ID that the material of a symmetric key will have, or the fingerprint of the public key that belongs to a private
one; compare it with what keyreeve import upload prints. With - the material is read from stdin.

${flagsHelp(flags)}`,
  async run(argv) {
    const {
      given,
      words: [path],
    } = readArguments(argv, flags, 1)
    if (path === undefined) throw new UsageError('Name the file with the key material, or - for stdin.')
    const format = requireFormat(given.format)
    const { parameters: zip = 'ImportParameters.zip', out = encryptedFile, force } = given
    if (!force) requireAbsent(out, advice)
    const parameters = await loadParameters(zip)
    requireUnexpired(parameters, new Date())
    const named = agreed(parameters.algorithm, given.algorithm, '--algorithm')
    if (named === undefined) throw new UsageError(`Say with --algorithm what ${zip} was fetched for: it does not tell.`)
    const algorithm = requireChoice(named, '--algorithm', algorithmNames)
    const keySpec = agreed(parameters.keySpec, given['key-spec'], '--key-spec') ?? 'SYMMETRIC_DEFAULT'

    const material = await loadMaterial(path, { keySpec, format })
    try {
      const keyId = parameters.keyId && keyIdOf(parameters.keyId)
      // Only the material of symmetric keys has an ID.
      const id = keyId && keySpec === 'SYMMETRIC_DEFAULT' ? await materialId(keyId, material) : undefined
      const fingerprint = fingerprintOf(keySpec, material)
      writeOutput(out, await wrap(parameters.wrappingKey, algorithm, material), { force, advice })
      if (given.json) {
        const members = { KeyId: keyId, KeyMaterialId: id, PublicKeySha256: fingerprint, File: out }
        return say(JSON.stringify(members, null, 2))
      }
      say(`Wrote ${out}${keyId ? ` for key ${keyId}` : ''}, wrapped by ${algorithm}`)
      if (id) say(`Key material ID: ${id}`)
      if (fingerprint) say(`${fingerprintLabel}: ${fingerprint}`)
    } finally {
      material.fill(0)
    }
    const files = `--parameters ${shellWord(zip)} --encrypted ${shellWord(out)}`
    say(`Next, where the network is: keyreeve import upload ${files} (--expires <time> | --no-expiry)`)
  },
}

function requireUnexpired({ validTo }: PackedParameters, now: Date): void {
  if (!validTo || now < validTo) return
  throw new Failure(
    `These import parameters expired at ${validTo.toISOString()}, and by this machine's clock it is ${now.toISOString()}. ` +
      'Fetch new ones with keyreeve import parameters; or set the clock, if it is wrong.',
  )
}

/** What the parameters say, or else the flag; they must not contradict each other. */
function agreed(packed: string | undefined, given: string | undefined, flag: string): string | undefined {
  if (packed !== undefined && given !== undefined && packed !== given) {
    throw new UsageError(`${flag} cannot be ${given}: these import parameters are for ${packed}.`)
  }
  return packed ?? given
}
