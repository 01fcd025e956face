import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import {
  KMSServiceException,
  type CreateGrantCommandInput,
  type ImportKeyMaterialCommandInput,
} from '@aws-sdk/client-kms'
import { operations } from '../../src/operations/index.ts'
import { importOf, parametersFor } from '../support/import.ts'
import { start } from '../support/server.ts'
import { externalKey, startProxy } from '../support/xks-proxy.ts'

/**
 * Every operation on a key in every state that a key can be in, as the service's table has it
 * (https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html). Y: it works; -: there is no such key. The rest are
 * the refusals below. MULTI_REGION are primary keys of origin AWS_KMS, with a replica.
 */
const table = `
                                     AWS_KMS                             EXTERNAL                                                  EXTERNAL_KEY_STORE    MULTI_REGION
                                     Enabled  Disabled  PendingDeletion  Enabled  Disabled  PendingDeletion  PendingImport  Empty  Enabled  Unavailable  Enabled  Disabled  PendingReplicaDeletion
CancelKeyDeletion                    np       np        Y                np       np        Y                np             Y      np       np           np       np        Y
CreateAlias                          Y        Y         pd               Y        Y         pd               Y              pd     Y        Y            Y        Y         pd
CreateGrant                          Y        Dis       pd               Y        Dis       pd               pi             pd     Y        Y            Y        Dis       pd
Decapsulate                          Y        Dis       pd               -        -         -                -              -      -        -            Y        Dis       pd
Decrypt                              Y        Dis       pd               Y        Dis       pd               pi             pd     Y        un           Y        Dis       pd
Decrypt, by key                      Y        Dis       pd               Y        Dis       pd               pi             pd     Y        un           Y        Dis       pd
DeleteAlias                          Y        Y         Y                Y        Y         Y                Y              Y      Y        Y            Y        Y         Y
DeleteImportedKeyMaterial            uo       uo        uo               Y        Y         Y                Y              Y      uo       uo           uo       uo        uo
DeriveSharedSecret                   Y        Dis       pd               Y        Dis       pd               pi             pd     -        -            Y        Dis       pd
DescribeKey                          Y        Y         Y                Y        Y         Y                Y              Y      Y        Y            Y        Y         Y
DisableKey                           Y        Y         pd               Y        Y         pd               pi             pd     Y        Y            Y        Y         pd
DisableKeyRotation                   Y        Dis       pd               uo       uo        uo               uo             uo     uo       uo           Y        Dis       pd
EnableKey                            Y        Y         pd               Y        Y         pd               pi             pd     Y        Y            Y        Y         pd
EnableKeyRotation                    Y        Dis       pd               uo       uo        uo               uo             uo     uo       uo           Y        Dis       pd
Encapsulate                          Y        Dis       pd               -        -         -                -              -      -        -            Y        Dis       pd
Encrypt                              Y        Dis       pd               Y        Dis       pd               pi             pd     Y        un           Y        Dis       pd
GenerateDataKey                      Y        Dis       pd               Y        Dis       pd               pi             pd     Y        un           Y        Dis       pd
GenerateDataKeyPair                  Y        Dis       pd               Y        Dis       pd               pi             pd     uo       un           Y        Dis       pd
GenerateDataKeyPairWithoutPlaintext  Y        Dis       pd               Y        Dis       pd               pi             pd     uo       un           Y        Dis       pd
GenerateDataKeyWithoutPlaintext      Y        Dis       pd               Y        Dis       pd               pi             pd     Y        un           Y        Dis       pd
GenerateMac                          Y        Dis       pd               Y        Dis       pd               pi             pd     -        -            Y        Dis       pd
GetKeyLastUsage                      Y        Y         Y                Y        Y         Y                Y              Y      Y        Y            Y        Y         Y
GetKeyPolicy                         Y        Y         Y                Y        Y         Y                Y              Y      Y        Y            Y        Y         Y
GetKeyRotationStatus                 Y        Y         Y                Y        Y         Y                Y              Y      uo       uo           Y        Y         Y
GetParametersForImport               uo       uo        uo               Y        Y         pd               Y              pd     uo       uo           uo       uo        uo
GetPublicKey                         Y        Dis       pd               Y        Dis       pd               pi             pd     -        -            Y        Dis       pd
ImportKeyMaterial                    uo       uo        uo               Y        Y         pd               Y              pd     uo       uo           uo       uo        uo
ListAliases                          Y        Y         Y                Y        Y         Y                Y              Y      Y        Y            Y        Y         Y
ListGrants                           Y        Y         Y                Y        Y         Y                Y              Y      Y        Y            Y        Y         Y
ListKeyPolicies                      Y        Y         Y                Y        Y         Y                Y              Y      Y        Y            Y        Y         Y
ListKeyRotations                     Y        Y         Y                Y        Y         Y                Y              Y      Y        Y            Y        Y         Y
ListResourceTags                     Y        Y         Y                Y        Y         Y                Y              Y      Y        Y            Y        Y         Y
PutKeyPolicy                         Y        Y         Y                Y        Y         Y                Y              Y      Y        Y            Y        Y         Y
ReEncrypt, from                      Y        Dis       pd               Y        Dis       pd               pi             pd     Y        un           Y        Dis       pd
ReEncrypt, to                        Y        Dis       pd               Y        Dis       pd               pi             pd     Y        un           Y        Dis       pd
ReplicateKey                         nm       nm        nm               nm       nm        nm               nm             nm     nm       nm           Y        Dis       pd
RetireGrant                          Y        Y         Y                Y        Y         Y                Y              Y      Y        Y            Y        Y         Y
RetireGrant, by token                Y        Y         Y                Y        Y         Y                Y              Y      Y        Y            Y        Y         Y
RevokeGrant                          Y        Y         Y                Y        Y         Y                Y              Y      Y        Y            Y        Y         Y
RotateKeyOnDemand                    Y        Dis       pd               nw       Dis       pd               pi             pd     uo       uo           Y        Dis       pd
ScheduleKeyDeletion                  Y        Y         pd               Y        Y         pd               Y              pd     Y        Y            Y        Y         pd
Sign                                 Y        Dis       pd               Y        Dis       pd               pi             pd     -        -            Y        Dis       pd
TagResource                          Y        Y         pd               Y        Y         pd               Y              pd     Y        Y            Y        Y         pd
UntagResource                        Y        Y         pd               Y        Y         pd               Y              pd     Y        Y            Y        Y         pd
UpdateAlias, away                    Y        Y         Y                Y        Y         Y                Y              Y      Y        Y            Y        Y         Y
UpdateAlias, to                      Y        Y         pd               Y        Y         pd               Y              pd     Y        Y            Y        Y         pd
UpdateKeyDescription                 Y        Y         pd               Y        Y         pd               Y              pd     Y        Y            Y        Y         pd
UpdatePrimaryRegion                  nm       nm        nm               nm       nm        nm               nm             nm     nm       nm           Y        Dis       pd
Verify                               Y        Dis       pd               Y        Dis       pd               pi             pd     -        -            Y        Dis       pd
VerifyMac                            Y        Dis       pd               Y        Dis       pd               pi             pd     -        -            Y        Dis       pd
`

