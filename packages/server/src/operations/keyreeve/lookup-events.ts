import { principalOf, searchBack, type EventFilter, type FoundEvent, type LoggedEntry } from '../../audit/search.ts'
import { absenceOf, keyByIdentifier } from '../../by-name.ts'
import { noKeys, operation, type Context } from '../../operation.ts'
import { keyArn, requireKeyIdentifier, splitArn } from '../../protocol/arn.ts'
import { kmsError } from '../../protocol/errors.ts'
import { boolean, integer, list, optional, string, structure, timestamp, type Infer } from '../../protocol/shape.ts'
import { readRecord } from '../../store/documents.ts'
import { keyId, marker, nextMarker, region } from '../members.ts'
import { hideMarker, readHiddenMarker } from '../paging.ts'
import { shown } from '../shown.ts'

const input = structure({
  /** Both inclusive, and to the millisecond. */
  StartTime: optional(timestamp()),
  EndTime: optional(timestamp()),
  /**
   * A key that the event has among its resources, be it gone by now: key id (in whichever Region), key ARN, alias name or
   * alias ARN.
   */
  KeyId: optional(keyId),
  /** ARN, user name, unique id or access key id of the caller, or ARN or name of the role of its session. */
  Principal: optional(string(1, 2048)),
  EventName: optional(string(1, 128)),
  /** Such as `kms.amazonaws.com`. */
  EventSource: optional(string(1, 128)),
  /** A code; `*` for any error, `none` for no error. */
  ErrorCode: optional(string(1, 128)),
  ReadOnly: optional(boolean()),
  /** Without it, all Regions. */
  Region: optional(region),
  /** A part of the record as it is written: of JSON, with regard to case. */
  Text: optional(string(1, 256)),
  Limit: optional(integer(1, 200)),
  Marker: marker,
})
type Input = Infer<typeof input>

/**
 * The audit records of the caller's account that fit all that is asked for, newest first in the order of the log, each as it
 * is stored. One call looks at 20,000 entries of the log at most; then it answers what it has found, be it nothing, with how
 * far back it got (`ScannedTo`) and a marker to go on with. What comes into the log meanwhile is before the first page.
 */
export const lookupEvents = operation({
  name: 'LookupEvents',
  service: 'keyreeve',
  input,
  output: structure({
    Events: list(
      structure({
        EventId: string(),
        EventTime: timestamp(),
        EventName: string(),
        EventSource: string(),
        Principal: optional(string()),
        ErrorCode: optional(string()),
        ReadOnly: boolean(),
        /** JSON. */
        Record: string(),
      }),
    ),
    NextMarker: nextMarker,
    ScannedTo: optional(timestamp()),
    Truncated: boolean(),
  }),
  needs: {
    action: 'keyreeve:LookupEvents',
    keys: noKeys,
    precheck({ StartTime, EndTime }) {
      if (!StartTime || !EndTime || StartTime.getTime() <= EndTime.getTime()) return
      throw kmsError('ValidationException', 'StartTime must not be later than EndTime.')
    },
  },
  audit: {
    readOnly: true,
    parameters: request =>
      shown(
        request,
        'StartTime',
        'EndTime',
        'KeyId',
        'Principal',
        'EventName',
        'EventSource',
        'ErrorCode',
        'ReadOnly',
        'Region',
        'Text',
        'Limit',
        'Marker',
      ),
  },
  async handle(context, request) {
    const { view, seal, pause } = context
    const { Limit = 50, Marker } = request
    const filter = await filterOf(context, request)
    // Entries are numbered across accounts: how many there are is nobody's to know.
    const pager = { list: `LookupEvents ${JSON.stringify(filter)}`, seal }
    const after = readHiddenMarker(pager, Marker)
    const from = { before: after === undefined ? undefined : Number(after), limit: Limit }
    const { events, last } = await searchBack(view.log, filter, from, { parse: readRecord, pause })
    return {
      output: {
        Events: events.map(describe),
        ...(last && { NextMarker: hideMarker(pager, String(last.sequence)), ScannedTo: scannedTo(events, last) }),
        Truncated: last !== undefined,
      },
    }
  },
})

const describe = ({ at, record, facts }: FoundEvent) => {
  const principal = principalOf(facts)
  return {
    EventId: facts.eventID,
    EventTime: new Date(at),
    EventName: facts.eventName,
    EventSource: facts.eventSource,
    ...(principal !== undefined && { Principal: principal }),
    ...(facts.errorCode !== undefined && { ErrorCode: facts.errorCode }),
    ReadOnly: facts.readOnly,
    Record: record,
  }
}

const minute = 60_000

/** The last entry may be another account's, whose time is told to a minute. */
function scannedTo(events: readonly FoundEvent[], last: LoggedEntry): Date {
  return new Date(Math.min(Math.ceil(last.at / minute) * minute, ...events.slice(-1).map(({ at }) => at)))
}

/** @throws NotFoundException for an alias that is not there, InvalidArnException */
async function filterOf(context: Context, request: Input): Promise<EventFilter> {
  const { StartTime, EndTime, Principal, EventName, EventSource, ErrorCode, ReadOnly, Region, Text } = request
  return {
    account: context.caller.account,
    from: StartTime?.getTime(),
    to: EndTime?.getTime(),
    region: Region,
    key: await keyOf(context, request),
    principal: Principal,
    name: EventName,
    source: EventSource,
    error: ErrorCode,
    readOnly: ReadOnly,
    text: Text,
  }
}

async function keyOf({ caller, region: called, view }: Context, { KeyId, Region }: Input): Promise<string | undefined> {
  if (KeyId === undefined) return undefined
  const place = splitArn(KeyId)?.region ?? Region ?? called
  const named = requireKeyIdentifier(KeyId, { account: caller.account, region: place, aliases: true })
  if ('keyId' in named) return KeyId.startsWith('arn:') ? KeyId : named.keyId
  // Whether another account has such an alias is not told.
  const key = named.account === caller.account ? await keyByIdentifier(view, named) : undefined
  if (!key) throw kmsError('NotFoundException', absenceOf(named))
  return keyArn(key)
}
