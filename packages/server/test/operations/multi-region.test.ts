import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, describe, test } from 'node:test'
import type { CreateKeyCommandInput, KMS, ReplicateKeyCommandInput } from '@aws-sdk/client-kms'
import { keyRow } from '../../src/store/documents.ts'
import { constraint, membersOf, outcomeOf, refusalOf, refused } from '../support/answers.ts'
import { Prng } from '../protocol/prng.ts'
import { days, start } from '../support/server.ts'

/** Keys in several Regions: CreateKey with MultiRegion, ReplicateKey, UpdatePrimaryRegion, and what else changes for them. */

const server = await start()
server.clock.hold()
after(() => server.stop())

const [home, west, south] = ['us-east-1', 'eu-west-1', 'ap-southeast-2'] as const
const regions = [home, west, south] as const
type Region = (typeof regions)[number]
const clients: Record<Region, KMS> = {
  [home]: server.client({ region: home }),
  [west]: server.client({ region: west }),
  [south]: server.client({ region: south }),
}
const kms = clients[home]

const account = '000000000000'
const arnOf = (KeyId: string, region: Region): string => `arn:aws:kms:${region}:${account}:key/${KeyId}`
const member = (KeyId: string, region: Region) => ({ Arn: arnOf(KeyId, region), Region: region })
const notPrimary = (KeyId: string, region: Region): string =>
  `${arnOf(KeyId, region)} is not a multi-region primary key.`

async function primaryKey(input: CreateKeyCommandInput = {}): Promise<string> {
  const { KeyMetadata } = await kms.createKey({ ...input, MultiRegion: true })
  return KeyMetadata?.KeyId ?? ''
}

async function family(input: CreateKeyCommandInput = {}, replicas: readonly Region[] = [west]): Promise<string> {
  const KeyId = await primaryKey(input)
  for (const ReplicaRegion of replicas) await kms.replicateKey({ KeyId, ReplicaRegion })
  return KeyId
}

const describeIn = async (region: Region, KeyId: string) => (await clients[region].describeKey({ KeyId })).KeyMetadata
const stateIn = async (region: Region, KeyId: string) => (await describeIn(region, KeyId))?.KeyState
const familyIn = async (region: Region, KeyId: string) => (await describeIn(region, KeyId))?.MultiRegionConfiguration
const currentIn = async (region: Region, KeyId: string) => (await describeIn(region, KeyId))?.CurrentKeyMaterialId

const encrypted = async (region: Region, KeyId: string, text: string) =>
  (await clients[region].encrypt({ KeyId, Plaintext: Buffer.from(text) })).CiphertextBlob
async function opened(region: Region, CiphertextBlob: Uint8Array | undefined, KeyId?: string) {
  const { Plaintext, ...answer } = await clients[region].decrypt({
    CiphertextBlob,
    ...(KeyId !== undefined && { KeyId }),
  })
  return [Buffer.from(Plaintext ?? []).toString(), answer.KeyId, answer.KeyMaterialId]
}

const defaultPolicy = `{"Version":"2012-10-17","Id":"key-default-1","Statement":[{"Sid":"Enable IAM User Permissions","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::${account}:root"},"Action":"kms:*","Resource":"*"}]}`
const squeezed = (policy: string | undefined): unknown => JSON.parse(policy ?? '')

describe('a multi-Region key', () => {
  test('is a primary key without replicas at first', async () => {
    const { KeyMetadata } = await kms.createKey({ MultiRegion: true })
    const KeyId = KeyMetadata?.KeyId ?? ''
    assert.match(KeyId, /^mrk-[0-9a-f]{32}$/)
    assert.equal(KeyMetadata?.Arn, arnOf(KeyId, home))
    assert.equal(KeyMetadata?.MultiRegion, true)
    assert.deepEqual(KeyMetadata?.MultiRegionConfiguration, {
      MultiRegionKeyType: 'PRIMARY',
      PrimaryKey: member(KeyId, home),
      ReplicaKeys: [],
    })
    assert.deepEqual(await describeIn(home, KeyId), KeyMetadata)
    await refused(
      clients[west].describeKey({ KeyId }),
      'NotFoundException',
      `Key '${arnOf(KeyId, west)}' does not exist`,
    )
  })

  test('is no key without MultiRegion', async () => {
    const { KeyMetadata } = await kms.createKey({ MultiRegion: false })
    assert.deepEqual([KeyMetadata?.MultiRegion, KeyMetadata?.MultiRegionConfiguration], [false, undefined])
    assert.match(KeyMetadata?.KeyId ?? '', /^[0-9a-f]{8}-/)
  })
})

