import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { describe, test } from 'node:test'
import { DescribeKeyCommand, EncryptCommand, KMSClient, ListKeysCommand } from '@aws-sdk/client-kms'
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { canonicalQuery, canonicalTarget, readHeaders } from '../../src/protocol/canonical-request.ts'
import { KmsError } from '../../src/protocol/errors.ts'
import {
  deriveSigningKey,
  readAuthorization,
  sign,
  signatureMismatch,
  SigningKeys,
  verifySignature,
  type SignedRequest,
  type SigningScope,
} from '../../src/protocol/sigv4.ts'

const now = new Date('2026-11-20T10:00:00Z')
const accessKeyId = 'AKIAIOSFODNN7EXAMPLE'
const secret = Buffer.from('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY')
const token = 'FwoGZXIvYXdzEExample+session/token=='
const regions = new Set(['us-east-1', 'eu-west-1'])
const wanted: SigningScope = { now, regions, service: 'kms' }
const body = Buffer.from('{"KeyId":"alias/example"}')
const signingKey = deriveSigningKey(secret, '20261120', 'us-east-1', 'kms')

const basic = ['Host', 'kms.example:4599', 'Content-Type', 'application/x-amz-json-1.1']
const target = ['X-Amz-Target', 'TrentService.DescribeKey']

/** A good request, with our own signature over all the headers given. */
function signed(
  rawHeaders: readonly string[] = [...basic, ...target],
  over: Partial<SignedRequest> = {},
  at = now,
  sessionToken?: string,
): SignedRequest {
  const request = { method: 'POST', target: '/', rawHeaders, body, ...over }
  const added = sign(request, { accessKeyId, secret, sessionToken }, { now: at, region: 'us-east-1', service: 'kms' })
  return { ...request, rawHeaders: [...rawHeaders, ...Object.entries(added).flat()] }
}

/** The same request with the first header of that name changed, or left out. */
function withHeader(name: string, change: string | undefined | ((value: string) => string), request = signed()) {
  const at = request.rawHeaders.findIndex((text, i) => i % 2 === 0 && text.toLowerCase() === name)
  assert.ok(at >= 0, `the request has no header ${name}`)
  const old = request.rawHeaders[at + 1]!
  const value = typeof change === 'function' ? change(old) : change
  assert.notEqual(value, old, 'the request is not changed')
  const field = value === undefined ? [] : [request.rawHeaders[at]!, value]
  return { ...request, rawHeaders: request.rawHeaders.toSpliced(at, 2, ...field) }
}

const withAuthorization = (change: string | undefined | ((value: string) => string), request = signed()) =>
  withHeader('authorization', change, request)
const withCredential = (credential: string) =>
  withAuthorization(text => text.replace(/Credential=[^,]*/, `Credential=${credential}`))
const withSignedHeaders = (list: string, request = signed()) =>
  withAuthorization(text => text.replace(/SignedHeaders=[^,]*/, `SignedHeaders=${list}`), request)
const withSignature = (change: (signature: string) => string) =>
  withAuthorization(text => text.replace(/[0-9a-f]{64}$/, change))
/** Dated by this text instead of the right one; the signature no longer counts. */
const dated = (text: string) => withHeader('x-amz-date', text)
const adding = (...headers: string[]) => {
  const request = signed()
  return { ...request, rawHeaders: [...request.rawHeaders, ...headers] }
}
/** Without x-amz-date, dated by Date. */
const httpDated = (text: string) => {
  const request = adding('Date', text)
  return withSignedHeaders('content-type;date;host;x-amz-target', withHeader('x-amz-date', undefined, request))
}

const mismatch = signatureMismatch().message
const badDate = (text: string) =>
  `Date must be in ISO-8601 'basic format'. Got '${text}'. See http://en.wikipedia.org/wiki/ISO_8601`
const badCredential = (text: string) =>
  `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${text}'`
const mustBeSigned = (name: string) => `'${name}' must be a 'SignedHeader' in the AWS Authorization.`
const required = (...names: string[]) =>
  names.map(name => `Authorization header requires '${name}' parameter. `).join('')
const requiredDate = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
const algorithm = (name: string) => `Unsupported AWS 'algorithm': '${name}' (only AWS4-HMAC-SHA256 for now). `
const noEqualSign = 'Invalid key=value pair (missing equal-sign) in Authorization header.'
const bothForms = "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."
const repeatedPart = 'Authorization header must not repeat a parameter.'
const repeated = (name: string) => `The header '${name}' must not be repeated.`
const disorder = "'SignedHeaders' must be lower-case, sorted and unique in the AWS Authorization."
const region = (name: string) => `Credential should be scoped to a valid region, not '${name}'. `
const service = "Credential should be scoped to correct service: 'kms'. "
const end = (name: string) => `Credential should be scoped with a valid terminator: 'aws4_request', not '${name}'. `
const otherDay = (day: string) =>
  'Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: ' +
  `'${day}' != '20261120', from '20261120T100000Z'.`

