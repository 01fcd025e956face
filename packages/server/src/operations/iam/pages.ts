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

export interface Page<T> {
  items: T[]
  /** The members of the answer beside its items. */
  more: { IsTruncated: boolean; Marker?: string }
}

const usual = 100
/** So many rows at least are read at once: filters may leave few of them. */
const fewestRows = 250

/** The entities of the caller's account that have the path, and whatever else is asked for. */
export async function pageOfEntities<K extends EntityKind>(
  scope: Scope,
  kind: K,
  { PathPrefix = '/', Marker, MaxItems = usual }: Asked & { PathPrefix?: string },
  matches: (entity: Documents[K]) => boolean = () => true,
): Promise<Page<Documents[K]>> {
  const pager = pagerOf(scope, kind)
  const prefix = identityRow(scope.caller.account, '')
  const chunk = Math.max(MaxItems + 1, fewestRows)
  const found: Documents[K][] = []
  let after = positionOf(pager, Marker)
  do {
    const rows = await scope.view.page(kind, prefix, after && prefix + after, chunk)
    found.push(...rows.filter(row => row.path.startsWith(PathPrefix) && matches(row)))
    const last = rows.length === chunk ? rows.at(-1) : undefined
    after = last && lowered(last.name)
  } while (after !== undefined && found.length <= MaxItems)
  return cut(pager, found, MaxItems, ({ name }) => lowered(name))
}

/**
 * Of names that an entity lists. They may change between two pages: what is there all the time comes exactly once.
 *
 * @param of whose names, such as `group <id>`
 */
export function pageOfNames(
  scope: Scope,
  of: string,
  names: readonly string[],
  { Marker, MaxItems = usual }: Asked,
): Page<string> {
  const pager = pagerOf(scope, of)
  const after = positionOf(pager, Marker)
  const rest = names.filter(name => after === undefined || lowered(name) > after)
  const ordered = rest.toSorted((a, b) => (lowered(a) < lowered(b) ? -1 : 1))
  return cut(pager, ordered, MaxItems, lowered)
}

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
