import type { Operation } from '../../operation.ts'

/** What the real services do not have. */
export const keyreeveOperations: readonly Operation[] = []
