import assert from 'node:assert/strict'
import { createHash, createPublicKey, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import type { Download, Locator } from 'playwright-core'
import { allow, userWith } from '../../server/test/support/identities.ts'
import { importOf, parametersFor } from '../../server/test/support/import.ts'
import { days, type TestServer } from '../../server/test/support/server.ts'
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

/** The page of a key, without the tabs that have files of their own. */

let console: Console
let server: TestServer
const script = '<img src=x onerror="document.title=\'hacked\'">'
const account = '000000000000'

before(async () => {
  console = await openConsole({ flags: ['--regions', 'us-east-1,eu-west-1'] })
  server = console.server
})
after(async () => {
  await console.close()
  await closeBrowser()
})

type Wish = Parameters<ReturnType<TestServer['client']>['createKey']>[0]

/** Makes a key with aliases, and gives its id. */
async function make(wish: Wish = {}, ...aliases: string[]): Promise<string> {
  const kms = server.client()
  const KeyId = (await kms.createKey(wish)).KeyMetadata?.KeyId ?? assert.fail()
  for (const alias of aliases) await kms.createAlias({ AliasName: `alias/${alias}`, TargetKeyId: KeyId })
  return KeyId
}

const describe = async (KeyId: string, region = 'us-east-1') =>
  (await server.client({ region }).describeKey({ KeyId })).KeyMetadata ?? assert.fail()

/** The button of the menu, which is there once the key is. */
const menu = (): Locator => console.page.getByRole('button', { name: 'Key actions' })

async function open(id: string, tab = 'cryptography', region = 'us-east-1'): Promise<void> {
  await console.open(`/${region}/keys/${id}/${tab}`)
  await menu().waitFor()
  await settled(console.page)
}

async function act(name: string): Promise<void> {
  await menu().click()
  await console.page.getByRole('menuitem', { name, exact: true }).click()
}

const dialog = (): Locator => console.page.getByRole('dialog')
const button = (name: string): Locator => console.page.getByRole('button', { name, exact: true })

/** What is below a label of the container General configuration. */
const value = (label: string): Locator =>
  console.page.locator('dt', { hasText: label }).first().locator('xpath=following-sibling::dd')

async function notice(text: string | RegExp): Promise<void> {
  await console.page.getByText(text).first().waitFor()
}

/** Chooses in a select of Cloudscape. */
async function choose(label: string, ...options: string[]): Promise<void> {
  await dialog().getByRole('button', { name: label }).click()
  for (const option of options) await console.page.getByRole('option', { name: option }).click()
}

const contentOf = async (download: Promise<Download>): Promise<{ name: string; bytes: Buffer }> => {
  const file = await download
  return { name: file.suggestedFilename(), bytes: readFileSync(await file.path()) }
}

test('shows what the service tells of a key, by its id, its alias or its ARN', async () => {
  const { page } = console
  const id = await make({ Description: 'Line one\nline two' }, 'payroll', 'payroll-2026')
  const { Arn = '' } = await describe(id)
  await server.client().encrypt({ KeyId: id, Plaintext: Buffer.from('x') })
  await console.open(`/us-east-1/keys/${encodeURIComponent('alias/payroll')}`)
  await page.getByRole('heading', { name: 'payroll', level: 1 }).waitFor()
  assert.match(page.url(), new RegExp(`#/us-east-1/keys/${id}/policy$`))
  await console.open(`/eu-west-1/keys/${encodeURIComponent(Arn)}/tags`)
  await page.getByRole('heading', { name: 'Tags' }).waitFor()
  assert.match(page.url(), new RegExp(`#/us-east-1/keys/${id}/tags$`))
  assert.equal(await value('Description').textContent(), 'Line one\nline two')
  assert.equal(await value('Regionality').textContent(), 'Single-Region key')
  assert.equal(await value('Account').textContent(), account)
  await value('Last used')
    .getByText(/, by Encrypt$/)
    .waitFor()
  await button('Copy ARN').click()
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), Arn)
  await page.getByRole('link', { name: '+1 more' }).click()
  await page.getByText('alias/payroll-2026', { exact: true }).waitFor()
})

