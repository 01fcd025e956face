import { kmsError, type KmsError } from '../protocol/errors.ts'
import type { Caller } from './caller.ts'

/** One thing a caller wants to do: an action on the ARN of a key or an alias, or on `*`. */
export interface Request {
  caller: Caller
  /** As policies name it, such as `kms:Encrypt`. */
  action: string
  resource: string
  /** The account that owns the resource. */
  account: string
  /** Whether the caller named the key by a ciphertext alone: then a denial does not tell which one it is. */
  isHidden?: boolean
}

/**
 * Decides whether the caller may. For now an administrator may do everything in its own account, and nobody anything
 * else; key policies, identity policies and grants will be evaluated here.
 *
 * @throws AccessDeniedException with AWS's text for the layer that denied
 */
export function authorize({ caller, action, resource, account, isHidden = false }: Request): void {
  if (caller.account !== account) throw foreignDenial(caller, action, isHidden)
  if (caller.administrator) return
  const on = isHidden ? hidden : `resource: ${resource}`
  throw kmsError(
    'AccessDeniedException',
    `User: ${caller.arn} is not authorized to perform: ${action} on ${on} because no identity-based policy allows the ${action} action`,
  )
}

const hidden = 'the resource associated with this ciphertext'

/** For a resource of another account: the same text whether it is forbidden or does not exist. */
export function foreignDenial(caller: Caller, action: string, isHidden = false): KmsError {
  return kmsError(
    'AccessDeniedException',
    `User: ${caller.arn} is not authorized to perform: ${action} on ${isHidden ? hidden : 'this resource'} because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access`,
  )
}
