import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { constants, generateKeyPairSync, publicEncrypt, randomBytes } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { wrapKwp } from '../../src/crypto/kwp.ts'
import { unwrapMaterial } from '../../src/import/unwrap.ts'
import type { Wrapped } from '../../src/import/unwrap.ts'
import {
  wrappingAlgorithmNames,
  wrappingAlgorithms,
  wrappingKeySpecNames,
  wrappingKeySpecs,
} from '../../src/import/wrapping.ts'
import type { WrappingAlgorithmName, WrappingKeySpecName } from '../../src/import/wrapping.ts'
import type { KeySpecName } from '../../src/keys/specs.ts'
import type { KmsError } from '../../src/protocol/errors.ts'
import type { PublicKeys } from '../../src/threads/public-keys.ts'
import { startPublicKeys } from '../../src/threads/threads.ts'

const threads = startPublicKeys()
const { publicKeys } = threads
const account = '111122223333'
// The threads do not keep a process alive.
const alive = setInterval(() => {}, 60_000)
after(async () => {
  clearInterval(alive)
  await threads.close()
})

const algorithms = wrappingAlgorithmNames.filter(name => wrappingAlgorithms[name].available)
const specs = wrappingKeySpecNames.filter(name => wrappingKeySpecs[name].available)

const pairs = new Map(
  specs.map(spec => {
    const row = wrappingKeySpecs[spec]
    assert.ok(row.available)
    return [spec, generateKeyPairSync('rsa', { modulusLength: row.modulusBits })]
  }),
)
const publicKeyOf = (spec: WrappingKeySpecName): KeyObject => pairs.get(spec)!.publicKey
const privateKeyOf = (spec: WrappingKeySpecName): Buffer =>
  pairs.get(spec)!.privateKey.export({ format: 'der', type: 'pkcs8' })

const material = randomBytes(32)

interface Wrapping {
  algorithm: WrappingAlgorithmName
  spec?: WrappingKeySpecName
  keySpec?: KeySpecName
}

function unwrap({ algorithm, spec = 'RSA_2048', keySpec = 'SYMMETRIC_DEFAULT' }: Wrapping, encrypted: Uint8Array) {
  const wrapped: Wrapped = {
    algorithm: wrappingAlgorithms[algorithm],
    wrappingKeySpec: spec,
    spec: keySpec,
    privateKey: privateKeyOf(spec),
    encrypted,
  }
  return unwrapMaterial(publicKeys, account, wrapped)
}

/** One RSA block, as a caller with Node's own functions makes it. */
function rsa({ algorithm, spec = 'RSA_2048' }: Wrapping, data: Buffer): Buffer {
  const key = publicKeyOf(spec)
  return algorithm === 'RSAES_PKCS1_V1_5'
    ? publicEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, data)
    : publicEncrypt({ key, oaepHash: algorithm.endsWith('SHA_1') ? 'sha1' : 'sha256' }, data)
}

const usesKwp = (algorithm: WrappingAlgorithmName): boolean => algorithm.startsWith('RSA_AES_KEY_WRAP')

function wrap(wrapping: Wrapping, data: Buffer, kek = randomBytes(32)): Buffer {
  return usesKwp(wrapping.algorithm) ? Buffer.concat([rsa(wrapping, kek), wrapKwp(kek, data)]) : rsa(wrapping, data)
}

for (const algorithm of algorithms) {
  for (const spec of specs) {
    test(`${algorithm} with ${spec}: gives back the material`, async () => {
      assert.deepEqual(await unwrap({ algorithm, spec }, wrap({ algorithm, spec }, material)), material)
    })
  }
}

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

