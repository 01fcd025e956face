import assert from 'node:assert/strict'
import { test } from 'node:test'
import { auditDate, auditRecord, type ApiEvent, type AuditObject, type ServiceEvent } from '../../src/audit/record.ts'
import type { Caller } from '../../src/auth/caller.ts'

const alice: Caller = {
  type: 'IAMUser',
  account: '111122223333',
  arn: 'arn:aws:iam::111122223333:user/Alice',
  principalId: 'AIDAALICEALICEALICEA',
  userName: 'Alice',
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  tags: new Map(),
}
const keyArn = 'arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'
const encrypt: ApiEvent = {
  eventId: 'b25f9cda-74e1-4458-847b-4972a0bf9668',
  requestId: '93746dd6-63bc-11e4-bc2b-4198b6150d5c',
  at: Date.UTC(2026, 10, 24, 6, 7, 8, 999),
  region: 'us-west-2',
  eventSource: 'kms.amazonaws.com',
  operation: 'Encrypt',
  caller: alice,
  sourceIp: '192.0.2.17',
  userAgent: 'aws-cli/2.31.0',
  readOnly: true,
  requestParameters: {
    keyId: keyArn,
    encryptionContext: { tenant: 'blue' },
    encryptionAlgorithm: 'SYMMETRIC_DEFAULT',
  },
  responseElements: null,
  additionalEventData: { keyMaterialId: 'ab'.repeat(32) },
  resources: [{ account: '111122223333', arn: keyArn }],
}
const recordOf = (event: ApiEvent | ServiceEvent) => JSON.parse(auditRecord(event))
const variant = (members: Partial<ApiEvent>) => recordOf({ ...encrypt, ...members })

test('a call is recorded with the members of a CloudTrail record, and no others', () => {
  assert.deepEqual(recordOf(encrypt), {
    eventVersion: '1.11',
    userIdentity: {
      type: 'IAMUser',
      principalId: 'AIDAALICEALICEALICEA',
      arn: 'arn:aws:iam::111122223333:user/Alice',
      accountId: '111122223333',
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      userName: 'Alice',
    },
    eventTime: '2026-11-24T06:07:08Z',
    eventSource: 'kms.amazonaws.com',
    eventName: 'Encrypt',
    awsRegion: 'us-west-2',
    sourceIPAddress: '192.0.2.17',
    userAgent: 'aws-cli/2.31.0',
    requestParameters: {
      keyId: keyArn,
      encryptionContext: { tenant: 'blue' },
      encryptionAlgorithm: 'SYMMETRIC_DEFAULT',
    },
    responseElements: null,
    additionalEventData: { keyMaterialId: 'ab'.repeat(32) },
    requestID: '93746dd6-63bc-11e4-bc2b-4198b6150d5c',
    eventID: 'b25f9cda-74e1-4458-847b-4972a0bf9668',
    readOnly: true,
    resources: [{ accountId: '111122223333', type: 'AWS::KMS::Key', ARN: keyArn }],
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: '111122223333',
    eventCategory: 'Management',
  })
})

test('a refusal is recorded with its code and text', () => {
  const error = { code: 'DisabledException', message: `${keyArn} is disabled.` }
  const record = variant({ error })
  assert.equal(record.errorCode, 'DisabledException')
  assert.equal(record.errorMessage, `${keyArn} is disabled.`)
  assert.deepEqual(record.requestParameters, encrypt.requestParameters)
})

test('a refusal without text has no errorMessage', () => {
  const record = variant({ error: { code: 'InvalidCiphertextException' } })
  assert.equal(record.errorCode, 'InvalidCiphertextException')
  assert.ok(!Object.hasOwn(record, 'errorMessage'))
})

test('a success has neither errorCode nor errorMessage', () => {
  assert.ok(!Object.hasOwn(recordOf(encrypt), 'errorCode'))
})

test('an STS call without parameters and resources', () => {
  const record = variant({
    eventSource: 'sts.amazonaws.com',
    operation: 'GetCallerIdentity',
    requestParameters: null,
    additionalEventData: undefined,
    resources: [],
  })
  assert.equal(record.eventSource, 'sts.amazonaws.com')
  assert.equal(record.requestParameters, null)
  assert.deepEqual(record.resources, [])
  assert.ok(!Object.hasOwn(record, 'additionalEventData'))
})

