import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
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
 * (https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html, without what other origins and multi-Region
 * keys add). Y: it works. The rest are the refusals below.
 */
const table = `
                                 AWS_KMS                             EXTERNAL                                                  EXTERNAL_KEY_STORE
                                 Enabled  Disabled  PendingDeletion  Enabled  Disabled  PendingDeletion  PendingImport  Empty  Enabled  Unavailable
CancelKeyDeletion                np       np        Y                np       np        Y                np             Y      np       np
CreateAlias                      Y        Y         pd               Y        Y         pd               Y              pd     Y        Y
CreateGrant                      Y        Dis       pd               Y        Dis       pd               pi             pd     Y        Y
Decrypt                          Y        Dis       pd               Y        Dis       pd               pi             pd     Y        un
Decrypt, by key                  Y        Dis       pd               Y        Dis       pd               pi             pd     Y        un
DeleteAlias                      Y        Y         Y                Y        Y         Y                Y              Y      Y        Y
DeleteImportedKeyMaterial        uo       uo        uo               Y        Y         Y                Y              Y      uo       uo
DescribeKey                      Y        Y         Y                Y        Y         Y                Y              Y      Y        Y
DisableKey                       Y        Y         pd               Y        Y         pd               pi             pd     Y        Y
DisableKeyRotation               Y        Dis       pd               uo       uo        uo               uo             uo     uo       uo
EnableKey                        Y        Y         pd               Y        Y         pd               pi             pd     Y        Y
EnableKeyRotation                Y        Dis       pd               uo       uo        uo               uo             uo     uo       uo
Encrypt                          Y        Dis       pd               Y        Dis       pd               pi             pd     Y        un
GenerateDataKey                  Y        Dis       pd               Y        Dis       pd               pi             pd     Y        un
GenerateDataKeyWithoutPlaintext  Y        Dis       pd               Y        Dis       pd               pi             pd     Y        un
GetKeyLastUsage                  Y        Y         Y                Y        Y         Y                Y              Y      Y        Y
GetKeyPolicy                     Y        Y         Y                Y        Y         Y                Y              Y      Y        Y
GetKeyRotationStatus             Y        Y         Y                Y        Y         Y                Y              Y      uo       uo
GetParametersForImport           uo       uo        uo               Y        Y         pd               Y              pd     uo       uo
ImportKeyMaterial                uo       uo        uo               Y        Y         pd               Y              pd     uo       uo
ListAliases                      Y        Y         Y                Y        Y         Y                Y              Y      Y        Y
ListGrants                       Y        Y         Y                Y        Y         Y                Y              Y      Y        Y
ListKeyPolicies                  Y        Y         Y                Y        Y         Y                Y              Y      Y        Y
ListKeyRotations                 Y        Y         Y                Y        Y         Y                Y              Y      Y        Y
ListResourceTags                 Y        Y         Y                Y        Y         Y                Y              Y      Y        Y
PutKeyPolicy                     Y        Y         Y                Y        Y         Y                Y              Y      Y        Y
ReEncrypt, from                  Y        Dis       pd               Y        Dis       pd               pi             pd     Y        un
ReEncrypt, to                    Y        Dis       pd               Y        Dis       pd               pi             pd     Y        un
ReplicateKey                     nm       nm        nm               nm       nm        nm               nm             nm     nm       nm
RetireGrant                      Y        Y         Y                Y        Y         Y                Y              Y      Y        Y
RetireGrant, by token            Y        Y         Y                Y        Y         Y                Y              Y      Y        Y
RevokeGrant                      Y        Y         Y                Y        Y         Y                Y              Y      Y        Y
RotateKeyOnDemand                Y        Dis       pd               nw       Dis       pd               pi             pd     uo       uo
ScheduleKeyDeletion              Y        Y         pd               Y        Y         pd               Y              pd     Y        Y
TagResource                      Y        Y         pd               Y        Y         pd               Y              pd     Y        Y
UntagResource                    Y        Y         pd               Y        Y         pd               Y              pd     Y        Y
UpdateAlias, away                Y        Y         Y                Y        Y         Y                Y              Y      Y        Y
UpdateAlias, to                  Y        Y         pd               Y        Y         pd               Y              pd     Y        Y
UpdateKeyDescription             Y        Y         pd               Y        Y         pd               Y              pd     Y        Y
UpdatePrimaryRegion              nm       nm        nm               nm       nm        nm               nm             nm     nm       nm
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
const subjects: Record<Origin, Subject> = {
  AWS_KMS: await makeSubject('AWS_KMS'),
  EXTERNAL: await makeSubject('EXTERNAL'),
  EXTERNAL_KEY_STORE: await makeSubject('EXTERNAL_KEY_STORE'),
}

async function makeSubject(Origin: Origin): Promise<Subject> {
  const place = Origin === 'EXTERNAL_KEY_STORE' ? { CustomKeyStoreId, XksKeyId: 'external' } : {}
  const { KeyMetadata: { KeyId: id = '', Arn: arn = '' } = {} } = await kms.createKey({ Origin, ...place })
  const alias = `alias/${Origin}`
  await kms.createAlias({ AliasName: alias, TargetKeyId: id })
  await kms.createAlias({ AliasName: `${alias}/other`, TargetKeyId: other })
  const bytes = Buffer.from('x')
  let material: ImportKeyMaterialCommandInput = { KeyId: id, ImportToken: bytes, EncryptedKeyMaterial: bytes }
  if (Origin === 'EXTERNAL') {
    material = importOf(id, await parametersFor(kms, id), randomBytes(32))
    await kms.importKeyMaterial(material)
  }
  const [mine, foreign] = await Promise.all([id, other].map(KeyId => kms.encrypt({ KeyId, Plaintext: plaintext })))
  const grants = await Promise.all(
    Array.from({ length: 15 }, async () => {
      const { GrantId = '', GrantToken = '' } = await kms.createGrant(grantOn(id))
      return { GrantId, GrantToken }
    }),
  )
  return { id, arn, alias, ciphertext: mine?.CiphertextBlob, foreign: foreign?.CiphertextBlob, grants, material }
}

const calls: Record<string, (subject: Subject) => Promise<unknown>> = {
  CancelKeyDeletion: ({ id }) => kms.cancelKeyDeletion({ KeyId: id }),
  CreateAlias: ({ id, alias }) => kms.createAlias({ AliasName: `${alias}/new`, TargetKeyId: id }),
  CreateGrant: ({ id }) => kms.createGrant(grantOn(id)),
  Decrypt: ({ ciphertext }) => kms.decrypt({ CiphertextBlob: ciphertext }),
  'Decrypt, by key': ({ id, ciphertext }) => kms.decrypt({ KeyId: id, CiphertextBlob: ciphertext }),
  DeleteAlias: ({ alias }) => kms.deleteAlias({ AliasName: alias }),
  DeleteImportedKeyMaterial: ({ id }) => kms.deleteImportedKeyMaterial({ KeyId: id }),
  DescribeKey: ({ id }) => kms.describeKey({ KeyId: id }),
  DisableKey: ({ id }) => kms.disableKey({ KeyId: id }),
  DisableKeyRotation: ({ id }) => kms.disableKeyRotation({ KeyId: id }),
  EnableKey: ({ id }) => kms.enableKey({ KeyId: id }),
  EnableKeyRotation: ({ id }) => kms.enableKeyRotation({ KeyId: id }),
  Encrypt: ({ id }) => kms.encrypt({ KeyId: id, Plaintext: plaintext }),
  GenerateDataKey: ({ id }) => kms.generateDataKey({ KeyId: id, KeySpec: 'AES_256' }),
  GenerateDataKeyWithoutPlaintext: ({ id }) => kms.generateDataKeyWithoutPlaintext({ KeyId: id, KeySpec: 'AES_256' }),
  GetKeyLastUsage: ({ id }) => kms.getKeyLastUsage({ KeyId: id }),
  GetKeyPolicy: ({ id }) => kms.getKeyPolicy({ KeyId: id }),
  GetKeyRotationStatus: ({ id }) => kms.getKeyRotationStatus({ KeyId: id }),
  GetParametersForImport: ({ id }) => parametersFor(kms, id),
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
  ReplicateKey: ({ id }) => kms.replicateKey({ KeyId: id, ReplicaRegion: 'eu-west-1' }),
  RetireGrant: ({ id, grants }) => kms.retireGrant({ KeyId: id, GrantId: grants.pop()?.GrantId }),
  'RetireGrant, by token': ({ grants }) => kms.retireGrant({ GrantToken: grants.pop()?.GrantToken }),
  RevokeGrant: ({ id, grants }) => kms.revokeGrant({ KeyId: id, GrantId: grants.pop()?.GrantId }),
  RotateKeyOnDemand: ({ id }) => kms.rotateKeyOnDemand({ KeyId: id }),
  ScheduleKeyDeletion: ({ id }) => kms.scheduleKeyDeletion({ KeyId: id }),
  TagResource: ({ id }) => kms.tagResource({ KeyId: id, Tags: [{ TagKey: 'a', TagValue: 'b' }] }),
  UntagResource: ({ id }) => kms.untagResource({ KeyId: id, TagKeys: ['a'] }),
  'UpdateAlias, away': ({ alias }) => kms.updateAlias({ AliasName: alias, TargetKeyId: other }),
  'UpdateAlias, to': ({ id, alias }) => kms.updateAlias({ AliasName: `${alias}/other`, TargetKeyId: id }),
  UpdateKeyDescription: ({ id }) => kms.updateKeyDescription({ KeyId: id, Description: 'x' }),
  UpdatePrimaryRegion: ({ id }) => kms.updatePrimaryRegion({ KeyId: id, PrimaryRegion: 'eu-west-1' }),
}

test('the table has a row for every operation that works on keys, and a call for every row', () => {
  const expected = operations.filter(({ needs }) => Object.keys(needs.keys).length > 0).map(({ name }) => name)
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
async function restore({ id, material }: Subject): Promise<void> {
  if (id === subjects.EXTERNAL_KEY_STORE.id) await kms.connectCustomKeyStore({ CustomKeyStoreId })
  let state = await stateOf(id)
  if (state === 'PendingDeletion') {
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
  if (state === 'PendingDeletion' || state === 'Empty') await kms.scheduleKeyDeletion({ KeyId: id })
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
    const subject = subjects[origin]
    for (const [index, [column, state]] of columns.entries()) {
      if (column !== origin) continue
      await restore(subject)
      if (name.includes('Alias,') || name.endsWith('Alias')) await restoreAliases(subject)
      await bring(subject, state)
      const before = await kms.describeKey({ KeyId: subject.id })
      const symbol = expected[index] ?? ''
      const refusal = refusals[symbol]?.(subject.arn, origin)
      assert.equal(await answerTo(calls[name]!(subject)), refusal ?? symbol, `${origin} ${state}`)
      if (refusal === undefined) continue
      assert.deepEqual((await kms.describeKey({ KeyId: subject.id })).KeyMetadata, before.KeyMetadata)
    }
  }
  test(`${name} answers as the key's state demands`, async () => {
    await Promise.all([check('AWS_KMS'), check('EXTERNAL'), check('EXTERNAL_KEY_STORE')])
  })
}
