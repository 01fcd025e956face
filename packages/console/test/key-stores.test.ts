import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { externalKey, failing, newCredential, startProxy, type TestProxy } from '../../server/test/support/xks-proxy.ts'
import { closeBrowser, openConsole, openTab, requireAccessible, screenshot, type Console } from './support/browser.ts'

/** Custom key stores in the console, before a proxy that does as the specification says until it is told otherwise. */

const folder = mkdtempSync(join(tmpdir(), 'keyreeve-console-stores-'))
let proxy: TestProxy
let console: Console
before(async () => {
  proxy = await startProxy(folder)
  console = await openConsole({ flags: [...proxy.flags, '--xks-timeout', '500'] })
})
after(async () => {
  try {
    await console.close()
  } finally {
    await closeBrowser()
    await proxy.close()
    rmSync(folder, { recursive: true })
  }
})
beforeEach(() => {
  proxy.misbehave = undefined
  proxy.accepts = [proxy.credential]
})

/** Afresh: what a test before left open is gone. */
async function openStores(parameters = ''): Promise<void> {
  await console.page.goto('about:blank')
  await console.open(`/us-east-1/key-stores${parameters}`)
}

async function stores() {
  return (await console.server.client().describeCustomKeyStores({})).CustomKeyStores ?? []
}
async function storeNamed(name: string) {
  return (await stores()).find(({ CustomKeyStoreName }) => CustomKeyStoreName === name) ?? assert.fail(`no ${name}`)
}

let names = 0
/** Made by the API. */
async function makeStore({ isConnected = false } = {}): Promise<{ id: string; name: string }> {
  const name = `made ${++names}`
  const kms = console.server.client()
  const { CustomKeyStoreId: id = '' } = await kms.createCustomKeyStore({
    CustomKeyStoreName: name,
    CustomKeyStoreType: 'EXTERNAL_KEY_STORE',
    XksProxyConnectivity: 'PUBLIC_ENDPOINT',
    XksProxyUriEndpoint: 'https://localhost',
    XksProxyUriPath: `/made${names}/kms/xks/v1`,
    XksProxyAuthenticationCredential: proxy.credential,
  })
  if (isConnected) await kms.connectCustomKeyStore({ CustomKeyStoreId: id })
  return { id, name }
}

async function removeStore(id: string): Promise<void> {
  const kms = console.server.client()
  const [store] = (await kms.describeCustomKeyStores({ CustomKeyStoreId: id })).CustomKeyStores ?? []
  if (store?.ConnectionState !== 'DISCONNECTED') await kms.disconnectCustomKeyStore({ CustomKeyStoreId: id })
  await kms.deleteCustomKeyStore({ CustomKeyStoreId: id })
}

const choose = async (name: string): Promise<void> => {
  await console.page.getByRole('radio', { name: `Select the key store ${name}` }).check({ force: true })
}
async function act(item: string): Promise<void> {
  await console.page.getByRole('button', { name: 'Key store actions' }).click()
  await console.page.getByRole('menuitem', { name: item, exact: true }).click()
}

test('says that there are none, and where others may be', async () => {
  await openStores()
  await console.page.getByText('No custom key stores in us-east-1').waitFor()
  await screenshot(console.page, 'key-stores-empty')
  await requireAccessible(console.page, 'no key stores')
})

test('creates a key store from the proxy configuration file, by keyboard, and connects it', async () => {
  const { page } = console
  await openStores()
  await page.getByRole('button', { name: 'Create key store' }).first().focus()
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Create an external key store' })
  await dialog.waitFor()
  await requireAccessible(page, 'the form')
  await page.keyboard.press('Tab')
  await page.keyboard.type('vault')
  await page.keyboard.press('Tab')
  await page.keyboard.press('End')
  await page.keyboard.type('localhost')
  const configuration = {
    XksProxyUriPath: '/vault/kms/xks/v1',
    XksProxyAuthenticationCredential: proxy.credential,
  }
  await dialog.locator('input[type=file]').setInputFiles({
    name: 'proxy.json',
    mimeType: 'application/json',
    buffer: Buffer.from(JSON.stringify(configuration)),
  })
  const secret = dialog.getByLabel('Secret access key')
  await page.waitForFunction(() => document.querySelector<HTMLInputElement>('input[type=password]')?.value !== '')
  assert.equal(await secret.inputValue(), proxy.credential.RawSecretAccessKey)
  await screenshot(page, 'key-stores-form')
  await secret.focus()
  await page.keyboard.press('Enter')
  await dialog.waitFor({ state: 'hidden' })
  await page.getByRole('heading', { name: 'vault' }).waitFor()
  const made = await storeNamed('vault')
  assert.equal(made.ConnectionState, 'DISCONNECTED')
  assert.equal(made.XksProxyConfiguration?.UriPath, '/vault/kms/xks/v1')
  assert.equal(made.XksProxyConfiguration.Connectivity, 'PUBLIC_ENDPOINT')
  assert.ok(!(await page.content()).includes(proxy.credential.RawSecretAccessKey))

  await act('Connect')
  await page.getByText('The key store vault is connected.').waitFor()
  assert.equal((await storeNamed('vault')).ConnectionState, 'CONNECTED')
  await screenshot(page, 'key-stores-connected')
  await requireAccessible(page, 'a key store')
  await removeStore(made.CustomKeyStoreId ?? '')
})

