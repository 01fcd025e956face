import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import {
  allow,
  deny,
  document,
  managedPolicy,
  ownAccount,
  roleWith,
  sessionOf,
  setPolicies,
  textOf,
  userWith,
  type Identity,
  type Policy,
} from '../support/identities.ts'
import { ask } from '../support/requests.ts'
import { start } from '../support/server.ts'

/**
 * Who may use a key: what identity policies, key policies and grants make of each other, within an account and across, and
 * what is told to whom they refuse (https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html and
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html).
 */

const abroad = '111122223333'
const server = await start()
after(() => server.stop())
const kms = server.client()
const administrator = `arn:aws:iam::${ownAccount}:user/administrator`
const administration = { Effect: 'Allow', Principal: { AWS: administrator }, Action: 'kms:*', Resource: '*' }

/** A key whose policy leaves it to one administrator, and says this beside. */
async function keyWith(...statements: object[]): Promise<string> {
  const Policy = textOf(document(administration, ...statements))
  const { KeyMetadata } = await kms.createKey({ Policy })
  return KeyMetadata?.Arn ?? assert.fail()
}
const statement = (Effect: string, AWS: string | string[], more: object = {}): object => ({
  Effect,
  Principal: { AWS },
  Action: 'kms:Encrypt',
  Resource: '*',
  ...more,
})

const EncryptionContext = { Purpose: 'Test' }

/** `OK`, or what the caller is told, with X in place of itself, K of the key. */
async function encrypt(caller: Identity, KeyId: string): Promise<string> {
  const { code, text } = await ask(server, caller, 'Encrypt', { KeyId, Plaintext: 'AA==', EncryptionContext })
  assert.ok(code === 'OK' || code === 'AccessDeniedException', code)
  return code === 'OK' ? code : text.replace(caller.arn, 'X').replace(KeyId, 'K')
}

const onKey = (rest: string): string => `User: X is not authorized to perform: kms:Encrypt on ${rest}`
const lacking = (what: string): string => onKey(`resource: K because no ${what} allows the kms:Encrypt action`)
const denying = (what: string): string => onKey(`resource: K with an explicit deny in ${what}`)
const hidden = onKey(
  'this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access',
)

const answers = {
  OK: 'OK',
  'no identity policy': lacking('identity-based policy'),
  'no key policy': lacking('resource-based policy'),
  'identity denies': denying('an identity-based policy'),
  'key denies': denying('a resource-based policy'),
  hidden: hidden,
} as const

// Written by hand, from what the service documents, as are the answers.
const combinations = `
  identity | key policy | grant    | own account        | another account
  ---------|------------|----------|--------------------|----------------
  allows   | names      | matches  | OK                 | OK
  allows   | names      | differs  | OK                 | OK
  allows   | names      | none     | OK                 | OK
  allows   | denies     | matches  | key denies         | hidden
  allows   | denies     | differs  | key denies         | hidden
  allows   | denies     | none     | key denies         | hidden
  allows   | silent     | matches  | OK                 | OK
  allows   | silent     | differs  | no key policy      | hidden
  allows   | silent     | none     | no key policy      | hidden
  allows   | delegates  | matches  | OK                 | OK
  allows   | delegates  | differs  | OK                 | OK
  allows   | delegates  | none     | OK                 | OK
  denies   | names      | matches  | identity denies    | hidden
  denies   | names      | differs  | identity denies    | hidden
  denies   | names      | none     | identity denies    | hidden
  denies   | denies     | matches  | identity denies    | hidden
  denies   | denies     | differs  | identity denies    | hidden
  denies   | denies     | none     | identity denies    | hidden
  denies   | silent     | matches  | identity denies    | hidden
  denies   | silent     | differs  | identity denies    | hidden
  denies   | silent     | none     | identity denies    | hidden
  denies   | delegates  | matches  | identity denies    | hidden
  denies   | delegates  | differs  | identity denies    | hidden
  denies   | delegates  | none     | identity denies    | hidden
  silent   | names      | matches  | OK                 | OK
  silent   | names      | differs  | OK                 | hidden
  silent   | names      | none     | OK                 | hidden
  silent   | denies     | matches  | key denies         | hidden
  silent   | denies     | differs  | key denies         | hidden
  silent   | denies     | none     | key denies         | hidden
  silent   | silent     | matches  | OK                 | OK
  silent   | silent     | differs  | no key policy      | hidden
  silent   | silent     | none     | no key policy      | hidden
  silent   | delegates  | matches  | OK                 | OK
  silent   | delegates  | differs  | no identity policy | hidden
  silent   | delegates  | none     | no identity policy | hidden
`
  .trim()
  .split('\n')
  .slice(2)
  .map(line => line.split('|').map(cell => cell.trim()))