test('says that a key is absent, and finds it in another Region', async () => {
  const { page } = console
  const created = await server.client({ region: 'eu-west-1' }).createKey({})
  const id = created.KeyMetadata?.KeyId ?? assert.fail()
  await console.open(`/us-east-1/keys/${id}`)
  await page.getByText('There is no such key in us-east-1').waitFor()
  await page.getByText(/request [0-9a-f-]{36}/).waitFor()
  await requireAccessible(page, 'an absent key')
  await button('Look in the other Regions').click()
  await page.getByRole('link', { name: 'It is in eu-west-1' }).click()
  await page.getByRole('heading', { name: id, level: 1 }).waitFor()
  await console.open('/us-east-1/keys/00000000-0000-4000-8000-000000000000')
  await button('Look in the other Regions').click()
  await page.getByText('It is in none of the Regions that you may look in.').waitFor()
})

test('goes from tab to tab by the arrow keys, and back by the history', async () => {
  const { page } = console
  const id = await make()
  await open(id, 'tags')
  await page.getByRole('tab', { name: 'Tags' }).focus()
  await page.keyboard.press('ArrowRight')
  await page.getByRole('heading', { name: /^Aliases/ }).waitFor()
  assert.match(page.url(), /\/aliases$/)
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Aliases')
  await page.goBack()
  await page.getByRole('heading', { name: /^Tags/ }).waitFor()
  assert.equal(await page.getByRole('tab', { name: 'Public key' }).count(), 0)
})

test('disables and enables a key', async () => {
  const { page } = console
  const id = await make({}, 'switch')
  await open(id)
  await act('Disable')
  await requireAccessible(page, 'the question before disabling')
  await dialog().getByRole('button', { name: 'Disable', exact: true }).click()
  await notice('switch is disabled.')
  assert.equal((await describe(id)).KeyState, 'Disabled')
  await value('Status').getByText('Disabled').waitFor()
  await act('Enable')
  await notice('switch is enabled.')
  assert.equal((await describe(id)).KeyState, 'Enabled')
})

test('changes the description, whatever is in it', async () => {
  const { page } = console
  const id = await make({ Description: 'before' })
  await open(id)
  await act('Edit description')
  const field = dialog().getByLabel('Description')
  assert.equal(await field.inputValue(), 'before')
  await field.fill('x'.repeat(8193))
  await page.getByText('That is too long.').waitFor()
  assert.ok(await button('Save changes').isDisabled())
  await field.fill(script)
  await requireAccessible(page, 'the dialog for the description')
  await button('Save changes').click()
  await notice('The description is saved.')
  assert.equal((await describe(id)).Description, script)
  assert.equal(await value('Description').textContent(), script)
  assert.doesNotMatch(await page.title(), /hacked/)
  assert.equal(await page.locator('img[src="x"]').count(), 0)
})

