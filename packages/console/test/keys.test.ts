import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { Locator } from 'playwright-core'
import { externalKey, importOf, parametersFor } from '../../server/test/support/import.ts'
import {
  closeBrowser,
  openConsole,
  openTab,
  requireAccessible,
  screenshot,
  settled,
  type Console,
} from './support/browser.ts'

/** The list of customer managed keys, of which this file makes one of each kind. */

let console: Console
const made: Record<string, string> = {}
const script = '<img src=x onerror="document.title=\'hacked\'">'
const account = '000000000000'

before(async () => {
  console = await openConsole()
  const kms = console.server.client()
  const make = async (
    name: string,
    input: Parameters<typeof kms.createKey>[0],
    ...aliases: string[]
  ): Promise<string> => {
    const { KeyMetadata: { KeyId = '' } = {} } = await kms.createKey(input)
    for (const alias of aliases) await kms.createAlias({ AliasName: `alias/${alias}`, TargetKeyId: KeyId })
    made[name] = KeyId
    return KeyId
  }
  await make('payroll', { Tags: [{ TagKey: 'Team', TagValue: 'Finance' }] }, 'payroll', 'payroll-2', 'payroll-3')
  await kms.encrypt({ KeyId: made['payroll'], Plaintext: Buffer.from('x') })
  await make(
    'signing',
    { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY', Tags: [{ TagKey: 'Team', TagValue: 'Web' }] },
    'signing',
  )
  await make('mac', { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' }, 'mac')
  await make('global', { MultiRegion: true }, 'global')
  await make('hostile', { Description: script, Tags: [{ TagKey: 'x', TagValue: '=cmd|calc' }] }, 'hostile')
  await make('sleeping', {}, 'sleeping')
  await kms.disableKey({ KeyId: made['sleeping'] })
  const { KeyId } = await externalKey(kms)
  made['external'] = KeyId
  await kms.createAlias({ AliasName: 'alias/brought', TargetKeyId: KeyId })
  await kms.importKeyMaterial({
    ...importOf(KeyId, await parametersFor(kms, KeyId), randomBytes(32)),
    ExpirationModel: 'KEY_MATERIAL_EXPIRES',
    ValidTo: new Date(console.server.clock.now() + 5.5 * 86_400_000),
  })
  await make('pending', { Origin: 'EXTERNAL' }, 'pending')
  // Their policies keep the administrator from seeing the one, and from disabling the other.
  const policy = (...denied: string[]): string =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: 'kms:*', Resource: '*' },
        { Effect: 'Deny', Principal: '*', Action: denied, Resource: '*' },
      ],
    })
  await make('hidden', { Policy: policy('kms:DescribeKey') })
  await make('stubborn', { Policy: policy('kms:DisableKey') }, 'stubborn')
})
after(async () => {
  try {
    await console.close()
  } finally {
    await closeBrowser()
  }
})

const place = '/us-east-1/keys'
const idOf = (name: string): string => made[name] ?? assert.fail(name)
const table = (): Locator => console.page.getByRole('table', { name: 'Customer managed keys' })
const rowOf = (name: string): Locator =>
  table()
    .getByRole('row')
    .filter({ hasText: idOf(name) })
const stateOf = async (name: string): Promise<string | undefined> =>
  (await console.server.client().describeKey({ KeyId: idOf(name) })).KeyMetadata?.KeyState

async function select(...names: string[]): Promise<void> {
  for (const name of names) {
    await console.page.getByRole('checkbox', { name: `Select the key ${idOf(name)}` }).check({ force: true })
  }
}
async function act(item: string): Promise<void> {
  await console.page.getByRole('button', { name: 'Key actions' }).click()
  await console.page.getByRole('menuitem', { name: item, exact: true }).click()
}
async function openList(): Promise<void> {
  await console.page.goto('about:blank')
  await console.open(place)
  await rowOf('payroll').waitFor()
}
/** First cells of the column of aliases, as they are shown. */
const aliases = async (): Promise<string[]> => await table().locator('tbody tr > :nth-child(2)').allInnerTexts()

async function filter(text: string): Promise<void> {
  const field = console.page.getByRole('combobox', { name: /Find keys/ })
  await field.fill(text)
  await field.press('Enter')
}

test('shows each key with alias, id, status, spec, usage and creation date, and counts them', async () => {
  const { page } = console
  await openList()
  await page.getByRole('heading', { name: 'Customer managed keys (10)' }).waitFor()
  const row = rowOf('signing')
  for (const text of ['signing', 'Enabled', 'ECC_NIST_P256', 'Sign and verify'])
    await row.getByText(text, { exact: true }).waitFor()
  assert.equal(
    await row.getByRole('link', { name: 'signing' }).getAttribute('href'),
    `#/us-east-1/keys/${idOf('signing')}`,
  )
  await rowOf('sleeping').getByText('Disabled').waitFor()
  await rowOf('pending').getByText('Pending import').waitFor()
  assert.equal(await table().getByRole('columnheader', { name: 'Origin' }).count(), 0)
  await screenshot(page, 'keys')
  await requireAccessible(page, 'the list of keys')
})

