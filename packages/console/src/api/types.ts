import type * as Kms from '@aws-sdk/client-kms'
import type * as Iam from '@aws-sdk/client-iam'

/** What the SDK's types become on the wire: bytes are base64 there, dates seconds since 1970. */
export type Wire<T> = T extends Uint8Array
  ? string
  : T extends Date
    ? number
    : T extends string | number | boolean | null | undefined
      ? T
      : T extends readonly (infer Item)[]
        ? Wire<Item>[]
        : T extends object
          ? { [Name in keyof T as Name extends '$metadata' ? never : Name]: Wire<T[Name]> }
          : T

/** Names of operations, from a module of the SDK. */
type NamesOf<Module> = {
  [Name in keyof Module]: Name extends `${infer Operation}Command` ? Operation : never
}[keyof Module]
type CommandOf<Module, Name extends string> = `${Name}Command` extends keyof Module
  ? Module[`${Name}Command`] extends new (...args: never[]) => infer Command
    ? Command
    : never
  : never
type InputOf<Command> = Command extends { readonly input: infer Input } ? Wire<Input> : never
type OutputOf<Command> = Command extends {
  resolveMiddleware: (...args: never[]) => (...args: never[]) => Promise<{ output: infer Output }>
}
  ? Wire<Output>
  : never

export type KmsName = NamesOf<typeof Kms>
export type KmsInput<Name extends KmsName> = InputOf<CommandOf<typeof Kms, Name>>
export type KmsOutput<Name extends KmsName> = OutputOf<CommandOf<typeof Kms, Name>>

export type IamName = NamesOf<typeof Iam>
export type IamInput<Name extends IamName> = InputOf<CommandOf<typeof Iam, Name>>
export type IamOutput<Name extends IamName> = OutputOf<CommandOf<typeof Iam, Name>>

/** Seconds since 1970. */
type Seconds = number

export interface SessionCredentials {
  Credentials: { AccessKeyId: string; SecretAccessKey: string; SessionToken: string; Expiration: Seconds }
  Arn: string
  Account: string
  UserName: string
}

export interface KeySummary {
  KeyId: string
  Arn: string
  /** At most ten, in order. */
  Aliases?: string[]
  AliasCount?: number
  Description?: string
  KeyState?: string
  KeySpec?: string
  KeyUsage?: string
  Origin?: string
  KeyManager?: string
  MultiRegion?: boolean
  MultiRegionKeyType?: 'PRIMARY' | 'REPLICA'
  CreationDate?: Seconds
  ValidTo?: Seconds
  ExpirationModel?: string
  DeletionDate?: Seconds
  CustomKeyStoreId?: string
  Tags?: { TagKey: string; TagValue: string }[]
  LastUsedDate?: Seconds
  LastUsedOperation?: string
  /** The caller may not see more of it. */
  Denied?: true
}

export interface AuditEvent {
  EventId: string
  EventTime: Seconds
  EventName: string
  EventSource: string
  Principal?: string
  ErrorCode?: string
  ReadOnly: boolean
  /** JSON, as it is in the log. */
  Record: string
}

export interface AccessDecision {
  Action: string
  Allowed: boolean
  By: 'KEY_POLICY' | 'IDENTITY_POLICY' | 'GRANT' | 'KEY_POLICY_AND_IDENTITY_POLICY' | 'NONE'
  Reason: string
  Conditional: boolean
}

export interface PolicyFinding {
  Severity: 'ERROR' | 'WARNING' | 'SUGGESTION'
  Code: string
  Message: string
  /** From 0. */
  Statement?: number
  Sid?: string
}

export type TraceLayer = 'identity' | 'boundary' | 'session' | 'resource'

/** What a statement wants of the request, and does not get. */
export interface FailedElement {
  Element: string
  /** As written; empty if the statement lacks the element. */
  Values: string[]
  /** With their variables replaced, if there are such. */
  Resolved?: string[]
}