const native = await userWith(server, 'native')
const stranger = await userWith(server, { name: 'stranger', account: abroad })
const both = [native.arn, stranger.arn]
const accounts = [`arn:aws:iam::${ownAccount}:root`, `arn:aws:iam::${abroad}:root`]

const identityPolicies: Readonly<Record<string, Policy[]>> = {
  allows: [allow('kms:Encrypt')],
  denies: [allow('kms:*'), deny('kms:Encrypt')],
  silent: [allow('kms:Decrypt')],
}
const keyPolicies: Readonly<Record<string, object[]>> = {
  names: [statement('Allow', both)],
  denies: [statement('Allow', both), statement('Deny', both)],
  silent: [],
  delegates: [statement('Allow', accounts)],
}
const constraints: Readonly<Record<string, Record<string, string>>> = {
  matches: EncryptionContext,
  differs: { a: 'b' },
}

const keys = new Map<string, string>()
for (const [policy, statements] of Object.entries(keyPolicies)) {
  for (const grant of ['matches', 'differs', 'none']) {
    const KeyId = await keyWith(...statements)
    keys.set(`${policy} ${grant}`, KeyId)
    const EncryptionContextEquals = constraints[grant]
    if (!EncryptionContextEquals) continue
    for (const GranteePrincipal of both) {
      await kms.createGrant({
        KeyId,
        GranteePrincipal,
        Operations: ['Encrypt'],
        Constraints: { EncryptionContextEquals },
      })
    }
  }
}

describe('an identity policy, a key policy and a grant', () => {
  for (const [identity = '', policy = '', grant = '', own = '', foreign = ''] of combinations) {
    for (const [where, caller, expected] of [
      ['its own account', native, own],
      ['another account', stranger, foreign],
    ] as const) {
      test(`${where}: identity policy ${identity}, key policy ${policy}, grant ${grant}: ${expected}`, async () => {
        await setPolicies(server, caller, ...(identityPolicies[identity] ?? assert.fail()))
        const answer = await encrypt(caller, keys.get(`${policy} ${grant}`) ?? assert.fail())
        assert.equal(answer, answers[expected as keyof typeof answers])
      })
    }
  }
  test('are tried in every combination', () => {
    assert.equal(new Set(combinations.map(cells => cells.slice(0, 3).join())).size, 36)
  })
})

// Boundaries and sessions

const encryptOnly = await managedPolicy(server, 'EncryptOnly', allow('kms:Encrypt'))
const decryptOnly = await managedPolicy(server, 'DecryptOnly', allow('kms:Decrypt'))
const noEncrypt = await managedPolicy(
  server,
  'NoEncrypt',
  document(
    { Effect: 'Allow', Action: 'kms:*', Resource: '*' },
    { Effect: 'Deny', Action: 'kms:Encrypt', Resource: '*' },
  ),
)

/** A user who may encrypt but for its boundary. */
const bounded = (name: string, boundary: string): Promise<Identity> =>
  userWith(server, { name, boundary }, allow('kms:Encrypt'))

const delegating = await keyWith(statement('Allow', ownAccount))

test('a permissions boundary limits what identity policies allow', async () => {
  assert.equal(await encrypt(await bounded('within', encryptOnly), delegating), 'OK')
  const beyond = await bounded('beyond', decryptOnly)
  assert.equal(await encrypt(beyond, delegating), lacking('permissions boundary'))
  const denied = await bounded('denied', noEncrypt)
  assert.equal(await encrypt(denied, delegating), denying('a permissions boundary'))
  // It allows nothing by itself.
  const nothing = await userWith(server, { name: 'nothing', boundary: encryptOnly })
  assert.equal(await encrypt(nothing, delegating), lacking('identity-based policy'))
  // Whom the key policy names, or a grant, it limits only where it denies.
  const naming = await keyWith(statement('Allow', [beyond.arn, denied.arn]))
  assert.equal(await encrypt(beyond, naming), 'OK')
  assert.equal(await encrypt(denied, naming), denying('a permissions boundary'))
  const granted = await keyWith()
  for (const GranteePrincipal of [beyond.arn, denied.arn]) {
    await kms.createGrant({ KeyId: granted, GranteePrincipal, Operations: ['Encrypt'] })
  }
  assert.equal(await encrypt(beyond, granted), 'OK')
  assert.equal(await encrypt(denied, granted), denying('a permissions boundary'))
})

test('a boundary whose policy is gone allows nothing', async () => {
  const gone = await bounded('gone', `arn:aws:iam::${ownAccount}:policy/Gone`)
  assert.equal(await encrypt(gone, delegating), lacking('permissions boundary'))
})

