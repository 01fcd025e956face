import type { Operation } from '../../operation.ts'
import { otherCredentialOperations } from './other-credentials.ts'
import { oidcOperations } from './oidc.ts'
import { permissionOperations } from './permissions.ts'
import { userOperations } from './users-and-groups.ts'

/** AWS Identity and Access Management: the part of it that manages who there is and what they may do. */
export const iamOperations: readonly Operation[] = [
  ...userOperations,
  ...otherCredentialOperations,
  ...oidcOperations,
  ...permissionOperations,
]
