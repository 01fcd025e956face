import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { call, connect, endpointOf, query, ServiceError, type Client } from '../../src/cli/client.ts'
import { Failure, UsageError } from '../../src/cli/verb.ts'
import { parseForm } from '../../src/protocol/form.ts'
import { string, structure } from '../../src/protocol/shape.ts'
import { readAuthorization, deriveSigningKey, verifySignature } from '../../src/protocol/sigv4.ts'

const secret = Buffer.from('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY')
const output = structure({ Name: string() })

interface Asked {
  request: IncomingMessage
  body: Buffer
}

/** A server that gives one answer to everything, and a client of it. */
async function serve(
  t: TestContext,
  status: number,
  answer: string | Buffer,
  path = '',
): Promise<{ client: Client; asked: Asked[] }> {
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    void buffer(request).then(body => {
      asked.push({ request, body })
      response.writeHead(status).end(answer)
    })
  })
  server.listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = {
    endpoint: new URL(`http://127.0.0.1:${port}${path}`),
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secret, sessionToken: 'token' },
    source: 'a test',
  }
  return { client, asked }
}

for (const path of ['', '/kms', '/kms/']) {
  test(`signs what the server verifies, at ${path || '/'}`, async t => {
    const { client, asked } = await serve(t, 200, '{"Name":"é","Other":1}', path)
    assert.deepEqual(await call(client, 'DescribeKey', { KeyId: 'ü' }, output), { Name: 'é' })
    const [{ request, body }] = asked as [Asked]
    assert.equal(body.toString(), '{"KeyId":"ü"}')
    const { method = '', url: target = '', rawHeaders } = request
    assert.equal(target, path || '/')
    const signed = { method, target, rawHeaders, body }
    const scope = { now: new Date(), regions: new Set(['eu-west-1']), service: 'kms' }
    const authorization = readAuthorization(signed, scope)
    assert.equal(authorization.accessKeyId, 'AKIAIOSFODNN7EXAMPLE')
    assert.equal(authorization.sessionToken, 'token')
    assert.match(authorization.signedHeaders, /x-amz-target/)
    const key = deriveSigningKey(secret, authorization.date, 'eu-west-1', 'kms')
    assert.ok(verifySignature(signed, authorization, key))
  })
}

/** Verifies the signature of the only request. */
function requireSigned(asked: Asked[], service: string): Asked {
  const [{ request, body }] = asked as [Asked]
  const { method = '', url: target = '', rawHeaders } = request
  const scope = { now: new Date(), regions: new Set(['eu-west-1']), service }
  const authorization = readAuthorization({ method, target, rawHeaders, body }, scope)
  const key = deriveSigningKey(secret, authorization.date, 'eu-west-1', service)
  assert.ok(verifySignature({ method, target, rawHeaders, body }, authorization, key))
  return { request, body }
}

test('calls operations that are our own', async t => {
  const { client, asked } = await serve(t, 200, '{"Name":"x"}')
  assert.deepEqual(await call(client, 'ListAccounts', {}, output, 'keyreeve'), { Name: 'x' })
  const { request } = requireSigned(asked, 'keyreeve')
  assert.equal(request.headers['x-amz-target'], 'Keyreeve.ListAccounts')
})

test('calls IAM with a form, and reads the answer in JSON', async t => {
  const { client, asked } = await serve(
    t,
    200,
    '{"GetUserResponse":{"GetUserResult":{"Name":"é"},"ResponseMetadata":{}}}',
  )
  const input = { UserName: 'a&b=c +%', MaxItems: 5, Marker: undefined }
  assert.deepEqual(await query(client, 'iam', 'GetUser', input, output), { Name: 'é' })
  const { request, body } = requireSigned(asked, 'iam')
  assert.equal(request.headers['accept'], 'application/json')
  assert.equal(request.headers['content-type'], 'application/x-www-form-urlencoded')
  assert.deepEqual(
    [...parseForm(body)],
    [
      ['Action', 'GetUser'],
      ['Version', '2010-05-08'],
      ['UserName', 'a&b=c +%'],
      ['MaxItems', '5'],
    ],
  )
})

test('takes an answer without a result for one without members', async t => {
  const { client, asked } = await serve(t, 200, '{"DeleteUserResponse":{"ResponseMetadata":{}}}')
  assert.deepEqual(await query(client, 'sts', 'DeleteUser', {}, structure({})), {})
  assert.ok(requireSigned(asked, 'sts').body.includes('Version=2011-06-15'))
})

test('tells what IAM says', async t => {
  const { client } = await serve(
    t,
    404,
    '{"Error":{"Type":"Sender","Code":"NoSuchEntity","Message":"No."},"RequestId":"x"}',
  )
  await assert.rejects(query(client, 'iam', 'GetUser', {}, output), error => {
    assert.ok(error instanceof ServiceError)
    assert.deepEqual([error.code, error.message], ['NoSuchEntity', 'NoSuchEntity: No.'])
    return true
  })
})

