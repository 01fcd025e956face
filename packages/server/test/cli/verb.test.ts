import assert from 'node:assert/strict'
import { test } from 'node:test'
import { columns, facts, readArguments, requireChoice, table, UsageError } from '../../src/cli/verb.ts'

const flags = {
  'key-id': { value: 'id', help: 'The key' },
  force: { help: 'Replace' },
} as const

const understood: [argv: string[], given: object, words: string[]][] = [
  [[], { 'key-id': undefined, force: false }, []],
  [['--key-id', 'a'], { 'key-id': 'a', force: false }, []],
  [['--key-id=a', '--force'], { 'key-id': 'a', force: true }, []],
  [['file', '--force', '--key-id', '-'], { 'key-id': '-', force: true }, ['file']],
  [['-', '--key-id=--a=b'], { 'key-id': '--a=b', force: false }, ['-']],
  [['--force', '--', '--force'], { 'key-id': undefined, force: true }, ['--force']],
]
for (const [argv, given, words] of understood) {
  test(`understands ${JSON.stringify(argv)}`, () => {
    assert.deepEqual(readArguments(argv, flags, 1), { given, words })
  })
}

const refused: [argv: string[], message: string][] = [
  [['--keyid', 'a'], 'There is no option --keyid. Did you mean --key-id?'],
  [['--for'], 'There is no option --for. Did you mean --force?'],
  [['--quiet'], 'There is no option --quiet.'],
  [['--quiet=yes'], 'There is no option --quiet.'],
  [['--__proto__'], 'There is no option --__proto__.'],
  [['--no-force'], 'There is no option --no-force.'],
  [['-f'], 'There is no option -f.'],
  [['-force'], 'There is no option -f.'],
  [['--key-id'], '--key-id needs a value.'],
  [['--key-id='], '--key-id needs a value.'],
  [['--key-id', ''], '--key-id needs a value.'],
  [['--key-id', '--force'], '--key-id needs a value.'],
  [['--force=yes'], '--force takes no value.'],
  [['--force', '--force'], '--force is there twice.'],
  [['--key-id', 'a', '--key-id=a'], '--key-id is there twice.'],
  [['a', 'b'], 'What is "b" for? Options start with --.'],
]
for (const [argv, message] of refused) {
  test(`refuses ${JSON.stringify(argv)}`, () => {
    assert.throws(() => readArguments(argv, flags, 1), new UsageError(message))
  })
}

test('takes a choice, and what was probably meant for one that is none', () => {
  const choices = ['new', 'existing']
  assert.equal(requireChoice('new', '--type', choices), 'new')
  assert.throws(() => requireChoice('exist', '--type', choices), {
    message: '--type cannot be exist. Did you mean existing?',
  })
  assert.throws(() => requireChoice('toString', '--type', choices), {
    message: '--type cannot be toString. It is one of new, existing.',
  })
})

test('aligns a table', () => {
  const rows = [
    ['a', 'first'],
    ['long', 'second'],
  ] as const
  assert.equal(table(rows), '  a     first\n  long  second\n')
})

const often = { policy: { value: 'name', many: true, help: '' }, user: { value: 'name', help: '' } } as const

test('a flag that may be there often gives a list, in the order of the words', () => {
  const { given, words } = readArguments(['--policy', 'b', 'x', '--policy=a', '--user', 'u'], often, 1)
  assert.deepEqual([given, words], [{ policy: ['b', 'a'], user: 'u' }, ['x']])
  assert.deepEqual(readArguments([], often).given, { policy: [], user: undefined })
})

test('another one is refused the second time, and either without a value', () => {
  assert.throws(() => readArguments(['--user', 'u', '--user', 'u'], often), new UsageError('--user is there twice.'))
  assert.throws(() => readArguments(['--policy', 'a', '--policy'], often), new UsageError('--policy needs a value.'))
})

test('columns are as wide as their widest cell, without blanks at the end', () => {
  assert.equal(
    columns(
      ['NAME', 'MADE'],
      [
        ['a', 'now'],
        ['longer', ''],
      ],
    ),
    'NAME    MADE\na       now\nlonger',
  )
})

test('facts stand below each other, with none for nothing', () => {
  assert.equal(
    facts([
      ['User', ['a']],
      ['Groups', []],
      ['Keys', ['1', '2']],
    ]),
    'User:   a\nGroups: none\nKeys:   1\n        2',
  )
})
