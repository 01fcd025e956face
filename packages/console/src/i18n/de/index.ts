import type { Messages } from '../index.tsx'
import { common } from './common.ts'
import { keys } from './keys.ts'
import { stores } from './stores.ts'

export const de: Messages = { ...common, ...keys, ...stores }
