import type { ApiEvent, AuditObject, ServiceAct } from './audit/record.ts'
import type { Caller } from './auth/caller.ts'
import type { Key, KeyState, Origin } from './keys/key.ts'
import type { KeyUsage } from './keys/specs.ts'
import type { WrappingKeys } from './import/pool.ts'
import type { LastUsage } from './last-usage.ts'
import type { PublicKeys } from './threads/public-keys.ts'
import type { ExternalKeys } from './xks/external-keys.ts'
import { kmsError, type KmsError } from './protocol/errors.ts'
import type { Shape } from './protocol/shape.ts'
import type { Seal } from './seal/seal.ts'
import type { Change, View } from './store/documents.ts'

/** A key that an operation works on: how the request names it, and what it must be. The pipeline enforces all of it. */
export interface KeyNeed<I> {
  /** Authorised on this key; without it, the operation's own action. */
  action?: string
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
  /** The Region of the credential scope. */
  region: string
  view: View
  seal: Seal
  wrappingKeys: WrappingKeys
  publicKeys: PublicKeys
  externalKeys: ExternalKeys
  lastUsage: LastUsage
  settings: Settings
}

/** The part of the configuration that operations depend on. */
export interface Settings {
  regions: readonly string[]
  /** Root certificates (DER) of whoever may sign attestation documents; none: `Recipient` is refused. */
  attestationRoots: readonly Uint8Array[]
  /** Whether RSAES_PKCS1_V1_5 may wrap material; AWS has withdrawn it. */
  pkcs1v15: 'allow' | 'refuse'
}

/** What a handler decides. Nothing has happened yet: the pipeline makes changes and record durable, then answers. */
export type Decision<O> = {
  changes?: readonly Change[]
  /** For the audit record: `additionalEventData`. */
  additional?: AuditObject
  /** For the audit record of a change: `responseElements`. */
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
  keys: Readonly<Record<K, KeyNeed<I>>>
  /** Refusals that come before any look at the store. */
  precheck?: (input: I) => void
  /** Refusals that come after authorization, but before usage and state of the keys. */
  check?: (context: Context & { keys: Readonly<Record<K, Key>> }, input: I) => Promise<void> | void
}

export interface OperationDefinition<I, O, K extends string> {
  name: string
  service?: 'kms' | 'sts'
  input: Shape<I>
  /** Null: the body of a success is empty. */
  output: Shape<O> | null
  needs: Needs<I, K>
  audit: {
    readOnly: boolean
    /** What the record shows of the input, under CloudTrail's names: an allow-list. Null: nothing. */
    parameters: (input: I) => AuditObject | null
  }
  handle: (context: Context & { keys: Readonly<Record<K, Key>> }, input: I) => Promise<Decision<O>> | Decision<O>
}

/** An operation with its input and output types forgotten, as the pipeline sees it. */
// Each operation checks its own input; the list of them holds many types.
// oxlint-disable-next-line typescript/no-explicit-any
export type Operation = OperationDefinition<any, any, string> & { service: 'kms' | 'sts' }

export function operation<I, O, const K extends string = never>(definition: OperationDefinition<I, O, K>): Operation {
  return { service: 'kms', ...definition } as Operation // Only the pipeline calls it, with what its own shape decoded.
}

/** What a dry run answers where it would have succeeded. */
export const dryRunSucceeded = (): KmsError =>
  kmsError('DryRunOperationException', 'The request would have succeeded, but the DryRun option is set.')

/** Need of an operation that works on no key. */
export const noKeys: Readonly<Record<never, never>> = {}
