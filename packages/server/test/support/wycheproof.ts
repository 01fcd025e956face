import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

/** What all cases have in common; each file adds members of its own. Bytes are in hex. */
interface Case {
  tcId: number
  comment: string
  /** A few files have none. */
  flags?: string[]
  result: 'valid' | 'invalid' | 'acceptable'
}

export interface Wycheproof<G, T> {
  testGroups: (G & { tests: (T & Case)[] })[]
}

/** A file of C2SP/wycheproof, testvectors_v1; undefined, and the test skipped, where it is not at hand. */
export function wycheproof<G, T>(t: TestContext, name: string): Wycheproof<G, T> | undefined {
  const folder = process.env['KEYREEVE_VECTORS']
  const file = join(folder ?? '', 'wycheproof', `${name}.json`)
  if (folder && existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Wycheproof<G, T>
  t.skip(`wants ${name}.json from testvectors_v1 of C2SP/wycheproof, in the folder wycheproof of KEYREEVE_VECTORS`)
  return undefined
}

/**
 * Puts every case of a file to `accepts`, and fails for each one that it judges otherwise than the file. It may assert more
 * of what it accepts. What the file leaves open ("acceptable") is decided by flag: `leftOpen` says whether it is accepted.
 */
export async function judge<G, T>(
  t: TestContext,
  name: string,
  accepts: (test: T & Case, group: G) => boolean | Promise<boolean>,
  leftOpen: Readonly<Record<string, boolean>> = {},
): Promise<void> {
  const counts = new Map<string, number>()
  const wrong: string[] = []
  for (const group of wycheproof<G, T>(t, name)?.testGroups ?? []) {
    for (const test of group.tests) {
      const { tcId, comment, flags = [], result } = test
      const [flag = 'no flag'] = flags
      const expected = result === 'acceptable' ? leftOpen[flag] : result === 'valid'
      const accepted = await accepts(test, group)
      if (accepted !== expected) wrong.push(`${tcId} (${result}, ${flags.join()}): ${comment}`)
      const what = `${result}${result === 'acceptable' ? ` for ${flag}` : ''}, ${accepted ? 'accepted' : 'refused'}`
      counts.set(what, (counts.get(what) ?? 0) + 1)
    }
  }
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
  const details = [...counts].map(([what, count]) => `${count} ${what}`)
  if (total > 0)
    t.diagnostic(`${name}: ${total} cases, ${total - wrong.length} as they should be (${details.join('; ')})`)
  assert.deepEqual(wrong, [])
}
