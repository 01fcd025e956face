import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { operations } from '../../src/operations/index.ts'
import { days, start } from '../support/server.ts'
import { post, type RawAnswer, type RawRequest } from '../support/signed-http.ts'

/** Requests and answers of authenticated callers, byte for byte. */

const server = await start()
after(() => server.stop())
const kms = server.client()
const { KeyMetadata: { KeyId: id = '', Arn: arn = '' } = {} } = await kms.createKey({})
const { KeyMetadata: { KeyId: external = '' } = {} } = await kms.createKey({ Origin: 'EXTERNAL' })

const call = (operation: string, body: unknown, request: RawRequest = {}): Promise<RawAnswer> =>
  post(server, { operation, body, ...request })

async function answers(operation: string, body: unknown, expected: string, status = 400): Promise<void> {
  const answer = await call(operation, body)
  assert.deepEqual([answer.status, answer.body], [status, expected])
}

const serialization = (text: string): string => JSON.stringify({ __type: 'SerializationException', Message: text })
const validation = (...items: string[]): string => {
  const count = `${items.length} validation error${items.length === 1 ? '' : 's'} detected: `
  return JSON.stringify({ __type: 'ValidationException', message: count + items.join('; ') })
}
const item = (member: string, value: string | null | undefined, rule: string): string => {
  const shown = value === null ? 'Value null' : value === undefined ? 'Value' : `Value '${value}'`
  return `${shown} at '${member}' failed to satisfy constraint: Member must ${rule}`
}

// Answers

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

const everyAnswer: [title: string, request: RawRequest, status: number, length: number | undefined][] = [
  ['a success', { operation: 'DescribeKey', body: { KeyId: id } }, 200, undefined],
  ['a success without output', { operation: 'EnableKey', body: { KeyId: id } }, 200, 0],
  ['a refusal', { operation: 'DescribeKey', body: { KeyId: 'x' } }, 400, undefined],
  ['a refusal without text', { operation: 'ListKeys', body: { Marker: 'x' } }, 400, undefined],
  ['a refusal of a caller', { operation: 'ListKeys', unsigned: true }, 400, undefined],
  ['a refusal of a body', { operation: 'ListKeys', body: '[' }, 400, undefined],
]

for (const [title, request, status, length] of everyAnswer) {
  test(`${title} has each header once, and no other`, async () => {
    const { headers, body, ...answer } = await post(server, request)
    assert.equal(answer.status, status)
    const values = Object.fromEntries(Array.from(headers, ([name, all]) => [name, all.length === 1 ? all[0] : all]))
    const { 'x-amzn-requestid': requestId, date, ...rest } = values
    assert.match(String(requestId), uuid)
    assert.ok(Math.abs(Date.parse(String(date)) - Date.now()) < 60_000)
    assert.deepEqual(rest, {
      'cache-control': 'no-cache, no-store, must-revalidate, private',
      connection: 'close',
      'content-length': String(Buffer.byteLength(body)),
      'content-type': 'application/x-amz-json-1.1',
      expires: '0',
      pragma: 'no-cache',
    })
    if (length !== undefined) assert.equal(body.length, length)
  })
}

test('every request has an id of its own, which its record has too', async () => {
  const ids = []
  for (const body of [{ KeyId: id }, { KeyId: 'x' }, { KeyId: 1 }]) {
    const { headers } = await call('DescribeKey', body)
    const record = (await server.records()).at(-1)
    assert.equal(record?.['requestID'], headers.get('x-amzn-requestid')?.[0])
    ids.push(record?.['requestID'], record?.['eventID'])
  }
  assert.equal(new Set(ids).size, 6)
})

