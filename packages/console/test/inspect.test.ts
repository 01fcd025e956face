import assert from 'node:assert/strict'
import { generateKeyPairSync, hash, randomBytes } from 'node:crypto'
import { before, suite, test } from 'node:test'
import { parameterNames, wrap, type WrappingAlgorithm } from 'keyreeve-import'
import { inspect, isBare, type Context, type Upload } from '../src/pages/import/inspect.ts'
import { isExpired, type ParameterSet, type Wrapped } from '../src/pages/import/parameter-sets.ts'

const keyId = '1234abcd-12ab-34cd-56ef-1234567890ab'
const otherKey = 'ffffffff-12ab-34cd-56ef-1234567890ab'
const now = Date.UTC(2026, 7, 9)
const day = 24 * 60 * 60 * 1000

const uploadOf = (bytes: Uint8Array, name = 'file.bin'): Upload => ({
  name,
  bytes: new Uint8Array(bytes),
  hash: hash('sha256', bytes),
})

interface Made {
  set: ParameterSet
  token: Upload
  wrappingKey: Buffer
}

function make(wrappingKeySpec: string, algorithm: WrappingAlgorithm, id = keyId, region = 'us-east-1'): Made {
  const modulusLength = Number(wrappingKeySpec.slice(4))
  const wrappingKey = generateKeyPairSync('rsa', { modulusLength }).publicKey.export({ type: 'spki', format: 'der' })
  const token = uploadOf(randomBytes(2000), 'importToken')
  const keyArn = `arn:aws:kms:${region}:000000000000:key/${id}`
  const set = {
    keyArn,
    region,
    keySpec: 'SYMMETRIC_DEFAULT',
    algorithm,
    wrappingKeySpec,
    wrappingKey: wrappingKey.toString('base64'),
    tokenHash: token.hash,
    names: parameterNames(keyArn, new Date(now)),
    validTo: now + day,
    fetchedAt: now,
    isDownloaded: true,
  }
  return { set, token, wrappingKey }
}

