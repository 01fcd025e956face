import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { KeyMetadata } from '@aws-sdk/client-kms'
import type { Locator, Page } from 'playwright-core'
import { keySpecs, type KeySpec } from '../../server/src/keys/specs.ts'
import { refused } from '../../server/test/support/answers.ts'
import { allow, roleWith, userWith } from '../../server/test/support/identities.ts'
import { externalKey, startProxy, type TestProxy } from '../../server/test/support/xks-proxy.ts'
import { specs } from '../src/pages/create-key/draft.ts'
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

const place = '/us-east-1/keys/create'
const folder = mkdtempSync(join(tmpdir(), 'keyreeve-create-key-'))
let proxy: TestProxy
let console: Console
let page: Page

before(async () => {
  proxy = await startProxy(folder)
  console = await openConsole({ flags: proxy.flags })
  page = console.page
})
after(async () => {
  await console.close()
  await closeBrowser()
  await proxy.close()
  rmSync(folder, { recursive: true })
})

// What is on the page

const radio = (name: string, within: Page | Locator = page): Locator => within.getByRole('radio', { name, exact: true })
const button = (name: string | RegExp): Locator => page.getByRole('button', { name, exact: true })
const heading = (name: string): Locator => page.getByRole('heading', { level: 1, name: new RegExp(`^${name}`) })
const next = (): Promise<void> => button('Next').click()

/** A fresh wizard: what was typed before is gone with the page that it was on. */
async function open(query = ''): Promise<void> {
  await go('/us-east-1/nothing')
  await page.getByRole('heading', { name: 'There is no such page' }).first().waitFor()
  await go(`${place}${query}`)
  await heading('Configure key').waitFor()
}

async function go(to: string): Promise<void> {
  await page.goto(`${console.server.address}/console/#${to}`)
}

interface Choice {
  type?: 'Symmetric' | 'Asymmetric'
  usage?: string
  spec?: string
}

async function choose({ type, usage, spec }: Choice): Promise<void> {
  if (type !== undefined) await radio(type).check()
  if (usage !== undefined) await radio(usage).check()
  if (spec !== undefined) await radio(spec).check()
}

async function advanced(): Promise<void> {
  await button('Advanced options').click()
}

async function giveAlias(alias: string): Promise<void> {
  await heading('Add labels').waitFor()
  await page.getByRole('textbox', { name: 'Alias' }).fill(alias)
}

async function skipToReview(): Promise<void> {
  await button('Skip to Review').click()
  await heading('Review').waitFor()
}

async function finish(): Promise<void> {
  await button('Finish').click()
  await heading('Review').waitFor({ state: 'hidden' })
}

/** What the server has under an alias. */
async function keyOf(alias: string): Promise<KeyMetadata> {
  const { KeyMetadata: metadata } = await console.server.client().describeKey({ KeyId: `alias/${alias}` })
  assert.ok(metadata)
  return metadata
}

interface Statement {
  Sid: string
  Principal: { AWS: string | string[] }
  Action: string | string[]
  Condition?: object
}

async function statementsOf(alias: string): Promise<Record<string, Statement>> {
  const { KeyId = '' } = await keyOf(alias)
  const { Policy = '' } = await console.server.client().getKeyPolicy({ KeyId })
  const { Statement: statements } = JSON.parse(Policy) as { Statement: Statement[] }
  return Object.fromEntries(statements.map(statement => [statement.Sid, statement]))
}

// Kinds of keys

test('offers the key specs that the server has, for the same usages, and imports where they can be imported', () => {
  const served = (Object.entries(keySpecs) as [string, KeySpec][]).filter(([, { available }]) => available)
  const expected = served.map(([name, { usages, importable }]) => [name, [...usages].sort(), importable])
  const offered = Object.entries(specs).map(([name, spec]) => [name, [...spec.usages].sort(), spec.isImportable])
  assert.deepEqual(
    Object.fromEntries(offered.map(spec => [spec[0], spec])),
    Object.fromEntries(expected.map(spec => [spec[0], spec])),
  )
})

