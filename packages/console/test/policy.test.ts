import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import type { CreateKeyCommandInput } from '@aws-sdk/client-kms'
import type { Locator, Page } from 'playwright-core'
import { refused } from '../../server/test/support/answers.ts'
import { allow, deny, roleWith, userWith } from '../../server/test/support/identities.ts'
import { readJson } from '../src/ui/policy-json.ts'
import { diffLines } from '../src/ui/policy-lines.ts'
import { changeShape, consolePolicy, readShape, type ConsoleShape, type KeyKind } from '../src/ui/policy-shape.ts'
import {
  closeBrowser,
  openConsole,
  openTab,
  requireAccessible,
  screenshot,
  settled,
  signInByKey,
  type Console,
} from './support/browser.ts'
import { assertFocused } from './support/focus.ts'

// JSON

const readable = [
  '{}',
  ' [ ] ',
  '"a\\u00e9\\n\\"b"',
  '-0.5e+10',
  'true',
  'null',
  '{"a":[1,{"b":""},[]],"c":false}',
  '{"__proto__":{"x":1}}',
]
for (const text of readable) {
  test(`reads ${text}`, () => {
    const read = readJson(text)
    assert.ok('value' in read)
    assert.equal(JSON.stringify(read.value), JSON.stringify(JSON.parse(text)))
  })
}

const unreadable: [text: string, kind: string, line: number, column: number][] = [
  ['', 'empty', 1, 1],
  [' \n ', 'empty', 1, 1],
  ['{', 'end', 1, 2],
  ['{"a":', 'end', 1, 6],
  ['["a"', 'end', 1, 5],
  ['{\n  "a": 1\n  "b": 2\n}', 'separator', 3, 3],
  ['{"a" 1}', 'colon', 1, 6],
  ['{a: 1}', 'name', 1, 2],
  ["{'a': 1}", 'name', 1, 2],
  ['{"a": 1,}', 'name', 1, 9],
  ['[1,]', 'value', 1, 4],
  ['[01]', 'number', 1, 2],
  ['[1.]', 'number', 1, 2],
  ['[yes]', 'value', 1, 2],
  ['["a\nb"]', 'string', 1, 2],
  ['["\\x"]', 'escape', 1, 2],
  ['["\t"]', 'escape', 1, 2],
  ['{"Effect":"Allow",\n "Effect":"Deny"}', 'double', 2, 2],
  ['{} {}', 'after', 1, 4],
  ['// a\n{}', 'value', 1, 1],
  ['['.repeat(100), 'deep', 1, 66],
]
for (const [text, kind, line, column] of unreadable) {
  test(`says where ${JSON.stringify(text.slice(0, 30))} goes wrong`, () => {
    const read = readJson(text)
    assert.ok('problem' in read)
    assert.deepEqual([read.problem.kind, read.problem.line, read.problem.column], [kind, line, column])
    // JSON.parse is more lenient about names that are there twice, and about depth.
    if (kind !== 'double' && kind !== 'deep') assert.throws(() => JSON.parse(text))
  })
}

test('knows where the statements of a policy are', () => {
  const statements = ['{"Sid": "one"}', '{"Sid": "two", "Action": ["Statement"]}']
  const text = `{ "Version": "2012-10-17",\n "Statement": [ ${statements.join(' ,\n')} ] }`
  const read = readJson(text)
  assert.ok('value' in read)
  assert.deepEqual(
    read.statements.map(([from, to]) => text.slice(from, to)),
    statements,
  )
  const single = readJson(`{"Statement":${statements[0]}}`)
  assert.ok('value' in single)
  assert.deepEqual(single.statements, [[13, 27]])
})

// What has changed

