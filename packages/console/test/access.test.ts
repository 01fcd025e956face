import type { KMS } from '@aws-sdk/client-kms'
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import {
  allow,
  document,
  managedPolicy,
  ownAccount,
  roleWith,
  userWith,
  type Identity,
} from '../../server/test/support/identities.ts'
import { answered, callKeyreeve } from '../../server/test/support/keyreeve.ts'
import { kmsActions, isOnKey } from '../src/pages/access/actions.ts'
import {
  closeBrowser,
  openConsole,
  openTab,
  requireAccessible,
  requireAccessibleInBoth,
  screenshot,
  settled,
  signInByKey,
  type Console,
} from './support/browser.ts'

const hostile = '<img src=x onerror=alert(1)>'

let console: Console
let page: Page
let key = ''
let alice: Identity
let bob: Identity
let carol: Identity
let dora: Identity

const statement = (Effect: 'Allow' | 'Deny', Action: string | string[], more: object = {}) => ({
  Effect,
  Action,
  Resource: '*',
  ...more,
})

before(async () => {
  console = await openConsole()
  page = console.page
  const { server } = console
  const made = await server.client().createKey({ Description: hostile })
  key = made.KeyMetadata?.KeyId ?? ''
  await server.client().createAlias({ AliasName: 'alias/pay', TargetKeyId: key })
  alice = await userWith(
    server,
    'alice',
    document(
      {
        Sid: 'PayOnly',
        ...statement('Allow', 'kms:Encrypt', { Condition: { StringEquals: { 'kms:EncryptionContext:app': hostile } } }),
      },
      { Sid: 'Look', ...statement('Allow', 'kms:DescribeKey') },
    ),
  )
  bob = await userWith(
    server,
    'bob',
    document(statement('Allow', 'kms:*'), { Sid: 'NeverDecrypt', ...statement('Deny', 'kms:Decrypt') }),
  )
  const boundary = await managedPolicy(server, 'edge', allow('kms:DescribeKey'))
  carol = await userWith(server, { name: 'carol', boundary }, allow('kms:*'))
  dora = await userWith(server, 'dora')
  await server.client().createGrant({
    KeyId: key,
    GranteePrincipal: dora.arn,
    Operations: ['Encrypt', 'Decrypt'],
    Constraints: { EncryptionContextSubset: { app: 'pay' } },
  })
  await roleWith(server, 'worker', allow('kms:GenerateDataKey'))
})
after(async () => {
  await console.close()
  await closeBrowser()
})

const result = () => page.getByRole('region', { name: 'Result' })
const simulator = (parameters: Record<string, string> = {}) =>
  `/us-east-1/simulator?${new URLSearchParams(parameters).toString()}`

async function verdict(): Promise<string> {
  const text = result()
    .getByText(/^(?:Allowed|Denied by a statement that says so|Denied, since nothing allows it)$/)
    .first()
  await text.waitFor()
  return (await text.textContent()) ?? ''
}

test('shows what a principal lacks, statement by statement, and what would have to change', async () => {
  await console.open('/us-east-1/simulator')
  await screenshot(page, 'simulator')
  await requireAccessible(page, 'simulator')
  await page.getByLabel('Principal', { exact: true }).fill('ali')
  await page.getByRole('option', { name: /alice/ }).click()
  await page.getByLabel('Action', { exact: true }).fill('kms:Encrypt')
  await page.getByLabel('Key', { exact: true }).fill('pay')
  await page.getByRole('option', { name: /alias\/pay/ }).click()
  assert.equal(await page.getByLabel('Key', { exact: true }).inputValue(), key)
  await page.getByRole('button', { name: 'Simulate' }).click()
  assert.equal(await verdict(), 'Denied, since nothing allows it')
  await screenshot(page, 'simulator-denied')
  const ways = result().getByRole('listitem').filter({ hasText: 'would allow it, if its condition held' })
  await ways.filter({ hasText: hostile }).waitFor()
  await result().getByRole('button', { name: 'Details of PayOnly of inline policy policy-1 of alice' }).click()
  // What it wants beside what the request has, and the statement itself, from the policy.
  const row = result().getByRole('row', { name: /StringEquals kms:EncryptionContext:app/ })
  await row.getByText(hostile, { exact: true }).waitFor()
  await row.getByText('nothing', { exact: true }).waitFor()
  const source = result().getByRole('group', { name: 'The statement, as it is now' })
  await source.waitFor()
  const [shown] = [JSON.parse((await source.textContent()) ?? '') as { Sid: string }]
  assert.equal(shown.Sid, 'PayOnly')
  await screenshot(page, 'simulator-details')
  await requireAccessible(page, 'denied, with details')
  const address = new URLSearchParams(page.url().split('?')[1])
  assert.deepEqual(Object.fromEntries(address), { principal: alice.arn, action: 'kms:Encrypt', key })
})

