import { anyState } from '../keys/states.ts'
import { operation } from '../operation.ts'
import { aliasArn } from '../protocol/arn.ts'
import { boolean, list, optional, string, structure, timestamp } from '../protocol/shape.ts'
import { aliasRow, type Alias } from '../store/documents.ts'
import { keyId, limit, marker, nextMarker } from './members.ts'
import { shown } from './shown.ts'
import { pageOf, readMarker } from './paging.ts'

/** All aliases of the account in the Region, or those of one key, ordered by name. */
export const listAliases = operation({
  name: 'ListAliases',
  input: structure({ KeyId: optional(keyId), Limit: limit, Marker: marker }),
  output: structure({
    Aliases: list(
      structure({
        AliasName: string(),
        AliasArn: string(),
        TargetKeyId: string(),
        CreationDate: timestamp(),
        LastUpdatedDate: timestamp(),
      }),
    ),
    NextMarker: nextMarker,
    Truncated: boolean(),
  }),
  needs: {
    action: 'kms:ListAliases',
    // It is on no key, so another account's is refused, and no policy of a key has a say.
    keys: {
      key: { action: null, identifier: input => input.KeyId, optional: true, aliases: false, states: anyState },
    },
  },
  audit: { readOnly: true, parameters: input => shown(input, 'KeyId', 'Limit', 'Marker') },
  async handle({ keys, caller, region, view, seal }, { KeyId, Limit = 50, Marker }) {
    const key = KeyId === undefined ? undefined : keys.key
    const size = Math.min(Limit, 100)
    const prefix = aliasRow(caller.account, region, '')
    const pager = { list: `ListAliases ${prefix}${key?.id ?? ''}`, seal }
    const after = readMarker(pager, Marker)
    const names = key
      ? key.aliases.filter(name => after === undefined || name > after)
      : (await view.page('alias', prefix, after && prefix + after, size + 1)).map(alias => alias.name)
    const { items, truncated } = pageOf(pager, names, size, name => name)
    const aliases = await Promise.all(items.map(name => view.get('alias', prefix + name)))
    return {
      output: {
        Aliases: aliases.flatMap(alias => (alias ? [describeAlias(alias)] : [])),
        ...truncated,
      },
    }
  },
})

const describeAlias = (alias: Readonly<Alias>) => ({
  AliasName: alias.name,
  AliasArn: aliasArn(alias),
  TargetKeyId: alias.keyId,
  CreationDate: new Date(alias.createdAt),
  LastUpdatedDate: new Date(alias.updatedAt),
})
