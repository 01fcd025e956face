import type { Operation } from '../../operation.ts'

/** Roles, and policies of all kinds. */
export const permissionOperations: readonly Operation[] = []