const incomplete = 'IncompleteSignatureException'
const invalid = 'InvalidSignatureException'
const missing = 'MissingAuthenticationTokenException'
const presigned =
  '/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20261120%2Fus-east-1%2Fkms%2Faws4_request' +
  `&X-Amz-Date=20261120T100000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=${'0'.repeat(64)}`

const refusals: [what: string, request: SignedRequest, code: string, message: string][] = [
  ['no authorization', withAuthorization(undefined), missing, 'Missing Authentication Token'],
  ['an empty authorization', withAuthorization(''), missing, 'Missing Authentication Token'],
  [
    'a query-signed request',
    { method: 'POST', target: presigned, rawHeaders: basic, body },
    missing,
    'Missing Authentication Token',
  ],
  ['a signature in both header and query', { ...signed(), target: presigned }, invalid, bothForms],
  ['both forms, with the name encoded', { ...signed(), target: '/?%58-Amz-Algorithm=x' }, invalid, bothForms],
  [
    'SigV4A',
    withAuthorization(text => text.replace('AWS4-HMAC-SHA256', 'AWS4-ECDSA-P256-SHA256')),
    incomplete,
    algorithm('AWS4-ECDSA-P256-SHA256'),
  ],
  ['a bearer token', withAuthorization('Bearer e30.e30.c2ln'), incomplete, algorithm('Bearer')],
  ['a lower-case algorithm', withAuthorization(text => text.toLowerCase()), incomplete, algorithm('aws4-hmac-sha256')],
  ['a bare token, which is not said back', withAuthorization('hunter2'), incomplete, noEqualSign],
  [
    'no algorithm',
    withAuthorization(text => text.slice('AWS4-HMAC-SHA256 '.length)),
    incomplete,
    'Authorization header must begin with the algorithm name, which cannot include an equal-sign.',
  ],
  [
    'no space behind the algorithm',
    withAuthorization(text => text.replace(' ', '')),
    incomplete,
    'Authorization header must begin with the algorithm name, which cannot include an equal-sign.',
  ],
  ['a part without equal-sign', withAuthorization(text => `${text}, hunter2`), incomplete, noEqualSign],
  ['a comma at the end', withAuthorization(text => `${text},`), incomplete, noEqualSign],
  [
    'parts without commas',
    withAuthorization(text => text.replaceAll(', ', ' ')),
    incomplete,
    required('Signature', 'SignedHeaders'),
  ],
  [
    'two credentials',
    withAuthorization(text => text.replace('Credential=', 'Credential=a/b/c/d/e, Credential=')),
    incomplete,
    repeatedPart,
  ],
  ['two signatures', withAuthorization(text => `${text}, Signature=${'0'.repeat(64)}`), incomplete, repeatedPart],
  [
    'two lists of signed headers',
    withAuthorization(text => text.replace(', ', ', SignedHeaders=host, ')),
    incomplete,
    repeatedPart,
  ],
  [
    'the algorithm alone',
    withAuthorization('AWS4-HMAC-SHA256'),
    incomplete,
    required('Credential', 'Signature', 'SignedHeaders'),
  ],
  [
    'no credential',
    withAuthorization(text => text.replace(/Credential=[^,]*, /, '')),
    incomplete,
    required('Credential'),
  ],
  ['an empty credential', withCredential(''), incomplete, required('Credential')],
  ['no signature', withAuthorization(text => text.replace(/, Signature=.*/, '')), incomplete, required('Signature')],
  ['an empty signature', withSignature(() => ''), incomplete, required('Signature')],
  [
    'names of parts in lower case',
    withAuthorization(text => text.replace('Signature=', 'signature=')),
    incomplete,
    required('Signature'),
  ],
  [
    'no signed headers',
    withAuthorization(text => text.replace(/SignedHeaders=[^,]*, /, '')),
    incomplete,
    required('SignedHeaders'),
  ],
  ['no date', withHeader('x-amz-date', undefined), incomplete, requiredDate],
  [
    'nothing but the algorithm',
    withHeader('x-amz-date', undefined, withAuthorization('AWS4-HMAC-SHA256')),
    incomplete,
    required('Credential', 'Signature', 'SignedHeaders') + requiredDate,
  ],
  ['an empty date', dated(''), incomplete, badDate('')],
  ['a date in the extended format', dated('2026-11-20T10:00:00Z'), incomplete, badDate('2026-11-20T10:00:00Z')],
  ['a date without time', dated('20261120'), incomplete, badDate('20261120')],
  ['a time with a fraction', dated('20261120T100000.0Z'), incomplete, badDate('20261120T100000.0Z')],
  ['a time with an offset', dated('20261120T100000+00'), incomplete, badDate('20261120T100000+00')],
  ['a time of no zone', dated('20261120T1000000'), incomplete, badDate('20261120T1000000')],
  ['a date in lower case', dated('20261120t100000z'), incomplete, badDate('20261120t100000z')],
  ['a date with a blank for a digit', dated('20261120T1 0000Z'), incomplete, badDate('20261120T1 0000Z')],
  ['a date with a slash for a digit', dated('20261120T1/0000Z'), incomplete, badDate('20261120T1/0000Z')],
  ['a date with a sign for a digit', dated('2026+120T100000Z'), incomplete, badDate('2026+120T100000Z')],
  ['30 February', dated('20260230T100000Z'), incomplete, badDate('20260230T100000Z')],
  ['29 February of a common year', dated('20270229T100000Z'), incomplete, badDate('20270229T100000Z')],
  ['month 13', dated('20261320T100000Z'), incomplete, badDate('20261320T100000Z')],
  ['month 0', dated('20260020T100000Z'), incomplete, badDate('20260020T100000Z')],
  ['day 0', dated('20261100T100000Z'), incomplete, badDate('20261100T100000Z')],
  ['hour 24', dated('20261120T240000Z'), incomplete, badDate('20261120T240000Z')],
  ['minute 60', dated('20261120T106000Z'), incomplete, badDate('20261120T106000Z')],
  ['second 60', dated('20261120T100060Z'), incomplete, badDate('20261120T100060Z')],
  ['year 26', dated('00261120T100000Z'), incomplete, badDate('00261120T100000Z')],
  [
    'an HTTP date in x-amz-date',
    dated('Fri, 20 Nov 2026 10:00:00 GMT'),
    incomplete,
    badDate('Fri, 20 Nov 2026 10:00:00 GMT'),
  ],
  [
    'a bad x-amz-date beside a good Date',
    withHeader('x-amz-date', 'x', adding('Date', 'Fri, 20 Nov 2026 10:00:00 GMT')),
    incomplete,
    badDate('x'),
  ],
  [
    'an obsolete HTTP date',
    httpDated('Friday, 20-Nov-26 10:00:00 GMT'),
    incomplete,
    badDate('Friday, 20-Nov-26 10:00:00 GMT'),
  ],
  [
    'an HTTP date on the wrong weekday',
    httpDated('Mon, 20 Nov 2026 10:00:00 GMT'),
    incomplete,
    badDate('Mon, 20 Nov 2026 10:00:00 GMT'),
  ],
  ['no date at all in Date', httpDated('Invalid Date'), incomplete, badDate('Invalid Date')],
  [
    'a credential of four elements',
    withCredential('AKIA/20261120/us-east-1/kms'),
    incomplete,
    badCredential('AKIA/20261120/us-east-1/kms'),
  ],
  [
    'a credential of six elements',
    withCredential('AK/IA/20261120/us-east-1/kms/aws4_request'),
    incomplete,
    badCredential('AK/IA/20261120/us-east-1/kms/aws4_request'),
  ],
  ['another Region', withCredential('AKIA/20261120/mars-north-1/kms/aws4_request'), invalid, region('mars-north-1')],
  ['no Region', withCredential('AKIA/20261120//kms/aws4_request'), invalid, region('')],
  ['a Region in upper case', withCredential('AKIA/20261120/US-EAST-1/kms/aws4_request'), invalid, region('US-EAST-1')],
  [
    'a name every object has for a Region',
    withCredential('AKIA/20261120/constructor/kms/aws4_request'),
    invalid,
    region('constructor'),
  ],
  ['another service', withCredential('AKIA/20261120/us-east-1/sts/aws4_request'), invalid, service],
  ['another terminator', withCredential('AKIA/20261120/us-east-1/kms/aws5_request'), invalid, end('aws5_request')],
  [
    'a scope with nothing right',
    withCredential('AKIA/20261120/mars/s3/end'),
    invalid,
    region('mars') + service + end('end'),
  ],
  ['a scope of another day', withCredential('AKIA/20261119/us-east-1/kms/aws4_request'), invalid, otherDay('20261119')],
  ['a scope of no day', withCredential('AKIA/today/us-east-1/kms/aws4_request'), invalid, otherDay('today')],
  [
    'a request more than five minutes old',
    signed(undefined, undefined, new Date('2026-11-20T09:54:59Z')),
    invalid,
    'Signature expired: 20261120T095459Z is now earlier than 20261120T095500Z (20261120T100000Z - 5 min.)',
  ],
  [
    'a request more than five minutes ahead',
    signed(undefined, undefined, new Date('2026-11-20T10:05:01Z')),
    invalid,
    'Signature not yet current: 20261120T100501Z is still later than 20261120T100500Z (20261120T100000Z + 5 min.)',
  ],
  ['an empty list of signed headers', withSignedHeaders(''), invalid, mustBeSigned('Host')],
  ['an unsigned host', withSignedHeaders('content-type;x-amz-date;x-amz-target'), invalid, mustBeSigned('Host')],
  ['an unsigned operation', withSignedHeaders('content-type;host;x-amz-date'), invalid, mustBeSigned('X-Amz-Target')],
  ['an unsigned x-amz-date', withSignedHeaders('content-type;host;x-amz-target'), invalid, mustBeSigned('X-Amz-Date')],
  ['an added session token', adding('X-Amz-Security-Token', token), invalid, mustBeSigned('X-Amz-Security-Token')],
  ['an added content hash', adding('x-amz-content-sha256', 'x'), invalid, mustBeSigned('X-Amz-Content-Sha256')],
  ['any added x-amz- header', adding('X-AMZ-Anything', ''), invalid, mustBeSigned('X-Amz-Anything')],
  [
    'an unsigned Date when it is the date used',
    withSignedHeaders('content-type;host;x-amz-target', httpDated('Fri, 20 Nov 2026 10:00:00 GMT')),
    invalid,
    mustBeSigned('Date'),
  ],
  [
    'signed headers in upper case',
    withSignedHeaders('content-type;Host;x-amz-date;x-amz-target'),
    incomplete,
    disorder,
  ],
  ['unsorted signed headers', withSignedHeaders('host;content-type;x-amz-date;x-amz-target'), incomplete, disorder],
  ['repeated signed headers', withSignedHeaders('host;host;x-amz-date;x-amz-target'), incomplete, disorder],
  ['a semicolon before signed headers', withSignedHeaders(';host;x-amz-date;x-amz-target'), incomplete, disorder],
  ['a semicolon behind signed headers', withSignedHeaders('host;x-amz-date;x-amz-target;'), incomplete, disorder],
  ['a signed header that is absent', withSignedHeaders('host;x-amz-date;x-amz-target;x-other'), invalid, mismatch],
  ['signed headers with blanks', withSignedHeaders('host;x-amz-date;x-amz-target; x-other'), incomplete, disorder],
  ['a signature in upper case', withSignature(text => text.toUpperCase()), invalid, mismatch],
  ['a signature too short', withSignature(text => text.slice(2)), invalid, mismatch],
  ['a signature too long', withSignature(text => `${text}00`), invalid, mismatch],
  ['a signature that is not hexadecimal', withSignature(text => `${text.slice(1)}g`), invalid, mismatch],
  ['two authorizations', adding('authorization', 'x'), incomplete, repeated('authorization')],
  ['two hosts', adding('host', 'kms.example:4599'), incomplete, repeated('host')],
  ['two content types', adding('CONTENT-TYPE', 'text/plain'), incomplete, repeated('content-type')],
  [
    'two content lengths',
    adding('Content-Length', '25', 'Content-Length', '25'),
    incomplete,
    repeated('content-length'),
  ],
  [
    'two transfer encodings',
    adding('Transfer-Encoding', 'chunked', 'Transfer-Encoding', 'identity'),
    incomplete,
    repeated('transfer-encoding'),
  ],
  ['two dates', adding('Date', 'x', 'date', 'x'), incomplete, repeated('date')],
  ['two x-amz-dates', adding('X-Amz-Date', '20261120T100000Z'), incomplete, repeated('x-amz-date')],
  ['two operations', adding('x-amz-target', 'TrentService.ListKeys'), incomplete, repeated('x-amz-target')],
  [
    'two session tokens',
    adding('X-Amz-Security-Token', 'a', 'X-Amz-Security-Token', 'b'),
    incomplete,
    repeated('x-amz-security-token'),
  ],
  ['any repeated x-amz- header', adding('x-amz-meta', 'a', 'X-Amz-Meta', 'a'), incomplete, repeated('x-amz-meta')],
]