test('shows further aliases on request, and copies the id', async () => {
  const { page } = console
  await openList()
  await rowOf('payroll').getByRole('button', { name: '2 other aliases' }).click()
  await page.getByText('payroll-3').waitFor()
  await screenshot(page, 'keys-aliases')
  await requireAccessible(page, 'other aliases')
  await page.keyboard.press('Escape')
  await rowOf('payroll')
    .getByRole('button', { name: `Copy ${idOf('payroll')}` })
    .click()
  await page.getByText('Copied').waitFor()
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), idOf('payroll'))
})

test('a key whose details are denied shows its id, and cannot be selected', async () => {
  await openList()
  await rowOf('hidden').getByText('Details denied').waitFor()
  assert.ok(await console.page.getByRole('checkbox', { name: `Select the key ${idOf('hidden')}` }).isDisabled())
})

test('columns that are switched on stay so, with what they say of expiry and last use', async () => {
  const { page } = console
  await openList()
  await page.getByRole('button', { name: 'Preferences' }).click()
  const dialog = page.getByRole('dialog', { name: 'Preferences' })
  await dialog.waitFor()
  for (const name of ['Origin', 'Regionality', 'Expiry of material', 'Last used', 'Description', 'Region']) {
    await dialog.getByRole('checkbox', { name, exact: true }).check({ force: true })
  }
  await screenshot(page, 'keys-preferences')
  await requireAccessible(page, 'the preferences')
  await dialog.getByRole('button', { name: 'Confirm' }).click()
  await page.reload()
  await settled(page)
  await rowOf('external').getByText('External (Import key material)').waitFor()
  await rowOf('external').getByText('Expires in 5 days').waitFor()
  await rowOf('global').getByText('Multi-Region primary').waitFor()
  await rowOf('payroll').getByText('Single-Region').waitFor()
  await rowOf('payroll').getByText('Encrypt', { exact: true }).waitFor()
  assert.equal(await rowOf('payroll').getByText('us-east-1').count(), 1)
  // What somebody else wrote is text, and nothing but text.
  await rowOf('hostile').getByText(script).waitFor()
  assert.equal(await page.locator('td img').count(), 0)
  assert.equal(await page.title(), 'Customer managed keys – Keyreeve')
  await screenshot(page, 'keys-all-columns')
  await requireAccessible(page, 'all columns')
  await page.evaluate(() => localStorage.clear())
})

test('sorts by each column, up and down', async () => {
  const { page } = console
  await openList()
  const sortBy = async (name: string): Promise<void> =>
    await table().getByRole('columnheader', { name }).getByRole('button', { name }).first().press('Enter')
  await sortBy('Alias')
  await page.waitForFunction(() => document.querySelector('table tbody tr > :nth-child(2)')?.textContent === 'brought')
  const names = ['brought', 'global', 'hostile', 'mac', 'payroll +2', 'pending', 'signing', 'sleeping', 'stubborn']
  const shown = (texts: string[]): string[] => texts.map(text => text.replaceAll(/\s+/g, ' ').trim())
  assert.deepEqual(shown(await aliases()), [...names, 'Details denied'])
  await sortBy('Alias')
  await page.waitForFunction(() => document.querySelector('table tbody tr > :nth-child(2)')?.textContent === 'stubborn')
  assert.deepEqual(shown(await aliases()), [...names.toReversed(), 'Details denied'])
  await sortBy('Status')
  await page.waitForFunction(() => document.querySelector('table tbody tr > :nth-child(2)')?.textContent === 'sleeping')
  for (const name of ['Key ID', 'Key spec', 'Key usage', 'Creation date']) {
    await sortBy(name)
    await table().locator('th[aria-sort=ascending]', { hasText: name }).waitFor()
  }
})

test('finds keys by free text, by tag and by status, and says when there is none', async () => {
  const { page } = console
  await openList()
  await filter('payroll-2')
  await page.getByText('1 match').first().waitFor()
  await rowOf('signing').waitFor({ state: 'hidden' })
  await page.getByRole('button', { name: 'Clear filters' }).click()
  await filter('Tag Team = Web')
  await rowOf('payroll').waitFor({ state: 'hidden' })
  await rowOf('signing').waitFor()
  await page.getByRole('button', { name: 'Clear filters' }).click()
  await filter('Status = Disabled')
  await rowOf('payroll').waitFor({ state: 'hidden' })
  await rowOf('sleeping').waitFor()
  await screenshot(page, 'keys-filtered')
  await requireAccessible(page, 'a filtered list')
  await filter('Regionality = Multi-Region primary')
  await page.getByText('No key matches the filter').waitFor()
  await requireAccessible(page, 'no match')
  await page.getByRole('button', { name: 'Clear filter', exact: true }).click()
  await rowOf('payroll').waitFor()
})