const differences: [before: string, after: string, lines: string[]][] = [
  ['a', 'a', [' a']],
  ['a\nb\nc', 'a\nx\nc', [' a', '-b', '+x', ' c']],
  ['a\nc', 'a\nb\nc', [' a', '+b', ' c']],
  ['a\nb\na', 'a', ['-a', '-b', ' a']],
  ['a\r\nb', 'a\nb', [' a', ' b']],
  ['', 'a', ['-', '+a']],
  ['a\nb\nc\nd', 'b\nd\ne', ['-a', ' b', '-c', ' d', '+e']],
]
for (const [before_, after_, expected] of differences) {
  test(`shows what makes ${JSON.stringify(after_)} of ${JSON.stringify(before_)}`, () => {
    const marks = { same: ' ', removed: '-', added: '+' }
    const lines = diffLines(before_, after_).map(({ kind, text }) => `${marks[kind]}${text}`)
    assert.equal(
      lines.filter(line => line.startsWith(' ')).length,
      expected.filter(line => line.startsWith(' ')).length,
    )
    const side = (other: string) => (list: string[]) =>
      list.filter(line => !line.startsWith(other)).map(line => line.slice(1))
    assert.deepEqual(side('+')(lines), side('+')(expected))
    assert.deepEqual(side('-')(lines), side('-')(expected))
  })
}

// The policies of AWS's console

const own = '000000000000'
const symmetric: KeyKind = {
  spec: 'SYMMETRIC_DEFAULT',
  usage: 'ENCRYPT_DECRYPT',
  origin: 'AWS_KMS',
  isMultiRegion: false,
}
const nobody: ConsoleShape = { administrators: [], mayDelete: true, users: [], accounts: [] }
const admin = `arn:aws:iam::${own}:user/admin`
const user = `arn:aws:iam::${own}:role/path/user`
const everybody: ConsoleShape = {
  administrators: [admin, user],
  mayDelete: false,
  users: [user],
  accounts: ['444455556666'],
}

const kinds: KeyKind[] = [
  symmetric,
  { ...symmetric, origin: 'EXTERNAL', isMultiRegion: true },
  { ...symmetric, origin: 'EXTERNAL_KEY_STORE' },
  { ...symmetric, spec: 'HMAC_256', usage: 'GENERATE_VERIFY_MAC' },
  { ...symmetric, spec: 'RSA_2048' },
  { ...symmetric, spec: 'ECC_NIST_P256', usage: 'SIGN_VERIFY' },
  { ...symmetric, spec: 'ECC_NIST_P256', usage: 'KEY_AGREEMENT' },
  { ...symmetric, spec: 'ML_KEM_768', usage: 'ENCAPSULATE_DECAPSULATE' },
]
for (const kind of kinds) {
  test(`knows again the policy that it made for ${Object.values(kind).join(' ')}`, () => {
    for (const shape of [everybody, { ...everybody, mayDelete: true }, { ...everybody, administrators: [] }]) {
      const expected = shape.administrators.length === 0 ? { ...shape, mayDelete: true } : shape
      assert.deepEqual(readShape(consolePolicy(kind, own, shape), own), { ...expected, others: [] })
    }
    assert.deepEqual(readShape(consolePolicy(kind, own, nobody), own), { ...nobody, others: [] })
  })
}

interface Statement {
  [name: string]: unknown
}
type Edit = (statements: [root: Statement, administrators: Statement, users: Statement, grants: Statement]) => void

/** A policy for everybody, changed by hand. */
function changedByHand(edit: Edit): ReturnType<typeof consolePolicy> {
  const policy = structuredClone(consolePolicy(symmetric, own, everybody)) as { Statement: Parameters<Edit>[0] }
  edit(policy.Statement)
  return policy as unknown as ReturnType<typeof consolePolicy> // Still JSON.
}