describe('ReplicateKey', () => {
  test('answers with a key that is being made, and has made it', async () => {
    const KeyId = await primaryKey({ Description: 'of the primary', Tags: [{ TagKey: 'of', TagValue: 'it' }] })
    await kms.createAlias({ AliasName: `alias/${KeyId}`, TargetKeyId: KeyId })
    await kms.createGrant({ KeyId, GranteePrincipal: `arn:aws:iam::${account}:user/other`, Operations: ['Encrypt'] })
    const before = await describeIn(home, KeyId)
    server.clock.advance(1000)
    const answer = await membersOf(kms.replicateKey({ KeyId, ReplicaRegion: west }))
    const MultiRegionConfiguration = {
      MultiRegionKeyType: 'REPLICA',
      PrimaryKey: member(KeyId, home),
      ReplicaKeys: [member(KeyId, west)],
    }
    const expected = {
      ...before,
      Arn: arnOf(KeyId, west),
      CreationDate: new Date(server.clock.now()),
      Description: '',
      MultiRegionConfiguration,
    }
    assert.deepEqual(
      { ...answer, ReplicaPolicy: squeezed(answer.ReplicaPolicy) },
      {
        ReplicaKeyMetadata: { ...expected, Enabled: false, KeyState: 'Creating' },
        ReplicaPolicy: squeezed(defaultPolicy),
        ReplicaTags: [],
      },
    )
    assert.deepEqual(await describeIn(west, KeyId), expected)
    assert.deepEqual(await describeIn(home, KeyId), {
      ...before,
      MultiRegionConfiguration: { ...MultiRegionConfiguration, MultiRegionKeyType: 'PRIMARY' },
    })
    const { aliases, grants } = (await server.app.store.view().get('key', keyRow(account, west, KeyId))) ?? {}
    assert.deepEqual([aliases, grants], [[], 0])
    assert.deepEqual((await clients[west].listAliases({ KeyId })).Aliases, [])
    assert.deepEqual((await clients[west].listGrants({ KeyId })).Grants, [])
    assert.deepEqual((await clients[west].listResourceTags({ KeyId })).Tags, [])
    assert.equal((await clients[west].getKeyPolicy({ KeyId })).Policy, answer.ReplicaPolicy)
    const listed = (await clients[west].listKeys({ Limit: 1000 })).Keys ?? []
    assert.ok(listed.some(({ KeyArn }) => KeyArn === arnOf(KeyId, west)))
  })

  test('gives the replica the policy, the description and the tags that were asked for', async () => {
    const KeyId = await primaryKey()
    const Policy = defaultPolicy.replace('key-default-1', 'of the replica')
    const Tags = [
      { TagKey: 'b', TagValue: '' },
      { TagKey: 'a', TagValue: '1' },
    ]
    const input = { KeyId: arnOf(KeyId, home), ReplicaRegion: west, Policy, Description: 'of the replica', Tags }
    const { ReplicaKeyMetadata, ReplicaPolicy, ReplicaTags } = await kms.replicateKey(input)
    assert.deepEqual([ReplicaPolicy, ReplicaTags, ReplicaKeyMetadata?.Description], [Policy, Tags, 'of the replica'])
    assert.equal((await clients[west].getKeyPolicy({ KeyId })).Policy, Policy)
    assert.deepEqual((await clients[west].listResourceTags({ KeyId })).Tags, Tags)
    assert.deepEqual((await kms.listResourceTags({ KeyId })).Tags, [])
    assert.notEqual((await kms.getKeyPolicy({ KeyId })).Policy, Policy)
  })

  test('tells every member of every other', async () => {
    const KeyId = await family({}, [west, south])
    for (const region of regions) {
      assert.deepEqual(await familyIn(region, KeyId), {
        MultiRegionKeyType: region === home ? 'PRIMARY' : 'REPLICA',
        PrimaryKey: member(KeyId, home),
        ReplicaKeys: [member(KeyId, west), member(KeyId, south)],
      })
    }
  })

  const lockingOut = defaultPolicy.replace(`${account}:root`, `${account}:user/other`)
  const replicate = (KeyId: string, input: Partial<ReplicateKeyCommandInput> = {}, from: Region = home) =>
    clients[from].replicateKey({ KeyId, ReplicaRegion: south, ...input })

  test('takes a policy that locks its author out only if that is meant', async () => {
    const KeyId = await primaryKey()
    await refused(
      replicate(KeyId, { Policy: lockingOut }),
      'MalformedPolicyDocumentException',
      'The new key policy will not allow you to update the key policy in the future.',
    )
    await replicate(KeyId, { Policy: lockingOut, BypassPolicyLockoutSafetyCheck: true })
    await assert.rejects(clients[south].describeKey({ KeyId }), {
      name: 'AccessDeniedException',
      message: /because no resource-based policy allows the kms:DescribeKey action$/,
    })
  })

  test('refuses, and leaves everything as it was', async () => {
    const KeyId = await family()
    const arn = arnOf(KeyId, home)
    const single = (await kms.createKey({})).KeyMetadata?.KeyId ?? ''
    const before = await describeIn(home, KeyId)
    const unsupported = 'UnsupportedOperationException'
    await refused(replicate(single), unsupported, `${arnOf(single, home)} is not a multi-region primary key.`)
    await refused(replicate(KeyId, {}, west), unsupported, notPrimary(KeyId, west))
    await refused(
      replicate(KeyId, { ReplicaRegion: home }),
      unsupported,
      `${arn} cannot be replicated into its own Region.`,
    )
    await refused(
      replicate(KeyId, { ReplicaRegion: 'us-moon-1' }),
      unsupported,
      'us-moon-1 is not a Region of this service.',
    )
    await refused(
      replicate(KeyId, { ReplicaRegion: west }),
      'AlreadyExistsException',
      `${arnOf(KeyId, west)} already exists.`,
    )
    await refused(
      replicate(KeyId, { Policy: '{}' }),
      'MalformedPolicyDocumentException',
      'Policy: there must be at least one Statement.',
    )
    await refused(
      replicate(KeyId, { Tags: [{ TagKey: 'aws:x', TagValue: '' }] }),
      'TagException',
      'Tags beginning with aws: are reserved',
    )
    for (const ReplicaRegion of ['EU-WEST-1', 'eu-west', 'eu_west-1', 'a-b-c-d-1', 'eu-west-1 ']) {
      const rule = 'satisfy regular expression pattern: ^([a-z]+-){2,3}\\d+$'
      await refused(
        replicate(KeyId, { ReplicaRegion }),
        'ValidationException',
        constraint('replicaRegion', ReplicaRegion, rule),
      )
    }
    await refused(
      replicate(`alias/${KeyId}`),
      'InvalidArnException',
      'Key Aliases are not supported for this operation.',
    )
    assert.deepEqual(await describeIn(home, KeyId), before)
    assert.equal(await outcomeOf(clients[south].describeKey({ KeyId })), 'NotFoundException')
  })

  test('wants the primary key enabled', async () => {
    const KeyId = await primaryKey()
    const arn = arnOf(KeyId, home)
    await kms.disableKey({ KeyId })
    await refused(replicate(KeyId), 'DisabledException', `${arn} is disabled.`)
    await kms.scheduleKeyDeletion({ KeyId })
    await refused(replicate(KeyId), 'KMSInvalidStateException', `${arn} is pending deletion.`)
    await kms.cancelKeyDeletion({ KeyId })
    await kms.enableKey({ KeyId })
    await replicate(KeyId)
  })

  test('leaves a record in each of the two Regions', async () => {
    const KeyId = await primaryKey()
    const before = (await server.records()).length
    const Tags = [{ TagKey: 'a', TagValue: '1' }]
    const { ReplicaKeyMetadata, ReplicaPolicy, $metadata } = await kms.replicateKey({
      KeyId,
      ReplicaRegion: west,
      Tags,
    })
    const made = (await server.records()).slice(before)
    assert.deepEqual(
      made.map(({ eventName, awsRegion, requestID, eventType, readOnly, requestParameters, resources }) => ({
        eventName,
        awsRegion,
        requestID,
        eventType,
        readOnly,
        requestParameters,
        resources,
      })),
      [
        {
          eventName: 'ReplicateKey',
          awsRegion: home,
          requestID: $metadata.requestId,
          eventType: 'AwsApiCall',
          readOnly: false,
          requestParameters: {
            keyId: KeyId,
            replicaRegion: west,
            bypassPolicyLockoutSafetyCheck: false,
            description: '',
            tags: [{ tagKey: 'a', tagValue: '1' }],
          },
          resources: [{ accountId: account, type: 'AWS::KMS::Key', ARN: arnOf(KeyId, home) }],
        },
        {
          eventName: 'CreateKey',
          awsRegion: west,
          requestID: $metadata.requestId,
          eventType: 'AwsApiCall',
          readOnly: false,
          requestParameters: {
            description: '',
            keySpec: 'SYMMETRIC_DEFAULT',
            keyUsage: 'ENCRYPT_DECRYPT',
            origin: 'AWS_KMS',
            multiRegion: true,
            bypassPolicyLockoutSafetyCheck: false,
            tags: [{ tagKey: 'a', tagValue: '1' }],
          },
          resources: [{ accountId: account, type: 'AWS::KMS::Key', ARN: arnOf(KeyId, west) }],
        },
      ],
    )
    assert.equal(new Set(made.map(({ eventID }) => eventID)).size, 2)
    const [first, second] = made.map(({ responseElements }) => responseElements as Record<string, unknown>)
    assert.equal(first?.['replicaPolicy'], ReplicaPolicy)
    const metadata = first?.['replicaKeyMetadata'] as Record<string, unknown>
    assert.deepEqual([metadata['arn'], metadata['keyState']], [ReplicaKeyMetadata?.Arn, 'Creating'])
    assert.deepEqual(second, { keyMetadata: metadata })
    // A refusal is one record.
    await refusalOf(kms.replicateKey({ KeyId, ReplicaRegion: west }))
    assert.equal((await server.records()).length, before + 3)
  })
})

