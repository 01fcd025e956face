import type { CreateKeyCommandInput } from '@aws-sdk/client-kms'
import assert from 'node:assert/strict'
import { createHash, createPublicKey, diffieHellman, generateKeyPairSync, randomBytes, verify } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import type { Locator, Request } from 'playwright-core'
import { snippet, type Tool } from '../src/pages/key/code-snippets.ts'
import type { Key } from '../src/pages/key/key.ts'
import { quote } from '../src/pages/key/shell.ts'
import { has, openWorkshop, type Workshop } from './support/aws.ts'
import { closeBrowser, openConsole, requireAccessible, screenshot, settled, type Console } from './support/browser.ts'

/** The tabs Try it and Code of a key. */

let console: Console
let workshop: Workshop
let hasOpenssl: boolean
const made = new Map<string, Promise<string>>()

before(async () => {
  console = await openConsole()
  workshop = openWorkshop(console.server)
  hasOpenssl = await has(/^OpenSSL 3/, 'openssl', 'version')
})
after(async () => {
  workshop.remove()
  await console.close()
  await closeBrowser()
})

/** The id of a key of this kind, which is made once. */
async function keyOf(kind: keyof typeof kinds): Promise<string> {
  const there = made.get(kind)
  if (there) return await there
  const make = async (): Promise<string> =>
    (await console.server.client().createKey(kinds[kind])).KeyMetadata?.KeyId ?? assert.fail()
  const key = make()
  made.set(kind, key)
  return await key
}