const misfits: [what: string, edit: Edit][] = [
  ['the account has a condition', ([root]) => void (root['Condition'] = { Bool: { 'aws:SecureTransport': 'true' } })],
  ['the account is another one', ([root]) => void (root['Principal'] = { AWS: 'arn:aws:iam::111122223333:root' })],
  ['something is denied', ([, , users]) => void (users['Effect'] = 'Deny')],
  ['everybody is a user', ([, , users, grants]) => void (users['Principal'] = grants['Principal'] = { AWS: '*' })],
  ['a service is a user', ([, , users]) => void (users['Principal'] = { Service: 's3.amazonaws.com' })],
  [
    'users are excepted',
    ([, , users]) => void ((users['NotPrincipal'] = users['Principal']), delete users['Principal']),
  ],
  ['users may administer', ([, , users]) => void (users['Action'] = ['kms:Encrypt', 'kms:PutKeyPolicy'])],
  ['administrators may encrypt', ([, admins]) => void (admins['Action'] as string[]).push('kms:Encrypt')],
  ['administrators may less', ([, admins]) => void (admins['Action'] as string[]).shift()],
  ['deletion cannot be cancelled', ([, admins]) => void (admins['Action'] as string[]).push('kms:ScheduleKeyDeletion')],
  ['others may grant', ([, , , grants]) => void (grants['Principal'] = { AWS: admin })],
  ['grants are for anything', ([, , , grants]) => void delete grants['Condition']],
  ['the resource is another one', ([, , users]) => void (users['Resource'] = 'arn:aws:kms:*:*:key/*')],
  ['a statement is there twice', statements => void (statements as Statement[]).push(statements[2])],
]
for (const [what, edit] of misfits) {
  test(`leaves a policy to those who wrote it if ${what}`, () => {
    assert.equal(readShape(changedByHand(edit), own), undefined)
  })
}

test('a policy that has nothing of the console is left to those who wrote it', () => {
  for (const policy of [null, 'text', [], {}, { Statement: [{ Sid: 'mine' }] }]) {
    assert.equal(readShape(policy, own), undefined)
  }
})

test('changes whom the statements name, and nothing else', () => {
  const mine = { Sid: 'mine', Effect: 'Deny', Principal: '*', Action: 'kms:Decrypt', Resource: '*' }
  const policy = changedByHand(statements => void (statements as Statement[]).splice(1, 0, mine))
  const shape = readShape(policy, own)
  assert.deepEqual(shape?.others, [1])
  const next = changeShape(policy, symmetric, {
    ...everybody,
    administrators: [admin],
    mayDelete: true,
    users: [],
    accounts: [],
  })
  const { Statement: statements, Id } = next as { Statement: Statement[]; Id: string }
  assert.equal(Id, 'key-consolepolicy-3')
  assert.deepEqual(
    statements.map(({ Sid }) => Sid),
    ['Enable IAM User Permissions', 'mine', 'Allow access for Key Administrators'],
  )
  assert.deepEqual(statements[1], mine)
  assert.deepEqual(statements[2]?.['Principal'], { AWS: admin })
  const again = changeShape(next, symmetric, everybody)
  assert.deepEqual(readShape(again, own), { ...everybody, others: [1] })
})

// The tab of a key

let console: Console
let page: Page

before(async () => {
  console = await openConsole()
  page = console.page
})
after(async () => {
  await console.close()
  await closeBrowser()
})

const button = (name: string | RegExp): Locator => page.getByRole('button', { name, exact: true })
const dialog = (): Locator => page.getByRole('dialog')
const inDialog = (name: string): Locator => dialog().getByRole('button', { name, exact: true })
const policyText = (): Locator => page.getByRole('textbox', { name: 'Key policy (JSON)' })

async function openKey(input: CreateKeyCommandInput = {}): Promise<string> {
  const { KeyMetadata: { KeyId: id = '' } = {} } = await console.server.client().createKey(input)
  await page.goto(`${console.server.address}/console/#/us-east-1/keys/${id}`)
  await button('Switch to policy view').waitFor()
  return id
}

async function policyOf(id: string): Promise<string> {
  return (await console.server.client().getKeyPolicy({ KeyId: id })).Policy ?? ''
}

async function statementsOf(id: string): Promise<Record<string, Statement>> {
  const { Statement: statements } = JSON.parse(await policyOf(id)) as { Statement: (Statement & { Sid: string })[] }
  return Object.fromEntries(statements.map(statement => [statement.Sid, statement]))
}

const saved = (): Promise<void> => page.getByText('The key policy was changed.').first().waitFor()
const forget = async (): Promise<void> => {
  await page.getByRole('button', { name: 'Dismiss' }).first().click()
}

