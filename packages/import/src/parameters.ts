import type { WrappingAlgorithm } from './index.ts'
import { requireKeySpec } from './material.ts'

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

/** What the files of import parameters say. What their README leaves out is undefined. */
export interface PackedParameters {
  /** Key ID or ARN. */
  readonly keyId: string | undefined
  readonly keySpec: string | undefined
  readonly algorithm: string | undefined
  readonly wrappingKey: Uint8Array
  readonly token: Uint8Array
  readonly validTo: Date | undefined
}

/** The part of a key's ARN that is its ID; of an ID, all of it. */
export const keyIdOf = (arn: string): string => arn.slice(arn.lastIndexOf('/') + 1)

/** What the files of one set of parameters are called. */
export interface ParameterNames {
  readonly wrappingKey: string
  readonly token: string
  readonly readme: string
  readonly page: string
}

/**
 * Names with the key ID and the time (UTC, MMDDhhmmss) in them, so that parts of several downloads cannot be mistaken for
 * each other.
 */
export function parameterNames(keyArn: string, now: Date): ParameterNames {
  const suffix = `${keyIdOf(keyArn)}_${now.toISOString().replace(/\D/g, '').slice(4, 14)}`
  return {
    wrappingKey: `wrappingKey_${suffix}`,
    token: `importToken_${suffix}`,
    readme: `README_${suffix}.txt`,
    page: `wrapKeyMaterial_${suffix}.html`,
  }
}

/**
 * The members of a zip file of import parameters: wrapping key and import token, raw binary, and a README.
 *
 * @param zip what the file is called, as one word of a shell
 * @param page HTML that wraps material in a browser, if it shall be there too
 */
export function parameterFiles(
  parameters: ImportParameters,
  zip: string,
  now: Date,
  page?: string,
): Record<string, Uint8Array> {
  const names = parameterNames(parameters.keyArn, now)
  const text = new TextEncoder()
  return {
    [names.wrappingKey]: parameters.wrappingKey,
    [names.token]: parameters.token,
    [names.readme]: text.encode(readme(parameters, names, zip, page !== undefined)),
    ...(page !== undefined && { [names.page]: text.encode(page) }),
  }
}

/** Zip holds local time, but these are made and opened in different places: their dates are UTC. */
export const zipTime = (now: Date): Date => new Date(now.getTime() + now.getTimezoneOffset() * 60_000)

/** A wrapping key has some 500 bytes, a token at most 6144: what is larger in a zip file is neither. */
export const largestParameter = 16 * 1024

/**
 * Finds import parameters among files. They are known by how their names begin, whatever folders are in front, also as
 * AWS's console spells them today (WrappingPublicKey.bin, ImportToken.bin, README.txt).
 *
 * @returns undefined if there is no wrapping key, or no token
 */
export function readParameters(files: Readonly<Record<string, Uint8Array>>): PackedParameters | undefined {
  const members = Object.entries(files).map(([name, content]): [string, Uint8Array] => [
    name.slice(name.lastIndexOf('/') + 1),
    content,
  ])
  const find = (pattern: RegExp): [string, Uint8Array] | undefined => members.find(([name]) => pattern.test(name))
  const wrappingKey = find(/^wrapping(Public)?Key/i)
  const token = find(/^importToken/i)
  if (!wrappingKey || !token) return undefined
  const text = new TextDecoder().decode(find(/^README/i)?.[1] ?? new Uint8Array())
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
  names: ParameterNames,
  zip: string,
  hasPage: boolean,
): string {
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

       keyreeve wrap ${materialFile(keySpec)} --parameters ${zip} --out ${encryptedFile}

${hasPage ? `     or in a browser, with the page ${names.page}: it holds this wrapping key.\n\n` : ''}\
     or with openssl:

${opensslLines(keySpec, algorithm, names.wrappingKey)
  .map(line => `       ${line}\n`)
  .join('')}
  2. Where the network is:

       keyreeve import upload --parameters ${zip} --encrypted ${encryptedFile} --expires 90d

     (or --no-expiry in place of --expires), or with the AWS CLI:

       aws kms import-key-material --key-id ${keyArn} \\
         --encrypted-key-material fileb://${encryptedFile} \\
         --import-token fileb://${names.token} \\
         --expiration-model KEY_MATERIAL_DOES_NOT_EXPIRE
`
}

/** Where wrapped material is expected, as in AWS's guide. */
export const encryptedFile = 'EncryptedKeyMaterial.bin'

/** Where the commands expect the bytes to be wrapped, as AWS's guide does. */
const plaintextFile = 'PlaintextKeyMaterial.bin'

/**
 * The file that `opensslLines` start from: raw bytes of a secret, or a private key in PEM.
 *
 * @throws ImportError if keys of this spec cannot be imported
 */
export function materialFile(keySpec: string): string {
  return requireKeySpec(keySpec).kind === 'secret' ? plaintextFile : 'key.pem'
}

/**
 * The commands that wrap material with OpenSSL 3, as lines for a POSIX shell
 * (https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys-encrypt-key-material.html). They read
 * `materialFile(keySpec)` and write `encryptedFile`.
 *
 * @param wrappingKey the file with the wrapping key
 * @throws ImportError if keys of this spec cannot be imported
 */
export function opensslLines(keySpec: string, algorithm: WrappingAlgorithm, wrappingKey: string): string[] {
  const { padding, isHybrid } = openssl[algorithm]
  const rsa = (input: string, output: string): string[] => [
    `openssl pkeyutl -encrypt -in ${input} -out ${output} \\`,
    `  -inkey ${wrappingKey} -keyform DER -pubin \\`,
    `  ${padding}`,
  ]
  const file = materialFile(keySpec)
  const convert = `openssl pkcs8 -topk8 -nocrypt -in ${file} -outform der -out ${plaintextFile}`
  const wrap = isHybrid
    ? [
        'openssl rand -out aes-key.bin 32',
        `openssl enc -id-aes256-wrap-pad -K "$(od -An -tx1 aes-key.bin | tr -d ' \\n')" -iv A65959A6 \\`,
        `  -in ${plaintextFile} -out key-material-wrapped.bin`,
        ...rsa('aes-key.bin', 'aes-key-wrapped.bin'),
        `cat aes-key-wrapped.bin key-material-wrapped.bin > ${encryptedFile}`,
      ]
    : rsa(plaintextFile, encryptedFile)
  return file === plaintextFile ? wrap : [convert, ...wrap]
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