describe('C2: before the secret is known, refuses', () => {
  for (const [what, request, code, message] of refusals) {
    test(what, () => {
      // Twice, because the reader remembers headers.
      for (const _ of [1, 2]) {
        assert.throws(
          () => readAuthorization(request, wanted),
          error =>
            error instanceof KmsError && error.code === code && error.message === message && error.status === 400,
        )
      }
      for (const secretText of ['Signature=', 'hunter2', 'c2ln']) assert.ok(!message.includes(secretText))
    })
  }

  test('a millisecond beyond five minutes', () => {
    for (const skew of [-300_001, 300_001]) {
      const request = signed()
      assert.throws(() => readAuthorization(request, { ...wanted, now: new Date(now.getTime() + skew) }), {
        code: invalid,
      })
    }
  })

  test('a header it has read before, with something behind its signature', () => {
    const request = signed()
    readAuthorization(request, wanted)
    for (const more of [', x', ',', ',x-amz-meta']) {
      assert.throws(
        () =>
          readAuthorization(
            withAuthorization(text => text + more, request),
            wanted,
          ),
        {
          code: incomplete,
          message: noEqualSign,
        },
      )
    }
  })

  test('a header it has read before, for a service or Region it was good for then', () => {
    const request = signed()
    readAuthorization(request, wanted)
    assert.throws(() => readAuthorization(request, { ...wanted, service: 'sts' }), { code: invalid })
    assert.throws(() => readAuthorization(request, { ...wanted, regions: new Set() }), { code: invalid })
  })

  test('names the first of many faults, in the order of AWS', () => {
    const faults: [message: string, fix: (request: SignedRequest) => SignedRequest][] = [
      [bothForms, request => ({ ...request, target: '/' })],
      [algorithm('AWS3'), request => withAuthorization(text => text.replace('AWS3', 'AWS4-HMAC-SHA256'), request)],
      [noEqualSign, request => withAuthorization(text => text.replace(', oops', ''), request)],
      [required('Credential'), request => withAuthorization(text => `${text}, Credential=AKIA/x/mars/kms`, request)],
      [badDate('yesterday'), request => withHeader('x-amz-date', '20261119T100000Z', request)],
      [
        badCredential('AKIA/x/mars/kms'),
        request => withAuthorization(text => text.replace('mars/kms', 'mars/kms/aws4_request'), request),
      ],
      [region('mars'), request => withAuthorization(text => text.replace('mars', 'us-east-1'), request)],
      [
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: 'x' != '20261119', " +
          "from '20261119T100000Z'.",
        request => withAuthorization(text => text.replace('/x/', '/20261119/'), request),
      ],
      [
        'Signature expired: 20261119T100000Z is now earlier than 20261120T095500Z (20261120T100000Z - 5 min.)',
        request =>
          withHeader(
            'x-amz-date',
            '20261120T100000Z',
            withAuthorization(t => t.replace('20261119', '20261120'), request),
          ),
      ],
      [disorder, request => withSignedHeaders('x-absent', request)],
      [mustBeSigned('Host'), request => withSignedHeaders('host;x-absent', request)],
      [mustBeSigned('X-Amz-Date'), request => withSignedHeaders('host;x-absent;x-amz-date', request)],
      [mismatch, request => withSignedHeaders('host;x-amz-date', request)],
    ]
    let request: SignedRequest = {
      method: 'POST',
      target: '/?X-Amz-Algorithm=x',
      rawHeaders: [
        'Host',
        'h',
        'X-Amz-Date',
        'yesterday',
        'Authorization',
        `AWS3 SignedHeaders=B;a, oops, Signature=${'0'.repeat(64)}`,
      ],
      body,
    }
    for (const [message, fix] of faults) {
      assert.throws(() => readAuthorization(request, wanted), { message })
      request = fix(request)
    }
    assert.equal(readAuthorization(request, wanted).accessKeyId, 'AKIA')
  })
})