test('the default view adds and removes administrators and users, and the server heeds it', async () => {
  const { server } = console
  const administrator = await userWith(server, 'tab-admin')
  const other = await userWith(server, 'tab-user')
  await roleWith(server, 'tab-role')
  const id = await openKey()
  await page.getByText('No key administrators').waitFor()
  await settled(page)
  await screenshot(page, 'policy-empty')
  await requireAccessible(page, 'policy of a new key')

  await button('Add: Key administrators').click()
  await inDialog('Add').click()
  await dialog().getByText('Choose somebody, or enter an ARN.').waitFor()
  await dialog().getByRole('checkbox', { name: 'Choose User tab-admin' }).check()
  await screenshot(page, 'policy-add')
  await requireAccessible(page, 'dialog that adds administrators')
  await inDialog('Add').click()
  await saved()
  await dialog().waitFor({ state: 'hidden' })
  await assertFocused(button('Add: Key administrators'))
  await forget()

  await button('Add: Key users').click()
  await dialog().getByRole('checkbox', { name: 'Choose User tab-user' }).check()
  await dialog().getByRole('checkbox', { name: 'Choose Role tab-role' }).check()
  await inDialog('Add').click()
  await saved()
  await forget()

  const found = await statementsOf(id)
  assert.deepEqual(found['Allow access for Key Administrators']?.['Principal'], { AWS: administrator.arn })
  assert.deepEqual(found['Allow use of the key']?.['Principal'], {
    AWS: [other.arn, `arn:aws:iam::${own}:role/tab-role`],
  })
  assert.deepEqual(
    found['Allow attachment of persistent resources']?.['Principal'],
    found['Allow use of the key']?.['Principal'],
  )
  const Plaintext = Buffer.from('x')
  const asUser = server.client({ credentials: other })
  await asUser.encrypt({ KeyId: id, Plaintext })
  await server.client({ credentials: administrator }).describeKey({ KeyId: id })
  await screenshot(page, 'policy-default-view')
  await requireAccessible(page, 'default view')

  await page.getByRole('checkbox', { name: 'Choose User tab-user' }).check()
  await button('Remove: Key users').click()
  await dialog().getByText(other.arn).waitFor()
  await requireAccessible(page, 'dialog that removes users')
  await inDialog('Remove').click()
  await saved()
  await forget()
  const arn = (await server.client().describeKey({ KeyId: id })).KeyMetadata?.Arn ?? ''
  await refused(
    asUser.encrypt({ KeyId: id, Plaintext }),
    'AccessDeniedException',
    `User: ${other.arn} is not authorized to perform: kms:Encrypt on resource: ${arn} because no identity-based policy allows the kms:Encrypt action`,
  )
})

test('other accounts, and whether administrators may delete the key', async () => {
  const id = await openKey()
  await button('Add: Other AWS accounts').click()
  const account = dialog().getByRole('textbox', { name: 'Account ID' })
  await account.fill('4444')
  await inDialog('Add').click()
  await dialog().getByText('An account ID has 12 digits.').waitFor()
  await account.fill('444455556666')
  await inDialog('Add').click()
  await saved()
  await forget()
  assert.deepEqual((await statementsOf(id))['Allow use of the key']?.['Principal'], {
    AWS: 'arn:aws:iam::444455556666:root',
  })

  await button('Add: Key administrators').click()
  await inDialog('Add ARN').click()
  const arn = dialog().getByRole('textbox', { name: 'ARN', exact: true })
  await arn.fill('administrator')
  await inDialog('Add').click()
  await dialog()
    .getByText(/^Enter the ARN of a user/)
    .waitFor()
  await arn.fill('arn:aws:iam::444455556666:user/admin')
  await inDialog('Add').click()
  await saved()
  await forget()
  const actions = async (): Promise<unknown> =>
    (await statementsOf(id))['Allow access for Key Administrators']?.['Action']
  await page.getByText('Key administrators can delete this key.').waitFor()
  assert.ok(((await actions()) as string[]).includes('kms:ScheduleKeyDeletion'))
  await page
    .getByRole('heading', { name: 'Key deletion' })
    .locator('xpath=ancestor::*[.//button][1]')
    .getByRole('button')
    .click()
  await requireAccessible(page, 'dialog of key deletion')
  await inDialog('Stop key administrators from deleting this key').click()
  await saved()
  await page.getByText('Key administrators cannot delete this key.').waitFor()
  assert.ok(!((await actions()) as string[]).includes('kms:ScheduleKeyDeletion'))
})