test('a session policy limits what the role may', async () => {
  const role = await roleWith(server, { name: 'Worker', path: '/staff/' }, allow('kms:Encrypt'))
  const roleArn = `arn:aws:iam::${ownAccount}:role/staff/Worker`
  const whole = sessionOf(server, role, 'whole')
  const within = sessionOf(server, role, 'within', { policyArns: [encryptOnly] })
  const beyond = sessionOf(server, role, 'beyond', { policy: textOf(allow('kms:Decrypt')) })
  const denied = sessionOf(server, role, 'denied', { policyArns: [encryptOnly, noEncrypt] })
  const answersOn = async (KeyId: string): Promise<string[]> => {
    const answered: string[] = []
    for (const session of [whole, within, beyond, denied]) answered.push(await encrypt(session, KeyId))
    return answered
  }
  const no = lacking('session policy')
  const not = denying('a session policy')
  assert.deepEqual(await answersOn(delegating), ['OK', 'OK', no, not])
  assert.deepEqual(await answersOn(await keyWith(statement('Allow', roleArn))), ['OK', 'OK', no, not])
  const sessions = [whole, within, beyond, denied].map(({ arn }) => arn)
  assert.deepEqual(await answersOn(await keyWith(statement('Allow', sessions))), ['OK', 'OK', 'OK', not])
  const granted = await keyWith()
  await kms.createGrant({ KeyId: granted, GranteePrincipal: roleArn, Operations: ['Encrypt'] })
  // A grant is not told of in a refusal: no policy of the key allows it.
  assert.deepEqual(await answersOn(granted), ['OK', 'OK', lacking('resource-based policy'), not])
})

test('of several that deny the most specific is named', async () => {
  const role = await roleWith(server, { name: 'Denied', boundary: noEncrypt }, deny('kms:Encrypt'))
  const denied = await keyWith(statement('Deny', ownAccount))
  const policy = textOf(deny('kms:Encrypt'))
  assert.equal(await encrypt(sessionOf(server, role, 'night', { policy }), denied), denying('a session policy'))
  assert.equal(await encrypt(sessionOf(server, role, 'night'), denied), denying('a permissions boundary'))
  const unbounded = await roleWith(server, 'Denied', deny('kms:Encrypt'))
  assert.equal(await encrypt(sessionOf(server, unbounded, 'night'), denied), denying('an identity-based policy'))
})

// Principals

test('a statement about an account or a role is one about all its users and sessions', async () => {
  const user = await userWith(server, 'one-of-many', allow('kms:*'))
  const role = await roleWith(server, 'OneOfMany', allow('kms:*'))
  const session = sessionOf(server, role, 'night')
  const roleArn = `arn:aws:iam::${ownAccount}:role/OneOfMany`
  const open = statement('Allow', [ownAccount, user.arn, session.arn])
  for (const [denied, ofUser, ofSession] of [
    [ownAccount, 'key denies', 'key denies'],
    [`arn:aws:iam::${ownAccount}:root`, 'key denies', 'key denies'],
    [roleArn, 'OK', 'key denies'],
    [session.arn, 'OK', 'key denies'],
    [user.arn, 'key denies', 'OK'],
    [abroad, 'OK', 'OK'],
  ] as const) {
    const KeyId = await keyWith(open, statement('Deny', denied))
    assert.equal(await encrypt(user, KeyId), answers[ofUser])
    assert.equal(await encrypt(session, KeyId), answers[ofSession])
  }
})

test('everybody is let in at once of the own account, and of others by their own policies', async () => {
  const KeyId = await keyWith({ ...statement('Allow', '*'), Principal: '*' })
  await setPolicies(server, native)
  await setPolicies(server, stranger)
  assert.equal(await encrypt(native, KeyId), 'OK')
  assert.equal(await encrypt(stranger, KeyId), hidden)
  await setPolicies(server, stranger, allow('kms:Encrypt'))
  assert.equal(await encrypt(stranger, KeyId), 'OK')
  await setPolicies(server, stranger, allow('kms:Encrypt', { Resource: delegating }))
  assert.equal(await encrypt(stranger, KeyId), hidden)
})

test('a grant to an account is one to whoever its own policies let', async () => {
  const KeyId = await keyWith()
  for (const GranteePrincipal of accounts) await kms.createGrant({ KeyId, GranteePrincipal, Operations: ['Encrypt'] })
  for (const [caller, refusal] of [
    [native, lacking('resource-based policy')],
    [stranger, hidden],
  ] as const) {
    await setPolicies(server, caller)
    assert.equal(await encrypt(caller, KeyId), refusal)
    await setPolicies(server, caller, allow('kms:Encrypt', { Resource: KeyId }))
    assert.equal(await encrypt(caller, KeyId), 'OK')
  }
})

