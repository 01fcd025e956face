import { createSecretKey } from 'node:crypto'
import { dayOf, isUsable, openToken, tokenDay, type ImportToken } from '../import/token.ts'
import { unwrapMaterial } from '../import/unwrap.ts'
import { requireFit, wrappingAlgorithms } from '../import/wrapping.ts'
import type { Key, Material } from '../keys/key.ts'
import { materialIdOf } from '../keys/material.ts'
import { isSymmetric, pairOf } from '../keys/specs.ts'
import { isPermanent, notPendingDeletion, stateOf } from '../keys/states.ts'
import { operation, type Context, type KeyedContext } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { decodeBase64, encodeBase64 } from '../protocol/base64.ts'
import { kmsError, type KmsError } from '../protocol/errors.ts'
import { blob, oneOf, optional, string, structure, timestamp, type Infer } from '../protocol/shape.ts'
import type { Change } from '../store/documents.ts'
import { putKey, refuseReplica, relativesOf } from './family.ts'
import { waitingMaterial, withMaterial } from './imported-material.ts'
import { expirationModel, keyId, keyMaterialId } from './members.ts'
import { shown } from './shown.ts'
import { freshMaterial } from './material-changes.ts'

const input = structure({
  KeyId: keyId,
  ImportToken: blob(1, 6144),
  EncryptedKeyMaterial: blob(1, 6144),
  ValidTo: optional(timestamp()),
  ExpirationModel: optional(expirationModel),
  ImportType: optional(oneOf(['NEW_KEY_MATERIAL', 'EXISTING_KEY_MATERIAL'])),
  KeyMaterialDescription: optional(
    string(0, 256, { text: '^[a-zA-Z0-9:/_\\s.-]+$', test: value => /^[a-zA-Z0-9:/_\s.-]*$/.test(value) }),
  ),
  KeyMaterialId: optional(keyMaterialId),
})
type Input = Infer<typeof input>

const longestValidity = 365 * 24 * 60 * 60 * 1000

/** Takes back the wrapped material together with the token of its wrapping key. */
export const importKeyMaterial = operation({
  name: 'ImportKeyMaterial',
  input,
  output: structure({ KeyId: string(), KeyMaterialId: optional(string()) }),
  needs: {
    action: 'kms:ImportKeyMaterial',
    conditions: ({ ExpirationModel, ValidTo }) => ({
      'kms:ExpirationModel': ExpirationModel,
      'kms:ValidTo': ValidTo,
    }),
    keys: {
      key: { identifier: input => input.KeyId, aliases: false, origin: 'EXTERNAL', states: notPendingDeletion },
    },
  },
  audit: {
    readOnly: false,
    parameters: input => ({
      ...shown(input, 'KeyId', 'ValidTo'),
      expirationModel: input.ExpirationModel ?? 'KEY_MATERIAL_EXPIRES',
      ...shown(input, 'ImportType', 'KeyMaterialDescription', 'KeyMaterialId'),
    }),
  },
  async handle(context, input) {
    const { keys, now } = context
    const { key } = keys
    // Whatever can be refused without the private key is refused first, so that an answer tells nothing about it.
    const expiry = requireExpiry(input, now)
    const importType = requireImportType(key, input)
    const token = await requireToken(context, input.ImportToken)
    const unwrapped = await unwrap(context, token, input.EncryptedKeyMaterial)
    if (!unwrapped) return await countFailure(context, token)
    const { secret, publicKey } = unwrapped
    try {
      const id = materialIdOf(key, secret)
      const relatives = await relativesOf(context.view, key)
      const waiting = waitingMaterial(key, relatives, now)?.material
      const known = key.materials.find(other => other.id === id && (isPermanent(other) || other === waiting))
      const misfit = refusalOf(key, importType, input.KeyMaterialId, id, known, waiting)
      if (misfit) {
        // Under PKCS #1 v1.5 every failure looks the same, or the answers would tell good padding from bad (C7).
        return token.algorithm === 'RSAES_PKCS1_V1_5' ? await countFailure(context, token) : { refusal: misfit }
      }
      const material = imported(known, id, key, expiry, input.KeyMaterialDescription)
      const changed: Key = {
        ...key,
        enabled: key.enabled || stateOf(key, now) === 'PendingImport',
        ...(isSymmetric(key.spec) && { currentMaterialId: key.currentMaterialId ?? id }),
        ...(publicKey !== undefined && { publicKey }),
      }
      const { changes } = await freshMaterial(context, changed, secret, expiry.validTo)
      return {
        output: { KeyId: keyArn(key), ...(isSymmetric(key.spec) && { KeyMaterialId: id }) },
        changes: [...withMaterial(changed, relatives, material).map(putKey), ...changes],
        recorded: { keyId: keyArn(key), ...(isSymmetric(key.spec) && { keyMaterialId: id }) },
      }
    } finally {
      secret.fill(0)
    }
  },
})