const kinds: [Choice, KeyMetadata['KeyUsage'], KeyMetadata['KeySpec'], use: string[]][] = [
  [{}, 'ENCRYPT_DECRYPT', 'SYMMETRIC_DEFAULT', ['Encrypt', 'Decrypt', 'ReEncrypt*', 'GenerateDataKey*', 'DescribeKey']],
  [
    { usage: 'Generate and verify MAC' },
    'GENERATE_VERIFY_MAC',
    'HMAC_256',
    ['DescribeKey', 'GenerateMac', 'VerifyMac'],
  ],
  [
    { type: 'Asymmetric' },
    'ENCRYPT_DECRYPT',
    'RSA_2048',
    ['Encrypt', 'Decrypt', 'ReEncrypt*', 'DescribeKey', 'GetPublicKey'],
  ],
  ...(['RSA_2048', 'ECC_NIST_P256', 'ECC_SECG_P256K1', 'ECC_NIST_EDWARDS25519', 'ML_DSA_65'] as const).map(
    (spec): (typeof kinds)[number] => [
      { type: 'Asymmetric', usage: 'Sign and verify', spec },
      'SIGN_VERIFY',
      spec,
      ['DescribeKey', 'GetPublicKey', 'Sign', 'Verify'],
    ],
  ),
  [
    { type: 'Asymmetric', usage: 'Key agreement', spec: 'ECC_NIST_P384' },
    'KEY_AGREEMENT',
    'ECC_NIST_P384',
    ['DescribeKey', 'GetPublicKey', 'DeriveSharedSecret'],
  ],
  [
    { type: 'Asymmetric', usage: 'Encapsulate and decapsulate', spec: 'ML_KEM_768' },
    'ENCAPSULATE_DECAPSULATE',
    'ML_KEM_768',
    ['DescribeKey', 'GetPublicKey', 'Encapsulate', 'Decapsulate'],
  ],
]

for (const [choice, usage, spec, use] of kinds) {
  test(`creates a key for ${usage} with ${spec}, and lets its users do just that`, async () => {
    const alias = `kinds/${usage}/${spec}`
    const { arn } = await userWith(console.server, 'user-of-kinds')
    await open()
    await choose(choice)
    await next()
    await giveAlias(alias)
    await next()
    await heading('Define key administrative permissions').waitFor()
    await next()
    await heading('Define key usage permissions').waitFor()
    await page.getByRole('checkbox', { name: 'Choose User user-of-kinds' }).check()
    await next()
    await heading('Edit key policy').waitFor()
    await next()
    await heading('Review').waitFor()
    await finish()
    const metadata = await keyOf(alias)
    assert.deepEqual(
      [metadata.KeyUsage, metadata.KeySpec, metadata.Origin, metadata.MultiRegion, metadata.KeyState],
      [usage, spec, 'AWS_KMS', false, 'Enabled'],
    )
    const found = await statementsOf(alias)
    assert.deepEqual(found['Allow use of the key']?.Principal, { AWS: arn })
    assert.deepEqual(
      found['Allow use of the key']?.Action,
      use.map(name => `kms:${name}`),
    )
    const isForServices = usage !== 'GENERATE_VERIFY_MAC'
    assert.equal('Allow attachment of persistent resources' in found, isForServices)
    await page.getByText(`The key alias/${alias} (${metadata.KeyId}) was created.`).first().waitFor()
    await page.waitForURL(`**/keys/${metadata.KeyId}`)
  })
}

test('a key for external material needs the acknowledgement, and goes on to the import', async () => {
  await open()
  await advanced()
  await radio('External (Import Key material)').check()
  const box = page.getByRole('checkbox', { name: /^I understand the security, availability, and durability/ })
  await next()
  await page.getByText('Confirm this to create a key with imported key material.').waitFor()
  await heading('Configure key').waitFor()
  await assertFocused(box)
  await screenshot(page, 'create-acknowledge')
  await requireAccessible(page, 'acknowledgement missing')
  await box.check()
  await next()
  await giveAlias('external')
  await skipToReview()
  await finish()
  const metadata = await keyOf('external')
  assert.deepEqual([metadata.Origin, metadata.KeyState], ['EXTERNAL', 'PendingImport'])
  await page.waitForURL(`**/keys/${metadata.KeyId}/import`)
})

