import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import { KMSServiceException, type ImportKeyMaterialCommandInput } from '@aws-sdk/client-kms'
import { contentsOf, findIn, type Wanted } from '../support/disk.ts'
import { externalKey, importOf, materialIdOf, parametersFor, wrapped } from '../support/import.ts'
import { days, start } from '../support/server.ts'

/** What the audit log says of imports and of the use of keys: one record a call, and no secret in any. */

const server = await start()
server.clock.hold()
after(() => server.stop())
const kms = server.client()

/** Whatever must be in no record, no line of the log and no file. */
const secrets: Record<string, Uint8Array> = { 'secret access key': Buffer.from(server.secretAccessKey) }
kms.middlewareStack.add(
  next => args => {
    const { headers } = args.request as { headers: Record<string, string> }
    const signature = /Signature=([0-9a-f]{64})/.exec(headers['authorization'] ?? '')?.[1] ?? ''
    assert.notEqual(signature, '')
    secrets[`signature ${Object.keys(secrets).length}`] = Buffer.from(signature, 'hex')
    return next(args)
  },
  { step: 'finalizeRequest', priority: 'low' },
)
/** Remembers a secret, and passes it on. */
function secret<T extends Uint8Array>(name: string, bytes: T): T {
  secrets[`${name} ${Object.keys(secrets).length}`] = bytes.slice()
  return bytes
}

const account = '000000000000'
const resource = (ARN: string) => ({ accountId: account, type: 'AWS::KMS::Key', ARN })

/**
 * Makes a call, and asserts that it left this one record, and those of what the service then did. Members that are the same
 * in all are not repeated.
 */
async function records(
  call: () => Promise<unknown>,
  expected: Record<string, unknown>,
  acts: readonly string[] = [],
): Promise<void> {
  const before = (await server.records()).length
  const requestID = await call().then(
    answer => (answer as { $metadata: { requestId?: string } }).$metadata.requestId, // As every answer has it.
    (error: unknown) => {
      if (error instanceof KMSServiceException) return error.$metadata.requestId
      throw error
    },
  )
  const [record, ...others] = (await server.records()).slice(before)
  assert.deepEqual(
    others.map(({ eventName, eventType }) => `${String(eventType)} ${String(eventName)}`),
    acts.map(name => `AwsServiceEvent ${name}`),
  )
  const { userIdentity, userAgent, eventID, ...rest } = record ?? {}
  assert.match(String(eventID), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.match(String(userAgent), /^aws-sdk-js\/3\./)
  const { principalId, ...identity } = userIdentity as Record<string, unknown> // Compared just below.
  assert.match(String(principalId), /^AIDA[A-Z2-7]{16}$/)
  assert.deepEqual(identity, {
    type: 'IAMUser',
    arn: `arn:aws:iam::${account}:user/administrator`,
    accountId: account,
    accessKeyId: server.accessKeyId,
    userName: 'administrator',
  })
  assert.deepEqual(rest, {
    eventVersion: '1.11',
    eventTime: `${new Date(server.clock.now()).toISOString().slice(0, 19)}Z`,
    eventSource: 'kms.amazonaws.com',
    awsRegion: 'us-east-1',
    sourceIPAddress: '127.0.0.1',
    requestParameters: null,
    responseElements: null,
    requestID,
    readOnly: true,
    resources: [],
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: account,
    eventCategory: 'Management',
    ...expected,
  })
}

const { KeyMetadata: { KeyId = '', Arn = '', CurrentKeyMaterialId: own } = {} } = await kms.createKey({})
await kms.createAlias({ AliasName: 'alias/audited', TargetKeyId: KeyId })
const { KeyId: importedId, arn: importedArn } = await externalKey(kms)
const EncryptionContext = { tenant: '7', ['__proto__x']: 'ö\u2028' }
const encryptionAlgorithm = 'SYMMETRIC_DEFAULT'
const resources = [resource(Arn)]
const material = secret('material', randomBytes(32))
const parameters = await parametersFor(kms, importedId)
secret('token', parameters.token)
secret('private half in the token', parameters.token.subarray(79, 400))

const importing: ImportKeyMaterialCommandInput = importOf(importedId, parameters, material)
secret('wrapped material', importing.EncryptedKeyMaterial ?? Buffer.of())

async function encrypted(): Promise<Uint8Array> {
  const plaintext = secret('plaintext', randomBytes(64))
  const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext: plaintext, EncryptionContext })
  return secret('ciphertext', CiphertextBlob ?? Buffer.of())
}

