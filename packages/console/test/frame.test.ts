import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { answered, callKeyreeve } from '../../server/test/support/keyreeve.ts'
import type { TestServer } from '../../server/test/support/server.ts'
import {
  closeBrowser,
  openConsole,
  openTab,
  requireAccessible,
  screenshot,
  settled,
  signInByKey,
} from './support/browser.ts'

after(closeBrowser)

const hour = 3_600_000

const codeFor = async (server: TestServer): Promise<string> =>
  (await answered<{ Code: string }>(callKeyreeve(server, 'CreateConsoleLink', {}))).Code

test('a one-time link signs in once, and no address holds it afterwards', async t => {
  const { page, server, close } = await openConsole({ signIn: false })
  t.after(close)
  const code = await codeFor(server)
  await page.goto(`${server.address}/console/#/sign-in/${code}`)
  await page.getByRole('button', { name: /Signed in as .*:user\/administrator$/ }).waitFor()
  assert.ok(!page.url().includes(code))
  await page.goBack()
  assert.ok(!page.url().includes(code))

  const other = await openTab(server)
  t.after(() => other.context.close())
  await other.page.goto(`${server.address}/console/#/sign-in/${code}`)
  await other.page.getByText('The link did not work').waitFor()
  await other.page.getByText(/Run keyreeve console for a new one/).waitFor()
  await screenshot(other.page, 'sign-in-link-used')
  await requireAccessible(other.page, 'a link that does not work')
  await other.page.getByRole('button', { name: 'Sign in with an access key' }).click()
  await other.page.getByLabel('Access key ID').waitFor()
})