describe('related keys', () => {
  test('decrypt what any of them encrypted, with every material they ever had', async () => {
    const KeyId = await primaryKey()
    const texts: [text: string, blob: Uint8Array | undefined, material: string | undefined][] = []
    const write = async (region: Region, text: string) => {
      texts.push([text, await encrypted(region, KeyId, text), await currentIn(region, KeyId)])
    }
    await write(home, 'before any rotation')
    await kms.rotateKeyOnDemand({ KeyId })
    await write(home, 'after one')
    await kms.replicateKey({ KeyId, ReplicaRegion: west })
    await write(west, 'in the west')
    await kms.rotateKeyOnDemand({ KeyId })
    await write(west, 'after two, in the west')
    await write(home, 'after two')
    await kms.replicateKey({ KeyId, ReplicaRegion: south })
    await write(south, 'in the south')
    assert.equal(new Set(texts.map(([, , material]) => material)).size, 3)
    for (const region of regions) {
      assert.equal(await currentIn(region, KeyId), texts.at(-1)?.[2])
      for (const [text, blob, material] of texts) {
        const expected = [text, arnOf(KeyId, region), material]
        assert.deepEqual(await opened(region, blob), expected)
        assert.deepEqual(await opened(region, blob, KeyId), expected)
        assert.deepEqual(await opened(region, blob, arnOf(KeyId, region)), expected)
      }
    }
  })

  test('take part in ReEncrypt, from and to, in each of their Regions', async () => {
    const KeyId = await family()
    for (const [from, to] of [
      [home, west],
      [west, home],
    ] as const) {
      const other = (await clients[to].createKey({})).KeyMetadata?.KeyId ?? ''
      const blob = await encrypted(from, KeyId, 'text')
      for (const SourceKeyId of [undefined, KeyId]) {
        const moved = await clients[to].reEncrypt({ CiphertextBlob: blob, SourceKeyId, DestinationKeyId: other })
        assert.deepEqual([moved.SourceKeyId, moved.KeyId], [arnOf(KeyId, to), arnOf(other, to)])
        assert.equal(moved.SourceKeyMaterialId, await currentIn(from, KeyId))
        const back = await clients[to].reEncrypt({ CiphertextBlob: moved.CiphertextBlob, DestinationKeyId: KeyId })
        assert.deepEqual((await opened(from, back.CiphertextBlob)).slice(0, 2), ['text', arnOf(KeyId, from)])
      }
    }
  })

  test('are asked for in their own Region only', async () => {
    const KeyId = await family()
    const blob = await encrypted(home, KeyId, 'text')
    await refused(opened(west, blob, arnOf(KeyId, home)), 'NotFoundException', `Invalid arn ${home}`)
    await refused(kms.describeKey({ KeyId: arnOf(KeyId, west) }), 'NotFoundException', `Invalid arn ${west}`)
    // Where there is none, the ciphertext is nobody's; and so is that of a key of one Region in any other.
    await refused(opened(south, blob), 'InvalidCiphertextException')
    const single = (await kms.createKey({})).KeyMetadata?.KeyId ?? ''
    await refused(opened(west, await encrypted(home, single, 'text')), 'InvalidCiphertextException')
  })

  test('do not decrypt for each other once the context differs, nor for other families', async () => {
    const [KeyId, other] = [await family(), await family()]
    const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext: Buffer.of(1), EncryptionContext: { a: '1' } })
    await refused(clients[west].decrypt({ CiphertextBlob }), 'InvalidCiphertextException')
    await refused(
      clients[west].decrypt({ CiphertextBlob, KeyId: other, EncryptionContext: { a: '1' } }),
      'IncorrectKeyException',
      'The key ID in the request does not identify a CMK that can perform this operation.',
    )
  })

  const Message = Buffer.from('message')
  for (const [KeySpec, SigningAlgorithm] of [
    ['RSA_2048', 'RSASSA_PSS_SHA_256'],
    ['ECC_NIST_P256', 'ECDSA_SHA_256'],
    ['ECC_SECG_P256K1', 'ECDSA_SHA_256'],
    ['ECC_NIST_EDWARDS25519', 'ED25519_SHA_512'],
    ['ML_DSA_44', 'ML_DSA_SHAKE_256'],
  ] as const) {
    test(`verify each other's signatures: ${KeySpec}`, async () => {
      const KeyId = await family({ KeySpec, KeyUsage: 'SIGN_VERIFY' })
      const publicKeys = [home, west].map(
        async region => (await clients[region as Region].getPublicKey({ KeyId })).PublicKey,
      )
      assert.deepEqual(await publicKeys[0], await publicKeys[1])
      for (const [from, to] of [
        [home, west],
        [west, home],
      ] as const) {
        const { Signature } = await clients[from].sign({ KeyId, Message, SigningAlgorithm })
        assert.equal((await clients[to].verify({ KeyId, Message, Signature, SigningAlgorithm })).SignatureValid, true)
      }
    })
  }

  test('make the same MACs', async () => {
    for (const [KeySpec, MacAlgorithm] of [
      ['HMAC_224', 'HMAC_SHA_224'],
      ['HMAC_512', 'HMAC_SHA_512'],
    ] as const) {
      const KeyId = await family({ KeySpec, KeyUsage: 'GENERATE_VERIFY_MAC' })
      const macs = [home, west].map(
        async region => (await clients[region as Region].generateMac({ KeyId, Message, MacAlgorithm })).Mac,
      )
      assert.deepEqual(await macs[0], await macs[1])
      assert.equal(await currentIn(west, KeyId), undefined)
    }
  })

  test('share RSA encryption, key agreement and encapsulation', async () => {
    const rsa = await family({ KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' })
    const EncryptionAlgorithm = 'RSAES_OAEP_SHA_256'
    const { CiphertextBlob } = await kms.encrypt({ KeyId: rsa, Plaintext: Message, EncryptionAlgorithm })
    const { Plaintext } = await clients[west].decrypt({ KeyId: rsa, CiphertextBlob, EncryptionAlgorithm })
    assert.deepEqual(Buffer.from(Plaintext ?? []), Message)
    const [mine, theirs] = [
      await family({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'KEY_AGREEMENT' }),
      await family({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'KEY_AGREEMENT' }),
    ]
    const KeyAgreementAlgorithm = 'ECDH'
    const secrets = [
      kms.deriveSharedSecret({
        KeyId: mine,
        KeyAgreementAlgorithm,
        PublicKey: (await kms.getPublicKey({ KeyId: theirs })).PublicKey,
      }),
      clients[west].deriveSharedSecret({
        KeyId: theirs,
        KeyAgreementAlgorithm,
        PublicKey: (await kms.getPublicKey({ KeyId: mine })).PublicKey,
      }),
    ]
    assert.deepEqual((await secrets[0])?.SharedSecret, (await secrets[1])?.SharedSecret)
    assert.equal((await secrets[0])?.SharedSecret?.length, 32)
    const kem = await family({ KeySpec: 'ML_KEM_768', KeyUsage: 'ENCAPSULATE_DECAPSULATE' })
    const EncapsulationAlgorithm = 'ML_KEM'
    const made = await kms.encapsulate({ KeyId: kem, EncapsulationAlgorithm })
    const { SharedSecretCiphertextBlob } = made
    const got = await clients[west].decapsulate({ KeyId: kem, EncapsulationAlgorithm, SharedSecretCiphertextBlob })
    assert.deepEqual([made.SharedSecret?.length, got.SharedSecret], [32, made.SharedSecret])
  })

  test('have policies, descriptions, tags, aliases and states of their own', async () => {
    const KeyId = await family()
    const AliasName = `alias/${KeyId}`
    const other = (await clients[west].createKey({})).KeyMetadata?.KeyId ?? ''
    await kms.createAlias({ AliasName, TargetKeyId: KeyId })
    await clients[west].createAlias({ AliasName, TargetKeyId: other })
    assert.equal((await kms.describeKey({ KeyId: AliasName })).KeyMetadata?.KeyId, KeyId)
    assert.equal((await clients[west].describeKey({ KeyId: AliasName })).KeyMetadata?.KeyId, other)
    assert.deepEqual((await clients[west].listAliases({ KeyId })).Aliases, [])
    await clients[west].updateAlias({ AliasName, TargetKeyId: KeyId })
    await kms.deleteAlias({ AliasName })
    assert.equal((await clients[west].describeKey({ KeyId: AliasName })).KeyMetadata?.Arn, arnOf(KeyId, west))
    await clients[west].updateKeyDescription({ KeyId, Description: 'west' })
    await clients[west].tagResource({ KeyId, Tags: [{ TagKey: 'a', TagValue: '1' }] })
    await clients[west].putKeyPolicy({ KeyId, Policy: defaultPolicy.replace('key-default-1', 'west') })
    await clients[west].disableKey({ KeyId })
    assert.deepEqual([await stateIn(home, KeyId), await stateIn(west, KeyId)], ['Enabled', 'Disabled'])
    assert.equal((await describeIn(home, KeyId))?.Description, '')
    assert.deepEqual((await kms.listResourceTags({ KeyId })).Tags, [])
    assert.deepEqual(squeezed((await kms.getKeyPolicy({ KeyId })).Policy), squeezed(defaultPolicy))
    const blob = await encrypted(home, KeyId, 'text')
    await refused(opened(west, blob), 'DisabledException', `${arnOf(KeyId, west)} is disabled.`)
    await clients[west].enableKey({ KeyId })
    await kms.disableKey({ KeyId })
    assert.equal((await opened(west, blob))[0], 'text')
  })

  test('have lists of their own, and markers that hold in one Region only', async () => {
    const KeyId = await family()
    const Tags = [1, 2, 3].map(number => ({ TagKey: `tag ${number}`, TagValue: '' }))
    for (const region of [home, west] as const) await clients[region].tagResource({ KeyId, Tags })
    for (let rotation = 0; rotation < 2; rotation++) await kms.rotateKeyOnDemand({ KeyId })
    for (const list of ['listResourceTags', 'listKeyRotations'] as const) {
      const { NextMarker: Marker } = await kms[list]({ KeyId, Limit: 1 })
      assert.ok(Marker)
      await kms[list]({ KeyId, Limit: 1, Marker })
      await refused(clients[west][list]({ KeyId, Limit: 1, Marker }), 'InvalidMarkerException')
    }
  })
})

