import type { CreateKeyCommandInput } from '@aws-sdk/client-kms'
import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync, hash, randomBytes } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { materialId } from 'keyreeve-import'
import type { Page } from 'playwright-core'
import { closeBrowser, openConsole, requireAccessible, screenshot, type Console } from './support/browser.ts'
import { importing, type Importing } from './support/importing.ts'

after(closeBrowser)

type Input = Partial<CreateKeyCommandInput>

/** Key material, as it is handed to the page. */
interface Given {
  bytes: Buffer
  /** What must not leave the tab. */
  secret: Buffer
  /** The check value that is shown for it. */
  check: RegExp
}

interface Case {
  name: string
  input: Input
  algorithm: string
  isPasted?: true
  make: () => Given
}

const hmac = { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' } as const
const signing = (KeySpec: NonNullable<CreateKeyCommandInput['KeySpec']>): Input => ({
  KeySpec,
  KeyUsage: 'SIGN_VERIFY',
})

function secretAs(encode: (secret: Buffer) => string | Buffer, isHmac = false): Given {
  const secret = randomBytes(32)
  return {
    bytes: Buffer.from(encode(secret)),
    secret,
    check: isHmac ? new RegExp(hash('sha256', secret)) : /^[0-9a-f]{6}$/,
  }
}

function keyAs(
  { privateKey, publicKey }: { privateKey: KeyObject; publicKey: KeyObject },
  encode: (key: KeyObject) => string | Buffer,
): Given {
  return {
    bytes: Buffer.from(encode(privateKey)),
    secret: privateKey.export({ type: 'pkcs8', format: 'der' }),
    check: new RegExp(hash('sha256', publicKey.export({ type: 'spki', format: 'der' }))),
  }
}

const pem = (key: KeyObject): string | Buffer => key.export({ type: 'pkcs8', format: 'pem' })
const der = (key: KeyObject): Buffer => key.export({ type: 'pkcs8', format: 'der' })
const jwk = (key: KeyObject): string => JSON.stringify(key.export({ format: 'jwk' }))
const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve })

const cases: Case[] = [
  { name: 'raw bytes', input: {}, algorithm: 'RSAES_OAEP_SHA_256', make: () => secretAs(secret => secret) },
  {
    name: 'hexadecimal digits',
    input: {},
    algorithm: 'RSA_AES_KEY_WRAP_SHA_256',
    isPasted: true,
    make: () => secretAs(secret => secret.toString('hex')),
  },
  {
    name: 'base64',
    input: {},
    algorithm: 'RSAES_OAEP_SHA_1',
    isPasted: true,
    make: () => secretAs(secret => secret.toString('base64')),
  },
  {
    name: 'a secret as JSON Web Key',
    input: {},
    algorithm: 'RSA_AES_KEY_WRAP_SHA_1',
    make: () => secretAs(secret => JSON.stringify({ kty: 'oct', k: secret.toString('base64url') })),
  },
  { name: 'raw bytes', input: {}, algorithm: 'RSAES_PKCS1_V1_5', make: () => secretAs(secret => secret) },
  {
    name: 'an HMAC secret',
    input: hmac,
    algorithm: 'RSAES_OAEP_SHA_256',
    make: () => secretAs(secret => secret, true),
  },
  {
    name: 'an RSA key in PEM',
    input: signing('RSA_2048'),
    algorithm: 'RSA_AES_KEY_WRAP_SHA_256',
    make: () => keyAs(generateKeyPairSync('rsa', { modulusLength: 2048 }), pem),
  },
  {
    name: 'a P-256 key as JSON Web Key',
    input: signing('ECC_NIST_P256'),
    algorithm: 'RSAES_OAEP_SHA_256',
    make: () => keyAs(ec('P-256'), jwk),
  },
  {
    name: 'a P-521 key in DER',
    input: signing('ECC_NIST_P521'),
    algorithm: 'RSA_AES_KEY_WRAP_SHA_1',
    make: () => keyAs(ec('P-521'), der),
  },
  {
    name: 'a secp256k1 key in PEM',
    input: signing('ECC_SECG_P256K1'),
    algorithm: 'RSAES_OAEP_SHA_1',
    make: () => keyAs(ec('secp256k1'), pem),
  },
  {
    name: 'an Ed25519 key in PEM',
    input: signing('ECC_NIST_EDWARDS25519'),
    algorithm: 'RSAES_OAEP_SHA_256',
    make: () => keyAs(generateKeyPairSync('ed25519'), pem),
  },
]

