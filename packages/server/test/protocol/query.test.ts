import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kmsError, type ErrorCode, type KmsError } from '../../src/protocol/errors.ts'
import { parseQuery, queryAnswer, queryError, unknownAction, xmlElement } from '../../src/protocol/query.ts'

const requestId = '93746dd6-63bc-11e4-bc2b-4198b6150d5c'
const head = 'Action=GetCallerIdentity&Version=2011-06-15'

test('reads the form that clients send', () => {
  const query = parseQuery(Buffer.from(head))
  assert.equal(query.action, 'GetCallerIdentity')
  assert.equal(query.parameters.size, 0)
})

test('decodes names and values', () => {
  const form = `Version=2011-06-15&A.member.1=a+b%20c%2Bd&%C3%A9=%f0%9f%94%91&Empty=&Eq=a=b&Action=AssumeRole`
  const query = parseQuery(Buffer.from(form))
  assert.equal(query.action, 'AssumeRole')
  assert.deepEqual(
    [...query.parameters],
    [
      ['A.member.1', 'a b c+d'],
      ['\u00e9', '\u{1f511}'],
      ['Empty', ''],
      ['Eq', 'a=b'],
    ],
  )
})

test('reads only the bytes it was given, not those around them', () => {
  const pool = Buffer.from(`xx${head}&A=1yy`)
  assert.deepEqual([...parseQuery(pool.subarray(2, -2)).parameters], [['A', '1']])
})

const malformed: [what: string, form: string | Uint8Array][] = [
  ['a name twice', `${head}&A=1&A=1`],
  ['Action twice', `${head}&Action=GetCallerIdentity`],
  ['a name twice, once percent-encoded', `${head}&%41ction=AssumeRole`],
  ['a name without equals sign', `${head}&A`],
  ['an empty name', `${head}&=1`],
  ['two ampersands', `${head}&&A=1`],
  ['a trailing ampersand', `${head}&`],
  ['a leading ampersand', `&${head}`],
  ['a percent sign at the end', `${head}&A=%`],
  ['one hexadecimal digit', `${head}&A=%4`],
  ['no hexadecimal digits', `${head}&A=%zz`],
  ['an overlong encoding', `${head}&A=%C0%AF`],
  ['a surrogate', `${head}&A=%ED%A0%80`],
  ['half a character', `${head}&A=%C3`],
  ['a character beyond Unicode', `${head}&A=%F4%90%80%80`],
  ['a space', `${head}&A=a b`],
  ['a line break', `${head}\r\n`],
  ['a NUL', `${head}&A=\0`],
  ['bytes that are not ASCII', Buffer.from(`${head}&A=\u00e9`)],
  ['more than a thousand names', `${head}${Array.from({ length: 999 }, (_, at) => `&A${at}=`).join('')}`],
]
for (const [what, form] of malformed) {
  test(`refuses a form with ${what}`, () => {
    assert.throws(
      () => parseQuery(typeof form === 'string' ? Buffer.from(form, 'latin1') : form),
      (error: KmsError) => error.code === 'SerializationException' && queryError(error, requestId).status === 400,
    )
  })
}

test('a thousand names are not too many', () => {
  const form = `${head}${Array.from({ length: 998 }, (_, at) => `&A${at}=`).join('')}`
  assert.equal(parseQuery(Buffer.from(form)).parameters.size, 998)
})

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
  ['Action=ListUsers&Version=2010-05-08', 'ListUsers for version 2010-05-08'],
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
  assert.deepEqual(queryError(unknownAction('Frob<nicate>'), requestId), {
    status: 400,
    body:
      '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>' +
      '<Code>InvalidAction</Code>' +
      '<Message>Could not find operation Frob&lt;nicate&gt; for version 2011-06-15</Message></Error>' +
      `<RequestId>${requestId}</RequestId></ErrorResponse>`,
  })
})

test('GetCallerIdentity is answered as STS answers it', () => {
  const result = { Arn: 'arn:aws:iam::111122223333:user/Alice', UserId: 'AIDAALICE', Account: '111122223333' }
  assert.equal(
    queryAnswer('GetCallerIdentity', result, requestId),
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>' +
      '<Arn>arn:aws:iam::111122223333:user/Alice</Arn><UserId>AIDAALICE</UserId><Account>111122223333</Account>' +
      `</GetCallerIdentityResult><ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>` +
      '</GetCallerIdentityResponse>',
  )
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
  ['LimitExceededException', 'LimitExceeded', 400, 'Sender'],
]
for (const [ours, code, status, type] of errors) {
  test(`STS says ${code} with ${status} for ${ours}`, () => {
    const answer = queryError(kmsError(ours, 'text'), requestId)
    assert.equal(answer.status, status)
    assert.ok(answer.body.includes(`<Error><Type>${type}</Type><Code>${code}</Code><Message>`), answer.body)
  })
}

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

test('XML: elements inside elements, lists, absent members', () => {
  assert.equal(
    xmlElement('A', { B: 'b', C: undefined, D: [{ E: 'e' }, 'f'], G: [], H: '' }),
    '<A><B>b</B><D><member><E>e</E></member><member>f</member></D><G></G><H></H></A>',
  )
})

const escapes: [text: string, written: string][] = [
  ['a & b < c > d "e" \'f\'', 'a &amp; b &lt; c &gt; d &quot;e&quot; &apos;f&apos;'],
  ['</Message><Message>', '&lt;/Message&gt;&lt;Message&gt;'],
  [']]>', ']]&gt;'],
  ['tab\tline\nreturn\r', 'tab\tline\nreturn&#13;'],
  ['\u0000\u0008\u000b\u000c\u001b\ufffe\uffff', '\ufffd'.repeat(7)],
  ['\ud800 \udc00', '\ufffd \ufffd'],
  ['caf\u00e9 \u007f \u0085 \u{1f511} \ud7ff \ue000', 'caf\u00e9 \u007f \u0085 \u{1f511} \ud7ff \ue000'],
  ['#$%()*;=?@[]^_`{|}~', '#$%()*;=?@[]^_`{|}~'],
]
for (const [text, written] of escapes) {
  test(`XML: ${JSON.stringify(text)} stays text`, () => {
    assert.equal(xmlElement('A', text), `<A>${written}</A>`)
  })
}
