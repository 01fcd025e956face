import assert from 'node:assert/strict'
import { constants, createDecipheriv, generateKeyPairSync, hash, privateDecrypt, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { keyreeve, makeWorkplace, type Workplace } from '../support/cli.ts'

const keyId = '1234abcd-12ab-34cd-56ef-1234567890ab'
const keyArn = `arn:aws:kms:eu-west-1:000000000000:key/${keyId}`
const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
const wrappingKey = pair.publicKey.export({ type: 'spki', format: 'der' })

type Answer = Record<string, unknown> | { error: string }
type Call = [operation: string, input: Record<string, unknown>]

/** A KMS that answers what a real one would not, or not yet. */
async function fakeKms(
  t: TestContext,
  answers: Record<string, Answer>,
): Promise<{ place: Workplace; calls: Call[]; path: (name: string) => string }> {
  const calls: Call[] = []
  const usual: Record<string, Answer> = {
    DescribeKey: { KeyMetadata: { Arn: keyArn, KeySpec: 'SYMMETRIC_DEFAULT', Origin: 'EXTERNAL' } },
    GetParametersForImport: {
      KeyId: keyArn,
      ImportToken: randomBytes(100).toString('base64'),
      PublicKey: wrappingKey.toString('base64'),
      ParametersValidTo: 4e9,
    },
    ImportKeyMaterial: { KeyId: keyArn },
    GetPublicKey: { PublicKey: wrappingKey.toString('base64') },
  }
  const server = createServer((request, response) => {
    void json(request).then(input => {
      const [, operation = ''] = /^TrentService\.(.*)$/.exec(String(request.headers['x-amz-target'])) ?? []
      calls.push([operation, input as Record<string, unknown>])
      const answer = answers[operation] ?? usual[operation] ?? { error: 'UnknownOperationException' }
      if ('error' in answer) response.writeHead(400).end(JSON.stringify({ __type: answer['error'] }))
      else response.writeHead(200).end(JSON.stringify(answer))
    })
  })
  server.listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const place = makeWorkplace(t)
  place.environment['AWS_ENDPOINT_URL'] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  place.environment['AWS_ACCESS_KEY_ID'] = 'AKIAIOSFODNN7EXAMPLE'
  place.environment['AWS_SECRET_ACCESS_KEY'] = 'secret'
  return { place, calls, path: name => join(place.folder, name) }
}

function unwrap(encrypted: unknown): Buffer {
  const bytes = Buffer.from(String(encrypted), 'base64')
  const key = { key: pair.privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }
  const block = privateDecrypt(key, bytes.subarray(0, 256))
  if (bytes.length === 256) return block
  const kwp = createDecipheriv('id-aes256-wrap-pad', block, Buffer.from('a65959a6', 'hex'))
  return Buffer.concat([kwp.update(bytes.subarray(256)), kwp.final()])
}

const secretFile = { mode: 0o600 }
const importing = (file: string, ...more: string[]): string[] => [
  'import',
  file,
  '--key-id',
  keyId,
  '--no-expiry',
  ...more,
]

test('does not believe a server that names other material than was sent', async t => {
  const { place, path } = await fakeKms(t, { ImportKeyMaterial: { KeyId: keyArn, KeyMaterialId: 'ab'.repeat(32) } })
  writeFileSync(path('material.bin'), randomBytes(32), secretFile)
  const { status, stderr } = await keyreeve(place, importing('material.bin'))
  assert.equal(status, 1)
  assert.match(
    stderr,
    /^keyreeve: The server has not got this material: computed here, its ID is [0-9a-f]{64}\. .* aws kms delete-imported-key-material --key-id arn:.*\n$/,
  )
})

test('keeps material that it made for an import that failed, for the next try', async t => {
  const { place, path } = await fakeKms(t, { ImportKeyMaterial: { error: 'KMSInternalException' } })
  const { status, stderr } = await keyreeve(place, importing('material.bin', '--generate'))
  assert.equal(status, 1)
  assert.match(stderr, /^note: 32 random bytes are in material\.bin\..*\nkeyreeve: KMSInternalException:\n$/)
  assert.equal(readFileSync(path('material.bin')).length, 32)
  assert.equal(statSync(path('material.bin')).mode & 0o777, 0o600)
})

const sizes: [keySpec: string, size: number][] = [
  ['HMAC_224', 28],
  ['HMAC_256', 32],
  ['HMAC_384', 48],
  ['HMAC_512', 64],
]
for (const [KeySpec, size] of sizes) {
  test(`makes ${size} bytes for ${KeySpec}, and expects no ID`, async t => {
    const described = { KeyMetadata: { Arn: keyArn, KeySpec, Origin: 'EXTERNAL' } }
    const { place, calls, path } = await fakeKms(t, { DescribeKey: described })
    const { status, stdout } = await keyreeve(place, importing('material.bin', '--generate'))
    assert.equal(status, 0)
    assert.equal(stdout, `Imported into ${keyArn}\nExpires: never\n`)
    const [, input] = calls.at(-1)!
    assert.ok(unwrap(input['EncryptedKeyMaterial']).equals(readFileSync(path('material.bin'))))
    assert.equal(readFileSync(path('material.bin')).length, size)
  })
}

test('wraps RSA private keys from PEM by the one algorithm that can', async t => {
  const described = { KeyMetadata: { Arn: keyArn, KeySpec: 'RSA_2048', Origin: 'EXTERNAL' } }
  const { place, calls, path } = await fakeKms(t, { DescribeKey: described })
  writeFileSync(path('key.pem'), pair.privateKey.export({ type: 'pkcs1', format: 'pem' }), secretFile)
  const { status, stdout, stderr } = await keyreeve(place, importing('key.pem'))
  assert.equal(status, 0)
  assert.equal(stderr, 'note: PEM (RSA PRIVATE KEY) read as DER.\nnote: PKCS#1 converted to PKCS#8.\n')
  assert.equal(
    stdout,
    `Imported into ${keyArn}\nPublic key (SHA-256): ${hash('sha256', wrappingKey)}\nExpires: never\n` +
      'The server holds this very key: the fingerprint of its public half computed here is the same.\n',
  )
  assert.deepEqual(
    calls.map(([operation]) => operation),
    ['DescribeKey', 'GetParametersForImport', 'ImportKeyMaterial', 'GetPublicKey'],
  )
  assert.equal(calls[1]![1]['WrappingAlgorithm'], 'RSA_AES_KEY_WRAP_SHA_256')
  const pkcs8 = pair.privateKey.export({ type: 'pkcs8', format: 'der' })
  assert.ok(unwrap(calls[2]![1]['EncryptedKeyMaterial']).equals(pkcs8))
  const refused = await keyreeve(place, importing('key.pem', '--algorithm', 'RSAES_OAEP_SHA_256'))
  assert.equal(refused.status, 2)
  assert.match(
    refused.stderr,
    /\nkeyreeve: --algorithm cannot be RSAES_OAEP_SHA_256, by which RSA_4096 wraps no material for RSA_2048\. These can: RSA_AES_KEY_WRAP_SHA_256, RSA_AES_KEY_WRAP_SHA_1\.\n$/,
  )
})

/** A place with a key pair in key.pem, and a server that knows a KMS key for it. */
async function placeWithKey(t: TestContext, answers: Record<string, Answer>) {
  const described = { KeyMetadata: { Arn: keyArn, KeySpec: 'RSA_2048', Origin: 'EXTERNAL' } }
  const { place, path } = await fakeKms(t, { DescribeKey: described, ...answers })
  writeFileSync(path('key.pem'), pair.privateKey.export({ type: 'pkcs8', format: 'pem' }), secretFile)
  return place
}

test('does not believe a server that shows another public key than the owner has', async t => {
  const other = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' })
  const place = await placeWithKey(t, { GetPublicKey: { PublicKey: other.toString('base64') } })
  const { status, stdout, stderr } = await keyreeve(place, importing('key.pem'))
  assert.equal(status, 1)
  assert.ok(stdout.includes(`Public key (SHA-256): ${hash('sha256', other)}\n`))
  assert.doesNotMatch(stdout, /the same/)
  const own = hash('sha256', wrappingKey)
  assert.ok(
    stderr.endsWith(
      `keyreeve: The server has not got this key: computed here, SHA-256 of its public half is ${own}. ` +
        `Delete what it has: aws kms delete-imported-key-material --key-id ${keyArn}\n`,
    ),
    stderr,
  )
})

test('says that the key is imported, but not compared, without kms:GetPublicKey', async t => {
  const place = await placeWithKey(t, { GetPublicKey: { error: 'AccessDeniedException' } })
  const { status, stdout, stderr } = await keyreeve(place, importing('key.pem'))
  assert.equal(status, 0)
  assert.equal(stdout, `Imported into ${keyArn}\nExpires: never\n`)
  assert.match(
    stderr,
    /\nwarning: The key is imported, but its public half was not compared\. AccessDeniedException:\n$/,
  )
})

test('prints the fingerprint in JSON too', async t => {
  const place = await placeWithKey(t, {})
  const { status, stdout } = await keyreeve(place, importing('key.pem', '--json'))
  assert.equal(status, 0)
  assert.deepEqual(JSON.parse(stdout), { KeyId: keyArn, PublicKeySha256: hash('sha256', wrappingKey) })
})

test('sees a private key with the public half of another before it asks for anything', async t => {
  const described = { KeyMetadata: { Arn: keyArn, KeySpec: 'ECC_NIST_P256', Origin: 'EXTERNAL' } }
  const { place, calls, path } = await fakeKms(t, { DescribeKey: described })
  const [one, other] = [1, 2].map(() => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)
  const { d } = one!.export({ format: 'jwk' })
  const offCurve = Buffer.alloc(32, 1).toString('base64url')
  for (const mixed of [
    { ...other!.export({ format: 'jwk' }), d },
    { ...one!.export({ format: 'jwk' }), x: offCurve },
  ]) {
    writeFileSync(path('key.jwk'), JSON.stringify(mixed), secretFile)
    const { status, stderr } = await keyreeve(place, importing('key.jwk'))
    assert.equal(status, 1)
    assert.match(
      stderr,
      /keyreeve: This private key is damaged: the public half in it does not verify what it signs\.\n$/,
    )
  }
  assert.deepEqual(
    calls.map(([operation]) => operation),
    ['DescribeKey', 'DescribeKey'],
  )
})

test('takes another algorithm for P-521 under RSA_2048 than under RSA_4096', async t => {
  const described = { KeyMetadata: { Arn: keyArn, KeySpec: 'ECC_NIST_P521', Origin: 'EXTERNAL' } }
  const { place, calls, path } = await fakeKms(t, { DescribeKey: described })
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-521' })
  writeFileSync(path('key.der'), privateKey.export({ type: 'pkcs8', format: 'der' }), secretFile)
  const refused = importing('key.der', '--wrapping-key-spec', 'RSA_2048', '--algorithm', 'RSAES_OAEP_SHA_1')
  assert.match((await keyreeve(place, refused)).stderr, /wraps no material for ECC_NIST_P521\. These can: RSA_AES_KEY_/)
  for (const spec of ['RSA_2048', 'RSA_4096']) {
    await keyreeve(place, ['import', 'parameters', '--key-id', keyId, '--wrapping-key-spec', spec, '--force'])
  }
  const asked = calls.filter(([operation]) => operation === 'GetParametersForImport')
  assert.deepEqual(
    asked.map(([, { WrappingAlgorithm }]) => WrappingAlgorithm),
    ['RSA_AES_KEY_WRAP_SHA_256', 'RSAES_OAEP_SHA_256'],
  )
})

test('takes a private key for another key spec for a mistake', async t => {
  const described = { KeyMetadata: { Arn: keyArn, KeySpec: 'ECC_NIST_P256', Origin: 'EXTERNAL' } }
  const { place, calls, path } = await fakeKms(t, { DescribeKey: described })
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' })
  writeFileSync(path('key.der'), privateKey.export({ type: 'pkcs8', format: 'der' }), secretFile)
  const { status, stderr } = await keyreeve(place, importing('key.der'))
  assert.equal(status, 1)
  assert.match(stderr, /This is a private key for ECC_NIST_P384, but the KMS key is ECC_NIST_P256\./)
  assert.deepEqual(calls.length, 1)
})

test('sends what the flags say, and nothing else', async t => {
  const { place, calls, path } = await fakeKms(t, {})
  writeFileSync(path('material.bin'), randomBytes(32), secretFile)
  const flags = ['--type', 'existing', '--description', 'the old one', '--wrapping-key-spec', 'RSA_3072']
  const common = ['import', 'material.bin', '--key-id', keyArn, '--key-spec', 'SYMMETRIC_DEFAULT']
  assert.equal((await keyreeve(place, [...common, ...flags, '--expires', '2100-01-02'])).status, 0)
  assert.equal((await keyreeve(place, [...common, '--expires', '2100-01-02T03:04:05.678+01:00'])).status, 0)
  assert.equal((await keyreeve(place, [...common, '--no-expiry'])).status, 0)
  const [parameters, first, , second, , third] = calls.map(([, input]) => input)
  assert.deepEqual(parameters, { KeyId: keyArn, WrappingAlgorithm: 'RSAES_OAEP_SHA_256', WrappingKeySpec: 'RSA_3072' })
  const sent = ({ ImportToken, EncryptedKeyMaterial, ...others }: Record<string, unknown>): unknown => {
    assert.equal(Buffer.from(String(ImportToken), 'base64').length, 100)
    assert.equal(unwrap(EncryptedKeyMaterial).length, 32)
    return others
  }
  const expires = { KeyId: keyArn, ExpirationModel: 'KEY_MATERIAL_EXPIRES' }
  assert.deepEqual(sent(first!), {
    ...expires,
    ValidTo: Date.UTC(2100, 0, 2) / 1000,
    ImportType: 'EXISTING_KEY_MATERIAL',
    KeyMaterialDescription: 'the old one',
  })
  assert.deepEqual(sent(second!), { ...expires, ValidTo: Date.UTC(2100, 0, 2, 2, 4, 5, 678) / 1000 })
  assert.deepEqual(sent(third!), { KeyId: keyArn, ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' })
})

test('says which permission is missing, and what to do without it', async t => {
  const { place, path } = await fakeKms(t, { DescribeKey: { error: 'AccessDeniedException' } })
  writeFileSync(path('material.bin'), randomBytes(32), secretFile)
  const { status, stderr } = await keyreeve(place, importing('material.bin'))
  assert.equal(status, 1)
  assert.match(stderr, /^keyreeve: AccessDeniedException: /)
  assert.match(stderr, /--key-spec/)
  assert.equal((await keyreeve(place, importing('material.bin', '--key-spec', 'SYMMETRIC_DEFAULT'))).status, 0)
})