test('takes an encryption context and says allowed, as the request then is', async () => {
  await console.open(simulator({ principal: alice.arn, action: 'kms:Encrypt', key }))
  assert.equal(await verdict(), 'Denied, since nothing allows it')
  await page.getByRole('button', { name: 'What else the request says' }).click()
  const context = page.getByRole('group', { name: 'Encryption context' })
  await context.getByRole('button', { name: 'Add pair' }).click()
  await context.getByRole('textbox', { name: 'Name' }).fill('app')
  await context.getByRole('textbox', { name: 'Value' }).fill(hostile)
  await page.getByRole('button', { name: 'Simulate' }).click()
  await page.getByText('Allowed', { exact: true }).first().waitFor()
  assert.equal(await verdict(), 'Allowed')
  await screenshot(page, 'simulator-allowed')
  await requireAccessibleInBoth(page, 'allowed')
  await result().getByRole('button', { name: 'The same on the command line' }).click()
  const line = await result().getByRole('group', { name: 'The same on the command line' }).last().textContent()
  assert.match(line ?? '', /keyreeve simulate \\\n {2}--principal arn:aws:iam::000000000000:user\/alice \\\n/)
  assert.match(line ?? '', /--context 'app=<img src=x onerror=alert\(1\)>' \\\n/)
  await console.server
    .client({ credentials: alice })
    .encrypt({ KeyId: key, Plaintext: Buffer.from('x'), EncryptionContext: { app: hostile } })
  // The row that is removed leaves the focus where the next one is added.
  await context.getByRole('button', { name: 'Remove app' }).click()
  await context.getByText('No encryption context').waitFor()
  await context.getByRole('button', { name: 'Add pair' }).and(page.locator(':focus')).waitFor()
})

test('takes condition keys and tags in place of what is known', async () => {
  const { server } = console
  const eve = await userWith(
    server,
    'eve',
    allow('kms:TagResource', {
      Condition: { StringEquals: { 'aws:RequestTag/team': 'red' }, IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } },
    }),
  )
  await console.open(simulator({ principal: eve.arn, action: 'TagResource', key }))
  assert.equal(await verdict(), 'Denied, since nothing allows it')
  await page.getByRole('button', { name: 'What else the request says' }).click()
  const conditions = page.getByRole('group', { name: 'Conditions' })
  await conditions.getByRole('button', { name: 'Add condition key' }).click()
  await conditions.getByRole('combobox', { name: 'Condition key' }).fill('aws:SourceIp')
  await conditions.getByRole('textbox', { name: 'Value' }).fill('10.1.2.3')
  await page.keyboard.press('Escape')
  const tags = page.getByRole('group', { name: 'Tags in the request' })
  await tags.getByRole('button', { name: 'Add tag' }).click()
  await tags.getByRole('textbox', { name: 'Name' }).fill('team')
  await tags.getByRole('textbox', { name: 'Value' }).fill('red')
  await screenshot(page, 'simulator-form')
  await requireAccessibleInBoth(page, 'all of the form')
  await page.getByRole('button', { name: 'Simulate' }).click()
  await page.getByText('Allowed', { exact: true }).first().waitFor()
})