/** A condition that does not hold; or one of a denial that cannot be judged, which counts. */
export interface FailedCondition {
  Operator: string
  Key: string
  Values: string[]
  Resolved?: string[]
  /** Of the request; empty if it has none. */
  Actual: string[]
  Fault?: 'malformed' | 'ambiguous'
}

export interface StatementTrace {
  /** Its Sid, or its number from 1. */
  Statement: string
  Effect: 'Allow' | 'Deny'
  Applies: boolean
  /** All that follows in one phrase, in English. */
  Text: string
  Match?: 'direct' | 'role' | 'account'
  Failed?: FailedElement
  Conditions?: FailedCondition[]
}

export interface PolicyTrace {
  Layer: TraceLayer
  Policy: string
  Statements: StatementTrace[]
}

/** A decision with everything that was looked at, as the server's operations/keyreeve/trace.ts has it. */
export interface Trace {
  Decision: 'allow' | 'explicit deny' | 'implicit deny'
  /** In one sentence, in English; for a denial, what would have to change. */
  Reason: string
  Principal: string
  Action: string
  Resource: string
  /** For a resource of another account: whose policies these are, which alone decide here. */
  Side?: 'caller' | 'owner'
  Policies: PolicyTrace[]
  Grants: { GrantId: string; Allows: boolean; Failed?: string }[]
  /** How many statements and grants are left out. */
  Omitted?: number
}

/** What is our own: name, input and output of each operation. */
export interface KeyreeveOperations {
  CreateConsoleSession: [input: { DurationSeconds?: number }, output: SessionCredentials]
  RedeemConsoleLink: [input: { Code: string }, output: SessionCredentials]
  DescribeConsole: [
    input: Record<never, never>,
    output: {
      Account: string
      Arn: string
      UserName?: string
      IsFirstAccount: boolean
      Regions: string[]
      Pkcs1v15: 'allow' | 'refuse'
      AttestationRoots: number
      Version: string
      SessionExpiration?: Seconds
    },
  ]
  ListKeySummaries: [
    input: { Limit?: number; Marker?: string },
    output: { Keys: KeySummary[]; NextMarker?: string; Truncated: boolean },
  ]
  LookupEvents: [
    input: {
      StartTime?: Seconds
      EndTime?: Seconds
      KeyId?: string
      Principal?: string
      EventName?: string
      EventSource?: string
      /** `*` for any error, `none` for no error. */
      ErrorCode?: string
      ReadOnly?: boolean
      Region?: string
      Text?: string
      Limit?: number
      Marker?: string
    },
    output: { Events: AuditEvent[]; NextMarker?: string; ScannedTo?: Seconds; Truncated: boolean },
  ]
  ListKeyAccess: [
    input: { KeyId: string; Actions?: string[]; Limit?: number; Marker?: string },
    output: {
      Actions: string[]
      Principals: { Arn: string; Kind: 'user' | 'role' | 'grantee' | 'external'; Decisions: AccessDecision[] }[]
      NextMarker?: string
      Truncated: boolean
    },
  ]
  ValidateKeyPolicy: [
    input: { Policy: string; KeyId?: string },
    output: { Valid: boolean; Findings: PolicyFinding[]; SafeFromLockOut: boolean },
  ]
  ExplainRequest: [
    input: { RequestId: string },
    output: { RequestId: string; Time: Seconds; Operation: string; Trace: Trace },
  ]
  SimulateAccess: [
    input: {
      PrincipalArn: string
      Action: string
      KeyId?: string
      ResourceArn?: string
      EncryptionContext?: Record<string, string>
      Conditions?: Record<string, string[]>
      RequestTags?: Record<string, string>
    },
    output: { Trace: Trace },
  ]
  ListAccounts: [
    input: { Limit?: number; Marker?: string },
    output: { Accounts: { AccountId: string }[]; NextMarker?: string; Truncated: boolean },
  ]
}
export type KeyreeveName = keyof KeyreeveOperations
