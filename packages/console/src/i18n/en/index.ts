import { common } from './common.ts'

/** All texts, in the language that they are written in first; by area, one file each. */
export const en = { ...common } as const