function requireUnsent(sent: string, secret: Buffer): void {
  assert.ok(sent.includes('EncryptedKeyMaterial'), 'the wrapped material was sent')
  // Base64 at each of the three places where it may start, without what depends on its neighbours.
  const base64 = [0, 1, 2].map(offset => {
    const text = Buffer.concat([Buffer.alloc(offset), secret]).toString('base64')
    return text.slice(offset === 0 ? 0 : 4, -4)
  })
  const hex = secret.toString('hex')
  for (const form of [secret.toString('latin1'), hex, hex.toUpperCase(), ...base64]) {
    assert.ok(!sent.includes(form), 'unwrapped material left the tab')
    assert.ok(!sent.includes(form.replaceAll('+', '-').replaceAll('/', '_')), 'unwrapped material left the tab')
  }
}

suite('wrapping in the tab', () => {
  let console: Console
  let page: Page
  let on: Importing
  before(async () => {
    console = await openConsole()
    page = console.page
    on = importing(console)
  })
  after(() => console.close())
  const kms = () => console.server.client()
  const openHere = async (keyId: string): Promise<void> => {
    await on.openImport(keyId)
    await page.getByRole('tab', { name: 'In this tab' }).click()
  }
  const checkValue = () => page.locator('.check-value')

  for (const { name, input, algorithm, isPasted, make } of cases) {
    test(`${name} by ${algorithm}: nothing unwrapped leaves the tab, and the server has it`, async () => {
      const { KeyId } = await on.external(input)
      const { bytes, secret, check } = make()
      const isHmac = input.KeyUsage === 'GENERATE_VERIFY_MAC'
      const sent = await on.sentDuring(async () => {
        await openHere(KeyId)
        await on.chooseShort(algorithm)
        if (isPasted) {
          await page.getByLabel('Or paste it as text').fill(bytes.toString())
          await on.button('Read').click()
        } else await on.upload('Key material file', 'material', bytes)
        await checkValue().filter({ hasText: check }).waitFor()
        await on.button('Wrap in this tab').click()
        await page.getByText('Wrapped, and forgotten here').first().waitFor()
        assert.equal(await checkValue().count(), 0)
        assert.equal(await page.getByLabel('Or paste it as text').inputValue(), '')
        await on.button('Next').click()
        await page.getByText('The token is from this tab').waitFor()
        await on.submit()
        const proof = isHmac ? 'The key material is imported' : 'The server holds exactly what you wrapped'
        await page.getByText(proof, { exact: true }).waitFor()
      })
      requireUnsent(sent, secret)
      assert.equal(await on.stateOf(KeyId), 'Enabled')
      if (isHmac) {
        const { Mac } = await kms().generateMac({ KeyId, Message: Buffer.from('m'), MacAlgorithm: 'HMAC_SHA_256' })
        assert.deepEqual(Buffer.from(Mac ?? []), createHmac('sha256', secret).update('m').digest())
      } else if (input.KeySpec === undefined) {
        const { KeyMetadata } = await kms().describeKey({ KeyId })
        assert.equal(KeyMetadata?.CurrentKeyMaterialId, await materialId(KeyId, secret))
      }
    })
  }

  test('parameters that were fetched to wrap here are not said to be downloaded', async () => {
    const { KeyId } = await on.external()
    await openHere(KeyId)
    await on.chooseShort('RSAES_OAEP_SHA_256')
    await on.upload('Key material file', 'material', randomBytes(32))
    await on.button('Wrap in this tab').click()
    await page.getByText('Wrapped, and forgotten here').first().waitFor()
    assert.equal(await page.getByText('Downloaded: ImportParameters.zip').count(), 0)
  })

  test('makes material only with a backup copy, which then is what the key holds', async () => {
    const { KeyId } = await on.external()
    await openHere(KeyId)
    await on.chooseShort('RSAES_OAEP_SHA_256')
    const backup = await on.downloads(() => on.button('Generate material here').click())
    assert.match(backup.suggestedFilename(), new RegExp(`^keyMaterial_${KeyId}_\\d{10}\\.bin$`))
    const material = readFileSync(await backup.path())
    assert.equal(material.length, 32)
    await on.button('Wrap in this tab').and(page.locator('[aria-disabled=true]')).waitFor()
    await screenshot(page, 'import-1-generated')
    await requireAccessible(page, 'generated material')
    await page.getByRole('checkbox', { name: 'I have the file, and it is in a safe place' }).check()
    await on.button('Wrap in this tab').click()
    await page.getByText('Wrapped, and forgotten here').first().waitFor()
    await on.button('Next').click()
    await on.submit()
    await page.getByText('The server holds exactly what you wrapped').waitFor()
    const { KeyMetadata } = await kms().describeKey({ KeyId })
    assert.equal(KeyMetadata?.CurrentKeyMaterialId, await materialId(KeyId, material))
  })

  test('makes an HMAC secret of the length of its key, and no private keys', async () => {
    await openHere((await on.external({ KeySpec: 'HMAC_384', KeyUsage: 'GENERATE_VERIFY_MAC' })).KeyId)
    const backup = await on.downloads(() => on.button('Generate material here').click())
    assert.equal(readFileSync(await backup.path()).length, 48)
    await openHere((await on.external(signing('ECC_NIST_P256'))).KeyId)
    await page.getByLabel('Or paste it as text').waitFor()
    assert.equal(await on.button('Generate material here').count(), 0)
  })

  const refused: [what: string, input: Input, bytes: () => Buffer, says: RegExp][] = [
    ['too short a secret', hmac, () => randomBytes(8), /HMAC_256 wants 32 to 128 bytes/],
    ['an empty file', {}, () => Buffer.alloc(0), /The input is empty/],
    ['33 bytes', {}, () => Buffer.concat([randomBytes(32), Buffer.from('\n')]), /Is there a newline at the end/],
    [
      'a public key',
      signing('ECC_NIST_P256'),
      () => ec('P-256').publicKey.export({ type: 'spki', format: 'der' }),
      /This is a public key/,
    ],
    ['a key on another curve', signing('ECC_NIST_P256'), () => der(ec('P-384').privateKey), /ECC_NIST_P384/],
    [
      'an encrypted key',
      signing('ECC_NIST_P256'),
      () =>
        Buffer.from(
          ec('P-256').privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }),
        ),
      /encrypted with a passphrase/,
    ],
    ['too large a file', {}, () => randomBytes(70_000), /larger than any key/],
  ]
  for (const [what, input, bytes, says] of refused) {
    test(`${what} is refused with the reason`, async () => {
      await openHere((await on.external(input)).KeyId)
      await on.upload('Key material file', 'file', bytes())
      await page.getByText(says).waitFor()
      await page.getByText('This cannot be used as key material').waitFor()
      assert.equal(await on.button('Wrap in this tab').count(), 0)
    })
  }

  test('what could be read in two ways waits for the format; discarded, it is gone', async () => {
    await openHere((await on.external(hmac)).KeyId)
    await on.upload('Key material file', 'hex', Buffer.from(randomBytes(32).toString('hex')))
    await page.getByText(/Say which is meant/).waitFor()
    await requireAccessible(page, 'unreadable material')
    await screenshot(page, 'import-1-ambiguous')
    await on.choose('Format', 'HEX')
    await page.getByText('32 bytes', { exact: true }).waitFor()
    await on.button('Discard').click()
    await page.getByLabel('Or paste it as text').waitFor()
    assert.equal(await checkValue().count(), 0)
  })
})