const refusals: Record<string, (arn: string, origin: string) => string> = {
  Dis: arn => `DisabledException: ${arn} is disabled.`,
  pd: arn => `KMSInvalidStateException: ${arn} is pending deletion.`,
  np: arn => `KMSInvalidStateException: ${arn} is not pending deletion.`,
  pi: arn => `KMSInvalidStateException: ${arn} is pending import.`,
  un: arn => `KMSInvalidStateException: ${arn} is unavailable.`,
  nm: arn => `UnsupportedOperationException: ${arn} is not a multi-region primary key.`,
  nw: arn => `KMSInvalidStateException: No available key material pending rotation for the key: ${arn}.`,
  uo: (arn, origin) =>
    `UnsupportedOperationException: ${arn} origin is ${origin} which is not valid for this operation.`,
}

const columns = [
  ['AWS_KMS', 'Enabled'],
  ['AWS_KMS', 'Disabled'],
  ['AWS_KMS', 'PendingDeletion'],
  ['EXTERNAL', 'Enabled'],
  ['EXTERNAL', 'Disabled'],
  ['EXTERNAL', 'PendingDeletion'],
  ['EXTERNAL', 'PendingImport'],
  /** Pending deletion, and without material. */
  ['EXTERNAL', 'Empty'],
  ['EXTERNAL_KEY_STORE', 'Enabled'],
  ['EXTERNAL_KEY_STORE', 'Unavailable'],
  ['MULTI_REGION', 'Enabled'],
  ['MULTI_REGION', 'Disabled'],
  ['MULTI_REGION', 'PendingReplicaDeletion'],
] as const
type State = (typeof columns)[number][1]

