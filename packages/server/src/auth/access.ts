import type { CallerNames } from './caller.ts'
import type { Grant, GrantConstraints, GrantOperation } from './grants.ts'
import type { CompiledPolicy } from './compile.ts'
import type { Effort } from './wildcard.ts'

/**
 * What a decision is made from, and what it says. All of it is plain values: who asks is known, every policy is at hand, and
 * nothing is looked up (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html).
 */

/** One action on one resource. */
export interface AccessRequest {
  caller: CallerNames
  /** Such as `kms:Encrypt`. */
  action: string
  /** The ARN of a key, an alias, a user, a role, ...; or `*` for an action that is on none. */
  resource: string
  /** Which the resource belongs to: 12 digits. For `*`, the caller's. */
  account: string
  /** Whether the action can be allowed to other accounts at all. */
  crossAccount: boolean
  context: RequestContext
  /** What grants are held against; absent where none can allow it. */
  grantable?: Grantable
  /** In place of its own circumstances: those that are the best for the caller, or the worst. */
  supposed?: 'best' | 'worst'
}

/** The values of condition keys. */
export interface RequestContext {
  /** @param key in lower case, such as `kms:viaservice` or `aws:principaltag/team` */
  get(key: string): ContextValue | undefined
  /** What is left of what it may cost to judge the request; without it, as much as it takes. */
  readonly effort?: Effort | undefined
}

/** A list for a key with many values, be there one or none. */
export type ContextValue = string | readonly string[] | typeof ambiguous

/**
 * Of a key that has one value and was given several, such as two pairs of an encryption context whose names differ in case
 * only. No comparison with it can be trusted: nothing is allowed by it, and whatever it could deny is denied.
 */
export const ambiguous = Symbol('ambiguous')

export interface Grantable {
  operation: GrantOperation
  /** For operations that have one: empty if none was given. */
  encryptionContext?: ReadonlyMap<string, string>
  /** Of the resource on whose behalf a service calls. */
  sourceArn?: string
  /** For CreateGrant: what the new grant would allow. Whoever may do so by a grant can only narrow it. */
  child?: { operations: readonly GrantOperation[]; constraints: GrantConstraints }
}

/** All that apply to a request. Of each kind that is absent there is none, which for all but the first two limits nothing. */
export interface Policies {
  identity: readonly CompiledPolicy[]
  /** Of the key, or of the role that is to be assumed; absent for what has none. */
  resource?: CompiledPolicy
  boundary?: CompiledPolicy
  /** Of a session: one of them must allow. */
  session?: readonly CompiledPolicy[]
}

export type Layer = 'session' | 'boundary' | 'identity' | 'resource'

/** Where a statement is. */
export interface StatementName {
  layer: Layer
  policy: string
  /** Its Sid, or its number from 1. */
  statement: string
}

export type Decision =
  | {
      allowed: true
      /** Those that allowed it; with `grant`, those by which its grantee may use it, if it takes any. */
      statements: readonly StatementName[]
      grant?: Readonly<Grant>
    }
  | {
      allowed: false
      /** By a statement that says so, which beats all that allow it; else nothing allowed it. */
      explicit: boolean
      /** Which denied it, or was the first to lack a statement that allows it. */
      layer: Layer
      statements: readonly StatementName[]
      /** It would take too long to judge it: neither layer nor statements say why. */
      isTooMuch?: true
    }

/** Everything that was looked at, for those who may see it. It is JSON, and its size is bounded. */
export interface Trace {
  decision: 'allow' | 'explicit deny' | 'implicit deny'
  principal: string
  action: string
  resource: string
  /** In one sentence; for a denial, what would have to change. */
  reason: string
  /**
   * If the resource belongs to another account than the principal: whose policies these are. Each account sees its own alone,
   * and the decision is what they say.
   */
  side?: Side
  policies: PolicyTrace[]
  grants: GrantTrace[]
  /** How many statements and grants are left out, since there are too many. Those that concern other actions go first. */
  omitted?: number
}

/** Of the caller: session, boundary and identity policies. Of the owner: the policy of the resource, and grants. */
export type Side = 'caller' | 'owner'

export interface PolicyTrace {
  layer: Layer
  policy: string
  statements: StatementTrace[]
}

export interface StatementTrace {
  /** Its Sid, or its number from 1. */
  statement: string
  effect: 'Allow' | 'Deny'
  applies: boolean
  /** Of a resource policy: by which of its names it means the principal. For the account alone, that account decides. */
  match?: 'direct' | 'role' | 'account'
  /** What does not fit. */
  failed?: ElementTrace
  /** If everything else fits: the conditions that do not hold; or those of a denial that cannot be judged, which count. */
  conditions?: ConditionTrace[]
}

/** Long texts and lists are cut. */
export interface ElementTrace {
  element: 'Principal' | 'NotPrincipal' | 'Action' | 'NotAction' | 'Resource' | 'NotResource'
  /** As written; empty if the statement lacks the element. */
  values: string[]
  /** With their variables replaced, if there are such. */
  resolved?: string[]
}

/** Long texts and lists are cut. */
export interface ConditionTrace {
  /** As written, such as `ForAnyValue:StringLikeIfExists`. */
  operator: string
  key: string
  /** Of the policy, one of which was wanted, or none, as the operator says. */
  values: string[]
  /** The same with their variables replaced, if there are such. */
  resolved?: string[]
  /** Of the request; empty if it has none. */
  actual: string[]
  /** Why they cannot be compared: they are not what the operator compares, or names differ in case only. */
  fault?: 'malformed' | 'ambiguous'
}

export interface GrantTrace {
  grantId: string
  allows: boolean
  fault?: GrantFault
  /** The same in one sentence. */
  failed?: string
}

/** What keeps a grant from allowing a request. */
export type GrantFault =
  | 'no grant'
  | 'account'
  | 'grantee'
  | 'account policies'
  | 'session'
  | 'operation'
  | 'child'
  | 'sourceArn'
  | 'encryptionContextEquals'
  | 'encryptionContextSubset'

/** Why a request was denied, kept for those who may ask. */
export interface Explanation {
  requestId: string
  /** Epoch milliseconds. */
  at: number
  operation: string
  /** By the account that may see it. */
  traces: Record<string, Trace>
  /** When it is forgotten. */
  erasedAt: number
}
