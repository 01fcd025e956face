import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import {
  GetCallerIdentityCommand,
  GetFederationTokenCommand,
  STSClient,
  STSServiceException,
} from '@aws-sdk/client-sts'
import { membersOf } from '../support/answers.ts'
import { start } from '../support/server.ts'
import { post, type RawAnswer, type RawRequest } from '../support/signed-http.ts'

const server = await start()
after(() => server.stop())

const sts = (
  region: string,
  credentials = { accessKeyId: server.accessKeyId, secretAccessKey: server.secretAccessKey },
) => new STSClient({ region, endpoint: server.address, credentials, maxAttempts: 1 })

const form = { 'content-type': 'application/x-www-form-urlencoded' }
const query = 'Action=GetCallerIdentity&Version=2011-06-15'
const ask = (request: RawRequest = {}): Promise<RawAnswer> =>
  post(server, { body: query, service: 'sts', ...request, headers: { ...form, ...request.headers } })

const only = (answer: RawAnswer, name: string): string => {
  const values = answer.headers.get(name) ?? []
  assert.equal(values.length, 1, name)
  return values[0] ?? ''
}

test('says who signed, in any Region', async () => {
  for (const region of ['us-east-1', 'eu-west-1']) {
    const { UserId, ...rest } = await membersOf(sts(region).send(new GetCallerIdentityCommand({})))
    assert.match(UserId ?? '', /^AIDA[A-Z2-7]{16}$/)
    assert.deepEqual(rest, { Account: '000000000000', Arn: 'arn:aws:iam::000000000000:user/administrator' })
  }
})

test('answers in the XML of the Query protocol', async () => {
  const answer = await ask()
  assert.equal(answer.status, 200)
  const id = only(answer, 'x-amzn-requestid')
  assert.equal(only(answer, 'content-type'), 'text/xml')
  assert.equal(only(answer, 'content-length'), String(answer.body.length))
  const userId = /<UserId>(AIDA[A-Z2-7]{16})<\/UserId>/.exec(answer.body)?.[1]
  assert.equal(
    answer.body,
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>' +
      `<Arn>arn:aws:iam::000000000000:user/administrator</Arn><UserId>${userId}</UserId><Account>000000000000</Account>` +
      `</GetCallerIdentityResult><ResponseMetadata><RequestId>${id}</RequestId></ResponseMetadata></GetCallerIdentityResponse>`,
  )
})

test('answers and refuses in JSON where that is asked for, as tools do that pass the signed request on', async () => {
  const answer = await ask({ headers: { accept: 'application/json' } })
  assert.equal(answer.status, 200)
  assert.equal(only(answer, 'content-type'), 'application/json')
  const userId = /"UserId":"(AIDA[A-Z2-7]{16})"/.exec(answer.body)?.[1]
  assert.equal(
    answer.body,
    `{"GetCallerIdentityResponse":{"GetCallerIdentityResult":{"Arn":"arn:aws:iam::000000000000:user/administrator",` +
      `"UserId":"${userId}","Account":"000000000000"},"ResponseMetadata":{"RequestId":"${only(answer, 'x-amzn-requestid')}"}}}`,
  )
  const refusal = await ask({ headers: { accept: 'Application/JSON' }, service: 'kms' })
  assert.equal(only(refusal, 'content-type'), 'application/json')
  assert.deepEqual(
    [refusal.status, refusal.body],
    [
      403,
      '{"Error":{"Type":"Sender","Code":"SignatureDoesNotMatch","Message":"Credential should be scoped to correct service: ' +
        `'sts'. "},"RequestId":"${only(refusal, 'x-amzn-requestid')}"}`,
    ],
  )
  for (const accept of ['*/*', 'text/xml', '']) {
    assert.equal(only(await ask({ headers: { accept } }), 'content-type'), 'text/xml')
  }
})

test('the call is recorded', async () => {
  await ask({ headers: { 'user-agent': 'teapot/1' } })
  const record = (await server.records()).at(-1)
  assert.deepEqual(
    ['eventSource', 'eventName', 'userAgent', 'readOnly', 'requestParameters', 'resources'].map(name => record?.[name]),
    ['sts.amazonaws.com', 'GetCallerIdentity', 'teapot/1', true, null, []],
  )
})

const mismatch =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and ' +
  'signing method. Consult the service documentation for details.'