const foreignToQuery: [name: string, status: number, body: string][] = [
  ['XML', 200, '<GetUserResponse/>'],
  ['another answer', 200, '{"ListUsersResponse":{}}'],
  ['an answer without its result', 200, '{"GetUserResponse":{"ResponseMetadata":{}}}'],
  ['an answer of KMS', 400, '{"__type":"NotFoundException"}'],
]
for (const [name, status, body] of foreignToQuery) {
  test(`takes ${name} for none of IAM`, async t => {
    const { client } = await serve(t, status, body)
    await assert.rejects(query(client, 'iam', 'GetUser', {}, output), /is not from a KMS/)
  })
}

const refusals: [name: string, body: string, message: string, code: string][] = [
  ['code and message', '{"__type":"TagException","message":"No."}', 'TagException: No.', 'TagException'],
  [
    'a capital Message',
    '{"__type":"AccessDeniedException","Message":"No."}',
    'AccessDeniedException: No.',
    'AccessDeniedException',
  ],
  [
    'the code behind a namespace',
    '{"__type":"com.amazonaws.kms#NotFoundException"}',
    'NotFoundException:',
    'NotFoundException',
  ],
  [
    'a code that needs advice',
    '{"__type":"ThrottlingException","message":"Too fast."}',
    'ThrottlingException: Too fast. Try again in a few seconds.',
    'ThrottlingException',
  ],
  ['a code that is no advice', '{"__type":"toString"}', 'toString:', 'toString'],
]
for (const [name, body, message, code] of refusals) {
  test(`tells ${name}`, async t => {
    const { client } = await serve(t, 400, body)
    await assert.rejects(call(client, 'DescribeKey', {}, output), error => {
      assert.ok(error instanceof ServiceError)
      assert.equal(error.message, message)
      assert.equal(error.code, code)
      return true
    })
  })
}

const foreign: [name: string, status: number, body: string | Buffer][] = [
  ['a page', 200, '<html></html>'],
  ['nothing', 200, ''],
  ['other JSON', 200, '{"name":"x"}'],
  ['a list', 400, '[]'],
  ['an error of another kind', 404, '{"error":"not found"}'],
  ['bytes that are no text', 502, Buffer.from([0xff, 0xfe])],
]
for (const [name, status, body] of foreign) {
  test(`takes ${name} for no KMS`, async t => {
    const { client } = await serve(t, status, body)
    await assert.rejects(
      call(client, 'DescribeKey', {}, output),
      new Failure(`What ${client.endpoint.href} answers (status ${status}) is not from a KMS. Check --endpoint.`),
    )
  })
}

test('reads no answer without end', async t => {
  const { client } = await serve(t, 200, Buffer.alloc(1_000_001, ' '))
  await assert.rejects(
    call(client, 'DescribeKey', {}, output),
    new Failure(`Cannot reach ${client.endpoint.href}: an endless answer.`),
  )
})

const nothing = { endpoint: undefined, region: undefined, credentials: undefined, profile: undefined }
const signer = { AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret' }

test('takes the endpoint from the flag, then from the variables in their order', () => {
  const environment = {
    AWS_ENDPOINT_URL_KMS: 'http://kms:1',
    AWS_ENDPOINT_URL: 'http://all:2',
    KEYREEVE_ENDPOINT: 'http://own:3',
  }
  const of = (without: readonly string[], endpoint?: string): string => {
    const rest = Object.fromEntries(Object.entries(environment).filter(([name]) => !without.includes(name)))
    return endpointOf({ endpoint }, rest).href
  }
  assert.equal(of([], 'https://flag:4/kms'), 'https://flag:4/kms')
  assert.equal(of([]), 'http://kms:1/')
  assert.equal(of(['AWS_ENDPOINT_URL_KMS']), 'http://all:2/')
  assert.equal(of(['AWS_ENDPOINT_URL_KMS', 'AWS_ENDPOINT_URL']), 'http://own:3/')
  assert.equal(of(Object.keys(environment)), 'http://127.0.0.1:4599/')
})

for (const endpoint of ['127.0.0.1', 'ftp://a', 'http://', 'http://user:pw@a', 'http://a?b', 'localhost:4599']) {
  test(`refuses the endpoint ${endpoint}`, () => {
    assert.throws(() => endpointOf({ endpoint }, {}), UsageError)
  })
}

test('calls the Region of the flag, else of the ARN, else of the variables', () => {
  const arn = 'arn:aws:kms:eu-west-1:000000000000:key/x'
  const all = { ...signer, AWS_REGION: 'us-west-2', AWS_DEFAULT_REGION: 'us-west-1' }
  assert.equal(connect({ ...nothing, region: 'af-south-1' }, arn, all).region, 'af-south-1')
  assert.equal(connect(nothing, arn, all).region, 'eu-west-1')
  assert.equal(connect(nothing, 'x', all).region, 'us-west-2')
  assert.equal(connect(nothing, 'x', { ...all, AWS_REGION: '' }).region, 'us-west-1')
  assert.equal(connect(nothing, 'x', signer).region, 'us-east-1')
})
