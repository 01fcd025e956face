import type { Operation } from '../operation.ts'
import { iamOperations } from './iam/index.ts'
import { keyreeveOperations } from './keyreeve/index.ts'
import { kmsOperations } from './kms.ts'
import { stsOperations } from './sts/index.ts'

/** Every operation that this server answers; what is not here is unknown. A server loads it service by service (wire.ts). */
export const operations: readonly Operation[] = [
  ...kmsOperations,
  ...stsOperations,
  ...iamOperations,
  ...keyreeveOperations,
]