const secret = Buffer.from('not the secret')
const refusals: [title: string, request: RawRequest, status: number, code: string, message: string][] = [
  ['no signature', { unsigned: true }, 403, 'MissingAuthenticationToken', 'Request is missing Authentication Token'],
  [
    'an unknown access key',
    { credentials: { accessKeyId: 'AKIAUNKNOWN', secret } },
    403,
    'InvalidClientTokenId',
    'The security token included in the request is invalid.',
  ],
  [
    'a session token that nobody gave out',
    {
      credentials: {
        accessKeyId: server.accessKeyId,
        secret: Buffer.from(server.secretAccessKey),
        sessionToken: 'token',
      },
    },
    403,
    'InvalidClientTokenId',
    'The security token included in the request is invalid.',
  ],
  [
    'another secret',
    { credentials: { accessKeyId: server.accessKeyId, secret } },
    403,
    'SignatureDoesNotMatch',
    mismatch,
  ],
  [
    'a hash that is not that of the body',
    { headers: { 'x-amz-content-sha256': 'x' } },
    403,
    'SignatureDoesNotMatch',
    mismatch,
  ],
  [
    'a signature for another service',
    { service: 'kms' },
    403,
    'SignatureDoesNotMatch',
    "Credential should be scoped to correct service: 'sts'. ",
  ],
  [
    'a Region that there is not',
    { region: 'moon-1' },
    403,
    'SignatureDoesNotMatch',
    "Credential should be scoped to a valid region, not 'moon-1'. ",
  ],
  [
    'an Authorization header that lacks the rest',
    { unsigned: true, headers: { authorization: 'AWS4-HMAC-SHA256 Credential=a' } },
    400,
    'IncompleteSignature',
    "Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. " +
      "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ",
  ],
  [
    'an action that there is not',
    { body: 'Action=Get%3CCaller%3E&Version=2011-06-15' },
    400,
    'InvalidAction',
    'Could not find operation Get<Caller> for version 2011-06-15',
  ],
  [
    'an action of KMS',
    { body: 'Action=ListKeys&Version=2011-06-15' },
    400,
    'InvalidAction',
    'Could not find operation ListKeys for version 2011-06-15',
  ],
  [
    'another version',
    { body: 'Action=GetCallerIdentity&Version=2010-05-08' },
    400,
    'InvalidAction',
    'Could not find operation GetCallerIdentity for version 2010-05-08',
  ],
  ['no action', { body: 'Version=2011-06-15' }, 400, 'MissingAction', 'The request is missing an action.'],
  [
    'no form',
    { body: '{}' },
    400,
    'MalformedQueryString',
    'The form holds something that is not a name, an equals sign and a value.',
  ],
]

const escaped = (text: string): string => text.replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll("'", '&apos;')

for (const [title, request, status, code, message] of refusals) {
  test(`refuses ${title}, in XML`, async () => {
    const before = (await server.records()).length
    const answer = await ask(request)
    assert.equal(only(answer, 'content-type'), 'text/xml')
    assert.deepEqual(
      [answer.status, answer.body],
      [
        status,
        '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>' +
          `<Code>${code}</Code><Message>${escaped(message)}</Message></Error>` +
          `<RequestId>${only(answer, 'x-amzn-requestid')}</RequestId></ErrorResponse>`,
      ],
    )
    // Nobody was authenticated.
    assert.equal((await server.records()).length, before)
  })
}

test('refuses a signature that is too old or too young', async () => {
  const minutes = 60_000
  for (const [at, pattern] of [
    [server.clock.now() - 6 * minutes, /<Message>Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(/],
    [
      server.clock.now() + 6 * minutes,
      /<Message>Signature not yet current: \d{8}T\d{6}Z is still later than \d{8}T\d{6}Z \(/,
    ],
  ] as const) {
    const answer = await ask({ at })
    assert.equal(answer.status, 403)
    assert.match(answer.body, /<Code>SignatureDoesNotMatch<\/Code>/)
    assert.match(answer.body, pattern)
  }
})

test('the official client understands the refusals', async () => {
  const wrong = sts('us-east-1', { accessKeyId: 'AKIAUNKNOWN', secretAccessKey: 'x' })
  await assert.rejects(wrong.send(new GetCallerIdentityCommand({})), (error: unknown) => {
    assert.ok(error instanceof STSServiceException)
    assert.deepEqual(
      [error.name, error.message, error.$metadata.httpStatusCode, error.$fault],
      ['InvalidClientTokenId', 'The security token included in the request is invalid.', 403, 'client'],
    )
    return true
  })
  await assert.rejects(sts('us-east-1').send(new GetFederationTokenCommand({ Name: 'somebody' })), {
    name: 'InvalidAction',
  })
})

test('a content type has no case, and may have parameters', async () => {
  const types = ['Application/X-WWW-Form-URLEncoded', 'application/x-www-form-urlencoded; charset=utf-8']
  for (const type of types) assert.equal((await ask({ headers: { 'content-type': type } })).status, 200)
})

test('parameters that the action does not have are ignored', async () => {
  assert.equal((await ask({ body: `${query}&Extra=1` })).status, 200)
})