test('says what is wrong in the form, and asks the server for nothing', async () => {
  const { page } = console
  await openStores()
  await page.getByRole('button', { name: 'Create key store' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Proxy URI path').fill('/kms/xks/v2')
  await dialog.getByLabel('Access key ID').fill('lower')
  await dialog.locator('input[type=file]').setInputFiles({
    name: 'other.json',
    mimeType: 'application/json',
    buffer: Buffer.from('{"XksProxyUriPath":7}'),
  })
  await dialog.getByText('This is no proxy configuration file').waitFor()
  await dialog.getByRole('button', { name: 'Create key store' }).click()
  for (const text of [
    'Enter a name of 1 to 256 characters.',
    'Enter https:// and a host name',
    'Enter a path that ends with /kms/xks/v1',
    'An access key ID of a proxy has 20 to 30 characters',
    'A secret access key of a proxy has 43 to 64 characters',
  ]) {
    await dialog.getByText(text).first().waitFor()
  }
  await screenshot(page, 'key-stores-form-wrong')
  await requireAccessible(page, 'the form with errors')
  assert.deepEqual(await stores(), [])
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'hidden' })
})

test('a proxy that does not accept the credential: the server says so, and what was typed stays', async () => {
  const { page } = console
  await openStores()
  const opener = page.getByRole('button', { name: 'Create key store' }).first()
  await opener.click()
  const dialog = page.getByRole('dialog')
  const { AccessKeyId, RawSecretAccessKey } = newCredential()
  await dialog.getByLabel('Key store name').fill('refused')
  await dialog.getByLabel('Proxy URI endpoint').fill('https://localhost')
  await dialog.getByLabel('Access key ID').fill(AccessKeyId)
  await dialog.getByLabel('Secret access key').fill(RawSecretAccessKey)
  await dialog.getByRole('button', { name: 'Create key store' }).click()
  await dialog.getByText('XksProxyIncorrectAuthenticationCredentialException').waitFor()
  await dialog.getByText(/CreateCustomKeyStore, request [0-9a-f-]{36}/).waitFor()
  assert.equal(await dialog.getByLabel('Key store name').inputValue(), 'refused')
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await page.waitForFunction(() => document.activeElement?.textContent === 'Create key store')
  assert.deepEqual(await stores(), [])
})

