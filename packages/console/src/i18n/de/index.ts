import type { Messages } from '../index.tsx'
import { common } from './common.ts'
import { create } from './create.ts'
import { policy } from './policy.ts'
import { keys } from './keys.ts'
import { stores } from './stores.ts'

export const de: Messages = { ...common, ...create, ...policy, ...keys, ...stores }
