import type { Key } from '../../keys/key.ts'
import { keySpecNames, keyUsages } from '../../keys/specs.ts'
import { noKeys, operation, type Context } from '../../operation.ts'
import { keyArn } from '../../protocol/arn.ts'
import {
  boolean,
  integer,
  list,
  oneOf,
  optional,
  string,
  structure,
  timestamp,
  type Infer,
} from '../../protocol/shape.ts'
import { keyRow } from '../../store/documents.ts'
import { describeKey, keyStates, origins } from '../key-metadata.ts'
import { isReachable } from '../key-stores.ts'
import { expirationModel, limit, marker, nextMarker } from '../members.ts'
import { makeMarker, readMarker } from '../paging.ts'
import { shown } from '../shown.ts'
import { knownActions, requireKeyAction } from './actions.ts'
import { onKey } from './simulated.ts'

const summary = structure({
  KeyId: string(),
  Arn: string(),
  /** Names, the first of them in order. */
  Aliases: optional(list(string())),
  AliasCount: optional(integer()),
  Description: optional(string()),
  KeyState: optional(oneOf(keyStates)),
  KeySpec: optional(oneOf(keySpecNames)),
  KeyUsage: optional(oneOf(keyUsages)),
  Origin: optional(oneOf(origins)),
  KeyManager: optional(oneOf(['AWS', 'CUSTOMER'])),
  MultiRegion: optional(boolean()),
  MultiRegionKeyType: optional(oneOf(['PRIMARY', 'REPLICA'])),
  CreationDate: optional(timestamp()),
  ValidTo: optional(timestamp()),
  ExpirationModel: optional(expirationModel),
  DeletionDate: optional(timestamp()),
  CustomKeyStoreId: optional(string()),
  Tags: optional(list(structure({ TagKey: string(), TagValue: string() }))),
  LastUsedDate: optional(timestamp()),
  LastUsedOperation: optional(string()),
  /** True where the caller may not see more of the key. */
  Denied: optional(boolean()),
})
type Summary = Infer<typeof summary>

const mostAliases = 10
/** Keys that are read at once. */
const batch = 50
/** UTF-16 units of key policies that are judged before others have their turn: some milliseconds of work. */
const mostPolicies = 16 * 1024
/** The same of all texts in an answer; a page that gets larger ends sooner. */
const largestPage = 2 * 1024 * 1024

/**
 * What a table of keys shows: all keys of the account in the Region, ordered by id, each with as much as the caller could find
 * out by calls of its own. Of a key on which kms:DescribeKey is denied that is no more than that it exists, which ListKeys
 * tells; aliases are for who may kms:ListAliases, tags for who may kms:ListResourceTags on the key, and its last use for who
 * may kms:GetKeyLastUsage. Each key is as it was when it was read, not all of them at one moment.
 */
export const listKeySummaries = operation({
  name: 'ListKeySummaries',
  service: 'keyreeve',
  input: structure({ Limit: limit, Marker: marker }),
  output: structure({ Keys: list(summary), NextMarker: nextMarker, Truncated: boolean() }),
  needs: { action: 'kms:ListKeys', keys: noKeys },
  audit: { readOnly: true, parameters: input => shown(input, 'Limit', 'Marker') },
  async handle(context, { Limit = 1000, Marker }) {
    const { caller, region, view, seal, pause } = context
    const prefix = keyRow(caller.account, region, '')
    const pager = { list: `ListKeySummaries ${prefix}`, seal }
    const summarize = await summarizer(context)
    const found: Summary[] = []
    let after = readMarker(pager, Marker)
    let size = 0
    let judged = 0
    for (;;) {
      const keys = await view.page('key', prefix, after && prefix + after, batch)
      for (const key of keys) {
        const last = found.at(-1)
        if (last && (found.length === Limit || size >= largestPage)) {
          return { output: { Keys: found, NextMarker: makeMarker(pager, last.KeyId), Truncated: true } }
        }
        found.push(await summarize(key))
        size += sizeOf(key)
        judged += key.policy.length
        if (judged < mostPolicies) continue
        judged = 0
        await pause()
      }
      if (keys.length < batch) return { output: { Keys: found, Truncated: false } }
      after = keys.at(-1)?.id
    }
  },
})

const sizeOf = ({ description, tags }: Key): number =>
  tags.flat().reduce((sum, text) => sum + text.length, description.length)

/** What the caller may know of a key. */
async function summarizer(context: Context): Promise<(key: Key) => Promise<Summary>> {
  const { authority, lastUsage, now, view } = context
  const actions = await knownActions()
  const may = async (name: string, key: Key): Promise<boolean> =>
    (await authority.decide(await onKey(context, requireKeyAction(actions, name), key))).allowed
  const { allowed: mayListAliases } = await authority.decide({ action: 'kms:ListAliases' })
  return async key => {
    const named = { KeyId: key.id, Arn: keyArn(key) }
    if (!(await may('kms:DescribeKey', key))) return { ...named, Denied: true }
    const use = (await may('kms:GetKeyLastUsage', key)) ? await lastUsage.of(view.unnoted, key) : undefined
    return {
      ...named,
      ...metadataOf(describeKey(key, now, await isReachable(view, key))),
      ...(mayListAliases && { Aliases: key.aliases.toSorted().slice(0, mostAliases), AliasCount: key.aliases.length }),
      ...((await may('kms:ListResourceTags', key)) && {
        Tags: key.tags.map(([TagKey, TagValue]) => ({ TagKey, TagValue })),
      }),
      ...(use && { LastUsedDate: new Date(use.at), LastUsedOperation: use.operation }),
    }
  }
}

/** Of what DescribeKey says, that which a table shows. */
function metadataOf(metadata: ReturnType<typeof describeKey>): Partial<Summary> {
  const { Description, KeyState, KeySpec, KeyUsage, Origin, KeyManager, MultiRegion, CreationDate } = metadata
  const { ValidTo, ExpirationModel, DeletionDate, CustomKeyStoreId, MultiRegionConfiguration: family } = metadata
  return {
    Description,
    KeyState,
    KeySpec,
    KeyUsage,
    Origin,
    KeyManager,
    MultiRegion,
    CreationDate,
    ...(family && { MultiRegionKeyType: family.MultiRegionKeyType }),
    ...(ValidTo && { ValidTo }),
    ...(ExpirationModel && { ExpirationModel }),
    ...(DeletionDate && { DeletionDate }),
    ...(CustomKeyStoreId !== undefined && { CustomKeyStoreId }),
  }
}
