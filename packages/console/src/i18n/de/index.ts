import type { Messages } from '../index.tsx'
import { common } from './common.ts'

export const de: Messages = { ...common }
