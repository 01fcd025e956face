import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileWildcard, mostEffort, TooMuchEffort } from '../../src/auth/wildcard.ts'

const cases: [pattern: string, text: string, matches: boolean][] = [
  ['', '', true],
  ['', 'a', false],
  ['*', '', true],
  ['*', 'kms:Encrypt', true],
  ['**', 'a', true],
  ['?', '', false],
  ['?', 'a', true],
  ['?', 'ab', false],
  ['?*', '', false],
  ['*?', 'a', true],
  ['kms:Encrypt', 'kms:Encrypt', true],
  ['kms:Encrypt', 'kms:Encrypt2', false],
  ['kms:Encrypt', 'kms:encrypt', false],
  ['kms:*', 'kms:', true],
  ['kms:*', 'kms', false],
  ['kms:Generate*Key', 'kms:GenerateDataKey', true],
  ['kms:Generate*Key', 'kms:GenerateDataKeyPair', false],
  ['kms:ReEncrypt??', 'kms:ReEncryptTo', true],
  ['kms:ReEncrypt??', 'kms:ReEncryptFrom', false],
  ['*:key/*', 'arn:aws:kms:us-east-1:111122223333:key/1', true],
  ['arn:aws:kms:*:111122223333:key/*', 'arn:aws:kms:us-east-1:111122223333:alias/a', false],
  ['a*b*c', 'aXbXbXc', true],
  ['a*b*c', 'aXbXbX', false],
  ['*ab', 'aab', true],
  ['a.c', 'abc', false],
  ['[a-z]', 'a', false],
  ['\\*', '\\anything', true],
  ['?', '\u{1f511}', true],
  ['k?y', 'k\u{1f511}y', true],
  ['\u00e9*', '\u00e9t\u00e9', true],
]
for (const [pattern, text, matches] of cases) {
  test(`'${pattern}' ${matches ? 'matches' : 'does not match'} '${text}'`, () => {
    assert.equal(compileWildcard(pattern)(text), matches)
  })
}

/** The definition itself, without any cleverness. */
function naive(pattern: string, text: string): boolean {
  if (pattern === '') return text === ''
  if (pattern[0] === '*') return naive(pattern.slice(1), text) || (text !== '' && naive(pattern, text.slice(1)))
  return text !== '' && (pattern[0] === '?' || pattern[0] === text[0]) && naive(pattern.slice(1), text.slice(1))
}

test('agrees with the definition on every short pattern and text', () => {
  const words = (alphabet: string, longest: number): string[] => {
    const all = ['']
    for (const word of all) if (word.length < longest) for (const letter of alphabet) all.push(word + letter)
    return all
  }
  const texts = words('ab', 5)
  for (const pattern of words('ab*?', 5)) {
    const matches = compileWildcard(pattern)
    for (const text of texts) assert.equal(matches(text), naive(pattern, text), `'${pattern}' on '${text}'`)
  }
})

test('agrees with the definition on longer patterns', () => {
  for (let length = 29; length <= 67; length++) {
    const text = 'ab'.repeat(length).slice(0, length)
    for (const place of [0, 1, 30, 31, 32, 33, 62, 63, 64, length - 1].filter(place => place < length)) {
      for (const wild of ['*', '?', '*?', '?*']) {
        const pattern = text.slice(0, place) + wild + text.slice(place + 1)
        for (const tried of [text, text.slice(1), text + 'a', text.slice(0, place) + 'zz' + text.slice(place)]) {
          assert.equal(compileWildcard(pattern)(tried), naive(pattern, tried), `'${pattern}' on '${tried}'`)
        }
      }
    }
  }
})

test('a run ends between characters, not within one', () => {
  for (const [pattern, text, matches] of [
    ['*?', '\u{1f511}', true],
    ['*??', '\u{1f511}', false],
    ['?*?', '\u{1f511}', false],
    ['*??b', 'a\u{1f511}b', true],
    ['*???b', 'a\u{1f511}b', false],
  ] as const) {
    assert.equal(compileWildcard(pattern)(text), matches, `'${pattern}' on '${text}'`)
  }
})

test('C10: no pattern that fits into a policy makes matching slow: it is given up', () => {
  const text = 'a'.repeat(8192)
  const worst = [
    '*a'.repeat(12) + '*b',
    'a?'.repeat(4000) + 'b',
    '*' + 'a'.repeat(4000) + 'b',
    '*a?'.repeat(2700) + '*b',
  ]
  const start = process.cpuUsage()
  let given = 0
  for (const pattern of worst) {
    const effort = { left: mostEffort }
    try {
      assert.equal(compileWildcard(pattern)(text, effort), false)
    } catch (error) {
      assert.ok(error instanceof TooMuchEffort)
      assert.ok(effort.left < 0)
      given++
    }
  }
  assert.equal(given, 1)
  const { user } = process.cpuUsage(start)
  assert.ok(user < 2_000_000, `${user} us of processor time`)
})
