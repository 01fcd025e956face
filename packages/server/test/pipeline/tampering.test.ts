import assert from 'node:assert/strict'
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { after, test } from 'node:test'
import type { KMS } from '@aws-sdk/client-kms'
import { newAccessKey, newUser } from '../../src/auth/identities.ts'
import { administratorAccess } from '../../src/auth/managed-policies.ts'
import { aliasRow, identityRow, keyRow, materialRow } from '../../src/store/documents.ts'
import { refusalOf, refused } from '../support/answers.ts'
import { document, textOf, trusting, userWith } from '../support/identities.ts'
import { externalKey, importOf, parametersFor } from '../support/import.ts'
import { makeSigningKey, signToken, startIssuer } from '../support/issuer.ts'
import { answered, callKeyreeve } from '../support/keyreeve.ts'
import { days, start, type Credentials, type TestServer } from '../support/server.ts'
import { post } from '../support/signed-http.ts'

/** C8: somebody writes to the database file while the server is down. */

const account = '000000000000'
const region = 'us-east-1'
const home = `arn:aws:kms:${region}:${account}`
const plaintext = Buffer.from('plaintext')

/** A row, as the database holds it. */
interface Columns {
  kind: string
  id: string
  ref: string | null
  due: number | null
  version: number
  body: string
  mac: Uint8Array
  pad: Uint8Array | null
}

class Intruder {
  readonly #database: DatabaseSync

  constructor(folder: string) {
    this.#database = new DatabaseSync(join(folder, 'keyreeve.db'))
  }

  row(kind: string, id: string): Columns {
    const row = this.#database.prepare('SELECT * FROM rows WHERE kind = ? AND id = ?').get(kind, id)
    assert.ok(row, `${kind} ${id}`)
    return { ...row } as unknown as Columns // Every column of a STRICT table.
  }

  /** Writes columns of the row, which may be its name. */
  set(kind: string, id: string, columns: Partial<Columns>): void {
    const names = Object.keys(columns)
    const assignments = names.map(name => `${name} = ?`).join(', ')
    const update = this.#database.prepare(`UPDATE rows SET ${assignments} WHERE kind = ? AND id = ?`)
    assert.equal(update.run(...(Object.values(columns) as SQLInputValue[]), kind, id).changes, 1)
  }

  /** Puts a row back as it once was, whatever is there now. */
  restore(row: Columns): void {
    this.remove(row.kind, row.id)
    const names = Object.keys(row)
    const places = names.map(() => '?').join(', ')
    this.#database
      .prepare(`INSERT INTO rows (${names.join(', ')}) VALUES (${places})`)
      .run(...(Object.values(row) as SQLInputValue[]))
  }

  remove(kind: string, id: string): void {
    this.#database.prepare('DELETE FROM rows WHERE kind = ? AND id = ?').run(kind, id)
  }

  close(): void {
    this.#database.close()
  }
}

/** Stops the server, lets the intruder at its database, and starts it again. */
async function intrude(server: TestServer, act: (intruder: Intruder) => void): Promise<TestServer> {
  return await server.restart({
    meanwhile() {
      const intruder = new Intruder(server.data)
      try {
        act(intruder)
      } finally {
        intruder.close()
      }
    },
  })
}

/** What was read while the server was down, and nothing changed. */
async function snapshot(server: TestServer, names: [kind: string, id: string][]): Promise<[TestServer, Columns[]]> {
  let rows: Columns[] = []
  const next = await intrude(server, intruder => {
    rows = names.map(([kind, id]) => intruder.row(kind, id))
  })
  return [next, rows]
}

interface Victim {
  id: string
  alias: string
  material: string
  ciphertext: Uint8Array | undefined
}

async function victim(kms: KMS): Promise<Victim> {
  const { KeyMetadata: { KeyId: id = '', CurrentKeyMaterialId: material = '' } = {} } = await kms.createKey({})
  const alias = `alias/${id}`
  await kms.createAlias({ AliasName: alias, TargetKeyId: id })
  const { CiphertextBlob } = await kms.encrypt({ KeyId: id, Plaintext: plaintext })
  return { id, alias, material, ciphertext: CiphertextBlob }
}