test('schedules a deletion by the keyboard alone, gives the focus back, and cancels it', async () => {
  const { page } = console
  const id = await make()
  await open(id)
  const openDialog = async (): Promise<void> => {
    assert.ok(await menu().evaluate(element => element === document.activeElement), 'focus on the menu')
    await page.keyboard.press('Enter')
    await page.getByRole('menuitem', { name: 'Schedule key deletion' }).waitFor()
    const isChosen = (): boolean => document.activeElement?.textContent === 'Schedule key deletion'
    for (let step = 0; step < 12 && !(await page.evaluate(isChosen)); step++) await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await dialog().waitFor()
  }
  await menu().focus()
  await openDialog()
  await page.keyboard.press('Escape')
  await dialog().waitFor({ state: 'detached' })
  assert.equal((await describe(id)).KeyState, 'Enabled')

  await openDialog()
  const wait = dialog().getByLabel('Waiting period in days')
  const phrase = dialog().getByLabel(`To confirm, type: ${id.slice(-8)}`)
  const confirm = dialog().getByRole('button', { name: 'Schedule key deletion', exact: true })
  await requireAccessible(page, 'the dialog for the deletion')
  await screenshot(page, 'key-delete')
  const tabTo = async (target: Locator): Promise<void> => {
    for (let step = 0; step < 12; step++) {
      if (await target.evaluate(element => element === document.activeElement)) return
      await page.keyboard.press('Tab')
    }
    assert.fail('not reached by Tab')
  }
  await tabTo(wait)
  await page.keyboard.press('Control+A')
  await page.keyboard.type('6')
  await page.getByText('It must be 7 to 30 days.').waitFor()
  await tabTo(phrase)
  await page.keyboard.type(id.slice(-8))
  assert.ok(await confirm.isDisabled())
  await page.keyboard.press('Shift+Tab')
  await page.keyboard.press('Control+A')
  await page.keyboard.type('7')
  await page.getByText(/^The key will be deleted on /).waitFor()
  await tabTo(phrase)
  await page.keyboard.press('Control+A')
  await page.keyboard.type('wrong')
  assert.ok(await confirm.isDisabled())
  await page.keyboard.press('Control+A')
  await page.keyboard.type(id.slice(-8))
  await tabTo(confirm)
  await page.keyboard.press('Enter')
  await dialog().waitFor({ state: 'detached' })
  assert.ok(await menu().evaluate(element => element === document.activeElement), 'focus after the deletion')
  const { KeyState, DeletionDate = new Date(0) } = await describe(id)
  assert.equal(KeyState, 'PendingDeletion')
  const left = DeletionDate.getTime() - server.clock.now()
  assert.ok(left > 6.9 * days && left <= 7 * days, String(left))

  await page.getByText('This key will be deleted on').waitFor()
  await requireAccessible(page, 'a key about to be deleted')
  await page.getByRole('main').getByRole('button', { name: 'Cancel key deletion' }).focus()
  await page.keyboard.press('Enter')
  await notice(/will not be deleted/)
  assert.equal((await describe(id)).KeyState, 'Disabled')
  assert.ok(await menu().evaluate(element => element === document.activeElement), 'focus after cancelling')
})

test('offers to disable a key instead of deleting it', async () => {
  const id = await make({}, 'spared')
  await open(id)
  await act('Schedule key deletion')
  await dialog().getByText('Its alias is deleted with it.').waitFor()
  await dialog().getByLabel('To confirm, type: spared').waitFor()
  await button('Disable it instead').click()
  await dialog().getByRole('button', { name: 'Disable', exact: true }).click()
  await notice('spared is disabled.')
  assert.equal((await describe(id)).KeyState, 'Disabled')
})

test('says where key material is missing, and leads to its import', async () => {
  const { page } = console
  const id = await make({ Origin: 'EXTERNAL' })
  await open(id)
  await page.getByText('This key has no key material yet').waitFor()
  await requireAccessible(page, 'a key without key material')
  await button('Import key material').click()
  await page.waitForURL(new RegExp(`/keys/${id}/import$`))

  const kms = server.client()
  await kms.importKeyMaterial({
    ...importOf(id, await parametersFor(kms, id), randomBytes(32)),
    ExpirationModel: 'KEY_MATERIAL_EXPIRES',
    ValidTo: new Date(server.clock.now() + 3 * days),
  })
  await page.reload()
  await open(id)
  await value('Key material expires').getByText('2 d 23 h').waitFor()
  await page.getByText(/^Key material expires on /).waitFor()
  await menu().click()
  await page.getByRole('menuitem', { name: 'Delete key material' }).click()
  await page.waitForURL(/\/material$/)

  await kms.deleteImportedKeyMaterial({ KeyId: id })
  await page.reload()
  await open(id)
  await page.getByText(/once you have imported the same key material/).waitFor()
  await button('Upload key material').click()
  await page.waitForURL(new RegExp(`/keys/${id}/import$`))
})

