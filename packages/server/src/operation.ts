import type { AccessKeyUses } from './access-key-usage.ts'
import type { ApiEvent, AuditObject, ServiceAct } from './audit/record.ts'
import type { Grantable } from './auth/access.ts'
import type { Caller } from './auth/caller.ts'
import type { Conditions } from './auth/request-context.ts'
import type { Authority, Question, Resource } from './authority.ts'
import type { Key, KeyState, Origin } from './keys/key.ts'
import type { KeyUsage } from './keys/specs.ts'
import type { WrappingKeys } from './import/pool.ts'
import type { LastUsage } from './last-usage.ts'
import type { Issuers } from './oidc/issuers.ts'
import type { PublicKeys } from './threads/public-keys.ts'
import type { ExternalKeys } from './xks/external-keys.ts'
import { kmsError, type KmsError } from './protocol/errors.ts'
import type { Shape } from './protocol/shape.ts'
import type { Seal } from './seal/seal.ts'
import type { Change, View } from './store/documents.ts'

/** A key that an operation works on: how the request names it, and what it must be. The pipeline enforces all of it. */
export interface KeyNeed<I> {
  /** Authorised on this key; without it, the operation's own action. Null: the operation is not one on keys. */
  action?: string | null
  /**
   * How the request names the key: an identifier, a ciphertext made under it, or the token of a grant on it. Undefined
   * when it names none, and then `ciphertext` or `grantToken` decides.
   */
  identifier: (input: I) => string | undefined
  /** True when the request may name no key at all; the handler then finds none either. */
  optional?: boolean
  /** Whether alias names and alias ARNs are accepted beside key ids and key ARNs. */
  aliases: boolean
  /** Where the ciphertext is from which a key without identifier is found. */
  ciphertext?: (input: I) => Uint8Array | undefined
  /** Where the grant token is from which a key without identifier is found. */
  grantToken?: (input: I) => string | undefined
  /** Beside those of the operation, for policies. */
  conditions?: (input: I) => Conditions
  /** In place of that of the operation, for policies and grants. */
  encryptionContext?: (input: I) => ReadonlyMap<string, string> | undefined
  usage?: KeyUsage
  origin?: Origin
  states: readonly KeyState[]
}

/** What every handler gets, beside its input and its keys. */
export interface Context {
  /** Epoch milliseconds; one moment for the whole request. */
  now: number
  requestId: string
  /** The name of the operation. */
  operation: string
  caller: Caller
  /** What the caller may do. */
  authority: Authority
  /** The Region of the credential scope. */
  region: string
  view: View
  seal: Seal
  wrappingKeys: WrappingKeys
  publicKeys: PublicKeys
  externalKeys: ExternalKeys
  issuers: Issuers
  lastUsage: LastUsage
  accessKeyUses: AccessKeyUses
  settings: Settings
  /** Lets whatever else waits have its turn: to be awaited every few milliseconds of work. */
  pause: () => Promise<void>
}

/** With the keys that the request means. */
export type KeyedContext<K extends string> = Context & { keys: Readonly<Record<K, Key>> }

/** What there is before it is known who asks. */
export type Unidentified = Omit<Context, 'caller' | 'authority' | 'region'>

/** The part of the configuration, and of the server, that operations depend on. */
export interface Settings {
  /** That of the first administrator: its callers may manage the others. */
  account: string
  regions: readonly string[]
  /** Root certificates (DER) of whoever may sign attestation documents; none: `Recipient` is refused. */
  attestationRoots: readonly Uint8Array[]
  /** Whether RSAES_PKCS1_V1_5 may wrap material; AWS has withdrawn it. */
  pkcs1v15: 'allow' | 'refuse'
  /** Of Keyreeve. */
  version: string
}