function verify(request: SignedRequest, key = signingKey): boolean {
  return verifySignature(request, readAuthorization(request, wanted), key)
}

describe('C2: the signature does not match', () => {
  const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
  const withHash = (text: string) => signed([...basic, ...target, 'x-amz-content-sha256', text])
  const cases: [what: string, request: SignedRequest][] = [
    ['another body', { ...signed(), body: Buffer.from('{"KeyId":"alias/other"}') }],
    ['no body', { ...signed(), body: new Uint8Array() }],
    ['another operation', withHeader('x-amz-target', 'TrentService.ScheduleKeyDeletion')],
    ['the operation in another case', withHeader('x-amz-target', 'trentservice.describekey')],
    ['another host', withHeader('host', 'kms.example')],
    ['another content type, if signed', withHeader('content-type', 'text/plain')],
    ['another session token', withHeader('x-amz-security-token', 'x', signed(undefined, undefined, now, token))],
    ['another date', dated('20261120T100001Z')],
    ['another method', { ...signed(), method: 'PUT' }],
    ['the method in another case', { ...signed(), method: 'post' }],
    ['another path', { ...signed(), target: '/console' }],
    ['a query', { ...signed(), target: '/?a' }],
    ['another Region of ours', withAuthorization(text => text.replace('us-east-1', 'eu-west-1'))],
    ['fewer signed headers', withSignedHeaders('host;x-amz-date;x-amz-target')],
    ['a payload said to be unsigned', withHash('UNSIGNED-PAYLOAD')],
    ['a streamed payload', withHash('STREAMING-AWS4-HMAC-SHA256-PAYLOAD')],
    ['a streamed payload with trailer', withHash('STREAMING-UNSIGNED-PAYLOAD-TRAILER')],
    ['the hash of another body', withHash(sha256(Buffer.from('other')))],
    ['the hash of the body in upper case', withHash(sha256(body).toUpperCase())],
    ['an empty hash', withHash('')],
  ]
  for (const [what, request] of cases) test(what, () => assert.equal(verify(request), false))

  test('one bit of the signature', () => {
    const request = signed()
    const authorization = readAuthorization(request, wanted)
    for (let bit = 0; bit < 256; bit++) {
      const signature = Uint8Array.from(authorization.signature)
      signature[bit >> 3]! ^= 1 << (bit & 7)
      assert.equal(verifySignature(request, { ...authorization, signature }, signingKey), false)
    }
    assert.equal(verifySignature(request, authorization, signingKey), true)
  })

  test('another secret, day, Region or service in the key', () => {
    const keys = [
      deriveSigningKey(Buffer.from('other'), '20261120', 'us-east-1', 'kms'),
      deriveSigningKey(secret, '20261121', 'us-east-1', 'kms'),
      deriveSigningKey(secret, '20261120', 'eu-west-1', 'kms'),
      deriveSigningKey(secret, '20261120', 'us-east-1', 'sts'),
    ]
    for (const key of keys) assert.equal(verify(signed(), key), false)
  })

  test('the answer is that of AWS', () => {
    assert.equal(signatureMismatch().code, invalid)
    assert.equal(
      signatureMismatch().message,
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access ' +
        'Key and signing method. Consult the service documentation for details.',
    )
  })
})