test('the access keys of a user, and its policies, are not those of a later one of its name', async () => {
  const first = await userWith(server, 'again', allow('kms:Encrypt'))
  const KeyId = await keyWith(statement('Allow', ownAccount))
  assert.equal(await encrypt(first, KeyId), 'OK')
  const second = await userWith(server, 'again')
  const { code } = await ask(server, first, 'Encrypt', { KeyId, Plaintext: 'AA==' })
  assert.equal(code, 'UnrecognizedClientException')
  assert.equal(await encrypt(second, KeyId), lacking('identity-based policy'))
})

// What is told

const absentKey = (account: string): string =>
  `arn:aws:kms:us-east-1:${account}:key/00000000-0000-4000-8000-000000000000`

test('a key of another account that is not there is refused like one that is', async () => {
  await setPolicies(server, stranger, allow('kms:*'))
  const closed = await keyWith()
  assert.equal(await encrypt(stranger, closed), hidden)
  assert.equal(await encrypt(stranger, absentKey(ownAccount)), hidden)
  const own = await ask(server, stranger, 'Encrypt', { KeyId: absentKey(abroad), Plaintext: 'AA==' })
  assert.deepEqual(own, { code: 'NotFoundException', text: `Key '${absentKey(abroad)}' does not exist` })
})

test('what is wrong with another key does not tell whether one of another account is there', async () => {
  await setPolicies(server, stranger, allow('kms:*'))
  const asked = async (SourceKeyId: string) =>
    await ask(server, stranger, 'ReEncrypt', {
      CiphertextBlob: 'AA==',
      SourceKeyId,
      DestinationKeyId: absentKey(abroad),
    })
  const closed = await asked(await keyWith())
  assert.equal(closed.code, 'AccessDeniedException')
  assert.deepEqual(closed, await asked(absentKey(ownAccount)))
  // Whoever may use the one is told of the other.
  const open = await asked(await keyWith({ ...statement('Allow', abroad), Action: 'kms:*' }))
  assert.equal(open.code, 'NotFoundException')
})

test('a ciphertext tells nobody which key it is of', async () => {
  const KeyId = await keyWith({ ...statement('Deny', both), Action: 'kms:Decrypt' })
  const { CiphertextBlob = assert.fail() } = await kms.encrypt({ KeyId, Plaintext: Buffer.of(1) })
  const body = { CiphertextBlob: Buffer.from(CiphertextBlob).toString('base64') }
  const told = async (caller: Identity): Promise<string> => {
    const { code, text } = await ask(server, caller, 'Decrypt', body)
    assert.equal(code, 'AccessDeniedException')
    return text
  }
  const on = (arn: string): string =>
    `User: ${arn} is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext`
  await setPolicies(server, native, allow('kms:*'))
  assert.equal(await told(native), `${on(native.arn)} with an explicit deny in a resource-based policy`)
  const other = await userWith(server, 'other', allow('kms:*'))
  const noPolicy = 'because no resource-based policy allows the kms:Decrypt action'
  assert.equal(await told(other), `${on(other.arn)} ${noPolicy}`)
  const anywhere =
    'because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access'
  assert.equal(await told(stranger), `${on(stranger.arn)} ${anywhere}`)
})

test('what is on no key is refused by name', async () => {
  const told = async (...policies: Policy[]): Promise<string> => {
    await setPolicies(server, native, ...policies)
    const { code, text } = await ask(server, native, 'ListKeys', {})
    return code === 'OK' ? code : text
  }
  const subject = `User: ${native.arn} is not authorized to perform: kms:ListKeys on resource: *`
  assert.equal(await told(), `${subject} because no identity-based policy allows the kms:ListKeys action`)
  const refusal = `${subject} with an explicit deny in an identity-based policy`
  assert.equal(await told(allow('kms:*'), deny('kms:List*')), refusal)
  assert.equal(await told(allow('KMS:listkeys')), 'OK')
})

test('a change of policies holds from the next request on', async () => {
  await setPolicies(server, native, allow('kms:Encrypt'))
  assert.equal(await encrypt(native, delegating), 'OK')
  await setPolicies(server, native)
  assert.equal(await encrypt(native, delegating), answers['no identity policy'])
  const Policy = textOf(document(administration, statement('Allow', native.arn)))
  await kms.putKeyPolicy({ KeyId: delegating, Policy })
  assert.equal(await encrypt(native, delegating), 'OK')
  await kms.putKeyPolicy({ KeyId: delegating, Policy: textOf(document(administration)) })
  assert.equal(await encrypt(native, delegating), answers['no key policy'])
  const { GrantId } = await kms.createGrant({
    KeyId: delegating,
    GranteePrincipal: native.arn,
    Operations: ['Encrypt'],
  })
  assert.equal(await encrypt(native, delegating), 'OK')
  await kms.revokeGrant({ KeyId: delegating, GrantId })
  assert.equal(await encrypt(native, delegating), answers['no key policy'])
})