test('a root user has no userName', () => {
  const { userName: _, ...nameless } = alice
  const root: Caller = { ...nameless, type: 'Root', arn: 'arn:aws:iam::111122223333:root', principalId: '111122223333' }
  assert.deepEqual(variant({ caller: root }).userIdentity, {
    type: 'Root',
    principalId: '111122223333',
    arn: 'arn:aws:iam::111122223333:root',
    accountId: '111122223333',
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  })
})

test('a session of the console is told from others, for its own account', () => {
  const facts = { issuedAt: encrypt.at, expiresAt: encrypt.at + 1, transitiveTags: [] }
  const usual: Caller = { ...alice, session: { ...facts, isConsole: false } }
  const inConsole: Caller = { ...alice, session: { ...facts, isConsole: true } }
  assert.equal(variant({ caller: inConsole }).sessionCredentialFromConsole, 'true')
  for (const event of [{ caller: usual }, { caller: inConsole, recipient: '444455556666' }, {}]) {
    assert.ok(!Object.hasOwn(variant(event), 'sessionCredentialFromConsole'))
  }
})

test('two callers are not mistaken for each other', () => {
  const bob: Caller = { ...alice, arn: 'arn:aws:iam::111122223333:user/Bob', userName: 'Bob' }
  assert.equal(variant({ caller: bob }).userIdentity.userName, 'Bob')
  assert.equal(variant({ caller: alice }).userIdentity.userName, 'Alice')
  assert.equal(variant({ caller: bob }).userIdentity.userName, 'Bob')
})

test('the owner of a key learns of a caller from elsewhere only account and principal', () => {
  const record = variant({ recipient: '444455556666', sharedEventId: '0d3a7a3b-0f0f-4d53-9f5c-3a1c1a8e2b11' })
  assert.deepEqual(record.userIdentity, {
    type: 'AWSAccount',
    principalId: 'AIDAALICEALICEALICEA',
    accountId: '111122223333',
  })
  assert.equal(record.recipientAccountId, '444455556666')
  assert.equal(record.sharedEventID, '0d3a7a3b-0f0f-4d53-9f5c-3a1c1a8e2b11')
})

test('the caller keeps its identity in the shared record of its own account', () => {
  const record = variant({ recipient: '111122223333', sharedEventId: '0d3a7a3b-0f0f-4d53-9f5c-3a1c1a8e2b11' })
  assert.equal(record.userIdentity.type, 'IAMUser')
  assert.equal(record.recipientAccountId, '111122223333')
})

test('several resources are listed in order, aliases under the type of keys', () => {
  const alias = 'arn:aws:kms:us-west-2:111122223333:alias/app'
  const resources = [keyArn, alias].map(arn => ({ account: '111122223333', arn }))
  assert.deepEqual(variant({ resources }).resources, [
    { accountId: '111122223333', type: 'AWS::KMS::Key', ARN: keyArn },
    { accountId: '111122223333', type: 'AWS::KMS::Key', ARN: alias },
  ])
})

const tls = { version: 'TLSv1.3', cipherSuite: 'TLS_AES_128_GCM_SHA256', host: 'kms.example.com' }

test('an encrypted connection is described', () => {
  assert.deepEqual(variant({ tls }).tlsDetails, {
    tlsVersion: 'TLSv1.3',
    cipherSuite: 'TLS_AES_128_GCM_SHA256',
    clientProvidedHostHeader: 'kms.example.com',
  })
  assert.equal(variant({ tls: { ...tls, keyExchange: 'X25519MLKEM768' } }).tlsDetails.keyExchange, 'X25519MLKEM768')
})