test('credentials are temporary, live in this tab alone, and are gone after the sign-out', async t => {
  const { page, context, server, close } = await openConsole()
  t.after(close)
  const kept = async (): Promise<string> =>
    await page.evaluate(() => JSON.stringify([sessionStorage, localStorage, document.cookie]))
  assert.ok(!(await kept()).includes(server.secretAccessKey))
  assert.match(await kept(), /ASIA\w+/)
  await page.reload()
  await page.getByRole('button', { name: /Signed in as / }).waitFor()

  const tab = await context.newPage()
  await tab.goto(`${server.address}/console/`)
  await tab.getByLabel('Access key ID').waitFor()

  await page.getByRole('button', { name: /Signed in as / }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.getByLabel('Access key ID').waitFor()
  assert.doesNotMatch(await kept(), /ASIA\w+|secretAccessKey|sessionToken/)
})

test('a session that has ended asks for another sign-in, and what was typed is still there', async t => {
  const { page, server, open, close } = await openConsole()
  t.after(close)
  await open('/us-east-1/keys/create')
  await page.getByRole('button', { name: 'Next' }).click()
  const alias = page.getByRole('textbox', { name: 'Alias' })
  await alias.fill('half-way')
  await settled(page)
  server.clock.advance(13 * hour)
  await page.getByRole('button', { name: 'Next' }).click()
  const dialog = page.getByRole('dialog', { name: 'Your session has ended' })
  await dialog.waitFor()
  await screenshot(page, 'session-ended')
  await requireAccessible(page, 'the end of a session')
  await dialog.getByLabel('Access key ID').fill(server.accessKeyId)
  await dialog.getByLabel('Secret access key').fill(server.secretAccessKey)
  await dialog.getByRole('button', { name: 'Sign in' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await page.getByRole('button', { name: 'Previous', exact: true }).click()
  assert.equal(await alias.inputValue(), 'half-way')
})

test('nothing of what one was shown is left for who signs in next', async t => {
  const { page, server, close } = await openConsole()
  t.after(close)
  const iam = server.iam()
  await iam.createUser({ UserName: 'nobody' })
  const { AccessKey: { AccessKeyId = '', SecretAccessKey = '' } = {} } = await iam.createAccessKey({
    UserName: 'nobody',
  })
  await server.client().createKey({ Description: 'of the administrator' })
  await page.reload()
  await page.getByText('Customer managed keys').first().waitFor()
  await settled(page)
  server.clock.advance(13 * hour)
  await page.getByRole('button', { name: 'Refresh' }).click()
  const dialog = page.getByRole('dialog', { name: 'Your session has ended' })
  await dialog.getByLabel('Access key ID').fill(AccessKeyId)
  await dialog.getByLabel('Secret access key').fill(SecretAccessKey)
  await dialog.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('button', { name: /Signed in as .*:user\/nobody$/ }).waitFor()
  await page.getByText('AccessDeniedException').first().waitFor()
  assert.equal(await page.getByText('(1)').count(), 0)
})

test('is dark if the system is, until one chooses', async t => {
  const { page, open, close } = await openConsole({ colorScheme: 'dark' })
  t.after(close)
  const theme = async (): Promise<string | undefined> =>
    await page.evaluate(() => document.documentElement.dataset['theme'])
  assert.equal(await theme(), 'dark')
  await page.emulateMedia({ colorScheme: 'light' })
  assert.equal(await theme(), 'light')
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.getByRole('button', { name: 'Settings' }).click()
  await page.getByRole('menuitemcheckbox', { name: 'Light' }).click()
  assert.equal(await theme(), 'light')
  await open('/us-east-1/audit')
  await page.reload()
  assert.equal(await theme(), 'light')
})

test('speaks the language of the browser, and the one that is chosen', async t => {
  const { page, server, close } = await openConsole({ signIn: false, locale: 'de-DE' })
  t.after(close)
  await page.getByRole('heading', { name: 'Bei Keyreeve anmelden' }).waitFor()
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'de')
  await page.getByLabel('Zugangsschlüssel-ID', { exact: true }).fill(server.accessKeyId)
  await page.getByLabel('Geheimer Zugangsschlüssel').fill(server.secretAccessKey)
  await page.getByRole('button', { name: 'Anmelden' }).click()
  await page.getByRole('button', { name: 'Einstellungen' }).click()
  await screenshot(page, 'settings-german')
  await page.getByRole('menuitemcheckbox', { name: 'English' }).click()
  await page.getByRole('link', { name: 'Audit log' }).waitFor()
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'en')
})

test('shows the keys of the Region that is chosen, and says which it is', async t => {
  const { page, server, close } = await openConsole({ flags: ['--regions', 'eu-central-1,us-east-1'] })
  t.after(close)
  await server.client({ region: 'us-east-1' }).createKey({})
  await page.getByText('No keys in eu-central-1').waitFor()
  await page.getByRole('button', { name: 'Region: eu-central-1' }).click()
  await page.getByRole('menuitemcheckbox', { name: 'us-east-1' }).click()
  await page.getByRole('button', { name: 'Region: us-east-1' }).waitFor()
  await page.getByText('(1)').waitFor()
  assert.match(page.url(), /#\/us-east-1\/keys$/)
})

test('the first key press leads past the navigation, and there is no trap', async t => {
  const { page, close } = await openConsole()
  t.after(close)
  await page.reload()
  await settled(page)
  await page.keyboard.press('Tab')
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Skip to the main content')
  await page.keyboard.press('Enter')
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'main')
  assert.match(page.url(), /#\/us-east-1\/keys$/)
})

test('an address that names nothing says so', async t => {
  const { page, open, close } = await openConsole()
  t.after(close)
  await open('/us-east-1/nowhere')
  await page.getByRole('heading', { name: 'There is no such page' }).waitFor()
  await screenshot(page, 'no-such-page')
  await requireAccessible(page, 'no such page')
})

test('a server that does not answer is told from one that refuses', async t => {
  const { page, context, close } = await openConsole()
  t.after(close)
  await context.setOffline(true)
  await page.getByRole('button', { name: 'Refresh' }).click()
  await page.getByText('The server does not answer').waitFor()
  await context.setOffline(false)
  await page.getByRole('button', { name: 'Try again' }).click()
  await page.getByText('The server does not answer').waitFor({ state: 'hidden' })
})

test('loads less than 600 KB, compressed, up to the list of keys', async t => {
  const { page, context, server, close } = await openConsole({ signIn: false })
  t.after(close)
  const debug = await context.newCDPSession(page)
  await debug.send('Network.enable')
  await debug.send('Network.setCacheDisabled', { cacheDisabled: true })
  let bytes = 0
  debug.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength))
  await page.reload()
  await settled(page)
  await signInByKey({ server, page })
  assert.ok(bytes > 100_000, `${bytes} bytes`)
  assert.ok(bytes < 600_000, `${bytes} bytes`)
})

test('what was said of a change is there on the next page, and then goes', async t => {
  const { page, server, open, close } = await openConsole()
  t.after(close)
  const { KeyMetadata } = await server.client().createKey({})
  await open(`/us-east-1/keys/${KeyMetadata?.KeyId}`)
  await page.getByRole('button', { name: 'Key actions' }).click()
  await page.getByRole('menuitem', { name: 'Disable', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Disable', exact: true }).click()
  const notice = page.getByRole('button', { name: 'Dismiss' })
  await notice.waitFor()
  await page.getByRole('link', { name: 'Users' }).click()
  await page.getByRole('heading', { name: 'Users' }).waitFor()
  assert.equal(await notice.count(), 1)
  await page.getByRole('link', { name: 'Roles' }).click()
  await page.getByRole('heading', { name: 'Roles' }).waitFor()
  await notice.waitFor({ state: 'hidden' })
})

test('the tab that the address names is in sight', async t => {
  const { page, server, open, close } = await openConsole()
  t.after(close)
  const { KeyMetadata } = await server.client().createKey({})
  await open(`/us-east-1/keys/${KeyMetadata?.KeyId}/try`)
  await page.waitForFunction(() => {
    const active = document.querySelector('[role=tab][aria-selected=true]')
    const [tab, row] = [active, active?.closest('[role=tablist]')].map(element => element?.getBoundingClientRect())
    return tab && row && active?.textContent === 'Try it' && tab.left >= row.left - 1 && tab.right <= row.right + 1
  })
})
