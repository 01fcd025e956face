import type { Messages } from '../messages.ts'
import { access } from './access.ts'
import { audit } from './audit.ts'
import { common } from './common.ts'
import { create } from './create.ts'
import { policy } from './policy.ts'
import { identities } from './identities.ts'
import { importing } from './import.ts'
import { key } from './key.ts'
import { material } from './material.ts'
import { keys } from './keys.ts'
import { stores } from './stores.ts'

export const de: Messages = {
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
}
