import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface Load {
  answers: number
  seconds: number
  /** Of each request, in milliseconds, in ascending order. */
  latencies: Float64Array
}

/**
 * Sends ready-made requests over so many connections, each carrying one at a time, for so many seconds, and waits for the
 * last answers.
 *
 * @throws Error for an answer other than 200, and for a connection that ends
 */
export async function load(
  port: number,
  requests: readonly Buffer[],
  { connections, seconds }: { connections: number; seconds: number },
): Promise<Load> {
  const lanes = await Promise.all(Array.from({ length: connections }, () => Lane.open(port)))
  const latencies: number[] = []
  const started = performance.now()
  const deadline = started + seconds * 1000
  let next = 0
  await Promise.all(
    lanes.map(async lane => {
      for (let now = performance.now(); now < deadline;) {
        await lane.exchange(requests[next++ % requests.length] ?? Buffer.alloc(0))
        const answered = performance.now()
        latencies.push(answered - now)
        now = answered
      }
    }),
  )
  const elapsed = performance.now() - started
  for (const lane of lanes) lane.close()
  return { answers: latencies.length, seconds: elapsed / 1000, latencies: Float64Array.from(latencies).sort() }
}

/** How long each request takes when they are sent one after the other, in milliseconds. */
export async function oneByOne(port: number, requests: readonly Buffer[]): Promise<number[]> {
  const lane = await Lane.open(port)
  const latencies: number[] = []
  for (const request of requests) {
    const sent = performance.now()
    await lane.exchange(request)
    latencies.push(performance.now() - sent)
  }
  lane.close()
  return latencies
}

const headEnd = Buffer.from('\r\n\r\n')

/** A connection, and just enough of HTTP to know when an answer is there. */
class Lane {
  readonly #socket: Socket
  #received: Buffer[] = []
  #done: () => void = () => {}
  #failed: (error: Error) => void = () => {}

  static async open(port: number): Promise<Lane> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    return new Lane(socket)
  }

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('error', error => this.#failed(error))
    socket.on('close', () => this.#failed(new Error('A server has closed its connection.')))
  }

  exchange(request: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#done = resolve
      this.#failed = reject
      this.#socket.write(request)
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #read(chunk: Buffer): void {
    this.#received.push(chunk)
    const answer = this.#received.length === 1 ? chunk : Buffer.concat(this.#received)
    const end = answer.indexOf(headEnd)
    if (end < 0) return
    const head = answer.toString('latin1', 0, end)
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1])
    if (answer.length < end + headEnd.length + length) return
    this.#received = []
    if (head.startsWith('HTTP/1.1 200 ')) this.#done()
    else this.#failed(new Error(`A server has answered:\n${answer.toString()}`))
  }
}