describe('rotation', () => {
  const statusIn = (region: Region, KeyId: string) => membersOf(clients[region].getKeyRotationStatus({ KeyId }))
  const listIn = async (region: Region, KeyId: string) =>
    (await clients[region].listKeyRotations({ KeyId })).Rotations ?? []

  test('is set on the primary key, and shown by all', async () => {
    const KeyId = await family()
    await kms.enableKeyRotation({ KeyId, RotationPeriodInDays: 100 })
    await kms.replicateKey({ KeyId, ReplicaRegion: south })
    const NextRotationDate = new Date(server.clock.now() + 100 * days)
    const setting = { KeyRotationEnabled: true, RotationPeriodInDays: 100, NextRotationDate }
    for (const region of regions) {
      assert.deepEqual(await statusIn(region, KeyId), { ...setting, KeyId: arnOf(KeyId, region) })
    }
    await kms.disableKeyRotation({ KeyId })
    for (const region of regions) {
      assert.deepEqual(await statusIn(region, KeyId), { KeyRotationEnabled: false, KeyId: arnOf(KeyId, region) })
    }
  })

  test('cannot be set, nor asked for, on a replica', async () => {
    const KeyId = await family()
    const text = notPrimary(KeyId, west)
    const replica = clients[west]
    const calls = () => [
      replica.enableKeyRotation({ KeyId }),
      replica.disableKeyRotation({ KeyId }),
      replica.rotateKeyOnDemand({ KeyId }),
    ]
    for (const call of calls()) await refused(call, 'UnsupportedOperationException', text)
    await replica.disableKey({ KeyId })
    for (const call of calls()) await refused(call, 'DisabledException', `${arnOf(KeyId, west)} is disabled.`)
    const signing = await family({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' })
    await refused(
      replica.enableKeyRotation({ KeyId: signing }),
      'UnsupportedOperationException',
      notPrimary(signing, west),
    )
    await refused(kms.enableKeyRotation({ KeyId: signing }), 'UnsupportedOperationException')
  })

  test('happens in all Regions at once, whatever the states of the replicas', async () => {
    const KeyId = await family({}, [west, south])
    await clients[west].disableKey({ KeyId })
    await kms.enableKeyRotation({ KeyId, RotationPeriodInDays: 90 })
    const old = await encrypted(home, KeyId, 'old')
    server.clock.advance(85 * days)
    await clients[south].scheduleKeyDeletion({ KeyId, PendingWindowInDays: 7 })
    server.clock.advance(5 * days)
    const before = (await server.records()).length
    await server.settle()
    await clients[south].cancelKeyDeletion({ KeyId })
    const current = await currentIn(home, KeyId)
    for (const region of regions) {
      assert.equal(await currentIn(region, KeyId), current)
      assert.deepEqual(await listIn(region, KeyId), [
        {
          KeyId: arnOf(KeyId, region),
          KeyMaterialId: current,
          KeyMaterialState: 'CURRENT',
          RotationDate: new Date(server.clock.now()),
          RotationType: 'AUTOMATIC',
        },
      ])
      assert.deepEqual((await statusIn(region, KeyId)).NextRotationDate, new Date(server.clock.now() + 90 * days))
    }
    for (const region of [west, south] as const) await clients[region].enableKey({ KeyId })
    const text = await encrypted(south, KeyId, 'new')
    for (const region of regions) {
      assert.equal((await opened(region, old))[0], 'old')
      assert.deepEqual(await opened(region, text), ['new', arnOf(KeyId, region), current])
    }
    const events = (await server.records())
      .slice(before)
      .filter(({ resources }) => JSON.stringify(resources).includes(KeyId))
    const resources = [{ accountId: account, type: 'AWS::KMS::Key', ARN: arnOf(KeyId, home) }]
    assert.deepEqual(
      events
        .filter(({ eventType }) => eventType === 'AwsServiceEvent')
        .map(event => [event['eventName'], event['awsRegion'], event['resources'], 'serviceEventDetails' in event]),
      [
        ['RotateKey', home, resources, true],
        ['SynchronizeMultiRegionKey', home, resources, false],
      ],
    )
  })

  test('waits while the primary key is disabled, though its replicas are not', async () => {
    const KeyId = await family()
    await kms.enableKeyRotation({ KeyId, RotationPeriodInDays: 90 })
    await kms.disableKey({ KeyId })
    server.clock.advance(91 * days)
    await server.settle()
    assert.deepEqual(await listIn(west, KeyId), [])
    await kms.enableKey({ KeyId })
    await server.settle()
    assert.equal((await listIn(west, KeyId)).length, 1)
  })

  test('counts rotations on demand for the family, whichever is its primary key', async () => {
    const KeyId = await family()
    for (let rotation = 0; rotation < 24; rotation++) await kms.rotateKeyOnDemand({ KeyId })
    await kms.updatePrimaryRegion({ KeyId, PrimaryRegion: west })
    await clients[west].rotateKeyOnDemand({ KeyId })
    assert.equal(await outcomeOf(clients[west].rotateKeyOnDemand({ KeyId })), 'LimitExceededException')
    await clients[west].updatePrimaryRegion({ KeyId, PrimaryRegion: home })
    assert.equal(await outcomeOf(kms.rotateKeyOnDemand({ KeyId })), 'LimitExceededException')
  })
})

describe('UpdatePrimaryRegion', () => {
  test('makes a replica the primary key, for all members', async () => {
    const KeyId = await family({}, [west, south])
    const blob = await encrypted(home, KeyId, 'text')
    assert.deepEqual(await membersOf(kms.updatePrimaryRegion({ KeyId, PrimaryRegion: south })), {})
    for (const region of regions) {
      assert.deepEqual(await familyIn(region, KeyId), {
        MultiRegionKeyType: region === south ? 'PRIMARY' : 'REPLICA',
        PrimaryKey: member(KeyId, south),
        ReplicaKeys: [member(KeyId, west), member(KeyId, home)],
      })
      assert.equal(await stateIn(region, KeyId), 'Enabled')
      assert.equal((await opened(region, blob))[0], 'text')
    }
    const text = notPrimary(KeyId, home)
    await refused(kms.updatePrimaryRegion({ KeyId, PrimaryRegion: west }), 'UnsupportedOperationException', text)
    await refused(kms.replicateKey({ KeyId, ReplicaRegion: 'sa-east-1' }), 'UnsupportedOperationException', text)
    await clients[south].replicateKey({ KeyId, ReplicaRegion: 'sa-east-1' })
  })

  test('hands automatic rotation over', async () => {
    const KeyId = await family()
    await kms.enableKeyRotation({ KeyId, RotationPeriodInDays: 90 })
    await kms.updatePrimaryRegion({ KeyId, PrimaryRegion: west })
    await kms.disableKey({ KeyId })
    server.clock.advance(90 * days)
    await server.settle()
    for (const region of [home, west] as const) {
      assert.equal((await clients[region].listKeyRotations({ KeyId })).Rotations?.length, 1)
    }
    await clients[west].disableKeyRotation({ KeyId })
    assert.equal((await kms.getKeyRotationStatus({ KeyId })).KeyRotationEnabled, false)
  })

  test('refuses what cannot be, and leaves everything as it was', async () => {
    const KeyId = await family({}, [west, south])
    const single = (await kms.createKey({})).KeyMetadata?.KeyId ?? ''
    const update = (PrimaryRegion: string, key = KeyId, from: Region = home) =>
      clients[from].updatePrimaryRegion({ KeyId: key, PrimaryRegion })
    const unsupported = 'UnsupportedOperationException'
    await refused(update(west, single), unsupported, `${arnOf(single, home)} is not a multi-region primary key.`)
    await refused(update(west, KeyId, west), unsupported, notPrimary(KeyId, west))
    await refused(update(home), unsupported, `${arnOf(KeyId, home)} is the multi-region primary key already.`)
    for (const region of ['sa-east-1', 'us-moon-1']) {
      const arn = arnOf(KeyId, home).replace(home, region)
      await refused(update(region), 'NotFoundException', `Key '${arn}' does not exist`)
    }
    await refused(
      update('west'),
      'ValidationException',
      constraint('primaryRegion', 'west', 'satisfy regular expression pattern: ^([a-z]+-){2,3}\\d+$'),
    )
    await clients[west].disableKey({ KeyId })
    await refused(update(west), 'DisabledException', `${arnOf(KeyId, west)} is disabled.`)
    await clients[west].scheduleKeyDeletion({ KeyId })
    await refused(update(west), 'KMSInvalidStateException', `${arnOf(KeyId, west)} is pending deletion.`)
    await kms.disableKey({ KeyId })
    await refused(update(south), 'DisabledException', `${arnOf(KeyId, home)} is disabled.`)
    await kms.scheduleKeyDeletion({ KeyId })
    await refused(update(south), 'KMSInvalidStateException', `${arnOf(KeyId, home)} is pending deletion.`)
    for (const region of regions) {
      const { PrimaryKey, ReplicaKeys } = (await familyIn(region, KeyId)) ?? {}
      assert.deepEqual([PrimaryKey, ReplicaKeys], [member(KeyId, home), [member(KeyId, west), member(KeyId, south)]])
    }
  })

  test('leaves the primary key where it can be called', async () => {
    const before = await start()
    const client = before.client()
    const { KeyMetadata: { KeyId = '' } = {} } = await client.createKey({ MultiRegion: true })
    await client.replicateKey({ KeyId, ReplicaRegion: west })
    const after = await before.restart({ flags: ['--regions', home] })
    try {
      await refused(
        after.client().updatePrimaryRegion({ KeyId, PrimaryRegion: west }),
        'UnsupportedOperationException',
        `${west} is not a Region of this service.`,
      )
    } finally {
      await after.stop()
    }
  })

  test('leaves a record in each of the two Regions', async () => {
    const KeyId = await family()
    const before = (await server.records()).length
    await kms.updatePrimaryRegion({ KeyId, PrimaryRegion: west })
    assert.deepEqual(
      (await server.records())
        .slice(before)
        .map(({ eventName, awsRegion, requestParameters, responseElements, resources }) => ({
          eventName,
          awsRegion,
          requestParameters,
          responseElements,
          resources,
        })),
      ([home, west] as const).map(region => ({
        eventName: 'UpdatePrimaryRegion',
        awsRegion: region,
        requestParameters: { keyId: KeyId, primaryRegion: west },
        responseElements: { keyId: arnOf(KeyId, region) },
        resources: [{ accountId: account, type: 'AWS::KMS::Key', ARN: arnOf(KeyId, region) }],
      })),
    )
  })
})

describe('deletion', () => {
  const schedule = (region: Region, KeyId: string, PendingWindowInDays = 7) =>
    membersOf(clients[region].scheduleKeyDeletion({ KeyId, PendingWindowInDays }))

  test('of a primary key waits for its replicas, then begins', async () => {
    const KeyId = await family({}, [west, south])
    const before = (await server.records()).length
    assert.deepEqual(await schedule(home, KeyId, 8), {
      KeyId: arnOf(KeyId, home),
      KeyState: 'PendingReplicaDeletion',
      PendingWindowInDays: 8,
    })
    const [record] = (await server.records()).slice(before)
    assert.deepEqual(record?.['responseElements'], {
      keyId: arnOf(KeyId, home),
      keyState: 'PendingReplicaDeletion',
      pendingWindowInDays: 8,
    })
    const waiting = await describeIn(home, KeyId)
    assert.deepEqual(
      [waiting?.KeyState, waiting?.Enabled, waiting?.PendingDeletionWindowInDays, waiting?.DeletionDate],
      ['PendingReplicaDeletion', false, 8, undefined],
    )
    // It can wait for ever.
    server.clock.advance(100 * days)
    await server.settle()
    assert.equal(await stateIn(home, KeyId), 'PendingReplicaDeletion')
    assert.equal(await stateIn(west, KeyId), 'Enabled')
    const gone = await schedule(west, KeyId)
    assert.deepEqual(gone.DeletionDate, new Date(server.clock.now() + 7 * days))
    assert.equal(gone.KeyState, 'PendingDeletion')
    server.clock.advance(7 * days)
    await server.settle()
    assert.equal(await outcomeOf(clients[west].describeKey({ KeyId })), 'NotFoundException')
    for (const region of [home, south] as const) {
      assert.deepEqual((await familyIn(region, KeyId))?.ReplicaKeys, [member(KeyId, south)])
    }
    assert.equal(await stateIn(home, KeyId), 'PendingReplicaDeletion')
    await schedule(south, KeyId)
    server.clock.advance(9 * days)
    await server.settle()
    const begun = await describeIn(home, KeyId)
    assert.deepEqual(
      [
        begun?.KeyState,
        begun?.DeletionDate,
        begun?.PendingDeletionWindowInDays,
        begun?.MultiRegionConfiguration?.ReplicaKeys,
      ],
      ['PendingDeletion', new Date(server.clock.now() + 8 * days), undefined, []],
    )
    server.clock.advance(8 * days - 1)
    await server.settle()
    assert.equal(await stateIn(home, KeyId), 'PendingDeletion')
    server.clock.advance(1)
    await server.settle()
    assert.equal(await outcomeOf(kms.describeKey({ KeyId })), 'NotFoundException')
    const deletions = (await server.records()).filter(
      ({ eventName, resources }) => eventName === 'DeleteKey' && JSON.stringify(resources).includes(KeyId),
    )
    assert.deepEqual(
      deletions.map(({ awsRegion, resources }) => [awsRegion, resources]),
      [west, south, home].map(region => [
        region,
        [{ accountId: account, type: 'AWS::KMS::Key', ARN: arnOf(KeyId, region as Region) }],
      ]),
    )
  })

  test('of a primary key without replicas has a date at once', async () => {
    const KeyId = await primaryKey()
    assert.deepEqual(await schedule(home, KeyId), {
      KeyId: arnOf(KeyId, home),
      DeletionDate: new Date(server.clock.now() + 7 * days),
      KeyState: 'PendingDeletion',
      PendingWindowInDays: 7,
    })
  })

  test('of a primary key that waits for its replicas can be cancelled, and leaves it disabled', async () => {
    const KeyId = await family()
    await schedule(home, KeyId)
    const text = `${arnOf(KeyId, home)} is pending deletion.`
    for (const call of [
      kms.encrypt({ KeyId, Plaintext: Buffer.of(1) }),
      kms.replicateKey({ KeyId, ReplicaRegion: south }),
      kms.updatePrimaryRegion({ KeyId, PrimaryRegion: west }),
      kms.rotateKeyOnDemand({ KeyId }),
      kms.enableKeyRotation({ KeyId }),
      kms.scheduleKeyDeletion({ KeyId }),
      kms.enableKey({ KeyId }),
    ]) {
      await refused(call, 'KMSInvalidStateException', text)
    }
    // The replica is not concerned.
    await encrypted(west, KeyId, 'text')
    assert.deepEqual(await membersOf(kms.cancelKeyDeletion({ KeyId })), { KeyId: arnOf(KeyId, home) })
    assert.equal(await stateIn(home, KeyId), 'Disabled')
    await schedule(west, KeyId)
    server.clock.advance(7 * days)
    await server.settle()
    const { KeyState, DeletionDate } = (await describeIn(home, KeyId)) ?? {}
    assert.deepEqual([KeyState, DeletionDate], ['Disabled', undefined])
  })

  test('of a replica frees its Region, where it can come back with everything it could read', async () => {
    const KeyId = await family({}, [west])
    const old = await encrypted(west, KeyId, 'old')
    await kms.rotateKeyOnDemand({ KeyId })
    await clients[west].createAlias({ AliasName: `alias/${KeyId}`, TargetKeyId: KeyId })
    await schedule(west, KeyId)
    await refused(
      kms.replicateKey({ KeyId, ReplicaRegion: west }),
      'AlreadyExistsException',
      `${arnOf(KeyId, west)} already exists.`,
    )
    server.clock.advance(7 * days)
    await server.settle()
    assert.deepEqual((await familyIn(home, KeyId))?.ReplicaKeys, [])
    await refused(opened(west, old), 'InvalidCiphertextException')
    assert.equal((await opened(home, old))[0], 'old')
    await kms.replicateKey({ KeyId, ReplicaRegion: west })
    assert.equal((await opened(west, old))[0], 'old')
    assert.deepEqual((await clients[west].listAliases({ KeyId })).Aliases, [])
  })

  test('of a former primary key is that of a replica', async () => {
    const KeyId = await family()
    await kms.updatePrimaryRegion({ KeyId, PrimaryRegion: west })
    assert.equal((await schedule(home, KeyId)).KeyState, 'PendingDeletion')
    assert.equal((await schedule(west, KeyId)).KeyState, 'PendingReplicaDeletion')
  })

  test('of several replicas at one moment begins that of the primary key', async () => {
    const KeyId = await family({}, [west, south])
    for (const region of regions) await schedule(region, KeyId)
    server.clock.advance(7 * days)
    await server.settle()
    assert.deepEqual((await describeIn(home, KeyId))?.DeletionDate, new Date(server.clock.now() + 7 * days))
  })
})

describe('of many calls at once', () => {
  test('one makes the replica', async () => {
    const KeyId = await primaryKey()
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, () => outcomeOf(kms.replicateKey({ KeyId, ReplicaRegion: west }))),
    )
    assert.deepEqual(outcomes.sort(), [...Array<string>(7).fill('AlreadyExistsException'), 'OK'])
    assert.deepEqual((await familyIn(west, KeyId))?.ReplicaKeys, [member(KeyId, west)])
  })

  test('replicas in different Regions all come to be, and know of each other', async () => {
    const KeyId = await primaryKey()
    const targets = ['eu-west-1', 'eu-west-2', 'eu-west-3', 'eu-central-1', 'ap-southeast-2']
    await Promise.all(targets.map(ReplicaRegion => kms.replicateKey({ KeyId, ReplicaRegion })))
    for (const region of [home, west, south] as const) {
      const replicas = (await familyIn(region, KeyId))?.ReplicaKeys?.map(({ Region }) => Region)
      assert.deepEqual(replicas?.toSorted(), targets.toSorted())
    }
  })

  test('a new primary key and a new replica do not lose each other', async () => {
    for (let race = 0; race < 10; race++) {
      const KeyId = await family()
      const outcomes = await Promise.all([
        outcomeOf(kms.updatePrimaryRegion({ KeyId, PrimaryRegion: west })),
        outcomeOf(kms.replicateKey({ KeyId, ReplicaRegion: south })),
        outcomeOf(clients[west].putKeyPolicy({ KeyId, Policy: defaultPolicy })),
      ])
      assert.deepEqual([outcomes[0], outcomes[2]], ['OK', 'OK'])
      // Whoever asks the old primary key too late is told so.
      assert.match(outcomes[1] ?? '', /^(?:OK|UnsupportedOperationException)$/)
      const replicas = outcomes[1] === 'OK' ? [home, south] : [home]
      for (const region of [west, ...replicas] as Region[]) {
        const { PrimaryKey, ReplicaKeys = [] } = (await familyIn(region, KeyId)) ?? {}
        assert.deepEqual([PrimaryKey?.Region, ReplicaKeys.map(key => key.Region)], [west, replicas])
      }
    }
  })

  test('changes of one member never undo what concerns all', async () => {
    const KeyId = await family({}, [west, south])
    const calls = Array.from({ length: 24 }, (_, index) => {
      const region = regions[index % 3] ?? home
      const Tags = [{ TagKey: `tag ${index}`, TagValue: '' }]
      return index % 8 === 0 ? kms.rotateKeyOnDemand({ KeyId }) : clients[region].tagResource({ KeyId, Tags })
    })
    await Promise.all(calls)
    for (const region of regions) {
      assert.equal((await clients[region].listKeyRotations({ KeyId })).Rotations?.length, 3)
      assert.equal((await clients[region].listResourceTags({ KeyId })).Tags?.length, 7)
      assert.equal(await currentIn(region, KeyId), await currentIn(home, KeyId))
    }
  })
})