const [, ...heads] = table.trim().split('\n')
const rows = heads.slice(1).map(line => {
  const [name = '', ...expected] = line.split(/ {2,}/)
  return { name, expected }
})

const folder = mkdtempSync(join(tmpdir(), 'keyreeve-key-states-'))
const proxy = await startProxy(folder)
proxy.keys.set('external', externalKey())
const server = await start(proxy.flags)
after(async () => {
  await server.stop()
  await proxy.close()
  rmSync(folder, { recursive: true })
})
const kms = server.client()

const other = (await kms.createKey({})).KeyMetadata?.KeyId ?? ''
const plaintext = Buffer.from('plaintext')

interface Subject {
  id: string
  arn: string
  /** Points to the key before each call. */
  alias: string
  /** Made under the key, and under another one. */
  ciphertext: Uint8Array | undefined
  foreign: Uint8Array | undefined
  /** On the key, one for each call that ends one. */
  grants: { GrantId: string; GrantToken: string }[]
  /** Puts the material back. */
  material: ImportKeyMaterialCommandInput
  /** What the key made that another operation takes: a signature, a MAC, an encapsulation. */
  made: Uint8Array | undefined
}

/** What the operations need that symmetric keys cannot do. */
const kinds = {
  signing: { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' },
  mac: { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' },
  agreement: { KeySpec: 'ECC_NIST_P384', KeyUsage: 'KEY_AGREEMENT' },
  encapsulation: { KeySpec: 'ML_KEM_512', KeyUsage: 'ENCAPSULATE_DECAPSULATE' },
} as const
type Kind = keyof typeof kinds
const kindOf: Record<string, Kind> = {
  Decapsulate: 'encapsulation',
  DeriveSharedSecret: 'agreement',
  Encapsulate: 'encapsulation',
  GenerateMac: 'mac',
  GetPublicKey: 'signing',
  Sign: 'signing',
  Verify: 'signing',
  VerifyMac: 'mac',
}
const signing = { Message: Buffer.from('message'), SigningAlgorithm: 'ECDSA_SHA_256' } as const
const mac = { Message: Buffer.from('message'), MacAlgorithm: 'HMAC_SHA_256' } as const
const EncapsulationAlgorithm = 'ML_KEM'
const onP384 = () => generateKeyPairSync('ec', { namedCurve: 'secp384r1' })

const makers: Record<Kind, (KeyId: string) => Promise<Uint8Array | undefined>> = {
  signing: async KeyId => (await kms.sign({ KeyId, ...signing })).Signature,
  mac: async KeyId => (await kms.generateMac({ KeyId, ...mac })).Mac,
  agreement: () => Promise.resolve(onP384().publicKey.export({ format: 'der', type: 'spki' })),
  encapsulation: async KeyId => (await kms.encapsulate({ KeyId, EncapsulationAlgorithm })).SharedSecretCiphertextBlob,
}

/** Material of such a key, as its owner has it. */
const materials: Partial<Record<Kind, () => Uint8Array>> = {
  signing: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'der', type: 'pkcs8' }),
  mac: () => randomBytes(32),
  agreement: () => onP384().privateKey.export({ format: 'der', type: 'pkcs8' }),
}

const grantOn = (KeyId: string): CreateGrantCommandInput => ({
  KeyId,
  GranteePrincipal: 'arn:aws:iam::000000000000:user/other',
  Operations: ['Decrypt'],
})

const { CustomKeyStoreId = '' } = await kms.createCustomKeyStore({
  CustomKeyStoreName: 'store',
  CustomKeyStoreType: 'EXTERNAL_KEY_STORE',
  XksProxyConnectivity: 'PUBLIC_ENDPOINT',
  XksProxyUriEndpoint: 'https://localhost',
  XksProxyUriPath: '/kms/xks/v1',
  XksProxyAuthenticationCredential: proxy.credential,
})
await kms.connectCustomKeyStore({ CustomKeyStoreId })

type Origin = (typeof columns)[number][0]
const origins = new Set(columns.map(([origin]) => origin)).values().toArray()
const replicaRegion = 'eu-west-1'

