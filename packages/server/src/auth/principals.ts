import { isAccount, splitArn } from '../protocol/arn.ts'

/** Whom an element of a policy, or a grant, names. */
export type Principal =
  | { kind: 'everyone' }
  /** Leaves the decision to the identity policies of the account; does not name its root user. */
  | { kind: 'account'; account: string }
  /** ARN of a user, a role, a role session or a federated session. */
  | { kind: 'identity'; arn: string }
  | { kind: 'service'; name: string }
  | { kind: 'federated'; provider: string }

/** User and role names may have a path before them; sessions have none. */
const identityResources: Readonly<Record<string, RegExp>> = {
  iam: /^(?:user|role)\/(?:[!-~]+\/)?[\w+=,.@-]{1,64}$/,
  sts: /^(?:assumed-role\/[\w+=,.@-]{1,64}\/[\w+=,.@-]{2,64}|federated-user\/[\w+=,.@-]{2,32})$/,
}

export function awsPrincipal(text: string): Principal | undefined {
  if (text === '*') return { kind: 'everyone' }
  return isAccount(text) ? { kind: 'account', account: text } : principalOf(text)
}

/** Not even an account can be made out in it. */
export const isBrokenArn = (text: string): boolean =>
  text.startsWith('arn:') && !text.includes('*') && !isAccount(splitArn(text)?.account ?? '')

/** The account, user, role or session that an ARN names; undefined if it names anything else, be it a group or a pattern. */
export function principalOf(text: string): Extract<Principal, { kind: 'account' | 'identity' }> | undefined {
  const arn = splitArn(text)
  if (arn?.partition !== 'aws' || arn.region !== '' || !isAccount(arn.account) || text.includes('*')) return undefined
  const { service, account, resource } = arn
  if (service === 'iam' && resource === 'root') return { kind: 'account', account }
  const isIdentity = Object.hasOwn(identityResources, service) && identityResources[service]?.test(resource)
  return isIdentity ? { kind: 'identity', arn: text } : undefined
}

const hostName = /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/

export const servicePrincipal = (text: string): Principal | undefined =>
  hostName.test(text) ? { kind: 'service', name: text } : undefined

export function federatedPrincipal(text: string): Principal | undefined {
  const providerArn = /^arn:aws:iam::\d{12}:(?:saml|oidc)-provider\/[\w+=,.@:/-]+$/
  return hostName.test(text) || providerArn.test(text) ? { kind: 'federated', provider: text } : undefined
}