test('answers hold what there is, in the order of their shape, and nothing that is null', async () => {
  const elsewhere = { region: 'sa-east-1' }
  assert.equal((await call('ListKeys', {}, elsewhere)).body, '{"Keys":[],"Truncated":false}')
  const { body } = await call('CreateKey', { Description: '"\\/\u0001\u007fé€𝄞' }, elsewhere)
  const [, made = '', created = '', material = ''] =
    /"KeyId":"([0-9a-f-]{36})".*"CreationDate":(\d{10}(?:\.\d{1,3})?),.*"CurrentKeyMaterialId":"([0-9a-f]{64})"/.exec(
      body,
    ) ?? []
  assert.ok(Math.abs(Number(created) * 1000 - server.clock.now()) < 60_000)
  assert.equal(
    body,
    `{"KeyMetadata":{"AWSAccountId":"000000000000","KeyId":"${made}","Arn":"arn:aws:kms:sa-east-1:000000000000:key/${made}",` +
      `"CreationDate":${created},"Enabled":true,"Description":"\\"\\\\/\\u0001\u007fé€𝄞","KeyUsage":"ENCRYPT_DECRYPT",` +
      '"KeyState":"Enabled","Origin":"AWS_KMS","KeyManager":"CUSTOMER","CustomerMasterKeySpec":"SYMMETRIC_DEFAULT",' +
      '"KeySpec":"SYMMETRIC_DEFAULT","EncryptionAlgorithms":["SYMMETRIC_DEFAULT"],"MultiRegion":false,' +
      `"CurrentKeyMaterialId":"${material}"}}`,
  )
})

test('errors have their bare code and a text, or no member for one', async () => {
  const unknown = '00000000-0000-4000-8000-000000000000'
  const foreign = `arn:aws:kms:us-east-1:999999999999:key/${unknown}`
  await answers(
    'DescribeKey',
    { KeyId: `"${id}"` },
    `{"__type":"NotFoundException","message":"Invalid keyId '\\"${id}\\"'"}`,
  )
  await answers(
    'DescribeKey',
    { KeyId: unknown },
    `{"__type":"NotFoundException","message":"Key 'arn:aws:kms:us-east-1:000000000000:key/${unknown}' does not exist"}`,
  )
  await answers(
    'DescribeKey',
    { KeyId: foreign },
    '{"__type":"AccessDeniedException","Message":"User: arn:aws:iam::000000000000:user/administrator is not authorized to ' +
      'perform: kms:DescribeKey on this resource because the resource does not exist in this Region, no resource-based ' +
      'policies allow access, or a resource-based policy explicitly denies access"}',
  )
  await answers(
    'DescribeKey',
    { KeyId: 'arn:x' },
    '{"__type":"InvalidArnException","message":"arn:x is not a valid ARN"}',
  )
  await answers('Decrypt', { CiphertextBlob: 'AAAA' }, '{"__type":"InvalidCiphertextException"}')
  await answers('ListKeys', { Marker: 'x' }, '{"__type":"InvalidMarkerException"}')
  await answers('DescribeKey', { KeyId: id, GrantTokens: ['x'] }, '{"__type":"InvalidGrantTokenException"}')
  await answers('CreateAlias', { AliasName: 'alias/aws/x', TargetKeyId: id }, '{"__type":"NotAuthorizedException"}')
  await answers(
    'GetParametersForImport',
    { KeyId: id, WrappingAlgorithm: 'RSAES_OAEP_SHA_256', WrappingKeySpec: 'RSA_2048' },
    `{"__type":"UnsupportedOperationException","message":"${arn} origin is AWS_KMS which is not valid for this operation."}`,
  )
  await answers(
    'Encrypt',
    { KeyId: external, Plaintext: 'AAAA' },
    `{"__type":"KMSInvalidStateException","message":"${arn.replace(id, external)} is pending import."}`,
  )
  await answers(
    'Encrypt',
    { KeyId: id, Plaintext: 'AAAA', DryRun: true },
    '{"__type":"DryRunOperationException","message":"The request would have succeeded, but the DryRun option is set."}',
  )
})

// Requests

test('members of other names are ignored, and null means absent', async () => {
  const body = `{"Other":[{"a":null}],"KeyId":"${id}","GrantTokens":null,"keyId":5,"__proto__":{"KeyId":"x"}}`
  assert.equal((await call('DescribeKey', body)).status, 200)
  await answers('DescribeKey', '{"KeyId":null,"keyid":"x"}', validation(item('keyId', null, 'not be null')))
})