test('C8: a member that is taken out of the database stops what concerns all of them, and nothing else', async () => {
  let other = await start()
  try {
    other.clock.hold()
    const [lonely, sound] = [await newFamily(other.client()), await newFamily(other.client())]
    other = await other.restart({
      meanwhile() {
        const database = new DatabaseSync(join(other.data, 'keyreeve.db'))
        const remove = database.prepare('DELETE FROM rows WHERE kind = ? AND id = ?')
        assert.equal(remove.run('key', keyRow(account, west, lonely)).changes, 1)
        database.close()
        other.clock.advance(90 * days)
      },
    })
    const client = other.client()
    assert.deepEqual(new Set(other.logged.map(({ event }) => event)), new Set(['tampered row']))
    assert.equal((await client.listKeyRotations({ KeyId: sound })).Rotations?.length, 1)
    assert.equal((await client.listKeyRotations({ KeyId: lonely })).Rotations?.length, 0)
    await client.encrypt({ KeyId: lonely, Plaintext: Buffer.of(1) })
    for (const call of [
      client.disableKeyRotation({ KeyId: lonely }),
      client.updatePrimaryRegion({ KeyId: lonely, PrimaryRegion: west }),
      client.replicateKey({ KeyId: lonely, ReplicaRegion: south }),
    ]) {
      await refused(call, 'KeyUnavailableException', undefined, 500)
    }
  } finally {
    await other.stop()
  }
})

