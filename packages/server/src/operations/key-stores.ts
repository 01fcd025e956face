import type { KeyStore, KeyStoreProxy } from '../keys/key-store.ts'
import type { Key } from '../keys/key.ts'
import { keySpecs } from '../keys/specs.ts'
import type { Context } from '../operation.ts'
import { keyArn, type Place } from '../protocol/arn.ts'
import { decodeBase64, encodeBase64 } from '../protocol/base64.ts'
import { kmsError, type KmsError } from '../protocol/errors.ts'
import { externalKeyRow, keyStoresRow, type Change, type View } from '../store/documents.ts'
import type { ProxyCall } from '../xks/external-keys.ts'
import { ProxyFailure, type Purpose } from '../xks/failures.ts'

/** Custom key stores, and what other operations must know of them. */

/** Whether the custom key store that the key is in, if any, is connected. */
export async function isReachable(view: View, key: Key): Promise<boolean> {
  if (!key.keyStore) return true
  const { id } = key.keyStore
  return (await storesOf(view, key)).some(store => store.id === id && store.state === 'CONNECTED')
}

/** Those of an account in a Region, oldest first. */
export async function storesOf(view: View, { account, region }: Place): Promise<readonly KeyStore[]> {
  return (await view.get('key-stores', keyStoresRow(account, region)))?.stores ?? []
}

/** @throws CustomKeyStoreNotFoundException */
export async function requireStore(view: View, place: Place, id: string): Promise<KeyStore> {
  const store = (await storesOf(view, place)).find(candidate => candidate.id === id)
  if (store) return store
  throw kmsError('CustomKeyStoreNotFoundException', `Custom key store ${id} does not exist.`)
}

export const wrongState = ({ id, state }: KeyStore, needed: string): KmsError =>
  kmsError('CustomKeyStoreInvalidStateException', `Custom key store ${id} is ${state}, and must be ${needed}.`)

/**
 * The change of one store; without `store`, the store `id` goes. The row stays without any: made anew, it would bear
 * versions that it had before, and what was decided on the old ones would be taken for current.
 *
 * @param erase whether an old credential must be unreadable from now on
 */
export async function changeOfStore(
  view: View,
  place: Place,
  id: string,
  store: KeyStore | undefined,
  erase = false,
): Promise<Change> {
  const row = keyStoresRow(place.account, place.region)
  const before = await storesOf(view, place)
  const known = before.some(candidate => candidate.id === id)
  const stores = known
    ? before.flatMap(candidate => (candidate.id !== id ? [candidate] : store ? [store] : []))
    : [...before, ...(store ? [store] : [])]
  return { put: 'key-stores', id: row, document: { stores }, erase }
}

// The proxy

/** What is asked of a proxy, beside the proxy itself. */
interface Question extends Place {
  /** The store's id. */
  id: string
  proxy: KeyStoreProxy
  /** Whom the call concerns; health checks concern nobody. */
  about?: { awsPrincipalArn: string; kmsKeyArn?: string }
}

/** @throws ProxyFailure, SealError */
export async function askProxy<T>(
  { seal, now, operation, requestId }: Context,
  question: Question,
  ask: (call: ProxyCall) => Promise<T>,
): Promise<T> {
  const { proxy, region, about } = question
  const secret = seal.open(credentialContext(question, question.id, proxy), decodeBase64(proxy.sealedSecret))
  try {
    return await ask({
      proxy,
      secret,
      region,
      now,
      metadata: { ...about, kmsOperation: operation, kmsRequestId: requestId },
    })
  } finally {
    secret.fill(0)
  }
}

/** For `catch`: what the caller is told of a proxy's failure. */
export function refusalFor(purpose: Purpose): (error: unknown) => never {
  return error => {
    throw error instanceof ProxyFailure ? error.toKmsError(purpose) : error
  }
}

/** The credential of a proxy as a store keeps it. */
export function sealCredential(
  { seal }: Context,
  place: Place,
  id: string,
  credential: { AccessKeyId: string; RawSecretAccessKey: string },
): Pick<KeyStoreProxy, 'accessKeyId' | 'sealedSecret'> {
  const accessKeyId = credential.AccessKeyId
  const secret = Buffer.from(credential.RawSecretAccessKey, 'latin1')
  try {
    return { accessKeyId, sealedSecret: encodeBase64(seal.seal(credentialContext(place, id, { accessKeyId }), secret)) }
  } finally {
    secret.fill(0)
  }
}

const credentialContext = ({ account, region }: Place, id: string, { accessKeyId }: { accessKeyId: string }) =>
  ({ purpose: 'key-store-credential/v1', fields: [account, region, id, accessKeyId] }) as const

// Keys

interface Wish {
  CustomKeyStoreId?: string
  XksKeyId?: string
  MultiRegion?: boolean
}

/** @throws UnsupportedOperationException for what keys in stores cannot do */
export function refuseKeyInStore(key: Key): void {
  if (!key.keyStore) return
  throw kmsError(
    'UnsupportedOperationException',
    `${keyArn(key)} origin is ${key.origin} which is not valid for this operation.`,
  )
}

const keyStoreOrigins: readonly Key['origin'][] = ['AWS_CLOUDHSM', 'EXTERNAL_KEY_STORE']

/**
 * What CreateKey says of key stores must agree with itself.
 *
 * @throws ValidationException, UnsupportedOperationException
 */
