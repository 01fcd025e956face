/** Operations that a grant can allow, in the order of the service's model. */
export const grantOperations = [
  'Decrypt',
  'Encrypt',
  'GenerateDataKey',
  'GenerateDataKeyWithoutPlaintext',
  'ReEncryptFrom',
  'ReEncryptTo',
  'Sign',
  'Verify',
  'GetPublicKey',
  'CreateGrant',
  'RetireGrant',
  'DescribeKey',
  'GenerateDataKeyPair',
  'GenerateDataKeyPairWithoutPlaintext',
  'GenerateMac',
  'VerifyMac',
  'DeriveSharedSecret',
  'Encapsulate',
  'Decapsulate',
] as const
export type GrantOperation = (typeof grantOperations)[number]

/** Leave for one principal to use one key for some operations (https://docs.aws.amazon.com/kms/latest/developerguide/grants.html). */
export interface Grant {
  account: string
  region: string
  keyId: string
  /** 64 lower-case hex digits. */
  id: string
  name?: string
  /** Epoch milliseconds. */
  createdAt: number
  /** The account whose principal made it, which may retire it. */
  issuingAccount: string
  /** One of the two. */
  granteePrincipal?: string
  granteeServicePrincipal?: string
  /** At most one of the two. */
  retiringPrincipal?: string
  retiringServicePrincipal?: string
  operations: GrantOperation[]
  constraints?: GrantConstraints
}

export interface GrantConstraints {
  /** Exactly these pairs. */
  encryptionContextEquals?: [name: string, value: string][]
  /** At least these pairs. */
  encryptionContextSubset?: [name: string, value: string][]
  sourceArn?: string
}
