import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  EncapsulationAlgorithmSpec,
  EncryptionAlgorithmSpec,
  KeyAgreementAlgorithmSpec,
  KeySpec,
  KeyUsageType,
  MacAlgorithmSpec,
  SigningAlgorithmSpec,
} from '@aws-sdk/client-kms'
import { algorithmsOf, keySpecNames, keySpecs, keyUsages, type KeySpecName } from '../../src/keys/specs.ts'

const sorted = (names: Iterable<string>): string[] => [...names].toSorted()

test('every key spec and every usage of the API is there, and no other', () => {
  assert.deepEqual(sorted(keySpecNames), sorted(Object.values(KeySpec)))
  assert.deepEqual(sorted(keyUsages), sorted(Object.values(KeyUsageType)))
})

test('the algorithms of each usage are those of the API, each of some spec', () => {
  const api = {
    SIGN_VERIFY: SigningAlgorithmSpec,
    ENCRYPT_DECRYPT: EncryptionAlgorithmSpec,
    GENERATE_VERIFY_MAC: MacAlgorithmSpec,
    KEY_AGREEMENT: KeyAgreementAlgorithmSpec,
    ENCAPSULATE_DECAPSULATE: EncapsulationAlgorithmSpec,
  }
  for (const usage of keyUsages) {
    const names = keySpecNames.flatMap(spec => Object.values(algorithmsOf(spec, usage)).flat())
    assert.deepEqual(sorted(new Set(names)), sorted(Object.values(api[usage])), usage)
  }
})

test('the specs stand in the order of the API, in which refusals list them', () => {
  assert.deepEqual(keySpecNames.slice(0, 8), [
    'RSA_2048',
    'RSA_3072',
    'RSA_4096',
    'ECC_NIST_P256',
    'ECC_NIST_P384',
    'ECC_NIST_P521',
    'ECC_SECG_P256K1',
    'SYMMETRIC_DEFAULT',
  ])
})

// https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html, KeySpec and KeyUsage.
const usages: [specs: KeySpecName[], usages: string[]][] = [
  [['SYMMETRIC_DEFAULT'], ['ENCRYPT_DECRYPT']],
  [['HMAC_224', 'HMAC_256', 'HMAC_384', 'HMAC_512'], ['GENERATE_VERIFY_MAC']],
  [
    ['RSA_2048', 'RSA_3072', 'RSA_4096'],
    ['SIGN_VERIFY', 'ENCRYPT_DECRYPT'],
  ],
  [
    ['ECC_NIST_P256', 'ECC_NIST_P384', 'ECC_NIST_P521'],
    ['SIGN_VERIFY', 'KEY_AGREEMENT'],
  ],
  [['ECC_SECG_P256K1', 'ECC_NIST_EDWARDS25519', 'ML_DSA_44', 'ML_DSA_65', 'ML_DSA_87'], ['SIGN_VERIFY']],
  [['ML_KEM_512', 'ML_KEM_768', 'ML_KEM_1024'], ['ENCAPSULATE_DECAPSULATE']],
  [['SM2'], ['SIGN_VERIFY', 'ENCRYPT_DECRYPT', 'KEY_AGREEMENT']],
]
for (const [specs, expected] of usages) {
  for (const spec of specs) {
    test(`${spec} keys are for ${expected.join(' or ')}`, () => {
      assert.deepEqual(keySpecs[spec].usages, expected)
      for (const usage of keyUsages) {
        assert.equal(Object.keys(algorithmsOf(spec, usage)).length, expected.includes(usage) ? 1 : 0, usage)
      }
    })
  }
}

test('KeyMetadata lists the algorithms under the member of the usage', () => {
  assert.deepEqual(algorithmsOf('SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT'), {
    EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
  })
  assert.deepEqual(algorithmsOf('RSA_2048', 'ENCRYPT_DECRYPT'), {
    EncryptionAlgorithms: ['RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256'],
  })
  assert.deepEqual(algorithmsOf('ECC_NIST_P384', 'SIGN_VERIFY'), { SigningAlgorithms: ['ECDSA_SHA_384'] })
  assert.deepEqual(algorithmsOf('ECC_NIST_P384', 'KEY_AGREEMENT'), { KeyAgreementAlgorithms: ['ECDH'] })
  assert.deepEqual(algorithmsOf('HMAC_224', 'GENERATE_VERIFY_MAC'), { MacAlgorithms: ['HMAC_SHA_224'] })
  assert.deepEqual(algorithmsOf('ML_KEM_768', 'ENCAPSULATE_DECAPSULATE'), { EncapsulationAlgorithms: ['ML_KEM'] })
})

test('all keys can be made but SM2, which exists in China Regions only', () => {
  assert.deepEqual(
    keySpecNames.filter(spec => !keySpecs[spec].available),
    ['SM2'],
  )
})

test('ML-DSA and ML-KEM keys cannot be imported, all others can', () => {
  const refused = keySpecNames.filter(spec => !keySpecs[spec].importable)
  assert.deepEqual(refused, ['ML_DSA_44', 'ML_DSA_65', 'ML_DSA_87', 'ML_KEM_512', 'ML_KEM_768', 'ML_KEM_1024'])
})

test('an alias moves between key pairs of any kind, and not between the three types', () => {
  for (const [name, { kind, type }] of Object.entries(keySpecs)) {
    const expected = name.startsWith('HMAC') ? 'hmac' : name === 'SYMMETRIC_DEFAULT' ? 'symmetric' : 'asymmetric'
    assert.equal(type, expected, `${name} (${kind})`)
  }
})
