import type { Key } from '../keys/key.ts'
import { keyStoresRow, type View } from '../store/documents.ts'

/** Whether the custom key store that the key is in, if any, is connected. */
export async function isReachable(view: View, key: Key): Promise<boolean> {
  if (!key.keyStore) return true
  const { id } = key.keyStore
  const stores = await view.get('key-stores', keyStoresRow(key.account, key.region))
  return stores?.stores.some(store => store.id === id && store.state === 'CONNECTED') === true
}
