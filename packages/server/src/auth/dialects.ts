import { kmsError, type KmsError } from '../protocol/errors.ts'
import { isBrokenArn } from './principals.ts'

/** What a policy belongs to: a key, a role that may be assumed, or an identity (or a session of one) that it allows something. */
export type PolicyKind = 'key' | 'trust' | 'identity'

/** What a kind of policy must say, and how the service that keeps it puts it if it does not. */
export interface Dialect {
  principals: 'required' | 'forbidden'
  resources: 'required' | 'optional' | 'forbidden'
  /** IAM looks closer at some things than KMS, and at others not. */
  isIam: boolean
  /** Before what is said of a document whose form is wrong. */
  syntax: string
  json: string
  noPrincipal: string
  noActions: string
  doubledSids: string
  wrongPrincipal: (type: PrincipalType, text: string) => KmsError
}

export type PrincipalType = 'AWS' | 'Service' | 'Federated'

export const dialects: Readonly<Record<PolicyKind, Dialect>> = {
  key: {
    principals: 'required',
    resources: 'optional',
    isIam: false,
    syntax: '',
    json: 'Policy is not valid JSON: ',
    noPrincipal: 'Policy contains a statement with no principal.',
    noActions: '',
    doubledSids: '',
    wrongPrincipal: (type, text) =>
      type === 'AWS' && isBrokenArn(text)
        ? kmsError('InvalidArnException', 'An ARN in the specified key policy is invalid.')
        : malformed('Policy contains a statement with one or more invalid principals.'),
  },
  trust: {
    principals: 'required',
    resources: 'forbidden',
    isIam: true,
    syntax: 'Syntax errors in policy. ',
    json: 'This policy contains invalid Json: ',
    noPrincipal: 'Missing required field Principal',
    noActions: 'Missing required field Action',
    doubledSids: 'The Statement Ids in the policy are not unique',
    wrongPrincipal: (type, text) =>
      malformed(
        type === 'Federated'
          ? 'Federated principals must be valid domain names or SAML metadata ARNs'
          : `Invalid principal in policy: "${type}":"${text}"`,
      ),
  },
  identity: {
    principals: 'forbidden',
    resources: 'required',
    isIam: true,
    syntax: 'Syntax errors in policy. ',
    json: 'Syntax errors in policy. ',
    noPrincipal: '',
    noActions: 'Policy statement must contain actions.',
    doubledSids: 'Statement IDs (SID) in a single policy must be unique.',
    wrongPrincipal: () => malformed(noPrincipalAllowed),
  },
}

export const noPrincipalAllowed = 'Policy document should not specify a principal.'

export const malformed = (message: string): KmsError => kmsError('MalformedPolicyDocumentException', message)
