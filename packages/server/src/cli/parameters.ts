import type { WrappingAlgorithm } from 'keyreeve-import'
import { unzipSync, zipSync } from 'fflate'
import { readInput } from './files.ts'
import { isSecret } from './material.ts'
import { shellWord } from './sign-in.ts'
import { Failure } from './verb.ts'

/** What GetParametersForImport gives, and what it was asked for. */
export interface ImportParameters {
  readonly keyArn: string
  readonly keySpec: string
  readonly algorithm: WrappingAlgorithm
  readonly wrappingKeySpec: string
  /** DER SubjectPublicKeyInfo. */
  readonly wrappingKey: Uint8Array
  readonly token: Uint8Array
  readonly validTo: Date
}

/** What a zip file of import parameters says. What its README leaves out is undefined. */
export interface PackedParameters {
  /** Key ID or ARN. */
  readonly keyId: string | undefined
  readonly keySpec: string | undefined
  readonly algorithm: string | undefined
  readonly wrappingKey: Uint8Array
  readonly token: Uint8Array
  readonly validTo: Date | undefined
}

export const keyIdOf = (arn: string): string => arn.slice(arn.lastIndexOf('/') + 1)

/**
 * Packs a zip file of three members: wrappingKey_, importToken_ (raw binary) and README_, each with the key ID and the
 * time (UTC, MMDDhhmmss) in its name, so that parts of several downloads cannot be mistaken for each other.
 */
export function packParameters(parameters: ImportParameters, zipName: string, now: Date): Uint8Array {
  const stamp = now.toISOString().replace(/\D/g, '').slice(4, 14)
  const suffix = `${keyIdOf(parameters.keyArn)}_${stamp}`
  const names = { wrappingKey: `wrappingKey_${suffix}`, token: `importToken_${suffix}` }
  const members = {
    [names.wrappingKey]: parameters.wrappingKey,
    [names.token]: parameters.token,
    [`README_${suffix}.txt`]: Buffer.from(readme(parameters, names, zipName)),
  }
  // Zip holds local time, but this is made and opened in different places: its dates are UTC.
  const mtime = new Date(now.getTime() + now.getTimezoneOffset() * 60_000)
  return zipSync(members, { level: 0, mtime })
}

/**
 * Opens what `packParameters` or a console has packed. Names of members are known by how they begin, also as AWS's
 * console spells them today (WrappingPublicKey.bin, ImportToken.bin, README.txt).
 *
 * @throws Failure
 */
export async function loadParameters(path: string): Promise<PackedParameters> {
  const members = await unpack(path)
  const find = (pattern: RegExp): [string, Uint8Array] | undefined => members.find(([name]) => pattern.test(name))
  const wrappingKey = find(/^wrapping(Public)?Key/i)
  const token = find(/^importToken/i)
  if (!wrappingKey || !token) {
    throw new Failure(`${path} holds no import parameters: it wants a member wrappingKey_... and one importToken_...`)
  }
  const text = Buffer.from(find(/^README/i)?.[1] ?? []).toString()
  const line = (label: string): string | undefined =>
    text
      .split(/\r?\n/)
      .find(candidate => candidate.startsWith(`${label}:`))
      ?.slice(label.length + 1)
      .trim()
  const until = new Date(line(labels.validTo) ?? Number.NaN)
  return {
    keyId: line(labels.key) ?? /^importToken_([\w-]{36})_\d{10}$/.exec(token[0])?.[1],
    keySpec: line(labels.keySpec),
    algorithm: line(labels.algorithm),
    wrappingKey: wrappingKey[1],
    token: token[1],
    validTo: Number.isNaN(until.getTime()) ? undefined : until,
  }
}

/** Members by name, without the folders that some tools put around them. */
async function unpack(path: string): Promise<[string, Uint8Array][]> {
  const bytes = await readInput(path, false)
  try {
    const members = unzipSync(bytes, { filter: ({ originalSize }) => originalSize <= largestMember })
    return Object.entries(members).map(([name, content]) => [name.slice(name.lastIndexOf('/') + 1), content])
  } catch (error) {
    throw new Failure(`${path} is no zip file of import parameters, or is damaged.`, { cause: error })
  }
}

/** A wrapping key has some 500 bytes, a token at most 6144. */
const largestMember = 16 * 1024