test('administrators of a key for external material may import it, and those of a multi-Region key replicate it', async () => {
  await userWith(console.server, 'importer')
  await open()
  await advanced()
  await radio('External (Import Key material)').check()
  await page.getByRole('checkbox', { name: /^I understand/ }).check()
  await radio('Multi-Region key').check()
  await next()
  await giveAlias('external-everywhere')
  await next()
  await page.getByRole('checkbox', { name: 'Choose User importer' }).check()
  await page.getByRole('checkbox', { name: 'Allow key administrators to delete this key' }).uncheck()
  await next()
  await next()
  await next()
  await finish()
  const metadata = await keyOf('external-everywhere')
  assert.deepEqual([metadata.Origin, metadata.MultiRegionConfiguration?.MultiRegionKeyType], ['EXTERNAL', 'PRIMARY'])
  const actions = (await statementsOf('external-everywhere'))['Allow access for Key Administrators']?.Action ?? []
  for (const name of ['ImportKeyMaterial', 'ReplicateKey', 'RotateKeyOnDemand', 'Put*']) {
    assert.ok(actions.includes(`kms:${name}`), name)
  }
  assert.ok(!actions.includes('kms:ScheduleKeyDeletion') && !actions.includes('kms:CancelKeyDeletion'))
})

test('a key in an external key store: the store is chosen by the address, and its key must be named', async () => {
  const kms = console.server.client()
  const { CustomKeyStoreId: store = '' } = await kms.createCustomKeyStore({
    CustomKeyStoreName: 'vault',
    CustomKeyStoreType: 'EXTERNAL_KEY_STORE',
    XksProxyConnectivity: 'PUBLIC_ENDPOINT',
    XksProxyUriEndpoint: 'https://localhost',
    XksProxyUriPath: '/kms/xks/v1',
    XksProxyAuthenticationCredential: proxy.credential,
  })
  await kms.connectCustomKeyStore({ CustomKeyStoreId: store })
  proxy.keys.set('outside-1', externalKey())
  await open(`?store=${store}`)
  await page.getByRole('button', { name: /vault/ }).waitFor()
  await next()
  await page.getByText('Enter 1 to 128 letters, digits, or . _ -').waitFor()
  await page.getByRole('textbox', { name: 'External key ID' }).fill('absent')
  await screenshot(page, 'create-key-store')
  await next()
  await giveAlias('in-vault')
  await skipToReview()
  await button('Finish').click()
  await page.getByText('The key was not created').waitFor()
  await page.getByText(/request [0-9a-f-]{36}/).waitFor()
  await button('Edit: Configure key').click()
  await page.getByRole('textbox', { name: 'External key ID' }).fill('outside-1')
  await next()
  await skipToReview()
  await finish()
  const metadata = await keyOf('in-vault')
  assert.deepEqual(
    [metadata.Origin, metadata.CustomKeyStoreId, metadata.XksKeyConfiguration?.Id],
    ['EXTERNAL_KEY_STORE', store, 'outside-1'],
  )
})

test('what does not go together cannot be chosen, and says why', async () => {
  await open()
  await choose({ type: 'Asymmetric', usage: 'Sign and verify', spec: 'ML_DSA_44' })
  await advanced()
  assert.ok(await radio('External (Import Key material)').isDisabled())
  assert.ok(await radio('External key store').isDisabled())
  await page.getByText('Key material of this key spec cannot be imported.').waitFor()
  await page.getByText('Key stores hold only symmetric keys that encrypt and decrypt.').waitFor()
  await choose({ type: 'Symmetric' })
  await radio('External key store').check()
  assert.ok(await radio('Multi-Region key').isDisabled())
  await page.getByText('Keys in key stores cannot be replicated.').waitFor()
  await radio('External (Import Key material)').check()
  await radio('Multi-Region key').check()
  // Goes back to what such a key can have.
  await choose({ type: 'Asymmetric', usage: 'Encapsulate and decapsulate' })
  assert.ok(await radio('KMS').isChecked())
})

// Labels

