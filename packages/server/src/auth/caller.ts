/**
 * Who sends a request, as its signature proved. Made once per access key and shared between requests, so that what is
 * derived from it (the identity in audit records) can be kept beside it.
 */
export interface Caller {
  /** The kind of principal, as audit records spell it. */
  readonly type: 'IAMUser' | 'Root'
  /** 12 digits. */
  readonly account: string
  /** `arn:aws:iam::<account>:user/<name>`, or `...:root`. */
  readonly arn: string
  /** The unique id, which is never used again: `AIDA...` of a user, the account of a root user. */
  readonly principalId: string
  /** Root users have none. */
  readonly userName?: string
  /** The access key that signed. */
  readonly accessKeyId: string
  /** May do everything in its own account. */
  readonly administrator: boolean
}
