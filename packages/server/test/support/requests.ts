import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import type { Agent } from 'node:http'
import type { CreateGrantCommandInput, CreateKeyCommandInput } from '@aws-sdk/client-kms'
import { parametersFor, wrapped } from './import.ts'
import type { Credentials, TestServer } from './server.ts'
import { prepare, type RawRequest } from './signed-http.ts'

/** One good request of every operation, as on the wire. */
export interface Example {
  body: Record<string, unknown>
  /** The ARN of what it is authorised on first, or `*`. */
  on: string
  /** What it answers whoever may do everything. */
  code: string
}

/** Things that the examples work on, in the server's own account and us-east-1. */
export interface Things {
  /** By operation. */
  examples: Readonly<Record<string, Example>>
  /** ARN of a symmetric key with the aliases `alias/first` and `alias/second`, and the tag Stage: Test. */
  symmetric: string
  /** ARN of another. */
  other: string
  /** ARN of a primary key, with a replica in eu-west-1. */
  family: string
  /** ARN of a key without material. */
  empty: string
  /** ARN of an RSA key that encrypts. */
  rsa: string
  /** The ciphertext of one byte under the first key, without encryption context. */
  blob: string
}

export const bytes = (size: number): string => base64(Buffer.alloc(size))
export const base64 = (data: Uint8Array | undefined): string => Buffer.from(data ?? assert.fail()).toString('base64')

