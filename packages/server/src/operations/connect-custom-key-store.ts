import type { KeyStore } from '../keys/key-store.ts'
import { noKeys, operation, type Context } from '../operation.ts'
import { structure } from '../protocol/shape.ts'
import { ProxyFailure } from '../xks/failures.ts'
import { customKeyStoreId, toldOfCaller } from './custom-key-stores.ts'
import { askProxy, changeOfStore, requireStore, wrongState } from './key-stores.ts'
import { shown } from './shown.ts'

/**
 * Connects a store to its proxy. The service does so once it has answered; here it has been tried when the answer comes.
 * Either way the answer is empty, and DescribeCustomKeyStores says what has come of it.
 */
export const connectCustomKeyStore = operation({
  name: 'ConnectCustomKeyStore',
  input: structure({ CustomKeyStoreId: customKeyStoreId }),
  output: structure({}),
  needs: { action: 'kms:ConnectCustomKeyStore', conditions: toldOfCaller, keys: noKeys },
  audit: { readOnly: false, parameters: input => shown(input, 'CustomKeyStoreId') },
  async handle(context, { CustomKeyStoreId: id }) {
    const { view, caller, region } = context
    const place = { account: caller.account, region }
    const store = await requireStore(view, place, id)
    if (store.state === 'FAILED') throw wrongState(store, 'DISCONNECTED')
    const connected = store.state === 'CONNECTED' ? store : { ...store, ...(await connect(context, store)) }
    return {
      output: {},
      changes: connected === store ? [] : [await changeOfStore(view, place, id, connected)],
      additional: {
        customKeyStoreName: store.name,
        connectionState: connected.state,
        connectionErrorCode: connected.errorCode,
      },
    }
  },
})

async function connect(
  context: Context,
  { id, proxy }: KeyStore,
): Promise<{ state: 'CONNECTED' } | { state: 'FAILED'; errorCode: string }> {
  const { caller, region, externalKeys } = context
  try {
    await askProxy(context, { account: caller.account, region, id, proxy }, externalKeys.checkHealth)
    return { state: 'CONNECTED' }
  } catch (error) {
    if (!(error instanceof ProxyFailure)) throw error
    return { state: 'FAILED', errorCode: error.connectionErrorCode }
  }
}
