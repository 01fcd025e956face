import { access } from './access.ts'
import { audit } from './audit.ts'
import { common } from './common.ts'
import { create } from './create.ts'
import { identities } from './identities.ts'
import { importing } from './import.ts'
import { key } from './key.ts'
import { material } from './material.ts'
import { keys } from './keys.ts'
import { stores } from './stores.ts'
import { policy } from './policy.ts'

/** All texts, in the language that they are written in first; by area, one file each. */
export const en = {
  ...common,
  ...identities,
  ...access,
  ...audit,
  ...create,
  ...importing,
  ...material,
  ...policy,
  ...key,
  ...keys,
  ...stores,
} as const
