import type { Operation } from '../../operation.ts'

/** Users, their access keys, and groups. */
export const userOperations: readonly Operation[] = []
