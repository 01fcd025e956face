import { noKeys, operation } from '../../operation.ts'
import { list, structure } from '../../protocol/shape.ts'
import { shown } from '../shown.ts'
import { roleName, marker, maxItems, pageMembers, put, requireEntity, tagKey, tags } from './entities.ts'
import { pageOfTags } from './pages.ts'
import { mergeTags, pairsOf, withoutTags } from './tags.ts'
import { onRole } from './roles.ts'

export const tagRole = operation({
  name: 'TagRole',
  service: 'iam',
  input: structure({ RoleName: roleName, Tags: tags }),
  output: null,
  needs: {
    action: 'iam:TagRole',
    resource: onRole,
    requestTags: ({ Tags }) => pairsOf(Tags),
    keys: noKeys,
  },
  audit: { readOnly: false, parameters: input => shown(input, 'RoleName', 'Tags') },
  async handle({ view, caller }, { RoleName, Tags }) {
    const role = await requireEntity(view, 'role', caller.account, RoleName)
    const merged = mergeTags(role.tags, Tags, { quota: 'TagsPerRole', tagCase: 'caseless' })
    return { output: undefined, changes: [put('role', { ...role, tags: merged })] }
  },
})

export const untagRole = operation({
  name: 'UntagRole',
  service: 'iam',
  input: structure({ RoleName: roleName, TagKeys: list(tagKey, 0, 50) }),
  output: null,
  needs: {
    action: 'iam:UntagRole',
    resource: onRole,
    requestTags: ({ TagKeys }) => TagKeys.map(key => [key] as const),
    keys: noKeys,
  },
  audit: { readOnly: false, parameters: input => shown(input, 'RoleName', 'TagKeys') },
  async handle({ view, caller }, { RoleName, TagKeys }) {
    const role = await requireEntity(view, 'role', caller.account, RoleName)
    const left = withoutTags(role.tags, TagKeys, 'caseless')
    return { output: undefined, changes: [put('role', { ...role, tags: left })] }
  },
})

export const listRoleTags = operation({
  name: 'ListRoleTags',
  service: 'iam',
  input: structure({ RoleName: roleName, Marker: marker, MaxItems: maxItems }),
  output: structure({ Tags: tags, ...pageMembers }),
  needs: { action: 'iam:ListRoleTags', resource: onRole, keys: noKeys },
  audit: { readOnly: true, parameters: input => shown(input, 'RoleName', 'Marker', 'MaxItems') },
  async handle(context, input) {
    const role = await requireEntity(context.view, 'role', context.caller.account, input.RoleName)
    const { items, more } = pageOfTags(context, role.id, role.tags, input)
    return { output: { Tags: items, ...more } }
  },
})
