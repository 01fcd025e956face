import { common } from './common.ts'
import { keys } from './keys.ts'
import { stores } from './stores.ts'

/** All texts, in the language that they are written in first; by area, one file each. */
export const en = { ...common, ...keys, ...stores } as const
