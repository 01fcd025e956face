import { roleArn, sessionArn, userArn, type IdentityTag, type Role, type User } from './identities.ts'
import type { Session } from './session.ts'

/**
 * Who sends a request, as its signature proved. Made once per access key or session and shared between requests, so that
 * what is derived from it (the identity in audit records) can be kept beside it.
 */
export interface Caller {
  /**
   * The kind of principal. A user with temporary credentials is one still; a web identity is somebody whom a provider vouches
   * for, and who has no account yet: `account` is that of the role asked for.
   */
  readonly type: 'IAMUser' | 'Root' | 'AssumedRole' | 'WebIdentity'
  /** 12 digits. */
  readonly account: string
  /**
   * `arn:aws:iam::<account>:user/<path><name>`, `...:root`, or `arn:aws:sts::<account>:assumed-role/<role>/<session>`, where
   * the role has no path; of a web identity, the ARN of its provider.
   */
  readonly arn: string
  /**
   * The unique id, which is never used again: `AIDA...` of a user, `AROA...:<session>` of a role, the account of a root user,
   * `<ARN of the provider>:<audience>:<subject>` of a web identity.
   */
  readonly principalId: string
  /** Of a user. */
  readonly userName?: string
  /** Of a role session: `arn:aws:iam::<account>:role/<path><name>`. */
  readonly roleArn?: string
  /** The access key that signed; web identities have none. */
  readonly accessKeyId?: string
  /** Of the user; or of the role, and then of its session, which win. Keys keep their case. */
  readonly tags: ReadonlyMap<string, string>
  /** Of temporary credentials. */
  readonly session?: SessionFacts
  readonly webIdentity?: WebIdentity
}

/** By what policies and grants can mean a caller. */
export type CallerNames = Pick<Caller, 'type' | 'account' | 'arn' | 'roleArn'> &
  Partial<Pick<Caller, 'principalId' | 'userName'>>

/** What a provider says of somebody, in a token that was verified (OpenID Connect Core 1.0 section 2). */
export interface WebIdentity {
  /** Of the issuer, without `https://`. */
  readonly issuer: string
  /** Whom the token was issued for, out of the client ids of the provider. */
  readonly audience: string
  /** All audiences that the token names. */
  readonly audiences: readonly string[]
  readonly subject: string
  /** `amr`: how it was authenticated. */
  readonly methods: readonly string[]
}

/** What policies and audit records say of temporary credentials. */
interface SessionFacts {
  /** Epoch milliseconds. */
  readonly issuedAt: number
  readonly expiresAt: number
  /** Whether it is of a user who signed in to the console: then it manages identities as an access key would. */
  readonly isConsole: boolean
  /** Of the role: its name and unique id (`AROA...`). */
  readonly role?: { readonly name: string; readonly id: string }
  readonly sourceIdentity?: string
  /** Who vouched for a web identity: the ARN of its provider. */
  readonly provider?: string
  /** Keys of session tags that go on to the next session. */
  readonly transitiveTags: readonly string[]
}

/** A user, with an access key of its own, temporary credentials, or neither yet. */
export function userCaller(
  user: Readonly<User> | Readonly<Role>,
  session?: Pick<Session, 'issuedAt' | 'expiresAt' | 'console'>,
  accessKeyId?: string,
): Caller {
  return {
    type: 'IAMUser',
    account: user.account,
    arn: userArn(user),
    principalId: user.id,
    userName: user.name,
    ...(accessKeyId !== undefined && { accessKeyId }),
    tags: mapOf(user.tags),
    ...(session && {
      session: {
        issuedAt: session.issuedAt,
        expiresAt: session.expiresAt,
        isConsole: session.console === true,
        transitiveTags: [],
      },
    }),
  }
}

/** A session of a role. */
export function roleCaller(
  role: Readonly<User> | Readonly<Role>,
  session: Pick<Session, 'issuedAt' | 'expiresAt' | 'tags' | 'transitiveTags' | 'sourceIdentity' | 'provider'>,
  sessionName: string,
  accessKeyId: string,
): Caller {
  const { issuedAt, expiresAt, tags, transitiveTags, sourceIdentity, provider } = session
  return {
    type: 'AssumedRole',
    account: role.account,
    arn: sessionArn(role, sessionName),
    principalId: `${role.id}:${sessionName}`,
    roleArn: roleArn(role),
    accessKeyId,
    tags: withSessionTags(role.tags, tags),
    session: {
      issuedAt,
      expiresAt,
      isConsole: false,
      role: { name: role.name, id: role.id },
      transitiveTags,
      ...(sourceIdentity !== undefined && { sourceIdentity }),
      ...(provider !== undefined && { provider }),
    },
  }
}

const mapOf = (tags: readonly IdentityTag[]): Map<string, string> => new Map(tags.map(({ key, value }) => [key, value]))

/** A tag of the session takes the place of that of the role whose key differs from its own in case only. */
function withSessionTags(ofRole: readonly IdentityTag[], ofSession: readonly [string, string][]): Map<string, string> {
  const replaced = new Set(ofSession.map(([key]) => key.toLowerCase()))
  return new Map([...mapOf(ofRole.filter(({ key }) => !replaced.has(key.toLowerCase()))), ...ofSession])
}
