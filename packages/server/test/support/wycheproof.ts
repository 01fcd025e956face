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
 * What the ECDH files leave open: compressed points are as good as others; curves that are not named, and any DER but the
 * one, are refused.
 */
export const leftOpenByEcdh = {
  CompressedPublic: true,
  WrongOrder: false,
  ModifiedGenerator: false,
  ModifiedCofactor: false,
  NoCofactor: false,
  ModifiedCurveParameter: false,
  InvalidAsn: false,
}

/**
 * Puts every case of a file to `accepts`, and fails for each one that it judges otherwise than the file. It may assert more
 * of what it accepts. What the file leaves open ("acceptable") is decided by flag: `leftOpen` says whether it is accepted.
 * A text from `accepts` says why a case cannot be expressed; such cases are counted apart.
 */
export async function judge<G, T>(
  t: TestContext,
  name: string,
  accepts: (test: T & Case, group: G) => boolean | string | Promise<boolean | string>,
  leftOpen: Readonly<Record<string, boolean>> = {},
): Promise<void> {
  const counts = new Map<string, number>()
  const count = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1)
  const wrong: string[] = []
  let total = 0
  let inexpressible = 0
  for (const group of wycheproof<G, T>(t, name)?.testGroups ?? []) {
    for (const test of group.tests) {
      const { tcId, comment, flags = [], result } = test
      const [flag = 'no flag'] = flags
      const expected = result === 'acceptable' ? leftOpen[flag] : result === 'valid'
      const accepted = await accepts(test, group)
      total++
      if (typeof accepted === 'string') {
        inexpressible++
        count(`not expressible: ${accepted}`)
        continue
      }
      if (accepted !== expected) wrong.push(`${tcId} (${result}, ${flags.join()}): ${comment}`)
      count(`${result}${result === 'acceptable' ? ` for ${flag}` : ''}, ${accepted ? 'accepted' : 'refused'}`)
    }
  }
  const put = inexpressible > 0 ? `${total - inexpressible} put, ` : ''
  const details = [...counts].map(([what, number]) => `${number} ${what}`)
  if (total > 0) {
    const right = total - inexpressible - wrong.length
    t.diagnostic(`${name}: ${total} cases, ${put}${right} as they should be (${details.join('; ')})`)
  }
  assert.deepEqual(wrong, [])
}