const kinds = {
  symmetric: {},
  rsaEncrypt: { KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' },
  rsaSign: { KeySpec: 'RSA_2048', KeyUsage: 'SIGN_VERIFY' },
  ecSign: { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' },
  hmac: { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' },
  agreement: { KeySpec: 'ECC_NIST_P384', KeyUsage: 'KEY_AGREEMENT' },
  kem: { KeySpec: 'ML_KEM_768', KeyUsage: 'ENCAPSULATE_DECAPSULATE' },
} satisfies Record<string, CreateKeyCommandInput>

async function openTry(kind: keyof typeof kinds): Promise<string> {
  const id = await keyOf(kind)
  // From elsewhere: what was typed before is forgotten then.
  await console.open('/us-east-1/simulator')
  await console.open(`/us-east-1/keys/${id}/try`)
  await console.page.getByRole('heading', { name: 'Try it' }).waitFor()
  return id
}

/** Chooses in a select of Cloudscape. */
async function choose(label: string, option: string): Promise<void> {
  await console.page.getByRole('button', { name: label }).click()
  await console.page.getByRole('option', { name: option, exact: true }).click()
  await console.page.getByRole('button', { name: `${label} ${option}`, exact: true }).waitFor()
}

const field = (label: string): Locator => console.page.getByRole('textbox', { name: label, exact: true })
const form = (label: string, name: string): Locator =>
  console.page.getByRole('toolbar', { name: `Form of ${label}` }).getByRole('button', { name })

/** Presses the button of an operation. Gives what went over the wire. */
async function press(operation: string): Promise<{ input: Record<string, unknown>; answer: Record<string, unknown> }> {
  const isIt = (request: Request): boolean => request.headers()['x-amz-target'] === `TrentService.${operation}`
  const [request] = await Promise.all([
    console.page.waitForRequest(isIt),
    console.page.getByRole('button', { name: operation, exact: true }).click(),
  ])
  const response = await request.response()
  return {
    input: request.postDataJSON() as Record<string, unknown>, // As JSON has it.
    answer: (await response?.json()) as Record<string, unknown>,
  }
}

/** What a code block of the page shows. */
const shown = async (label: string): Promise<string> =>
  (await console.page.getByRole('group', { name: label, exact: true }).locator('code').textContent()) ?? ''

const line = 'The same with the AWS CLI'

/** Refuses a line that is not exactly what was sent. */
async function requireSameLine(t: TestContext, operation: string, input: Record<string, unknown>): Promise<void> {
  const text = await shown(line)
  if (text.includes('openssl') && !hasOpenssl) return t.diagnostic(`not run, since openssl is missing: ${text}`)
  const printed = await workshop.bash(text, { AWS_STAND_IN: 'show' })
  assert.deepEqual(JSON.parse(printed), {
    operation,
    input,
    options: { 'endpoint-url': console.server.address, region: 'us-east-1' },
  })
}

const bytes = (base64: unknown): Buffer => Buffer.from(String(base64), 'base64')

test('encrypts text with an encryption context, and decrypts it again', async t => {
  const { page, server } = console
  const id = await openTry('symmetric')
  const text = `it's "quoted" \${HOME} \`id\`\nand ünïcode`
  await field('Plaintext').fill(text)
  await page.getByRole('button', { name: 'Add pair' }).click()
  await field('Encryption context Name').fill('who & why')
  await field('Encryption context Value').fill(`it's {"me"} $USER`)
  const { input, answer } = await press('Encrypt')
  await page.getByRole('heading', { name: 'Answer of Encrypt' }).waitFor()
  const context = { 'who & why': `it's {"me"} $USER` }
  assert.deepEqual(bytes(input['Plaintext']).toString(), text)
  const { Plaintext } = await server.client().decrypt({
    CiphertextBlob: bytes(answer['CiphertextBlob']),
    EncryptionContext: context,
    KeyId: id,
  })
  assert.equal(Buffer.from(Plaintext ?? []).toString(), text)
  assert.equal(await shown('CiphertextBlob'), answer['CiphertextBlob'])

  await t.test('shows the line of the AWS CLI that sends the same', async t => {
    await requireSameLine(t, 'Encrypt', input)
    await page.getByRole('button', { name: `Copy ${line}` }).click()
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), await shown(line))
  })
  await t.test('shows request and answer as JSON', async () => {
    await page.getByRole('button', { name: 'Request and answer as JSON' }).click()
    assert.deepEqual(JSON.parse((await shown('Request')).split('\n\n')[1] ?? ''), input)
    assert.match(await shown('Request'), /X-Amz-Target: TrentService\.Encrypt/)
    assert.deepEqual(JSON.parse(await shown('Answer')), answer)
    await screenshot(page, 'key-try-answer')
    await requireAccessible(page, 'an answer')
  })
  await t.test('hands the ciphertext on to Decrypt', async t => {
    await page.getByRole('button', { name: 'go on with Decrypt' }).click()
    assert.equal(await field('CiphertextBlob').inputValue(), answer['CiphertextBlob'])
    const { input: asked } = await press('Decrypt')
    await page.getByRole('heading', { name: 'Answer of Decrypt' }).waitFor()
    assert.equal(await shown('Plaintext'), text)
    await requireSameLine(t, 'Decrypt', asked)
  })
  await t.test('says what is wrong with another encryption context', async () => {
    await field('Encryption context Value').fill('somebody else')
    await press('Decrypt')
    await page.getByText('InvalidCiphertextException').waitFor()
    assert.equal(await page.getByRole('heading', { name: 'Answer of Decrypt' }).count(), 0)
    await requireAccessible(page, 'a refusal')
  })
  await t.test('forgets all of it with the tab', async () => {
    await page.getByRole('tab', { name: 'Tags' }).click()
    await page.getByRole('heading', { name: /^Tags/ }).waitFor()
    await page.getByRole('tab', { name: 'Try it' }).click()
    await page.getByRole('heading', { name: 'Try it' }).waitFor()
    assert.equal(await field('Plaintext').inputValue(), '')
    assert.ok(!(await page.content()).includes('ünïcode'))
    const kept = await page.evaluate(() => [localStorage, sessionStorage].map(storage => Object.entries(storage)))
    assert.ok(!JSON.stringify(kept).includes('ünïcode'))
  })
})

test('takes hexadecimal, base64 and files, and says what it does not take', async t => {
  const { page } = console
  await openTry('symmetric')
  await page.getByRole('button', { name: 'Encrypt', exact: true }).click()
  await page.getByText('This is needed.').waitFor()
  await page.getByText('The line is here once nothing is missing above.').waitFor()
  await field('Plaintext').fill('Hi')
  await form('Plaintext', 'Hex').click()
  assert.equal(await field('Plaintext').inputValue(), '4869')
  await field('Plaintext').fill('48 6')
  await page.getByText('This is not hexadecimal').waitFor()
  await requireAccessible(page, 'what is not hexadecimal')
  await field('Plaintext').fill('00:ff 10')
  assert.deepEqual((await press('Encrypt')).input['Plaintext'], 'AP8Q')
  await form('Plaintext', 'Base64').click()
  assert.equal(await field('Plaintext').inputValue(), 'AP8Q')
  await field('Plaintext').fill('AP8')
  await page.getByText('This is not base64.').waitFor()
  await form('Plaintext', 'File').click()
  await page.getByText('No file chosen').waitFor()
  const tooMuch = { name: 'big.bin', mimeType: 'application/octet-stream', buffer: randomBytes(4097) }
  await page.locator('input[type=file]').setInputFiles(tooMuch)
  await page.getByText('These are 4,097 bytes; at most 4,096 can be sent.').waitFor()
  const content = randomBytes(4096)
  writeFileSync(join(workshop.folder, "it's me.bin"), content)
  await page.locator('input[type=file]').setInputFiles(join(workshop.folder, "it's me.bin"))
  await page.getByText("it's me.bin", { exact: true }).waitFor()
  const { input } = await press('Encrypt')
  assert.equal(input['Plaintext'], content.toString('base64'))
  await requireSameLine(t, 'Encrypt', input)
})

test('makes data keys of the size that was chosen', async t => {
  const { page, server } = console
  await openTry('symmetric')
  await choose('Operation', 'GenerateDataKey')
  for (const [size, length] of [
    ['AES_128', 16],
    ['Number of bytes', 64],
  ] as const) {
    await choose('Size of the data key', size)
    const { input, answer } = await press('GenerateDataKey')
    await page.getByText(`Plaintext (${length} bytes)`).waitFor()
    const { Plaintext } = await server.client().decrypt({ CiphertextBlob: bytes(answer['CiphertextBlob']) })
    assert.deepEqual(Buffer.from(Plaintext ?? []), bytes(answer['Plaintext']))
    await form('Plaintext', 'Hex').click()
    assert.equal(await shown('Plaintext'), bytes(answer['Plaintext']).toString('hex'))
    await requireSameLine(t, 'GenerateDataKey', input)
  }
  await page.getByRole('spinbutton', { name: 'Number of bytes' }).fill('1025')
  await page.getByRole('button', { name: 'GenerateDataKey', exact: true }).click()
  await page.getByText('It must be 1 to 1,024 bytes.').waitFor()
})

test('signs the digest of a long file with an RSA key, and says in words whether a signature is valid', async t => {
  const { page, server } = console
  const id = await openTry('rsaSign')
  await choose('Algorithm', 'RSASSA_PSS_SHA_512')
  await choose('Message type', 'DIGEST')
  await page.getByRole('checkbox', { name: 'Hash the message here with SHA-512' }).check({ force: true })
  await form('Message', 'File').click()
  const content = randomBytes(100_000)
  writeFileSync(join(workshop.folder, 'report.pdf'), content)
  await page.locator('input[type=file]').setInputFiles(join(workshop.folder, 'report.pdf'))
  await page.getByText('report.pdf', { exact: true }).waitFor()
  const { input, answer } = await press('Sign')
  assert.equal(input['Message'], createHash('sha512').update(content).digest('base64'))
  const { PublicKey } = await server.client().getPublicKey({ KeyId: id })
  const key = createPublicKey({ key: Buffer.from(PublicKey ?? []), format: 'der', type: 'spki' })
  assert.ok(verify('sha512', content, { key, padding: 6, saltLength: 64 }, bytes(answer['Signature'])))
  await page.getByRole('button', { name: 'go on with Verify' }).waitFor()
  await requireSameLine(t, 'Sign', input)
  await page.getByRole('button', { name: 'go on with Verify' }).click()
  const { input: asked } = await press('Verify')
  await page.getByText('The signature is valid', { exact: true }).waitFor()
  assert.equal(asked['SigningAlgorithm'], 'RSASSA_PSS_SHA_512')
  await screenshot(page, 'key-try-valid')
  await requireAccessible(page, 'a valid signature')
  await form('Message', 'Text').click()
  await field('Message').fill('something else')
  await press('Verify')
  await page.getByText('The signature is not valid', { exact: true }).waitFor()
  await requireAccessible(page, 'a signature that is not valid')
})

test('signs with an elliptic curve key', async t => {
  const { page, server } = console
  const id = await openTry('ecSign')
  await field('Message').fill('Hello')
  const { input, answer } = await press('Sign')
  assert.deepEqual([input['MessageType'], input['SigningAlgorithm']], ['RAW', 'ECDSA_SHA_256'])
  const { PublicKey } = await server.client().getPublicKey({ KeyId: id })
  const key = createPublicKey({ key: Buffer.from(PublicKey ?? []), format: 'der', type: 'spki' })
  assert.ok(verify('sha256', Buffer.from('Hello'), key, bytes(answer['Signature'])))
  await requireSameLine(t, 'Sign', input)
  await page.getByRole('button', { name: 'go on with Verify' }).click()
  await press('Verify')
  await page.getByText('This key made it for exactly this message.').waitFor()
  await choose('Operation', 'GetPublicKey')
  await press('GetPublicKey')
  await page.getByRole('heading', { name: 'Answer of GetPublicKey' }).waitFor()
  assert.equal(await shown('PublicKey'), Buffer.from(PublicKey ?? []).toString('base64'))
})

test('generates and verifies MACs', async t => {
  const { page, server } = console
  const id = await openTry('hmac')
  await field('Message').fill('Hello')
  const { input, answer } = await press('GenerateMac')
  const Mac = bytes(answer['Mac'])
  const wish = { KeyId: id, Message: Buffer.from('Hello'), MacAlgorithm: 'HMAC_SHA_256', Mac } as const
  assert.equal((await server.client().verifyMac(wish)).MacValid, true)
  await requireSameLine(t, 'GenerateMac', input)
  await page.getByRole('button', { name: 'go on with VerifyMac' }).click()
  await press('VerifyMac')
  await page.getByText('The MAC is valid', { exact: true }).waitFor()
  await field('Message').fill('Hallo')
  await press('VerifyMac')
  await page.getByText('The MAC is not valid', { exact: true }).waitFor()
})

test('agrees on a secret with the holder of another key', async t => {
  const { page, server } = console
  const id = await openTry('agreement')
  const peer = generateKeyPairSync('ec', { namedCurve: 'secp384r1' })
  await field('PublicKey').fill(peer.publicKey.export({ format: 'der', type: 'spki' }).toString('base64'))
  const { input, answer } = await press('DeriveSharedSecret')
  const { PublicKey } = await server.client().getPublicKey({ KeyId: id })
  const publicKey = createPublicKey({ key: Buffer.from(PublicKey ?? []), format: 'der', type: 'spki' })
  const secret = diffieHellman({ privateKey: peer.privateKey, publicKey })
  assert.deepEqual(bytes(answer['SharedSecret']), secret)
  await page.getByRole('heading', { name: 'Answer of DeriveSharedSecret' }).waitFor()
  await form('SharedSecret', 'Hex').click()
  assert.equal(await shown('SharedSecret'), secret.toString('hex'))
  await requireSameLine(t, 'DeriveSharedSecret', input)
})

test('encapsulates a secret, and finds it again', async t => {
  const { page } = console
  await openTry('kem')
  const { answer } = await press('Encapsulate')
  await page.getByRole('button', { name: 'go on with Decapsulate' }).click()
  const { input, answer: found } = await press('Decapsulate')
  assert.equal(found['SharedSecret'], answer['SharedSecret'])
  await requireSameLine(t, 'Decapsulate', input)
})

test('encrypts what fits under an RSA key, and no more', async () => {
  const { page, server } = console
  const id = await openTry('rsaEncrypt')
  await choose('Algorithm', 'RSAES_OAEP_SHA_256')
  await field('Plaintext').fill('x'.repeat(191))
  await page.getByText('These are 191 bytes; at most 190 can be sent.').waitFor()
  await field('Plaintext').fill('x'.repeat(190))
  const { answer } = await press('Encrypt')
  const { Plaintext } = await server.client().decrypt({
    KeyId: id,
    CiphertextBlob: bytes(answer['CiphertextBlob']),
    EncryptionAlgorithm: 'RSAES_OAEP_SHA_256',
  })
  assert.equal(Plaintext?.length, 190)
})

/** What the code tab writes for a key of this kind. */
async function snippetOf(tool: Tool, kind: keyof typeof kinds): Promise<string> {
  const KeyId = await keyOf(kind)
  const { KeyMetadata } = await console.server.client().describeKey({ KeyId })
  // Dates, in which SDK and wire differ, are in no snippet.
  return snippet(tool, KeyMetadata as unknown as Key, console.server.address) ?? assert.fail(`nothing for ${tool}`)
}

/** The last line that each prints; undefined: a secret that only the service knows. */
const results = {
  symmetric: 'Hello',
  rsaEncrypt: 'Hello',
  rsaSign: 'true',
  ecSign: 'true',
  hmac: 'true',
  agreement: undefined,
  kem: undefined,
} satisfies Record<keyof typeof kinds, string | undefined>

const peerFile = (): void => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp384r1' })
  writeFileSync(join(workshop.folder, 'peer-public.der'), publicKey.export({ format: 'der', type: 'spki' }))
}