const made = new Map<string, Promise<Subject>>()

/** The key on which a row is tried, made once. */
function subjectOf(name: string, origin: Origin): Promise<Subject> {
  const kind = kindOf[name]
  const id = `${kind ?? 'symmetric'}/${origin}`
  const subject = made.get(id) ?? makeSubject(origin, kind, `alias/${id}`)
  made.set(id, subject)
  return subject
}

async function makeSubject(origin: Origin, kind: Kind | undefined, alias: string): Promise<Subject> {
  const Origin = origin === 'MULTI_REGION' ? 'AWS_KMS' : origin
  const { KeyMetadata: { KeyId: id = '', Arn: arn = '' } = {} } = await kms.createKey({
    Origin,
    ...(kind && kinds[kind]),
    ...(origin === 'EXTERNAL_KEY_STORE' && { CustomKeyStoreId, XksKeyId: 'external' }),
    MultiRegion: origin === 'MULTI_REGION',
  })
  if (origin === 'MULTI_REGION') await kms.replicateKey({ KeyId: id, ReplicaRegion: replicaRegion })
  const bytes = Buffer.from('x')
  let material: ImportKeyMaterialCommandInput = { KeyId: id, ImportToken: bytes, EncryptedKeyMaterial: bytes }
  if (origin === 'EXTERNAL') {
    const own = kind ? materials[kind]?.() : randomBytes(32)
    assert.ok(own, `${kind} keys are not imported`)
    material = importOf(id, await parametersFor(kms, id), own)
    await kms.importKeyMaterial(material)
  }
  const subject = { id, arn, alias, ciphertext: undefined, foreign: undefined, grants: [], material, made: undefined }
  if (kind) return { ...subject, made: await makers[kind](id) }
  await kms.createAlias({ AliasName: alias, TargetKeyId: id })
  await kms.createAlias({ AliasName: `${alias}/other`, TargetKeyId: other })
  const [mine, foreign] = await Promise.all([id, other].map(KeyId => kms.encrypt({ KeyId, Plaintext: plaintext })))
  const grants = await Promise.all(
    Array.from({ length: 15 }, async () => {
      const { GrantId = '', GrantToken = '' } = await kms.createGrant(grantOn(id))
      return { GrantId, GrantToken }
    }),
  )
  return { ...subject, ciphertext: mine?.CiphertextBlob, foreign: foreign?.CiphertextBlob, grants }
}

