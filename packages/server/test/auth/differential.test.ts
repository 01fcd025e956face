import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { Prng } from '../protocol/prng.ts'
import { byNaive, byProduct, shrunk, type Answer, type Case } from './case.ts'
import { randomCase } from './generator.ts'
import { wrongEvaluators } from './wrong.ts'

const cases = Number(process.env['KEYREEVE_CASES'] ?? 20_000)
const seed = Number(process.env['KEYREEVE_TEST_SEED'] ?? 1)

/** What of a hundred answers are such, at least. */
const shares: Record<Answer | 'deny' | 'allow by a grant' | 'allow to another account', number> = {
  allow: 25,
  deny: 25,
  'allow by a grant': 3,
  'allow to another account': 3,
  'explicit session': 1,
  'explicit boundary': 1,
  'explicit identity': 3,
  'explicit resource': 2,
  'implicit session': 1,
  'implicit boundary': 1,
  'implicit identity': 4,
  'implicit resource': 10,
}

test('what is decided, and which layer denies, is what the rules say, read word for word', t => {
  const prng = new Prng(seed)
  const counts = new Map<string, number>()
  for (let done = 0; done < cases; done++) {
    const question = randomCase(prng)
    const expected = byNaive(question)
    if (byProduct(question) !== expected) assert.fail(described(question, done))
    for (const kind of kindsOf(question, expected)) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  for (const [kind, least] of Object.entries(shares)) {
    const share = (100 * (counts.get(kind) ?? 0)) / cases
    t.diagnostic(`${share.toFixed(1)}% ${kind}`)
    // Few cases say little.
    if (cases >= 1000) assert.ok(share >= least, `only ${share}% of the cases are ${kind}`)
  }
})

function kindsOf(question: Case, answer: Answer): string[] {
  if (answer !== 'allow') return ['deny', answer]
  return [
    'allow',
    ...(question.grants.length > 0 && byNaive({ ...question, grants: [] }) !== 'allow' ? ['allow by a grant'] : []),
    ...(question.caller.account === question.account ? [] : ['allow to another account']),
  ]
}

function described(question: Case, index: number): string {
  const smallest = shrunk(question, smaller => byProduct(smaller) !== byNaive(smaller))
  return [
    `case ${index} of seed ${seed}: by the product ${byProduct(smallest)}, by the rules ${byNaive(smallest)}`,
    inspect(smallest, { depth: null }),
  ].join('\n')
}

for (const [mistake, decide] of Object.entries(wrongEvaluators)) {
  test(`it is seen if somebody ${mistake}`, () => {
    const prng = new Prng(2)
    for (let left = 10_000; left > 0; left--) {
      const question = randomCase(prng)
      if (decide(question) !== byNaive(question)) return
    }
    assert.fail('not in 10,000 cases')
  })
}
