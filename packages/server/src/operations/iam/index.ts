import type { Operation } from '../../operation.ts'
import { attachmentOperations } from './attachments.ts'
import { boundaryOperations } from './boundaries.ts'
import { createAccessKey } from './create-access-key.ts'
import { createGroup } from './create-group.ts'
import { createOpenIdConnectProvider } from './create-open-id-connect-provider.ts'
import { createPolicy } from './create-policy.ts'
import { createPolicyVersion } from './create-policy-version.ts'
import { createRole } from './create-role.ts'
import { createUser } from './create-user.ts'
import { deleteAccessKey } from './delete-access-key.ts'
import { deleteOpenIdConnectProvider } from './delete-open-id-connect-provider.ts'
import { deletePolicy } from './delete-policy.ts'
import { deletePolicyVersion } from './delete-policy-version.ts'
import { deleteGroup, deleteRole, deleteUser } from './delete-user.ts'
import { getAccessKeyLastUsed } from './get-access-key-last-used.ts'
import { getGroup } from './get-group.ts'
import { getOpenIdConnectProvider } from './get-open-id-connect-provider.ts'
import { getPolicy } from './get-policy.ts'
import { getPolicyVersion } from './get-policy-version.ts'
import { getRole } from './get-role.ts'
import { getUser } from './get-user.ts'
import { addUserToGroup, removeUserFromGroup } from './group-members.ts'
import { inlinePolicyOperations } from './inline-policies.ts'
import { listAccessKeys } from './list-access-keys.ts'
import { listEntitiesForPolicy } from './list-entities-for-policy.ts'
import { listGroupsForUser } from './list-groups-for-user.ts'
import { listOpenIdConnectProviders } from './list-open-id-connect-providers.ts'
import { listPolicies } from './list-policies.ts'
import { listPolicyVersions } from './list-policy-versions.ts'
import { listGroups, listRoles, listUsers } from './list-users.ts'
import { deleteLoginProfile, emptyLists } from './nothing.ts'
import { addClientIdToOpenIdConnectProvider, removeClientIdFromOpenIdConnectProvider } from './oidc-client-ids.ts'
import { setDefaultPolicyVersion } from './set-default-policy-version.ts'
import { tagOperations } from './tagging.ts'
import { updateAccessKey } from './update-access-key.ts'
import { updateAssumeRolePolicy } from './update-assume-role-policy.ts'
import { updateGroup } from './update-group.ts'
import { updateOpenIdConnectProviderThumbprint } from './update-open-id-connect-provider-thumbprint.ts'
import { updateRole, updateRoleDescription } from './update-role.ts'
import { updateUser } from './update-user.ts'

/** AWS Identity and Access Management: the part of it that manages who there is and what they may do. */
export const iamOperations: readonly Operation[] = [
  // Users, their access keys, and groups.
  addUserToGroup,
  createAccessKey,
  createGroup,
  createUser,
  deleteAccessKey,
  deleteGroup,
  deleteUser,
  getAccessKeyLastUsed,
  getGroup,
  getUser,
  listAccessKeys,
  listGroups,
  listGroupsForUser,
  listUsers,
  removeUserFromGroup,
  updateAccessKey,
  updateGroup,
  updateUser,
  // Roles, and who vouches for web identities.
  addClientIdToOpenIdConnectProvider,
  createOpenIdConnectProvider,
  createRole,
  deleteOpenIdConnectProvider,
  deleteRole,
  getOpenIdConnectProvider,
  getRole,
  listOpenIdConnectProviders,
  listRoles,
  removeClientIdFromOpenIdConnectProvider,
  updateAssumeRolePolicy,
  updateOpenIdConnectProviderThumbprint,
  updateRole,
  updateRoleDescription,
  // Policies of all kinds.
  createPolicy,
  createPolicyVersion,
  deletePolicy,
  deletePolicyVersion,
  getPolicy,
  getPolicyVersion,
  listEntitiesForPolicy,
  listPolicies,
  listPolicyVersions,
  setDefaultPolicyVersion,
  ...attachmentOperations,
  ...boundaryOperations,
  ...inlinePolicyOperations,
  ...tagOperations,
  deleteLoginProfile,
  ...emptyLists,
]
