import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { stripTypeScriptTypes } from 'node:module'
import type { AddressInfo } from 'node:net'
import { basename } from 'node:path'
import { after, before, suite, test } from 'node:test'
import chromium from '@sparticuz/chromium'
import { chromium as playwright } from 'playwright-core'
import type { Browser, Page } from 'playwright-core'
import type * as library from '../src/index.ts'
import type { WrappingAlgorithm } from '../src/index.ts'
import { example } from './readme.ts'
import { algorithms, generateWrappingKeys, unwrappers } from './unwrap.ts'
import type { WrappingKey } from './unwrap.ts'

const unsupported =
  process.platform === 'linux' && process.arch === 'x64'
    ? false
    : 'wants Linux on x64, which the Chromium of @sparticuz/chromium is made for'

/** As strict as a page can be that still runs scripts of its own. */
const policy = "default-src 'none'; script-src 'self'; require-trusted-types-for 'script'; base-uri 'none'"

/** Serves the sources, types stripped, an empty page under that policy, and the page of the README. */
function serve(): Server {
  return createServer((request, response) => {
    const name = basename(request.url ?? '')
    if (request.url?.startsWith('/keyreeve-import/') && /^[a-z-]+\.[jt]s$/.test(name)) {
      const source = new URL(`../src/${name.replace(/js$/, 'ts')}`, import.meta.url)
      void readFile(source, 'utf8').then(
        text => response.setHeader('content-type', 'text/javascript').end(stripTypeScriptTypes(text)),
        () => response.writeHead(404).end(),
      )
      return
    }
    response.setHeader('content-type', 'text/html')
    if (name === 'readme') response.end(example('html'))
    else response.setHeader('content-security-policy', policy).end('<!doctype html><title>empty</title>')
  })
}

suite('in a browser', { skip: unsupported }, () => {
  let server: Server
  let port: number
  let browser: Browser
  let page: Page
  let keys: WrappingKey[]
  before(async () => {
    keys = await generateWrappingKeys()
    server = serve().listen(0, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
    browser = await playwright.launch({
      executablePath: await chromium.executablePath(),
      args: ['--no-sandbox', '--no-zygote', '--host-resolver-rules=MAP insecure.test 127.0.0.1'],
    })
    page = await browser.newPage()
  })
  after(async () => {
    await browser?.close()
    server?.closeAllConnections()
    server?.close()
  })

  /** Runs wrap in the page. */
  async function wrapInPage(key: Uint8Array, algorithm: WrappingAlgorithm, material: Uint8Array): Promise<Buffer> {
    const wrapped = await page.evaluate(
      async ([keyBytes, name, materialBytes]) => {
        const path = '/keyreeve-import/index.js'
        const { wrap } = (await import(path)) as typeof library
        return [...(await wrap(Uint8Array.from(keyBytes), name, Uint8Array.from(materialBytes)))]
      },
      [[...key], algorithm, [...material]] as [number[], WrappingAlgorithm, number[]],
    )
    return Buffer.from(wrapped)
  }

  for (const algorithm of algorithms) {
    test(`${algorithm} is undone by the private key`, async () => {
      await page.goto(`http://127.0.0.1:${port}/`)
      for (const key of keys) {
        for (const size of algorithm.startsWith('RSA_AES') ? [5, 32, 1217] : [32, 138]) {
          const material = randomBytes(size)
          const wrapped = await wrapInPage(key.publicKey, algorithm, material)
          assert.deepEqual(unwrappers[algorithm](key, wrapped), material, `${key.bits} bits, ${size} bytes`)
        }
      }
    })
  }

  test('reading and naming material give what they give in Node', async () => {
    await page.goto(`http://127.0.0.1:${port}/`)
    const answer = await page.evaluate(async () => {
      const path = '/keyreeve-import/index.js'
      const { readMaterial, materialId } = (await import(path)) as typeof library
      const text = Array.from({ length: 32 }, (_, i) => i.toString(16).padStart(2, '0')).join('')
      const { material, notes } = readMaterial(new TextEncoder().encode(text))
      return { notes, id: await materialId('1234abcd-12ab-34cd-56ef-1234567890ab', material) }
    })
    assert.deepEqual(answer, {
      notes: ['64 hexadecimal digits read as 32 bytes.'],
      id: '9d0f2b55a020177135bda0d172f6bbb3b4dcc7f87670f4e4a6add67b00173f01',
    })
  })

  test('private keys are read from the files in which people keep them, and wrapped', async () => {
    await page.goto(`http://127.0.0.1:${port}/`)
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    const ec = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey
    const key = keys[0]!
    for (const [privateKey, keySpec, file] of [
      [rsa, 'RSA_2048', rsa.export({ type: 'pkcs1', format: 'pem' })],
      [ec, 'ECC_SECG_P256K1', ec.export({ type: 'sec1', format: 'pem' })],
    ] as const) {
      const { algorithm, wrapped } = await page.evaluate(
        async ([publicKey, spec, text]) => {
          const path = '/keyreeve-import/index.js'
          const { algorithmsFor, readMaterial, wrap } = (await import(path)) as typeof library
          const { material } = readMaterial(new TextEncoder().encode(text), { keySpec: spec })
          const [best] = algorithmsFor(spec, 2048)
          if (!best) throw new Error('no algorithm')
          return { algorithm: best, wrapped: [...(await wrap(Uint8Array.from(publicKey), best, material))] }
        },
        [[...key.publicKey], keySpec, String(file)] as [number[], string, string],
      )
      const material = unwrappers[algorithm](key, Buffer.from(wrapped))
      assert.deepEqual(material, privateKey.export({ type: 'pkcs8', format: 'der' }), algorithm)
    }
  })

  test('a page from plain http is told why it cannot work', async () => {
    await page.goto(`http://insecure.test:${port}/`)
    assert.equal(await page.evaluate(() => globalThis.isSecureContext), false)
    await assert.rejects(
      wrapInPage(keys[0]!.publicKey, 'RSAES_OAEP_SHA_256', randomBytes(32)),
      /ImportError: Web Crypto is missing\. In a browser, open this page over https or from localhost\./,
    )
  })

  test("the README's page takes two files and gives the third", async () => {
    const key = keys[2]!
    const material = randomBytes(32)
    const file = (name: string, buffer: Uint8Array) => ({
      name,
      mimeType: 'application/octet-stream',
      buffer: Buffer.from(buffer),
    })
    await page.goto(`http://127.0.0.1:${port}/readme`)
    await page.getByLabel('Wrapping key').setInputFiles(file('WrappingPublicKey.bin', key.publicKey))
    await page
      .getByLabel('Key material')
      .setInputFiles(file('key.txt', Buffer.from(`${material.toString('base64')}\n`)))
    const wrapButton = page.getByRole('button', { name: 'Wrap', exact: true })
    const [download] = await Promise.all([page.waitForEvent('download'), wrapButton.click()])
    assert.equal(download.suggestedFilename(), 'EncryptedKeyMaterial.bin')
    const wrapped = await readFile(await download.path())
    assert.deepEqual(unwrappers.RSAES_OAEP_SHA_256(key, wrapped), material)
    assert.equal(await page.getByRole('status').textContent(), 'Done. Base64 read as 32 bytes.')

    await page
      .getByLabel('Key material')
      .setInputFiles(file('key.bin', Buffer.concat([material.fill(0x80), Buffer.from('\n')])))
    await wrapButton.click()
    await page.getByText('The input has 33 bytes. SYMMETRIC_DEFAULT wants 32 bytes. Is there a newline').waitFor()
  })
})