test('finds keys by the day on which they were made', async () => {
  const { page } = console
  await openList()
  const field = page.getByRole('combobox', { name: /Find keys/ })
  await field.fill('Creation date > ')
  await page.getByRole('option', { name: /yesterday/ }).waitFor()
  await screenshot(page, 'keys-day')
  await requireAccessible(page, 'the choice of a day')
  await page.getByRole('option', { name: /today/ }).click()
  await page.getByText('No key matches the filter').waitFor()
  await page.getByRole('button', { name: 'Clear filter', exact: true }).click()
  await filter('Creation date <= 2099-01-01')
  // Of the one whose details may not be seen, nothing is known.
  await page.getByText('9 matches').first().waitFor()
})

test('by keyboard alone: disables keys and enables them; the focus comes back; what cannot be done is not', async () => {
  const { page } = console
  await openList()
  for (const name of ['payroll', 'signing', 'sleeping']) {
    await page.getByRole('checkbox', { name: `Select the key ${idOf(name)}` }).focus()
    await page.keyboard.press('Space')
  }
  await page.getByRole('heading', { name: 'Customer managed keys (3/10)' }).waitFor()
  const opener = page.getByRole('button', { name: 'Key actions' })
  await opener.focus()
  await page.keyboard.press('Enter')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Disable 2 keys?' })
  await dialog.getByText('1 other selected key is left as it is').waitFor()
  await screenshot(page, 'keys-disable')
  await requireAccessible(page, 'the question whether to disable')
  await dialog.getByRole('button', { name: 'Disable' }).focus()
  await page.keyboard.press('Enter')
  await page.getByText('2 keys were disabled.').waitFor()
  await page.waitForFunction(() => document.activeElement?.textContent?.includes('Key actions'))
  assert.deepEqual([await stateOf('payroll'), await stateOf('signing')], ['Disabled', 'Disabled'])
  await rowOf('payroll').getByText('Disabled').waitFor()

  await page.keyboard.press('Enter')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog', { name: 'Enable 3 keys?' }).getByRole('button', { name: 'Enable' }).focus()
  await page.keyboard.press('Enter')
  await page.getByText('3 keys were enabled.').waitFor()
  assert.equal(await stateOf('sleeping'), 'Enabled')
  await console.server.client().disableKey({ KeyId: idOf('sleeping') })
})

test('schedules a deletion once the word is typed and the waiting period is right, and cancels it', async () => {
  const { page } = console
  await openList()
  await select('mac', 'global')
  await act('Schedule key deletion')
  const dialog = page.getByRole('dialog', { name: 'Schedule the deletion of 2 keys?' })
  const button = dialog.getByRole('button', { name: 'Schedule key deletion' })
  assert.ok(await button.isDisabled())
  await dialog.getByLabel('To confirm, type: delete').fill('delete')
  await dialog.getByLabel('Waiting period (in days)').fill('6')
  await dialog.getByText('Enter a whole number from 7 to 30.').waitFor()
  assert.ok(await button.isDisabled())
  await dialog.getByLabel('Waiting period (in days)').fill('7')
  await screenshot(page, 'keys-delete')
  await requireAccessible(page, 'the question whether to delete')
  await button.click()
  await page.getByText('The deletion of 2 keys is scheduled.').waitFor()
  const { KeyMetadata } = await console.server.client().describeKey({ KeyId: idOf('mac') })
  assert.equal(KeyMetadata?.KeyState, 'PendingDeletion')
  const days = ((KeyMetadata.DeletionDate?.getTime() ?? 0) - console.server.clock.now()) / 86_400_000
  assert.ok(days > 6.9 && days <= 7, `${days} days`)
  await rowOf('mac').getByText('Pending deletion').waitFor()
  await rowOf('mac')
    .getByText(/^Deletion /)
    .waitFor()
  await screenshot(page, 'keys-pending-deletion')
  await act('Cancel key deletion')
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel key deletion' }).click()
  await page.getByText('2 keys stay.').waitFor()
  assert.equal(await stateOf('mac'), 'Disabled')
  await rowOf('mac').getByText('Disabled').waitFor()
  assert.equal(
    await rowOf('mac')
      .getByText(/^Deletion /)
      .count(),
    0,
  )
  for (const name of ['mac', 'global']) await console.server.client().enableKey({ KeyId: idOf(name) })
})