interface Expiry {
  expirationModel: 'KEY_MATERIAL_EXPIRES' | 'KEY_MATERIAL_DOES_NOT_EXPIRE'
  validTo?: number
}

/** @throws ValidationException */
function requireExpiry({ ExpirationModel: model = 'KEY_MATERIAL_EXPIRES', ValidTo }: Input, now: number): Expiry {
  const invalid = (message: string): KmsError => kmsError('ValidationException', message)
  if (model === 'KEY_MATERIAL_DOES_NOT_EXPIRE') {
    if (ValidTo) throw invalid('ValidTo cannot be set if the ExpirationModel is KEY_MATERIAL_DOES_NOT_EXPIRE')
    return { expirationModel: model }
  }
  if (!ValidTo) throw invalid('A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES')
  const validTo = ValidTo.getTime()
  if (validTo <= now) throw invalid('ValidTo must be in the future')
  if (validTo > now + longestValidity) throw invalid('ValidTo must be no later than 365 days from now')
  return { expirationModel: model, validTo }
}

type ImportType = 'NEW_KEY_MATERIAL' | 'EXISTING_KEY_MATERIAL'

/**
 * New by default if nothing was ever imported.
 *
 * @throws ValidationException
 * @throws UnsupportedOperationException for new material on a replica, which takes only what its primary key has
 */
function requireImportType(key: Key, { ImportType, KeyMaterialId, KeyMaterialDescription }: Input): ImportType {
  if (!isSymmetric(key.spec) && (ImportType ?? KeyMaterialId ?? KeyMaterialDescription) !== undefined) {
    throw kmsError(
      'UnsupportedOperationException',
      'ImportType, KeyMaterialId and KeyMaterialDescription are for symmetric encryption keys only.',
    )
  }
  const type = ImportType ?? (key.materials.length === 0 ? 'NEW_KEY_MATERIAL' : 'EXISTING_KEY_MATERIAL')
  if (type === 'NEW_KEY_MATERIAL' && KeyMaterialId !== undefined) {
    throw kmsError('ValidationException', 'KeyMaterialId cannot be set if the ImportType is NEW_KEY_MATERIAL')
  }
  if (type === 'NEW_KEY_MATERIAL') refuseReplica(key)
  return type
}

/**
 * @throws InvalidImportTokenException, ExpiredImportTokenException
 * @throws UnsupportedOperationException if its wrapping algorithm has been turned off meanwhile, or is none for such a key
 */
