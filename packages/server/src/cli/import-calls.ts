import { algorithmsFor, type ImportParameters, type WrappingAlgorithm } from 'keyreeve-import'
import { wrappingKeySpecs } from '../import/wrapping.ts'
import { encodeBase64 } from '../protocol/base64.ts'
import { blob, optional, string, structure, timestamp } from '../protocol/shape.ts'
import { call, ServiceError, type Client } from './client.ts'
import { algorithmNames, isSecret, publicFingerprint } from './material.ts'
import { showWaiting } from './progress.ts'
import { Failure, remark, requireChoice, UsageError, type Given } from './verb.ts'

/** The calls of an import, and the flags that only they need. */

/** Lengths in bits, by name. */
const available = new Map(
  Object.entries(wrappingKeySpecs).flatMap(([name, row]) => (row.available ? [[name, row.modulusBits]] : [])),
)

export const wrappingKeyFlags = {
  algorithm: { value: 'name', help: 'Wrapping algorithm' },
  'wrapping-key-spec': { value: 'name', help: `Wrapping key: ${[...available.keys()].join(', ')} (default: RSA_4096)` },
  'key-spec': { value: 'name', help: 'Key spec of the key; without it the server is asked (kms:DescribeKey)' },
} as const

/** How material is wrapped; without an algorithm, by the best one that can. */
interface Wrapping {
  readonly algorithm: WrappingAlgorithm | undefined
  readonly wrappingKeySpec: string
}

/** @throws UsageError */
export function requireWrapping(given: Given<typeof wrappingKeyFlags>): Wrapping {
  const { algorithm, 'wrapping-key-spec': spec = 'RSA_4096' } = given
  return {
    algorithm: algorithm === undefined ? undefined : requireChoice(algorithm, '--algorithm', algorithmNames),
    wrappingKeySpec: requireChoice(spec, '--wrapping-key-spec', [...available.keys()]),
  }
}

/**
 * @throws UsageError if the chosen algorithm cannot wrap the material of such a key
 * @throws ImportError if keys of this spec cannot be imported
 */
function fittingAlgorithm({ algorithm: chosen, wrappingKeySpec }: Wrapping, keySpec: string): WrappingAlgorithm {
  const fitting = algorithmsFor(keySpec, available.get(wrappingKeySpec) ?? 0)
  const algorithm = chosen ?? fitting[0]
  if (algorithm !== undefined && fitting.includes(algorithm)) return algorithm
  throw new UsageError(
    `--algorithm cannot be ${algorithm}, by which ${wrappingKeySpec} wraps no material for ${keySpec}. ` +
      `These can: ${fitting.join(', ')}.`,
  )
}

/**
 * A key ID or key ARN; an import takes no alias.
 *
 * @throws UsageError
 */
