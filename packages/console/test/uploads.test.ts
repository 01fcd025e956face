import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import type { Page } from 'playwright-core'
import { closeBrowser, openConsole, requireAccessible, screenshot, type Console } from './support/browser.ts'
import { importing, memberOf, type Importing, type Members } from './support/importing.ts'

after(closeBrowser)

const [wrapped, token] = ['Wrapped key material', 'Import token'] as const

suite('wrong files', () => {
  let console: Console
  let page: Page
  let on: Importing
  let keyId: string
  let members: Members
  let ofOther: [string, Uint8Array]
  before(async () => {
    console = await openConsole()
    page = console.page
    on = importing(console)
    const { KeyId: other } = await on.external()
    await on.openImport(other)
    await on.chooseShort('RSAES_OAEP_SHA_256')
    ofOther = memberOf(await on.fetchZip(), 'importToken_')
    ;({ KeyId: keyId } = await on.external())
    await on.openImport(keyId)
    await on.chooseShort('RSAES_OAEP_SHA_256')
    members = await on.fetchZip()
    await on.goOn()
  })
  after(() => console.close())

  const requireUnchanged = async (): Promise<void> => {
    const { KeyMetadata } = await console.server.client().describeKey({ KeyId: keyId })
    assert.equal(KeyMetadata?.KeyState, 'PendingImport')
    assert.equal(KeyMetadata.CurrentKeyMaterialId, undefined)
  }
  const giveToken = async (): Promise<void> => {
    await on.upload(token, ...memberOf(members, 'importToken_'))
    await page.getByText('The token is from this tab').waitFor()
  }
  const hexText = (size: number): Buffer => Buffer.from(randomBytes(size).toString('hex'))
  const base64Text = (size: number): Buffer => Buffer.from(randomBytes(size).toString('base64'))
  const pem = Buffer.from('-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n')

  const wrong: [what: string, field: string, file: () => [string, Uint8Array], says: string | RegExp][] = [
    ['bare material', wrapped, () => ['plain.bin', randomBytes(32)], /plain\.bin is key material that is not wrapped!/],
    ['bare material in hex', wrapped, () => ['key.hex', hexText(32)], /key\.hex is key material that is not wrapped!/],
    ['the wrapping key', wrapped, () => memberOf(members, 'wrappingKey_'), /This is a wrapping key/],
    ['the token', wrapped, () => memberOf(members, 'importToken_'), /This is the same file as the import token/],
    ['another token', wrapped, () => ofOther, /This is an import token\. Did you swap/],
    ['an empty file', wrapped, () => ['empty', new Uint8Array()], 'This file is empty.'],
    ['base64', wrapped, () => ['b64', base64Text(256)], /looks like base64 text/],
    ['PEM', wrapped, () => ['pem', pem], /looks like PEM/],
    [
      'what is wrapped for another wrapping key spec',
      wrapped,
      () => ['big', randomBytes(384)],
      'Wrapped for RSA_3072, this set is RSA_2048: 384 bytes do not fit.',
    ],
    ['what is wrapped by another kind of algorithm', wrapped, () => ['kwp', randomBytes(296)], /RSA_AES_KEY_WRAP_/],
    ['the token of another key', token, () => ofOther, /This is the token of another key: /],
    ['hexadecimal text', token, () => ['hex', hexText(900)], /looks like hexadecimal text/],
    ['too large a file', token, () => ['large', randomBytes(7000)], /more than 6144 bytes/],
  ]
  for (const [what, field, make, says] of wrong) {
    test(`${what} as ${field.toLowerCase()} is told, and nothing is sent`, async () => {
      await giveToken()
      await on.upload(field, ...make())
      await page.getByText(says).waitFor()
      if (what === 'bare material') {
        await screenshot(page, 'import-2-wrong')
        await requireAccessible(page, 'a wrong file')
      }
      const sent = await on.sentDuring(on.submit)
      assert.ok(!sent.includes('ImportKeyMaterial'))
      await requireUnchanged()
    })
  }

  test('what only the server can tell is explained, and changes nothing', async () => {
    await giveToken()
    // Below every modulus, and wrapped by nobody.
    await on.upload(wrapped, 'random.bin', Buffer.concat([Buffer.from([1]), randomBytes(255)]))
    await on.submit()
    await page.getByText('InvalidCiphertextException').waitFor()
    await page.getByText('What this can mean').waitFor()
    await screenshot(page, 'import-2-refused')
    await requireAccessible(page, 'a refusal')
    await requireUnchanged()
  })

  test('nothing chosen is said at both fields', async () => {
    await on.openImport(keyId, '?step=upload')
    await on.submit()
    await page.getByText('Choose a file.').nth(1).waitFor()
    assert.equal(await page.getByText('Choose a file.').count(), 2)
  })

  test('all of ImportParameters.zip is taken for the token in it', async () => {
    await on.openImport(keyId)
    await on.chooseShort('RSAES_OAEP_SHA_256')
    const download = await on.downloads(() => on.button('Download wrapping key and import token').click())
    const zip = readFileSync(await download.path())
    await on.goOn()
    await on.upload(token, 'ImportParameters.zip', zip)
    await page.getByText('The token is from this tab').waitFor()
  })

  test('what was wrapped in this tab for one download is not taken with the token of another', async () => {
    const { KeyId } = await on.external()
    await on.openImport(KeyId)
    await on.chooseShort('RSAES_OAEP_SHA_256')
    const first = await on.fetchZip()
    await page.getByText('Downloaded: ImportParameters.zip').waitFor()
    await on.fetchZip()
    await page.getByText('This tab has downloaded one other set before.').waitFor()
    await page.getByRole('tab', { name: 'In this tab' }).click()
    await on.upload('Key material file', 'm', randomBytes(32))
    await on.button('Wrap in this tab').click()
    await page.getByText('Wrapped, and forgotten here').first().waitFor()
    await on.button('Next').click()
    await page.getByText('The token is from this tab').waitFor()
    await on.upload(token, ...memberOf(first, 'importToken_'))
    await page.getByText(/This was wrapped for another download/).waitFor()
    const sent = await on.sentDuring(on.submit)
    assert.ok(!sent.includes('ImportKeyMaterial'))
    assert.equal(await on.stateOf(KeyId), 'PendingImport')
  })
})

suite('the expiration option', () => {
  let console: Console
  let page: Page
  let on: Importing
  before(async () => {
    console = await openConsole()
    page = console.page
    on = importing(console)
    await on.openImport((await on.external()).KeyId, '?step=upload')
    await page.getByRole('checkbox', { name: 'Key material expires' }).check()
  })
  after(() => console.close())
  const dayAfter = (days: number): string =>
    new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10).replaceAll('-', '/')

  for (const [what, date, time, says] of [
    ['in the past', dayAfter(-2), '10:00', 'This is in the past.'],
    ['in more than a year', dayAfter(400), '10:00', 'At most 365 days from now.'],
    ['without a time', dayAfter(10), '', 'Give a time, as hh:mm.'],
    ['without a date', '', '10:00', 'Choose a date, as YYYY/MM/DD.'],
  ] as const) {
    test(`${what} is refused, and nothing is sent`, async () => {
      await page.getByText(/^Time zone: /).waitFor()
      await page.getByLabel('Date', { exact: true }).fill(date)
      await page.getByLabel('Time', { exact: true }).fill(time)
      const sent = await on.sentDuring(on.submit)
      await page.getByText(says).first().waitFor()
      assert.ok(!sent.includes('ImportKeyMaterial'))
    })
  }
})