export function requireStoreArguments(spec: Key['spec'], origin: Key['origin'], wish: Wish): void {
  const isInStore = keyStoreOrigins.includes(origin)
  if (isInStore !== (wish.CustomKeyStoreId !== undefined)) {
    const text = isInStore ? 'is required' : 'is not valid'
    throw kmsError('ValidationException', `CustomKeyStoreId ${text} for keys with Origin ${origin}.`)
  }
  if ((origin === 'EXTERNAL_KEY_STORE') !== (wish.XksKeyId !== undefined)) {
    const text = wish.XksKeyId === undefined ? 'is required' : 'is not valid'
    throw kmsError('ValidationException', `XksKeyId ${text} for keys with Origin ${origin}.`)
  }
  if (isInStore && keySpecs[spec].kind !== 'symmetric') {
    throw kmsError('ValidationException', `KeySpec ${spec} is not supported for Origin ${origin}`)
  }
  if (isInStore && wish.MultiRegion === true) {
    throw kmsError('UnsupportedOperationException', 'Keys in custom key stores cannot be multi-Region keys.')
  }
}

/**
 * Ties a new key to the external key that encrypts for it; undefined for a key that is in no store.
 *
 * @throws ValidationException, CustomKeyStoreNotFoundException, CustomKeyStoreInvalidStateException,
 * XksKeyAlreadyInUseException, XksKeyNotFoundException, XksKeyInvalidConfigurationException
 */
export async function placeInStore(
  context: Context,
  key: Key,
  { CustomKeyStoreId: id, XksKeyId: xksKeyId }: Wish,
): Promise<{ keyStore: { id: string; xksKeyId: string }; changes: Change[] } | undefined> {
  if (id === undefined) return undefined
  const { view, externalKeys, caller } = context
  const { account, region } = key
  const store = await requireStore(view, key, id)
  if (store.type !== key.origin || xksKeyId === undefined) {
    throw kmsError('ValidationException', `Origin ${key.origin} is not valid for the custom key store ${id}.`)
  }
  if (store.state !== 'CONNECTED') throw wrongState(store, 'CONNECTED')
  const row = externalKeyRow(key, id, xksKeyId)
  if (await view.get('external-key', row)) {
    throw kmsError(
      'XksKeyAlreadyInUseException',
      `The external key ${xksKeyId} is already associated with another KMS key in the custom key store ${id}.`,
    )
  }
  // On the way to the proxy, these would lead elsewhere (RFC 3986 section 5.2.4).
  if (xksKeyId === '.' || xksKeyId === '..') throw new ProxyFailure('KeyNotFoundException').toKmsError('key')
  const question = { account, region, id, proxy: store.proxy, about: { awsPrincipalArn: caller.arn } }
  const found = await askProxy(context, question, call => externalKeys.describeKey(call, xksKeyId)).catch(
    refusalFor('key'),
  )
  requireFit(found)
  return {
    keyStore: { id, xksKeyId },
    changes: [
      { put: 'external-key', id: row, document: { account, region, storeId: id, xksKeyId, keyId: key.id } },
      await changeOfStore(view, key, id, { ...store, keys: store.keys + 1 }),
    ],
  }
}

/** @throws XksKeyInvalidConfigurationException */
function requireFit({
  keySpec,
  keyUsage,
  keyStatus,
}: {
  keySpec: string
  keyUsage: readonly string[]
  keyStatus: string
}) {
  const refuse = (text: string) => kmsError('XksKeyInvalidConfigurationException', text)
  if (keySpec !== 'AES_256') {
    throw refuse(
      `The key spec of the external key must be AES_256. The key spec of specified external key is ${keySpec}.`,
    )
  }
  if (keyStatus !== 'ENABLED') {
    throw refuse(
      `The status of the external key must be ENABLED. The status of specified external key is ${keyStatus}.`,
    )
  }
  if (!keyUsage.includes('ENCRYPT') || !keyUsage.includes('DECRYPT')) {
    throw refuse(
      `The key usage of the external key must include ENCRYPT and DECRYPT. The key usage of specified external key is ${keyUsage.join(', ') || 'none'}.`,
    )
  }
}

/** What goes with the deletion of a key: its external key may serve another one, and its store counts one less. */
export async function leaveStore(view: View, key: Key): Promise<Change[]> {
  if (!key.keyStore) return []
  const { id, xksKeyId } = key.keyStore
  const changes: Change[] = []
  const store = (await storesOf(view, key)).find(candidate => candidate.id === id)
  if (store) changes.push(await changeOfStore(view, key, id, { ...store, keys: store.keys - 1 }))
  if (xksKeyId === undefined) return changes
  const row = externalKeyRow(key, id, xksKeyId)
  if (await view.get('external-key', row)) changes.push({ remove: 'external-key', id: row })
  return changes
}

/**
 * For encryption and decryption under a key in an external key store.
 *
 * @throws KMSInvalidStateException
 */
export async function useExternalKey<T>(
  context: Context,
  key: Key,
  use: (call: ProxyCall, xksKeyId: string) => Promise<T>,
): Promise<T> {
  const { id = '', xksKeyId = '' } = key.keyStore ?? {}
  const { proxy } = await requireStore(context.view, key, id)
  const about = { awsPrincipalArn: context.caller.arn, kmsKeyArn: keyArn(key) }
  const question = { account: key.account, region: key.region, id, proxy, about }
  return await askProxy(context, question, call => use(call, xksKeyId)).catch(refusalFor('use'))
}
