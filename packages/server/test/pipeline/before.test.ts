import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { start } from '../support/server.ts'
import { post, type RawRequest } from '../support/signed-http.ts'

/** What is answered before any operation runs, byte for byte, and which complaint comes first. */

const server = await start()
after(() => server.stop())

const own = { accessKeyId: server.accessKeyId, secret: Buffer.from(server.secretAccessKey) }
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** Nobody was authenticated, so the answer leaves a line in the log and no audit record. */
async function answers(request: RawRequest, body: string | RegExp, status = 400): Promise<void> {
  const recorded = (await server.records()).length
  const answer = await post(server, request)
  assert.equal(answer.status, status)
  if (typeof body === 'string') assert.equal(answer.body, body)
  else assert.match(answer.body, body)
  const [id = ''] = answer.headers.get('x-amzn-requestid') ?? []
  assert.match(id, uuid)
  assert.equal((await server.records()).length, recorded)
  const code = /"__type":"(\w+)"/.exec(answer.body)?.[1]
  const lines = server.logged.filter(({ requestId }) => requestId === id)
  assert.deepEqual(lines, [{ level: 'info', event: 'refused', requestId: id, peer: '127.0.0.1', code }])
}

const noJson = '{"__type":"SerializationException"}'
const unknown = '{"__type":"UnknownOperationException"}'
const missing = '{"__type":"MissingAuthenticationTokenException","message":"Missing Authentication Token"}'

const bodies: [title: string, body: string | Uint8Array][] = [
  ['nothing', ''],
  ['blanks', ' \n'],
  ['a list', '[]'],
  ['null', 'null'],
  ['a string', '"{}"'],
  ['a number', '1'],
  ['half an object', '{"KeyId":'],
  ['an object and more', '{} {}'],
  ['a comma too many', '{"KeyId":"x",}'],
  ['single quotes', "{'KeyId':'x'}"],
  ['a comment', '{/**/}'],
  ['a member twice', '{"KeyId":"x","KeyId":"x"}'],
  ['a member twice, once escaped', '{"KeyId":"x","Key\\u0049d":"x"}'],
  ['a number that is none', '{"Limit":NaN}'],
  ['a number with a leading zero', '{"Limit":01}'],
  ['a number beyond all bounds', '{"Limit":1e999}'],
  ['a control character in a string', '{"KeyId":"\n"}'],
  ['half a surrogate pair', '{"KeyId":"\\ud800"}'],
  ['bytes that are no UTF-8', Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)],
  ['a byte order mark', '\ufeff{}'],
  ['17 lists in each other', `{"a":${'['.repeat(17)}${']'.repeat(17)}}`],
  ['20,001 values', `{"a":[${'0,'.repeat(20_001)}0]}`],
]

for (const [title, body] of bodies) {
  test(`a body of ${title} is no JSON object, whoever sent it to whatever operation`, async () => {
    await answers({ operation: 'ListKeys', body, unsigned: true }, noJson)
    await answers({ operation: 'Nothing', body, unsigned: true }, noJson)
    await answers({ operation: 'ListKeys', body }, noJson)
  })
}

const targets = [
  'TrentService.Nothing',
  'TrentService.',
  'TrentService',
  'TrentService.listKeys',
  'trentservice.ListKeys',
  'TrentService.ListKeys ListKeys',
  'TrentService.GetCallerIdentity',
  'TrentService.constructor',
  'TrentService.__proto__',
  'Kms.ListKeys',
  'ListKeys',
  '',
]
for (const target of targets) {
  test(`there is no target ${JSON.stringify(target)}, whoever asks`, async () => {
    const headers = { 'x-amz-target': target }
    await answers({ headers, unsigned: true }, unknown)
    await answers({ headers }, unknown)
  })
}

test('a request without target has none either', async () => {
  await answers({ unsigned: true }, unknown)
  await answers({}, unknown)
})

test('whoever is not authenticated learns nothing about the members', async () => {
  for (const body of [{}, { KeyId: 1 }, { KeyId: '' }, { KeyId: '00000000-0000-4000-8000-000000000000' }]) {
    await answers({ operation: 'DescribeKey', body, unsigned: true }, missing)
  }
})

const json = (code: string, message: string): string => JSON.stringify({ __type: code, message })
const mismatch = json(
  'InvalidSignatureException',
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and ' +
    'signing method. Consult the service documentation for details.',
)
const invalidToken = json('UnrecognizedClientException', 'The security token included in the request is invalid.')
const must = (name: string): string =>
  json('InvalidSignatureException', `'${name}' must be a 'SignedHeader' in the AWS Authorization.`)