/** Lines of the README that programs read: `label: value`. */
const labels = {
  key: 'Key',
  keySpec: 'Key spec',
  algorithm: 'Wrapping algorithm',
  wrappingKeySpec: 'Wrapping key spec',
  validTo: 'Valid until',
} as const

function readme(
  { keyArn, keySpec, algorithm, wrappingKeySpec, validTo }: ImportParameters,
  names: { wrappingKey: string; token: string },
  zipName: string,
): string {
  const zip = shellWord(zipName)
  const file = isSecret(keySpec) ? plaintext : 'key.pem'
  return `Parameters to import key material into one KMS key
==================================================

${labels.key}: ${keyArn}
${labels.keySpec}: ${keySpec}
${labels.algorithm}: ${algorithm}
${labels.wrappingKeySpec}: ${wrappingKeySpec}
${labels.validTo}: ${validTo.toISOString()}

About the wrapping key
  ${names.wrappingKey} is an RSA public key (DER SubjectPublicKeyInfo, raw binary).
  Encrypt your key material under it with ${algorithm}, and with nothing else.

About the import token
  ${names.token} goes back to the service, unchanged, together with the encrypted material.

Both belong together and to this key alone, and both stop working at ${validTo.toISOString()}.
Parameters that were fetched another time do not fit either of them.

What to do next
  1. Where your key material is, with no network needed:

       keyreeve wrap ${file} --parameters ${zip} --out EncryptedKeyMaterial.bin

     or with openssl:

${opensslCommands(algorithm, names.wrappingKey, file)}
  2. Where the network is:

       keyreeve import upload --parameters ${zip} --encrypted EncryptedKeyMaterial.bin --expires 90d

     (or --no-expiry in place of --expires), or with the AWS CLI:

       aws kms import-key-material --key-id ${keyArn} \\
         --encrypted-key-material fileb://EncryptedKeyMaterial.bin \\
         --import-token fileb://${names.token} \\
         --expiration-model KEY_MATERIAL_DOES_NOT_EXPIRE
`
}

/** Where the commands expect the bytes to be wrapped, as AWS's guide does. */
const plaintext = 'PlaintextKeyMaterial.bin'

/** https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys-encrypt-key-material.html, with OpenSSL 3. */
function opensslCommands(algorithm: WrappingAlgorithm, wrappingKey: string, file: string): string {
  const { padding, isHybrid } = openssl[algorithm]
  const rsa = (input: string, output: string): string[] => [
    `openssl pkeyutl -encrypt -in ${input} -out ${output} \\`,
    `  -inkey ${wrappingKey} -keyform DER -pubin \\`,
    `  ${padding}`,
  ]
  const convert = `openssl pkcs8 -topk8 -nocrypt -in ${file} -outform der -out ${plaintext}`
  const wrap = isHybrid
    ? [
        'openssl rand -out aes-key.bin 32',
        `openssl enc -id-aes256-wrap-pad -K "$(od -An -tx1 aes-key.bin | tr -d ' \\n')" -iv A65959A6 \\`,
        `  -in ${plaintext} -out key-material-wrapped.bin`,
        ...rsa('aes-key.bin', 'aes-key-wrapped.bin'),
        'cat aes-key-wrapped.bin key-material-wrapped.bin > EncryptedKeyMaterial.bin',
      ]
    : rsa(plaintext, 'EncryptedKeyMaterial.bin')
  const lines = file === plaintext ? wrap : [convert, ...wrap]
  return lines.map(line => `       ${line}\n`).join('')
}

const oaep = (hash: string): string =>
  `-pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:${hash} -pkeyopt rsa_mgf1_md:${hash}`

const openssl: Readonly<Record<WrappingAlgorithm, { padding: string; isHybrid: boolean }>> = {
  RSAES_OAEP_SHA_256: { padding: oaep('sha256'), isHybrid: false },
  RSA_AES_KEY_WRAP_SHA_256: { padding: oaep('sha256'), isHybrid: true },
  RSAES_OAEP_SHA_1: { padding: oaep('sha1'), isHybrid: false },
  RSA_AES_KEY_WRAP_SHA_1: { padding: oaep('sha1'), isHybrid: true },
  RSAES_PKCS1_V1_5: { padding: '-pkeyopt rsa_padding_mode:pkcs1', isHybrid: false },
}
