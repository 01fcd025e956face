import { noKeys, operation } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { boolean, list, string, structure } from '../protocol/shape.ts'
import { keyRow } from '../store/documents.ts'
import { limit, marker, nextMarker } from './members.ts'
import { shown } from './shown.ts'
import { pageOf, readMarker } from './paging.ts'

/** All keys of the account in the Region, ordered by id. */
export const listKeys = operation({
  name: 'ListKeys',
  input: structure({ Limit: limit, Marker: marker }),
  output: structure({
    Keys: list(structure({ KeyId: string(), KeyArn: string() })),
    NextMarker: nextMarker,
    Truncated: boolean(),
  }),
  needs: { action: 'kms:ListKeys', keys: noKeys },
  audit: { readOnly: true, parameters: input => shown(input, 'Limit', 'Marker') },
  async handle({ caller, region, view, seal }, { Limit = 100, Marker }) {
    const prefix = keyRow(caller.account, region, '')
    const pager = { list: `ListKeys ${prefix}`, seal }
    const after = readMarker(pager, Marker)
    const found = await view.page('key', prefix, after && prefix + after, Limit + 1)
    const { items, truncated } = pageOf(pager, found, Limit, key => key.id)
    return { output: { Keys: items.map(key => ({ KeyId: key.id, KeyArn: keyArn(key) })), ...truncated } }
  },
})