async function works(kms: KMS, { id, alias, ciphertext }: Victim): Promise<void> {
  assert.equal((await kms.describeKey({ KeyId: id })).KeyMetadata?.KeyState, 'Enabled')
  assert.equal((await kms.describeKey({ KeyId: alias })).KeyMetadata?.KeyId, id)
  assert.deepEqual(Buffer.from((await kms.decrypt({ CiphertextBlob: ciphertext })).Plaintext ?? []), plaintext)
  await kms.encrypt({ KeyId: id, Plaintext: plaintext })
}

/** Answered with KeyUnavailableException, and one alarm that names the row; the jobs have alarms of their own. */
async function unavailable(server: TestServer, row: string, call: () => Promise<unknown>): Promise<void> {
  const before = server.logged.length
  await refused(call(), 'KeyUnavailableException', undefined, 500)
  const events = server.logged.slice(before).filter(({ requestId }) => requestId !== undefined)
  assert.deepEqual(
    events.map(({ level, event, detail }) => ({ level, event, names: String(detail).includes(` ${row} `) })),
    [{ level: 'error', event: 'tampered row', names: true }],
  )
}

const rows = {
  key: ({ id }: Victim) => keyRow(account, region, id),
  alias: ({ alias }: Victim) => aliasRow(account, region, alias),
  material: ({ material }: Victim) => materialRow(region, material),
}
type Kind = keyof typeof rows