test('an alias is needed, of characters that it can have, and that nobody has', async () => {
  const kms = console.server.client()
  const { KeyMetadata: { KeyId: id = '' } = {} } = await kms.createKey({})
  await kms.createAlias({ AliasName: 'alias/taken', TargetKeyId: id })
  await open()
  await next()
  await heading('Add labels').waitFor()
  await next()
  const refusals: [string, string][] = [
    ['', 'Enter an alias.'],
    ['aws/mine', 'Aliases that begin with aws/ are reserved.'],
    ['with space', 'An alias consists of letters without accents, digits, and / _ -'],
    ['co:lon', 'An alias consists of letters without accents, digits, and / _ -'],
    ['a'.repeat(251), 'An alias has at most 250 characters.'],
    ['taken', 'alias/taken is already in use. Choose another alias.'],
  ]
  for (const [alias, text] of refusals) {
    await giveAlias(alias)
    await next()
    await page.getByText(text, { exact: true }).waitFor()
    await assertFocused(page.getByRole('textbox', { name: 'Alias' }))
  }
  await giveAlias('alias/prefixed')
  await skipToReview()
  await page.getByText('alias/prefixed', { exact: true }).waitFor()
})

const attack = `<img src=x onerror="document.title='broken'">`
const quoted = `"><script>document.title='broken'</script>`

test('description and tags are kept as they are, and shown as text', async () => {
  await open()
  await next()
  await giveAlias('labelled')
  await page.getByRole('textbox', { name: 'Description' }).fill(attack)
  await addTag(1, attack, quoted)
  await addTag(2, 'team', '')
  await screenshot(page, 'create-labels')
  await requireAccessible(page, 'labels')
  await skipToReview()
  await page.getByText(attack, { exact: true }).waitFor()
  await page.getByText(`${attack}: ${quoted}`).waitFor()
  await finish()
  const { KeyId = '', Description } = await keyOf('labelled')
  assert.equal(Description, attack)
  const { Tags } = await console.server.client().listResourceTags({ KeyId })
  assert.deepEqual(Tags, [
    { TagKey: attack, TagValue: quoted },
    { TagKey: 'team', TagValue: '' },
  ])
  assert.notEqual(await page.title(), 'broken')
})

test('tags that the service refuses keep one from going on', async () => {
  await open()
  await next()
  await giveAlias('badly-tagged')
  await addTag(1, 'aws:reserved', 'x')
  await next()
  await page.getByText(/start with aws:/i).waitFor()
  await heading('Add labels').waitFor()
})

async function addTag(number: number, key: string, value: string): Promise<void> {
  await button('Add new tag').click()
  await page
    .getByRole('combobox', { name: /^Key/ })
    .nth(number - 1)
    .fill(key)
  await page.keyboard.press('Escape')
  await page
    .getByRole('combobox', { name: /^Value/ })
    .nth(number - 1)
    .fill(value)
  await page.keyboard.press('Escape')
}

// Permissions

