import type { IdentityTag } from '../../auth/identities.ts'
import type { Context } from '../../operation.ts'
import { KmsError, kmsError } from '../../protocol/errors.ts'
import { identityRow, type Documents } from '../../store/documents.ts'
import { pageOf, readMarker, type Pager } from '../paging.ts'
import { describeTags, type EntityKind } from './entities.ts'

/** Pages as IAM has them: ordered by name without regard to case, of 100 items if nothing else is asked for. */

interface Asked {
  Marker?: string
  MaxItems?: number
}
type Scope = Pick<Context, 'view' | 'seal' | 'caller' | 'operation'>

interface Page<T> {
  items: T[]
  /** The members of the answer beside its items. */
  more: { IsTruncated: boolean; Marker?: string }
}

const usual = 100
/** So many rows at least are read at once: filters may leave few of them. */
const fewestRows = 250

/**
 * The entities of the caller's account that have the path, and whatever else is asked for.
 *
 * @param others that are listed among them: such as the policies that every account has
 */
export async function pageOfEntities<K extends EntityKind>(
  scope: Scope,
  kind: K,
  { PathPrefix = '/', Marker, MaxItems = usual }: Asked & { PathPrefix?: string },
  matches: (entity: Documents[K]) => boolean = () => true,
  others: readonly Documents[K][] = [],
): Promise<Page<Documents[K]>> {
  const { account } = scope.caller
  // Behind a namesake of the account itself.
  const key = (entity: Documents[K]) => lowered(entity.name) + (entity.account === account ? '' : ' ')
  const fits = (entity: Documents[K]) => entity.path.startsWith(PathPrefix) && matches(entity)
  const pager = pagerOf(scope, kind)
  const prefix = identityRow(account, '')
  const chunk = Math.max(MaxItems + 1, fewestRows)
  const found: Documents[K][] = []
  const start = positionOf(pager, Marker)
  let after = start
  do {
    const rows = await scope.view.page(kind, prefix, after && prefix + after, chunk)
    found.push(...rows.filter(fits))
    const last = rows.length === chunk ? rows.at(-1) : undefined
    after = last && lowered(last.name)
  } while (after !== undefined && found.length <= MaxItems)
  found.push(...others.filter(other => fits(other) && (start === undefined || key(other) > start)))
  if (others.length > 0) found.sort(by(key))
  return cut(pager, found, MaxItems, key)
}

/** Of what `read` finds behind a position, in the order of their keys; it is not asked for more than is needed. */
export async function pageOfStream<T>(
  scope: Scope,
  of: string,
  { Marker, MaxItems = usual }: Asked,
  read: (after: string | undefined) => AsyncIterable<T>,
  key: (item: T) => string,
): Promise<Page<T>> {
  const pager = pagerOf(scope, of)
  const found: T[] = []
  for await (const item of read(positionOf(pager, Marker))) {
    found.push(item)
    if (found.length > MaxItems) break
  }
  return cut(pager, found, MaxItems, key)
}

/**
 * Of what an entity lists, in the order of their keys. It may change between two pages: what is there all the time comes
 * exactly once.
 *
 * @param of whose they are, such as `group <id>`
 */
export function pageOfItems<T>(
  scope: Scope,
  of: string,
  items: readonly T[],
  { Marker, MaxItems = usual }: Asked,
  key: (item: T) => string,
): Page<T> {
  const pager = pagerOf(scope, of)
  const after = positionOf(pager, Marker)
  const rest = items.filter(item => after === undefined || key(item) > after)
  return cut(pager, rest.toSorted(by(key)), MaxItems, key)
}

/** Of names that an entity lists. */
export const pageOfNames = (scope: Scope, of: string, names: readonly string[], asked: Asked): Page<string> =>
  pageOfItems(scope, of, names, asked, lowered)

/** Of the tags of an entity, ordered by key. */
export function pageOfTags(
  scope: Scope,
  of: string,
  tags: readonly IdentityTag[],
  { Marker, MaxItems = usual }: Asked,
): Page<{ Key: string; Value: string }> {
  const pager = pagerOf(scope, of)
  // A position, since a key may be too long for a marker.
  const start = Number(positionOf(pager, Marker) ?? 0)
  const ordered = describeTags(tags.toSorted((a, b) => (a.key < b.key ? -1 : 1)))
  return cut(pager, ordered.slice(start), MaxItems, () => String(start + MaxItems))
}

const lowered = (name: string): string => name.toLowerCase()
const by =
  <T>(key: (item: T) => string) =>
  (a: T, b: T): number =>
    key(a) < key(b) ? -1 : 1

const pagerOf = ({ operation, caller, seal }: Scope, of: string): Pager => ({
  list: `${operation} ${caller.account} ${of}`,
  seal,
})

/** @throws ValidationException if it is no marker of this list */
function positionOf(pager: Pager, marker: string | undefined): string | undefined {
  try {
    return readMarker(pager, marker)
  } catch (error) {
    throw error instanceof KmsError ? kmsError('ValidationException', 'Invalid Marker.') : error
  }
}

function cut<T>(pager: Pager, found: readonly T[], size: number, name: (item: T) => string): Page<T> {
  const { items, truncated } = pageOf(pager, found, size, name)
  const { Truncated: IsTruncated, NextMarker } = truncated
  return { items, more: { IsTruncated, ...(NextMarker !== undefined && { Marker: NextMarker }) } }
}
