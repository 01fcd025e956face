import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { consoleRoutes } from '../../src/http/console.ts'
import { adminRoutes, Metrics } from '../../src/http/metrics.ts'
import { mainRoutes } from '../../src/http/routes.ts'
import type { HttpRequest, HttpResponse, Route } from '../../src/http/server.ts'

// Built by npm test, before it runs.
const folder = fileURLToPath(new URL('../../console', import.meta.url))
const api: HttpResponse = { status: 200, headers: [], body: 'api' }
const routes = (ready: () => boolean = () => true): Route[] =>
  mainRoutes({ answer: () => Promise.resolve(api), ready, console: consoleRoutes(folder, ['us-east-1']) })

const list = (all: readonly Route[]): string[] => all.map(({ method, path }) => `${method} ${path}`).toSorted()

test('C1: these routes there are, and no other', () => {
  const assets = list(routes()).filter(route => /^GET \/console\/assets\/[\w.-]+\.(css|js)$/.test(route))
  assert.ok(assets.length > 1)
  assert.deepEqual(list(routes()), [
    'GET /console',
    'GET /console/',
    ...assets,
    'GET /console/icon.svg',
    'GET /console/index.html',
    'GET /console/offline/wrap.html',
    'GET /console/regions.json',
    'GET /console/wordmark.svg',
    'GET /healthz',
    'GET /readyz',
    'POST /',
  ])
  assert.deepEqual(list(adminRoutes(new Metrics())), ['GET /metrics'])
})

function request(rawHeaders: string[]): HttpRequest {
  return { method: 'POST', target: '/', rawHeaders, body: Buffer.alloc(0), peer: '127.0.0.1', tls: undefined }
}

async function call(path: string, all: Route[], rawHeaders: string[] = []): Promise<HttpResponse> {
  const route = all.find(candidate => candidate.path === path)
  assert.ok(route)
  return await route.handle(request(rawHeaders))
}

test('says that it is alive whether or not it is ready', async () => {
  for (const ready of [true, false])
    assert.equal(
      (
        await call(
          '/healthz',
          routes(() => ready),
        )
      ).status,
      200,
    )
})

test('says when it is ready', async () => {
  let ready = false
  const all = routes(() => ready)
  assert.equal((await call('/readyz', all)).status, 503)
  ready = true
  assert.equal((await call('/readyz', all)).status, 200)
})

const taken = [
  'application/x-amz-json-1.1',
  'application/x-amz-json-1.1; charset=utf-8',
  'Application/X-Amz-Json-1.1 ;charset=UTF-8',
  'application/x-www-form-urlencoded',
  'application/x-www-form-urlencoded; charset=utf-8',
]
for (const type of taken) {
  test(`hands content type ${type} to the API`, async () => {
    assert.equal(await call('/', routes(), ['content-type', type]), api)
  })
}

const target = ['X-Amz-Target', 'TrentService.ListKeys']
const refused: [title: string, headers: string[], status: number, body: RegExp][] = [
  ['no content type', target, 404, /^<UnknownOperationException\/>$/m],
  ['an empty content type', ['Content-Type', '', ...target], 404, /^<UnknownOperationException\/>$/m],
  ['JSON', ['Content-Type', 'application/json', ...target], 404, /^<UnknownOperationException\/>$/m],
  [
    'another version',
    ['Content-Type', 'application/x-amz-json-2.0', ...target],
    404,
    /^<UnknownOperationException\/>$/m,
  ],
  ['two types', ['Content-Type', 'application/x-amz-json-1.1, text/plain', ...target], 404, /^<UnknownOperation/],
  ['JSON without target', ['Content-Type', 'application/json'], 403, /Unable to determine service\/operation name/],
  ['nothing at all', [], 403, /Unable to determine service\/operation name/],
]
for (const [title, headers, status, body] of refused) {
  test(`refuses ${title} before the API`, async () => {
    const answer = await call('/', routes(), headers)
    assert.equal(answer.status, status)
    assert.match(String(answer.body), body)
    assert.match(answer.headers.join('\n'), /^x-amzn-RequestId\n[0-9a-f-]{36}$/m)
  })
}