test('administrators and users of the key may do what the wizard says, and no more', async () => {
  const { server } = console
  const administrator = await userWith(server, { name: 'key-admin', path: '/security/' })
  const user = await userWith(server, 'key-user')
  await roleWith(server, 'key-role')
  await open()
  await next()
  await giveAlias('permitted')
  await next()
  await heading('Define key administrative permissions').waitFor()
  const find = page.getByRole('searchbox', { name: 'Find users and roles' })
  await find.fill('security')
  await page.getByText('1 match').first().waitFor()
  await page.getByRole('checkbox', { name: 'Choose User key-admin' }).check()
  await screenshot(page, 'create-administrators')
  await requireAccessible(page, 'administrators')
  await next()
  await heading('Define key usage permissions').waitFor()
  await page.getByRole('checkbox', { name: 'Choose User key-user' }).check()
  await page.getByRole('checkbox', { name: 'Choose Role key-role' }).check()
  await button('Add another AWS account').click()
  const account = page.getByRole('textbox', { name: 'Account ID' })
  await account.fill('12345')
  await next()
  await page.getByText('An account ID has 12 digits.').waitFor()
  await assertFocused(account)
  await account.fill('000000000000')
  await page.getByText('This is the account that the key is in.').waitFor()
  await account.fill('444455556666')
  await screenshot(page, 'create-users')
  await requireAccessible(page, 'users')
  await next()
  await heading('Edit key policy').waitFor()
  await settled(page)
  await screenshot(page, 'create-policy')
  await requireAccessible(page, 'policy')
  await next()
  await heading('Review').waitFor()
  await screenshot(page, 'create-review')
  await requireAccessible(page, 'review')
  await finish()

  const found = await statementsOf('permitted')
  const users = [user.arn, 'arn:aws:iam::000000000000:role/key-role', 'arn:aws:iam::444455556666:root']
  assert.deepEqual(found['Allow use of the key']?.Principal, { AWS: users })
  assert.deepEqual(found['Allow attachment of persistent resources'], {
    Sid: 'Allow attachment of persistent resources',
    Effect: 'Allow',
    Principal: { AWS: users },
    Action: ['kms:CreateGrant', 'kms:ListGrants', 'kms:RevokeGrant'],
    Resource: '*',
    Condition: { Bool: { 'kms:GrantIsForAWSResource': 'true' } },
  })
  const { KeyId = '', Arn = '' } = await keyOf('permitted')
  const [asAdministrator, asUser] = [administrator, user].map(credentials => server.client({ credentials }))
  assert.ok(asAdministrator && asUser)
  const Plaintext = Buffer.from('secret')
  const { CiphertextBlob } = await asUser.encrypt({ KeyId, Plaintext })
  assert.deepEqual(Buffer.from((await asUser.decrypt({ CiphertextBlob })).Plaintext ?? []), Plaintext)
  await asAdministrator.disableKey({ KeyId })
  await asAdministrator.enableKey({ KeyId })
  const denial = (arn: string, action: string): string =>
    `User: ${arn} is not authorized to perform: kms:${action} on resource: ${Arn} because no identity-based policy allows the kms:${action} action`
  await refused(
    asAdministrator.encrypt({ KeyId, Plaintext }),
    'AccessDeniedException',
    denial(administrator.arn, 'Encrypt'),
  )
  await refused(asUser.disableKey({ KeyId }), 'AccessDeniedException', denial(user.arn, 'DisableKey'))
})

test('whoever may not list users and roles is told so, and types ARNs', async t => {
  const { server } = console
  const named = await userWith(server, 'typed-user')
  const lister = await userWith(server, 'blind', allow(['kms:*', 'keyreeve:*']))
  const tab = await openTab(server, { locale: 'en-US' })
  t.after(() => tab.context.close())
  await signInByKey({ server, page: tab.page }, lister)
  await tab.page.goto(`${server.address}/console/#${place}`)
  const click = (name: string): Promise<void> => tab.page.getByRole('button', { name, exact: true }).click()
  await click('Next')
  await tab.page.getByRole('textbox', { name: 'Alias' }).fill('blindly')
  await click('Next')
  await tab.page.getByText('The users of the account cannot be shown. You can type their ARNs.').waitFor()
  await tab.page.getByText('The roles of the account cannot be shown. You can type their ARNs.').waitFor()
  await screenshot(tab.page, 'create-denied')
  await requireAccessible(tab.page, 'users denied')
  await click('Add ARN')
  const arn = tab.page.getByRole('textbox', { name: 'ARN', exact: true })
  await arn.fill('typed-user')
  await click('Next')
  await tab.page.getByText(/^Enter the ARN of a user, a role or a session/).waitFor()
  await arn.fill(named.arn)
  for (let step = 0; step < 3; step += 1) await click('Next')
  await click('Finish')
  await tab.page
    .getByText(/^The key alias\/blindly/)
    .first()
    .waitFor()
  const found = await statementsOf('blindly')
  assert.deepEqual(found['Allow access for Key Administrators']?.Principal, { AWS: named.arn })
  assert.deepEqual(tab.faults, [])
})

// The policy

const policyText = (): Locator => page.getByRole('textbox', { name: 'Key policy (JSON)' })

