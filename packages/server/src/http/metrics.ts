import { monitorEventLoopDelay } from 'node:perf_hooks'
import { reply, type Route } from './server.ts'

/** A value and the labels that tell it from its sisters. Labels never come from callers: each value costs memory. */
export interface Sample {
  readonly labels?: Readonly<Record<string, string>>
  readonly value: number
}

/** Upper bounds of the histogram, in seconds. */
const bounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

interface Cell {
  /** How many fell under each bound and above the one before; the last above all. */
  readonly counts: number[]
  seconds: number
}

/** What is counted, in the text format of Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/). */
export class Metrics {
  readonly #cells = new Map<string, Map<string, Cell>>()
  readonly #readings: { name: string; type: string; help: string; read: () => readonly Sample[] }[] = []

  /** Counts one answer. `code` is OK or an error code; both names must come from our own tables. */
  observe(operation: string, code: string, seconds: number): void {
    let byCode = this.#cells.get(operation)
    if (!byCode) this.#cells.set(operation, (byCode = new Map()))
    let cell = byCode.get(code)
    if (!cell) byCode.set(code, (cell = { counts: Array.from({ length: bounds.length + 1 }, () => 0), seconds: 0 }))
    let at = 0
    while (at < bounds.length && seconds > (bounds[at] ?? 0)) at++
    cell.counts[at] = (cell.counts[at] ?? 0) + 1
    cell.seconds += seconds
  }

  /** Shows what `read` returns each time that somebody looks. A name ends in `_total` if its value only ever grows. */
  gauge(name: string, help: string, read: () => readonly Sample[]): void {
    this.#readings.push({ name, type: name.endsWith('_total') ? 'counter' : 'gauge', help, read })
  }

  text(): string {
    const requests: string[] = []
    const durations: string[] = []
    for (const [operation, byCode] of this.#cells) {
      for (const [code, { counts, seconds }] of byCode) {
        let total = 0
        counts.forEach((count, at) => {
          const le = at < bounds.length ? String(bounds[at]) : '+Inf'
          durations.push(line(`${duration}_bucket`, { labels: { operation, code, le }, value: (total += count) }))
        })
        durations.push(line(`${duration}_sum`, { labels: { operation, code }, value: seconds }))
        durations.push(line(`${duration}_count`, { labels: { operation, code }, value: total }))
        requests.push(line('kms_requests_total', { labels: { operation, code }, value: total }))
      }
    }
    return [
      ...head('kms_requests_total', 'counter', 'Answers, by operation and error code'),
      ...requests,
      ...head(duration, 'histogram', 'Time from request to answer'),
      ...durations,
      ...this.#readings.flatMap(({ name, type, help, read }) => [
        ...head(name, type, help),
        ...read().map(sample => line(name, sample)),
      ]),
      '',
    ].join('\n')
  }
}

const duration = 'kms_request_duration_seconds'

const head = (name: string, type: string, help: string): string[] => [
  `# HELP ${name} ${help}`,
  `# TYPE ${name} ${type}`,
]

function line(name: string, { labels = {}, value }: Sample): string {
  const list = Object.entries(labels).map(([label, text]) => `${label}="${text.replace(/[\\"\n]/g, escape)}"`)
  return `${name}${list.length > 0 ? `{${list.join(',')}}` : ''} ${value}`
}

const escape = (character: string): string => (character === '\n' ? '\\n' : `\\${character}`)

/** Memory, processor time and event loop of this process. Starts to watch the event loop, which costs a timer. */
export function watchProcess(metrics: Metrics): void {
  const resolution = 20
  const delay = monitorEventLoopDelay({ resolution })
  delay.enable()
  metrics.gauge('process_resident_memory_bytes', 'Memory of the process', () => [{ value: process.memoryUsage.rss() }])
  metrics.gauge('nodejs_heap_size_used_bytes', 'JavaScript heap in use', () => [
    { value: process.memoryUsage().heapUsed },
  ])
  metrics.gauge('process_cpu_seconds_total', 'Processor time spent', () => {
    const { user, system } = process.cpuUsage()
    return [{ value: (user + system) / 1e6 }]
  })
  metrics.gauge('nodejs_eventloop_delay_seconds', 'Delay of the event loop since the last look', () => {
    const samples = [0.5, 0.99, 1].map(quantile => ({
      labels: { quantile: String(quantile) },
      value: Math.max(0, delay.percentile(100 * quantile) / 1e9 - resolution / 1e3), // It counts its own interval.
    }))
    delay.reset()
    return samples
  })
}

/** Every route of the administration listener. */
export function adminRoutes(metrics: Metrics): Route[] {
  return [{ method: 'GET', path: '/metrics', handle: () => reply(200, 'text/plain; version=0.0.4', metrics.text()) }]
}