/** Another text of the same length: what is flipped is in the middle of a value that matters. */
const flips: Partial<Record<string, (body: string) => string>> = {
  key: body => body.replace('"enabled":true', '"enabled":null'),
  alias: body => body.replace(/"keyId":"./, text => text.slice(0, -1) + (text.endsWith('0') ? '1' : '0')),
  material: body => body.replace(/"sealed":"..../, text => text.slice(0, -1) + (text.endsWith('A') ? 'B' : 'A')),
  'access-key': body =>
    body.replace(/"sealedSecret":"..../, text => text.slice(0, -1) + (text.endsWith('A') ? 'B' : 'A')),
  user: body => body.replace('"attached":[', '"attached":{'),
}

const flipDigit = (body: string): string => body.replace(/\d/, digit => (digit === '1' ? '2' : '1'))

const changes: Record<string, (row: Columns) => Partial<Columns>> = {
  ref: ({ ref }) => ({ ref: ref === null ? 'x' : null }),
  // In the past: the jobs come upon it as well.
  due: ({ due }) => ({ due: due === null ? 1 : null }),
  version: ({ version }) => ({ version: version + 1 }),
  body: ({ kind, body }) => ({ body: (flips[kind] ?? flipDigit)(body) }),
  'body, blank': ({ body }) => ({ body: `${body} ` }),
  mac: ({ mac }) => ({ mac: Uint8Array.from(mac, (byte, at) => (at === 31 ? byte ^ 1 : byte)) }),
}

const kinds = Object.keys(rows) as Kind[]
const combinations = kinds.flatMap(kind => Object.keys(changes).map(column => [kind, column] as const))

test('C8: a row of which any column was changed is refused, all others work', async t => {
  let server = await start()
  after(() => server.stop())
  let kms = server.client()
  const healthy = await victim(kms)
  const victims = new Map<string, Victim>()
  for (const combination of combinations) victims.set(combination.join(' '), await victim(kms))
  server = await intrude(server, intruder => {
    for (const [kind, column] of combinations) {
      const name = rows[kind](victims.get(`${kind} ${column}`)!)
      const row = intruder.row(kind, name)
      const changed = changes[column]?.(row) ?? {}
      for (const [at, value] of Object.entries(changed)) assert.notDeepEqual(value, row[at as keyof Columns])
      intruder.set(kind, name, changed)
    }
  })
  kms = server.client()

  await t.test('the server starts, and tells which rows it would have had to settle', () => {
    const names = kinds.map(kind => rows[kind](victims.get(`${kind} due`)!))
    const details = server.logged.filter(({ event }) => event === 'tampered row').map(({ detail }) => String(detail))
    assert.equal(details.length, 1)
    // Aliases and material are nothing that the jobs look at.
    assert.ok(details[0]?.includes(names[0] ?? '-'))
  })
  await t.test('other keys work', () => works(kms, healthy))

  for (const [kind, column] of combinations) {
    const one = victims.get(`${kind} ${column}`)!
    const row = rows[kind](one)
    await t.test(`${column} of ${kind}`, async () => {
      const encrypt = () => kms.encrypt({ KeyId: one.id, Plaintext: plaintext })
      const decrypt = () => kms.decrypt({ CiphertextBlob: one.ciphertext })
      const describe = () => kms.describeKey({ KeyId: one.id })
      const byAlias = () => kms.describeKey({ KeyId: one.alias })
      const affected = {
        key: [encrypt, decrypt, describe, byAlias, () => kms.disableKey({ KeyId: one.id })],
        alias: [byAlias, () => kms.deleteAlias({ AliasName: one.alias })],
        material: [encrypt, decrypt],
      }
      const spared = { key: [], alias: [encrypt, decrypt, describe], material: [describe, byAlias] }
      for (const call of affected[kind]) await unavailable(server, row, call)
      for (const call of spared[kind]) await call()
    })
  }

  await t.test('a list that would hold such a row is refused as a whole', async () => {
    await refused(kms.listKeys({}), 'KeyUnavailableException', undefined, 500)
    await refused(kms.listAliases({}), 'KeyUnavailableException', undefined, 500)
  })
  await t.test('other keys still work', () => works(kms, healthy))
})

test('C8: as many due rows as one may alter keep no other from being settled', async () => {
  let server = await start()
  after(() => server.stop())
  const kms = server.client()
  const scheduled = async () => {
    const { KeyMetadata: { KeyId = '' } = {} } = await kms.createKey({})
    await kms.scheduleKeyDeletion({ KeyId, PendingWindowInDays: 7 })
    return KeyId
  }
  const altered: string[] = []
  for (let count = 0; count < 250; count++) altered.push(await scheduled())
  // Due after all of them.
  server.clock.advance(1000)
  const last = await scheduled()
  server = await intrude(server, intruder => {
    for (const id of altered) intruder.set('key', keyRow(account, region, id), { mac: Buffer.alloc(32) })
    server.clock.advance(8 * days)
  })
  const alarms = server.logged.filter(({ event }) => event === 'tampered row').map(({ detail }) => String(detail))
  assert.equal(alarms.length, 250)
  for (const id of altered) assert.equal(alarms.filter(detail => detail.includes(id)).length, 1)
  await refused(
    server.client().describeKey({ KeyId: last }),
    'NotFoundException',
    `Key '${home}:key/${last}' does not exist`,
  )
  assert.equal(await server.settle(), 0)
})

test('C8: an access key or user of which any column was changed signs nothing, all others do', async t => {
  let server = await start()
  after(() => server.stop())
  const { store, seal } = server.app
  const signers = new Map<string, Credentials & { row: string }>()
  const cases = (['access-key', 'user'] as const).flatMap(kind =>
    Object.keys(changes).map(column => [kind, column] as const),
  )
  for (const [kind, column] of cases) {
    const nobody = newUser(account, randomUUID(), server.clock.now())
    const { accessKey, secret } = newAccessKey(seal, nobody, server.clock.now())
    const user = { ...nobody, attached: [administratorAccess], accessKeys: [accessKey.id] }
    const view = store.view()
    await view.get('user', identityRow(account, user.name))
    await view.get('access-key', accessKey.id)
    const documents = [
      { put: 'user' as const, id: identityRow(account, user.name), document: user },
      { put: 'access-key' as const, id: accessKey.id, document: accessKey },
    ]
    assert.equal(await store.commit(view, documents, []), 'committed')
    const credentials = {
      accessKeyId: accessKey.id,
      secretAccessKey: secret,
      row: kind === 'user' ? identityRow(account, user.name) : accessKey.id,
    }
    signers.set(`${kind} ${column}`, credentials)
    await server.client({ credentials }).listKeys({})
  }
  const rowOf = (kind: string, column: string) => signers.get(`${kind} ${column}`)!.row
  server = await intrude(server, intruder => {
    for (const [kind, column] of cases) {
      const row = intruder.row(kind, rowOf(kind, column))
      intruder.set(kind, rowOf(kind, column), changes[column]?.(row) ?? {})
    }
  })
  for (const [kind, column] of cases) {
    await t.test(`${column} of ${kind}`, async () => {
      const kms = server.client({ credentials: signers.get(`${kind} ${column}`)! })
      const recorded = (await server.records()).length
      await unavailable(server, rowOf(kind, column), () => kms.listKeys({}))
      assert.equal((await server.records()).length, recorded)
    })
  }
  await t.test('the administrator works', async () => {
    await server.client().listKeys({})
  })
})

test('C8: rows of IAM, grants, explanations and links of which any column was changed decide nothing', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'keyreeve-'))
  const issuer = await startIssuer(folder)
  const signing = makeSigningKey('RS256', 'key-1')
  issuer.keys = [signing]
  let server = await start(issuer.flags)
  after(async () => {
    await server.stop()
    await issuer.close()
    rmSync(folder, { recursive: true })
  })
  const iam = server.iam()
  const kms = server.client()
  const documentOf = (statement: object): string => textOf(document(statement))
  const everything = documentOf({ Effect: 'Allow', Action: '*', Resource: '*' })

  /** Whoever makes it says which row is to be altered, and what is refused then. */
  interface Target {
    row: string
    use: (server: TestServer) => Promise<unknown>
  }
  const member = async (name: string): Promise<Credentials> => {
    await iam.createUser({ UserName: name })
    const { AccessKey } = await iam.createAccessKey({ UserName: name })
    return { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' }
  }
  const policyOf = async (name: string): Promise<string> =>
    (await iam.createPolicy({ PolicyName: name, PolicyDocument: everything })).Policy?.Arn ?? ''
  const roleOf = async (name: string, statement: object): Promise<string> =>
    (await iam.createRole({ RoleName: name, AssumeRolePolicyDocument: documentOf(statement) })).Role?.Arn ?? ''
  const lists = (credentials: Credentials) => (at: TestServer) => at.client({ credentials }).listKeys({})
  const granted = async (name: string) => {
    const credentials = await member(name)
    const GranteePrincipal = `arn:aws:iam::${account}:user/${name}`
    const { KeyMetadata: { KeyId = '' } = {} } = await kms.createKey({})
    const grant = { KeyId, GranteePrincipal, RetiringPrincipal: GranteePrincipal, Operations: ['Encrypt' as const] }
    const { GrantId = '' } = await kms.createGrant(grant)
    const row = `${keyRow(account, region, KeyId)}/${GrantId}`
    return { credentials, GranteePrincipal, KeyId, row, GrantId }
  }
  const makers: Record<string, (name: string) => Promise<Target>> = {
    async group(name) {
      const credentials = await member(name)
      await iam.createGroup({ GroupName: name })
      await iam.attachGroupPolicy({ GroupName: name, PolicyArn: await policyOf(name) })
      await iam.addUserToGroup({ GroupName: name, UserName: name })
      return { row: identityRow(account, name), use: lists(credentials) }
    },
    async 'managed-policy'(name) {
      const credentials = await member(name)
      await iam.attachUserPolicy({ UserName: name, PolicyArn: await policyOf(name) })
      return { row: identityRow(account, name), use: lists(credentials) }
    },
    async role(name) {
      const RoleArn = await roleOf(name, { Effect: 'Allow', Principal: { AWS: account }, Action: 'sts:AssumeRole' })
      await iam.putRolePolicy({ RoleName: name, PolicyName: 'all', PolicyDocument: everything })
      const { Credentials: of } = await server.sts().assumeRole({ RoleArn, RoleSessionName: 'session' })
      const { AccessKeyId: accessKeyId = '', SecretAccessKey: secretAccessKey = '', SessionToken = '' } = of ?? {}
      return {
        row: identityRow(account, name),
        use: lists({ accessKeyId, secretAccessKey, sessionToken: SessionToken }),
      }
    },
    async 'oidc-provider'(name) {
      // In an account of its own each, since the issuer is the same.
      const other = String(200_000_000_000 + Number(name.replace(/\D/g, '')))
      const at = `arn:aws:iam::${other}:oidc-provider/${issuer.name}`
      const trusted = { Effect: 'Allow', Principal: { Federated: at }, Action: 'sts:AssumeRoleWithWebIdentity' }
      await trusting(server, { name, account: other }, document(trusted))
      const provider = { account: other, url: issuer.name, clientIds: ['app'], thumbprints: [], tags: [], createdAt: 0 }
      const row = `${other}/${issuer.name}`
      const view = server.app.store.view()
      await view.get('oidc-provider', row)
      await server.app.store.commit(view, [{ put: 'oidc-provider', id: row, document: provider }], [])
      const use = (running: TestServer) => {
        const seconds = Math.floor(running.clock.now() / 1000)
        const WebIdentityToken = signToken(signing, {
          iss: issuer.url,
          sub: 's',
          aud: 'app',
          iat: seconds,
          exp: seconds + 300,
        })
        const RoleArn = `arn:aws:iam::${other}:role/${name}`
        return running.sts().assumeRoleWithWebIdentity({ RoleArn, RoleSessionName: 'session', WebIdentityToken })
      }
      return { row, use }
    },
    async grant(name) {
      const { row, KeyId, GrantId } = await granted(name)
      return { row, use: at => at.client().listGrants({ KeyId, GrantId }) }
    },
    async granted(name) {
      const { credentials, KeyId, GranteePrincipal, GrantId } = await granted(name)
      const row = `${keyRow(account, region, KeyId)} ${GranteePrincipal} - ${GrantId}`
      return { row, use: at => at.client({ credentials }).encrypt({ KeyId, Plaintext: plaintext }) }
    },
    async retirable(name) {
      const { GranteePrincipal: RetiringPrincipal, row } = await granted(name)
      return {
        row: `${region} ${RetiringPrincipal} ${row}`,
        use: at => at.client().listRetirableGrants({ RetiringPrincipal }),
      }
    },
    async explanation(name) {
      const credentials = await member(name)
      const { $metadata } = await refusalOf(server.client({ credentials }).listKeys({}))
      const RequestId = $metadata.requestId ?? ''
      return { row: RequestId, use: at => answered(callKeyreeve(at, 'ExplainRequest', { RequestId })) }
    },
    async 'console-link'() {
      const { Code } = await answered<{ Code: string }>(callKeyreeve(server, 'CreateConsoleLink', {}))
      const row = createHash('sha256').update(Code).digest('hex')
      const headers = { 'x-amz-target': 'Keyreeve.RedeemConsoleLink' }
      let isAltered = false
      const use = async (at: TestServer) => {
        // It works once, so not before.
        if (isAltered) await answered(post(at, { unsigned: true, headers, body: { Code } }))
        isAltered = true
      }
      return { row, use }
    },
  }
  const targets = new Map<string, Target & { kind: string; column: string }>()
  let count = 0
  for (const [kind, make] of Object.entries(makers)) {
    for (const column of Object.keys(changes)) {
      const target = await make(`${kind}-${++count}`)
      await target.use(server)
      targets.set(`${column} of ${kind}`, { ...target, kind, column })
    }
  }
  server = await intrude(server, intruder => {
    for (const { kind, column, row } of targets.values()) {
      intruder.set(kind, row, changes[column]?.(intruder.row(kind, row)) ?? {})
    }
  })
  for (const [name, { row, use }] of targets) {
    await t.test(name, async () => {
      const before = server.logged.length
      await assert.rejects(use(server))
      const events = server.logged.slice(before).filter(({ requestId }) => requestId !== undefined)
      assert.deepEqual(
        events.map(({ level, event, detail }) => ({ level, event, names: String(detail).includes(` ${row} `) })),
        [{ level: 'error', event: 'tampered row', names: true }],
      )
    })
  }
  await t.test('the administrator works', async () => {
    await server.client().listKeys({})
    await server.iam().getUser({})
  })
})

test('C8: what cannot be explained, since a grant was altered, is denied and recorded all the same', async () => {
  let server = await start()
  after(() => server.stop())
  const kms = server.client()
  const user = await userWith(server, 'bob')
  const { KeyMetadata: { KeyId = '' } = {} } = await kms.createKey({})
  const grant = { KeyId, GranteePrincipal: user.arn, Operations: ['Encrypt' as const] }
  const { GrantId } = await kms.createGrant({ ...grant, Constraints: { EncryptionContextSubset: { a: 'b' } } })
  const row = `${keyRow(account, region, KeyId)}/${GrantId}`
  server = await intrude(server, intruder => intruder.set('grant', row, { mac: Buffer.alloc(32) }))
  const before = server.logged.length
  const call = server.client({ credentials: user }).encrypt({ KeyId, Plaintext: plaintext })
  assert.equal((await refusalOf(call)).name, 'AccessDeniedException')
  assert.equal((await server.records()).at(-1)?.['errorCode'], 'AccessDeniedException')
  assert.deepEqual(
    server.logged.slice(before).map(({ event }) => event),
    ['tampered row'],
  )
})

test('C8: rows that were swapped, moved or replayed under another version are refused', async t => {
  let server = await start()
  after(() => server.stop())
  let kms = server.client()
  const [healthy, ...others] = await Promise.all(Array.from({ length: 9 }, () => victim(kms)))
  const [a, b, c, d, e, f, g, h] = others as [Victim, Victim, Victim, Victim, Victim, Victim, Victim, Victim]
  const elsewhere = keyRow(account, region, randomUUID())
  await kms.disableKey({ KeyId: e.id })
  const [next, [enabledLater]] = await snapshot(server, [['key', rows.key(e)]])
  server = next
  kms = server.client()
  await kms.enableKey({ KeyId: e.id })
  await kms.disableKey({ KeyId: e.id })

  server = await intrude(server, intruder => {
    const swap = (kind: Kind, one: Victim, other: Victim, columns: (keyof Columns)[]): void => {
      const [left, right] = [one, other].map(each => intruder.row(kind, rows[kind](each)))
      for (const [name, from] of [
        [rows[kind](one), right],
        [rows[kind](other), left],
      ] as const) {
        intruder.set(kind, name, Object.fromEntries(columns.map(column => [column, from?.[column] ?? null])))
      }
    }
    swap('key', a, b, ['body', 'mac', 'version'])
    swap('material', c, d, ['body', 'mac', 'version'])
    // An older version of the row, under the version that is current.
    const { version } = intruder.row('key', rows.key(e))
    intruder.set('key', rows.key(e), { ...enabledLater, version })
    // Moved to a name of its own, and copied to another.
    intruder.set('key', rows.key(f), { id: elsewhere })
    const material = intruder.row('material', rows.material(g))
    intruder.set('material', rows.material(h), { body: material.body, mac: material.mac, version: material.version })
    intruder.remove('material', rows.material(g))
  })
  kms = server.client()

  await t.test('swapped keys', async () => {
    for (const one of [a, b]) await unavailable(server, rows.key(one), () => kms.describeKey({ KeyId: one.id }))
  })
  await t.test('swapped material', async () => {
    for (const one of [c, d]) {
      await unavailable(server, rows.material(one), () => kms.encrypt({ KeyId: one.id, Plaintext: plaintext }))
    }
  })
  await t.test('an older version under the number of the current one', async () => {
    await unavailable(server, rows.key(e), () => kms.describeKey({ KeyId: e.id }))
  })
  await t.test('a key moved to another id', async () => {
    await refused(kms.describeKey({ KeyId: f.id }), 'NotFoundException', `Key '${home}:key/${f.id}' does not exist`)
    await unavailable(server, elsewhere, () => kms.describeKey({ KeyId: elsewhere.slice(-36) }))
  })
  await t.test('an alias whose key is gone', async () => {
    await unavailable(server, rows.alias(f), () => kms.describeKey({ KeyId: f.alias }))
  })
  await t.test('material put into the place of other material, and material that is gone', async () => {
    for (const one of [g, h]) {
      await unavailable(server, rows.material(one), () => kms.encrypt({ KeyId: one.id, Plaintext: plaintext }))
    }
  })
  await t.test('other keys work', () => works(kms, healthy!))
})

test('C8: an old row of an alias or of material is of no use', async t => {
  let server = await start()
  after(() => server.stop())
  let kms = server.client()
  const [from, to, healthy] = [await victim(kms), await victim(kms), await victim(kms)]
  const { KeyId: external } = await externalKey(kms)
  const parameters = await parametersFor(kms, external)
  const { KeyMaterialId = '' } = await kms.importKeyMaterial(importOf(external, parameters, randomBytes(32)))
  const { CiphertextBlob } = await kms.encrypt({ KeyId: external, Plaintext: plaintext })
  const [next, old] = await snapshot(server, [
    ['alias', rows.alias(from)],
    ['material', materialRow(region, KeyMaterialId)],
  ])
  server = next
  kms = server.client()
  await kms.updateAlias({ AliasName: from.alias, TargetKeyId: to.id })
  await kms.deleteImportedKeyMaterial({ KeyId: external })
  server = await intrude(server, intruder => {
    for (const row of old) intruder.restore(row)
  })
  kms = server.client()

  await t.test('the alias leads nowhere: the key that it led to does not list it any more', async () => {
    await unavailable(server, rows.alias(from), () => kms.encrypt({ KeyId: from.alias, Plaintext: plaintext }))
    await works(kms, { ...from, alias: from.id })
  })
  await t.test('material that was deleted stays deleted', async () => {
    const text = `${home}:key/${external} is pending import.`
    await refused(kms.encrypt({ KeyId: external, Plaintext: plaintext }), 'KMSInvalidStateException', text)
    await refused(kms.decrypt({ CiphertextBlob }), 'KMSInvalidStateException', text)
  })
  await t.test('other keys work', () => works(kms, healthy))
})
