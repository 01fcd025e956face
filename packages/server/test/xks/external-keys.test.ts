import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createPlainServer } from 'node:http'
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, test } from 'node:test'
import { createServer as createTlsServer } from 'node:tls'
import type { OuterLayer } from '../../src/keys/ciphertext.ts'
import { openExternalKeys, type ExternalKeys, type ProxyCall } from '../../src/xks/external-keys.ts'
import { ProxyFailure } from '../../src/xks/failures.ts'
import { makeCertificate } from '../support/certificate.ts'
import { encryptAnswer, externalKey, failing, startProxy, type Misbehaviour } from '../support/xks-proxy.ts'

/** The client of external key store proxies, against a proxy that does as specified, or not. */

const folder = mkdtempSync(join(tmpdir(), 'keyreeve-xks-'))
const proxy = await startProxy(folder)
const servers: Server[] = []
const reports: Record<string, string | number>[] = []
const usual = { ca: proxy.ca, port: proxy.port, allowLoopback: true, timeout: 3000 }
const open = (settings: Partial<typeof usual> = {}) =>
  openExternalKeys({ ...usual, ...settings }, failure => void reports.push(failure))
const client = open()
after(async () => {
  client.close()
  await proxy.close()
  for (const server of servers) server.close()
  rmSync(folder, { recursive: true })
})
beforeEach(() => {
  proxy.misbehave = undefined
  proxy.health = ['ACTIVE']
  reports.length = 0
})

const now = Date.UTC(2026, 10, 24, 12, 0, 0)
const call: ProxyCall = {
  proxy: {
    uriEndpoint: 'https://localhost',
    uriPath: '/prefix/kms/xks/v1',
    accessKeyId: proxy.credential.AccessKeyId,
  },
  secret: Buffer.from(proxy.credential.RawSecretAccessKey),
  region: 'eu-central-1',
  now,
  metadata: { awsPrincipalArn: 'arn:aws:iam::000000000000:user/a', kmsOperation: 'Encrypt', kmsRequestId: 'r-1' },
}
proxy.keys.set('plain', externalKey())
proxy.keys.set('other', externalKey())
proxy.keys.set('Key_1.2-x', externalKey({ metadata: Buffer.from('version 7'), ivSize: 16 }))
const plaintext = randomBytes(100)
const additional = randomBytes(70)

const failsWith = (failure: string) => (error: unknown) => error instanceof ProxyFailure && error.failure === failure
const rejects = (promise: Promise<unknown>, failure: string): Promise<void> =>
  assert.rejects(promise, failsWith(failure), failure)

// What works

for (const id of ['plain', 'Key_1.2-x']) {
  test(`${id}: what was encrypted is decrypted, and nothing that was altered`, async () => {
    const layer = await client.encrypt(call, id, plaintext, additional)
    assert.equal(layer.ciphertext.length, plaintext.length)
    assert.deepEqual(await client.decrypt(call, id, layer, additional), plaintext)
    for (const part of ['iv', 'tag', 'metadata', 'ciphertext'] as const) {
      if (layer[part].length === 0) continue
      const altered = { ...layer, [part]: layer[part].map((byte, index) => (index === 0 ? byte ^ 1 : byte)) }
      await rejects(client.decrypt(call, id, altered, additional), 'InvalidCiphertextException')
    }
    await rejects(client.decrypt(call, id, layer, plaintext), 'InvalidCiphertextException')
    await rejects(client.decrypt(call, 'other', layer, additional), 'InvalidCiphertextException')
  })
}

test('takes the largest plaintext and the most additional data that are specified', async () => {
  const [large, most] = [randomBytes(4300), randomBytes(8192)]
  const layer = await client.encrypt(call, 'plain', large, most)
  assert.deepEqual(await client.decrypt(call, 'plain', layer, most), large)
})