test("the deletion of a key is recorded as the service's own doing", () => {
  const event: ServiceEvent = {
    caller: 'service',
    eventId: 'b25f9cda-74e1-4458-847b-4972a0bf9668',
    at: Date.UTC(2026, 0, 2, 3, 4, 5),
    region: 'us-west-2',
    operation: 'DeleteKey',
    account: '111122223333',
    resources: [{ account: '111122223333', arn: keyArn }],
    serviceEventDetails: null,
  }
  assert.deepEqual(recordOf(event), {
    eventVersion: '1.11',
    userIdentity: { accountId: '111122223333', invokedBy: 'AWS Internal' },
    eventTime: '2026-01-02T03:04:05Z',
    eventSource: 'kms.amazonaws.com',
    eventName: 'DeleteKey',
    awsRegion: 'us-west-2',
    sourceIPAddress: 'AWS Internal',
    userAgent: 'AWS Internal',
    requestParameters: null,
    responseElements: null,
    eventID: 'b25f9cda-74e1-4458-847b-4972a0bf9668',
    readOnly: false,
    resources: [{ accountId: '111122223333', type: 'AWS::KMS::Key', ARN: keyArn }],
    eventType: 'AwsServiceEvent',
    managementEvent: true,
    recipientAccountId: '111122223333',
    eventCategory: 'Management',
  })
  const details = { keyId: keyArn, keyMaterialId: 'ab'.repeat(32) }
  const expired = recordOf({ ...event, operation: 'DeleteExpiredKeyMaterial', serviceEventDetails: details })
  assert.equal(expired.eventName, 'DeleteExpiredKeyMaterial')
  assert.deepEqual(expired.serviceEventDetails, details)
})

test('the time of an event follows the second, forwards and backwards', () => {
  for (const [at, text] of [
    [Date.UTC(2026, 11, 31, 23, 59, 59, 999), '2026-12-31T23:59:59Z'],
    [Date.UTC(2027, 0, 1), '2027-01-01T00:00:00Z'],
    [Date.UTC(2027, 0, 1, 0, 0, 0, 1), '2027-01-01T00:00:00Z'],
    [Date.UTC(2026, 11, 31, 23, 59, 59, 0), '2026-12-31T23:59:59Z'],
  ] as const) {
    assert.equal(variant({ at }).eventTime, text)
  }
})

const dates: [at: number, text: string][] = [
  [Date.UTC(2025, 4, 21, 5, 47, 45), 'May 21, 2025, 5:47:45 AM'],
  [Date.UTC(2025, 4, 1, 0, 0, 0), 'May 1, 2025, 12:00:00 AM'],
  [Date.UTC(2025, 11, 31, 12, 0, 9), 'Dec 31, 2025, 12:00:09 PM'],
  [Date.UTC(2026, 0, 9, 23, 59, 59, 999), 'Jan 9, 2026, 11:59:59 PM'],
]
for (const [at, text] of dates) {
  test(`a date in parameters reads ${text}`, () => {
    assert.equal(auditDate(new Date(at)), text)
    const validTo = new Date(at)
    const record = variant({ requestParameters: { validTo, nested: [{ validTo }] }, responseElements: { at: validTo } })
    assert.deepEqual(record.requestParameters, { validTo: text, nested: [{ validTo: text }] })
    assert.deepEqual(record.responseElements, { at: text })
  })
}

test('members that are undefined are left out', () => {
  assert.deepEqual(variant({ requestParameters: { keyId: 'a', policyName: undefined } }).requestParameters, {
    keyId: 'a',
  })
})

const hostile = [
  '"',
  '\\',
  '","eventName":"Decrypt","x":"',
  '\r\n{"eventVersion":"1.11"}',
  '\n',
  '\u0000\u0007\u001b[2J\u007f',
  '\u009b31mred\u0085next line\u2028\u2029',
  '\ud800 lone \udc00',
  'caf\u00e9 \u{1f511}',
  '</script>',
  '\\u000a',
]
for (const text of hostile) {
  test(`${JSON.stringify(text)} from outside stays one string on one line`, () => {
    const context = JSON.parse(`{${JSON.stringify(text)}:${JSON.stringify(text)},"__proto__":"p","toJSON":"t"}`)
    const line = auditRecord({
      ...encrypt,
      userAgent: text,
      sourceIp: text,
      caller: { ...alice, userName: text },
      requestParameters: { encryptionContext: context, tags: [text] },
      responseElements: { description: text },
      additionalEventData: { text },
      resources: [{ account: '111122223333', arn: text }],
      error: { code: 'ValidationException', message: text },
      tls: { version: 'TLSv1.3', cipherSuite: text, host: text },
    })
    // Nothing that a reader could take for the end of a line, and nothing that a terminal obeys.
    assert.match(line, /^[ -~\u00a0-\u2027\u202a-\uffff]*$/)
    const record = JSON.parse(line)
    assert.equal(record.eventName, 'Encrypt')
    for (const found of [record.userAgent, record.sourceIPAddress, record.userIdentity.userName, record.errorMessage]) {
      assert.equal(found, text)
    }
    assert.deepEqual(record.requestParameters, { encryptionContext: context, tags: [text] })
    assert.deepEqual(record.responseElements, { description: text })
    assert.deepEqual(record.additionalEventData, { text })
    assert.equal(record.resources[0].ARN, text)
    assert.equal(record.tlsDetails.cipherSuite, text)
    assert.equal(record.tlsDetails.clientProvidedHostHeader, text)
    const plain = auditRecord({ ...encrypt, responseElements: {}, error: { code: 'a', message: 'b' }, tls })
    assert.deepEqual(Object.keys(record), Object.keys(JSON.parse(plain)))
  })
}