test('shows the cryptographic configuration', async () => {
  const { page } = console
  await open(await make({ KeySpec: 'RSA_3072', KeyUsage: 'SIGN_VERIFY' }))
  for (const text of ['Asymmetric', 'Sign and verify', 'RSA_3072', 'RSASSA_PSS_SHA_512', 'KMS: made by this service']) {
    await page.getByText(text, { exact: true }).waitFor()
  }
  const id = await make()
  await open(id)
  await page.getByText('Symmetric', { exact: true }).waitFor()
  assert.ok(await page.getByText((await describe(id)).CurrentKeyMaterialId ?? assert.fail()).isVisible())
})

for (const [spec, usage, kty] of [
  ['RSA_2048', 'ENCRYPT_DECRYPT', 'RSA'],
  ['ECC_NIST_P521', 'SIGN_VERIFY', 'EC'],
  ['ECC_NIST_EDWARDS25519', 'SIGN_VERIFY', 'OKP'],
  ['ECC_SECG_P256K1', 'SIGN_VERIFY', undefined],
] as const) {
  test(`gives out the public key of ${spec} as PEM, DER${kty ? ' and JWK' : ''}`, async () => {
    const { page } = console
    const id = await make({ KeySpec: spec, KeyUsage: usage })
    const { PublicKey } = await server.client().getPublicKey({ KeyId: id })
    const der = Buffer.from(PublicKey ?? [])
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' })
    await open(id, 'public-key')
    await page.getByText(createHash('sha256').update(der).digest('hex')).waitFor()
    const pem = key.export({ format: 'pem', type: 'spki' })
    assert.equal(await page.getByRole('group', { name: 'Public key, PEM' }).textContent(), pem)
    const fetch = async (form: string) => {
      const download = page.waitForEvent('download')
      await button(`Download ${form}`).click()
      return await contentOf(download)
    }
    assert.deepEqual(await fetch('PEM'), { name: `${id}.pem`, bytes: Buffer.from(pem) })
    assert.deepEqual(await fetch('DER'), { name: `${id}.der`, bytes: der })
    assert.equal(await button('Download JWK').count(), kty ? 1 : 0)
    if (kty === undefined) return
    const { name, bytes } = await fetch('JWK')
    assert.equal(name, `${id}.jwk.json`)
    const jwk = JSON.parse(bytes.toString()) as Record<string, string>
    assert.equal(jwk['kty'], kty)
    const read = createPublicKey({ key: jwk, format: 'jwk' })
    assert.deepEqual(read.export({ format: 'der', type: 'spki' }), der)
  })
}