test('sends what is specified, signed for the service kms-xks-proxy in the Region of the store', async () => {
  await client.encrypt(call, 'plain', plaintext, additional)
  const { path, prefix, headers, body } = proxy.requests.at(-1) ?? assert.fail('no request')
  assert.deepEqual([prefix, path], ['/prefix', '/keys/plain/encrypt'])
  assert.deepEqual(body, {
    requestMetadata: call.metadata,
    plaintext: plaintext.toString('base64'),
    encryptionAlgorithm: 'AES_GCM',
    additionalAuthenticatedData: additional.toString('base64'),
    ciphertextDataIntegrityValueAlgorithm: 'SHA_256',
  })
  assert.equal(headers['host'], `localhost:${proxy.port}`)
  assert.equal(headers['content-type'], 'application/json')
  assert.equal(headers['x-amz-date'], '20261124T120000Z')
  assert.match(
    String(headers['authorization']),
    /\/20261124\/eu-central-1\/kms-xks-proxy\/aws4_request, SignedHeaders=host;x-amz-date,/,
  )
  await client.checkHealth({ ...call, metadata: { kmsOperation: 'ConnectCustomKeyStore', kmsRequestId: 'r-2' } })
  assert.deepEqual(proxy.requests.at(-1)?.body, {
    requestMetadata: { kmsOperation: 'ConnectCustomKeyStore', kmsRequestId: 'r-2' },
  })
  assert.equal(proxy.requests.at(-1)?.path, '/health')
})

test('says of a key what the proxy says', async () => {
  const { keySpec, keyUsage, keyStatus } = await client.describeKey(call, 'plain')
  assert.deepEqual([keySpec, keyUsage, keyStatus], ['AES_256', ['ENCRYPT', 'DECRYPT', 'WRAP'], 'ENABLED'])
})

test('uses a connection again, and another one when the proxy has closed it', async () => {
  await client.checkHealth(call)
  const before = proxy.connections()
  for (let i = 0; i < 5; i++) await client.checkHealth(call)
  assert.equal(proxy.connections(), before)
  // The proxy hangs up on a connection just when it gets the next request.
  let hangUps = 1
  proxy.misbehave = () => (hangUps-- > 0 ? 'reset' : undefined) as Misbehaviour
  await client.checkHealth(call)
  assert.equal(proxy.connections(), before + 1)
  proxy.dropIdle()
  await client.checkHealth(call)
  assert.deepEqual(reports, [])
})

test('is healthy while one key manager works, and unhealthy when none does', async () => {
  proxy.health = ['UNAVAILABLE', 'DEGRADED']
  await client.checkHealth(call)
  proxy.health = ['UNAVAILABLE', 'UNAVAILABLE']
  await rejects(client.checkHealth(call), 'unhealthy')
})

// What the proxy refuses

test('a wrong credential is not accepted', async () => {
  const wrong = { ...call, secret: Buffer.from('wrong'.repeat(9)) }
  await rejects(client.checkHealth(wrong), 'AuthenticationFailedException')
  const unknown = { ...call, proxy: { ...call.proxy, accessKeyId: 'A'.repeat(20) } }
  await rejects(client.checkHealth(unknown), 'AuthenticationFailedException')
})

test('an unknown key and an unknown path are told apart', async () => {
  await rejects(client.describeKey(call, 'absent'), 'KeyNotFoundException')
  const lost = { ...call, proxy: { ...call.proxy, uriPath: '/nowhere/kms/xks/v1' } }
  await rejects(client.checkHealth(lost), 'InvalidUriPathException')
})

const named: [status: number, errorName: string][] = [
  [400, 'ValidationException'],
  [400, 'InvalidStateException'],
  [400, 'InvalidCiphertextException'],
  [400, 'InvalidKeyUsageException'],
  [401, 'AuthenticationFailedException'],
  [403, 'AccessDeniedException'],
  [404, 'KeyNotFoundException'],
  [404, 'InvalidUriPathException'],
  [429, 'ThrottlingException'],
  [500, 'InternalException'],
  [501, 'UnsupportedOperationException'],
  [503, 'DependencyTimeoutException'],
]
for (const [status, errorName] of named) {
  test(`knows ${errorName}, and reports neither its message nor anything secret`, async () => {
    proxy.misbehave = failing(status, errorName)
    await rejects(client.encrypt(call, 'plain', plaintext, additional), errorName)
    assert.deepEqual(reports, [
      {
        proxy: 'https://localhost',
        path: '/keys/plain/encrypt',
        operation: 'Encrypt',
        requestId: 'r-1',
        failure: errorName,
        status,
      },
    ])
  })
}

// What is no answer