test('user agent and error text are cut at 1024 bytes, between characters', () => {
  const cases: [text: string, kept: string][] = [
    ['a'.repeat(1024), 'a'.repeat(1024)],
    ['a'.repeat(1025), 'a'.repeat(1024)],
    ['\u00e9'.repeat(2000), '\u00e9'.repeat(512)],
    ['a' + '\u00e9'.repeat(2000), 'a' + '\u00e9'.repeat(511)],
    ['\u{1f511}'.repeat(300), '\u{1f511}'.repeat(256)],
    ['abc' + '\u{1f511}'.repeat(300), 'abc' + '\u{1f511}'.repeat(255)],
  ]
  for (const [text, kept] of cases) {
    const record = variant({ userAgent: text, error: { code: 'ValidationException', message: text } })
    assert.equal(record.userAgent, kept)
    assert.equal(record.errorMessage, kept)
  }
})

test('parameters are shown up to 102400 bytes, and replaced by their size beyond', () => {
  const frame = '{"policy":""}'.length
  const most = { policy: 'a'.repeat(102_400 - frame) }
  assert.deepEqual(variant({ requestParameters: most }).requestParameters, most)
  const over = { policy: '\u00e9'.repeat((102_400 - frame + 2) / 2) }
  const size = Buffer.byteLength(JSON.stringify(over))
  assert.ok(size > 102_400)
  assert.deepEqual(variant({ requestParameters: over }).requestParameters, {
    omitted: true,
    originalSize: size,
    reason: 'requestParameters too large',
  })
  assert.equal(variant({ responseElements: over }).responseElements.reason, 'responseElements too large')
})

test('additional data is shown up to 28672 bytes', () => {
  const frame = '{"a":""}'.length
  const most = { a: 'a'.repeat(28_672 - frame) }
  assert.deepEqual(variant({ additionalEventData: most }).additionalEventData, most)
  assert.deepEqual(variant({ additionalEventData: { a: `${most.a}a` } }).additionalEventData, {
    omitted: true,
    originalSize: 28_673,
    reason: 'additionalEventData too large',
  })
})

test('C11: bytes cannot be shown: neither the compiler nor the record lets them through', () => {
  const bytes = Buffer.from('correct horse battery staple')
  // @ts-expect-error bytes are no audit value
  const direct: AuditObject = { plaintext: bytes }
  // @ts-expect-error nor are they one level down
  const nested: AuditObject = { inner: { list: [new Uint8Array(bytes)] } }
  // @ts-expect-error a map would show as an empty object
  const map: AuditObject = { context: new Map([['a', 'b']]) }
  // @ts-expect-error nor is anything that only becomes a value by being called
  const lazy: AuditObject = { text: () => 'secret' }
  for (const requestParameters of [direct, nested, map, { inner: [direct] }]) {
    assert.throws(() => auditRecord({ ...encrypt, requestParameters }), TypeError)
    assert.throws(() => auditRecord({ ...encrypt, responseElements: requestParameters }), TypeError)
    assert.throws(() => auditRecord({ ...encrypt, additionalEventData: requestParameters }), TypeError)
  }
  assert.deepEqual(variant({ requestParameters: lazy }).requestParameters, {})
})

test('members of an event that the record does not know are not shown', () => {
  const event = { ...encrypt, authorization: 'AWS4-HMAC-SHA256 Signature=...' }
  assert.equal(auditRecord(event), auditRecord(encrypt))
})