export function requireKeyId(keyId: string | undefined): string {
  if (keyId === undefined) throw new UsageError('--key-id is missing: the ID or ARN of a KMS key with origin EXTERNAL.')
  if (!/(^|:)alias\//.test(keyId)) return keyId
  throw new UsageError(
    '--key-id takes no alias, for an import binds one key for ever. This tells its ID: ' +
      `aws kms describe-key --key-id ${keyId} --query KeyMetadata.KeyId`,
  )
}

interface KeyFacts {
  readonly keySpec: string
  /** Of the material that encrypts now. */
  readonly currentMaterialId: string | undefined
}

const described = structure({
  KeyMetadata: structure({
    Arn: string(),
    KeySpec: string(),
    Origin: string(),
    CurrentKeyMaterialId: optional(string()),
  }),
})

/**
 * What an import must know of its key.
 *
 * @throws Failure if it takes no material, ServiceError
 */
export async function describeKey(client: Client, keyId: string): Promise<KeyFacts> {
  const { KeyMetadata: key } = await call(client, 'DescribeKey', { KeyId: keyId }, described).catch(
    (error: unknown): never => {
      if (!(error instanceof ServiceError) || error.code !== 'AccessDeniedException') throw error
      throw new Failure(`${error.message} Without kms:DescribeKey, say with --key-spec what the key is.`)
    },
  )
  if (key.Origin !== 'EXTERNAL') {
    throw new Failure(
      `${key.Arn} has origin ${key.Origin}: the material of such a key is made by the service. Only a key that was ` +
        'made with --origin EXTERNAL takes yours.',
    )
  }
  return { keySpec: key.KeySpec, currentMaterialId: key.CurrentKeyMaterialId }
}

const parameters = structure({
  KeyId: string(),
  ImportToken: blob(),
  PublicKey: blob(),
  ParametersValidTo: timestamp(),
})

/** @throws ServiceError, Failure, UsageError, ImportError */
export async function fetchParameters(
  client: Client,
  keyId: string,
  keySpec: string,
  wrapping: Wrapping,
): Promise<ImportParameters> {
  const { wrappingKeySpec } = wrapping
  const algorithm = fittingAlgorithm(wrapping, keySpec)
  const wanted = { KeyId: keyId, WrappingAlgorithm: algorithm, WrappingKeySpec: wrappingKeySpec }
  const answer = await showWaiting(
    `Waiting for a wrapping key of the server (${wrappingKeySpec})`,
    call(client, 'GetParametersForImport', wanted, parameters),
  )
  return {
    keyArn: answer.KeyId,
    keySpec,
    algorithm,
    wrappingKeySpec,
    wrappingKey: answer.PublicKey,
    token: answer.ImportToken,
    validTo: answer.ParametersValidTo,
  }
}

export const uploadFlags = {
  expires: {
    value: 'time',
    help: 'When the service erases the material: a date, a time with zone, or such as 90d, 12h',
  },
  'no-expiry': { help: 'It never does; this or --expires must be given' },
  type: { value: 'type', help: 'new or existing material of the key (default: new for the first one, else existing)' },
  description: { value: 'text', help: 'A description of the material' },
} as const

/** What an upload says beside the material. */
export interface UploadSettings {
  /** Undefined: the material does not expire. */
  readonly validTo: Date | undefined
  readonly importType: string | undefined
  readonly description: string | undefined
}

const importTypes: Readonly<Record<string, string>> = {
  new: 'NEW_KEY_MATERIAL',
  existing: 'EXISTING_KEY_MATERIAL',
}

/**
 * AWS's own default is an expiry without a date, which it refuses: here, one of the two has to be chosen.
 *
 * @throws UsageError
 */
export function requireUploadSettings(given: Given<typeof uploadFlags>, now: Date): UploadSettings {
  const { expires, type, description } = given
  if ((expires === undefined) !== given['no-expiry']) {
    throw new UsageError('Say whether the material expires: either --expires with a time, such as 90d, or --no-expiry.')
  }
  return {
    validTo: expires === undefined ? undefined : requireExpiry(expires, now),
    importType: type === undefined ? undefined : importTypes[requireChoice(type, '--type', Object.keys(importTypes))],
    description,
  }
}

const units: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

function requireExpiry(text: string, now: Date): Date {
  const [, count, unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? []
  if (count !== undefined) return new Date(now.getTime() + Number(count) * (units[unit] ?? 0))
  const isWhole = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/.test(text)
  const date = new Date(isWhole ? text : Number.NaN)
  if (Number.isNaN(date.getTime()) || !isDay(text.slice(0, 10))) {
    throw new UsageError(
      `--expires cannot be ${text}. It is a date (2027-01-31, from 0:00 UTC), a time with its zone (2027-01-31T12:00Z), ` +
        'or how long from now (90d, 12h, 30m).',
    )
  }
  if (date <= now) throw new UsageError(`--expires ${text} is in the past.`)
  return date
}

/** JavaScript takes February 30 for March 2. */
function isDay(text: string): boolean {
  const day = new Date(text)
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text)
}

/** What the service has now, by its own account. */
export interface Imported {
  readonly keyArn: string
  /** Of symmetric keys. */
  readonly materialId: string | undefined
  /** Of the public half of an asymmetric key. */
  readonly fingerprint: string | undefined
}

const imported = structure({ KeyId: string(), KeyMaterialId: optional(string()) })

/** @throws ServiceError, Failure */
export async function uploadMaterial(
  client: Client,
  keyId: string,
  { keySpec, token, encrypted }: { keySpec: string | undefined; token: Uint8Array; encrypted: Uint8Array },
  { validTo, importType, description }: UploadSettings,
): Promise<Imported> {
  const input = {
    KeyId: keyId,
    ImportToken: encodeBase64(token),
    EncryptedKeyMaterial: encodeBase64(encrypted),
    ...(validTo === undefined
      ? { ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' }
      : { ExpirationModel: 'KEY_MATERIAL_EXPIRES', ValidTo: validTo.getTime() / 1000 }),
    ...(importType !== undefined && { ImportType: importType }),
    ...(description !== undefined && { KeyMaterialDescription: description }),
  }
  const { KeyId, KeyMaterialId } = await call(client, 'ImportKeyMaterial', input, imported)
  const fingerprint = isSecret(keySpec ?? '') || KeyMaterialId ? undefined : await fetchFingerprint(client, KeyId)
  return { keyArn: KeyId, materialId: KeyMaterialId, fingerprint }
}

const published = structure({ PublicKey: blob() })

/** The public half of what was just imported; undefined for secrets, and with a warning if the service does not tell. */
async function fetchFingerprint(client: Client, keyArn: string): Promise<string | undefined> {
  try {
    const { PublicKey } = await call(client, 'GetPublicKey', { KeyId: keyArn }, published)
    return publicFingerprint(PublicKey)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    if (error instanceof ServiceError && error.code === 'UnsupportedOperationException') return undefined
    remark('warning', `The key is imported, but its public half was not compared. ${error.message}`)
    return undefined
  }
}

/** What to print after an import; as JSON, with AWS's names. */
export function importReport(
  { keyArn, materialId, fingerprint }: Imported,
  { validTo }: UploadSettings,
  isJson: boolean,
): string {
  const expiry = validTo?.toISOString()
  if (isJson) {
    const members = { KeyId: keyArn, KeyMaterialId: materialId, PublicKeySha256: fingerprint, ValidTo: expiry }
    return JSON.stringify(members, null, 2)
  }
  return [
    `Imported into ${keyArn}`,
    ...(materialId === undefined ? [] : [`Key material ID: ${materialId}`]),
    ...(fingerprint === undefined ? [] : [`${fingerprintLabel}: ${fingerprint}`]),
    `Expires: ${expiry ?? 'never'}`,
  ].join('\n')
}

export const fingerprintLabel = 'Public key (SHA-256)'