/** What a handler decides. Nothing has happened yet: the pipeline makes changes and record durable, then answers. */
export type Decision<O> = {
  changes?: readonly Change[]
  /** For the audit record: `additionalEventData`. */
  additional?: AuditObject
  /** For the audit record of a change, or of credentials given out: `responseElements`. */
  recorded?: AuditObject
  /** ARNs of resources concerned beside the keys. */
  resources?: readonly string[]
  /** Further audit records of the same call: of what it did in other Regions. */
  elsewhere?: readonly Elsewhere[]
  /** Audit records of what the service does on account of the call. */
  acts?: readonly ServiceAct[]
} & ({ output: O } | { refusal: KmsError })

/** In what the record of another Region differs from that of the Region that was called. */
export type Elsewhere = Pick<ApiEvent, 'region' | 'resources'> &
  Partial<Pick<ApiEvent, 'operation' | 'requestParameters' | 'responseElements'>>

export interface Needs<I, K extends string> {
  /** As policies name it, such as `kms:Encrypt`; null where they have no say. */
  action: string | null
  /** Authorised as well, on the ARN of this alias. */
  alias?: (input: I) => string
  /** What it is authorised on if it is on no key: an ARN, its tags if it has some; without it, `*`. */
  resource?: (input: I, context: Context) => Resource | Promise<Resource>
  /** True if keys or roles of other accounts can be meant. */
  crossAccount?: true
  /** Condition keys of this operation, as documented, and their values, for policies. */
  conditions?: (input: I, context: Context) => Conditions | Promise<Conditions>
  /** The same of what the keys are like: no explanation tells it to an account that does not own them. */
  keyConditions?: (context: KeyedContext<K>) => Conditions | Promise<Conditions>
  /** For policies (`kms:EncryptionContext:...`) and the constraints of grants. Without it the operation has none. */
  encryptionContext?: (input: I) => ReadonlyMap<string, string> | undefined
  /** Tags to be put, or removed, which then have no value: `aws:RequestTag/...` and `aws:TagKeys`. */
  requestTags?: (input: I) => readonly (readonly [key: string, value?: string])[] | undefined
  /** For CreateGrant: what the grant would allow. */
  child?: (input: I) => Grantable['child']
  /** What else must be allowed. */
  also?: (context: KeyedContext<K>, input: I) => readonly Question[] | Promise<readonly Question[]>
  keys: Readonly<Record<K, KeyNeed<I>>>
  /** Refusals that come before any look at the store. */
  precheck?: (input: I) => void
  /** Refusals that come after authorization, but before usage and state of the keys. */
  check?: (context: KeyedContext<K>, input: I) => Promise<void> | void
}

/** Whom requests are signed for. `keyreeve` has what the real services do not. */
export type Service = 'kms' | 'sts' | 'iam' | 'keyreeve'

export interface OperationDefinition<I, O, K extends string> {
  name: string
  service?: Service
  input: Shape<I>
  /** Null: the body of a success is empty. */
  output: Shape<O> | null
  needs: Needs<I, K>
  /**
   * Who asks, of an operation that takes unsigned requests: proved by what the request itself holds. Such a caller has no
   * policies of its own. Without this only a signature proves anything.
   */
  identify?: (context: Unidentified, input: I) => Promise<Caller>
  audit: {
    readOnly: boolean
    /** What the record shows of the input, under CloudTrail's names: an allow-list. Null: nothing. */
    parameters: (input: I) => AuditObject | null
  }
  handle: (context: KeyedContext<K>, input: I) => Promise<Decision<O>> | Decision<O>
}

/** An operation with its input and output types forgotten, as the pipeline sees it. */
// Each operation checks its own input; the list of them holds many types.
// oxlint-disable-next-line typescript/no-explicit-any
export type Operation = OperationDefinition<any, any, string> & { service: Service }

export function operation<I, O, const K extends string = never>(definition: OperationDefinition<I, O, K>): Operation {
  return { service: 'kms', ...definition } as Operation // Only the pipeline calls it, with what its own shape decoded.
}

/** What a dry run answers where it would have succeeded. */
export const dryRunSucceeded = (): KmsError =>
  kmsError('DryRunOperationException', 'The request would have succeeded, but the DryRun option is set.')

/** Need of an operation that works on no key. */
export const noKeys: Readonly<Record<never, never>> = {}
