import { noKeys, operation } from '../operation.ts'
import { structure } from '../protocol/shape.ts'
import { customKeyStoreId, toldOfCaller } from './custom-key-stores.ts'
import { changeOfStore, requireStore, wrongState } from './key-stores.ts'
import { shown } from './shown.ts'

/** Disconnects a store, or ends a failure to connect. Until it is connected again, no key in it can be used. */
export const disconnectCustomKeyStore = operation({
  name: 'DisconnectCustomKeyStore',
  input: structure({ CustomKeyStoreId: customKeyStoreId }),
  output: structure({}),
  needs: { action: 'kms:DisconnectCustomKeyStore', conditions: toldOfCaller, keys: noKeys },
  audit: { readOnly: false, parameters: input => shown(input, 'CustomKeyStoreId') },
  async handle({ view, caller, region }, { CustomKeyStoreId: id }) {
    const place = { account: caller.account, region }
    const store = await requireStore(view, place, id)
    if (store.state === 'DISCONNECTED') throw wrongState(store, 'CONNECTED or FAILED')
    const { errorCode: _, ...rest } = store
    return {
      output: {},
      changes: [await changeOfStore(view, place, id, { ...rest, state: 'DISCONNECTED' })],
      additional: { customKeyStoreName: store.name },
    }
  },
})