test('JSON: what changes is shown before it takes effect, and then it is what the key has', async () => {
  const id = await openKey()
  await button('Switch to policy view').click()
  const original = await policyText().inputValue()
  assert.equal(original, await policyOf(id))
  await page.getByText('No findings').waitFor()
  await settled(page)
  await screenshot(page, 'policy-json')
  await requireAccessible(page, 'policy view')
  assert.equal(await policyText().getAttribute('readonly'), '')

  await button('Edit').click()
  assert.ok(await button('Review changes').isDisabled())
  await policyText().fill(original.replace('key-default-1', 'key-mine-1'))
  await button('Format').click()
  const written = await policyText().inputValue()
  assert.equal(written, JSON.stringify(JSON.parse(written), undefined, 2))
  await button('Review changes').click()
  const diff = dialog().getByRole('group', { name: 'What changes' })
  await diff.getByText('+   "Id": "key-mine-1",').waitFor()
  await diff.getByText('−   "Id" : "key-default-1",').waitFor()
  await screenshot(page, 'policy-review')
  await requireAccessible(page, 'dialog that shows what changes')
  assert.equal(await policyOf(id), original)
  await inDialog('Save changes').click()
  await saved()
  await forget()
  assert.equal(await policyOf(id), written)

  await button('Edit').click()
  await policyText().fill('{}')
  await button('Cancel').click()
  assert.equal(await policyText().inputValue(), written)
  const [file] = await Promise.all([page.waitForEvent('download'), button('Download').click()])
  assert.equal(file.suggestedFilename(), `key-policy-${id}.json`)
  assert.equal(readFileSync(await file.path(), 'utf8'), written)
  await page.getByRole('button', { name: 'Copy Key policy (JSON)' }).click()
  await page.getByText('Copied').first().waitFor()
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), written)
})

test('what is no JSON cannot be saved, what the server refuses neither, and both say why', async () => {
  const id = await openKey()
  const original = await policyOf(id)
  await button('Switch to policy view').click()
  await button('Edit').click()
  await policyText().fill('{ "Version": "2012-10-17", "Version": "2012-10-17" }')
  await page.getByText('Line 1, column 28: This name is there twice in the same object.').waitFor()
  assert.ok(await button('Review changes').isDisabled())

  await policyText().fill(
    JSON.stringify({ Statement: [{ Sid: 'No principal', Effect: 'Allow', Action: 'kms:*', Resource: '*' }] }),
  )
  await page.getByText('1 error, 0 warnings, 0 suggestions').first().waitFor()
  await page.getByText('Policy contains a statement with no principal.').first().waitFor()
  await screenshot(page, 'policy-refused')
  await requireAccessible(page, 'refused policy')
  await button('Review changes').click()
  await dialog().getByText('The server would refuse this policy.').waitFor()
  assert.ok(await inDialog('Save changes').isDisabled())
  assert.equal(await dialog().getByRole('checkbox').count(), 0, 'it is no lock-out')
  await requireAccessible(page, 'dialog with a refused policy')
  await inDialog('Cancel').click()
  assert.equal(await policyOf(id), original)
})

test('findings lead to their statement', async () => {
  await openKey()
  await button('Switch to policy view').click()
  await button('Edit').click()
  const policy = JSON.parse(await policyText().inputValue()) as { Statement: Statement[] }
  policy.Statement.push({ Sid: 'Open', Effect: 'Allow', Principal: '*', Action: 'kms:Encrypt', Resource: '*' })
  const text = JSON.stringify(policy, undefined, 2)
  await policyText().fill(text)
  await page
    .getByRole('button', { name: 'Show Open in the policy' })
    .or(page.getByRole('link', { name: 'Show Open in the policy' }))
    .first()
    .click()
  const [from, to] = await policyText().evaluate((area: HTMLTextAreaElement) => [
    area.selectionStart,
    area.selectionEnd,
  ])
  assert.deepEqual(JSON.parse(text.slice(from, to)), policy.Statement[1])
  await screenshot(page, 'policy-findings')
  await requireAccessible(page, 'findings')
})

