import { encryptionAlgorithms, type EncryptionAlgorithmName } from '../keys/algorithms.ts'
import { boolean, integer, list, map, oneOf, optional, secret, string, structure } from '../protocol/shape.ts'

/** Members that many operations share, with the constraints of the service's model (version 2014-11-01). */

export const keyId = string(1, 2048)
export const aliasName = string(1, 256, {
  text: '^[a-zA-Z0-9:/_-]+$',
  test: value => /^[a-zA-Z0-9:/_-]+$/.test(value),
})
export const region = string(1, 32, {
  text: '^([a-z]+-){2,3}\\d+$',
  test: value => /^([a-z]+-){2,3}\d+$/.test(value),
})
export const limit = optional(integer(1, 1000))
export const marker = optional(
  string(1, 1024, { text: '[\\u0020-\\u00FF]*', test: value => /^[\u0020-\u00ff]*$/.test(value) }),
)
export const nextMarker = optional(string())
export const keyMaterialId = string(64, 64, { text: '^[a-f0-9]+$', test: value => /^[a-f0-9]+$/.test(value) })
export const description = string(0, 8192)
export const policy = string(1, 131_072, {
  text: '[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+',
  // The model admits these three control characters.
  // oxlint-disable-next-line no-control-regex
  test: value => /^[\u0009\u000a\u000d\u0020-\u00ff]+$/.test(value),
})
export const policyName = optional(string(1, 128, { text: '[\\w]+', test: value => /^\w+$/.test(value) }))
export const encryptionContext = optional(map(string(), string()))
export const grantTokens = optional(list(secret(string(1, 8192)), 0, 10))
export const dryRun = optional(boolean())
export const dryRunModifiers = optional(list(oneOf(['IGNORE_CIPHERTEXT'])))
export const encryptionAlgorithm = oneOf(Object.keys(encryptionAlgorithms) as EncryptionAlgorithmName[]) // No others.
export const expirationModel = oneOf(['KEY_MATERIAL_EXPIRES', 'KEY_MATERIAL_DOES_NOT_EXPIRE'])
export const tags = list(structure({ TagKey: string(1, 128), TagValue: string(0, 256) }))