test('makes a grant that works, shows its token once, and revokes it', async () => {
  const { page } = console
  const id = await make()
  const clerk = await userWith(server, 'clerk')
  const asClerk = server.client({ credentials: clerk })
  await open(id, 'grants')
  await page.getByText('No grants').waitFor()
  await button('Create grant').click()
  await dialog().getByRole('button', { name: 'Create grant' }).click()
  await page.getByText('Say who may use the key.').waitFor()
  await page.getByText('Choose at least one, beside CreateGrant.').waitFor()
  await requireAccessible(page, 'the dialog for a grant')
  await screenshot(page, 'key-create-grant')
  await dialog().getByLabel('Grantee principal').fill('clerk')
  await page.getByRole('option', { name: clerk.arn }).click()
  for (const operation of ['Encrypt', 'Decrypt']) {
    await dialog()
      .getByRole('checkbox', { name: `${operation} Operations`, exact: true })
      .check({ force: true })
  }
  await dialog().getByRole('radio', { name: 'The encryption context holds at least this' }).check({ force: true })
  await button('Add pair').click()
  await dialog().getByRole('textbox', { name: 'Encryption context Name' }).fill('purpose')
  await dialog().getByRole('textbox', { name: 'Encryption context Value' }).fill(script)
  await dialog().getByLabel(/^Name/).last().fill('no <b>')
  await page.getByText('Letters, digits and : / _ - only, at most 256.').waitFor()
  await dialog().getByLabel(/^Name/).last().fill('nightly/backup')
  await dialog().getByRole('button', { name: 'Create grant' }).click()
  await page.getByRole('heading', { name: 'The grant is made' }).waitFor()
  const token = (await dialog().getByRole('group', { name: 'Grant token' }).textContent()) ?? ''
  assert.ok(token.length > 50)
  await requireAccessible(page, 'the token of a grant')
  await dialog().getByRole('button', { name: 'Close' }).last().click()
  await dialog().waitFor({ state: 'detached' })
  assert.ok(await button('Create grant').evaluate(element => element === document.activeElement), 'focus')
  assert.ok(!(await page.content()).includes(token))

  const [grant] = (await server.client().listGrants({ KeyId: id })).Grants ?? []
  assert.deepEqual(
    [grant?.GranteePrincipal, grant?.Name, grant?.Operations, grant?.Constraints],
    [clerk.arn, 'nightly/backup', ['Encrypt', 'Decrypt'], { EncryptionContextSubset: { purpose: script } }],
  )
  const wish = { KeyId: id, Plaintext: Buffer.from('x'), EncryptionContext: { purpose: script } }
  await asClerk.encrypt({ ...wish, GrantTokens: [token] })
  await assert.rejects(asClerk.encrypt({ ...wish, EncryptionContext: {} }), { name: 'AccessDeniedException' })
  await page.getByText(`purpose = ${script}`).waitFor()
  await page.getByRole('radio', { name: `Select grant ${grant?.GrantId}` }).check({ force: true })
  await button('Revoke').click()
  await requireAccessible(page, 'the question before revoking')
  await dialog().getByRole('button', { name: 'Revoke' }).click()
  await notice('The grant is revoked.')
  await page.getByText('No grants').waitFor()
  await assert.rejects(asClerk.encrypt(wish), { name: 'AccessDeniedException' })
})

test('shows many grants page by page, and those of one principal', async () => {
  const { page } = console
  const id = await make()
  const kms = server.client()
  for (let index = 0; index < 21; index++) {
    const name = index === 0 ? 'first' : 'others'
    await kms.createGrant({
      KeyId: id,
      GranteePrincipal: `arn:aws:iam::${account}:user/${name}`,
      Operations: ['Encrypt'],
    })
  }
  await open(id, 'grants')
  const rows = page.getByRole('radio', { name: /^Select grant/ })
  await rows.nth(19).waitFor()
  assert.equal(await rows.count(), 20)
  await page.getByRole('button', { name: 'Next page' }).click()
  await rows.nth(1).waitFor({ state: 'detached' })
  assert.equal(await rows.count(), 1)
  const filter = page.getByRole('searchbox')
  await filter.fill(`arn:aws:iam::${account}:user/first`)
  await page.getByText(`arn:aws:iam::${account}:user/others`).first().waitFor({ state: 'detached' })
  assert.equal(await rows.count(), 1)
  await filter.fill('first')
  await page.getByText('Grants cannot be shown').waitFor()
  await filter.fill(`arn:aws:iam::${account}:user/nobody`)
  await page.getByText('No grants for this principal').waitFor()
})