test('reports of which keys it did not work and why, and does the others', async () => {
  const { page } = console
  await openList()
  await select('stubborn', 'hostile')
  await act('Disable')
  await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click()
  await page.getByText('It did not work for 1 of 2 keys.').waitFor()
  const dialog = page.getByRole('dialog', { name: 'Disable' })
  await dialog.getByText('AccessDeniedException').waitFor()
  await dialog.getByText(/DisableKey, request [0-9a-f-]{36}/).waitFor()
  assert.match(
    (await dialog.getByRole('link', { name: 'Why?' }).getAttribute('href')) ?? '',
    /^#\/us-east-1\/denials\//,
  )
  await screenshot(page, 'keys-report')
  await requireAccessible(page, 'the report')
  await dialog.getByRole('button', { name: 'Close' }).last().click()
  assert.equal(await stateOf('hostile'), 'Disabled')
  assert.equal(await stateOf('stubborn'), 'Enabled')
  await console.server.client().enableKey({ KeyId: idOf('hostile') })
})

test('offers nothing for keys whose state allows nothing', async () => {
  const { page } = console
  await openList()
  await page.getByRole('button', { name: 'Key actions' }).click()
  for (const item of await page.getByRole('menuitem').all())
    assert.equal(await item.getAttribute('aria-disabled'), 'true')
  await page.keyboard.press('Escape')
  await select('pending')
  await page.getByRole('button', { name: 'Key actions' }).click()
  const enabled = page.locator('[role=menuitem]:not([aria-disabled=true])')
  assert.deepEqual(await enabled.allInnerTexts(), ['Schedule key deletion'])
  await page.keyboard.press('Escape')
})

test('a change elsewhere is seen after a refresh', async () => {
  const { page, server } = console
  await openList()
  await server.client().updateAlias({ AliasName: 'alias/mac', TargetKeyId: idOf('mac') })
  await server.client().createAlias({ AliasName: 'alias/a-new-one', TargetKeyId: idOf('mac') })
  await page.getByRole('button', { name: 'Refresh' }).click()
  await rowOf('mac').getByText('a-new-one').waitFor()
  await server.client().deleteAlias({ AliasName: 'alias/a-new-one' })
})

test('says which Region has no keys, and offers to make one', async () => {
  const { page } = console
  await console.open('/eu-central-1/keys')
  await page.getByText('No keys in eu-central-1').waitFor()
  await page.getByText('A key may be in another Region').first().waitFor()
  assert.equal(
    await page.getByRole('link', { name: 'Create key' }).first().getAttribute('href'),
    '#/eu-central-1/keys/create',
  )
  await screenshot(page, 'keys-empty')
  await requireAccessible(page, 'no keys')
})

test('a server that does not answer: the page says so, and tries again when asked', async () => {
  const { page, context } = console
  await page.goto('about:blank')
  await context.route('**/*', route => (route.request().method() === 'POST' ? route.abort() : route.continue()))
  await console.open(place)
  await page.getByText('The server does not answer').waitFor()
  await requireAccessible(page, 'no answer')
  await context.unroute('**/*')
  await page.getByRole('button', { name: 'Try again' }).click()
  await rowOf('payroll').waitFor()
})

for (const [width, name] of [
  [1024, 'medium'],
  [640, 'narrow'],
] as const) {
  test(`is whole at ${width} pixels`, async t => {
    const { page } = console
    await page.setViewportSize({ width, height: 900 })
    t.after(() => page.setViewportSize({ width: 1440, height: 1000 }))
    await openList()
    await screenshot(page, `keys-${name}`)
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    assert.ok(overflow <= 0, `${overflow} pixels too wide`)
  })
}

test('in German and in the dark', async t => {
  const { page, context, faults } = await openTab(console.server, { locale: 'de-DE', colorScheme: 'dark' })
  t.after(() => context.close())
  await page.getByLabel('Zugangsschlüssel-ID').fill(console.server.accessKeyId)
  await page.getByLabel('Geheimer Zugangsschlüssel').fill(console.server.secretAccessKey)
  await page.getByRole('button', { name: 'Anmelden' }).click()
  await page.getByRole('heading', { name: 'Eigene Schlüssel (10)' }).waitFor()
  await page.getByText('Signieren und prüfen').waitFor()
  await screenshot(page, 'keys-dark-german')
  await requireAccessible(page, 'the list in the dark')
  await page.getByRole('checkbox', { name: `Den Schlüssel ${idOf('mac')} auswählen` }).check({ force: true })
  await page.getByRole('button', { name: 'Aktionen' }).click()
  await page.getByRole('menuitem', { name: 'Löschung planen' }).click()
  await page.getByLabel('Zur Bestätigung eingeben: löschen').waitFor()
  await screenshot(page, 'keys-delete-dark-german')
  await requireAccessible(page, 'a question in the dark')
  assert.deepEqual(faults, [])
})