test('a policy that is changed by hand is the one that the key gets', async () => {
  await open()
  await next()
  await giveAlias('by-hand')
  await next()
  await next()
  await next()
  const generated = await policyText().inputValue()
  const written = JSON.stringify(JSON.parse(generated.replace('key-consolepolicy-3', 'mine')))
  await policyText().fill(written)
  await page.getByText('You have changed this by hand.').waitFor()
  await next()
  await heading('Review').waitFor()
  await button('Edit: Key users').click()
  await button('Add another AWS account').click()
  await page.getByRole('textbox', { name: 'Account ID' }).fill('444455556666')
  await next()
  await page.getByText(/What you chose since then is not in it/).waitFor()
  await screenshot(page, 'create-policy-stale')
  await requireAccessible(page, 'stale policy')
  await next()
  await finish()
  const { KeyId = '' } = await keyOf('by-hand')
  assert.equal((await console.server.client().getKeyPolicy({ KeyId })).Policy, written)
})

test('JSON that is none is pointed out with its place, and keeps one from going on', async () => {
  await open()
  await next()
  await giveAlias('no-json')
  await next()
  await next()
  await next()
  await policyText().fill('{\n  "Version": "2012-10-17"\n  "Statement": []\n}')
  await page.getByText('Line 3, column 3: A comma or a closing bracket is missing before ".').waitFor()
  await next()
  await heading('Edit key policy').waitFor()
  await assertFocused(policyText())
  await screenshot(page, 'create-no-json')
  await requireAccessible(page, 'no JSON')
  await button('Go to the mistake').click()
  const selected = await policyText().evaluate((area: HTMLTextAreaElement) => [area.selectionStart, area.selectionEnd])
  assert.deepEqual(selected, [30, 31])
  await policyText().press('Tab')
  assert.notEqual(await policyText().evaluate(area => document.activeElement === area), true, 'Tab leaves the text')
})

test('a policy that would lock out whoever makes it is refused before the key is made', async () => {
  const { server } = console
  const other = await userWith(server, 'other-administrator')
  const kms = server.client()
  const count = async (): Promise<number> => ((await kms.listKeys({ Limit: 1000 })).Keys ?? []).length
  const before = await count()
  await open()
  await next()
  await giveAlias('locked')
  await next()
  await next()
  await next()
  const Statement = { Sid: 'Only', Effect: 'Allow', Principal: { AWS: other.arn }, Action: 'kms:*', Resource: '*' }
  await policyText().fill(JSON.stringify({ Version: '2012-10-17', Statement: [Statement] }))
  await page.getByText('You would lock yourself out').waitFor()
  await next()
  await page.getByText('The server would refuse this policy.').waitFor()
  await screenshot(page, 'create-lock-out')
  await requireAccessible(page, 'lock-out')
  await button('Use the policy that follows from the choices').click()
  await next()
  await heading('Review').waitFor()
  assert.equal(await count(), before)
})

// The end

test('if the alias is taken in the last moment, the key is kept, and gets another one', async () => {
  const kms = console.server.client()
  const { KeyMetadata: { KeyId: rival = '' } = {} } = await kms.createKey({})
  await open()
  await next()
  await giveAlias('race')
  await skipToReview()
  await kms.createAlias({ AliasName: 'alias/race', TargetKeyId: rival })
  await button('Finish').click()
  await page.getByText('The key was created, but not its alias').waitFor()
  await page.getByText('AlreadyExistsException').waitFor()
  await screenshot(page, 'create-alias-taken')
  await requireAccessible(page, 'alias taken')
  const arn = (await page.getByText(/^arn:aws:kms:us-east-1:/).textContent()) ?? ''
  await page.getByRole('textbox', { name: 'Alias' }).fill('race-2')
  await button('Create alias').click()
  await page
    .getByText(/^The key alias\/race-2/)
    .first()
    .waitFor()
  assert.equal((await keyOf('race-2')).Arn, arn.trim())
  assert.equal((await keyOf('race')).KeyId, rival)
})

test('leaving asks, if something was entered', async () => {
  await open()
  await button('Cancel').click()
  await page.waitForURL('**/us-east-1/keys')
  await open()
  await choose({ type: 'Asymmetric' })
  await button('Cancel').click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('What you entered here is lost.').waitFor()
  await requireAccessible(page, 'leaving')
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await assertFocused(button('Cancel'))
  assert.ok(await radio('Asymmetric').isChecked())
})