test('adds, changes and removes tags', async () => {
  const { page } = console
  const id = await make({
    Tags: [
      { TagKey: 'Team', TagValue: 'Payroll' },
      { TagKey: 'Old', TagValue: 'x' },
      { TagKey: script, TagValue: 'kept' },
    ],
  })
  await open(id, 'tags')
  await page.getByText(script, { exact: true }).waitFor()
  await button('Manage tags').click()
  const keys = page.getByRole('combobox', { name: /^Key/ })
  const values = page.getByRole('combobox', { name: /^Value/ })
  await keys.first().waitFor()
  await values.nth(0).fill('Finance')
  await page.keyboard.press('Escape')
  await page
    .getByRole('button', { name: /^Remove/ })
    .nth(1)
    .click()
  await page.getByRole('button', { name: 'Add new tag' }).click()
  await keys.nth(3).fill('aws:mine')
  await page.keyboard.press('Escape')
  await button('Save changes').waitFor()
  await keys.nth(3).blur()
  assert.ok(await button('Save changes').isDisabled())
  await keys.nth(3).fill('Site')
  await page.keyboard.press('Escape')
  await values.last().fill(script)
  await page.keyboard.press('Escape')
  await requireAccessible(page, 'the form for tags')
  await button('Save changes').click()
  await notice('The tags are saved.')
  const { Tags } = await server.client().listResourceTags({ KeyId: id })
  assert.deepEqual(Tags, [
    { TagKey: 'Team', TagValue: 'Finance' },
    { TagKey: script, TagValue: 'kept' },
    { TagKey: 'Site', TagValue: script },
  ])
  await page.getByText(script, { exact: true }).nth(1).waitFor()
  assert.ok(await button('Manage tags').evaluate(element => element === document.activeElement), 'focus')
  await button('Manage tags').click()
  await page
    .getByRole('button', { name: /^Remove/ })
    .first()
    .click()
  await button('Cancel').click()
  assert.equal((await server.client().listResourceTags({ KeyId: id })).Tags?.length, 3)
  assert.doesNotMatch(await page.title(), /hacked/)
})

test('creates, deletes and moves aliases', async () => {
  const { page } = console
  const id = await make()
  const other = await make({}, 'production')
  await make({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' }, 'signer')
  await open(id, 'aliases')
  await page.getByText('No aliases').waitFor()
  await button('Create alias').click()
  const name = dialog().getByLabel('Alias name')
  const submit = dialog().getByRole('button', { name: 'Create alias' })
  await submit.click()
  await page.getByText('A name is needed.').waitFor()
  for (const [wrong, text] of [
    ['<b>', 'Only letters, digits, / _ and - can be in it.'],
    ['aws/mine', 'Names that begin with aws/ are reserved.'],
    ['x'.repeat(251), 'That is longer than 250 characters.'],
  ] as const) {
    await name.fill(wrong)
    await page.getByText(text, { exact: true }).waitFor()
  }
  await requireAccessible(page, 'the dialog for an alias')
  await name.fill('production')
  await submit.click()
  await page.getByText('AlreadyExistsException').waitFor()
  await name.fill('alias/orders')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'orders', level: 1 }).waitFor()
  assert.ok(await button('Create alias').evaluate(element => element === document.activeElement), 'focus')

  await button('Move an alias here').click()
  const which = dialog().getByLabel('Alias of another key')
  await which.fill('alias/signer')
  await page.keyboard.press('Escape')
  await dialog().getByText('Its key has another usage: it cannot be moved here.').waitFor()
  assert.ok(await dialog().getByRole('button', { name: 'Move an alias here' }).isDisabled())
  await which.fill('orders')
  await page.keyboard.press('Escape')
  await dialog().getByText('This alias leads here already.').waitFor()
  await which.fill('prod')
  await page.getByRole('option', { name: 'alias/production' }).click()
  await dialog().getByRole('link', { name: other }).waitFor()
  await requireAccessible(page, 'the dialog that moves an alias')
  await dialog().getByRole('button', { name: 'Move an alias here' }).click()
  await notice('alias/production leads to this key now.')
  assert.equal((await describe('alias/production')).KeyId, id)

  await page.getByRole('radio', { name: 'Select alias/orders' }).check({ force: true })
  await button('Delete').click()
  await dialog().getByRole('button', { name: 'Delete', exact: true }).click()
  await notice('alias/orders is deleted.')
  const { Aliases = [] } = await server.client().listAliases({ KeyId: id })
  assert.deepEqual(
    Aliases.map(({ AliasName }) => AliasName),
    ['alias/production'],
  )
})