const signatures: [title: string, request: RawRequest, body: string][] = [
  [
    'for another service',
    { service: 'sts' },
    json('InvalidSignatureException', "Credential should be scoped to correct service: 'kms'. "),
  ],
  [
    'for a Region that there is not',
    { region: 'moon-1' },
    json('InvalidSignatureException', "Credential should be scoped to a valid region, not 'moon-1'. "),
  ],
  [
    'whose scope is all wrong',
    {
      region: 'moon-1',
      service: 's3',
      forge: headers => replace(headers, '/aws4_request', '/aws5_request'),
    },
    json(
      'InvalidSignatureException',
      "Credential should be scoped to a valid region, not 'moon-1'. Credential should be scoped to correct service: " +
        "'kms'. Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'. ",
    ),
  ],
  ['by an unknown access key', { credentials: { ...own, accessKeyId: 'AKIAUNKNOWN' } }, invalidToken],
  ['by an access key named like an object', { credentials: { ...own, accessKeyId: '__proto__' } }, invalidToken],
  ['with a session token that nobody gave out', { credentials: { ...own, sessionToken: 'x' } }, invalidToken],
  ['with another secret', { credentials: { ...own, secret: Buffer.from('other') } }, mismatch],
  ['of another body', { body: { Limit: 1 }, sent: '{"Limit":2}' }, mismatch],
  ['of another operation', { forge: headers => (headers['x-amz-target'] = 'TrentService.CreateKey') }, mismatch],
  ['of another time', { forge: headers => (headers['x-amz-date'] = later(headers['x-amz-date'])) }, mismatch],
  ['in capital letters', { forge: headers => replace(headers, /[0-9a-f]{64}$/, hex => hex.toUpperCase()) }, mismatch],
  ['of 63 digits', { forge: headers => replace(headers, /.$/, '') }, mismatch],
  ['that does not cover the target', { forge: headers => replace(headers, ';x-amz-target', '') }, must('X-Amz-Target')],
  [
    'that does not cover the host',
    { forge: headers => replace(headers, 'content-type;host;', 'content-type;') },
    must('Host'),
  ],
  ['that does not cover a header of AWS', { forge: headers => (headers['x-amz-extra'] = 'x') }, must('X-Amz-Extra')],
  [
    'that is missing, with all else',
    { unsigned: true, headers: { authorization: 'AWS4-HMAC-SHA256' } },
    json(
      'IncompleteSignatureException',
      "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. " +
        "Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a " +
        "'X-Amz-Date' or a 'Date' header. ",
    ),
  ],
  [
    'by another algorithm',
    { forge: headers => replace(headers, 'AWS4-HMAC-SHA256', 'AWS4-ECDSA-P256-SHA256') },
    json(
      'IncompleteSignatureException',
      "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256' (only AWS4-HMAC-SHA256 for now). ",
    ),
  ],
  [
    'with a date that is none',
    { forge: headers => (headers['x-amz-date'] = '2026-02-30') },
    json(
      'IncompleteSignatureException',
      "Date must be in ISO-8601 'basic format'. Got '2026-02-30'. See http://en.wikipedia.org/wiki/ISO_8601",
    ),
  ],
  [
    'with a scope of four parts',
    { forge: headers => replace(headers, /Credential=[^,]+/, 'Credential=AKIA/20260101/us-east-1/kms') },
    json(
      'IncompleteSignatureException',
      'Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got ' +
        "'AKIA/20260101/us-east-1/kms'",
    ),
  ],
]

function replace(
  headers: Record<string, string>,
  what: string | RegExp,
  by: string | ((text: string) => string),
): void {
  const { authorization = '' } = headers
  headers['authorization'] = authorization.replace(what, typeof by === 'string' ? () => by : by)
  assert.notEqual(headers['authorization'], authorization)
}

/** Another second of the same day. */
const later = (timestamp = ''): string => timestamp.slice(0, 14) + (timestamp[14] === '0' ? '1' : '0') + 'Z'

for (const [title, request, body] of signatures) {
  test(`refuses a signature ${title}, before it looks at the members`, async () => {
    await answers({ operation: 'ListKeys', ...request }, body)
    if (request.body === undefined) await answers({ operation: 'ListKeys', body: { Limit: 'x' }, ...request }, body)
  })
}

test('refuses signatures that are off by more than five minutes, and takes all others', async () => {
  const second = 1000
  const limit = 5 * 60 * second
  for (const off of [-limit - 2 * second, limit + 2 * second, -24 * 12 * limit]) {
    const words =
      off < 0
        ? 'Signature expired: T is now earlier than T (T - 5'
        : 'Signature not yet current: T is still later than T (T + 5'
    const text = words.replace(/[(+]/g, '\\$&').replaceAll(/\bT\b/g, '\\d{8}T\\d{6}Z')
    await answers(
      { operation: 'ListKeys', at: server.clock.now() + off },
      new RegExp(`^\\{"__type":"InvalidSignatureException","message":"${text} min\\.\\)"\\}$`),
    )
  }
  for (const off of [-limit + 10 * second, limit - 10 * second]) {
    const answer = await post(server, { operation: 'ListKeys', at: server.clock.now() + off })
    assert.equal(answer.status, 200)
  }
})

test('refuses a body above 256 KiB without reading it', async () => {
  const answer = await post(server, { operation: 'ListKeys', body: Buffer.alloc(256 * 1024 + 1, ' ') })
  assert.deepEqual([answer.status, answer.body], [413, ''])
  assert.match(answer.headers.get('x-amzn-requestid')?.[0] ?? '', uuid)
})

test('refuses a content type that is of no protocol, in XML', async () => {
  const headers = { 'content-type': 'application/json' }
  const withTarget = await post(server, { operation: 'ListKeys', headers })
  assert.deepEqual([withTarget.status, withTarget.body], [404, '<UnknownOperationException/>\n'])
  const without = await post(server, { headers })
  assert.equal(without.status, 403)
  assert.match(without.body, /<Message>Unable to determine service\/operation name to be authorized<\/Message>/)
})
