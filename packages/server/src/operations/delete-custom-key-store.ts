import { noKeys, operation } from '../operation.ts'
import { kmsError } from '../protocol/errors.ts'
import { structure } from '../protocol/shape.ts'
import { customKeyStoreId, toldOfCaller } from './custom-key-stores.ts'
import { changeOfStore, requireStore, wrongState } from './key-stores.ts'
import { shown } from './shown.ts'

/** Forgets a disconnected store without keys, and its credential. Nothing changes at the proxy. */
export const deleteCustomKeyStore = operation({
  name: 'DeleteCustomKeyStore',
  input: structure({ CustomKeyStoreId: customKeyStoreId }),
  output: structure({}),
  needs: { action: 'kms:DeleteCustomKeyStore', conditions: toldOfCaller, keys: noKeys },
  audit: { readOnly: false, parameters: input => shown(input, 'CustomKeyStoreId') },
  async handle({ view, caller, region }, { CustomKeyStoreId: id }) {
    const place = { account: caller.account, region }
    const store = await requireStore(view, place, id)
    if (store.state !== 'DISCONNECTED') throw wrongState(store, 'DISCONNECTED')
    if (store.keys > 0) {
      const text = `Custom key store ${id} contains KMS keys, those that wait for their deletion included.`
      throw kmsError('CustomKeyStoreHasCMKsException', text)
    }
    return {
      output: {},
      changes: [await changeOfStore(view, place, id, undefined, true)],
      additional: { customKeyStoreName: store.name },
    }
  },
})