// For everyone

test('a symmetric key is created with the keyboard alone', async () => {
  await open()
  const tabTo = async (target: Locator): Promise<void> => {
    for (let presses = 0; presses < 60; presses += 1) {
      if (await target.evaluate(element => element === document.activeElement)) return
      await page.keyboard.press('Tab')
    }
    assert.fail('Tab does not lead there')
  }
  const press = async (target: Locator): Promise<void> => {
    await tabTo(target)
    await page.keyboard.press('Enter')
  }
  await tabTo(radio('Symmetric'))
  await page.keyboard.press('ArrowRight')
  assert.ok(await radio('Asymmetric').isChecked())
  await page.keyboard.press('ArrowLeft')
  await press(button('Next'))
  await heading('Add labels').waitFor()
  await tabTo(page.getByRole('textbox', { name: 'Alias' }))
  await page.keyboard.type('keyboard')
  await press(button('Next'))
  await heading('Define key administrative permissions').waitFor()
  await press(button('Next'))
  await heading('Define key usage permissions').waitFor()
  await press(button('Next'))
  await heading('Edit key policy').waitFor()
  await press(button('Next'))
  await heading('Review').waitFor()
  await press(button('Finish'))
  await page
    .getByText(/^The key alias\/keyboard/)
    .first()
    .waitFor()
  assert.equal((await keyOf('keyboard')).KeySpec, 'SYMMETRIC_DEFAULT')
})

test('each step is accessible in the dark, and on a narrow page', async t => {
  const { server } = console
  const tab = await openTab(server, { colorScheme: 'dark', locale: 'en-US', viewport: { width: 1024, height: 900 } })
  t.after(() => tab.context.close())
  await signInByKey({ server, page: tab.page })
  await tab.page.goto(`${server.address}/console/#${place}`)
  const click = (name: string): Promise<void> => tab.page.getByRole('button', { name, exact: true }).click()
  await click('Advanced options')
  for (const [index, title] of [
    'Configure key',
    'Add labels',
    'Define key administrative',
    'Define key usage',
    'Edit key policy',
    'Review',
  ].entries()) {
    await tab.page.getByRole('heading', { level: 1, name: new RegExp(`^${title}`) }).waitFor()
    if (title === 'Add labels') await tab.page.getByRole('textbox', { name: 'Alias' }).fill('dark')
    await settled(tab.page)
    await requireAccessible(tab.page, `${title}, dark`)
    await tab.page.setViewportSize({ width: 640, height: 900 })
    await screenshot(tab.page, `create-dark-${index + 1}`)
    const width = await tab.page.evaluate(() => document.documentElement.scrollWidth)
    assert.ok(width <= 640, `${title} is ${width} pixels wide`)
    await tab.page.setViewportSize({ width: 1024, height: 900 })
    if (title !== 'Review') await click('Next')
  }
  assert.deepEqual(tab.faults, [])
})

test('speaks German', async t => {
  const { server } = console
  const tab = await openTab(server, { locale: 'de-DE' })
  t.after(() => tab.context.close())
  await tab.page.getByLabel('Zugangsschlüssel-ID').fill(server.accessKeyId)
  await tab.page.getByLabel('Geheimer Zugangsschlüssel').fill(server.secretAccessKey)
  await tab.page.getByRole('button', { name: 'Anmelden' }).click()
  await tab.page.getByRole('button', { name: /^Region: / }).waitFor()
  await tab.page.goto(`${server.address}/console/#${place}`)
  await tab.page.getByRole('heading', { level: 1, name: 'Schlüssel festlegen' }).waitFor()
  await tab.page.getByRole('button', { name: 'Erweiterte Optionen' }).click()
  await tab.page.getByText('Herkunft des Schlüsselmaterials').waitFor()
  await screenshot(tab.page, 'create-german')
  await tab.page.getByRole('button', { name: 'Weiter', exact: true }).click()
  await tab.page.getByRole('heading', { level: 1, name: 'Bezeichnungen hinzufügen' }).waitFor()
})
