import { splitArn } from '../protocol/arn.ts'

/** Looks through the audit entries, newest first. */

/** An audit entry of the store. */
export interface LoggedEntry {
  readonly sequence: number
  /** Epoch milliseconds. */
  readonly at: number
  readonly record: string
}

/** Where entries are read; see the contract of the store (store/store.ts). */
export interface AuditLog {
  entries(after: number, limit: number): Promise<readonly LoggedEntry[]>
  entriesBefore(before: number, limit: number, room: number): Promise<readonly LoggedEntry[]>
}

/** What events are looked for: all that is given must fit. */
export interface EventFilter {
  /** Whose log it is: 12 digits. */
  readonly account: string
  /** The first and the last moment, in epoch milliseconds. */
  readonly from?: number | undefined
  readonly to?: number | undefined
  readonly region?: string | undefined
  /** The ARN of a key; or its id alone, for the key of the account in any Region. */
  readonly key?: string | undefined
  /** ARN, name, unique id or access key id of whoever called, or of the role of its session; its account, if that is another. */
  readonly principal?: string | undefined
  readonly name?: string | undefined
  readonly source?: string | undefined
  /** A code; `*` for any, `none` for none. */
  readonly error?: string | undefined
  readonly readOnly?: boolean | undefined
  /** A part of the record as it is written. */
  readonly text?: string | undefined
}

/** Of a record, what is looked at. */
export interface EventFacts {
  readonly eventID: string
  readonly eventName: string
  readonly eventSource: string
  readonly awsRegion: string
  readonly recipientAccountId: string
  readonly readOnly: boolean
  readonly errorCode?: string
  readonly resources?: readonly { readonly ARN?: string }[]
  readonly userIdentity?: {
    readonly arn?: string
    readonly userName?: string
    readonly principalId?: string
    readonly accountId?: string
    readonly accessKeyId?: string
    readonly invokedBy?: string
    readonly sessionContext?: { readonly sessionIssuer?: { readonly arn?: string; readonly userName?: string } }
  }
}

export interface FoundEvent extends LoggedEntry {
  readonly facts: EventFacts
}

export interface Found {
  events: readonly FoundEvent[]
  /** Where to go on: the last entry that was looked at. Undefined: there is nothing more. */
  last?: LoggedEntry | undefined
}

/** How much one search looks at. Sizes in UTF-16 units of records. */
interface Bounds {
  readonly entries: number
  readonly size: number
  /** At once, before others have their turn. */
  readonly page: number
  readonly pageSize: number
  /** Of what is found; one event may be larger. */
  readonly found: number
}

const usual: Bounds = {
  entries: 20_000,
  size: 32 * 1024 * 1024,
  page: 500,
  pageSize: 1024 * 1024,
  found: 2 * 1024 * 1024,
}

/**
 * Entries are numbered as they are acknowledged, and their times are those at which the requests came in: so an entry may be
 * this much earlier than one before it, in milliseconds. Whoever waits longer for an answer has been disconnected.
 */
const disorder = 120_000

/**
 * The newest events that fit, at most `limit` of them, among entries with numbers below `before`; fewer if there is more to
 * look at than one search may.
 *
 * @param parse of a record; undefined if it is no JSON
 * @param pause lets others have their turn
 */
export async function searchBack(
  log: AuditLog,
  filter: EventFilter,
  { before, limit }: { before: number | undefined; limit: number },
  { parse, pause }: { parse: (record: string) => unknown; pause: () => Promise<void> },
  bounds = usual,
): Promise<Found> {
  const fits = matcherOf(filter, parse)
  const events: FoundEvent[] = []
  let next = before ?? (await endOf(log, filter.to))
  let [entries, size, found] = [bounds.entries, bounds.size, 0]
  while (entries > 0 && size > 0) {
    const page = await log.entriesBefore(next, Math.min(bounds.page, entries), bounds.pageSize)
    for (const entry of page) {
      if (filter.from !== undefined && entry.at < filter.from - disorder) return { events }
      const facts = fits(entry)
      entries--
      size -= entry.record.length
      next = entry.sequence
      if (!facts) continue
      events.push({ ...entry, facts })
      found += entry.record.length
      if (events.length === limit || found >= bounds.found) return await withRest(log, events, entry)
    }
    if (page.length === 0) return { events }
    if (entries <= 0 || size <= 0) return await withRest(log, events, page.at(-1))
    await pause()
  }
  return { events }
}

/** Whether there is anything before the last entry that was looked at. */
async function withRest(log: AuditLog, events: readonly FoundEvent[], last: LoggedEntry | undefined): Promise<Found> {
  const [rest] = last ? await log.entriesBefore(last.sequence, 1, 1) : []
  return { events, ...(rest && { last }) }
}