const garbage: [what: string, misbehaviour: Misbehaviour][] = [
  ['an error that nobody knows', { status: 400, body: '{"errorName":"SurprisingException"}' }],
  ['an error with a name of ours', { status: 400, body: '{"errorName":"unreachable"}' }],
  ['an error named like a property', { status: 400, body: '{"errorName":"constructor"}' }],
  ['an error without a name', { status: 401, body: '{"errorMessage":"no"}' }],
  ['an error whose name is no text', { status: 500, body: '{"errorName":7}' }],
  ['an error page', { status: 502, body: '<html>Bad Gateway</html>' }],
  ['an error without a body', { status: 403, body: '' }],
  ['a redirect', { status: 307, body: '', headers: { location: 'https://localhost/elsewhere' } }],
  ['success without a body', { status: 200, body: '' }],
  ['success that is no JSON', { status: 200, body: '{"ciphertext":' }],
  ['success that is no object', { status: 200, body: '[]' }],
  ['success that is not UTF-8', { status: 200, body: Buffer.of(0x22, 0xff, 0x22) }],
  ['a success with another status', { status: 201, body: '{}' }],
  ['an endless answer', { status: 200, body: Buffer.alloc(65 * 1024, 0x20) }],
]
for (const [what, misbehaviour] of garbage) {
  test(`refuses ${what}`, async () => {
    proxy.misbehave = () => misbehaviour
    await rejects(client.encrypt(call, 'plain', plaintext, additional), 'invalidResponse')
    await rejects(client.decrypt(call, 'plain', layer, additional), 'invalidResponse')
    await rejects(client.checkHealth(call), 'invalidResponse')
    await rejects(client.describeKey(call, 'plain'), 'invalidResponse')
  })
}
const layer: OuterLayer = {
  iv: Buffer.alloc(12),
  tag: Buffer.alloc(16),
  metadata: Buffer.alloc(0),
  ciphertext: Buffer.alloc(100),
}

const parts = {
  iv: Buffer.alloc(12, 1),
  tag: Buffer.alloc(16, 2),
  metadata: Buffer.alloc(0),
  ciphertext: Buffer.alloc(plaintext.length, 3),
  additional,
}
const good = encryptAnswer(parts)
const { authenticationTag: _tag, ...untagged } = good
const { ciphertextDataIntegrityValue: _value, ...unchecked } = good
const { initializationVector: _iv, ...withoutIv } = good
const { ciphertext: _ciphertext, ...withoutCiphertext } = good
const wrongEncryptions: [what: string, answer: object][] = [
  ['an IV of 11 bytes', encryptAnswer({ ...parts, iv: Buffer.alloc(11) })],
  ['an IV of 13 bytes', encryptAnswer({ ...parts, iv: Buffer.alloc(13) })],
  ['an IV of 17 bytes', encryptAnswer({ ...parts, iv: Buffer.alloc(17) })],
  ['no bytes of IV', encryptAnswer({ ...parts, iv: Buffer.alloc(0) })],
  ['a tag of 12 bytes', encryptAnswer({ ...parts, tag: Buffer.alloc(12) })],
  ['a tag of 17 bytes', encryptAnswer({ ...parts, tag: Buffer.alloc(17) })],
  ['metadata of 21 bytes', encryptAnswer({ ...parts, metadata: Buffer.alloc(21) })],
  ['a ciphertext that is too short', encryptAnswer({ ...parts, ciphertext: Buffer.alloc(plaintext.length - 1) })],
  ['a ciphertext with the tag behind it', encryptAnswer({ ...parts, ciphertext: Buffer.alloc(plaintext.length + 16) })],
  ['a check value of something else', { ...good, ciphertextDataIntegrityValue: randomBytes(32).toString('base64') }],
  ['a check value without the additional data', encryptAnswer({ ...parts, additional: Buffer.alloc(0) })],
  ['a check value that is too short', { ...good, ciphertextDataIntegrityValue: randomBytes(31).toString('base64') }],
  ['no check value, though it is asked for', unchecked],
  ['no tag', untagged],
  ['no IV', withoutIv],
  ['no ciphertext', withoutCiphertext],
  ['a null for the tag', { ...good, authenticationTag: null }],
  ['a number for the tag', { ...good, authenticationTag: 12 }],
  ['a tag without padding', { ...good, authenticationTag: good.authenticationTag.replace('=', '') }],
  ['a tag in the alphabet of URLs', { ...good, authenticationTag: '-_'.repeat(11) + '==' }],
]
for (const [what, answer] of wrongEncryptions) {
  test(`refuses an encryption with ${what}`, async () => {
    proxy.misbehave = () => ({ status: 200, body: JSON.stringify(answer) })
    await rejects(client.encrypt(call, 'plain', plaintext, additional), 'invalidResponse')
  })
}