test('whoever would lock themselves out must say that they want it', async () => {
  const other = await userWith(console.server, 'lock-out-admin')
  const id = await openKey()
  const original = await policyOf(id)
  await button('Switch to policy view').click()
  await button('Edit').click()
  const Statement = [{ Sid: 'Only', Effect: 'Allow', Principal: { AWS: other.arn }, Action: 'kms:*', Resource: '*' }]
  const text = JSON.stringify({ Version: '2012-10-17', Statement })
  await policyText().fill(text)
  await button('Review changes').click()
  await dialog().getByText('You would lock yourself out').waitFor()
  assert.ok(await inDialog('Save changes').isDisabled())
  assert.equal(await policyOf(id), original)
  await dialog()
    .getByRole('checkbox', { name: /^Skip the lock-out check/ })
    .check()
  await screenshot(page, 'policy-lock-out')
  await requireAccessible(page, 'dialog of a lock-out')
  await inDialog('Save changes').click()
  await page
    .getByText(/AccessDenied/)
    .first()
    .waitFor()
  const kms = console.server.client({ credentials: other })
  assert.equal((await kms.getKeyPolicy({ KeyId: id })).Policy, text)
})

test('who saves is told if somebody else has changed the policy meanwhile', async () => {
  const kms = console.server.client()
  const id = await openKey()
  await button('Switch to policy view').click()
  await button('Edit').click()
  const original = await policyText().inputValue()
  await policyText().fill(original.replace('key-default-1', 'mine'))
  await kms.putKeyPolicy({ KeyId: id, Policy: original.replace('key-default-1', 'theirs') })
  await button('Review changes').click()
  await dialog()
    .getByText(/^Somebody has changed the policy since you began/)
    .waitFor()
  await dialog().getByText('−   "Id" : "theirs",').waitFor()
  await requireAccessible(page, 'dialog after a change by somebody else')
  await inDialog('Save changes').click()
  await saved()
  await forget()
  assert.match(await policyOf(id), /"mine"/)
})

const attack = '<img src=x onerror="document.title=1">'

test('policies by hand are shown in words, whatever they say', async () => {
  const Statement = [
    { Sid: attack, Effect: 'Allow', Principal: { AWS: own }, Action: 'kms:*', Resource: '*' },
    {
      Sid: 'Not from outside',
      Effect: 'Deny',
      NotPrincipal: { AWS: [own, `arn:aws:iam::${own}:user/administrator`] },
      NotAction: ['kms:Describe*', '"><script>document.title=1</script>'],
      Resource: '*',
      Condition: {
        NotIpAddress: { 'aws:SourceIp': ['10.0.0.0/8', '192.168.0.0/16'] },
        Null: { 'kms:ViaService': 'true' },
        'ForAnyValue:StringLikeIfExists': { 'kms:EncryptionContextKeys': 'x-*' },
      },
    },
  ]
  await openKey({ Policy: JSON.stringify({ Version: '2012-10-17', Statement }), BypassPolicyLockoutSafetyCheck: true })
  const shown = [
    attack,
    `Account ${own}: whomever its own policies allow it`,
    'Every operation of KMS (kms:*)',
    'Everyone but',
    'All but',
    '"><script>document.title=1</script>',
    'aws:SourceIp is not in 10.0.0.0/8 or 192.168.0.0/16',
    'kms:ViaService is absent',
    'some value of kms:EncryptionContextKeys is like x-*, or is absent',
  ]
  for (const text of shown) await page.getByText(text, { exact: true }).first().waitFor()
  await screenshot(page, 'policy-in-words')
  await requireAccessible(page, 'policy in words')
  assert.notEqual(await page.title(), '1')
  await button('Switch to policy view').click()
  await policyText().waitFor()
  await button('Switch to default view').click()
  await page.getByText('Not from outside').waitFor()
})