test('says what is missing, and what cannot be simulated', async () => {
  await console.open('/us-east-1/simulator')
  await page.getByRole('button', { name: 'Simulate' }).click()
  assert.equal(await page.getByText('This is needed.', { exact: true }).count(), 3)
  await page.getByLabel('Principal', { exact: true }).fill('nobody')
  await page.getByLabel('Action', { exact: true }).fill('kms:Decrypt')
  await page.getByRole('radio', { name: 'Nothing' }).check()
  await page.getByRole('button', { name: 'Simulate' }).click()
  await page.getByText('This action is on a key.').waitFor()
  await page.getByLabel('Action', { exact: true }).fill('kms:CreateKey')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Simulate' }).click()
  await page.getByText('This cannot be simulated').waitFor()
  await page.getByText(/has no user, role or session of a role/).waitFor()
  await requireAccessible(page, 'refused')
})

test('agrees with what the SDK is answered', async () => {
  const calls: Record<string, (kms: KMS) => Promise<unknown>> = {
    'kms:Encrypt': kms => kms.encrypt({ KeyId: key, Plaintext: Buffer.from('x') }),
    'kms:Decrypt': kms => kms.decrypt({ KeyId: key, CiphertextBlob: ciphertext }),
    'kms:DescribeKey': kms => kms.describeKey({ KeyId: key }),
    'kms:UpdateKeyDescription': kms => kms.updateKeyDescription({ KeyId: key, Description: hostile }),
  }
  const { CiphertextBlob: ciphertext = new Uint8Array() } = await console.server
    .client()
    .encrypt({ KeyId: key, Plaintext: Buffer.from('x') })
  const outcomes = new Set<string>()
  for (const who of [alice, bob, carol, dora]) {
    for (const [action, call] of Object.entries(calls)) {
      const isAllowed = await call(console.server.client({ credentials: who })).then(
        () => true,
        (error: Error) => (assert.equal(error.name, 'AccessDeniedException'), false),
      )
      await console.open(simulator({ principal: who.arn, action, key }))
      const shown = await verdict()
      outcomes.add(shown)
      assert.equal(shown === 'Allowed', isAllowed, `${who.arn} ${action}: ${shown}`)
    }
  }
  assert.equal(outcomes.size, 3)
})

test('every action that it suggests is one, and is on a key if it says so', async () => {
  for (const Action of kmsActions) {
    const on = isOnKey(Action) ? { KeyId: key } : {}
    const { Trace } = await answered<{ Trace: { Action: string } }>(
      callKeyreeve(console.server, 'SimulateAccess', { PrincipalArn: 'alice', Action, ...on }),
    )
    assert.equal(Trace.Action, Action)
  }
})

test('works by keyboard alone', async () => {
  await console.open('/us-east-1/simulator')
  await page.getByLabel('Principal', { exact: true }).focus()
  await page.keyboard.type('bob')
  await page.getByRole('option', { name: /user\/bob/ }).waitFor()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  assert.equal(await page.getByLabel('Principal', { exact: true }).inputValue(), bob.arn)
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await page.keyboard.type('kms:Decrypt')
  await page.keyboard.press('Escape')
  for (const _ of [1, 2, 3]) await page.keyboard.press('Tab')
  await page.keyboard.type(key)
  await page.keyboard.press('Escape')
  await page.keyboard.press('Enter')
  assert.equal(await verdict(), 'Denied by a statement that says so')
  await result()
    .getByText('Statement NeverDecrypt of inline policy policy-1 of bob denies it.', { exact: false })
    .first()
    .waitFor()
})

test('what was denied is explained from the page where it happened, and simulated again', async () => {
  const { server } = console
  const frank = await userWith(server, 'frank', allow(['keyreeve:ExplainRequest']))
  const tab = await openTab(server)
  await signInByKey({ server, page: tab.page }, frank)
  await tab.page.goto(`${server.address}/console/#${simulator({ principal: frank.arn, action: 'kms:CreateKey' })}`)
  await tab.page.getByText('This cannot be simulated').waitFor()
  await tab.page.getByRole('link', { name: 'Why?' }).click()
  await tab.page.getByRole('heading', { name: 'Why the request was denied' }).waitFor()
  await tab.page.getByText('Denied, since nothing allows it').first().waitFor()
  await tab.page.getByText('keyreeve:SimulateAccess', { exact: true }).first().waitFor()
  await settled(tab.page)
  await screenshot(tab.page, 'denial')
  await requireAccessible(tab.page, 'denial')
  const href = await tab.page.getByRole('link', { name: 'Simulate now' }).getAttribute('href')
  await console.open(href?.slice(1) ?? '')
  assert.equal(await verdict(), 'Denied, since nothing allows it')
  await tab.context.close()
  assert.deepEqual(tab.faults, [])
})

