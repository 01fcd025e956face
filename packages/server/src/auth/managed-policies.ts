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

const document = (...Statement: object[]): string => JSON.stringify({ Version: '2012-10-17', Statement })
const allow = (Action: string | readonly string[]): object => ({ Effect: 'Allow', Action, Resource: '*' })
const day = (year: number, month: number, date: number, hours: number, minutes: number, seconds = 0): number =>
  Date.UTC(year, month - 1, date, hours, minutes, seconds)

/** As the reference has them, 2026-11-24. */
const policies: readonly ServiceManagedPolicy[] = [
  {
    name: 'AdministratorAccess',
    id: 'ANPAIWMBCKSKIEE64ZLYK',
    path: '/',
    description: 'Provides full access to AWS services and resources.',
    version: 'v1',
    createdAt: day(2015, 2, 6, 18, 39, 46),
    updatedAt: day(2015, 2, 6, 18, 39, 46),
    document: document(allow('*')),
  },
  {
    name: 'AWSKeyManagementServicePowerUser',
    id: 'ANPAJNPP7PPPPMJRV2SA4',
    path: '/',
    description: 'Provides access to AWS Key Management Service (KMS).',
    version: 'v2',
    createdAt: day(2015, 2, 6, 18, 40, 40),
    updatedAt: day(2017, 3, 7, 0, 55, 11),
    document: document(
      allow([
        'kms:CreateAlias',
        'kms:CreateKey',
        'kms:DeleteAlias',
        'kms:Describe*',
        'kms:GenerateRandom',
        'kms:Get*',
        'kms:List*',
        'kms:TagResource',
        'kms:UntagResource',
        'iam:ListGroups',
        'iam:ListRoles',
        'iam:ListUsers',
      ]),
    ),
  },
  {
    name: 'IAMFullAccess',
    id: 'ANPAI7XKCFMBPM3QQRRVQ',
    path: '/',
    description: 'Provides full access to IAM via the AWS Management Console.',
    version: 'v2',
    createdAt: day(2015, 2, 6, 18, 40, 38),
    updatedAt: day(2019, 6, 21, 19, 40),
    document: document(
      allow([
        'iam:*',
        'organizations:DescribeAccount',
        'organizations:DescribeOrganization',
        'organizations:DescribeOrganizationalUnit',
        'organizations:DescribePolicy',
        'organizations:ListChildren',
        'organizations:ListParents',
        'organizations:ListPoliciesForTarget',
        'organizations:ListRoots',
        'organizations:ListPolicies',
        'organizations:ListTargetsForPolicy',
      ]),
    ),
  },
  {
    name: 'IAMReadOnlyAccess',
    id: 'ANPAJKSO7NDY4T57MWDSQ',
    path: '/',
    description: 'Provides read only access to IAM via the AWS Management Console.',
    version: 'v4',
    createdAt: day(2015, 2, 6, 18, 40, 39),
    updatedAt: day(2018, 1, 25, 19, 11, 27),
    document: document(
      allow([
        'iam:GenerateCredentialReport',
        'iam:GenerateServiceLastAccessedDetails',
        'iam:Get*',
        'iam:List*',
        'iam:SimulateCustomPolicy',
        'iam:SimulatePrincipalPolicy',
      ]),
    ),
  },
  {
    name: 'PowerUserAccess',
    id: 'ANPAJYRXTHIB4FOVS3ZXS',
    path: '/',
    description:
      'Provides full access to AWS services and resources, but does not allow management of Users and groups.',
    version: 'v12',
    createdAt: day(2015, 2, 6, 18, 39, 47),
    updatedAt: day(2026, 2, 12, 17, 59, 14),
    document: document(
      { Effect: 'Allow', NotAction: ['iam:*', 'organizations:*', 'account:*'], Resource: '*' },
      allow([
        'account:GetAccountInformation',
        'account:GetGovCloudAccountInformation',
        'account:GetPrimaryEmail',
        'account:ListRegions',
        'iam:CreateServiceLinkedRole',
        'iam:DeleteServiceLinkedRole',
        'iam:ListRoles',
        'organizations:DescribeEffectivePolicy',
        'organizations:DescribeOrganization',
      ]),
    ),
  },
]

const arnOf = ({ path, name }: ServiceManagedPolicy): string => `arn:aws:iam::aws:policy${path}${name}`

/** By ARN. */
export const serviceManagedPolicies: ReadonlyMap<string, ServiceManagedPolicy> = new Map(
  policies.map(policy => [arnOf(policy), policy]),
)

export const administratorAccess = 'arn:aws:iam::aws:policy/AdministratorAccess'
