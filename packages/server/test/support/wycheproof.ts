import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

/** What all test groups have in common; each file adds members of its own. Bytes are in hex. */
export interface Wycheproof<G, T> {
  testGroups: (G & { tests: (T & { tcId: number; comment: string; result: 'valid' | 'invalid' | 'acceptable' })[] })[]
}

/** A file of C2SP/wycheproof, testvectors_v1; undefined, and the test skipped, where it is not at hand. */
export function wycheproof<G, T>(t: TestContext, name: string): Wycheproof<G, T> | undefined {
  const folder = process.env['KEYREEVE_VECTORS']
  const file = join(folder ?? '', 'wycheproof', `${name}.json`)
  if (folder && existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Wycheproof<G, T>
  t.skip(`wants ${name}.json from testvectors_v1 of C2SP/wycheproof, in the folder wycheproof of KEYREEVE_VECTORS`)
  return undefined
}