test('integers may be written as fractions or powers, if they are whole', async () => {
  for (const limit of ['5', '5.0', '5e0', '0.5e1', '50e-1']) {
    assert.equal((await call('ListKeys', `{"Limit":${limit}}`)).status, 200)
  }
  const no = serialization(
    'class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be converted to an Integer',
  )
  for (const limit of ['5.5', '1e-1', '9007199254740993', '1e30']) await answers('ListKeys', `{"Limit":${limit}}`, no)
})

test('a timestamp is a number of seconds, and kept to the millisecond', async () => {
  const body = (validTo: unknown) => ({
    KeyId: external,
    ImportToken: 'AAAA',
    EncryptedKeyMaterial: 'AAAA',
    ValidTo: validTo,
  })
  const tooLate = 'ValidTo must be no later than 365 days from now'
  const at = (server.clock.now() + 366 * days) / 1000
  for (const validTo of [at, Math.floor(at), at + 0.123456]) {
    await answers(
      'ImportKeyMaterial',
      body(validTo),
      JSON.stringify({ __type: 'ValidationException', message: tooLate }),
    )
  }
  await answers('ImportKeyMaterial', body(server.clock.now() / 1000 + 3600), '{"__type":"InvalidImportTokenException"}')
  for (const [validTo, from] of [
    ['2030-01-01T00:00:00Z', 'java.lang.String'],
    ['1893456000', 'java.lang.String'],
    [true, 'java.lang.Boolean'],
    [1e300, 'com.amazon.coral.value.json.numbers.TruncatingBigNumber'],
  ]) {
    await answers(
      'ImportKeyMaterial',
      body(validTo),
      serialization(`class ${from} can not be converted to milliseconds since epoch`),
    )
  }
})

const number = 'com.amazon.coral.value.json.numbers.TruncatingBigNumber'
const list = 'Start of list found where not expected'
const structure = 'Start of structure or map found where not expected.'
const wrongTypes: [operation: string, body: object, text: string][] = [
  ['DescribeKey', { KeyId: 5 }, `class ${number} can not be converted to an String`],
  ['DescribeKey', { KeyId: true }, 'class java.lang.Boolean can not be converted to an String'],
  ['DescribeKey', { KeyId: ['x'] }, list],
  ['DescribeKey', { KeyId: {} }, structure],
  ['DescribeKey', { KeyId: id, GrantTokens: 'x' }, 'Expected list or null'],
  ['DescribeKey', { KeyId: id, GrantTokens: { x: 'x' } }, structure],
  ['DescribeKey', { KeyId: id, GrantTokens: [5] }, `class ${number} can not be converted to an String`],
  ['ListKeys', { Limit: '5' }, 'class java.lang.String can not be converted to an Integer'],
  ['ListKeys', { Limit: false }, 'class java.lang.Boolean can not be converted to an Integer'],
  ['ListKeys', { Limit: [5] }, list],
  ['Encrypt', { KeyId: id, Plaintext: 5 }, `class ${number} can not be converted to a Blob`],
  ['Encrypt', { KeyId: id, Plaintext: ['AAAA'] }, list],
  ['Encrypt', { KeyId: id, Plaintext: 'AAAA', EncryptionContext: 'x' }, 'Expected map or null'],
  ['Encrypt', { KeyId: id, Plaintext: 'AAAA', EncryptionContext: ['x'] }, list],
  [
    'Encrypt',
    { KeyId: id, Plaintext: 'AAAA', EncryptionContext: { a: 5 } },
    `class ${number} can not be converted to an String`,
  ],
  [
    'Encrypt',
    { KeyId: id, Plaintext: 'AAAA', DryRun: 'true' },
    'class java.lang.String can not be converted to an Boolean',
  ],
  ['Encrypt', { KeyId: id, Plaintext: 'AAAA', DryRun: 1 }, `class ${number} can not be converted to an Boolean`],
  ['TagResource', { KeyId: id, Tags: ['x'] }, 'Expected null'],
  ['TagResource', { KeyId: id, Tags: [[]] }, list],
  ['TagResource', { KeyId: id, Tags: [{ TagKey: {}, TagValue: '' }] }, structure],
  ['CreateKey', { MultiRegion: 'yes' }, 'class java.lang.String can not be converted to an Boolean'],
]

