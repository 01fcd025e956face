import type { Messages } from '../index.tsx'
import { access } from './access.ts'
import { audit } from './audit.ts'
import { common } from './common.ts'
import { create } from './create.ts'
import { policy } from './policy.ts'
import { keys } from './keys.ts'
import { stores } from './stores.ts'

export const de: Messages = { ...common, ...access, ...audit, ...create, ...policy, ...keys, ...stores }
