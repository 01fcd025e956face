import assert from 'node:assert/strict'
import {
  constants,
  createHash,
  createPublicKey,
  verify as opensslVerify,
  randomBytes,
  type KeyObject,
} from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import type { KeySpec, MessageType, SigningAlgorithmSpec } from '@aws-sdk/client-kms'
import { keySpecs } from '../../src/keys/specs.ts'
import { constraint, membersOf, refused } from '../support/answers.ts'
import { start } from '../support/server.ts'

const server = await start()
after(() => server.stop())
const kms = server.client()

interface SigningKey {
  id: string
  arn: string
  publicKey: KeyObject
}

async function signingKey(KeySpec: KeySpec): Promise<SigningKey> {
  const { KeyMetadata: { KeyId: id = '', Arn: arn = '' } = {} } = await kms.createKey({
    KeySpec,
    KeyUsage: 'SIGN_VERIFY',
  })
  const { PublicKey = new Uint8Array() } = await kms.getPublicKey({ KeyId: id })
  return { id, arn, publicKey: createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' }) }
}

const specs = Object.entries(keySpecs).flatMap(([spec, row]) =>
  row.available && row.algorithms.SIGN_VERIFY ? [[spec as KeySpec, row.algorithms.SIGN_VERIFY] as const] : [],
)

const hashOf = (algorithm: string): string => `sha${algorithm.slice(-3)}`
const digestOf = (algorithm: string, message: Uint8Array): Buffer =>
  createHash(hashOf(algorithm)).update(message).digest()

/** Whether OpenSSL takes a signature; undefined for what it cannot verify through Node. */
function judgedByOpenssl(publicKey: KeyObject, algorithm: string, message: Uint8Array, signature: Uint8Array) {
  if (algorithm === 'ED25519_PH_SHA_512') return undefined
  if (algorithm === 'ED25519_SHA_512' || algorithm === 'ML_DSA_SHAKE_256') {
    return opensslVerify(null, message, publicKey, signature)
  }
  const padding = algorithm.startsWith('RSASSA_PSS') ? constants.RSA_PKCS1_PSS_PADDING : constants.RSA_PKCS1_PADDING
  const saltLength = constants.RSA_PSS_SALTLEN_DIGEST
  const key = algorithm.startsWith('ECDSA') ? publicKey : { key: publicKey, padding, saltLength }
  return opensslVerify(hashOf(algorithm), message, key, signature)
}

/** Mu of FIPS 204, algorithm 7, with the empty context. */
function muOf(publicKey: KeyObject, message: Uint8Array): Buffer {
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(22)
  const shake = (...parts: Uint8Array[]): Buffer =>
    createHash('shake256', { outputLength: 64 }).update(Buffer.concat(parts)).digest()
  return shake(shake(raw), Buffer.of(0, 0), message)
}

/** What to send for a message of each type. */
function sent(type: MessageType, algorithm: string, message: Uint8Array, publicKey: KeyObject): Uint8Array {
  if (type === 'DIGEST') return digestOf(algorithm, message)
  return type === 'EXTERNAL_MU' ? muOf(publicKey, message) : message
}

const typesOf = (algorithm: string): MessageType[] => {
  if (algorithm === 'ED25519_SHA_512') return ['RAW']
  if (algorithm === 'ED25519_PH_SHA_512') return ['DIGEST']
  return algorithm === 'ML_DSA_SHAKE_256' ? ['RAW', 'EXTERNAL_MU'] : ['RAW', 'DIGEST']
}

for (const [spec, algorithms] of specs) {
  describe(spec, () => {
    let key: SigningKey
    let other: SigningKey
    before(async () => {
      key = await signingKey(spec)
      // Making RSA keys takes long, and of one size it is as good as of another.
      other = await signingKey(spec.startsWith('RSA') ? 'RSA_2048' : spec)
    })

    for (const SigningAlgorithm of algorithms as SigningAlgorithmSpec[]) {
      test(`${SigningAlgorithm}: whatever the message type, signatures verify as each of them, and by OpenSSL`, async () => {
        const message = randomBytes(97)
        const types = typesOf(SigningAlgorithm)
        for (const MessageType of types) {
          const Message = sent(MessageType, SigningAlgorithm, message, key.publicKey)
          const { Signature, ...rest } = await membersOf(
            kms.sign({ KeyId: key.id, Message, MessageType, SigningAlgorithm }),
          )
          assert.deepEqual(rest, { KeyId: key.arn, SigningAlgorithm })
          assert.ok(Signature)
          assert.ok(judgedByOpenssl(key.publicKey, SigningAlgorithm, message, Signature) !== false)
          for (const type of types) {
            const answer: unknown = await membersOf(
              kms.verify({
                KeyId: key.id,
                Message: sent(type, SigningAlgorithm, message, key.publicKey),
                MessageType: type,
                Signature,
                SigningAlgorithm,
              }),
            )
            assert.deepEqual(answer, { KeyId: key.arn, SignatureValid: true, SigningAlgorithm })
          }
        }
      })

      test(`${SigningAlgorithm}: refuses a signature that was altered, cut, made longer, or is one of another message or key`, async () => {
        const MessageType = typesOf(SigningAlgorithm)[0] ?? 'RAW'
        const message = randomBytes(32)
        const Message = sent(MessageType, SigningAlgorithm, message, key.publicKey)
        const wish = { KeyId: key.id, MessageType, SigningAlgorithm }
        const { Signature = new Uint8Array() } = await kms.sign({ ...wish, Message })
        const altered = Buffer.from(Signature)
        altered[altered.length >> 1] = (altered[altered.length >> 1] ?? 0) ^ 1
        const wrong: Uint8Array[] = [
          altered,
          Signature.subarray(1),
          Signature.subarray(0, -1),
          Buffer.concat([Signature, Buffer.of(0)]),
          Buffer.of(0),
          Buffer.alloc(Signature.length),
        ]
        for (const Signature of wrong) {
          await refused(kms.verify({ ...wish, Message, Signature }), 'KMSInvalidSignatureException')
        }
        const another = sent(MessageType, SigningAlgorithm, Buffer.concat([message, Buffer.of(0)]), key.publicKey)
        await refused(kms.verify({ ...wish, Message: another, Signature }), 'KMSInvalidSignatureException')
        await refused(kms.verify({ ...wish, KeyId: other.id, Message, Signature }), 'KMSInvalidSignatureException')
      })

      test(`${SigningAlgorithm}: refuses message types that it does not take, and digests of another length`, async () => {
        const wish = { KeyId: key.id, SigningAlgorithm }
        const types = typesOf(SigningAlgorithm)
        for (const MessageType of ['RAW', 'DIGEST', 'EXTERNAL_MU'] as const) {
          for (const size of MessageType === 'RAW' ? [20] : [20, 31, 33, 47, 63, 65]) {
            if (types.includes(MessageType) && MessageType === 'RAW') continue
            const text = !types.includes(MessageType)
              ? `MessageType ${MessageType} is not valid for algorithm ${SigningAlgorithm}.`
              : `${MessageType === 'DIGEST' ? 'Digest' : MessageType} is invalid length for algorithm ${SigningAlgorithm}.`
            const input = { ...wish, MessageType, Message: Buffer.alloc(size) }
            await refused(kms.sign(input), 'ValidationException', text)
            await refused(kms.verify({ ...input, Signature: Buffer.of(1) }), 'ValidationException', text)
          }
        }
      })
    }

    test('refuses the algorithms of other key specs', async () => {
      for (const SigningAlgorithm of new Set(specs.flatMap(([, names]) => names)).union(new Set(['SM2DSA']))) {
        if (algorithms.includes(SigningAlgorithm)) continue
        const input = {
          KeyId: key.id,
          Message: Buffer.alloc(32),
          SigningAlgorithm: SigningAlgorithm as SigningAlgorithmSpec,
        }
        const text = `Algorithm ${SigningAlgorithm} is incompatible with key spec ${spec}.`
        await refused(kms.sign(input), 'InvalidKeyUsageException', text)
        await refused(kms.verify({ ...input, Signature: Buffer.of(1) }), 'InvalidKeyUsageException', text)
      }
    })
  })
}

const quick = await signingKey('ECC_NIST_P256')
const input = { KeyId: quick.id, Message: Buffer.from('message'), SigningAlgorithm: 'ECDSA_SHA_256' } as const

test('signs messages of 1 to 4096 bytes', async () => {
  for (const size of [1, 4096]) {
    const Message = randomBytes(size)
    const { Signature = new Uint8Array() } = await kms.sign({ ...input, Message })
    assert.ok(opensslVerify('sha256', Message, quick.publicKey, Signature))
  }
  const long = constraint('message', undefined, 'have length less than or equal to 4096')
  const short = constraint('message', undefined, 'have length greater than or equal to 1')
  for (const [size, text] of [
    [4097, long],
    [0, short],
  ] as const) {
    const call = { ...input, Message: Buffer.alloc(size) }
    await refused(kms.sign(call), 'ValidationException', text)
    await refused(kms.verify({ ...call, Signature: Buffer.of(1) }), 'ValidationException', text)
  }
})

test('signs nothing, and says so, in a dry run', async () => {
  const text = 'The request would have succeeded, but the DryRun option is set.'
  await refused(kms.sign({ ...input, DryRun: true }), 'DryRunOperationException', text)
  const { Signature } = await kms.sign(input)
  await refused(kms.verify({ ...input, Signature, DryRun: true }), 'DryRunOperationException', text)
  await refused(kms.verify({ ...input, Signature: Buffer.of(1), DryRun: true }), 'KMSInvalidSignatureException')
})

test('refuses keys of another usage, before it looks at their state', async () => {
  const { KeyMetadata: { KeyId, Arn } = {} } = await kms.createKey({})
  await kms.disableKey({ KeyId })
  const says = (operation: string) => `${Arn} key usage is ENCRYPT_DECRYPT which is not valid for ${operation}.`
  await refused(kms.sign({ ...input, KeyId }), 'InvalidKeyUsageException', says('Sign'))
  await refused(kms.verify({ ...input, KeyId, Signature: Buffer.of(1) }), 'InvalidKeyUsageException', says('Verify'))
})

test('a disabled key neither signs nor verifies nor shows its public half', async () => {
  const key = await signingKey('ECC_NIST_EDWARDS25519')
  const wish = { KeyId: key.id, Message: Buffer.of(1), SigningAlgorithm: 'ED25519_SHA_512' } as const
  await kms.disableKey({ KeyId: key.id })
  const text = `${key.arn} is disabled.`
  await refused(kms.sign(wish), 'DisabledException', text)
  await refused(kms.verify({ ...wish, Signature: Buffer.of(1) }), 'DisabledException', text)
  await refused(kms.getPublicKey({ KeyId: key.id }), 'DisabledException', text)
})

test('signs by alias, and answers the ARN of the key', async () => {
  await kms.createAlias({ AliasName: 'alias/signer', TargetKeyId: quick.id })
  for (const KeyId of ['alias/signer', quick.arn, quick.arn.replace(/key\/.*/, 'alias/signer')]) {
    const { KeyId: answered, Signature } = await kms.sign({ ...input, KeyId })
    assert.equal(answered, quick.arn)
    assert.equal((await kms.verify({ ...input, KeyId, Signature })).SignatureValid, true)
  }
})

test('a key signs the same way after the server was started again', async () => {
  const own = await start()
  const first = own.client()
  const { KeyMetadata: { KeyId } = {} } = await first.createKey({ KeySpec: 'ML_DSA_44', KeyUsage: 'SIGN_VERIFY' })
  const wish = { KeyId, Message: Buffer.from('kept'), SigningAlgorithm: 'ML_DSA_SHAKE_256' } as const
  const { Signature } = await first.sign(wish)
  const again = await own.restart()
  const second = again.client()
  assert.equal((await second.verify({ ...wish, Signature })).SignatureValid, true)
  const { Signature: other } = await second.sign(wish)
  assert.equal((await second.verify({ ...wish, Signature: other })).SignatureValid, true)
  await again.stop()
})
