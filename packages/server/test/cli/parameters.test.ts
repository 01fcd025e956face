import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { constants, createDecipheriv, generateKeyPairSync, hash, privateDecrypt, randomBytes } from 'node:crypto'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { strToU8, unzipSync, zipSync } from 'fflate'
import { materialId, type ImportParameters, type WrappingAlgorithm } from 'keyreeve-import'
import { algorithmNames } from '../../src/cli/material.ts'
import { loadParameters, packParameters } from '../../src/cli/parameters.ts'
import { Failure } from '../../src/cli/verb.ts'
import { keyreeve, makeWorkplace, type Workplace } from '../support/cli.ts'

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
const wrappingKey = pair.publicKey.export({ type: 'spki', format: 'der' })
const token = randomBytes(2000)
const keyId = '1234abcd-12ab-34cd-56ef-1234567890ab'
const keyArn = `arn:aws:kms:us-east-1:000000000000:key/${keyId}`
const now = new Date('2026-08-09T09:29:09.500Z')
const distant = new Date('9999-01-01T00:00:00Z')

function parametersFor(algorithm: WrappingAlgorithm, validTo = distant): ImportParameters {
  return { keyArn, keySpec: 'SYMMETRIC_DEFAULT', algorithm, wrappingKeySpec: 'RSA_2048', wrappingKey, token, validTo }
}

/** A place with ImportParameters.zip in it. */
function placeWith(t: TestContext, zip: Uint8Array): Workplace {
  const place = makeWorkplace(t)
  writeFileSync(join(place.folder, 'ImportParameters.zip'), zip)
  return place
}

const run = promisify(execFile)
const hasOpenssl = async (): Promise<boolean> =>
  await run('openssl', ['version']).then(
    ({ stdout }) => /^OpenSSL [3-9]/.test(stdout),
    () => false,
  )

const skip = process.platform === 'win32' && 'wants a POSIX shell'

test('packs three members, binary, with the key ID and the time in their names', () => {
  const members = unzipSync(packParameters(parametersFor('RSAES_OAEP_SHA_256'), 'ImportParameters.zip', now))
  const suffix = `${keyId}_0809092909`
  assert.deepEqual(Object.keys(members), [`wrappingKey_${suffix}`, `importToken_${suffix}`, `README_${suffix}.txt`])
  assert.ok(wrappingKey.equals(members[`wrappingKey_${suffix}`]!))
  assert.ok(token.equals(members[`importToken_${suffix}`]!))
  const readme = Buffer.from(members[`README_${suffix}.txt`]!).toString()
  for (const text of [
    'RSAES_OAEP_SHA_256',
    '9999-01-01T00:00:00.000Z',
    `wrappingKey_${suffix}`,
    `importToken_${suffix}`,
  ]) {
    assert.ok(readme.includes(text), text)
  }
})

test('finds in a zip file what was packed', { skip }, async t => {
  const { folder } = placeWith(t, packParameters(parametersFor('RSA_AES_KEY_WRAP_SHA_1'), 'x.zip', now))
  const found = await loadParameters(join(folder, 'ImportParameters.zip'))
  assert.deepEqual(
    { ...found, wrappingKey: Buffer.from(found.wrappingKey), token: Buffer.from(found.token) },
    {
      keyId: keyArn,
      keySpec: 'SYMMETRIC_DEFAULT',
      algorithm: 'RSA_AES_KEY_WRAP_SHA_1',
      wrappingKey,
      token,
      validTo: distant,
    },
  )
})

/** Undoes what openssl or `keyreeve wrap` has done, with code that shares nothing with either. */
function unwrap(algorithm: WrappingAlgorithm, encrypted: Buffer): Buffer {
  const padding = algorithm === 'RSAES_PKCS1_V1_5' ? constants.RSA_PKCS1_PADDING : constants.RSA_PKCS1_OAEP_PADDING
  const oaepHash = algorithm.endsWith('SHA_1') ? 'sha1' : 'sha256'
  const block = privateDecrypt({ key: pair.privateKey, padding, oaepHash }, encrypted.subarray(0, 256))
  if (!algorithm.startsWith('RSA_AES')) return block
  const kwp = createDecipheriv('id-aes256-wrap-pad', block, Buffer.from('a65959a6', 'hex'))
  return Buffer.concat([kwp.update(encrypted.subarray(256)), kwp.final()])
}