/** Above all entries that may not be later than a moment: found by halves. */
async function endOf(log: AuditLog, moment: number | undefined): Promise<number> {
  if (moment === undefined) return Number.MAX_SAFE_INTEGER
  const [newest] = await log.entriesBefore(Number.MAX_SAFE_INTEGER, 1, 1)
  let low = 0
  let high = (newest?.sequence ?? 0) + 1
  while (high - low > 1) {
    const middle = low + Math.floor((high - low) / 2)
    const [entry] = await log.entries(middle - 1, 1)
    if (entry && entry.sequence < high && entry.at <= moment + disorder) low = entry.sequence
    else high = middle
  }
  return high
}

// What fits

/** Cheap looks at the text come first; only what passes them is parsed, and then judged by what it really says. */
function matcherOf(
  filter: EventFilter,
  parse: (record: string) => unknown,
): (entry: LoggedEntry) => EventFacts | undefined {
  const { from = -Infinity, to = Infinity } = filter
  const needles = needlesOf(filter)
  const judge = judgeOf(filter)
  return ({ at, record }) => {
    if (at < from || at > to) return undefined
    if (!needles.every(needle => record.includes(needle))) return undefined
    const facts = parse(record)
    return isEvent(facts) && judge(facts) ? facts : undefined
  }
}

/** Texts that every record that fits has in it. */
function needlesOf({ account, region, key, principal, name, source, error, readOnly, text }: EventFilter): string[] {
  return [
    `"recipientAccountId":"${account}"`,
    ...(region === undefined ? [] : [`"awsRegion":${JSON.stringify(region)}`]),
    ...(name === undefined ? [] : plain(name)),
    ...(source === undefined ? [] : plain(source)),
    ...(error === undefined || error === 'none' ? [] : ['"errorCode":', ...(error === '*' ? [] : plain(error))]),
    ...(readOnly === undefined ? [] : [`"readOnly":${readOnly}`]),
    ...(key === undefined ? [] : plain(key)),
    ...(principal === undefined ? [] : plain(principal)),
    ...(text === undefined ? [] : [text]),
  ]
}

/** Nothing that JSON could write in another way. */
const plain = (text: string): string[] => (/^[\w+=,.@:/* -]+$/.test(text) ? [text] : [])

function judgeOf(filter: EventFilter): (facts: EventFacts) => boolean {
  const { account, region, key, principal, name, source, error, readOnly } = filter
  const isOf = (wanted: string | undefined, actual: string): boolean => wanted === undefined || wanted === actual
  return facts =>
    facts.recipientAccountId === account &&
    isOf(region, facts.awsRegion) &&
    isOf(name, facts.eventName) &&
    isOf(source, facts.eventSource) &&
    (readOnly === undefined || readOnly === facts.readOnly) &&
    (error === undefined || isError(error, facts.errorCode)) &&
    (principal === undefined || namesIn(facts).includes(principal)) &&
    (key === undefined || (facts.resources ?? []).some(({ ARN = '' }) => isKey(key, ARN, account)))
}

const isError = (wanted: string, code: string | undefined): boolean =>
  wanted === '*' ? code !== undefined : wanted === 'none' ? code === undefined : wanted === code

function isKey(wanted: string, arn: string, account: string): boolean {
  if (wanted.startsWith('arn:')) return wanted === arn
  const named = splitArn(arn)
  return named?.service === 'kms' && named.account === account && named.resource === `key/${wanted}`
}

/** By which names somebody may look for the caller. */
function namesIn({ userIdentity: of = {}, recipientAccountId }: EventFacts): (string | undefined)[] {
  const { arn, userName, principalId, accountId, accessKeyId, invokedBy, sessionContext } = of
  const issuer = sessionContext?.sessionIssuer
  const names = [arn, userName, principalId, principalId?.split(':', 1)[0], accessKeyId, invokedBy]
  return [...names, issuer?.arn, issuer?.userName, accountId === recipientAccountId ? undefined : accountId]
}

/** Who called, by the name that says most. */
export const principalOf = ({ userIdentity: of = {} }: EventFacts): string | undefined =>
  of.arn ?? of.userName ?? of.invokedBy ?? of.accountId

/** As audit/record.ts makes them. What was altered into something else is no event. */
function isEvent(value: unknown): value is EventFacts {
  const facts = value as Partial<EventFacts> | null | undefined // Whatever it is, its members are looked at.
  const texts = [facts?.eventID, facts?.eventName, facts?.eventSource, facts?.awsRegion, facts?.recipientAccountId]
  return (
    texts.every(text => typeof text === 'string') &&
    typeof facts?.readOnly === 'boolean' &&
    Array.isArray(facts.resources ?? []) &&
    [facts.userIdentity ?? {}, ...(facts.resources ?? [])].every(part => typeof part === 'object' && part !== null)
  )
}