test('a request that nobody knows is said to be unknown, and another one can be asked about', async () => {
  const refused = await console.server
    .client({ credentials: bob })
    .decrypt({
      KeyId: key,
      CiphertextBlob: (await console.server.client().encrypt({ KeyId: key, Plaintext: Buffer.from('x') }))
        .CiphertextBlob,
    })
    .then(
      () => assert.fail('It was allowed.'),
      (error: { $metadata: { requestId?: string } }) => error.$metadata.requestId ?? '',
    )
  await console.open('/us-east-1/denials/00000000-0000-4000-8000-000000000000')
  await page.getByText('There is no explanation of this request').waitFor()
  await page.getByText('It was more than 7 days ago.').waitFor()
  await screenshot(page, 'denial-unknown')
  await requireAccessibleInBoth(page, 'unknown request')
  await page.getByRole('button', { name: 'Explain' }).click()
  await page.getByText('This is needed.').waitFor()
  await page.getByLabel('Request ID').fill(refused)
  await page.keyboard.press('Enter')
  await page.getByText('Denied by a statement that says so').waitFor()
  assert.ok(page.url().endsWith(`/us-east-1/denials/${refused}`))
})

// Who may do what with a key

/** A cell of the matrix, by what is said of it to those who do not see it. */
const cell = (principal: string, action: string) =>
  page.getByRole('button', { name: new RegExp(`^${principal}, kms:${action}: `) })

test('shows who may do what with a key, as the SDK then is answered', async () => {
  const { server } = console
  const { Grants = [] } = await server.client().listGrants({ KeyId: key })
  assert.equal(Grants.length, 1)
  await console.open(`/us-east-1/keys/${key}/access`)
  await page.getByRole('heading', { name: /^Access \(/ }).waitFor()
  await cell('alice', 'DescribeKey').waitFor()
  await screenshot(page, 'access-tab')
  await requireAccessibleInBoth(page, 'access tab')
  const said = async (principal: string, action: string): Promise<string> =>
    ((await cell(principal, action).getAttribute('aria-label')) ?? '').replace(/^.*?: /, '')
  const conditional = ', depending on a condition or a constraint'
  assert.equal(await said('alice', 'Encrypt'), `denied${conditional}`)
  assert.equal(await said('alice', 'DescribeKey'), 'allowed')
  assert.equal(await said('bob', 'Encrypt'), 'allowed')
  assert.equal(await said('bob', 'Decrypt'), 'denied')
  assert.equal(await said('carol', 'Encrypt'), 'denied')
  assert.equal(await said('dora', 'Encrypt'), `denied${conditional}`)
  assert.equal(await said('worker', 'GenerateDataKey'), 'allowed')
  for (const who of [alice, bob, carol, dora]) {
    const name = who.arn.slice(who.arn.lastIndexOf('/') + 1)
    const isAllowed = await server
      .client({ credentials: who })
      .encrypt({ KeyId: key, Plaintext: Buffer.from('x') })
      .then(
        () => true,
        () => false,
      )
    assert.equal((await said(name, 'Encrypt')).startsWith('allowed'), isAllowed, name)
  }
})

test('a cell opens its decision by keyboard, and has the focus again after that', async () => {
  await console.open(`/us-east-1/keys/${key}/access`)
  await cell('bob', 'Decrypt').focus()
  await page.keyboard.press('ArrowRight')
  await cell('bob', 'Encrypt').and(page.locator(':focus')).waitFor()
  await page.keyboard.press('ArrowLeft')
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: 'kms:Decrypt by bob' })
  await dialog.getByText('Denied by a statement that says so').waitFor()
  await dialog
    .getByText(/^Statement NeverDecrypt of/)
    .first()
    .waitFor()
  await screenshot(page, 'access-why')
  await requireAccessibleInBoth(page, 'why, in a dialog')
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'hidden' })
  await cell('bob', 'Decrypt').and(page.locator(':focus')).waitFor()
})

