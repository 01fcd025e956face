import { providerArn, type OidcProvider } from '../../auth/identities.ts'
import type { Caller } from '../../auth/caller.ts'
import { noKeys, operation, type Unidentified } from '../../operation.ts'
import { IssuerFailure } from '../../oidc/issuers.ts'
import { KeySetError, parseKeySet, type KeySet } from '../../oidc/key-set.ts'
import { noProvider, readClaim, unknownKey, verifyToken } from '../../oidc/token.ts'
import { splitArn } from '../../protocol/arn.ts'
import { kmsError } from '../../protocol/errors.ts'
import { optional, secret, string, structure, type Infer } from '../../protocol/shape.ts'
import { providerRow } from '../../store/documents.ts'
import { shown } from '../shown.ts'
import { answerMembers, assume, requireIamArn, roleMembers, roleResource, sessionPolicy } from './role-sessions.ts'

const { SourceIdentity: _, ...answered } = answerMembers

const input = structure({
  ...roleMembers,
  Policy: optional(sessionPolicy(2048)),
  WebIdentityToken: secret(string(4, 20_000)),
  ProviderId: optional(string(4, 2048)),
})
type Input = Infer<typeof input>

/** Temporary credentials of a role for whoever has a token of an identity provider that the role's account trusts. */
export const assumeRoleWithWebIdentity = operation({
  name: 'AssumeRoleWithWebIdentity',
  service: 'sts',
  input,
  output: structure({
    ...answered,
    SubjectFromWebIdentityToken: string(),
    Provider: string(),
    Audience: string(),
  }),
  identify,
  needs: {
    action: 'sts:AssumeRoleWithWebIdentity',
    keys: noKeys,
    resource: (asked, { view }) => roleResource(view, asked.RoleArn),
    conditions: (asked, { caller }) => ({ 'sts:RoleSessionName': asked.RoleSessionName, ...claimsOf(caller) }),
  },
  audit: {
    readOnly: true,
    parameters: asked => shown(asked, 'RoleArn', 'RoleSessionName', 'DurationSeconds', 'Policy', 'PolicyArns'),
  },
  async handle(context, asked) {
    const { webIdentity, arn: provider } = context.caller
    if (!webIdentity) throw new Error('nobody has been identified')
    const { audience, subject } = webIdentity
    const { output, recorded, resources } = await assume(context, asked, { tags: [], transitiveTags: [], provider })
    const said = { Provider: provider, Audience: audience, SubjectFromWebIdentityToken: subject }
    return {
      output: { ...output, ...said },
      recorded: { ...recorded, ...shown(said, 'Provider', 'Audience', 'SubjectFromWebIdentityToken') },
      resources,
    }
  },
})

/** What the token says, by the names that policies have for it (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html). */
function claimsOf({ webIdentity }: Caller) {
  if (!webIdentity) return {}
  const { issuer, audience, audiences, subject, methods } = webIdentity
  return {
    [`${issuer}:aud`]: audience,
    [`${issuer}:oaud`]: audiences,
    [`${issuer}:sub`]: subject,
    ...(methods.length > 0 && { [`${issuer}:amr`]: methods }),
  }
}

/** Whom the token is about, if a provider of the role's account vouches for it. */
async function identify({ view, issuers, now }: Unidentified, asked: Input): Promise<Caller> {
  requireIamArn(asked.RoleArn)
  if (asked.ProviderId !== undefined) {
    throw kmsError('ValidationException', 'ProviderId is for OAuth 2.0 access tokens, which are not supported.')
  }
  const account = splitArn(asked.RoleArn)?.account ?? ''
  const { issuer, keyId } = await readClaim(asked.WebIdentityToken)
  const provider = await view.get('oidc-provider', providerRow(account, issuer))
  if (!provider) throw noProvider(`https://${issuer}`)
  try {
    const keys = provider.jwks === undefined ? await issuers.keysOf(issuer, keyId, now) : await ownKeys(provider)
    const webIdentity = await verifyToken(asked.WebIdentityToken, provider, keys, now)
    const arn = providerArn(provider)
    const principalId = `${arn}:${webIdentity.audience}:${webIdentity.subject}`
    return { type: 'WebIdentity', account, arn, principalId, tags: new Map(), webIdentity }
  } catch (error) {
    if (error instanceof KeySetError) throw unknownKey()
    if (!(error instanceof IssuerFailure)) throw error
    throw kmsError('IDPCommunicationErrorException', 'The identity provider could not be reached, or did not answer.')
  }
}

const keySets = new WeakMap<Readonly<OidcProvider>, Promise<KeySet>>()

/** Keys that were given together with the provider. */
function ownKeys(provider: Readonly<OidcProvider>): Promise<KeySet> {
  const keys = keySets.get(provider) ?? parseKeySet(Buffer.from(provider.jwks ?? ''))
  keySets.set(provider, keys)
  return keys
}