test('takes the same without a fault, in any order, with members that nobody asked for', async () => {
  const answer = { more: [1, { a: null }], ...Object.fromEntries(Object.entries(good).toReversed()) }
  proxy.misbehave = () => ({ status: 200, body: `\n ${JSON.stringify(answer)} ` })
  const { iv, tag, metadata, ciphertext } = await client.encrypt(call, 'plain', plaintext, additional)
  assert.deepEqual({ iv, tag, metadata, ciphertext, additional }, { ...parts, metadata: new Uint8Array() })
})

const otherAnswers: [what: string, ask: (keys: ExternalKeys) => Promise<unknown>, body: string][] = [
  [
    'a plaintext that is too long',
    keys => keys.decrypt(call, 'plain', layer, additional),
    `{"plaintext":"${'A'.repeat(136)}"}`,
  ],
  ['a plaintext that is too short', keys => keys.decrypt(call, 'plain', layer, additional), '{"plaintext":""}'],
  ['no plaintext', keys => keys.decrypt(call, 'plain', layer, additional), '{}'],
  ['two plaintexts', keys => keys.decrypt(call, 'plain', layer, additional), '{"plaintext":"","plaintext":""}'],
  ['no key spec', keys => keys.describeKey(call, 'plain'), '{"keyUsage":[],"keyStatus":"ENABLED"}'],
  ['no key usage', keys => keys.describeKey(call, 'plain'), '{"keySpec":"AES_256","keyStatus":"ENABLED"}'],
  ['no key status', keys => keys.describeKey(call, 'plain'), '{"keySpec":"AES_256","keyUsage":[]}'],
  [
    'a key spec that is no word',
    keys => keys.describeKey(call, 'plain'),
    '{"keySpec":"<script>","keyUsage":[],"keyStatus":"ENABLED"}',
  ],
  [
    'eleven key usages',
    keys => keys.describeKey(call, 'plain'),
    `{"keySpec":"AES_256","keyUsage":${JSON.stringify(Array(11).fill('SIGN'))},"keyStatus":"ENABLED"}`,
  ],
  [
    'health of no key manager',
    keys => keys.checkHealth(call),
    '{"xksProxyFleetSize":1,"xksProxyVendor":"a","xksProxyModel":"a","ekmVendor":"a","ekmFleetDetails":[]}',
  ],
  [
    'health of an unknown kind',
    keys => keys.checkHealth(call),
    '{"xksProxyFleetSize":1,"xksProxyVendor":"a","xksProxyModel":"a","ekmVendor":"a","ekmFleetDetails":[{"id":"a","model":"a","healthStatus":"FINE"}]}',
  ],
  ['health without details', keys => keys.checkHealth(call), '{"xksProxyFleetSize":1,"xksProxyVendor":"a"}'],
]
for (const [what, ask, body] of otherAnswers) {
  test(`refuses ${what}`, async () => {
    proxy.misbehave = () => ({ status: 200, body })
    await rejects(ask(client), 'invalidResponse')
  })
}

// What is no connection

test('a proxy that does not answer in time is late', async () => {
  const impatient = open({ timeout: 200 })
  try {
    proxy.misbehave = () => 'hang'
    await rejects(impatient.checkHealth(call), 'late')
    assert.equal(reports[0]?.['reason'], 'timeout')
  } finally {
    impatient.close()
  }
})

test('a proxy that hangs up on a fresh connection is unreachable', async () => {
  const fresh = open()
  try {
    proxy.misbehave = () => 'reset'
    await rejects(fresh.checkHealth(call), 'unreachable')
  } finally {
    fresh.close()
  }
})

