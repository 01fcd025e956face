import { groupArn, type Group } from '../../auth/identities.ts'
import type { Resource } from '../../authority.ts'
import type { Context } from '../../operation.ts'
import { string, structure, timestamp } from '../../protocol/shape.ts'
import { resourceOf } from './entities.ts'

/** Groups as requests name them and answers show them. */

export const groupMember = structure({
  Path: string(),
  GroupName: string(),
  GroupId: string(),
  Arn: string(),
  CreateDate: timestamp(),
})

export const describeGroup = (group: Readonly<Group>) => ({
  Path: group.path,
  GroupName: group.name,
  GroupId: group.id,
  Arn: groupArn(group),
  CreateDate: new Date(group.createdAt),
})

/** The group that a request names, as `needs.resource` has it. */
export const onGroup = ({ GroupName }: { GroupName: string }, context: Context): Promise<Resource> =>
  resourceOf('group', GroupName, context)