/** Compares what a snippet printed last, whatever its language calls true. */
function requireResult(kind: keyof typeof kinds, printed: string): void {
  const last = printed.trimEnd().split('\n').at(-1) ?? ''
  const wanted = results[kind]
  if (wanted !== undefined) assert.equal(last.replace(/^b'(.*)'$/, '$1').replace('True', 'true'), wanted, kind)
  else assert.ok(last.length >= 40, `${kind}: ${last}`)
}

const everyKind = Object.keys(kinds) as (keyof typeof kinds)[] // The record has no others.

test('the snippets for JavaScript run as they are', async () => {
  peerFile()
  const run = async (kind: keyof typeof kinds): Promise<void> => {
    writeFileSync(join(workshop.folder, `${kind}.js`), await snippetOf('javascript', kind))
    requireResult(kind, await workshop.run(process.execPath, `${kind}.js`))
  }
  for (const kind of everyKind) await run(kind)
})

test('the snippets for the AWS CLI run as they are', async t => {
  if (!hasOpenssl) return t.skip('needs openssl 3')
  peerFile()
  for (const kind of everyKind) requireResult(kind, await workshop.bash(await snippetOf('cli', kind)))
})

test('the snippets for OpenSSL do with the public key what the service undoes', async (t: TestContext) => {
  if (!hasOpenssl) return t.skip('needs openssl 3')
  const { folder } = workshop
  const kms = console.server.client()
  writeFileSync(join(folder, 'secret.txt'), 'Hello')
  await workshop.bash(await snippetOf('openssl', 'rsaEncrypt'))
  const { Plaintext } = await kms.decrypt({
    KeyId: await keyOf('rsaEncrypt'),
    CiphertextBlob: readFileSync(join(folder, 'secret.bin')),
    EncryptionAlgorithm: 'RSAES_OAEP_SHA_1',
  })
  assert.equal(Buffer.from(Plaintext ?? []).toString(), 'Hello')

  for (const kind of ['rsaSign', 'ecSign'] as const) {
    writeFileSync(join(folder, 'message.txt'), 'Hello')
    const KeyId = await keyOf(kind)
    const [SigningAlgorithm] = (await kms.describeKey({ KeyId })).KeyMetadata?.SigningAlgorithms ?? []
    const { Signature } = await kms.sign({ KeyId, Message: Buffer.from('Hello'), SigningAlgorithm })
    writeFileSync(join(folder, 'message.sig'), Signature ?? assert.fail())
    assert.match(await workshop.bash(await snippetOf('openssl', kind)), /Verified OK/)
  }

  const printed = await workshop.bash(await snippetOf('openssl', 'agreement'))
  const { SharedSecret } = await kms.deriveSharedSecret({
    KeyId: await keyOf('agreement'),
    KeyAgreementAlgorithm: 'ECDH',
    PublicKey: readFileSync(join(folder, 'peer-public.der')),
  })
  assert.equal(printed.trim(), Buffer.from(SharedSecret ?? []).toString('base64'))
})

