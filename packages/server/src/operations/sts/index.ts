import type { Operation } from '../../operation.ts'
import { getCallerIdentity } from './get-caller-identity.ts'

/** AWS Security Token Service: those operations that sign callers in and say who they are. */
export const stsOperations: readonly Operation[] = [getCallerIdentity]