for (const algorithm of algorithmNames) {
  test(`keyreeve wrap and the README's own openssl commands wrap by ${algorithm}`, { skip }, async t => {
    const zip = packParameters(parametersFor(algorithm), 'ImportParameters.zip', now)
    const place = placeWith(t, zip)
    const { folder } = place
    const material = randomBytes(32)
    writeFileSync(join(folder, 'PlaintextKeyMaterial.bin'), material, { mode: 0o600 })
    const readme = Buffer.from(Object.entries(unzipSync(zip)).at(-1)![1]).toString()
    const [, command = ''] = /^ +keyreeve (wrap .*)$/m.exec(readme) ?? []
    const { status, stdout, stderr } = await keyreeve(place, command.split(' '))
    assert.equal(stderr, '')
    assert.equal(status, 0)
    assert.ok(stdout.includes(`Key material ID: ${await materialId(keyId, material)}\n`))
    const output = join(folder, 'EncryptedKeyMaterial.bin')
    assert.equal(statSync(output).mode & 0o777, 0o600)
    assert.ok(unwrap(algorithm, readFileSync(output)).equals(material))

    if (!(await hasOpenssl())) return t.diagnostic('the commands of the README were not run: they want openssl 3')
    for (const [name, bytes] of Object.entries(unzipSync(zip))) writeFileSync(join(folder, name), bytes)
    const [, commands = ''] = /with openssl:\n\n([^]*?)\n\n/.exec(readme) ?? []
    await run('sh', ['-ec', commands], { cwd: folder })
    assert.ok(unwrap(algorithm, readFileSync(output)).equals(material))
    return undefined
  })
}

test(
  "the README's commands for a private key convert and wrap it; keyreeve tells its fingerprint",
  { skip },
  async t => {
    const ownKey = generateKeyPairSync('ec', { namedCurve: 'secp521r1' })
    const parameters = { ...parametersFor('RSA_AES_KEY_WRAP_SHA_256'), keySpec: 'ECC_NIST_P521' }
    const zip = packParameters(parameters, 'ImportParameters.zip', now)
    const place = placeWith(t, zip)
    const { folder } = place
    writeFileSync(join(folder, 'key.pem'), ownKey.privateKey.export({ type: 'sec1', format: 'pem' }), { mode: 0o600 })
    const readme = Buffer.from(Object.entries(unzipSync(zip)).at(-1)![1]).toString()
    const [, command = ''] = /^ +keyreeve (wrap .*)$/m.exec(readme) ?? []
    const { status, stdout } = await keyreeve(place, command.split(' '))
    assert.equal(status, 0)
    const fingerprint = hash('sha256', ownKey.publicKey.export({ type: 'spki', format: 'der' }))
    assert.ok(stdout.includes(`\nPublic key (SHA-256): ${fingerprint}\n`), stdout)
    const material = ownKey.privateKey.export({ type: 'pkcs8', format: 'der' })
    const output = join(folder, 'EncryptedKeyMaterial.bin')
    assert.ok(unwrap('RSA_AES_KEY_WRAP_SHA_256', readFileSync(output)).equals(material))

    if (!(await hasOpenssl())) return t.diagnostic('the commands of the README were not run: they want openssl 3')
    for (const [name, bytes] of Object.entries(unzipSync(zip))) writeFileSync(join(folder, name), bytes)
    const [, commands = ''] = /with openssl:\n\n([^]*?)\n\n/.exec(readme) ?? []
    await run('sh', ['-ec', commands], { cwd: folder })
    assert.ok(unwrap('RSA_AES_KEY_WRAP_SHA_256', readFileSync(output)).equals(material))
    return undefined
  },
)

test('refuses parameters that have expired, and writes nothing', { skip }, async t => {
  const expired = parametersFor('RSAES_OAEP_SHA_256', new Date('2020-01-01T00:00:00Z'))
  const place = placeWith(t, packParameters(expired, 'ImportParameters.zip', now))
  writeFileSync(join(place.folder, 'material.bin'), randomBytes(32), { mode: 0o600 })
  const { status, stdout, stderr } = await keyreeve(place, ['wrap', 'material.bin'])
  assert.equal(status, 1)
  assert.equal(stdout, '')
  assert.match(
    stderr,
    /^keyreeve: These import parameters expired at 2020-01-01T00:00:00\.000Z, and by this machine's clock it is \S+Z\. Fetch new ones with keyreeve import parameters; or set the clock, if it is wrong\.\n$/,
  )
  assert.ok(!existsSync(join(place.folder, 'EncryptedKeyMaterial.bin')))
})