test('the code tab offers what fits the key, with its ARN and this endpoint', async () => {
  const { page, server } = console
  const id = await keyOf('symmetric')
  await console.open(`/us-east-1/keys/${id}/code`)
  const names = {
    'AWS CLI': 'aws kms encrypt',
    'JavaScript (AWS SDK v3)': 'new EncryptCommand({',
    'Python (boto3)': 'kms.encrypt(',
    'Go (AWS SDK v2)': 'client.Encrypt(ctx',
    'Java (AWS SDK v2)': 'kms.encrypt(request',
    Terraform: 'aws_kms_key.this',
    SOPS: 'creation_rules:',
    'AWS Encryption SDK CLI': 'aws-encryption-cli --encrypt',
  }
  for (const [name, part] of Object.entries(names)) {
    // It is what is shown first.
    if (name !== 'AWS CLI') await choose('Language or tool', name)
    const text = await shown(name)
    assert.ok(text.includes(part), name)
    assert.ok(text.includes(`arn:aws:kms:us-east-1:000000000000:key/${id}`), name)
    assert.ok(text.includes(server.address), name)
    await page.getByRole('button', { name: `Copy ${name}` }).click()
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), text)
  }
  await console.open(`/us-east-1/keys/${await keyOf('ecSign')}/code`)
  await page.getByRole('button', { name: 'Language or tool' }).click()
  await page.getByRole('option', { name: 'Terraform' }).waitFor()
  assert.equal(await page.getByRole('option', { name: 'SOPS' }).count(), 0)
  await page.getByRole('option', { name: 'OpenSSL' }).click()
  assert.match(await shown('OpenSSL'), /openssl dgst -sha256 -verify public\.pem -signature message\.sig message\.txt/)
})

test('is accessible, light and dark, and is whole on a narrow page', async t => {
  const { page } = console
  t.after(async () => {
    await page.emulateMedia({ colorScheme: 'light' })
    await page.setViewportSize({ width: 1440, height: 1000 })
  })
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await openTry('rsaSign')
    await screenshot(page, `key-try-${colorScheme}`)
    await requireAccessible(page, `try it, ${colorScheme}`)
    await console.open(`/us-east-1/keys/${await keyOf('symmetric')}/code`)
    await screenshot(page, `key-code-${colorScheme}`)
    await requireAccessible(page, `code, ${colorScheme}`)
  }
  await page.setViewportSize({ width: 640, height: 900 })
  await openTry('symmetric')
  await settled(page)
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  assert.ok(overflow <= 0, `${overflow} pixels too wide`)
})

test('words of a shell are what they were', async () => {
  for (const text of ['', 'plain', "it's", '$HOME `id` "x" \\ !', 'two\nlines', '-n', 'ünïcode', '*', '~']) {
    assert.equal(await workshop.bash(`printf %s ${quote(text)}`), text)
  }
})
