import type { IdentityTag } from '../../auth/identities.ts'
import type { Resource } from '../../authority.ts'
import { noKeys, operation, type Context, type Operation } from '../../operation.ts'
import { list, structure } from '../../protocol/shape.ts'
import type { Change } from '../../store/documents.ts'
import { arn, marker, maxItems, pageMembers, put, requireEntity, resourceOf, tagKey, tags } from './entities.ts'
import { userSpec, roleSpec, nameIn, naming, shownNamed, type HolderSpec, type Naming } from './holders.ts'
import { changesPolicy, readsPolicy, requireOwnPolicy, requirePolicy, requirePolicyArn } from './managed-policies.ts'
import { onProvider, putProvider, requireProvider } from './oidc-providers.ts'
import { pageOfTags } from './pages.ts'
import { mergeTags, pairsOf, withoutTags, type TaggedKind } from './tags.ts'

/** What can have tags: the same operations are there for each, and differ in what this table says. */
interface TaggedSpec extends Naming {
  kind: TaggedKind
  precheck?: (name: string) => void
  /** What the operations are authorised on: not every policy that can be read can be changed. */
  on: (name: string, context: Context, changes: boolean) => Promise<Resource>
  find: (name: string, context: Context, changes: boolean) => Promise<Tagged>
}

interface Tagged {
  /** For markers. */
  id: string
  tags: readonly IdentityTag[]
  /** The change that puts these in their place. */
  retagged: (tags: IdentityTag[]) => Change
}

const holder = ({ kind, ...named }: HolderSpec<'user' | 'role'>): TaggedSpec => ({
  ...named,
  kind,
  on: (name, context) => resourceOf(kind, name, context),
  async find(name, { view, caller }) {
    const found = await requireEntity(view, kind, caller.account, name)
    return { id: found.id, tags: found.tags, retagged: all => put(kind, { ...found, tags: all }) }
  },
})

const policy: TaggedSpec = {
  kind: 'managed-policy',
  noun: 'Policy',
  member: 'PolicyArn',
  name: arn,
  precheck: PolicyArn => requirePolicyArn({ PolicyArn }),
  on: (PolicyArn, context, changes) => (changes ? changesPolicy : readsPolicy)({ PolicyArn }, context),
  async find(PolicyArn, context, changes) {
    const found = await (changes ? requireOwnPolicy : requirePolicy)(context, PolicyArn)
    return { id: found.id, tags: found.tags, retagged: all => put('managed-policy', { ...found, tags: all }) }
  },
}

const provider: TaggedSpec = {
  kind: 'oidc-provider',
  noun: 'OpenIDConnectProvider',
  member: 'OpenIDConnectProviderArn',
  name: arn,
  on: (OpenIDConnectProviderArn, context) => onProvider({ OpenIDConnectProviderArn }, context),
  async find(id, context) {
    const found = await requireProvider(context, { OpenIDConnectProviderArn: id })
    return { id, tags: found.tags, retagged: all => putProvider({ ...found, tags: all }) }
  },
}

const needsOf = (spec: TaggedSpec, action: string, changes: boolean) => ({
  action: `iam:${action}`,
  resource: (input: object, context: Context) => spec.on(nameIn(spec, input), context, changes),
  precheck: (input: object) => spec.precheck?.(nameIn(spec, input)),
  keys: noKeys,
})

const tag = (spec: TaggedSpec) =>
  operation({
    name: `Tag${spec.noun}`,
    service: 'iam',
    input: naming(spec, { Tags: tags }),
    output: null,
    needs: { ...needsOf(spec, `Tag${spec.noun}`, true), requestTags: ({ Tags }) => pairsOf(Tags) },
    audit: { readOnly: false, parameters: input => shownNamed(spec, input, 'Tags') },
    async handle(context, input) {
      const { tags: present, retagged } = await spec.find(nameIn(spec, input), context, true)
      return { output: undefined, changes: [retagged(mergeTags(spec.kind, present, input.Tags))] }
    },
  })

const untag = (spec: TaggedSpec) =>
  operation({
    name: `Untag${spec.noun}`,
    service: 'iam',
    input: naming(spec, { TagKeys: list(tagKey, 0, 50) }),
    output: null,
    needs: {
      ...needsOf(spec, `Untag${spec.noun}`, true),
      requestTags: ({ TagKeys }) => TagKeys.map(key => [key] as const),
    },
    audit: { readOnly: false, parameters: input => shownNamed(spec, input, 'TagKeys') },
    async handle(context, input) {
      const { tags: present, retagged } = await spec.find(nameIn(spec, input), context, true)
      return { output: undefined, changes: [retagged(withoutTags(spec.kind, present, input.TagKeys))] }
    },
  })

const listTags = (spec: TaggedSpec) =>
  operation({
    name: `List${spec.noun}Tags`,
    service: 'iam',
    input: naming(spec, { Marker: marker, MaxItems: maxItems }),
    output: structure({ Tags: tags, ...pageMembers }),
    needs: needsOf(spec, `List${spec.noun}Tags`, false),
    audit: { readOnly: true, parameters: input => shownNamed(spec, input, 'Marker', 'MaxItems') },
    async handle(context, input) {
      const { id, tags: all } = await spec.find(nameIn(spec, input), context, false)
      const { items, more } = pageOfTags(context, id, all, input)
      return { output: { Tags: items, ...more } }
    },
  })

export const tagOperations: readonly Operation[] = [holder(userSpec), holder(roleSpec), policy, provider].flatMap(
  spec => [tag(spec), untag(spec), listTags(spec)],
)
