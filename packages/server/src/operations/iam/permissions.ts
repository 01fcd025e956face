import type { Operation } from '../../operation.ts'
import { attachmentOperations } from './attachments.ts'
import { createPolicyVersion } from './create-policy-version.ts'
import { createPolicy } from './create-policy.ts'
import { createRole } from './create-role.ts'
import { deletePolicyVersion } from './delete-policy-version.ts'
import { deletePolicy } from './delete-policy.ts'
import { deleteRole } from './delete-role.ts'
import { getPolicyVersion } from './get-policy-version.ts'
import { getPolicy } from './get-policy.ts'
import { getRole } from './get-role.ts'
import { inlinePolicyOperations } from './inline-policies.ts'
import { listAccountAliases } from './list-account-aliases.ts'
import { listEntitiesForPolicy } from './list-entities-for-policy.ts'
import { listInstanceProfilesForRole } from './list-instance-profiles-for-role.ts'
import { listPolicies } from './list-policies.ts'
import { listPolicyVersions } from './list-policy-versions.ts'
import { listRoles } from './list-roles.ts'
import { boundaryOperations } from './permissions-boundary.ts'
import { listPolicyTags, tagPolicy, untagPolicy } from './policy-tags.ts'
import { listRoleTags, tagRole, untagRole } from './role-tags.ts'
import { setDefaultPolicyVersion } from './set-default-policy-version.ts'
import { updateAssumeRolePolicy } from './update-assume-role-policy.ts'
import { updateRole, updateRoleDescription } from './update-role.ts'

/** Roles, and policies of all kinds. */
export const permissionOperations: readonly Operation[] = [
  createPolicy,
  createPolicyVersion,
  createRole,
  deletePolicy,
  deletePolicyVersion,
  deleteRole,
  getPolicy,
  getPolicyVersion,
  getRole,
  listAccountAliases,
  listEntitiesForPolicy,
  listInstanceProfilesForRole,
  listPolicies,
  listPolicyTags,
  listPolicyVersions,
  listRoles,
  listRoleTags,
  setDefaultPolicyVersion,
  tagPolicy,
  tagRole,
  untagPolicy,
  untagRole,
  updateAssumeRolePolicy,
  updateRole,
  updateRoleDescription,
  ...attachmentOperations,
  ...boundaryOperations,
  ...inlinePolicyOperations,
]
