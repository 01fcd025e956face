import assert from 'node:assert/strict'
import { generateKeyPairSync, hash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { after, before, suite, test } from 'node:test'
import { materialId } from 'keyreeve-import'
import type { BrowserContext, Page } from 'playwright-core'
import { generateWrappingKey, unwrappers, type WrappingKey } from '../../import/test/unwrap.ts'
import { closeBrowser, openConsole, requireAccessible, screenshot, type Console } from './support/browser.ts'
import { importing, memberOf, type Importing, type Members } from './support/importing.ts'

after(closeBrowser)

const built = new URL('../../server/console/offline/wrap.html', import.meta.url)
const file = (name: string, buffer: Uint8Array) => ({
  name,
  mimeType: 'application/octet-stream',
  buffer: Buffer.from(buffer),
})

suite('the page for an air-gapped machine', () => {
  let console: Console
  let on: Importing
  let folder: string
  before(async () => {
    console = await openConsole()
    on = importing(console)
    folder = mkdtempSync(join(tmpdir(), 'keyreeve-offline-'))
  })
  after(async () => {
    rmSync(folder, { recursive: true })
    await console.close()
  })

  /** The zip file of a key, with the page in it. */
  const fetchWithPage = async (keyId: string): Promise<Members> => {
    await on.openImport(keyId)
    await on.chooseShort('RSAES_OAEP_SHA_256')
    await console.page.getByRole('checkbox', { name: 'Add a page for an air-gapped machine' }).check()
    return await on.fetchZip()
  }

  /** A page from a file, in a browser without network. `asked` fills with whatever it asks for all the same. */
  const openFile = async (
    html: string | Uint8Array,
    options: { locale?: string; colorScheme?: 'light' | 'dark' } = {},
  ): Promise<{ page: Page; context: BrowserContext; asked: string[] }> => {
    const path = join(folder, 'wrap.html')
    writeFileSync(path, html)
    const browser = console.context.browser()
    assert.ok(browser)
    const context = await browser.newContext({ acceptDownloads: true, locale: 'en-US', ...options })
    await context.setOffline(true)
    const page = await context.newPage()
    page.setDefaultTimeout(15_000)
    const asked: string[] = []
    page.on('request', request => asked.push(request.url()))
    page.on('console', message => message.type() === 'error' && asked.push(message.text()))
    page.on('pageerror', error => asked.push(error.message))
    await page.goto(pathToFileURL(path).href)
    return { page, context, asked }
  }

  const wrapIn = async (page: Page): Promise<Buffer> => {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Wrap key material' }).click(),
    ])
    assert.equal(download.suggestedFilename(), 'EncryptedKeyMaterial.bin')
    return readFileSync(await download.path())
  }

  test('is one small file that asks nobody for anything', () => {
    const html = readFileSync(built, 'utf8')
    assert.ok(html.length < 60_000, `${html.length} bytes`)
    assert.match(html, /default-src 'none'; connect-src 'none'; script-src 'sha256-[^']{44}'; style-src 'sha256-/)
    assert.ok(!html.includes('unsafe'))
    assert.doesNotMatch(html, /<[^>]+\s(src|href)=|url\(|@import|https?:/)
    assert.doesNotMatch(html, /\bfetch\(|XMLHttpRequest|WebSocket|sendBeacon/)
  })

  test('from the zip file, opened as a file without network, wraps what is then imported', async t => {
    const { KeyId, Arn } = await on.external()
    const members = await fetchWithPage(KeyId)
    assert.equal(Object.keys(members).length, 4)
    const [name, html] = memberOf(members, 'wrapKeyMaterial_')
    assert.match(name, new RegExp(`^wrapKeyMaterial_${KeyId}_\\d{10}\\.html$`))
    assert.ok(Buffer.from(memberOf(members, 'README_')[1]).toString().includes(name))
    const token = Buffer.from(memberOf(members, 'importToken_')[1])
    assert.ok(!Buffer.from(html).toString().includes(token.toString('base64').slice(0, 40)), 'the token is not in it')

    const { page, context, asked } = await openFile(html)
    t.after(() => context.close())
    await page.getByText(Arn).waitFor()
    await page.getByText(hash('sha256', memberOf(members, 'wrappingKey_')[1])).waitFor()
    assert.equal(await page.getByLabel('Wrapping key').isVisible(), false)
    await screenshot(page, 'offline-start')
    await requireAccessible(page, 'the offline page')
    const material = randomBytes(32)
    await page.getByLabel('File').setInputFiles(file('material.hex', Buffer.from(material.toString('hex'))))
    const encrypted = await wrapIn(page)
    const id = await materialId(KeyId, material)
    await page.getByText(id).waitFor()
    await page.getByText('64 hexadecimal digits read as 32 bytes.').waitFor()
    await screenshot(page, 'offline-done')
    await requireAccessible(page, 'the offline page, done')
    assert.equal(await page.getByLabel('File').inputValue(), '')
    assert.deepEqual(
      asked.filter(url => !url.startsWith('file:') && !url.startsWith('blob:')),
      [],
    )

    await on.goOn()
    await on.upload('Wrapped key material', 'EncryptedKeyMaterial.bin', encrypted)
    await on.upload('Import token', ...memberOf(members, 'importToken_'))
    await on.submit()
    await console.page.getByText('The key material is imported').waitFor()
    const { KeyMetadata } = await console.server.client().describeKey({ KeyId })
    assert.equal(KeyMetadata?.CurrentKeyMaterialId, id)
  })

  test('its policy lets no request out', async t => {
    const { page, context } = await openFile(readFileSync(built))
    t.after(() => context.close())
    await context.setOffline(false)
    const failed = await page.evaluate(async address => {
      const report = new Promise<string>(resolve => {
        document.addEventListener('securitypolicyviolation', event => resolve(event.effectiveDirective))
      })
      await fetch(address).catch(() => {})
      return await report
    }, console.server.address)
    assert.equal(failed, 'connect-src')
  })

  suite('without a wrapping key in it', () => {
    let page: Page
    let context: BrowserContext
    let key: WrappingKey
    before(async () => {
      key = await generateWrappingKey(2048)
      const opened = await openFile(readFileSync(built))
      page = opened.page
      context = opened.context
      await page.getByLabel('Wrapping key').setInputFiles(file('wrappingKey', key.publicKey))
    })
    after(() => context.close())

    test('wraps a private key that was pasted, and tells its fingerprint', async () => {
      const pair = generateKeyPairSync('ec', { namedCurve: 'P-521' })
      await page.getByLabel('Key spec').selectOption('ECC_NIST_P521')
      await page.getByLabel('Wrapping algorithm').selectOption('RSA_AES_KEY_WRAP_SHA_256')
      const pem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
      await page.getByLabel('Or paste it as text').fill(pem)
      const encrypted = await wrapIn(page)
      const material = pair.privateKey.export({ type: 'pkcs8', format: 'der' })
      assert.deepEqual(unwrappers.RSA_AES_KEY_WRAP_SHA_256(key, encrypted), material)
      const spki = pair.publicKey.export({ type: 'spki', format: 'der' })
      await page.getByText(hash('sha256', spki)).waitFor()
      assert.equal(await page.getByLabel('Or paste it as text').inputValue(), '')
    })

    const refused: [what: string, spec: string, text: string, says: RegExp][] = [
      ['nothing', 'SYMMETRIC_DEFAULT', '', /Give the key material/],
      ['what is no material', 'SYMMETRIC_DEFAULT', 'abc', /SYMMETRIC_DEFAULT wants 32 bytes/],
      ['a key of another spec', 'RSA_2048', randomBytes(32).toString('hex'), /no private key/],
    ]
    for (const [what, spec, text, says] of refused) {
      test(`refuses ${what}, and says why`, async () => {
        await page.getByLabel('Key spec').selectOption(spec)
        await page.getByLabel('Or paste it as text').fill(text)
        await page.getByRole('button', { name: 'Wrap key material' }).click()
        await page.getByText(says).waitFor()
      })
    }

    test('refuses a file and text at once, and keeps neither', async () => {
      await page.getByLabel('File').setInputFiles(file('m', randomBytes(32)))
      await page.getByLabel('Or paste it as text').fill('00')
      await page.getByRole('button', { name: 'Wrap key material' }).click()
      await page.getByText('Give a file or pasted text, not both.').waitFor()
    })

    test('refuses a wrapping key that is none', async () => {
      await page.getByLabel('Wrapping key').setInputFiles(file('token', randomBytes(1000)))
      await page.getByLabel('Or paste it as text').fill(randomBytes(32).toString('hex'))
      await page.getByLabel('File').setInputFiles([])
      await page.getByRole('button', { name: 'Wrap key material' }).click()
      await page.getByText(/This is no RSA public key/).waitFor()
    })
  })

  test('says so if its parameters have expired, in German, in the dark', async t => {
    const html = readFileSync(built, 'utf8')
      .replace(
        'data-wrapping-key=""',
        `data-wrapping-key="${Buffer.from((await generateWrappingKey(2048)).publicKey).toString('base64')}"`,
      )
      .replace('data-valid-to=""', 'data-valid-to="2020-01-01T00:00:00.000Z"')
      .replace('data-key-spec=""', 'data-key-spec="HMAC_256"')
      .replace('data-algorithm=""', 'data-algorithm="RSAES_OAEP_SHA_256"')
    const { page, context } = await openFile(html, { locale: 'de-DE', colorScheme: 'dark' })
    t.after(() => context.close())
    await page.getByRole('heading', { name: 'Schlüsselmaterial verpacken' }).waitFor()
    await page.getByText(/sind diese Importparameter abgelaufen/).waitFor()
    await screenshot(page, 'offline-german-dark')
    await requireAccessible(page, 'the offline page, dark')
  })
})