test('replicates a key into another Region, and changes the primary Region', async () => {
  const { page } = console
  await open(await make(), 'regionality')
  await page.getByText(/cannot be changed afterwards/).waitFor()

  const id = await make({ MultiRegion: true, Description: 'worldwide', Tags: [{ TagKey: 'Team', TagValue: 'Web' }] })
  const kms = server.client()
  const { Policy = '' } = await kms.getKeyPolicy({ KeyId: id })
  const changed = Policy.replace('Enable IAM User Permissions', 'Mine')
  await kms.putKeyPolicy({ KeyId: id, Policy: changed })
  await open(id, 'regionality')
  await page.getByText('No related keys').waitFor()
  await button('Create replica keys').click()
  assert.ok(await dialog().getByRole('button', { name: 'Create replica keys' }).isDisabled())
  await choose('Regions', 'eu-west-1')
  await page.keyboard.press('Escape')
  await requireAccessible(page, 'the dialog for replicas')
  await screenshot(page, 'key-replicate')
  await dialog().getByRole('button', { name: 'Create replica keys' }).click()
  await notice('Replica keys are made in eu-west-1.')
  const there = server.client({ region: 'eu-west-1' })
  const { Description, MultiRegionConfiguration } = await describe(id, 'eu-west-1')
  assert.deepEqual([Description, MultiRegionConfiguration?.MultiRegionKeyType], ['worldwide', 'REPLICA'])
  assert.equal((await there.getKeyPolicy({ KeyId: id })).Policy, (await kms.getKeyPolicy({ KeyId: id })).Policy)
  assert.deepEqual((await there.listResourceTags({ KeyId: id })).Tags, [{ TagKey: 'Team', TagValue: 'Web' }])

  await act('Schedule key deletion')
  await dialog()
    .getByText(/^First its replica key has to be deleted/)
    .waitFor()
  await button('Cancel').click()
  await button('Change primary Region').click()
  await requireAccessible(page, 'the question before the primary changes')
  await dialog().getByRole('button', { name: 'Change primary Region' }).click()
  await notice('The primary key is in eu-west-1 now.')
  assert.equal((await describe(id)).MultiRegionConfiguration?.MultiRegionKeyType, 'REPLICA')
  await value('Regionality').getByText('Multi-Region replica key').waitFor()
  assert.ok(await button('Create replica keys').isDisabled())
  await page.getByRole('link', { name: 'eu-west-1' }).click()
  await page.waitForURL(new RegExp(`#/eu-west-1/keys/${id}/regionality$`))
  await value('Regionality').getByText('Multi-Region primary key').waitFor()
  await page.getByRole('button', { name: 'Region: eu-west-1' }).waitFor()
})

