import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { consoleRoutes } from '../../src/http/console.ts'
import { listen, type Listener } from '../../src/http/server.ts'
import { RawConnection, type Answer } from '../support/raw-http.ts'

// Built by npm test, before it runs.
const folder = fileURLToPath(new URL('../../console', import.meta.url))
const regions = ['eu-central-1', 'us-east-1']

async function start(t: TestContext, from = folder, basePath = ''): Promise<Listener> {
  const listener = await listen({ host: '127.0.0.1', port: 0, basePath, log: () => {} }, consoleRoutes(from, regions))
  t.after(() => listener.close())
  return listener
}

async function get({ port }: Listener, path: string, headers = ''): Promise<Answer> {
  const connection = await RawConnection.open(port)
  connection.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${headers}\r\n`)
  const answer = await connection.answer()
  await connection.ended()
  return answer
}

function folderWith(t: TestContext, files: Record<string, string>): string {
  const made = mkdtempSync(join(tmpdir(), 'keyreeve-console-'))
  t.after(() => rmSync(made, { recursive: true }))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(made, name, '..'), { recursive: true })
    writeFileSync(join(made, name), text)
  }
  return made
}

test('C13: lets browsers load nothing from elsewhere, and nobody frame it', async t => {
  const listener = await start(t)
  for (const path of [
    '/console/',
    '/console/index.html',
    '/console/icon.svg',
    '/console/regions.json',
    await script(listener),
  ]) {
    const { status, headers } = await get(listener, path)
    assert.equal(status, 200)
    const policy = headers.get('content-security-policy')?.split('; ') ?? []
    for (const rule of [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
    ]) {
      assert.ok(policy.includes(rule), rule)
    }
    assert.doesNotMatch(policy.join(), /unsafe|data:|https?:|\*/)
    assert.equal(headers.get('x-content-type-options'), 'nosniff')
    assert.equal(headers.get('referrer-policy'), 'no-referrer')
    assert.equal(headers.get('cross-origin-opener-policy'), 'same-origin')
    assert.equal(headers.get('cross-origin-embedder-policy'), 'require-corp')
    assert.equal(headers.get('cross-origin-resource-policy'), 'same-origin')
    assert.match(headers.get('x-amzn-requestid') ?? '', /^[0-9a-f-]{36}$/)
  }
})

test('C13: holds no inline script, inline style or address of a third party', async t => {
  const { body } = await get(await start(t), '/console/')
  assert.doesNotMatch(body, /<script[^>]*>[^<]|<style|style=|\son\w+=|javascript:/i)
  for (const [, address] of body.matchAll(/\s(?:src|href)="([^"]*)"/g))
    assert.match(address ?? '', /^\.\/(assets\/)?[\w-]+\.(css|js|svg)$/)
})

/** The first script of the page. */
async function script(listener: Listener): Promise<string> {
  const { body } = await get(listener, '/console/')
  return `/console/${/src="\.\/(assets\/[^"]+\.js)"/.exec(body)?.[1] ?? assert.fail('no script')}`
}

test('names the type of each file', async t => {
  const listener = await start(t)
  const types = await Promise.all(
    ['/console/', await script(listener), '/console/icon.svg'].map(async path =>
      (await get(listener, path)).headers.get('content-type'),
    ),
  )
  assert.deepEqual(types, ['text/html; charset=utf-8', 'text/javascript; charset=utf-8', 'image/svg+xml'])
})

test('sends files compressed to who takes that, and keeps only those whose names change with them', async t => {
  const made = folderWith(t, {
    'index.html': 'i',
    'assets/a.js': 'plain',
    'assets/a.js.br': 'b',
    'assets/a.js.gz': 'g',
  })
  const listener = await start(t, made)
  const encodings = ['', 'Accept-Encoding: gzip, deflate\r\n', 'Accept-Encoding: gzip, deflate, br, zstd\r\n']
  const answers = await Promise.all(encodings.map(header => get(listener, '/console/assets/a.js', header)))
  assert.deepEqual(
    answers.map(({ body, headers }) => [body, headers.get('content-encoding')]),
    [
      ['plain', undefined],
      ['g', 'gzip'],
      ['b', 'br'],
    ],
  )
  for (const { headers } of answers) {
    assert.equal(headers.get('vary'), 'Accept-Encoding')
    assert.equal(headers.get('cache-control'), 'public, max-age=31536000, immutable')
  }
  assert.equal((await get(listener, '/console/')).headers.get('cache-control'), 'no-store')
  assert.equal((await get(listener, '/console/assets/a.js.br')).status, 403)
})

test('tells which Regions there are, so that a page can sign its first request', async t => {
  const { body, headers } = await get(await start(t), '/console/regions.json')
  assert.deepEqual(JSON.parse(body), regions)
  assert.equal(headers.get('content-type'), 'application/json')
})

test('says how to build it where it is not built', async t => {
  const { status, body } = await get(await start(t, join(folder, 'nowhere')), '/console/')
  assert.equal(status, 503)
  assert.match(body, /npm run build/)
})

test('leads from /console to /console/, behind a base path too', async t => {
  const { status, headers } = await get(await start(t, folder, '/kms'), '/kms/console')
  assert.equal(status, 308)
  assert.equal(new URL(headers.get('location') ?? '', 'http://localhost/kms/console').pathname, '/kms/console/')
})

test('serves files of folders within', async t => {
  const listener = await start(t, folderWith(t, { 'index.html': 'i', 'assets/fonts/a.woff2': 'f' }))
  assert.equal((await get(listener, '/console/assets/fonts/a.woff2?v=1')).body, 'f')
})

const outside = [
  '/console/..',
  '/console/../package.json',
  '/console/%2e%2e/package.json',
  '/console/..%2fpackage.json',
  '/console/..\\package.json',
  '/console/%00',
  '/console/index.html/',
  '/console/index.html%00.css',
  '/console//index.html',
  '/console/./index.html',
  '/console/INDEX.HTML',
  '/console/assets',
  '/console/secret.css',
  '/console/__proto__',
  '/consoleindex.html',
]
for (const path of outside) {
  test(`C13: has nothing at ${path}`, async t => {
    const made = folderWith(t, { 'secret/secret.css': 's', 'console/index.html': 'i', 'console/assets/a.css': 'a' })
    symlinkSync(join(made, 'secret', 'secret.css'), join(made, 'console', 'secret.css'))
    const listener = await start(t, join(made, 'console'))
    assert.equal((await get(listener, path)).status, 403)
  })
}

test('does not start with a file whose type browsers would guess', t => {
  const made = folderWith(t, { 'index.html': 'i', 'notes.txt': 'n' })
  assert.throws(() => consoleRoutes(made, regions), /unknown type: .*notes\.txt/)
})

test('does not start without a page', t => {
  assert.throws(() => consoleRoutes(folderWith(t, { 'a.css': 'a' }), regions), /no index\.html/)
})