export async function makeThings(server: TestServer): Promise<Things> {
  const kms = server.client()
  const key = async (input: CreateKeyCommandInput = {}): Promise<string> => {
    const { KeyMetadata } = await kms.createKey(input)
    return KeyMetadata?.Arn ?? assert.fail()
  }
  const symmetric = await key({ Tags: [{ TagKey: 'Stage', TagValue: 'Test' }] })
  const other = await key()
  const spare = await key()
  const signing = await key({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' })
  const mac = await key({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' })
  const agreement = await key({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'KEY_AGREEMENT' })
  const kem = await key({ KeySpec: 'ML_KEM_512', KeyUsage: 'ENCAPSULATE_DECAPSULATE' })
  const rsa = await key({ KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' })
  const empty = await key({ Origin: 'EXTERNAL' })
  const family = await key({ MultiRegion: true })
  await kms.replicateKey({ KeyId: family, ReplicaRegion: 'eu-west-1' })
  for (const AliasName of ['alias/first', 'alias/second']) await kms.createAlias({ AliasName, TargetKeyId: symmetric })
  for (const AliasName of ['alias/moved', 'alias/doomed']) await kms.createAlias({ AliasName, TargetKeyId: spare })

  const blob = base64((await kms.encrypt({ KeyId: symmetric, Plaintext: Buffer.of(1) })).CiphertextBlob)
  const Message = Buffer.alloc(32)
  const made = await kms.generateMac({ KeyId: mac, Message, MacAlgorithm: 'HMAC_SHA_256' })
  const signed = await kms.sign({ KeyId: signing, Message, SigningAlgorithm: 'ECDSA_SHA_256' })
  const sealed = await kms.encapsulate({ KeyId: kem, EncapsulationAlgorithm: 'ML_KEM' })
  const peer = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'der', type: 'spki' })
  const parameters = await parametersFor(kms, empty)
  const reader = 'arn:aws:iam::000000000000:role/reader'
  const given = { GranteePrincipal: reader, Operations: ['Decrypt'] } satisfies Partial<CreateGrantCommandInput>
  const retired = await kms.createGrant({ KeyId: symmetric, ...given })
  const revoked = await kms.createGrant({ KeyId: symmetric, ...given })

  const on =
    (arn: string) =>
    (more: object = {}, code = 'OK'): Example => ({ body: { KeyId: arn, ...more }, on: arn, code })
  const onSymmetric = on(symmetric)
  const onSpare = on(spare)
  const onAlias = (AliasName: string, more: object = {}): Example => ({
    body: { AliasName, ...more },
    on: `arn:aws:kms:us-east-1:000000000000:${AliasName}`,
    code: 'OK',
  })
  const onNothing = (body: Record<string, unknown> = {}, code = 'OK'): Example => ({ body, on: '*', code })
  const noStore = onNothing({ CustomKeyStoreId: 'cks-0123456789abcdef0' }, 'CustomKeyStoreNotFoundException')
  const signature = { Message: bytes(32), SigningAlgorithm: 'ECDSA_SHA_256' }
  const macOf = { Message: bytes(32), MacAlgorithm: 'HMAC_SHA_256' }
  const wrapping = { WrappingAlgorithm: 'RSAES_OAEP_SHA_256', WrappingKeySpec: 'RSA_2048' }
  const imported = {
    ImportToken: base64(parameters.token),
    EncryptedKeyMaterial: base64(wrapped(parameters, Buffer.alloc(32, 1))),
    ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE',
  }
  const Policy = (await kms.getKeyPolicy({ KeyId: spare })).Policy ?? assert.fail()

  const examples = {
    CancelKeyDeletion: onSpare({}, 'KMSInvalidStateException'),
    ConnectCustomKeyStore: noStore,
    CreateAlias: onAlias('alias/new', { TargetKeyId: spare }),
    CreateCustomKeyStore: onNothing({ CustomKeyStoreName: 'store' }, 'ValidationException'),
    CreateGrant: onSymmetric(given),
    CreateKey: onNothing(),
    Decapsulate: on(kem)({
      SharedSecretCiphertextBlob: base64(sealed.SharedSecretCiphertextBlob),
      EncapsulationAlgorithm: 'ML_KEM',
    }),
    Decrypt: onSymmetric({ CiphertextBlob: blob }),
    DeleteAlias: onAlias('alias/doomed'),
    DeleteCustomKeyStore: noStore,
    DeleteImportedKeyMaterial: on(empty)(),
    DeriveSharedSecret: on(agreement)({ KeyAgreementAlgorithm: 'ECDH', PublicKey: base64(peer) }),
    DescribeCustomKeyStores: onNothing(),
    DescribeKey: onSymmetric(),
    DisableKey: onSpare(),
    DisableKeyRotation: on(other)(),
    DisconnectCustomKeyStore: noStore,
    EnableKey: onSpare(),
    EnableKeyRotation: on(other)(),
    Encapsulate: on(kem)({ EncapsulationAlgorithm: 'ML_KEM' }),
    Encrypt: onSymmetric({ Plaintext: bytes(1) }),
    GenerateDataKey: onSymmetric({ NumberOfBytes: 16 }),
    GenerateDataKeyPair: onSymmetric({ KeyPairSpec: 'ECC_NIST_P256' }),
    GenerateDataKeyPairWithoutPlaintext: onSymmetric({ KeyPairSpec: 'ECC_NIST_P256' }),
    GenerateDataKeyWithoutPlaintext: onSymmetric({ NumberOfBytes: 16 }),
    GenerateMac: on(mac)(macOf),
    GenerateRandom: onNothing({ NumberOfBytes: 16 }),
    GetKeyLastUsage: onSymmetric(),
    GetKeyPolicy: onSymmetric(),
    GetKeyRotationStatus: onSymmetric(),
    GetParametersForImport: on(empty)(wrapping),
    GetPublicKey: on(signing)(),
    ImportKeyMaterial: on(empty)(imported),
    ListAliases: onNothing({ KeyId: symmetric }),
    ListGrants: onSymmetric(),
    ListKeyPolicies: onSymmetric(),
    ListKeyRotations: onSymmetric(),
    ListKeys: onNothing(),
    ListResourceTags: onSymmetric(),
    ListRetirableGrants: onNothing({ RetiringPrincipal: reader }),
    PutKeyPolicy: onSpare({ Policy }),
    ReEncrypt: {
      body: { SourceKeyId: symmetric, CiphertextBlob: blob, DestinationKeyId: other },
      on: symmetric,
      code: 'OK',
    },
    ReplicateKey: on(family)({ ReplicaRegion: 'eu-west-2' }),
    RetireGrant: onSymmetric({ GrantId: retired.GrantId, DryRun: true }, 'DryRunOperationException'),
    RevokeGrant: onSymmetric({ GrantId: revoked.GrantId }),
    RotateKeyOnDemand: on(other)(),
    ScheduleKeyDeletion: onSpare(),
    Sign: on(signing)(signature),
    TagResource: onSymmetric({ Tags: [{ TagKey: 'Stage', TagValue: 'Test' }] }),
    UntagResource: onSymmetric({ TagKeys: ['Absent'] }),
    UpdateAlias: onAlias('alias/moved', { TargetKeyId: symmetric }),
    UpdateCustomKeyStore: noStore,
    UpdateKeyDescription: onSymmetric({ Description: 'new' }),
    UpdatePrimaryRegion: on(family)({ PrimaryRegion: 'us-east-1' }, 'UnsupportedOperationException'),
    Verify: on(signing)({ ...signature, Signature: base64(signed.Signature) }),
    VerifyMac: on(mac)({ ...macOf, Mac: base64(made.Mac) }),
  } satisfies Record<string, Example>
  return { examples, symmetric, other, family, empty, rsa, blob }
}

export interface Answer {
  /** `OK`, or the code of the refusal. */
  code: string
  text: string
}

/** Sends one request as somebody, and says what came of it. */
export async function ask(
  server: TestServer,
  { accessKeyId, secretAccessKey, sessionToken }: Credentials,
  operation: string,
  body: object,
  { agent = false, headers, ...more }: { agent?: Agent | false } & Pick<RawRequest, 'headers' | 'region'> = {},
): Promise<Answer> {
  const request = {
    operation,
    body,
    credentials: { accessKeyId, secret: Buffer.from(secretAccessKey) },
    headers: { ...headers, 'x-amz-security-token': sessionToken },
    ...more,
  }
  const answer = await prepare(server, request, agent)()
  if (answer.status === 200) return { code: 'OK', text: '' }
  const { __type: code, message, Message } = JSON.parse(answer.body) as Record<string, string | undefined>
  return { code: code ?? '', text: message ?? Message ?? '' }
}
