import { KmsError } from '../protocol/errors.ts'
import { tooMuch } from './explain-text.ts'
import type { AccessRequest, Decision, Explanation, Layer } from './access.ts'

/** By the account that may see it. */
export type Explained = Explanation['traces']

/** AccessDeniedException, and why, for those who may know. */
export class Denial extends KmsError {
  /** Computed when asked for. */
  readonly explain: () => Promise<Explained>

  constructor(message: string, explain: () => Promise<Explained>) {
    super('AccessDeniedException', message)
    this.explain = explain
  }
}

const layerNames: Readonly<Record<Layer, { lacking: string; denying: string }>> = {
  identity: { lacking: 'no identity-based policy', denying: 'an identity-based policy' },
  resource: { lacking: 'no resource-based policy', denying: 'a resource-based policy' },
  boundary: { lacking: 'no permissions boundary', denying: 'a permissions boundary' },
  session: { lacking: 'no session policy', denying: 'a session policy' },
}

/**
 * What the caller is told, in the service's words (https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html).
 *
 * @param isHidden whether the caller named the key by a ciphertext alone: then it is not told which one it is
 */
export function denialText(
  { caller, action, resource, account }: AccessRequest,
  decision: Decision & { allowed: false },
  isHidden: boolean,
): string {
  // STS says less: neither why, nor whether there is such a role.
  if (caller.type === 'WebIdentity') return `Not authorized to perform ${action}`
  if (action.startsWith('sts:')) return `${unauthorized(caller.arn, action)} on resource: ${resource}`
  if (caller.account !== account) return foreignText(caller.arn, action, isHidden)
  const on = isHidden ? hidden : `resource: ${resource}`
  const { lacking, denying } = layerNames[decision.layer]
  if (decision.isTooMuch) return `${unauthorized(caller.arn, action)} on ${on} because ${tooMuch}`
  return decision.explicit
    ? `${unauthorized(caller.arn, action)} on ${on} with an explicit deny in ${denying}`
    : `${unauthorized(caller.arn, action)} on ${on} because ${lacking} allows the ${action} action`
}

const unauthorized = (arn: string, action: string): string => `User: ${arn} is not authorized to perform: ${action}`
const hidden = 'the resource associated with this ciphertext'

/** For a resource of another account: the same text whether it is forbidden or does not exist. */
export const foreignText = (arn: string, action: string, isHidden = false): string =>
  `${unauthorized(arn, action)} on ${isHidden ? hidden : 'this resource'} because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access`
