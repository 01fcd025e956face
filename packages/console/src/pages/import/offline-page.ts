import { endpoint } from '../../api/client.ts'
import type { Language } from '../../i18n/index.tsx'
import type { ParameterSet } from './parameter-sets.ts'

/**
 * The page for machines without network (packages/console/offline), with the wrapping key of a set in it.
 *
 * @throws Error if the server does not give it
 */
export async function offlinePageFor(set: ParameterSet, language: Language): Promise<string> {
  const response = await fetch(new URL('console/offline/wrap.html', endpoint), { credentials: 'omit' })
  if (!response.ok) throw new Error(`HTTP ${response.status}`)
  const values = {
    key: set.keyArn,
    'key-spec': set.keySpec,
    algorithm: set.algorithm,
    'wrapping-key': set.wrappingKey,
    'valid-to': new Date(set.validTo).toISOString(),
    language,
  }
  let page = await response.text()
  for (const [name, value] of Object.entries(values)) {
    // What ARNs and base64 are made of needs no escapes; anything else has no business there.
    if (!/^[\w:/+=.-]+$/.test(value)) throw new Error(`No ${name}`)
    page = page.replace(`data-${name}=""`, `data-${name}="${value}"`)
  }
  return page
}
