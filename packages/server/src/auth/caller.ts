/**
 * Who sends a request, as its signature proved. Made once per access key or session and shared between requests, so that
 * what is derived from it (the identity in audit records) can be kept beside it.
 */
export interface Caller {
  /** The kind of principal, as audit records spell it. A user with temporary credentials is one still. */
  readonly type: 'IAMUser' | 'Root' | 'AssumedRole'
  /** 12 digits. */
  readonly account: string
  /**
   * `arn:aws:iam::<account>:user/<path><name>`, `...:root`, or `arn:aws:sts::<account>:assumed-role/<role>/<session>`, where
   * the role has no path.
   */
  readonly arn: string
  /** The unique id, which is never used again: `AIDA...` of a user, `AROA...:<session>` of a role, the account of a root user. */
  readonly principalId: string
  /** Of a user. */
  readonly userName?: string
  /** Of a role session: `arn:aws:iam::<account>:role/<path><name>`. */
  readonly roleArn?: string
  /** The access key that signed. */
  readonly accessKeyId: string
  /** Of the user; or of the role, and then of its session, which win. Keys keep their case. */
  readonly tags: ReadonlyMap<string, string>
  /** Of temporary credentials. */
  readonly session?: SessionFacts
}

/** What policies and audit records say of temporary credentials. */
export interface SessionFacts {
  /** Epoch milliseconds. */
  readonly issuedAt: number
  /** Of the role: its name and unique id (`AROA...`). */
  readonly role?: { readonly name: string; readonly id: string }
  readonly sourceIdentity?: string
  /** Who vouched for a web identity: the ARN of its provider. */
  readonly provider?: string
  /** Keys of session tags that go on to the next session. */
  readonly transitiveTags: readonly string[]
}