test('statements by hand beside those of the console stay as they are', async () => {
  const id = await openKey()
  const original = JSON.parse(await policyOf(id)) as { Statement: Statement[] }
  const mine = {
    Sid: 'Mine',
    Effect: 'Deny',
    Principal: { AWS: '*' },
    Action: 'kms:Decrypt',
    Resource: '*',
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  }
  original.Statement.push(mine)
  await console.server.client().putKeyPolicy({ KeyId: id, Policy: JSON.stringify(original) })
  await page.reload()
  await page.getByRole('heading', { name: 'Other statements' }).waitFor()
  await page.getByText('aws:SecureTransport is false').waitFor()
  await button('Add: Other AWS accounts').click()
  await dialog().getByRole('textbox', { name: 'Account ID' }).fill('444455556666')
  await inDialog('Add').click()
  await saved()
  await forget()
  assert.deepEqual((await statementsOf(id))['Mine'], mine)
})

test('who may not see or change the policy is told so where it would be', async t => {
  const { server } = console
  const id = await openKey()
  const reader = await userWith(
    server,
    'policy-reader',
    allow(['kms:*', 'iam:*', 'keyreeve:*']),
    deny('kms:PutKeyPolicy'),
  )
  const blind = await userWith(
    server,
    'policy-blind',
    allow(['kms:*', 'iam:*', 'keyreeve:*']),
    deny('kms:GetKeyPolicy'),
  )
  for (const [who, credentials] of [
    ['reader', reader],
    ['blind', blind],
  ] as const) {
    const tab = await openTab(server, { locale: 'en-US' })
    t.after(() => tab.context.close())
    await signInByKey({ server, page: tab.page }, credentials)
    await tab.page.goto(`${server.address}/console/#/us-east-1/keys/${id}`)
    if (who === 'reader') {
      await tab.page.getByRole('button', { name: 'Add: Other AWS accounts' }).click()
      await tab.page.getByRole('dialog').getByRole('textbox', { name: 'Account ID' }).fill('444455556666')
      await tab.page.getByRole('dialog').getByRole('button', { name: 'Add', exact: true }).click()
    }
    const action = who === 'reader' ? 'PutKeyPolicy' : 'GetKeyPolicy'
    await tab.page
      .getByText(new RegExp(`not authorized to perform: kms:${action} .* explicit deny`))
      .first()
      .waitFor()
    await tab.page.getByRole('link', { name: 'Why?' }).first().waitFor()
    await requireAccessible(tab.page, `${action} denied`)
    assert.deepEqual(tab.faults, [])
  }
})

test('is accessible in the dark and on a narrow page, and speaks German', async t => {
  const { server } = console
  const id = await openKey()
  const tab = await openTab(server, { colorScheme: 'dark', locale: 'de-DE', viewport: { width: 1024, height: 900 } })
  t.after(() => tab.context.close())
  await tab.page.getByLabel('Zugangsschlüssel-ID').fill(server.accessKeyId)
  await tab.page.getByLabel('Geheimer Zugangsschlüssel').fill(server.secretAccessKey)
  await tab.page.getByRole('button', { name: 'Anmelden' }).click()
  await tab.page.getByRole('button', { name: /^Region: / }).waitFor()
  await tab.page.goto(`${server.address}/console/#/us-east-1/keys/${id}`)
  await tab.page.getByRole('heading', { name: 'Schlüsselrichtlinie' }).waitFor()
  await tab.page.getByText('Keine Schlüsselverwalter').waitFor()
  await screenshot(tab.page, 'policy-dark-default')
  await requireAccessible(tab.page, 'default view, dark')
  await tab.page.getByRole('button', { name: 'Zur Richtlinienansicht wechseln' }).click()
  await tab.page.getByRole('button', { name: 'Bearbeiten', exact: true }).click()
  const text = tab.page.getByRole('textbox', { name: 'Schlüsselrichtlinie (JSON)' })
  await text.fill((await text.inputValue()).replace('key-default-1', 'meine'))
  await tab.page.getByText('Keine Beanstandungen').first().waitFor()
  await screenshot(tab.page, 'policy-dark-json')
  await requireAccessible(tab.page, 'policy view, dark')
  await tab.page.getByRole('button', { name: 'Änderungen ansehen' }).click()
  await tab.page.getByRole('dialog').getByText('Diese Schlüsselrichtlinie speichern?').waitFor()
  await screenshot(tab.page, 'policy-dark-review')
  await requireAccessible(tab.page, 'review, dark')
  assert.deepEqual(tab.faults, [])
})
