/**
 * Managed policies that every account has, as the service's own
 * (https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html): those that concern what this server
 * does.
 */
export interface ServiceManagedPolicy {
  name: string
  /** `ANPA...`, as the service has it. */
  id: string
  path: string
  description: string
  /** Of the version that counts, such as `v1`. */
  version: string
  createdAt: number
  updatedAt: number
  document: string
}

const statement = (Action: string | readonly string[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource: '*' }] })

const policies: readonly ServiceManagedPolicy[] = [
  {
    name: 'AdministratorAccess',
    id: 'ANPAIWMBCKSKIEE64ZLYK',
    path: '/',
    description: 'Provides full access to AWS services and resources.',
    version: 'v1',
    createdAt: Date.UTC(2015, 1, 6, 18, 39, 46),
    updatedAt: Date.UTC(2015, 1, 6, 18, 39, 46),
    document: statement('*'),
  },
]

export const serviceManagedArn = ({ path, name }: ServiceManagedPolicy): string =>
  `arn:aws:iam::aws:policy${path}${name}`

/** By ARN. */
export const serviceManagedPolicies: ReadonlyMap<string, ServiceManagedPolicy> = new Map(
  policies.map(policy => [serviceManagedArn(policy), policy]),
)

export const administratorAccess = 'arn:aws:iam::aws:policy/AdministratorAccess'