test('GetParametersForImport: what was asked for, not what was given', async () => {
  const input = {
    KeyId: importedArn,
    WrappingAlgorithm: 'RSAES_OAEP_SHA_1',
    WrappingKeySpec: 'RSA_2048',
  } as const
  await records(() => kms.getParametersForImport(input), {
    eventName: 'GetParametersForImport',
    requestParameters: {
      keyId: importedArn,
      wrappingAlgorithm: 'RSAES_OAEP_SHA_1',
      wrappingKeySpec: 'RSA_2048',
    },
    resources: [resource(importedArn)],
  })
  await records(() => kms.getParametersForImport({ ...input, KeyId }), {
    eventName: 'GetParametersForImport',
    requestParameters: { keyId: KeyId, wrappingAlgorithm: 'RSAES_OAEP_SHA_1', wrappingKeySpec: 'RSA_2048' },
    resources,
    errorCode: 'UnsupportedOperationException',
    errorMessage: `${Arn} origin is AWS_KMS which is not valid for this operation.`,
  })
})

test('ImportKeyMaterial: choices, id and result, neither token nor material', async () => {
  const keyMaterialId = materialIdOf(importedId, material)
  const ExpirationModel = 'KEY_MATERIAL_EXPIRES'
  const ValidTo = new Date(server.clock.now() + 30 * days)
  const validTo = ValidTo.toLocaleString('en-US', { timeZone: 'UTC', dateStyle: 'medium', timeStyle: 'medium' })
  const base = { eventName: 'ImportKeyMaterial', readOnly: false, resources: [resource(importedArn)] }
  await records(() => kms.importKeyMaterial({ ...importing, ExpirationModel, ValidTo }), {
    ...base,
    requestParameters: {
      keyId: importedId,
      validTo: validTo.replaceAll('\u202f', ' '),
      expirationModel: 'KEY_MATERIAL_EXPIRES',
    },
    responseElements: { keyId: importedArn, keyMaterialId },
  })
  const existing = {
    ImportType: 'EXISTING_KEY_MATERIAL',
    KeyMaterialDescription: 'from the safe',
    KeyMaterialId: keyMaterialId,
  } as const
  await records(() => kms.importKeyMaterial({ ...importing, ...existing }), {
    ...base,
    requestParameters: {
      keyId: importedId,
      expirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE',
      importType: 'EXISTING_KEY_MATERIAL',
      keyMaterialDescription: 'from the safe',
      keyMaterialId,
    },
    responseElements: { keyId: importedArn, keyMaterialId },
  })
  const refusal = {
    ...base,
    requestParameters: { keyId: importedId, expirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' },
  }
  const other = wrapped(parameters, secret('other material', randomBytes(32)))
  await records(() => kms.importKeyMaterial({ ...importing, EncryptedKeyMaterial: other }), {
    ...refusal,
    errorCode: 'IncorrectKeyMaterialException',
  })
  const noise = secret('noise', Buffer.concat([Buffer.of(0), randomBytes(255)]))
  await records(() => kms.importKeyMaterial({ ...importing, EncryptedKeyMaterial: noise }), {
    ...refusal,
    errorCode: 'InvalidCiphertextException',
  })
  const token = secret('token of nobody', randomBytes(1_000))
  await records(() => kms.importKeyMaterial({ ...importing, ImportToken: token }), {
    ...refusal,
    errorCode: 'InvalidImportTokenException',
  })
  await records(() => kms.importKeyMaterial({ ...importing, ExpirationModel: undefined }), {
    ...refusal,
    requestParameters: { keyId: importedId, expirationModel: 'KEY_MATERIAL_EXPIRES' },
    errorCode: 'ValidationException',
    errorMessage: 'A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES',
  })
  // Where the input was not even understood, the record shows none of it.
  const long = secret('token that is too long', randomBytes(6145))
  await records(() => kms.importKeyMaterial({ ...importing, ImportToken: long }), {
    ...base,
    resources: [],
    errorCode: 'ValidationException',
    errorMessage:
      "1 validation error detected: Value at 'importToken' failed to satisfy constraint: Member must have length less than or equal to 6144",
  })
})

test('RotateKeyOnDemand, ListKeyRotations and DeleteImportedKeyMaterial', async () => {
  const base = { readOnly: false, resources: [resource(importedArn)] }
  await records(() => kms.rotateKeyOnDemand({ KeyId: importedId }), {
    ...base,
    eventName: 'RotateKeyOnDemand',
    requestParameters: { keyId: importedId },
    errorCode: 'KMSInvalidStateException',
    errorMessage: `No available key material pending rotation for the key: ${importedArn}.`,
  })
  const next = wrapped(parameters, secret('next material', randomBytes(32)))
  const input = { ...importing, EncryptedKeyMaterial: next, ImportType: 'NEW_KEY_MATERIAL' } as const
  const { KeyMaterialId } = await kms.importKeyMaterial(input)
  const rotated = { requestParameters: { keyId: importedId }, responseElements: { keyId: importedArn } }
  const rotate = () => kms.rotateKeyOnDemand({ KeyId: importedId })
  await records(rotate, { ...base, eventName: 'RotateKeyOnDemand', ...rotated }, ['RotateKey'])
  await records(() => kms.listKeyRotations({ KeyId: importedId, IncludeKeyMaterial: 'ALL_KEY_MATERIAL', Limit: 10 }), {
    eventName: 'ListKeyRotations',
    resources: [resource(importedArn)],
    requestParameters: { keyId: importedId, includeKeyMaterial: 'ALL_KEY_MATERIAL', limit: 10 },
  })
  await records(() => kms.deleteImportedKeyMaterial({ KeyId: importedId, KeyMaterialId }), {
    ...base,
    eventName: 'DeleteImportedKeyMaterial',
    requestParameters: { keyId: importedId, keyMaterialId: KeyMaterialId },
    responseElements: { keyId: importedArn, keyMaterialId: KeyMaterialId },
  })
  await records(() => kms.deleteImportedKeyMaterial({ KeyId: importedId, KeyMaterialId: '0'.repeat(64) }), {
    ...base,
    eventName: 'DeleteImportedKeyMaterial',
    requestParameters: { keyId: importedId, keyMaterialId: '0'.repeat(64) },
    errorCode: 'NotFoundException',
    errorMessage: `Key material ${'0'.repeat(64)} is not associated with ${importedArn}`,
  })
})

test('Encrypt and Decrypt: the key, the context and the material, never the text', async () => {
  const requestParameters = { keyId: 'alias/audited', encryptionContext: EncryptionContext, encryptionAlgorithm }
  const Plaintext = secret('plaintext', randomBytes(64))
  const additionalEventData = { keyMaterialId: own }
  await records(() => kms.encrypt({ KeyId: 'alias/audited', Plaintext, EncryptionContext }), {
    eventName: 'Encrypt',
    requestParameters,
    additionalEventData,
    resources,
  })
  const CiphertextBlob = await encrypted()
  await records(() => kms.decrypt({ CiphertextBlob, EncryptionContext }), {
    eventName: 'Decrypt',
    requestParameters: { encryptionContext: EncryptionContext, encryptionAlgorithm },
    additionalEventData,
    resources,
  })
  await records(() => kms.decrypt({ KeyId, CiphertextBlob }), {
    eventName: 'Decrypt',
    requestParameters: { keyId: KeyId, encryptionAlgorithm },
    resources,
    errorCode: 'InvalidCiphertextException',
  })
  const DryRun = true
  await records(() => kms.encrypt({ KeyId, Plaintext, DryRun }), {
    eventName: 'Encrypt',
    requestParameters: { keyId: KeyId, encryptionAlgorithm },
    resources,
    errorCode: 'DryRunOperationException',
    errorMessage: 'The request would have succeeded, but the DryRun option is set.',
  })
  const long = secret('plaintext that is too long', randomBytes(4097))
  await records(() => kms.encrypt({ KeyId, Plaintext: long, EncryptionContext }), {
    eventName: 'Encrypt',
    errorCode: 'ValidationException',
    errorMessage:
      "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length less than or equal to 4096",
  })
  const nobodys = secret('ciphertext of nobody', randomBytes(200))
  await records(() => kms.decrypt({ CiphertextBlob: nobodys }), {
    eventName: 'Decrypt',
    requestParameters: { encryptionAlgorithm },
    errorCode: 'InvalidCiphertextException',
  })
  const absent = Arn.replace(KeyId, '00000000-0000-4000-8000-000000000000')
  await records(() => kms.encrypt({ KeyId: absent, Plaintext }), {
    eventName: 'Encrypt',
    requestParameters: { keyId: absent, encryptionAlgorithm },
    errorCode: 'NotFoundException',
    errorMessage: `Key '${absent}' does not exist`,
  })
  const token = secret('grant token', Buffer.from(randomBytes(30).toString('base64')))
  await records(() => kms.encrypt({ KeyId, Plaintext, GrantTokens: [token.toString()] }), {
    eventName: 'Encrypt',
    requestParameters: { keyId: KeyId, encryptionAlgorithm },
    resources,
    errorCode: 'InvalidGrantTokenException',
  })
})

test('ReEncrypt: both keys, both contexts, both materials', async () => {
  const { KeyMetadata } = await kms.createKey({})
  const CiphertextBlob = await encrypted()
  const input = {
    CiphertextBlob,
    SourceEncryptionContext: EncryptionContext,
    DestinationEncryptionContext: { tenant: '8' },
    DestinationKeyId: KeyMetadata?.KeyId,
  }
  const algorithms = {
    sourceEncryptionAlgorithm: encryptionAlgorithm,
    destinationEncryptionAlgorithm: encryptionAlgorithm,
  }
  const base = { eventName: 'ReEncrypt', resources: [resource(Arn), resource(KeyMetadata?.Arn ?? '')] }
  await records(() => kms.reEncrypt(input), {
    ...base,
    requestParameters: {
      sourceEncryptionContext: EncryptionContext,
      destinationEncryptionContext: { tenant: '8' },
      destinationKeyId: KeyMetadata?.KeyId,
      ...algorithms,
    },
    additionalEventData: {
      sourceKeyMaterialId: own,
      destinationKeyMaterialId: KeyMetadata?.CurrentKeyMaterialId,
    },
  })
  await records(() => kms.reEncrypt({ CiphertextBlob, SourceKeyId: Arn, DestinationKeyId: KeyMetadata?.Arn }), {
    ...base,
    requestParameters: { sourceKeyId: Arn, destinationKeyId: KeyMetadata?.Arn, ...algorithms },
    errorCode: 'InvalidCiphertextException',
  })
})

test('GenerateDataKey, without plaintext or with it, and GenerateRandom', async () => {
  const additionalEventData = { keyMaterialId: own }
  const generate = async () => {
    const answer = await kms.generateDataKey({ KeyId, KeySpec: 'AES_256', EncryptionContext })
    secret('data key', answer.Plaintext ?? Buffer.of())
    secret('encrypted data key', answer.CiphertextBlob ?? Buffer.of())
    return answer
  }
  await records(generate, {
    eventName: 'GenerateDataKey',
    requestParameters: { keyId: KeyId, keySpec: 'AES_256', encryptionContext: EncryptionContext },
    additionalEventData,
    resources,
  })
  await records(() => kms.generateDataKeyWithoutPlaintext({ KeyId: Arn, NumberOfBytes: 64 }), {
    eventName: 'GenerateDataKeyWithoutPlaintext',
    requestParameters: { keyId: Arn, numberOfBytes: 64 },
    additionalEventData,
    resources,
  })
  await records(() => kms.generateDataKey({ KeyId }), {
    eventName: 'GenerateDataKey',
    requestParameters: { keyId: KeyId },
    resources,
    errorCode: 'ValidationException',
    errorMessage: 'Please specify either number of bytes or key spec.',
  })
  const draw = async () => {
    const answer = await kms.generateRandom({ NumberOfBytes: 64 })
    secret('random bytes', answer.Plaintext ?? Buffer.of())
    return answer
  }
  await records(draw, { eventName: 'GenerateRandom' })
  await records(() => kms.generateRandom({}), {
    eventName: 'GenerateRandom',
    errorCode: 'ValidationException',
    errorMessage: 'NumberOfBytes is required.',
  })
})

test('who proves nothing leaves no record, but a line in the log', async () => {
  const before = (await server.records()).length
  const credentials = { accessKeyId: server.accessKeyId, secretAccessKey: 'not the secret access key' }
  const call = server.client({ credentials }).generateRandom({ NumberOfBytes: 1 })
  await assert.rejects(call, { name: 'InvalidSignatureException' })
  assert.equal((await server.records()).length, before)
  const line = server.logged.at(-1)
  assert.deepEqual(
    [line?.level, line?.event, line?.['code'], line?.['peer']],
    ['info', 'refused', 'InvalidSignatureException', '127.0.0.1'],
  )
})

test('none of all that was secret is in a record, in the log or in the data folder', async () => {
  assert.ok(Object.keys(secrets).length > 50)
  const wanted: Wanted = secrets
  const text = Buffer.from(JSON.stringify([await server.records(), server.logged]))
  assert.deepEqual(findIn(text, wanted), [])
  // The access key is written down for the administrator, in a file of its own.
  assert.deepEqual(findIn(contentsOf(server.data, ['credentials']), wanted), [])
  assert.deepEqual(
    findIn(contentsOf(server.data), wanted).map(found => found.replace(/,.*/, '')),
    ['secret access key'],
  )
})
