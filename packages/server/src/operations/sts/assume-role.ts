import type { Caller } from '../../auth/caller.ts'
import { noKeys, operation } from '../../operation.ts'
import { kmsError, type KmsError } from '../../protocol/errors.ts'
import { list, optional, string, structure, type Infer } from '../../protocol/shape.ts'
import { tagKey, tags as tagList } from '../iam/entities.ts'
import { pairsOf } from '../iam/tags.ts'
import { shown } from '../shown.ts'
import { refuseSecondFactor, secondFactor } from './credentials.ts'
import {
  answerMembers,
  arn,
  assume,
  refuseRoot,
  requireIamArn,
  roleMembers,
  roleResource,
  type Given,
} from './role-sessions.ts'

const input = structure({
  ...roleMembers,
  Tags: optional(tagList),
  TransitiveTagKeys: optional(list(tagKey, 0, 50)),
  ExternalId: optional(string(2, 1224, { text: '[\\w+=,.@:\\/-]*', test: value => /^[\w+=,.@:/-]*$/.test(value) })),
  ...secondFactor,
  SourceIdentity: optional(string(2, 256, { text: '[\\w+=,.@-]*', test: value => /^[\w+=,.@-]*$/.test(value) })),
  ProvidedContexts: optional(
    list(structure({ ProviderArn: optional(arn), ContextAssertion: optional(string(4, 3072)) }), 1, 5),
  ),
})
type Input = Infer<typeof input>

/** Temporary credentials of a role, for whoever its trust policy lets have them. */
export const assumeRole = operation({
  name: 'AssumeRole',
  service: 'sts',
  input,
  output: structure(answerMembers),
  needs: {
    action: 'sts:AssumeRole',
    crossAccount: true,
    keys: noKeys,
    precheck(asked) {
      requireIamArn(asked.RoleArn)
      refuseSecondFactor(asked)
      if (asked.ProvidedContexts) throw kmsError('ValidationException', 'ProvidedContexts are not supported.')
      requireTags(asked)
    },
    resource: (asked, { view }) => roleResource(view, asked.RoleArn),
    conditions: (asked, { caller }) => conditionsOf(asked, caller),
    requestTags: asked => pairsOf(asked.Tags),
    // Tags and a source identity must be allowed by themselves, also where they are handed on: else whoever may assume a role
    // could bring along tags that its policies trust.
    async also({ view, caller }, asked) {
      const requestTags = [...inheritedTags(caller), ...(pairsOf(asked.Tags) ?? [])]
      const actions = [
        ...(requestTags.length > 0 ? ['sts:TagSession'] : []),
        ...(sourceIdentityOf(asked, caller) === undefined ? [] : ['sts:SetSourceIdentity']),
      ]
      const resource = await roleResource(view, asked.RoleArn)
      const told = { conditions: conditionsOf(asked, caller), ...(requestTags.length > 0 && { requestTags }) }
      return actions.map(action => ({ resource, ...told, action, crossAccount: true }))
    },
    check: refuseRoot,
  },
  audit: {
    readOnly: true,
    parameters: asked =>
      shown(
        asked,
        'RoleArn',
        'RoleSessionName',
        'DurationSeconds',
        'Policy',
        'PolicyArns',
        'Tags',
        'TransitiveTagKeys',
        'ExternalId',
        'SourceIdentity',
      ),
  },
  handle: (context, asked) => assume(context, asked, handedOn(asked, context.caller)),
})

const sourceIdentityOf = ({ SourceIdentity }: Input, { session }: Caller): string | undefined =>
  SourceIdentity ?? session?.sourceIdentity

/** What the calling session hands on. */
const inheritedTags = ({ session, tags }: Caller): [key: string, value: string][] =>
  (session?.transitiveTags ?? []).map(key => [key, tags.get(key) ?? ''])

const conditionsOf = (asked: Input, caller: Caller) => ({
  'sts:RoleSessionName': asked.RoleSessionName,
  'sts:ExternalId': asked.ExternalId,
  'sts:SourceIdentity': sourceIdentityOf(asked, caller),
  'sts:TransitiveTagKeys': asked.TransitiveTagKeys,
})

const invalid = (message: string): KmsError => kmsError('InvalidParameterValueException', message)
const lowered = (key: string): string => key.toLowerCase()

/** @throws InvalidParameterValueException for reserved or doubled tag keys, or transitive ones without a tag */
function requireTags({ Tags = [], TransitiveTagKeys = [] }: Input): void {
  const keys = Tags.map(({ Key }) => lowered(Key))
  if (keys.some(key => key.startsWith('aws:'))) {
    throw invalid('aws: prefixed tag key names are not allowed for external use.')
  }
  if (new Set(keys).size < keys.length) {
    throw invalid('Duplicate tag keys found. Please note that Tag keys are case insensitive.')
  }
  if (TransitiveTagKeys.some(key => !keys.includes(lowered(key)))) {
    throw invalid('The specified transitive tag key must be included in the requested tags.')
  }
}

/**
 * What the session has beside what its caller passes: transitive tags and source identity of the calling session, if there
 * is one.
 *
 * @throws InvalidParameterValueException for what would change them
 */
function handedOn(asked: Input, caller: Caller): Given {
  const { Tags = [], TransitiveTagKeys = [], SourceIdentity } = asked
  const { session } = caller
  const inherited = session?.transitiveTags ?? []
  const kept = new Set(inherited.map(lowered))
  if (Tags.some(({ Key }) => kept.has(lowered(Key)))) {
    throw invalid(
      "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
    )
  }
  if (SourceIdentity !== undefined && (session?.sourceIdentity ?? SourceIdentity) !== SourceIdentity) {
    throw invalid('The source identity of the calling session cannot be changed.')
  }
  const wanted = new Set(TransitiveTagKeys.map(lowered))
  const sourceIdentity = sourceIdentityOf(asked, caller)
  return {
    ...(caller.type === 'AssumedRole' && { mostDuration: 3600 }),
    tags: [...inheritedTags(caller), ...Tags.map(({ Key, Value }): [string, string] => [Key, Value])],
    transitiveTags: [...inherited, ...Tags.map(({ Key }) => Key).filter(key => wanted.has(lowered(key)))],
    ...(sourceIdentity !== undefined && { sourceIdentity }),
  }
}