async function requireToken({ keys, now, view, seal, settings }: WithKey, token: Uint8Array): Promise<ImportToken> {
  const day = tokenDay(token)
  if (day === undefined) throw kmsError('InvalidImportTokenException')
  const stored = await view.get('day-key', String(day))
  if (!stored) {
    // Its day's key is erased, or never was.
    throw kmsError(day < dayOf(now) ? 'ExpiredImportTokenException' : 'InvalidImportTokenException')
  }
  const bytes = seal.open({ purpose: 'day-key/v1', fields: [String(day)] }, decodeBase64(stored.sealed))
  const { account, region, id } = keys.key
  const opened = openToken(createSecretKey(bytes), token, { account, region, keyId: id })
  bytes.fill(0)
  if (!opened) throw kmsError('InvalidImportTokenException')
  try {
    // GetParametersForImport looks too; but a token may be older than what it knows now.
    requireFit(keys.key.spec, opened.algorithm, opened.wrappingKeySpec)
    const isRefused = opened.algorithm === 'RSAES_PKCS1_V1_5' && settings.pkcs1v15 === 'refuse'
    if (isRefused) throw kmsError('UnsupportedOperationException')
    const failures = await view.get('token-failures', opened.id)
    if (!isUsable(opened, failures?.count ?? 0, now)) throw kmsError('ExpiredImportTokenException')
    return opened
  } catch (error) {
    opened.privateKey.fill(0)
    throw error
  }
}

type WithKey = KeyedContext<'key'>

/**
 * The material in the form in which it is kept, for the caller to wipe, and the public half of a private key. Undefined if
 * it cannot be unwrapped, or is no material of such a key.
 *
 * @throws ValidationException for a blob whose size does not fit the wrapping key
 */
async function unwrap(
  { publicKeys, caller, keys: { key } }: WithKey,
  token: ImportToken,
  encrypted: Uint8Array,
): Promise<{ secret: Buffer; publicKey?: string } | undefined> {
  try {
    const secret = await unwrapMaterial(publicKeys, caller.account, {
      algorithm: wrappingAlgorithms[token.algorithm],
      wrappingKeySpec: token.wrappingKeySpec,
      spec: key.spec,
      privateKey: token.privateKey,
      encrypted,
    })
    const kind = pairOf(key.spec)
    if (!secret || !kind) return secret && { secret }
    try {
      const pair = await publicKeys.readPrivateKey(caller.account, kind, secret)
      return pair && { secret: pair.privateKey, publicKey: encodeBase64(pair.publicKey) }
    } finally {
      secret.fill(0)
    }
  } finally {
    token.privateKey.fill(0)
  }
}

/** One answer for every cause, and a count that kills the token: nobody learns from trying (C7). */
async function countFailure({ view }: Context, token: ImportToken) {
  const count = ((await view.get('token-failures', token.id))?.count ?? 0) + 1
  const change: Change = { put: 'token-failures', id: token.id, document: { count, validTo: token.validTo } }
  return { refusal: kmsError('InvalidCiphertextException'), changes: [change] }
}

function refusalOf(
  key: Key,
  type: ImportType,
  wanted: string | undefined,
  id: string,
  known: Material | undefined,
  waiting: Material | undefined,
): KmsError | undefined {
  if (wanted !== undefined && wanted !== id) return kmsError('IncorrectKeyMaterialException')
  if (type === 'EXISTING_KEY_MATERIAL') return known ? undefined : kmsError('IncorrectKeyMaterialException')
  if (known) return kmsError('IncorrectKeyMaterialException')
  if (!waiting) return undefined
  return kmsError(
    'KMSInvalidStateException',
    `New key material (id: ${id}) cannot be imported into KMS key ${keyArn(key)}, because another key material (id: ${waiting.id}) is pending rotation.`,
  )
}

/** What the key says of the material from now on; only a description survives from before. */
function imported(
  known: Material | undefined,
  id: string,
  key: Key,
  { expirationModel, validTo }: Expiry,
  text: string | undefined,
): Material {
  const { validTo: _, ...kept } = known ?? {
    id,
    state: key.currentMaterialId === undefined ? ('CURRENT' as const) : ('PENDING_ROTATION' as const),
  }
  return {
    ...kept,
    present: true,
    expirationModel,
    ...(validTo !== undefined && { validTo }),
    ...(text !== undefined && { description: text }),
  }
}