/** A key in two Regions that rotates every 90 days. */
async function newFamily(client: KMS): Promise<string> {
  const { KeyMetadata: { KeyId = '' } = {} } = await client.createKey({ MultiRegion: true })
  await client.replicateKey({ KeyId, ReplicaRegion: west })
  await client.enableKeyRotation({ KeyId, RotationPeriodInDays: 90 })
  return KeyId
}

/** Whatever happens to a family, its members agree, and nothing that was ever encrypted is lost to those that work. */
for (let seed = 1; seed <= 8; seed++) {
  test(`after any sequence of calls the members agree, and read everything: seed ${seed}`, async () => {
    const prng = new Prng(seed)
    const KeyId = await primaryKey()
    const texts: [text: string, blob: Uint8Array | undefined][] = []
    let primary: Region = home
    const steps: Record<string, (region: Region) => Promise<unknown>> = {
      replicate: region => clients[primary].replicateKey({ KeyId, ReplicaRegion: region }),
      update: region => clients[primary].updatePrimaryRegion({ KeyId, PrimaryRegion: region }),
      schedule: region => clients[region].scheduleKeyDeletion({ KeyId, PendingWindowInDays: 7 }),
      cancel: region => clients[region].cancelKeyDeletion({ KeyId }),
      enable: region => clients[region].enableKey({ KeyId }),
      disable: region => clients[region].disableKey({ KeyId }),
      rotate: () => clients[primary].rotateKeyOnDemand({ KeyId }),
      automatic: () => clients[primary].enableKeyRotation({ KeyId, RotationPeriodInDays: 90 }),
      encrypt: async region =>
        texts.push([`text ${texts.length}`, await encrypted(region, KeyId, `text ${texts.length}`)]),
      async time() {
        server.clock.advance(prng.pick([3, 7, 30]) * days)
        await server.settle()
      },
    }
    const names = [...Object.keys(steps), 'replicate', 'replicate', 'encrypt', 'enable', 'cancel']
    const done: string[] = []
    for (let step = 0; step < 40; step++) {
      const [name, region] = [prng.pick(names), prng.pick(regions)]
      const outcome = await outcomeOf(Promise.resolve(steps[name]?.(region)))
      done.push(`${name} ${region}: ${outcome}`)
      assert.notEqual(outcome, 'KMSInternalException', done.join('\n'))
      assert.notEqual(outcome, 'KeyUnavailableException', done.join('\n'))
      const found = await Promise.all(regions.map(async place => await describeIn(place, KeyId).catch(() => undefined)))
      const members = found.filter(metadata => metadata !== undefined)
      const [one] = members
      if (!one)
        return assert.ok(
          done.some(entry => entry.startsWith('time')),
          'only time ends a family',
        )
      const { PrimaryKey, ReplicaKeys = [] } = one.MultiRegionConfiguration ?? {}
      for (const { MultiRegionConfiguration, CurrentKeyMaterialId } of members) {
        assert.deepEqual(MultiRegionConfiguration?.PrimaryKey, PrimaryKey, done.join('\n'))
        assert.deepEqual(MultiRegionConfiguration?.ReplicaKeys, ReplicaKeys, done.join('\n'))
        assert.equal(CurrentKeyMaterialId, one.CurrentKeyMaterialId, done.join('\n'))
      }
      const said = [PrimaryKey, ...ReplicaKeys].map(key => String(key?.Arn))
      assert.deepEqual(new Set(said), new Set(members.map(({ Arn }) => Arn)), done.join('\n'))
      assert.equal(said.length, members.length, done.join('\n'))
      primary = regions.find(place => place === PrimaryKey?.Region) ?? home
      const readers = regions.filter((_, index) => found[index]?.KeyState === 'Enabled')
      for (const reader of readers) {
        const [text, blob] = texts.length > 0 ? prng.pick(texts) : ['']
        if (blob) assert.equal((await opened(reader, blob))[0], text, done.join('\n'))
      }
    }
    // In the end, all of them everywhere.
    for (const region of regions) {
      if ((await outcomeOf(clients[region].encrypt({ KeyId, Plaintext: Buffer.of(1) }))) !== 'OK') continue
      for (const [text, blob] of texts) assert.equal((await opened(region, blob))[0], text)
    }
  })
}
