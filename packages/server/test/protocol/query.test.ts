import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as iam from '@aws-sdk/client-iam'
import * as sts from '@aws-sdk/client-sts'
import { errorStatus, kmsError, type ErrorCode, type KmsError } from '../../src/protocol/errors.ts'
import { parseQuery, queryAnswer, queryError, unknownActionOf } from '../../src/protocol/query.ts'
import { list, secret, string, structure, timestamp } from '../../src/protocol/shape.ts'

const requestId = '93746dd6-63bc-11e4-bc2b-4198b6150d5c'
const head = 'Action=GetCallerIdentity&Version=2011-06-15'

test('reads the form that clients send', () => {
  const query = parseQuery(Buffer.from(head))
  assert.deepEqual(query, { service: 'sts', action: 'GetCallerIdentity', parameters: new Map() })
})

test('the version tells whose action it is, wherever it stands in the form', () => {
  const query = parseQuery(Buffer.from('UserName=a&Version=2010-05-08&Action=GetUser&Tags.member.1.Key=b'))
  assert.deepEqual(query, {
    service: 'iam',
    action: 'GetUser',
    parameters: new Map([
      ['UserName', 'a'],
      ['Tags.member.1.Key', 'b'],
    ]),
  })
})

for (const [what, form] of [
  ['Action twice', `${head}&Action=GetCallerIdentity`],
  ['Action twice, once percent-encoded', `${head}&%41ction=AssumeRole`],
  ['Version twice', `${head}&Version=2010-05-08`],
  ['JSON', '{"KeyId":"x"}'],
] as const) {
  test(`refuses a form with ${what}`, () => {
    assert.throws(
      () => parseQuery(Buffer.from(form)),
      (error: KmsError) => {
        const { status, body } = queryError(error, requestId)
        return status === 400 && body.includes('<Code>MalformedQueryString</Code>')
      },
    )
  })
}

for (const form of [
  '',
  'Version=2011-06-15',
  'Action=&Version=2011-06-15',
  'action=GetCallerIdentity&Version=2011-06-15',
]) {
  test(`refuses '${form}' for want of an action`, () => {
    assert.throws(
      () => parseQuery(Buffer.from(form)),
      (error: KmsError) => {
        const { status, body } = queryError(error, requestId)
        return status === 400 && body.includes('<Code>MissingAction</Code>')
      },
    )
  })
}

for (const [form, text] of [
  ['Action=GetCallerIdentity', 'GetCallerIdentity for version NO_VERSION_SPECIFIED'],
  ['Action=GetCallerIdentity&Version=', 'GetCallerIdentity for version NO_VERSION_SPECIFIED'],
  ['Action=ListUsers&Version=2010-05-09', 'ListUsers for version 2010-05-09'],
] as const) {
  test(`refuses ${form} as an unknown action`, () => {
    assert.throws(
      () => parseQuery(Buffer.from(form)),
      (error: KmsError) => {
        const { status, body } = queryError(error, requestId)
        return status === 400 && body.includes(`<Message>Could not find operation ${text}</Message>`)
      },
    )
  })
}

test('an unknown action is refused with its name', () => {
  const query = parseQuery(Buffer.from('Action=Frob<nicate>&Version=2011-06-15'))
  assert.deepEqual(queryError(unknownActionOf(query), requestId), {
    status: 400,
    body:
      '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>' +
      '<Code>InvalidAction</Code>' +
      '<Message>Could not find operation Frob&lt;nicate&gt; for version 2011-06-15</Message></Error>' +
      `<RequestId>${requestId}</RequestId></ErrorResponse>`,
  })
})

test('GetCallerIdentity is answered as STS answers it', () => {
  const shape = structure({ Arn: string(), UserId: string(), Account: string() })
  const result = { Arn: 'arn:aws:iam::111122223333:user/Alice', UserId: 'AIDAALICE', Account: '111122223333' }
  assert.equal(
    queryAnswer('sts', 'GetCallerIdentity', shape, result, requestId),
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>' +
      '<Arn>arn:aws:iam::111122223333:user/Alice</Arn><UserId>AIDAALICE</UserId><Account>111122223333</Account>' +
      `</GetCallerIdentityResult><ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>` +
      '</GetCallerIdentityResponse>',
  )
})