describe('OpenSSL on the command line, as in the developer guide', { skip: !hasOpenssl() && 'needs openssl' }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'keyreeve-unwrap-'))
  after(() => rmSync(folder, { recursive: true }))
  const file = (name: string): string => join(folder, name)
  const openssl = (...parameters: string[]): void => void execFileSync('openssl', parameters)

  function encrypt({ algorithm, spec = 'RSA_2048' }: Wrapping, from: string, to: string): void {
    writeFileSync(file('key.der'), publicKeyOf(spec).export({ format: 'der', type: 'spki' }))
    const hash = algorithm.endsWith('SHA_1') ? 'sha1' : 'sha256'
    const padding =
      algorithm === 'RSAES_PKCS1_V1_5'
        ? ['-pkeyopt', 'rsa_padding_mode:pkcs1']
        : ['rsa_padding_mode:oaep', `rsa_oaep_md:${hash}`, `rsa_mgf1_md:${hash}`].flatMap(option => [
            '-pkeyopt',
            option,
          ])
    const key = ['-inkey', file('key.der'), '-keyform', 'DER', '-pubin']
    openssl('pkeyutl', '-encrypt', '-in', file(from), '-out', file(to), ...key, ...padding)
  }

  for (const algorithm of algorithms) {
    for (const spec of specs) {
      test(`${algorithm} with ${spec}`, async () => {
        writeFileSync(file('material'), material)
        if (usesKwp(algorithm)) {
          const kek = randomBytes(32)
          writeFileSync(file('kek'), kek)
          encrypt({ algorithm, spec }, 'kek', 'kek.wrapped')
          const cipher = ['-id-aes256-wrap-pad', '-K', kek.toString('hex'), '-iv', 'A65959A6']
          openssl('enc', ...cipher, '-in', file('material'), '-out', file('material.wrapped'))
        } else {
          encrypt({ algorithm, spec }, 'material', 'material.wrapped')
        }
        const parts = usesKwp(algorithm) ? ['kek.wrapped', 'material.wrapped'] : ['material.wrapped']
        const blob = Buffer.concat(parts.map(part => readFileSync(file(part))))
        assert.deepEqual(await unwrap({ algorithm, spec }, blob), material)
      })
    }
  }
})

describe('the length of the blob comes first', () => {
  const invalid = (error: KmsError): boolean =>
    error.code === 'ValidationException' && error.message === 'Invalid encrypted key size.'
  /** Nothing here may reach the private key. */
  const never: PublicKeys = { ...publicKeys, decrypt: () => assert.fail('the private key was used') }

  for (const algorithm of algorithms) {
    for (const spec of specs) {
      const row = wrappingKeySpecs[spec]
      const block = row.available ? row.modulusBits / 8 : 0
      const wrong = usesKwp(algorithm)
        ? [1, block - 1, block, block + 1, block + 8, block + 15, block + 17, block + 41, block + 47]
        : [1, block - 1, block + 1, block + 8, 2 * block, ...[256, 384, 512].filter(size => size !== block)]
      test(`${algorithm} with ${spec}: refuses other sizes with ValidationException`, async () => {
        for (const size of wrong) {
          const wrapped: Wrapped = {
            algorithm: wrappingAlgorithms[algorithm],
            wrappingKeySpec: spec,
            spec: 'SYMMETRIC_DEFAULT',
            privateKey: Buffer.alloc(1),
            encrypted: Buffer.alloc(size),
          }
          await assert.rejects(unwrapMaterial(never, account, wrapped), invalid, `${size} bytes`)
        }
      })
    }
  }
})