suite('files that are to be uploaded', () => {
  const sets = new Map<string, Made>()
  const wraps = new Map<string, Wrapped>()
  const get = (name: string): Made => {
    const made = sets.get(name)
    assert.ok(made)
    return made
  }
  let at = now
  before(() => {
    sets.set('oaep', make('RSA_2048', 'RSAES_OAEP_SHA_256'))
    sets.set('large', make('RSA_3072', 'RSAES_OAEP_SHA_256'))
    sets.set('hybrid', make('RSA_2048', 'RSA_AES_KEY_WRAP_SHA_256'))
    sets.set('other', make('RSA_2048', 'RSAES_OAEP_SHA_256', otherKey))
    sets.set('elsewhere', make('RSA_2048', 'RSAES_OAEP_SHA_256', keyId, 'eu-west-1'))
  })

  const look = (wrapped: Uint8Array | undefined, token: Upload | undefined, keySpec = 'SYMMETRIC_DEFAULT') => {
    const context: Context = {
      keyId,
      region: 'us-east-1',
      keySpec,
      now: at,
      sets: [...sets.values()].map(({ set }) => set),
      wrappedBy: digest => wraps.get(digest),
      isExpired,
    }
    return inspect({ wrapped: wrapped && uploadOf(wrapped), token }, context)
  }
  const wrapFor = async (name: string, material = randomBytes(32)): Promise<Uint8Array> => {
    const { set, wrappingKey } = get(name)
    return await wrap(wrappingKey, set.algorithm, material)
  }

  for (const name of ['oaep', 'large', 'hybrid']) {
    test(`nothing is said of what is right (${name})`, async () => {
      const found = look(await wrapFor(name), get(name).token)
      assert.deepEqual(found, { wrapped: undefined, token: undefined, set: get(name).set })
    })
  }

  test('nothing is said of files that this tab knows nothing about', async () => {
    for (const name of ['oaep', 'hybrid']) {
      const found = look(await wrapFor(name), uploadOf(randomBytes(2470)))
      assert.deepEqual(found, { wrapped: undefined, token: undefined, set: undefined })
    }
  })

  test('nothing is said of private keys and of HMAC secrets of any length', async () => {
    const { token } = get('hybrid')
    for (const [keySpec, size] of [
      ['RSA_2048', 1218],
      ['ECC_NIST_EDWARDS25519', 48],
      ['HMAC_224', 28],
      ['HMAC_512', 128],
    ] as const) {
      assert.equal(look(await wrapFor('hybrid', randomBytes(size)), token, keySpec).wrapped, undefined, keySpec)
    }
  })

  const pem = (type: string): Buffer =>
    Buffer.from(`-----BEGIN ${type}-----\n${'A'.repeat(300)}\n-----END ${type}-----\n`)
  const wrong: [what: string, expected: string, file: () => Promise<Uint8Array> | Uint8Array, set?: string][] = [
    ['an empty file', 'import.findEmpty', () => new Uint8Array()],
    ['too large a file', 'import.findTooLarge', () => randomBytes(6145)],
    ['a wrapping key', 'import.findWrappingKey', () => get('oaep').wrappingKey],
    ['a zip file', 'import.findZip', () => Buffer.from('504b030400000000', 'hex')],
    ['PEM', 'import.findPem', () => pem('PUBLIC KEY')],
    ['hexadecimal text', 'import.findHex', () => Buffer.from(`${randomBytes(256).toString('hex')}\n`)],
    ['base64 text', 'import.findBase64', () => Buffer.from(randomBytes(256).toString('base64'))],
    ['other text', 'import.findText', () => Buffer.from(JSON.stringify({ blob: 'x'.repeat(300) }))],
    ['the token in place of the material', 'import.findTokenHere', () => get('hybrid').token.bytes],
    ['the same file twice', 'import.findSame', () => get('oaep').token.bytes],
    ['what is too short to be wrapped', 'import.findTooShort', () => randomBytes(255)],
    ['what was wrapped under a smaller key', 'import.findOtherSpec', () => wrapFor('oaep'), 'large'],
    ['what was wrapped under a larger key', 'import.findOtherSpec', () => wrapFor('large')],
    ['what was wrapped by the other kind of algorithm', 'import.findKwp', () => wrapFor('hybrid')],
    ['an RSA block alone', 'import.findNoKwp', () => wrapFor('oaep'), 'hybrid'],
    ['half a file', 'import.findOtherSize', async () => (await wrapFor('hybrid')).subarray(0, 290), 'hybrid'],
    ['a number that the wrapping key does not reach', 'import.findOtherKey', () => new Uint8Array(256).fill(255)],
  ]
  for (const [what, expected, file, set = 'oaep'] of wrong) {
    test(`${what} is told`, async () => {
      const { wrapped } = look(await file(), get(set).token)
      assert.equal(wrapped?.text, expected)
      assert.equal(wrapped?.severity, 'error')
    })
  }

  test('a length that nothing wrapped for the key has is told without a token', () => {
    assert.equal(look(randomBytes(300), undefined).wrapped?.text, 'import.findSize')
    assert.equal(look(randomBytes(256), undefined, 'RSA_2048').wrapped, undefined)
  })

  test('it says for which wrapping key spec, and which one this set has', async () => {
    const { wrapped } = look(await wrapFor('oaep'), get('large').token)
    assert.deepEqual(wrapped?.values, {
      count: 256,
      spec: 'RSA_3072',
      other: 'RSA_2048',
      algorithm: 'RSAES_OAEP_SHA_256',
      block: 384,
    })
  })

  test('what was wrapped in this tab for another set is told by its names', async () => {
    const encrypted = await wrapFor('oaep')
    wraps.set(hash('sha256', encrypted), { tokenHash: get('oaep').set.tokenHash })
    const { wrapped } = look(encrypted, get('hybrid').token)
    assert.equal(wrapped?.text, 'import.findOtherSet')
    assert.deepEqual(wrapped?.values, {
      wrapped: get('oaep').set.names.wrappingKey,
      token: get('hybrid').set.names.token,
    })
    const swapped = look(get('oaep').token.bytes, uploadOf(encrypted))
    assert.equal(swapped.wrapped?.text, 'import.findTokenHere')
    assert.equal(swapped.token?.text, 'import.findWrappedHere')
  })

  test('tokens of another key, of another Region and of yesterday are told', () => {
    const { token } = look(undefined, get('other').token)
    assert.deepEqual(token, { severity: 'error', text: 'import.findTokenOfOther', values: { key: otherKey } })
    assert.equal(look(undefined, get('elsewhere').token).token?.text, 'import.findTokenOfRegion')
    at = now + day
    assert.equal(look(undefined, get('oaep').token).token, undefined)
    at += 1
    assert.equal(look(undefined, get('oaep').token).token?.text, 'import.findExpired')
    at = now
  })

  test('a clock here that is ahead of the server makes no set look expired', () => {
    const { set } = get('oaep')
    assert.equal(isExpired({ ...set, validTo: now - 1 }, now), false)
    assert.equal(isExpired({ ...set, validTo: now - 1 }, now + day + 1), true)
  })

  test('a zip file for another key is told', () => {
    const token = { ...uploadOf(randomBytes(2000)), packedFor: `arn:aws:kms:us-east-1:000000000000:key/${otherKey}` }
    assert.equal(look(undefined, token).token?.text, 'import.findTokenOfOther')
    assert.equal(look(undefined, { ...token, packedFor: keyId }).token, undefined)
  })

  test('what may be right is warned of only', () => {
    const cases: [Upload, string][] = [
      [uploadOf(randomBytes(32)), 'import.findNoToken'],
      [uploadOf(randomBytes(512)), 'import.findMaybeWrapped'],
      [uploadOf(randomBytes(2000), `importToken_${otherKey}_0809092909`), 'import.findNamedFor'],
    ]
    for (const [token, text] of cases) {
      const found = look(undefined, token).token
      assert.equal(found?.text, text)
      assert.equal(found?.severity, 'warning')
    }
  })

  test('bare material is known in every form', () => {
    const material = randomBytes(32)
    for (const form of [material, material.toString('hex'), `${material.toString('base64')}\n`]) {
      assert.ok(isBare(Buffer.from(form), 'SYMMETRIC_DEFAULT'), String(form.length))
    }
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    assert.ok(isBare(privateKey.export({ type: 'pkcs8', format: 'der' }), 'ECC_NIST_P256'))
    assert.ok(isBare(Buffer.from(privateKey.export({ type: 'sec1', format: 'pem' })), 'ECC_NIST_P256'))
    // Of a key that does not even fit.
    assert.ok(isBare(Buffer.from(privateKey.export({ type: 'sec1', format: 'pem' })), 'RSA_2048'))
  })

  test('what is wrapped, and a token, are never taken for bare material', async () => {
    for (const keySpec of ['SYMMETRIC_DEFAULT', 'HMAC_256', 'ECC_NIST_P256', 'RSA_2048']) {
      assert.equal(isBare(await wrapFor('oaep'), keySpec), false)
      assert.equal(isBare(await wrapFor('hybrid'), keySpec), false)
      assert.equal(isBare(get('oaep').token.bytes, keySpec), false)
      assert.equal(isBare(Buffer.from(randomBytes(512).toString('base64')), keySpec), false)
    }
  })
})