async function listening(server: Server): Promise<number> {
  servers.push(server)
  await new Promise<void>(resolve => void server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port // Of a server that listens on a port.
}

async function fails(settings: Partial<typeof usual>, failure: string, host = 'localhost'): Promise<void> {
  const other = open({ timeout: 1000, ...settings })
  try {
    const to = { ...call, proxy: { ...call.proxy, uriEndpoint: `https://${host}` } }
    await rejects(other.checkHealth(to), failure)
  } finally {
    other.close()
  }
}

test('nobody listens: unreachable', async () => {
  const server = createTcpServer()
  const port = await listening(server)
  await new Promise(resolve => server.close(resolve))
  await fails({ port }, 'unreachable')
  assert.equal(reports[0]?.['reason'], 'ECONNREFUSED')
})

test('the name does not exist: unreachable', () => fails({}, 'unreachable', 'does-not-exist.invalid'))

for (const host of ['localhost', '127.0.0.1', '2130706433', '127.1', 'LOCALHOST']) {
  test(`${host} is refused unless loopback is allowed, before a connection is made`, async () => {
    const before = proxy.connections()
    await fails({ allowLoopback: false }, 'unreachable', host)
    assert.equal(proxy.connections(), before)
    assert.equal(reports[0]?.['reason'], 'no allowed address')
  })
}

test('0.0.0.0 and metadata services are refused in any case', async () => {
  const before = proxy.connections()
  await fails({}, 'unreachable', '0.0.0.0')
  await fails({}, 'unreachable', '0')
  await fails({}, 'unreachable', '169.254.169.254')
  await fails({}, 'unreachable', '2852039166') // The same as a number.
  assert.equal(proxy.connections(), before)
  assert.deepEqual(
    reports.map(({ reason }) => reason),
    Array(4).fill('no allowed address'),
  )
})

test('a certificate of another authority is refused', async () => {
  const ca = join(folder, 'other.pem')
  writeFileSync(ca, makeCertificate('localhost').certificate)
  await fails({ ca }, 'tls')
  await fails({ ca: undefined } as unknown as Partial<typeof usual>, 'tls') // The public authorities.
})

test('a certificate that is none of the file is refused, whatever the environment says', async () => {
  const ca = join(folder, 'third.pem')
  writeFileSync(ca, makeCertificate('localhost').certificate)
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
  try {
    await fails({ ca }, 'tls')
  } finally {
    delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
  }
})

test('a certificate of another name is refused', async () => {
  await fails({}, 'tls', '127.1') // Another way to write 127.0.0.1, for which the certificate is.
  assert.equal(reports[0]?.['reason'], 'ERR_TLS_CERT_ALTNAME_INVALID')
})

test('what speaks no TLS is refused', async () => {
  await fails({ port: await listening(createPlainServer((_, response) => void response.end('{}'))) }, 'tls')
})

test('TLS 1.1 is refused', async () => {
  const { certificate, key } = makeCertificate('localhost')
  const ca = join(folder, 'old.pem')
  writeFileSync(ca, certificate)
  const settings = {
    cert: certificate,
    key,
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'ALL:@SECLEVEL=0',
  } as const
  await fails({ ca, port: await listening(createTlsServer(settings)) }, 'tls')
})

test('who hangs up during the handshake is refused', async () => {
  await fails({ port: await listening(createTcpServer(socket => void socket.destroy())) }, 'tls')
})

test('who says nothing during the handshake is late', async () => {
  const server = createTcpServer()
  await fails({ port: await listening(server), timeout: 150 }, 'late')
})

test('who answers in something else than HTTP is refused', async () => {
  const { certificate, key } = makeCertificate('localhost')
  const ca = join(folder, 'chat.pem')
  writeFileSync(ca, certificate)
  const server = createTlsServer({ cert: certificate, key }, socket => void socket.end('220 mail.example ESMTP\r\n'))
  await fails({ ca, port: await listening(server) }, 'invalidResponse')
})

test('a file of authorities must hold one', () => {
  const empty = join(folder, 'empty.pem')
  writeFileSync(empty, 'nothing')
  assert.throws(() => open({ ca: empty }), /^Error: xks\.ca names .*empty\.pem, which cannot be used: /)
  assert.throws(
    () => open({ ca: join(folder, 'absent.pem') }),
    /xks\.ca names .*absent\.pem, which cannot be used: ENOENT/,
  )
})