test('principals of other accounts, and whoever grants alone name, are shown as such', async () => {
  const { server } = console
  const other = `arn:aws:iam::111122223333:root`
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: hostile.replaceAll(/\W/g, ''),
        Effect: 'Allow',
        Principal: { AWS: ownAccount },
        Action: 'kms:*',
        Resource: '*',
      },
      { Sid: 'Others', Effect: 'Allow', Principal: { AWS: other }, Action: 'kms:Encrypt', Resource: '*' },
    ],
  })
  const { KeyMetadata } = await server.client().createKey({ Policy })
  await console.open(`/us-east-1/keys/${KeyMetadata?.KeyId}/access`)
  const row = page.getByRole('row').filter({ hasText: '111122223333' })
  await row.getByText('external', { exact: true }).waitFor()
  await row.getByRole('button', { name: /kms:Encrypt: allowed/ }).click()
  await page
    .getByRole('dialog')
    .getByText(/the policies of its own account have to allow it, too/)
    .waitFor()
  await requireAccessible(page, 'external principal')
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()
})

test('principals are filtered, and loaded page after page', async () => {
  const { server } = console
  for (let number = 0; number < 60; number++) await userWith(server, `zoe-${String(number).padStart(2, '0')}`)
  await console.open(`/us-east-1/keys/${key}/access`)
  await cell('alice', 'Encrypt').waitFor()
  await page.getByLabel('Find principals').fill('zoe-59')
  await page.getByText('No principal matches').waitFor()
  await page.getByText(/None of those that were loaded/).waitFor()
  await page.getByRole('button', { name: 'Load more principals' }).click()
  await cell('zoe-59', 'Encrypt').waitFor()
  assert.equal(await page.getByRole('row').count(), 2)
  await page.getByLabel('Only who may do something').check()
  await page.getByText('Nobody in this account fits the filter.').waitFor()
  await page.getByRole('grid').getByRole('button', { name: 'Clear', exact: true }).click()
  await cell('alice', 'Encrypt').waitFor()
})

test('fits narrow windows', async () => {
  const places = [
    simulator({ principal: alice.arn, action: 'kms:Encrypt', key }),
    `/us-east-1/keys/${key}/access`,
    '/us-east-1/audit?kind=write',
    `/us-east-1/keys/${key}/activity`,
  ]
  const usual = page.viewportSize()!
  for (const width of [640, 1024]) {
    await page.setViewportSize({ width, height: 900 })
    for (const place of places) {
      await console.open(place)
      await page.getByText('alice').or(page.getByText('PayOnly')).or(page.getByText('CreateKey')).first().waitFor()
      const needed = await page.evaluate(() => globalThis.document.documentElement.scrollWidth)
      assert.ok(needed <= width, `${place} needs ${needed} of ${width}`)
      await screenshot(page, `narrow-${width}-${place.split('/').at(-1)?.split('?')[0]}`)
    }
  }
  await page.setViewportSize(usual)
})

test('all of it is there in German, and readable in the dark', async () => {
  const tab = await openTab(console.server, { locale: 'de-DE', colorScheme: 'dark' })
  await tab.page.getByLabel('Zugangsschlüssel-ID').fill(console.server.accessKeyId)
  await tab.page.getByLabel('Geheimer Zugangsschlüssel').fill(console.server.secretAccessKey)
  await tab.page.getByRole('button', { name: 'Anmelden' }).click()
  await tab.page.getByRole('button', { name: /^Region: / }).waitFor()
  await tab.page.goto(
    `${console.server.address}/console/#${simulator({ principal: alice.arn, action: 'kms:Encrypt', key })}`,
  )
  await tab.page.getByRole('heading', { name: 'Richtliniensimulator' }).waitFor()
  await tab.page.getByText('Verweigert, da nichts es erlaubt').waitFor()
  await tab.page.getByText(/würde es erlauben, wenn ihre Bedingung erfüllt wäre/).waitFor()
  await tab.page.getByRole('button', { name: /^Einzelheiten zu PayOnly/ }).click()
  await tab.page.getByRole('group', { name: 'Die Anweisung, wie sie jetzt ist' }).waitFor()
  await settled(tab.page)
  await screenshot(tab.page, 'simulator-german-dark')
  await requireAccessible(tab.page, 'simulator, dark')
  await tab.context.close()
  assert.deepEqual(tab.faults, [])
})