/** Signs these headers, then sends others besides or in another form. */
function sentOtherwise(rawHeaders: readonly string[], change: (sent: string[]) => string[]): SignedRequest {
  const request = signed(rawHeaders)
  return { ...request, rawHeaders: change([...request.rawHeaders]) }
}

describe('accepts', () => {
  const contentHash = createHash('sha256').update(body).digest('hex')
  const cases: [what: string, request: SignedRequest][] = [
    ['a request of our own signer', signed()],
    ['a session token', signed(undefined, undefined, now, token)],
    ['the hash of the body', signed([...basic, ...target, 'X-Amz-Content-Sha256', contentHash])],
    ['a request five minutes old', signed(undefined, undefined, new Date('2026-11-20T09:55:00Z'))],
    ['a request five minutes ahead', signed(undefined, undefined, new Date('2026-11-20T10:05:00Z'))],
    ['an unsigned content type', sentOtherwise(['host', 'h', ...target], sent => [...sent, 'Content-Type', 'x'])],
    ['an unsigned content length', sentOtherwise(['host', 'h', ...target], sent => [...sent, 'Content-Length', '25'])],
    ['unsigned x-amzn- headers', adding('X-Amzn-Trace-Id', 'Root=1')],
    ['repeated headers that are not signed', adding('Via', 'a', 'Via', 'b')],
    ['an unsigned Date beside x-amz-date', adding('Date', 'Fri, 20 Nov 2026 10:00:00 GMT')],
    [
      'headers in another order and case',
      sentOtherwise([...basic, ...target], sent => [...sent.slice(2), 'HOST', sent[1]!]),
    ],
    [
      'blanks that were folded in signing',
      sentOtherwise(['host', 'h', ...target, 'x-note', 'a b c'], sent =>
        sent.map(text => (text === 'a b c' ? '  a \t b   c ' : text)),
      ),
    ],
    ['repeated headers, signed', signed([...basic, ...target, 'X-Note', 'b', 'x-note', 'a'])],
    ['an empty header', signed([...basic, ...target, 'x-note', ''])],
    ['bytes beyond ASCII', signed([...basic, ...target, 'x-note', Buffer.from('voilà').toString('latin1')])],
    ['no space behind the commas', withAuthorization(text => text.replaceAll(', ', ','))],
    [
      'the parts in another order',
      withAuthorization(text => text.replace(/(Credential=.*), (SignedHeaders=.*), (Signature=.*)/, '$3, $2, $1')),
    ],
    ['unknown parts', withAuthorization(text => `${text}, Flavour=vanilla`)],
    ['a mount prefix in the path', signed(undefined, { target: '/kms/' })],
    ['an encoded path and a query', signed(undefined, { target: '/a%20b/./c//d?y=%7e&x=a+b&x=%2F&z', method: 'GET' })],
  ]
  for (const [what, request] of cases) test(what, () => assert.equal(verify(request), true))

  test('the same with an HTTP date', () => {
    const text = 'Fri, 20 Nov 2026 10:00:00 GMT'
    // Our signer writes x-amz-date, so this signature is put together from the canonical request that AWS documents.
    const list = 'date;host'
    const request = {
      method: 'POST',
      target: '/',
      body,
      rawHeaders: ['Host', 'h', 'Date', text, 'Authorization', ''],
    }
    const canonical = `POST\n/\n\ndate:${text}\nhost:h\n\n${list}\n${contentHash}`
    const scope = '20261120/us-east-1/kms/aws4_request'
    const toSign = `AWS4-HMAC-SHA256\n20261120T100000Z\n${scope}\n${createHash('sha256').update(canonical).digest('hex')}`
    const signature = createHmac('sha256', signingKey).update(toSign).digest('hex')
    request.rawHeaders[5] = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${list}, Signature=${signature}`
    assert.equal(verify(request), true)
    assert.equal(readAuthorization(request, wanted).timestamp, '20261120T100000Z')
  })

  test('and says who claims to have signed', () => {
    const request = signed(undefined, undefined, now, token)
    const { signature, headerLines, ...rest } = readAuthorization(request, wanted)
    assert.equal(signature.length, 32)
    assert.ok(headerLines.startsWith('content-type:application/x-amz-json-1.1\nhost:kms.example:4599\n'))
    assert.deepEqual(rest, {
      accessKeyId,
      date: '20261120',
      region: 'us-east-1',
      service: 'kms',
      scope: '20261120/us-east-1/kms/aws4_request',
      credential: `${accessKeyId}/20261120/us-east-1/kms/aws4_request`,
      timestamp: '20261120T100000Z',
      sessionToken: token,
      signedHeaders: 'content-type;host;x-amz-date;x-amz-security-token;x-amz-target',
      contentHash: undefined,
    })
  })
})

describe('the canonical request', () => {
  const targets: [target: string, path: string, query: string][] = [
    ['/', '/', ''],
    ['', '/', ''],
    ['?', '/', ''],
    ['/?', '/', ''],
    ['/a%20b', '/a%2520b', ''],
    ['/a/../../b/', '/b/', ''],
    ['/..', '/', ''],
    ['//a///b//', '/a/b/', ''],
    ['/\u00e9', '/%E9', ''],
    ['/?Param-3=1&Param=2', '/', 'Param=2&Param-3=1'],
    ['/?b=2&a=2&a=1&a', '/', 'a=&a=1&a=2&b=2'],
    ['/?&a=1&&b=2&', '/', 'a=1&b=2'],
    ['/?a=b=c?d', '/', 'a=b%3Dc%3Fd'],
    ['/?a+b=%2b', '/', 'a%2Bb=%2B'],
    ['/?%41=%7E%c3%a9', '/', 'A=~%C3%A9'],
    ['/?a=%&b=%4&c=%zz', '/', 'a=%25&b=%254&c=%25zz'],
    ["/?a=!'()*", '/', 'a=%21%27%28%29%2A'],
  ]
  for (const [text, path, query] of targets) {
    test(`of the target "${text}"`, () => assert.equal(canonicalTarget(text), `${path}\n${query}`))
  }

  test('folds blanks, one by one', () => {
    for (const [value, canonical] of [
      [' a', 'a'],
      ['a ', 'a'],
      ['\ta\t', 'a'],
      ['a  b', 'a b'],
      ['a\tb', 'a b'],
      ['a\n b', 'a b'],
      ['"a   b"', '"a b"'],
      ['   ', ''],
    ] as const) {
      assert.equal(readHeaders(['x', value]).get('x'), canonical)
    }
  })

  test('does not take the last byte of a letter for a blank', () => {
    assert.equal(readHeaders(['A', ' \u00c3\u00a0 ']).get('a'), '\u00c3\u00a0')
  })

  test('reads a name that every object has like all others', () => {
    assert.equal(canonicalQuery('__proto__=1&constructor=2'), '__proto__=1&constructor=2')
    assert.equal(readHeaders(['__proto__', '1']).get('__proto__'), '1')
    assert.equal(readHeaders([]).get('constructor'), undefined)
  })
})

test('derives the signing key that AWS documents', () => {
  // https://docs.aws.amazon.com/general/latest/gr/signature-v4-examples.html, as archived in 2022
  const key = deriveSigningKey(Buffer.from('wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'), '20120215', 'us-east-1', 'iam')
  assert.equal(key.export().toString('hex'), 'f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d')
})

test('leaves the secret as it was', () => {
  const copy = Buffer.from(secret)
  deriveSigningKey(copy, '20261120', 'us-east-1', 'kms')
  assert.deepEqual(copy, secret)
})

describe('signing keys at hand', () => {
  const authorization = readAuthorization(signed(), wanted)

  test('are those put there, for that version of the access key alone', () => {
    const keys = new SigningKeys()
    assert.equal(keys.get(authorization, 1), undefined)
    keys.set(authorization, 1, signingKey)
    assert.equal(keys.get(authorization, 1), signingKey)
    assert.equal(keys.get(authorization, 2), undefined)
    assert.equal(keys.get(authorization, 0), undefined)
  })

  test('give way to those of the next version', () => {
    const keys = new SigningKeys()
    const next = deriveSigningKey(Buffer.from('next'), '20261120', 'us-east-1', 'kms')
    keys.set(authorization, 1, signingKey)
    keys.set(authorization, 2, next)
    assert.equal(keys.get(authorization, 2), next)
    assert.equal(keys.get(authorization, 1), undefined)
  })

  test('are not those of another access key, day, Region or service', () => {
    const keys = new SigningKeys()
    keys.set(authorization, 1, signingKey)
    const { accessKeyId, scope, credential } = authorization
    assert.equal(credential, `${accessKeyId}/${scope}`)
    assert.equal(keys.get({ ...authorization, credential: `AKIAOTHER/${scope}` }, 1), undefined)
    for (const other of ['20261121/us-east-1/kms', '20261120/eu-west-1/kms', '20261120/us-east-1/sts']) {
      assert.equal(keys.get({ ...authorization, credential: `${accessKeyId}/${other}/aws4_request` }, 1), undefined)
    }
  })

  test('are never more than agreed: the oldest goes first', () => {
    const keys = new SigningKeys(3)
    const named = (name: number) => ({ ...authorization, credential: `AKIA${name}` })
    for (const name of [1, 2, 3]) keys.set(named(name), 1, signingKey)
    keys.set(named(2), 2, signingKey) // The newest now.
    const held = () => [1, 2, 3, 4].filter(name => keys.get(named(name), name === 2 ? 2 : 1))
    assert.deepEqual(held(), [1, 2, 3])
    keys.set(named(4), 1, signingKey)
    assert.deepEqual(held(), [2, 3, 4])
    keys.set(named(5), 1, signingKey)
    assert.deepEqual(held(), [2, 4])
  })
})

interface Sent {
  method: string
  path: string
  query?: Record<string, unknown>
  headers: Record<string, string>
  body?: string | Uint8Array
}

/** What an SDK client would have sent. */
async function captured(send: (handler: { handle(request: Sent): never }) => Promise<unknown>): Promise<SignedRequest> {
  const requests: Sent[] = []
  const handle = (request: Sent): never => {
    requests.push(request)
    throw new Error('no network here')
  }
  await assert.rejects(send({ handle }), /no network here/)
  const [request] = requests
  assert.ok(request && requests.length === 1)
  assert.deepEqual(request.query ?? {}, {})
  return {
    method: request.method,
    target: request.path,
    rawHeaders: Object.entries(request.headers).flat(),
    body: typeof request.body === 'string' ? Buffer.from(request.body) : Uint8Array.from(request.body ?? []),
  }
}

describe('requests of the AWS SDK for JavaScript', () => {
  const settings = (sessionToken?: string) => ({
    region: 'eu-west-1',
    endpoint: 'http://127.0.0.1:4599',
    maxAttempts: 1,
    credentials: {
      accessKeyId,
      secretAccessKey: secret.toString(),
      ...(sessionToken === undefined ? {} : { sessionToken }),
    },
  })
  // The SDK's type of a handler wants an HTTP response, which a handler that throws does not have.
  const kms = (send: (client: KMSClient) => Promise<unknown>, sessionToken?: string) =>
    captured(handler => send(new KMSClient({ ...settings(sessionToken), requestHandler: handler as never })))
  const sts = (send: (client: STSClient) => Promise<unknown>) =>
    captured(handler => send(new STSClient({ ...settings(), requestHandler: handler as never })))

  const cases: [what: string, send: () => Promise<SignedRequest>, service: string, sessionToken?: string][] = [
    ['ListKeys', () => kms(client => client.send(new ListKeysCommand({}))), 'kms'],
    [
      'DescribeKey, beyond ASCII',
      () => kms(client => client.send(new DescribeKeyCommand({ KeyId: 'alias/clé' }))),
      'kms',
    ],
    [
      'Encrypt with a session token',
      () =>
        kms(client => client.send(new EncryptCommand({ KeyId: 'alias/a', Plaintext: Buffer.alloc(4096, 7) })), token),
      'kms',
      token,
    ],
    ['STS GetCallerIdentity', () => sts(client => client.send(new GetCallerIdentityCommand({}))), 'sts'],
    [
      'STS AssumeRole',
      () =>
        sts(client =>
          client.send(new AssumeRoleCommand({ RoleArn: 'arn:aws:iam::111122223333:role/a', RoleSessionName: 'b c' })),
        ),
      'sts',
    ],
  ]
  for (const [what, send, serviceName, sessionToken] of cases) {
    test(what, async () => {
      const request = await send()
      const sentAt = readHeaders(request.rawHeaders).get('x-amz-date') ?? ''
      const clock = new Date(sentAt.replace(/^(....)(..)(..T..)(..)/, '$1-$2-$3:$4:'))
      const scope = { now: clock, regions, service: serviceName }
      const authorization = readAuthorization(request, scope)
      assert.equal(authorization.accessKeyId, accessKeyId)
      assert.equal(authorization.sessionToken, sessionToken)
      const key = deriveSigningKey(secret, authorization.date, 'eu-west-1', serviceName)
      assert.equal(verifySignature(request, authorization, key), true)
      assert.equal(verifySignature({ ...request, body: Buffer.from('{}x') }, authorization, key), false)
      assert.throws(() => readAuthorization(request, { ...scope, service: 's3' }), { code: invalid })
    })
  }
})
