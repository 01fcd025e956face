import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import {
  canonicalHeaders,
  canonicalQuery,
  canonicalRequest,
  canonicalTarget,
  encodePath,
  readHeaders,
} from '../../src/protocol/canonical-request.ts'
import {
  computeSignature,
  deriveSigningKey,
  readAuthorization,
  sign,
  verifySignature,
  type SignedRequest,
} from '../../src/protocol/sigv4.ts'

const vectors = process.env['KEYREEVE_VECTORS']
const folder = join(vectors ?? '', 'sigv4')

interface Context {
  credentials: { access_key_id: string; secret_access_key: string; token?: string }
  normalize: boolean
  omit_session_token?: boolean
  region: string
  service: string
  sign_body: boolean
  timestamp: string
}

/** The form a request has in the suite's files; its paths are not encoded yet, so they are encoded once, not twice. */
function parseRequest(text: string): SignedRequest {
  const [head = '', body = ''] = text.split('\n\n')
  const [line = '', ...fields] = head.trimEnd().split(/\n(?![ \t])/)
  const rawHeaders = fields.flatMap(field => {
    const colon = field.indexOf(':')
    return [field.slice(0, colon), field.slice(colon + 1)]
  })
  const start = line.indexOf(' ')
  const target = line.slice(start + 1, line.lastIndexOf(' HTTP/1.1'))
  return { method: line.slice(0, start), target, rawHeaders, body: Buffer.from(body, 'latin1') }
}

function targetAsIs(target: string): string {
  const [path = '', query = ''] = target.split('?')
  return `${encodePath(path)}\n${canonicalQuery(query)}`
}

function runCase(name: string): void {
  const read = (file: string) => readFileSync(join(folder, name, file), 'latin1')
  const context = JSON.parse(read('context.json')) as Context
  const { access_key_id: accessKeyId, secret_access_key, token } = context.credentials
  const secret = Buffer.from(secret_access_key)
  const { region, service } = context
  const now = new Date(context.timestamp)
  const signingKey = deriveSigningKey(secret, '20150830', region, service)
  const signature = read('header-signature.txt')
  const signed = parseRequest(read('header-signed-request.txt'))

  const headers = readHeaders(signed.rawHeaders)
  const listed = /SignedHeaders=([^,]*)/.exec(headers.get('authorization') ?? '')?.[1] ?? ''
  const canonical = canonicalRequest(
    signed.method,
    context.normalize ? canonicalTarget(signed.target) : targetAsIs(signed.target),
    canonicalHeaders(headers, listed.split(';')) ?? '',
    listed,
    createHash('sha256').update(signed.body).digest('hex'),
  )
  assert.equal(canonical, read('header-canonical-request.txt'))
  const scope = `20150830/${region}/${service}/aws4_request`
  assert.equal(computeSignature(canonical, '20150830T123600Z', scope, signingKey).toString('hex'), signature)

  const wanted = { now, regions: new Set([region]), service }
  if (context.omit_session_token) {
    assert.throws(() => readAuthorization(signed, wanted), {
      code: 'InvalidSignatureException',
      message: "'X-Amz-Security-Token' must be a 'SignedHeader' in the AWS Authorization.",
    })
    return
  }
  const authorization = readAuthorization(signed, wanted)
  assert.equal(authorization.accessKeyId, accessKeyId)
  assert.equal(authorization.sessionToken, token)
  // Not normalizing is the way of S3 alone, so what it changes must not pass here.
  const sameForAll = canonicalTarget(signed.target) === targetAsIs(signed.target)
  assert.equal(verifySignature(signed, authorization, signingKey), context.normalize || sameForAll)
  assert.equal(verifySignature({ ...signed, body: Buffer.from('other') }, authorization, signingKey), false)
  assert.equal(verifySignature({ ...signed, method: 'PUT' }, authorization, signingKey), false)

  if (!context.normalize && !sameForAll) return
  const plain = parseRequest(read('request.txt'))
  const contentHash = context.sign_body ? ['x-amz-content-sha256', headers.get('x-amz-content-sha256') ?? ''] : []
  const added = sign(
    { ...plain, rawHeaders: [...plain.rawHeaders, ...contentHash] },
    { accessKeyId, secret, sessionToken: token },
    { now, region, service },
  )
  assert.equal(added['authorization'], headers.get('authorization'))
}

describe('the signing test suite of AWS', () => {
  if (vectors === undefined) {
    test('all cases', t => t.skip('set KEYREEVE_VECTORS: sigv4/ is awslabs/aws-c-auth tests/aws-signing-test-suite/v4'))
    return
  }
  const entries = readdirSync(folder, { withFileTypes: true })
  const names = entries.filter(entry => entry.isDirectory()).map(entry => entry.name)
  test('has 38 cases', () => assert.equal(names.length, 38))
  for (const name of names) test(name, () => runCase(name))
})