test('who may only describe a key sees what was denied in its place, and may ask why', async t => {
  const id = await make({}, 'guarded')
  const viewer = await userWith(server, 'viewer', allow('kms:DescribeKey'))
  const { page, context, faults } = await openTab(server)
  t.after(() => context.close())
  await signInByKey({ server, page }, viewer)
  for (const [tab, text] of [
    ['grants', 'Grants cannot be shown'],
    ['tags', 'AccessDeniedException'],
    ['aliases', 'Aliases cannot be shown'],
  ] as const) {
    await page.goto(`${server.address}/console/#/us-east-1/keys/${id}/${tab}`)
    await page.getByRole('heading', { name: 'General configuration' }).waitFor()
    const panel = page.getByRole('tabpanel').filter({ visible: true })
    await panel.getByText(text).waitFor()
    await panel.getByRole('link', { name: 'Why?' }).waitFor()
    await requireAccessible(page, `${tab}, denied`)
  }
  await page.goto(`${server.address}/console/#/us-east-1/keys/${id}/try`)
  await page.getByRole('textbox', { name: 'Plaintext' }).fill('x')
  await page.getByRole('button', { name: 'Encrypt', exact: true }).click()
  await page.getByRole('tabpanel').filter({ visible: true }).getByText('AccessDeniedException').waitFor()
  await page.getByRole('button', { name: 'Key actions' }).click()
  await page.getByRole('menuitem', { name: 'Schedule key deletion' }).click()
  await page.getByLabel(`To confirm, type: ${id.slice(-8)}`).fill(id.slice(-8))
  await page.getByRole('dialog').getByRole('button', { name: 'Schedule key deletion' }).click()
  await page.getByRole('dialog').getByText('AccessDeniedException').waitFor()
  await screenshot(page, 'key-denied')
  await requireAccessible(page, 'a deletion that was denied')
  await page.getByRole('dialog').getByRole('link', { name: 'Why?' }).click()
  await page.waitForURL(/#\/us-east-1\/denials\/[0-9a-f-]{36}$/)
  assert.equal((await describe(id)).KeyState, 'Enabled')
  assert.deepEqual(faults, [])
})

test('every tab is accessible, light and dark', async t => {
  const { page } = console
  t.after(() => page.emulateMedia({ colorScheme: 'light' }))
  const kms = server.client()
  const id = await make({ MultiRegion: true, Tags: [{ TagKey: 'Team', TagValue: 'Web' }] }, 'tour', 'tour-2')
  await kms.replicateKey({ KeyId: id, ReplicaRegion: 'eu-west-1' })
  const GranteePrincipal = `arn:aws:iam::${account}:user/administrator`
  await kms.createGrant({ KeyId: id, GranteePrincipal, Operations: ['Encrypt', 'Decrypt'], Name: 'backup' })
  const pair = await make({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' })
  for (const tab of ['cryptography', 'public-key', 'grants', 'tags', 'aliases', 'regionality']) {
    await open(tab === 'public-key' ? pair : id, tab)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await screenshot(page, `key-${tab}-${colorScheme}`)
      await requireAccessible(page, `${tab}, ${colorScheme}`)
    }
  }
  await act('Schedule key deletion')
  await requireAccessible(page, 'the dialog for the deletion, dark')
  await screenshot(page, 'key-delete-dark')
  await button('Cancel').click()
})

for (const width of [1024, 640]) {
  test(`is whole at ${width} pixels`, async t => {
    const { page } = console
    const id = await make({ Description: 'word'.repeat(60) }, `whole-${width}`)
    t.after(() => page.setViewportSize({ width: 1440, height: 1000 }))
    await page.setViewportSize({ width, height: 900 })
    for (const tab of ['cryptography', 'grants', 'aliases']) {
      await open(id, tab)
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      assert.ok(overflow <= 0, `${tab}: ${overflow} pixels too wide`)
      await screenshot(page, `key-${tab}-${width}`)
    }
  })
}

test('in German', async t => {
  const id = await make({ MultiRegion: true }, 'deutsch')
  const { page, context, faults } = await openTab(server, { locale: 'de-DE' })
  t.after(() => context.close())
  await page.getByLabel('Zugangsschlüssel-ID').fill(server.accessKeyId)
  await page.getByLabel('Geheimer Zugangsschlüssel').fill(server.secretAccessKey)
  await page.getByRole('button', { name: 'Anmelden' }).click()
  await page.getByRole('button', { name: /^Region: / }).waitFor()
  await page.goto(`${server.address}/console/#/us-east-1/keys/${id}/try`)
  await page.getByRole('heading', { name: 'Allgemeine Konfiguration' }).waitFor()
  await page.getByRole('heading', { name: 'Ausprobieren' }).waitFor()
  await screenshot(page, 'key-german')
  for (const [tab, heading] of [
    ['Kryptografische Konfiguration', 'Kryptografische Konfiguration'],
    ['Erteilungen', 'Erteilungen'],
    ['Regionalität', 'Zugehörige multiregionale Schlüssel'],
  ] as const) {
    await page.getByRole('tab', { name: tab }).click()
    await page.getByRole('heading', { name: heading }).waitFor()
  }
  assert.deepEqual(faults, [])
})