for (const [operation, body, text] of wrongTypes) {
  test(`${operation} refuses ${JSON.stringify(body).replace(id, 'K')}`, () =>
    answers(operation, body, serialization(text)))
}

test('base64 must be as the encoding has it, and is not quoted', async () => {
  for (const [text, complaint] of [
    ['AAAAA', 'Base64 encoded length is expected a multiple of 4 bytes but found: 5'],
    ['AAA', 'Base64 encoded length is expected a multiple of 4 bytes but found: 3'],
    ['AA-_', "Invalid Base64 character: '-'"],
    ['AA A', "Invalid Base64 character: ' '"],
  ] as const) {
    await answers(
      'Encrypt',
      { KeyId: id, Plaintext: text },
      serialization(`Value can not be converted to a Blob: ${complaint}`),
    )
  }
  // Bits that no byte has: two texts for one plaintext.
  const { status, body } = await call('Encrypt', { KeyId: id, Plaintext: 'AB==' })
  assert.equal(status, 400)
  assert.match(body, /^\{"__type":"SerializationException","Message":"Value can not be converted to a Blob: [^"]+"\}$/)
})

test('a wrong type is told before a broken constraint, and a broken constraint before an unknown key', async () => {
  await answers('Encrypt', { KeyId: '', Plaintext: 5 }, serialization(`class ${number} can not be converted to a Blob`))
  await answers(
    'Encrypt',
    { KeyId: 'x', Plaintext: '' },
    validation(item('plaintext', undefined, 'have length greater than or equal to 1')),
  )
})

test('one message tells all constraints that are broken, ten at most', async () => {
  await answers(
    'ImportKeyMaterial',
    { ImportToken: '', ExpirationModel: 'NEVER', ImportType: 'OLD', KeyMaterialId: 'ABC' },
    validation(
      item('keyId', null, 'not be null'),
      item('importToken', undefined, 'have length greater than or equal to 1'),
      item('encryptedKeyMaterial', null, 'not be null'),
      item('expirationModel', 'NEVER', 'satisfy enum value set: [KEY_MATERIAL_EXPIRES, KEY_MATERIAL_DOES_NOT_EXPIRE]'),
      item('importType', 'OLD', 'satisfy enum value set: [NEW_KEY_MATERIAL, EXISTING_KEY_MATERIAL]'),
      item('keyMaterialId', 'ABC', 'have length greater than or equal to 64'),
      item('keyMaterialId', 'ABC', 'satisfy regular expression pattern: ^[a-f0-9]+$'),
    ),
  )
  const Tags = Array.from({ length: 12 }, () => ({ TagKey: '', TagValue: '' }))
  const faults = Tags.map((_, index) =>
    item(`tags.${index + 1}.member.tagKey`, '', 'have length greater than or equal to 1'),
  )
  await answers('TagResource', { KeyId: id, Tags }, validation(...faults.slice(0, 10)))
})

test('elements of lists and maps are told as the service tells them', async () => {
  const tooMany = Array.from({ length: 11 }, () => 'x')
  await answers(
    'DescribeKey',
    { KeyId: id, GrantTokens: tooMany },
    validation(item('grantTokens', undefined, 'have length less than or equal to 10')),
  )
  await answers(
    'TagResource',
    { KeyId: id, Tags: [null, { TagKey: 'a' }] },
    validation(item('tags.1.member', null, 'not be null'), item('tags.2.member.tagValue', null, 'not be null')),
  )
  await answers(
    'Encrypt',
    { KeyId: id, Plaintext: 'AAAA', EncryptionContext: { a: null } },
    validation(item('encryptionContext.a.member', null, 'not be null')),
  )
})

test('a content type has no case, and may have parameters', async () => {
  for (const type of ['Application/X-AMZ-JSON-1.1', 'application/x-amz-json-1.1; charset=utf-8']) {
    assert.equal((await call('ListKeys', {}, { headers: { 'content-type': type } })).status, 200)
  }
})

// Secrets

const secret = 'correct horse battery staple, and more of it'
const forms = [
  secret,
  Buffer.from(secret).toString('base64').slice(0, 40),
  Buffer.from(secret).toString('hex'),
  encodeURIComponent(secret),
]
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const refusedWithSecrets: [title: string, operation: string, body: object][] = [
  ['plaintext that is not base64', 'Encrypt', { KeyId: id, Plaintext: secret }],
  ['plaintext that is cut', 'Encrypt', { KeyId: id, Plaintext: base64(secret).slice(0, -1) }],
  ['plaintext that is too long', 'Encrypt', { KeyId: id, Plaintext: base64(secret.repeat(100)) }],
  ['plaintext of a key that there is not', 'Encrypt', { KeyId: 'x', Plaintext: base64(secret) }],
  ['plaintext beside a broken member', 'Encrypt', { KeyId: '', Plaintext: base64(secret) }],
  ['plaintext in a list', 'Encrypt', { KeyId: id, Plaintext: [secret] }],
  ['a ciphertext', 'Decrypt', { CiphertextBlob: base64(secret) }],
  ['a token that is not base64', 'ImportKeyMaterial', { KeyId: external, ImportToken: secret }],
  ['a token that is too long', 'ImportKeyMaterial', { KeyId: external, ImportToken: base64(secret.repeat(150)) }],
  [
    'a token and material that do not fit',
    'ImportKeyMaterial',
    {
      KeyId: external,
      ImportToken: base64(secret),
      EncryptedKeyMaterial: base64(secret),
      ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE',
    },
  ],
  ['a grant token', 'DescribeKey', { KeyId: id, GrantTokens: [secret] }],
  ['a grant token that is too long', 'DescribeKey', { KeyId: id, GrantTokens: [secret.repeat(200)] }],
  ['a member that there is not', 'DescribeKey', { KeyId: 'x', Password: secret }],
  ['an attestation document', 'Decrypt', { CiphertextBlob: 'AAAA', Recipient: { AttestationDocument: secret } }],
]

for (const [title, operation, body] of refusedWithSecrets) {
  test(`a refusal says nothing of ${title}; nor do log and record`, async () => {
    const logged = server.logged.length
    const recorded = (await server.records()).length
    const answer = await call(operation, body)
    assert.equal(answer.status, 400)
    const records = (await server.records()).slice(recorded)
    assert.equal(records.length, 1)
    const traces =
      answer.body + JSON.stringify([...answer.headers]) + JSON.stringify([records, server.logged.slice(logged)])
    for (const form of forms) assert.ok(!traces.includes(form), form)
  })
}

test('records of what succeeded show no secret either', async () => {
  const recorded = (await server.records()).length
  const { body } = await call('Encrypt', { KeyId: id, Plaintext: base64(secret), EncryptionContext: { a: 'b' } })
  const { CiphertextBlob } = JSON.parse(body) as { CiphertextBlob: string }
  const decrypted = await call('Decrypt', { CiphertextBlob, EncryptionContext: { a: 'b' } })
  assert.ok(decrypted.body.includes(base64(secret)))
  const made = JSON.parse((await call('GenerateDataKey', { KeyId: id, NumberOfBytes: 32 })).body) as {
    Plaintext: string
  }
  const random = JSON.parse((await call('GenerateRandom', { NumberOfBytes: 32 })).body) as { Plaintext: string }
  const records = (await server.records()).slice(recorded)
  assert.deepEqual(
    records.map(record => record['eventName']),
    ['Encrypt', 'Decrypt', 'GenerateDataKey', 'GenerateRandom'],
  )
  const traces = JSON.stringify([records, server.logged])
  for (const form of [...forms, CiphertextBlob, made.Plaintext, random.Plaintext]) assert.ok(!traces.includes(form))
})

// Forms

const ask = (
  service: 'iam' | 'sts',
  parameters: Record<string, string>,
  request: RawRequest = {},
): Promise<RawAnswer> =>
  post(server, {
    body: new URLSearchParams({ Version: versions[service], ...parameters }).toString(),
    service,
    ...request,
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8', ...request.headers },
  })
const versions = { iam: '2010-05-08', sts: '2011-06-15' }

async function answersXml(
  service: 'iam' | 'sts',
  parameters: Record<string, string>,
  [code, message, status = 400]: [code: string, message?: string, status?: number],
  request?: RawRequest,
): Promise<void> {
  const { body, headers, ...answer } = await ask(service, parameters, request)
  const [requestId = ''] = headers.get('x-amzn-requestid') ?? []
  assert.match(requestId, uuid)
  const text = message === undefined ? '' : `<Message>${message}</Message>`
  assert.equal(
    body,
    `<ErrorResponse xmlns="https://${service}.amazonaws.com/doc/${versions[service]}/"><Error><Type>Sender</Type>` +
      `<Code>${code}</Code>${text}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`,
  )
  assert.equal(answer.status, status)
}

test('an answer in XML has each header once, and no other', async () => {
  for (const parameters of [{ Action: 'ListUsers' }, { Action: 'ListUsers', MaxItems: 'x' }]) {
    const { headers, body } = await ask('iam', parameters)
    const values = Object.fromEntries(Array.from(headers, ([name, all]) => [name, all.length === 1 ? all[0] : all]))
    const { 'x-amzn-requestid': requestId, date, ...rest } = values
    assert.match(String(requestId), uuid)
    assert.ok(Math.abs(Date.parse(String(date)) - Date.now()) < 60_000)
    assert.deepEqual(rest, {
      connection: 'close',
      'content-length': String(Buffer.byteLength(body)),
      'content-type': 'text/xml',
    })
  }
})

test('IAM takes lists out of forms, and answers structures and dates in XML', async () => {
  const { status, body, headers } = await ask('iam', {
    Action: 'CreateUser',
    UserName: 'wire',
    Path: '/a/',
    'Tags.member.2.Key': 'b',
    'Tags.member.2.Value': 'é & <c>'.replaceAll(/[&<>]/g, '='),
    'Tags.member.1.Key': 'a',
    'Tags.member.1.Value': '',
  })
  const [, userId = '', created = ''] = /<UserId>(\w+)<\/UserId>.*<CreateDate>(.*)<\/CreateDate>/.exec(body) ?? []
  assert.match(created, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  assert.ok(Math.abs(Date.parse(created) - server.clock.now()) < 60_000)
  const [requestId] = headers.get('x-amzn-requestid') ?? []
  assert.equal(
    body,
    '<CreateUserResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><CreateUserResult><User><Path>/a/</Path>' +
      `<UserName>wire</UserName><UserId>${userId}</UserId><Arn>arn:aws:iam::000000000000:user/a/wire</Arn>` +
      `<CreateDate>${created}</CreateDate><Tags><member><Key>a</Key><Value></Value></member><member><Key>b</Key>` +
      '<Value>é = =c=</Value></member></Tags></User></CreateUserResult>' +
      `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></CreateUserResponse>`,
  )
  assert.equal(status, 200)
})

test('an operation of IAM without output answers its request id alone', async () => {
  const { status, body, headers } = await ask('iam', {
    Action: 'UntagUser',
    UserName: 'wire',
    'TagKeys.member.1': 'b',
  })
  assert.equal(
    body,
    '<UntagUserResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ResponseMetadata>' +
      `<RequestId>${headers.get('x-amzn-requestid')?.[0]}</RequestId></ResponseMetadata></UntagUserResponse>`,
  )
  assert.equal(status, 200)
})

const least = 'failed to satisfy constraint: Member must have value greater than or equal to'
const refusedForms: [title: string, parameters: Record<string, string>, refusal: [string, string?, number?]][] = [
  ['an integer in words', { Action: 'ListUsers', MaxItems: 'ten' }, ['MalformedInput', 'Invalid integer']],
  [
    'a list that is text',
    { Action: 'TagUser', UserName: 'wire', Tags: 'x' },
    ['MalformedInput', 'Unexpected list element termination'],
  ],
  [
    'an integer too small',
    { Action: 'ListUsers', MaxItems: '0' },
    ['ValidationError', `1 validation error detected: Value &apos;0&apos; at &apos;maxItems&apos; ${least} 1`],
  ],
  [
    'a member that is missing',
    { Action: 'DeleteUser' },
    [
      'ValidationError',
      '1 validation error detected: Value null at &apos;userName&apos; failed to satisfy constraint: Member must not be null',
    ],
  ],
  [
    'what is not there',
    { Action: 'GetUser', UserName: 'nobody' },
    ['NoSuchEntity', 'The user with name nobody cannot be found.', 404],
  ],
]
for (const [title, parameters, refusal] of refusedForms) {
  test(`IAM refuses ${title}`, () => answersXml('iam', parameters, refusal))
}

test('a caller is refused before its parameters are looked at, in the words of the service', async () => {
  await answersXml(
    'iam',
    { Action: 'ListUsers', MaxItems: 'ten' },
    ['MissingAuthenticationToken', 'Request is missing Authentication Token', 403],
    { unsigned: true },
  )
  await answersXml(
    'iam',
    { Action: 'ListUsers' },
    ['SignatureDoesNotMatch', 'Credential should be scoped to correct service: &apos;iam&apos;. ', 403],
    { service: 'sts' },
  )
})

test('each operation is reached by its own service and protocol only', async () => {
  const form = (version: string, Action: string) => ask('sts', { Version: version, Action })
  for (const [version, action] of [
    [versions.sts, 'ListUsers'],
    [versions.iam, 'GetCallerIdentity'],
    [versions.iam, 'Encrypt'],
    [versions.sts, 'listusers'],
    [versions.iam, 'constructor'],
    ['2014-11-01', 'Encrypt'],
  ] as const) {
    const { status, body } = await form(version, action)
    const text = `<Code>InvalidAction</Code><Message>Could not find operation ${action} for version ${version}</Message>`
    assert.ok(body.includes(text), body)
    assert.equal(status, 400)
  }
  for (const target of [
    'TrentService.ListUsers',
    'TrentService.GetCallerIdentity',
    'Keyreeve.Encrypt',
    'Keyreeve.',
    'keyreeve.Encrypt',
    'TrentService.Keyreeve.Encrypt',
    'TrentService.constructor',
    ...operations.filter(({ service }) => service === 'keyreeve').map(({ name }) => `TrentService.${name}`),
  ]) {
    const answer = await call('', {}, { headers: { 'x-amz-target': target } })
    assert.deepEqual([answer.status, answer.body], [400, '{"__type":"UnknownOperationException"}'], target)
  }
})

test('what is our own is reached by its target, in JSON, signed for its own service', async () => {
  const own = operations.filter(({ service, identify }) => service === 'keyreeve' && !identify)
  assert.ok(own.length > 5)
  for (const { name } of own) {
    const headers = { 'x-amz-target': `Keyreeve.${name}` }
    const unsigned = await call('', {}, { headers, unsigned: true })
    assert.equal(
      unsigned.body,
      '{"__type":"MissingAuthenticationTokenException","message":"Missing Authentication Token"}',
    )
    const signed = await call('', {}, { headers, service: 'kms' })
    assert.equal(
      signed.body,
      `{"__type":"InvalidSignatureException","message":"Credential should be scoped to correct service: 'keyreeve'. "}`,
    )
  }
})

test('a secret access key is in its answer, and in no log and no record', async () => {
  const recorded = (await server.records()).length
  const { status, body } = await ask('iam', { Action: 'CreateAccessKey', UserName: 'wire' })
  assert.equal(status, 200)
  const [, made = ''] = /<SecretAccessKey>([A-Za-z0-9/+]{40})<\/SecretAccessKey>/.exec(body) ?? assert.fail(body)
  const records = (await server.records()).slice(recorded)
  assert.deepEqual(
    records.map(record => record['eventName']),
    ['CreateAccessKey'],
  )
  assert.ok(!JSON.stringify([records, server.logged]).includes(made))
})

test('a secret in a place that is not for it is in no refusal, log or record', async () => {
  const recorded = (await server.records()).length
  for (const parameters of [
    { Action: 'ListUsers', MaxItems: secret },
    { Action: 'TagUser', UserName: 'wire', 'Tags.member.1': secret },
    { Action: 'DeleteUser', 'UserName.member.1': secret },
    { Action: 'DeleteUser', UserName: 'nobody', Password: secret },
  ]) {
    const { body } = await ask('iam', parameters)
    assert.ok(body.startsWith('<ErrorResponse '))
    const traces = body + JSON.stringify([(await server.records()).slice(recorded), server.logged])
    for (const form of forms) assert.ok(!traces.includes(form), parameters.Action)
  }
})
