import type { Grantable } from './auth/access.ts'
import type { CallerNames } from './auth/caller.ts'
import { contextTags, namesOf, parentTags, withoutContext, type Grant } from './auth/grants.ts'
import type { Key } from './keys/key.ts'
import { grantedPrefix, granteeRef, grantRow, type View } from './store/documents.ts'

/** Grants are read in pages of this size; those of a principal that fit into one are kept for the key. */
const page = 100

/** By key, then by principal and tag. Whoever changes a grant writes the key, so what was read for one version of it stays true. */
const kept = new WeakMap<Readonly<Key>, Map<string, readonly Readonly<Grant>[]>>()

/**
 * The grants on a key that can allow something to a caller, page by page: those for any of its names, and if the operation
 * has an encryption context, or makes a grant that may have one, only those whose constraint it can meet. A key can have tens
 * of thousands of grants, mostly for one principal and a context each. An empty page comes of a look-up that found nothing.
 */
export async function* heldGrants(
  view: View,
  key: Readonly<Key>,
  caller: CallerNames,
  asked: Grantable,
): AsyncGenerator<readonly Readonly<Grant>[]> {
  if (!key.grants) return
  for (const name of namesOf(caller)) for (const tag of tagsOf(asked)) yield* grantsFor(view, key, name, tag)
}

function tagsOf({ operation, encryptionContext, child }: Grantable): (string | undefined)[] {
  if (operation === 'CreateGrant' && child) return parentTags(child.constraints)
  return withoutContext.includes(operation) ? [undefined] : contextTags(encryptionContext)
}

async function* grantsFor(
  view: View,
  key: Readonly<Key>,
  principal: string,
  tag: string | undefined,
): AsyncGenerator<readonly Readonly<Grant>[]> {
  const known = kept.get(key) ?? new Map<string, readonly Readonly<Grant>[]>()
  const index = `${principal} ${tag}`
  const there = known.get(index)
  if (there) return yield there
  let after: string | undefined
  for (let isFirst = true; isFirst || after !== undefined; isFirst = false) {
    const { grants, last } = await readPage(view, { ...key, keyId: key.id }, principal, tag, after)
    if (isFirst && last === undefined && known.size < page) kept.set(key, known.set(index, grants))
    yield grants
    after = last
  }
}

/** With the id of the last grant, if there may be more behind it. */
async function readPage(
  view: View,
  key: Pick<Grant, 'account' | 'region' | 'keyId'>,
  principal: string,
  tag: string | undefined,
  after: string | undefined,
): Promise<{ grants: readonly Readonly<Grant>[]; last: string | undefined }> {
  const { account, region, keyId } = key
  const rowOf = (id: string): string => grantRow(account, region, keyId, id)
  if (tag === undefined) {
    const grants = await view.byRef('grant', granteeRef(key, principal), after && rowOf(after), page)
    return { grants, last: grants.length < page ? undefined : grants.at(-1)?.id }
  }
  const prefix = grantedPrefix(key, principal, tag)
  const found = await view.page('granted', prefix, after && prefix + after, page)
  const grants = await Promise.all(found.map(({ grantId }) => view.get('grant', rowOf(grantId))))
  return {
    grants: grants.filter(grant => grant !== undefined),
    last: found.length < page ? undefined : found.at(-1)?.grantId,
  }
}
