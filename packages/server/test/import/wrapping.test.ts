import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AlgorithmSpec, WrappingKeySpec } from '@aws-sdk/client-kms'
import type { KmsError } from '../../src/protocol/errors.ts'
import {
  requireAvailable,
  wrappingAlgorithmNames,
  wrappingAlgorithms,
  wrappingKeySpecNames,
  wrappingKeySpecs,
} from '../../src/import/wrapping.ts'

test("the tables have the names of the service's model", () => {
  assert.deepEqual(wrappingAlgorithmNames.toSorted(), Object.values(AlgorithmSpec).toSorted())
  assert.deepEqual(wrappingKeySpecNames.toSorted(), Object.values(WrappingKeySpec).toSorted())
})

test('codes stay as they were once in a token', () => {
  assert.deepEqual(
    wrappingAlgorithmNames.map(name => [wrappingAlgorithms[name].code, name]),
    [
      [1, 'RSAES_PKCS1_V1_5'],
      [2, 'RSAES_OAEP_SHA_1'],
      [3, 'RSAES_OAEP_SHA_256'],
      [4, 'RSA_AES_KEY_WRAP_SHA_1'],
      [5, 'RSA_AES_KEY_WRAP_SHA_256'],
      [6, 'SM2PKE'],
    ],
  )
  assert.deepEqual(
    wrappingKeySpecNames.map(name => [wrappingKeySpecs[name].code, name]),
    [
      [1, 'RSA_2048'],
      [2, 'RSA_3072'],
      [3, 'RSA_4096'],
      [4, 'SM2'],
    ],
  )
})

test('refuses the SM algorithms, which exist in China Regions only', () => {
  for (const row of [wrappingAlgorithms.SM2PKE, wrappingKeySpecs.SM2]) {
    assert.throws(
      () => requireAvailable(row),
      (error: KmsError) => error.code === 'UnsupportedOperationException',
    )
  }
  assert.equal(requireAvailable(wrappingKeySpecs.RSA_4096).modulusBits, 4096)
})