test('explains why a key store could not be connected, and what to do', async () => {
  const { page } = console
  const { id, name } = await makeStore()
  await openStores()
  await choose(name)
  proxy.misbehave = failing(401, 'AuthenticationFailedException')
  await act('Connect')
  await page.getByText(`The key store ${name} could not be connected: INVALID_CREDENTIALS.`).waitFor()
  await page.getByText('The proxy did not accept the credential.').waitFor()
  await screenshot(page, 'key-stores-failed')
  await requireAccessible(page, 'a failed key store')
  // Before it can be changed, the failure must be ended.
  await page.getByRole('button', { name: 'Key store actions' }).click()
  assert.equal(await page.getByRole('menuitem', { name: 'Edit' }).getAttribute('aria-disabled'), 'true')
  assert.equal(await page.getByRole('menuitem', { name: 'Connect', exact: true }).getAttribute('aria-disabled'), 'true')
  await page.getByRole('menuitem', { name: 'Disconnect' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Disconnect' }).click()
  await page.getByText(`The key store ${name} is disconnected.`).waitFor()
  assert.equal((await storeNamed(name)).ConnectionState, 'DISCONNECTED')
  await removeStore(id)
})

test('replaces the credential of a connected key store, and leaves its endpoint alone', async () => {
  const { page } = console
  const { id, name } = await makeStore({ isConnected: true })
  await openStores(`?store=${id}`)
  const next = newCredential()
  proxy.accepts.push(next)
  await act('Edit')
  const dialog = page.getByRole('dialog', { name: `Edit ${name}` })
  assert.equal(await dialog.getByLabel('Proxy URI endpoint').getAttribute('readonly'), '')
  await dialog.getByLabel('Key store name').fill('renamed')
  await dialog.getByLabel('Replace the credential').check()
  await dialog.getByLabel('Access key ID').fill(next.AccessKeyId)
  await dialog.getByLabel('Secret access key').fill(next.RawSecretAccessKey)
  await screenshot(page, 'key-stores-edit')
  await requireAccessible(page, 'the form of a key store that is there')
  await dialog.getByRole('button', { name: 'Save changes' }).click()
  await page.getByText('The key store renamed was changed.').waitFor()
  const changed = await storeNamed('renamed')
  assert.equal(changed.ConnectionState, 'CONNECTED')
  assert.equal(changed.XksProxyConfiguration?.AccessKeyId, next.AccessKeyId)
  await removeStore(id)
})

test('deletes a key store once its name is typed', async () => {
  const { page } = console
  const { id, name } = await makeStore()
  await openStores(`?store=${id}`)
  await act('Delete')
  const dialog = page.getByRole('dialog', { name: `Delete ${name}?` })
  const button = dialog.getByRole('button', { name: 'Delete' })
  assert.ok(await button.isDisabled())
  await dialog.getByLabel(`To confirm, type: ${name}`).fill(name)
  await requireAccessible(page, 'the question whether to delete')
  await button.click()
  await page.getByText(`The key store ${name} was deleted.`).waitFor()
  assert.deepEqual(await stores(), [])
})

test('leads to the keys in the key store, and to a new one in it', async () => {
  const { page } = console
  const { id } = await makeStore({ isConnected: true })
  await openStores(`?store=${id}`)
  assert.equal(
    await page.getByRole('link', { name: 'Create a key in this key store' }).getAttribute('href'),
    `#/us-east-1/keys/create?store=${id}`,
  )
  await page.getByRole('link', { name: 'Keys in this key store' }).click()
  await page.getByText(`Custom key store = ${id}`).waitFor()
  await removeStore(id)
})

test('says that the key store of the address is not there', async () => {
  await openStores('?store=cks-1234567890abcdef0')
  await console.page.getByText('There is no key store cks-1234567890abcdef0 here').waitFor()
})

test('in German and in the dark', async t => {
  const { id, name } = await makeStore()
  const { page, context, faults } = await openTab(console.server, { locale: 'de-DE', colorScheme: 'dark' })
  t.after(() => context.close())
  await page.getByLabel('Zugangsschlüssel-ID').fill(console.server.accessKeyId)
  await page.getByLabel('Geheimer Zugangsschlüssel').fill(console.server.secretAccessKey)
  await page.getByRole('button', { name: 'Anmelden' }).click()
  await page.getByRole('link', { name: 'Externe Schlüsselspeicher' }).click()
  await page.getByRole('heading', { name: 'Externe Schlüsselspeicher' }).waitFor()
  await page.getByRole('radio', { name: `Den Schlüsselspeicher ${name} auswählen` }).check({ force: true })
  await page.getByText('Öffentlicher Endpunkt').first().waitFor()
  await screenshot(page, 'key-stores-dark-german')
  await requireAccessible(page, 'key stores in the dark')
  assert.deepEqual(faults, [])
  await removeStore(id)
})

test('does not delete a key store with keys in it, and says why', async () => {
  const { page, server } = console
  const kms = server.client()
  const { id, name } = await makeStore({ isConnected: true })
  proxy.keys.set('external-1', externalKey())
  await kms.createKey({ Origin: 'EXTERNAL_KEY_STORE', CustomKeyStoreId: id, XksKeyId: 'external-1' })
  await kms.disconnectCustomKeyStore({ CustomKeyStoreId: id })
  await openStores(`?store=${id}`)
  await act('Delete')
  const dialog = page.getByRole('dialog', { name: `Delete ${name}?` })
  await dialog.getByLabel(`To confirm, type: ${name}`).fill(name)
  await dialog.getByRole('button', { name: 'Delete' }).click()
  await dialog.getByText('CustomKeyStoreHasCMKsException').waitFor()
  await screenshot(page, 'key-stores-delete')
  assert.equal((await storeNamed(name)).CustomKeyStoreId, id)
})
