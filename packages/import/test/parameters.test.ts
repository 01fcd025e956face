import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  keyIdOf,
  materialFile,
  opensslLines,
  parameterFiles,
  parameterNames,
  readParameters,
  type ImportParameters,
} from '../src/index.ts'

const keyId = '1234abcd-12ab-34cd-56ef-1234567890ab'
const keyArn = `arn:aws:kms:us-east-1:000000000000:key/${keyId}`
const now = new Date('2026-08-09T09:29:09.500Z')
const parameters: ImportParameters = {
  keyArn,
  keySpec: 'HMAC_256',
  algorithm: 'RSAES_OAEP_SHA_256',
  wrappingKeySpec: 'RSA_4096',
  wrappingKey: Uint8Array.of(1, 2),
  token: Uint8Array.of(3, 4),
  validTo: new Date('2026-08-10T09:29:09.500Z'),
}
const textOf = (files: Record<string, Uint8Array>, name: string): string => new TextDecoder().decode(files[name])

suite('files of import parameters', () => {
  test('carry the key ID and the time in their names', () => {
    assert.deepEqual(parameterNames(keyArn, now), {
      wrappingKey: `wrappingKey_${keyId}_0809092909`,
      token: `importToken_${keyId}_0809092909`,
      readme: `README_${keyId}_0809092909.txt`,
      page: `wrapKeyMaterial_${keyId}_0809092909.html`,
    })
    assert.equal(keyIdOf(keyArn), keyId)
    assert.equal(keyIdOf(keyId), keyId)
  })

  test('are three, binary, and a README that says of what and until when', () => {
    const names = parameterNames(keyArn, now)
    const files = parameterFiles(parameters, 'ImportParameters.zip', now)
    assert.deepEqual(Object.keys(files), [names.wrappingKey, names.token, names.readme])
    assert.deepEqual(files[names.wrappingKey], Uint8Array.of(1, 2))
    assert.deepEqual(files[names.token], Uint8Array.of(3, 4))
    const readme = textOf(files, names.readme)
    for (const line of [`Key: ${keyArn}`, 'Valid until: 2026-08-10T09:29:09.500Z']) {
      assert.ok(readme.split('\n').includes(line), line)
    }
    assert.ok(!readme.includes('browser'))
  })

  test('have a page that wraps beside them if there is one, and the README says so', () => {
    const names = parameterNames(keyArn, now)
    const files = parameterFiles(parameters, 'ImportParameters.zip', now, '<!doctype html>')
    assert.equal(textOf(files, names.page), '<!doctype html>')
    assert.match(textOf(files, names.readme), /\n {5}or in a browser, with the page wrapKeyMaterial_\S+\.html: /)
  })

  test('are read back, whatever folder they are in', () => {
    const files = parameterFiles(parameters, 'ImportParameters.zip', now)
    const moved = Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`Downloads/x/${name}`, bytes]))
    const { keyArn: _, wrappingKeySpec: __, ...rest } = parameters
    assert.deepEqual(readParameters(moved), { ...rest, keyId: keyArn })
  })

  test('without a README tell their key by the name of the token, and nothing else', () => {
    const { token, wrappingKey } = parameterNames(keyArn, now)
    assert.deepEqual(readParameters({ [token]: Uint8Array.of(3), [wrappingKey]: Uint8Array.of(1) }), {
      keyId,
      keySpec: undefined,
      algorithm: undefined,
      validTo: undefined,
      token: Uint8Array.of(3),
      wrappingKey: Uint8Array.of(1),
    })
  })

  for (const [what, files] of Object.entries({
    'no files': {},
    'a token alone': { importToken_x: Uint8Array.of(1) },
    'a wrapping key alone': { 'WrappingPublicKey.bin': Uint8Array.of(1) },
  })) {
    test(`are not there in ${what}`, () => assert.equal(readParameters(files), undefined))
  }
})

suite('openssl commands', () => {
  test('start from raw bytes for a secret, and convert a private key first', () => {
    assert.equal(materialFile('HMAC_384'), 'PlaintextKeyMaterial.bin')
    assert.equal(materialFile('ECC_NIST_P256'), 'key.pem')
    const [first] = opensslLines('ECC_NIST_P256', 'RSAES_OAEP_SHA_256', 'wrappingKey_x')
    assert.equal(first, 'openssl pkcs8 -topk8 -nocrypt -in key.pem -outform der -out PlaintextKeyMaterial.bin')
  })

  test('name the file of the wrapping key and the hash of the algorithm', () => {
    const lines = opensslLines('SYMMETRIC_DEFAULT', 'RSAES_OAEP_SHA_1', 'wrappingKey_x').join('\n')
    assert.match(lines, /-inkey wrappingKey_x -keyform DER -pubin/)
    assert.match(lines, /rsa_oaep_md:sha1 -pkeyopt rsa_mgf1_md:sha1/)
    assert.doesNotMatch(lines, /sha256/)
  })

  test('refuse a key spec that cannot be imported', () => {
    assert.throws(() => opensslLines('ML_DSA_44', 'RSAES_OAEP_SHA_1', 'x'), { name: 'ImportError' })
  })
})