test('a list of IAM is answered as IAM answers it', () => {
  const shape = structure({ Users: list(structure({ UserName: string(), CreateDate: timestamp() })) })
  const result = { Users: [{ UserName: 'Alice', CreateDate: new Date('2026-11-24T10:00:00.5Z') }] }
  assert.equal(
    queryAnswer('iam', 'ListUsers', shape, result, requestId),
    '<ListUsersResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ListUsersResult><Users><member>' +
      '<UserName>Alice</UserName><CreateDate>2026-11-24T10:00:00Z</CreateDate></member></Users></ListUsersResult>' +
      `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></ListUsersResponse>`,
  )
})

test('an operation without output answers its request id alone', () => {
  assert.equal(
    queryAnswer('iam', 'DeleteUser', null, undefined, requestId),
    '<DeleteUserResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">' +
      `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></DeleteUserResponse>`,
  )
})

test('an operation whose output has no members answers an empty result', () => {
  const answer = queryAnswer('iam', 'UpdateRole', structure({}), {}, requestId)
  assert.ok(answer.includes('<UpdateRoleResult></UpdateRoleResult>'))
})

test('an answer with a secret is bytes, which can be wiped', () => {
  const shape = structure({ AccessKey: structure({ SecretAccessKey: secret(string()) }) })
  const result = { AccessKey: { SecretAccessKey: 'correct/horse+battery' } }
  const answer = queryAnswer('iam', 'CreateAccessKey', shape, result, requestId)
  assert.ok(Buffer.isBuffer(answer))
  assert.ok(answer.includes('<SecretAccessKey>correct/horse+battery</SecretAccessKey>'))
  assert.equal(answer.buffer.byteLength, answer.length, 'memory of its own')
})

const errors: [ours: ErrorCode, code: string, status: number, type: string][] = [
  ['MissingAuthenticationTokenException', 'MissingAuthenticationToken', 403, 'Sender'],
  ['InvalidSignatureException', 'SignatureDoesNotMatch', 403, 'Sender'],
  ['IncompleteSignatureException', 'IncompleteSignature', 400, 'Sender'],
  ['UnrecognizedClientException', 'InvalidClientTokenId', 403, 'Sender'],
  ['ExpiredTokenException', 'ExpiredToken', 403, 'Sender'],
  ['AccessDeniedException', 'AccessDenied', 403, 'Sender'],
  ['SerializationException', 'MalformedQueryString', 400, 'Sender'],
  ['UnknownOperationException', 'InvalidAction', 400, 'Sender'],
  ['MissingActionException', 'MissingAction', 400, 'Sender'],
  ['ValidationException', 'ValidationError', 400, 'Sender'],
  ['ThrottlingException', 'Throttling', 400, 'Sender'],
  ['KMSInternalException', 'InternalFailure', 500, 'Receiver'],
  ['KeyUnavailableException', 'InternalFailure', 500, 'Receiver'],
  ['DependencyTimeoutException', 'ServiceUnavailable', 503, 'Receiver'],
  ['MalformedInputException', 'MalformedInput', 400, 'Sender'],
  ['ExpiredWebIdentityTokenException', 'ExpiredTokenException', 400, 'Sender'],
]
for (const [ours, code, status, type] of errors) {
  test(`STS says ${code} with ${status} for ${ours}`, () => {
    const answer = queryError(kmsError(ours, 'text'), requestId)
    assert.equal(answer.status, status)
    assert.ok(answer.body.includes(`<Error><Type>${type}</Type><Code>${code}</Code><Message>`), answer.body)
  })
}

// What is wrong with the request or the server, as IAM calls it.
for (const ours of ['KMSInternalException', 'KeyUnavailableException'] as const) {
  test(`IAM says ServiceFailure with 500 for ${ours}`, () => {
    assert.deepEqual(queryError(kmsError(ours), requestId, 'iam'), {
      status: 500,
      body:
        '<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Receiver</Type>' +
        `<Code>ServiceFailure</Code></Error><RequestId>${requestId}</RequestId></ErrorResponse>`,
    })
  })
}

/** The code and status of every error that a client's model has, by the model's name. */
function modelledErrors(client: object): [name: string, code: string, status: number][] {
  return Object.values(client).flatMap((schema: unknown) => {
    if (!Array.isArray(schema) || schema[0] !== -3) return []
    const { awsQueryError = [] } = schema[3] as { awsQueryError?: [string, number] } // Traits.
    const [code, status] = awsQueryError
    return code === undefined || status === undefined ? [] : [[schema[2] as string, code, status]] // A name.
  })
}