const calls: Record<string, (subject: Subject) => Promise<unknown>> = {
  CancelKeyDeletion: ({ id }) => kms.cancelKeyDeletion({ KeyId: id }),
  CreateAlias: ({ id, alias }) => kms.createAlias({ AliasName: `${alias}/new`, TargetKeyId: id }),
  CreateGrant: ({ id }) => kms.createGrant(grantOn(id)),
  Decapsulate: ({ id, made }) =>
    kms.decapsulate({ KeyId: id, EncapsulationAlgorithm, SharedSecretCiphertextBlob: made }),
  Decrypt: ({ ciphertext }) => kms.decrypt({ CiphertextBlob: ciphertext }),
  'Decrypt, by key': ({ id, ciphertext }) => kms.decrypt({ KeyId: id, CiphertextBlob: ciphertext }),
  DeleteAlias: ({ alias }) => kms.deleteAlias({ AliasName: alias }),
  DeleteImportedKeyMaterial: ({ id }) => kms.deleteImportedKeyMaterial({ KeyId: id }),
  DeriveSharedSecret: ({ id, made }) =>
    kms.deriveSharedSecret({ KeyId: id, KeyAgreementAlgorithm: 'ECDH', PublicKey: made }),
  DescribeKey: ({ id }) => kms.describeKey({ KeyId: id }),
  DisableKey: ({ id }) => kms.disableKey({ KeyId: id }),
  DisableKeyRotation: ({ id }) => kms.disableKeyRotation({ KeyId: id }),
  EnableKey: ({ id }) => kms.enableKey({ KeyId: id }),
  EnableKeyRotation: ({ id }) => kms.enableKeyRotation({ KeyId: id }),
  Encapsulate: ({ id }) => kms.encapsulate({ KeyId: id, EncapsulationAlgorithm }),
  Encrypt: ({ id }) => kms.encrypt({ KeyId: id, Plaintext: plaintext }),
  GenerateDataKey: ({ id }) => kms.generateDataKey({ KeyId: id, KeySpec: 'AES_256' }),
  GenerateDataKeyPair: ({ id }) => kms.generateDataKeyPair({ KeyId: id, KeyPairSpec: 'ECC_NIST_P256' }),
  GenerateDataKeyPairWithoutPlaintext: ({ id }) =>
    kms.generateDataKeyPairWithoutPlaintext({ KeyId: id, KeyPairSpec: 'ECC_NIST_P256' }),
  GenerateDataKeyWithoutPlaintext: ({ id }) => kms.generateDataKeyWithoutPlaintext({ KeyId: id, KeySpec: 'AES_256' }),
  GenerateMac: ({ id }) => kms.generateMac({ KeyId: id, ...mac }),
  GetKeyLastUsage: ({ id }) => kms.getKeyLastUsage({ KeyId: id }),
  GetKeyPolicy: ({ id }) => kms.getKeyPolicy({ KeyId: id }),
  GetKeyRotationStatus: ({ id }) => kms.getKeyRotationStatus({ KeyId: id }),
  GetParametersForImport: ({ id }) => parametersFor(kms, id),
  GetPublicKey: ({ id }) => kms.getPublicKey({ KeyId: id }),
  ImportKeyMaterial: ({ material }) => kms.importKeyMaterial(material),
  ListAliases: ({ id }) => kms.listAliases({ KeyId: id }),
  ListGrants: ({ id }) => kms.listGrants({ KeyId: id }),
  ListKeyPolicies: ({ id }) => kms.listKeyPolicies({ KeyId: id }),
  ListKeyRotations: ({ id }) => kms.listKeyRotations({ KeyId: id }),
  ListResourceTags: ({ id }) => kms.listResourceTags({ KeyId: id }),
  PutKeyPolicy: async ({ id }) => {
    const { Policy } = await kms.getKeyPolicy({ KeyId: id })
    return await kms.putKeyPolicy({ KeyId: id, Policy })
  },
  'ReEncrypt, from': ({ ciphertext }) => kms.reEncrypt({ CiphertextBlob: ciphertext, DestinationKeyId: other }),
  'ReEncrypt, to': ({ id, foreign }) => kms.reEncrypt({ CiphertextBlob: foreign, DestinationKeyId: id }),
  ReplicateKey: ({ id }) => kms.replicateKey({ KeyId: id, ReplicaRegion: 'eu-west-2' }),
  RetireGrant: ({ id, grants }) => kms.retireGrant({ KeyId: id, GrantId: grants.pop()?.GrantId }),
  'RetireGrant, by token': ({ grants }) => kms.retireGrant({ GrantToken: grants.pop()?.GrantToken }),
  RevokeGrant: ({ id, grants }) => kms.revokeGrant({ KeyId: id, GrantId: grants.pop()?.GrantId }),
  RotateKeyOnDemand: ({ id }) => kms.rotateKeyOnDemand({ KeyId: id }),
  ScheduleKeyDeletion: ({ id }) => kms.scheduleKeyDeletion({ KeyId: id }),
  Sign: ({ id }) => kms.sign({ KeyId: id, ...signing }),
  TagResource: ({ id }) => kms.tagResource({ KeyId: id, Tags: [{ TagKey: 'a', TagValue: 'b' }] }),
  UntagResource: ({ id }) => kms.untagResource({ KeyId: id, TagKeys: ['a'] }),
  'UpdateAlias, away': ({ alias }) => kms.updateAlias({ AliasName: alias, TargetKeyId: other }),
  'UpdateAlias, to': ({ id, alias }) => kms.updateAlias({ AliasName: `${alias}/other`, TargetKeyId: id }),
  UpdateKeyDescription: ({ id }) => kms.updateKeyDescription({ KeyId: id, Description: 'x' }),
  UpdatePrimaryRegion: ({ id }) => kms.updatePrimaryRegion({ KeyId: id, PrimaryRegion: replicaRegion }),
  Verify: ({ id, made }) => kms.verify({ KeyId: id, ...signing, Signature: made }),
  VerifyMac: ({ id, made }) => kms.verifyMac({ KeyId: id, ...mac, Mac: made }),
}

// Our own operations take keys in any state, of the own account alone (keyreeve/list-key-access, validate-key-policy).
const ofKms = operations.filter(({ service }) => service === 'kms')

