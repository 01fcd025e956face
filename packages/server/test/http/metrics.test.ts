import assert from 'node:assert/strict'
import { test } from 'node:test'
import { adminRoutes, Metrics, watchProcess } from '../../src/http/metrics.ts'
import { listen } from '../../src/http/server.ts'

const linesOf = (metrics: Metrics, start: string): string[] =>
  metrics
    .text()
    .split('\n')
    .filter(line => line.startsWith(start))

test('counts answers by operation and code', () => {
  const metrics = new Metrics()
  metrics.observe('Encrypt', 'OK', 0.001)
  metrics.observe('Encrypt', 'OK', 0.001)
  metrics.observe('Encrypt', 'DisabledException', 0.001)
  metrics.observe('Sign', 'OK', 0.001)
  assert.deepEqual(linesOf(metrics, 'kms_requests_total'), [
    'kms_requests_total{operation="Encrypt",code="OK"} 2',
    'kms_requests_total{operation="Encrypt",code="DisabledException"} 1',
    'kms_requests_total{operation="Sign",code="OK"} 1',
  ])
})

test('sorts durations into buckets that include those before them', () => {
  const metrics = new Metrics()
  for (const seconds of [0, 0.0005, 0.000501, 0.3, 5, 5.1, 60]) metrics.observe('Encrypt', 'OK', seconds)
  const buckets = linesOf(metrics, 'kms_request_duration_seconds_bucket').map(line => {
    const [, bound, count] = /le="([^"]+)"} (\d+)$/.exec(line) ?? []
    return [bound, Number(count)]
  })
  assert.deepEqual(buckets, [
    ['0.0005', 2],
    ['0.001', 3],
    ['0.0025', 3],
    ['0.005', 3],
    ['0.01', 3],
    ['0.025', 3],
    ['0.05', 3],
    ['0.1', 3],
    ['0.25', 3],
    ['0.5', 4],
    ['1', 4],
    ['2.5', 4],
    ['5', 5],
    ['+Inf', 7],
  ])
  assert.deepEqual(linesOf(metrics, 'kms_request_duration_seconds_count'), [
    'kms_request_duration_seconds_count{operation="Encrypt",code="OK"} 7',
  ])
  const [sum = ''] = linesOf(metrics, 'kms_request_duration_seconds_sum')
  assert.ok(Math.abs(Number(sum.split(' ')[1]) - 70.401001) < 1e-9)
})

test('reads a gauge when somebody looks, and escapes its labels', () => {
  const metrics = new Metrics()
  let level = 1
  metrics.gauge('kms_wrapping_key_pool_size', 'Ready', () => [{ labels: { spec: 'a"b\\c\nd' }, value: level }])
  metrics.gauge('kms_audit_events_total', 'Events', () => [{ value: 7 }])
  level = 2
  assert.deepEqual(linesOf(metrics, 'kms_wrapping'), ['kms_wrapping_key_pool_size{spec="a\\"b\\\\c\\nd"} 2'])
  assert.deepEqual(linesOf(metrics, '# TYPE kms_wrapping'), ['# TYPE kms_wrapping_key_pool_size gauge'])
  assert.deepEqual(linesOf(metrics, 'kms_audit'), ['kms_audit_events_total 7'])
  assert.deepEqual(linesOf(metrics, '# TYPE kms_audit'), ['# TYPE kms_audit_events_total counter'])
})

test('keeps to the text format, line by line', () => {
  const metrics = new Metrics()
  metrics.observe('Encrypt', 'OK', 0.1)
  watchProcess(metrics)
  const text = metrics.text()
  assert.ok(text.endsWith('\n'))
  const announced = new Set<string>()
  for (const line of text.trimEnd().split('\n')) {
    const head = /^# (?:HELP (\w+) \S.*|TYPE (\w+) (?:counter|gauge|histogram))$/.exec(line)
    if (head) announced.add(head[1] ?? head[2] ?? '')
    const sample = /^(\w+?)(?:_bucket|_sum|_count)?(?:\{\w+="[^"]*"(?:,\w+="[^"]*")*\})? [0-9.e+-]+$/.exec(line)
    assert.ok(head ?? sample, line)
    if (sample) assert.ok(announced.has(sample[1] ?? ''), line)
  }
})

test('shows memory and event loop of the process', () => {
  const metrics = new Metrics()
  watchProcess(metrics)
  const value = (start: string): number => Number(linesOf(metrics, start)[0]?.split(' ')[1])
  assert.ok(value('process_resident_memory_bytes') > 1e7)
  assert.ok(value('nodejs_heap_size_used_bytes') > 1e5)
  assert.ok(value('process_cpu_seconds_total') > 0)
  for (const line of linesOf(metrics, 'nodejs_eventloop_delay_seconds')) assert.ok(Number(line.split(' ')[1]) >= 0)
  assert.equal(linesOf(metrics, 'nodejs_eventloop_delay_seconds').length, 3)
})

test('serves metrics, and nothing else, to administrators', async t => {
  const metrics = new Metrics()
  metrics.observe('Encrypt', 'OK', 0.1)
  const { address, close } = await listen({ host: '127.0.0.1', port: 0, log: () => {} }, adminRoutes(metrics))
  t.after(close)
  const answer = await fetch(`${address}/metrics`)
  assert.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4')
  assert.equal(await answer.text(), metrics.text())
  assert.equal((await fetch(`${address}/`, { method: 'POST' })).status, 404)
  assert.equal((await fetch(`${address}/console/`)).status, 403)
})