test("takes a zip file as AWS's console writes it, once told what its README does not say", { skip }, async t => {
  const members = { 'WrappingPublicKey.bin': wrappingKey, 'ImportToken.bin': token, 'README.txt': strToU8('Hello.') }
  const folders = Object.fromEntries(
    Object.entries(members).map(([name, bytes]) => [`Import_Parameters/${name}`, bytes]),
  )
  const place = placeWith(t, zipSync(folders))
  const material = randomBytes(32)
  writeFileSync(join(place.folder, 'material.bin'), material, { mode: 0o600 })
  const untold = await keyreeve(place, ['wrap', 'material.bin'])
  assert.equal(untold.status, 2)
  assert.equal(
    untold.stderr,
    'keyreeve: Say with --algorithm what ImportParameters.zip was fetched for: it does not tell.\n',
  )
  const told = await keyreeve(place, ['wrap', 'material.bin', '--algorithm', 'RSAES_OAEP_SHA_1'])
  assert.equal(told.status, 0)
  assert.match(told.stdout, /^Wrote EncryptedKeyMaterial\.bin, wrapped by RSAES_OAEP_SHA_1\nNext/)
  const encrypted = readFileSync(join(place.folder, 'EncryptedKeyMaterial.bin'))
  assert.ok(unwrap('RSAES_OAEP_SHA_1', encrypted).equals(material))
  const upload = await keyreeve(place, ['import', 'upload', '--no-expiry'])
  assert.equal(upload.status, 2)
  assert.match(upload.stderr, /--key-id is missing/)
})

test('knows the key by the names of the members if there is no README', { skip }, async t => {
  const { folder } = placeWith(
    t,
    zipSync({ [`importToken_${keyId}_0809092909`]: token, [`wrappingKey_${keyId}_0809092909`]: wrappingKey }),
  )
  const found = await loadParameters(join(folder, 'ImportParameters.zip'))
  assert.equal(found.keyId, keyId)
  assert.deepEqual([found.keySpec, found.algorithm, found.validTo], [undefined, undefined, undefined])
})

const broken: [name: string, zip: () => Uint8Array, message: RegExp][] = [
  ['a zip file without a token', () => zipSync({ wrappingKey_x: wrappingKey }), /holds no import parameters/],
  ['a zip file without a wrapping key', () => zipSync({ importToken_x: token }), /holds no import parameters/],
  ['an empty zip file', () => zipSync({}), /holds no import parameters/],
  [
    'a member that grows without end',
    () => zipSync({ wrappingKey_x: new Uint8Array(20_000_000), importToken_x: token }),
    /holds no import parameters/,
  ],
  ['an empty file', () => new Uint8Array(), /is no zip file/],
  ['something else', () => randomBytes(1000), /is no zip file/],
  [
    'half of it',
    () => packParameters(parametersFor('RSAES_OAEP_SHA_256'), 'x', now).subarray(0, 2000),
    /is no zip file/,
  ],
]
for (const [name, zip, message] of broken) {
  test(`refuses ${name}`, { skip }, async t => {
    const { folder } = placeWith(t, zip())
    await assert.rejects(loadParameters(join(folder, 'ImportParameters.zip')), error => {
      assert.ok(error instanceof Failure)
      assert.match(error.message, message)
      return true
    })
  })
}

test('refuses a wrapping key that is none', { skip }, async t => {
  const swapped = { ...parametersFor('RSAES_OAEP_SHA_256'), wrappingKey: token }
  const place = placeWith(t, packParameters(swapped, 'ImportParameters.zip', now))
  writeFileSync(join(place.folder, 'material.bin'), randomBytes(32), { mode: 0o600 })
  const { status, stderr } = await keyreeve(place, ['wrap', 'material.bin'])
  assert.equal(status, 1)
  assert.match(stderr, /^keyreeve: This is no RSA public key/)
  assert.ok(!existsSync(join(place.folder, 'EncryptedKeyMaterial.bin')))
})
