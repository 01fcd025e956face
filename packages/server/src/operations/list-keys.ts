import { noKeys, operation } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { boolean, list, oneOf, optional, string, structure } from '../protocol/shape.ts'
import { keyRow } from '../store/documents.ts'
import { limit, marker, nextMarker } from './members.ts'
import { shown } from './shown.ts'
import { pageOf, readMarker } from './paging.ts'

/**
 * All keys of the account in the Region, ordered by id. Nobody shares keys with other accounts here (AWS RAM), so there are
 * none of that kind to list.
 */
export const listKeys = operation({
  name: 'ListKeys',
  input: structure({
    Limit: limit,
    Marker: marker,
    ResourceOwners: optional(list(oneOf(['SELF', 'OTHER_ACCOUNTS_VIA_RAM']), 1, 2)),
  }),
  output: structure({
    Keys: list(structure({ KeyId: string(), KeyArn: string() })),
    NextMarker: nextMarker,
    Truncated: boolean(),
  }),
  needs: { action: 'kms:ListKeys', keys: noKeys },
  audit: { readOnly: true, parameters: input => shown(input, 'Limit', 'Marker', 'ResourceOwners') },
  async handle({ caller, region, view, seal }, { Limit = 100, Marker, ResourceOwners = ['SELF'] }) {
    const prefix = keyRow(caller.account, region, '')
    const pager = { list: `ListKeys ${prefix}`, seal }
    const after = readMarker(pager, Marker)
    if (!ResourceOwners.includes('SELF')) return { output: { Keys: [], Truncated: false } }
    const found = await view.page('key', prefix, after && prefix + after, Limit + 1)
    const { items, truncated } = pageOf(pager, found, Limit, key => key.id)
    return { output: { Keys: items.map(key => ({ KeyId: key.id, KeyArn: keyArn(key) })), ...truncated } }
  },
})
