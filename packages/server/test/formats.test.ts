import assert from 'node:assert/strict'
import { createDecipheriv, createSecretKey } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readGrantToken } from '../src/auth/grant-token.ts'
import { namedGrantId } from '../src/auth/grants.ts'
import { openSession } from '../src/auth/session.ts'
import { openToken } from '../src/import/token.ts'
import { decryptSymmetric, joinInner, materialId, splitInner, splitOuter } from '../src/keys/ciphertext.ts'
import { readMarker } from '../src/operations/paging.ts'
import { openKeyFile } from '../src/seal/key-file.ts'
import { openSeal, Seal } from '../src/seal/seal.ts'
import { verifyRow } from '../src/store/integrity.ts'
import type { Row } from '../src/store/store.ts'
import { sourcesIn } from './support/sources.ts'

const page = readFileSync(new URL('../../../docs/formats.md', import.meta.url), 'utf8')

function example(name: string): string {
  const found = page.split(`\`\`\`${name}\n`)[1]?.split('\n```')[0]
  assert.ok(found, `docs/formats.md has an example of ${name}`)
  return found
}
const bytes = (name: string): Buffer => Buffer.from(example(name), 'hex')

const keyId = '1234abcd-12ab-34cd-56ef-1234567890ab'
const sequence = Buffer.from([...Array(32).keys()])
const seal = new Seal('3f2504e0-4f89-41d3-9a0c-0305e82c3301', createSecretKey(sequence))
const dayKey = Buffer.alloc(32, 0xdd)

test('the documented root key file opens the documented domain key, which opens the sealed record', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'keyreeve-formats-'))
  try {
    const path = join(folder, 'root.key')
    writeFileSync(path, example('root-key-file'), { mode: 0o600 })
    const meta = { meta: () => Promise.resolve(example('domain-key')), initMeta: () => Promise.resolve(false) }
    const opened = await openSeal(meta, await openKeyFile(path))
    assert.equal(opened.storeId, seal.storeId)
    assert.deepEqual(opened.open({ purpose: 'day-key/v1', fields: ['20781'] }, bytes('sealed-record')), dayKey)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('the documented row has the documented MAC', () => {
  const row = { ...(JSON.parse(example('row')) as Omit<Row, 'mac'>), mac: bytes('row-mac') }
  assert.ok(verifyRow(seal.derive('row-mac/v1'), seal.storeId, row))
  assert.ok(!verifyRow(seal.derive('row-mac/v1'), seal.storeId, { ...row, version: 2 }))
})

test('the documented ciphertext decrypts under the documented material', () => {
  assert.equal(materialId(keyId, sequence), example('material-id'))
  const context = new Map([
    ['Project', 'Alpha'],
    ['Department', 'IT'],
  ])
  assert.equal(decryptSymmetric(createSecretKey(sequence), bytes('ciphertext'), context)?.toString(), 'hello')
})

test('the documented ciphertext of an external key store decrypts under the documented keys', () => {
  const context = new Map([
    ['Project', 'Alpha'],
    ['Department', 'IT'],
  ])
  const blob = bytes('double-ciphertext')
  const layer = splitOuter(blob)
  assert.ok(layer)
  const { additional } = splitInner(blob, context)
  const length = Buffer.alloc(2)
  length.writeUInt16BE(additional.length)
  const decipher = createDecipheriv('aes-256-gcm', Buffer.alloc(32, 0xcc), layer.iv, { authTagLength: 16 })
  decipher.setAAD(Buffer.concat([length, additional, Buffer.of(layer.metadata.length), layer.metadata]))
  decipher.setAuthTag(layer.tag)
  const inner = Buffer.concat([decipher.update(layer.ciphertext), decipher.final()])
  const plaintext = decryptSymmetric(createSecretKey(sequence), joinInner(blob, inner), context)
  assert.equal(plaintext?.toString(), 'hello')
  assert.equal(Buffer.from(layer.metadata).toString(), 'v1')
})

test('the documented credential of a key store opens', () => {
  const place = ['000000000000', 'us-east-1', 'cks-0123456789abcdef0', 'AAAAAAAAAAAAAAAAAAAA'] as const
  const opened = seal.open({ purpose: 'key-store-credential/v1', fields: place }, bytes('sealed-credential'))
  assert.equal(opened.toString(), Array(7).fill('secret').join('+'))
})

test('the documented session token opens for its access key alone', () => {
  const id = 'ASIAIOSFODNN7EXAMPLE'
  const opened = openSession(seal, id, example('session-token'))
  assert.equal(opened?.secret.toString(), sequence.subarray(0, 30).toString('base64'))
  const { of, tags, transitiveTags, issuedAt, expiresAt } = opened.session
  assert.deepEqual({ ...of }, { kind: 'role', name: 'backup', id: 'AROAIOSFODNN7EXAMPLE', sessionName: 'nightly' })
  assert.deepEqual([tags, transitiveTags], [[['team', 'blue']], ['team']])
  assert.equal(expiresAt - issuedAt, 60 * 60 * 1000)
  assert.equal(openSession(seal, 'ASIAIOSFODNN8EXAMPLE', example('session-token')), undefined)
})

test('the documented import token opens under the documented day key', () => {
  const binding = { account: '000000000000', region: 'us-east-1', keyId }
  const token = openToken(createSecretKey(dayKey), bytes('import-token'), binding)
  assert.equal(token?.privateKey.toString(), 'private')
  assert.equal(token?.algorithm, 'RSAES_OAEP_SHA_256')
  assert.equal(token?.wrappingKeySpec, 'RSA_2048')
  assert.equal(token.validTo - token.createdAt, 24 * 60 * 60 * 1000)
})

test('the documented grant has the documented id, which the documented token names', () => {
  const [account, region] = ['000000000000', 'us-east-1']
  const grant: Parameters<typeof namedGrantId>[1] = {
    account,
    region,
    keyId,
    issuingAccount: account,
    name: 'example',
    granteePrincipal: 'arn:aws:iam::000000000000:user/alice',
    operations: ['Encrypt', 'Decrypt'],
    constraints: { encryptionContextSubset: [['Department', 'IT']] },
  }
  const id = example('grant-id')
  assert.equal(namedGrantId(seal, grant), id)
  const named = { account, region, keyId, id, createdAt: 1_795_507_200_000 }
  assert.deepEqual(readGrantToken(seal, example('grant-token')), named)
})

test('the documented page marker is one of the documented list', () => {
  const list = `ListKeyPolicies arn:aws:kms:us-east-1:000000000000:key/${keyId}`
  assert.equal(readMarker({ list, seal }, example('page-marker')), 'default')
})

test('the page tells of every kind of row, and of every purpose that a key is derived for', () => {
  const sources = sourcesIn('packages/server/src')
  const documents = sources.find(({ path }) => path.endsWith('/store/documents.ts'))?.uncommented ?? ''
  const kinds = /interface Documents \{([^}]*)\}/.exec(documents)?.[1] ?? ''
  const names = Array.from(kinds.matchAll(/^ +'?([\w-]+)'?:/gm), ([, name = '']) => name)
  assert.ok(names.length > 15)
  for (const name of names) assert.ok(page.includes(`\`${name}\``), name)
  const purposes = new Set(
    sources.flatMap(({ uncommented }) =>
      Array.from(uncommented.matchAll(/'([a-z-]+\/v\d+)'/g), ([, purpose = '']) => purpose),
    ),
  )
  // What is sealed under it never leaves the memory of the process.
  assert.ok(purposes.delete('wrapping-key-pool/v1'))
  for (const purpose of purposes) assert.ok(page.includes(purpose), purpose)
})