/** Every way to be wrong after the length. */
function failures(algorithm: WrappingAlgorithmName): [what: string, blob: Buffer][] {
  const wrapping = { algorithm }
  const good = wrap(wrapping, material)
  const flip = (at: number): Buffer => {
    const changed = Buffer.from(good)
    changed[at]! ^= 1
    return changed
  }
  const foreign = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey
  const common: [string, Buffer][] = [
    ['a changed first byte', flip(0)],
    ['a changed last byte of the block', flip(255)],
    ['zeros', Buffer.alloc(good.length)],
    ['a number not below the modulus', Buffer.alloc(good.length, 0xff)],
    ['random bytes', randomBytes(good.length)],
    ['no material but 31 bytes', wrap(wrapping, material.subarray(1))],
    ['no material but 33 bytes', wrap(wrapping, Buffer.concat([material, Buffer.alloc(1)]))],
    ['no material but one byte', wrap(wrapping, Buffer.alloc(1, 1))],
    ['hex of the material', wrap(wrapping, Buffer.from(material.toString('hex')))],
    ['base64 of the material', wrap(wrapping, Buffer.from(material.toString('base64')))],
  ]
  const others = algorithms.filter(other => other !== algorithm && usesKwp(other) === usesKwp(algorithm))
  for (const other of others) common.push([`material wrapped with ${other}`, wrap({ algorithm: other }, material)])
  const kek = randomBytes(32)
  const rest = wrapKwp(kek, material)
  const oaepHash = algorithm.endsWith('SHA_1') ? 'sha1' : 'sha256'
  if (!usesKwp(algorithm)) {
    const raw = { key: publicKeyOf('RSA_2048'), padding: constants.RSA_NO_PADDING }
    const block = (head: number[]): Buffer =>
      publicEncrypt(
        raw,
        Buffer.concat([Buffer.from(head), Buffer.alloc(256 - 33 - head.length, 1), Buffer.alloc(1), material]),
      )
    common.push(
      ['an empty message', wrap(wrapping, Buffer.alloc(0))],
      ['another first byte', block([1, 2])],
      ['the padding of signatures', block([0, 1])],
      ['no padding', block([0, 2, 0])],
      ['seven bytes of padding', block([0, 2, 1, 1, 1, 1, 1, 1, 1, 0])],
      ['a separator too early', block([0, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0])],
      ['a raw message', publicEncrypt(raw, Buffer.concat([Buffer.alloc(224), material]))],
      ['material for another wrapping key', publicEncrypt({ key: foreign, oaepHash }, material)],
    )
    if (algorithm !== 'RSAES_PKCS1_V1_5') {
      const label = { key: publicKeyOf('RSA_2048'), oaepHash, oaepLabel: Buffer.from('label') }
      common.push(['a label', publicEncrypt(label, material)])
    }
    return common
  }
  return [
    ...common,
    ['a changed byte of the wrapped material', flip(256)],
    ['a changed last byte of the wrapped material', flip(good.length - 1)],
    ['material under another AES key', Buffer.concat([rsa(wrapping, randomBytes(32)), rest])],
    ['an AES key of 16 bytes', Buffer.concat([rsa(wrapping, kek.subarray(16)), rest])],
    ['an AES key of 24 bytes', Buffer.concat([rsa(wrapping, kek.subarray(8)), rest])],
    ['an AES key of 33 bytes', Buffer.concat([rsa(wrapping, Buffer.concat([kek, Buffer.alloc(1)])), rest])],
    ['no AES key', Buffer.concat([rsa(wrapping, Buffer.alloc(0)), rest])],
    ['wrapped material cut short', Buffer.concat([rsa(wrapping, kek), rest.subarray(0, -8)])],
    ['wrapped material lengthened', Buffer.concat([rsa(wrapping, kek), rest, Buffer.alloc(8)])],
    ['an AES key for another wrapping key', Buffer.concat([publicEncrypt({ key: foreign, oaepHash }, kek), rest])],
  ]
}

for (const algorithm of algorithms) {
  test(`C7: ${algorithm} answers every failure after the length with one and the same nothing`, async () => {
    const cases = failures(algorithm)
    assert.ok(cases.length >= 14)
    for (const [what, blob] of cases) {
      const answer = await unwrap({ algorithm }, blob).then(
        value => ({ value }),
        (error: unknown) => ({ error }),
      )
      assert.deepEqual(answer, { value: undefined }, what)
    }
  })
}

test('HMAC keys may be longer than their MAC, up to 128 bytes', async () => {
  for (const algorithm of algorithms) {
    for (const [size, fits] of [
      [31, false],
      [32, true],
      [33, true],
      [128, true],
      [129, false],
    ] as const) {
      const secret = randomBytes(size)
      const unwrapped = await unwrap({ algorithm, keySpec: 'HMAC_256' }, wrap({ algorithm }, secret))
      assert.deepEqual(unwrapped, fits ? secret : undefined, `${algorithm}, ${size} bytes`)
    }
  }
})

test('refuses an algorithm that exists in China Regions only', async () => {
  const unsupported = (error: KmsError): boolean => error.code === 'UnsupportedOperationException'
  const blob = wrap({ algorithm: 'RSAES_OAEP_SHA_256' }, material)
  await assert.rejects(unwrap({ algorithm: 'SM2PKE' }, blob), unsupported)
})

test('what is passed in stays with the caller, unchanged', async () => {
  for (const algorithm of algorithms) {
    const encrypted = wrap({ algorithm }, material)
    const [privateKey, before] = [privateKeyOf('RSA_2048'), Buffer.from(encrypted)]
    await unwrapMaterial(publicKeys, account, {
      algorithm: wrappingAlgorithms[algorithm],
      wrappingKeySpec: 'RSA_2048',
      spec: 'SYMMETRIC_DEFAULT',
      privateKey,
      encrypted,
    })
    assert.deepEqual(privateKey, privateKeyOf('RSA_2048'))
    assert.deepEqual(encrypted, before)
  }
})