for (const [service, client, fewest] of [
  ['iam', iam, 25],
  ['sts', sts, 10],
] as const) {
  test(`every error that the model of ${service} has too gets the code and status of the model`, t => {
    const modelled = modelledErrors(client)
    assert.ok(modelled.length >= fewest)
    const known = modelled.filter(([name]) => Object.hasOwn(errorStatus, name) && name !== 'ExpiredTokenException')
    for (const [name, code, status] of known) {
      // `known` has only names of ours.
      const answer = queryError(kmsError(name as ErrorCode, 'text'), requestId, service)
      const type = status < 500 ? 'Sender' : 'Receiver'
      assert.equal(
        answer.body,
        `<ErrorResponse xmlns="https://${service}.amazonaws.com/doc/${service === 'iam' ? '2010-05-08' : '2011-06-15'}/">` +
          `<Error><Type>${type}</Type><Code>${code}</Code><Message>text</Message></Error>` +
          `<RequestId>${requestId}</RequestId></ErrorResponse>`,
      )
      assert.equal(answer.status, status, name)
    }
    t.diagnostic(`${known.length} of ${modelled.length}: ${known.map(([name]) => name).join(', ')}`)
    assert.ok(known.length >= 5)
  })
}

test('an expired web identity token is called as the model of STS calls it', () => {
  const expired = modelledErrors(sts).find(([name]) => name === 'ExpiredTokenException')
  const { status, body } = queryError(kmsError('ExpiredWebIdentityTokenException', 'text'), requestId)
  assert.deepEqual([/<Code>(.*)<\/Code>/.exec(body)?.[1], status], expired?.slice(1))
})

test('the signature error keeps its text', () => {
  const text = 'The request signature we calculated does not match the signature you provided.'
  const { body } = queryError(kmsError('InvalidSignatureException', text), requestId)
  assert.ok(body.includes(`<Message>${text}</Message>`))
})

test('a missing signature has the text of STS, not that of KMS', () => {
  const { body } = queryError(
    kmsError('MissingAuthenticationTokenException', 'Missing Authentication Token'),
    requestId,
  )
  assert.ok(body.includes('<Message>Request is missing Authentication Token</Message>'))
})

test('an error without text has no Message', () => {
  const { body } = queryError(kmsError('KMSInternalException'), requestId)
  assert.equal(
    body,
    '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Receiver</Type>' +
      `<Code>InternalFailure</Code></Error><RequestId>${requestId}</RequestId></ErrorResponse>`,
  )
})

test('in JSON, an answer has the same names, and dates in seconds', () => {
  const shape = structure({ Users: list(structure({ UserName: string(), CreateDate: timestamp() })) })
  const result = { Users: [{ UserName: 'Al"ice', CreateDate: new Date('2026-11-24T10:00:00.5Z') }] }
  assert.equal(
    queryAnswer('iam', 'ListUsers', shape, result, requestId, 'json'),
    '{"ListUsersResponse":{"ListUsersResult":{"Users":[{"UserName":"Al\\"ice","CreateDate":1795514400.5}]},' +
      `"ResponseMetadata":{"RequestId":"${requestId}"}}}`,
  )
  assert.equal(
    queryAnswer('iam', 'DeleteUser', null, undefined, requestId, 'json'),
    `{"DeleteUserResponse":{"ResponseMetadata":{"RequestId":"${requestId}"}}}`,
  )
})

test('in JSON too, an answer with a secret is bytes', () => {
  const shape = structure({ SecretAccessKey: secret(string()) })
  const answer = queryAnswer('iam', 'CreateAccessKey', shape, { SecretAccessKey: 'correct' }, requestId, 'json')
  assert.ok(Buffer.isBuffer(answer))
  assert.ok(answer.includes('{"SecretAccessKey":"correct"}'))
})

test('in JSON, an error is not wrapped', () => {
  assert.deepEqual(queryError(kmsError('NoSuchEntityException', 'No.'), requestId, 'iam', 'json'), {
    status: 404,
    body: `{"Error":{"Type":"Sender","Code":"NoSuchEntity","Message":"No."},"RequestId":"${requestId}"}`,
  })
})
