import assert from 'node:assert/strict'
import { test } from 'node:test'
import { painter, printable, traceLines, type Trace } from '../../src/cli/trace.ts'

const trace: Trace = {
  Decision: 'explicit deny',
  Reason: 'Statement No of p denies it.',
  Principal: 'arn:aws:iam::000000000000:user/alice',
  Action: 'kms:Sign',
  Resource: 'arn:aws:kms:us-east-1:000000000000:key/1234',
  Policies: [
    {
      Layer: 'identity',
      Policy: 'p',
      Statements: [
        { Statement: 'No', Effect: 'Deny', Applies: true, Text: 'denies it' },
        { Statement: '2', Effect: 'Allow', Applies: false, Text: 'does not apply' },
      ],
    },
    { Layer: 'identity', Policy: 'gone', Statements: [] },
  ],
  Grants: [{ GrantId: 'g', Allows: false, Failed: 'Sign is not among its operations.' }],
}
const plain = painter({ isTTY: false }, {})

test('colours are for a terminal whose user has nothing against them', () => {
  const painted = (out: { isTTY?: boolean }, environment: Record<string, string>): boolean =>
    painter(out, environment)('bad', 'x') !== 'x'
  assert.equal(painted({ isTTY: true }, {}), true)
  assert.equal(painted({ isTTY: true }, { NO_COLOR: '' }), true)
  assert.equal(painted({ isTTY: true }, { NO_COLOR: '1' }), false)
  assert.equal(painted({ isTTY: false }, {}), false)
  assert.equal(painted({}, {}), false)
})

test('without colours nothing is different but the colours', () => {
  const coloured = traceLines(trace, painter({ isTTY: true }, {})).join('\n')
  // Those that this verb writes.
  // oxlint-disable-next-line no-control-regex
  assert.equal(coloured.replace(/\u001b\[\d+m/g, ''), traceLines(trace, plain).join('\n'))
  assert.ok(coloured.includes('\u001b[31mDenied explicitly.\u001b[0m'))
})

test('decision and reason come first, then layers, then grants, then what is left out', () => {
  assert.deepEqual(traceLines({ ...trace, Omitted: 3 }, plain), [
    'Denied explicitly. Statement No of p denies it.',
    '',
    'Principal: arn:aws:iam::000000000000:user/alice',
    'Action:    kms:Sign',
    'Resource:  arn:aws:kms:us-east-1:000000000000:key/1234',
    '',
    'Policy of the resource: none',
    '',
    'Identity policies',
    '  p',
    '    Deny  No: denies it',
    '    Allow 2: does not apply',
    '  gone: no statements',
    '',
    'Permissions boundary: none',
    '',
    'Session policies: none',
    '',
    'Grants to this principal',
    '  g: Sign is not among its operations.',
    '',
    '3 statements or grants that matter less are not shown.',
  ])
})

test('the owner of a resource is shown its policy and grants alone, another account neither', () => {
  const headings = (Side: 'caller' | 'owner'): string[] =>
    traceLines({ ...trace, Side, Policies: [], Grants: [] }, plain).filter(line => line.endsWith('none'))
  assert.deepEqual(headings('owner'), ['Policy of the resource: none', 'Grants to this principal: none'])
  assert.deepEqual(headings('caller'), [
    'Identity policies: none',
    'Permissions boundary: none',
    'Session policies: none',
  ])
})

test('no text commands the terminal, wherever it stands', () => {
  const evil = 'a\u001b]0;x\u0007\n\u009b2J\u202e'
  assert.equal(printable(evil), String.raw`a\u001b]0;x\u0007\u000a\u009b2J\u202e`)
  assert.equal(printable('Zoë 鍵 😀'), 'Zoë 鍵 😀')
  const [policy] = trace.Policies
  assert.ok(policy)
  const Statements = policy.Statements.map(statement => ({ ...statement, Statement: evil, Text: evil }))
  const lines = traceLines(
    {
      ...trace,
      Reason: evil,
      Principal: evil,
      Action: evil,
      Resource: evil,
      Policies: [{ ...policy, Policy: evil, Statements }],
      Grants: [{ GrantId: 'g', Allows: false, Failed: evil }],
    },
    plain,
    [['Operation', evil]],
  )
  // What must not be there.
  // oxlint-disable-next-line no-control-regex
  for (const line of lines) assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f\u202e]/)
})