test('the table has a row for every operation that works on keys, and a call for every row', () => {
  const expected = ofKms.filter(({ needs }) => Object.keys(needs.keys).length > 0).map(({ name }) => name)
  const here = new Set(rows.map(({ name }) => name.replace(/,.*/, '')))
  assert.deepEqual([...here].sort(), expected.toSorted())
  assert.deepEqual(
    Object.keys(calls),
    rows.map(({ name }) => name),
  )
  for (const { expected: cells } of rows) assert.equal(cells.length, columns.length)
})

const stateOf = async (id: string) => (await kms.describeKey({ KeyId: id })).KeyMetadata?.KeyState

/** Enables the key, whatever was done to it. */
async function restore({ id, material }: Subject, origin: Origin): Promise<void> {
  if (origin === 'EXTERNAL_KEY_STORE') await kms.connectCustomKeyStore({ CustomKeyStoreId })
  if (origin === 'MULTI_REGION') {
    const { KeyMetadata } = await kms.describeKey({ KeyId: id })
    if (KeyMetadata?.MultiRegionConfiguration?.MultiRegionKeyType === 'REPLICA') {
      await server.client({ region: replicaRegion }).updatePrimaryRegion({ KeyId: id, PrimaryRegion: 'us-east-1' })
    }
  }
  let state = await stateOf(id)
  if (state === 'PendingDeletion' || state === 'PendingReplicaDeletion') {
    await kms.cancelKeyDeletion({ KeyId: id })
    state = await stateOf(id)
  }
  if (state === 'PendingImport') await kms.importKeyMaterial(material)
  if (state === 'Disabled') await kms.enableKey({ KeyId: id })
}

async function restoreAliases({ id, alias }: Subject): Promise<void> {
  const { Aliases = [] } = await kms.listAliases({})
  const wanted = new Map([
    [alias, id],
    [`${alias}/other`, other],
  ])
  for (const { AliasName = '', TargetKeyId } of Aliases) {
    if (AliasName !== alias && !AliasName.startsWith(`${alias}/`)) continue
    const target = wanted.get(AliasName)
    if (!target) await kms.deleteAlias({ AliasName })
    else if (target !== TargetKeyId) await kms.updateAlias({ AliasName, TargetKeyId: target })
    wanted.delete(AliasName)
  }
  for (const [AliasName, TargetKeyId] of wanted) await kms.createAlias({ AliasName, TargetKeyId })
}

async function bring({ id }: Subject, state: State): Promise<void> {
  if (state === 'Disabled') await kms.disableKey({ KeyId: id })
  if (state === 'Unavailable') await kms.disconnectCustomKeyStore({ CustomKeyStoreId })
  if (state === 'PendingImport' || state === 'Empty') await kms.deleteImportedKeyMaterial({ KeyId: id })
  if (/^Pending\w*Deletion$|^Empty$/.test(state)) await kms.scheduleKeyDeletion({ KeyId: id })
  assert.equal(await stateOf(id), state === 'Empty' ? 'PendingDeletion' : state)
}

async function answerTo(call: Promise<unknown>): Promise<string> {
  try {
    await call
    return 'Y'
  } catch (error) {
    if (error instanceof KMSServiceException) return `${error.name}: ${error.message}`
    throw error
  }
}

for (const { name, expected } of rows) {
  const check = async (origin: Origin): Promise<void> => {
    for (const [index, [column, state]] of columns.entries()) {
      const symbol = expected[index] ?? ''
      if (column !== origin || symbol === '-') continue
      const subject = await subjectOf(name, origin)
      await restore(subject, origin)
      if (name.includes('Alias,') || name.endsWith('Alias')) await restoreAliases(subject)
      await bring(subject, state)
      const before = await kms.describeKey({ KeyId: subject.id })
      const refusal = refusals[symbol]?.(subject.arn, origin === 'MULTI_REGION' ? 'AWS_KMS' : origin)
      assert.equal(await answerTo(calls[name]!(subject)), refusal ?? symbol, `${origin} ${state}`)
      if (refusal === undefined) continue
      assert.deepEqual((await kms.describeKey({ KeyId: subject.id })).KeyMetadata, before.KeyMetadata)
    }
  }
  test(`${name} answers as the key's state demands`, async () => {
    await Promise.all(origins.map(check))
  })
}
