import { noKeys, operation } from '../../operation.ts'
import { list, structure } from '../../protocol/shape.ts'
import { shown } from '../shown.ts'
import { existingUserName, marker, maxItems, pageMembers, put, requireEntity, tagKey, tags } from './entities.ts'
import { pageOfTags } from './pages.ts'
import { mergeTags, pairsOf, withoutTags } from './tags.ts'
import { onUser } from './users.ts'

export const tagUser = operation({
  name: 'TagUser',
  service: 'iam',
  input: structure({ UserName: existingUserName, Tags: tags }),
  output: null,
  needs: {
    action: 'iam:TagUser',
    resource: onUser,
    requestTags: ({ Tags }) => pairsOf(Tags),
    keys: noKeys,
  },
  audit: { readOnly: false, parameters: input => shown(input, 'UserName', 'Tags') },
  async handle({ view, caller }, { UserName, Tags }) {
    const user = await requireEntity(view, 'user', caller.account, UserName)
    const merged = mergeTags(user.tags, Tags, { quota: 'TagsPerUser', tagCase: 'caseless' })
    return { output: undefined, changes: [put('user', { ...user, tags: merged })] }
  },
})

export const untagUser = operation({
  name: 'UntagUser',
  service: 'iam',
  input: structure({ UserName: existingUserName, TagKeys: list(tagKey, 0, 50) }),
  output: null,
  needs: {
    action: 'iam:UntagUser',
    resource: onUser,
    requestTags: ({ TagKeys }) => TagKeys.map(key => [key] as const),
    keys: noKeys,
  },
  audit: { readOnly: false, parameters: input => shown(input, 'UserName', 'TagKeys') },
  async handle({ view, caller }, { UserName, TagKeys }) {
    const user = await requireEntity(view, 'user', caller.account, UserName)
    const left = withoutTags(user.tags, TagKeys, 'caseless')
    return { output: undefined, changes: [put('user', { ...user, tags: left })] }
  },
})

export const listUserTags = operation({
  name: 'ListUserTags',
  service: 'iam',
  input: structure({ UserName: existingUserName, Marker: marker, MaxItems: maxItems }),
  output: structure({ Tags: tags, ...pageMembers }),
  needs: { action: 'iam:ListUserTags', resource: onUser, keys: noKeys },
  audit: { readOnly: true, parameters: input => shown(input, 'UserName', 'Marker', 'MaxItems') },
  async handle(context, input) {
    const user = await requireEntity(context.view, 'user', context.caller.account, input.UserName)
    const { items, more } = pageOfTags(context, user.id, user.tags, input)
    return { output: { Tags: items, ...more } }
  },
})
