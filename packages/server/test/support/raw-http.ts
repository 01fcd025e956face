import { connect, type Socket } from 'node:net'

export interface Answer {
  status: number
  /** By lower-case name. */
  headers: Map<string, string>
  body: string
}

/** A connection that sends exactly the bytes it is told to. */
export class RawConnection {
  readonly socket: Socket
  #received = ''
  #closed = false
  #wake = (): void => {}

  constructor(socket: Socket) {
    this.socket = socket
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      this.#received += text
      this.#wake()
    })
    // How a connection ends is not the point; that it ends is, and `ended` shows it.
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#closed = true
      this.#wake()
    })
  }

  static async open(port: number): Promise<RawConnection> {
    const socket = connect(port, '127.0.0.1')
    const connection = new RawConnection(socket)
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    return connection
  }

  /** One character a byte. */
  send(text: string): void {
    this.socket.write(text, 'latin1')
  }

  /** The next answer; `bodiless` for one to a HEAD request. */
  async answer({ bodiless = false } = {}): Promise<Answer> {
    const end = await this.#until(() => this.#received.indexOf('\r\n\r\n'))
    const [first = '', ...lines] = this.#received.slice(0, end).split('\r\n')
    const headers = new Map<string, string>()
    for (const line of lines) {
      const mark = line.indexOf(': ')
      headers.set(line.slice(0, mark).toLowerCase(), line.slice(mark + 2))
    }
    const length = bodiless ? 0 : Number(headers.get('content-length') ?? 0)
    await this.#until(() => (this.#received.length >= end + 4 + length ? 0 : -1))
    const body = this.#received.slice(end + 4, end + 4 + length)
    this.#received = this.#received.slice(end + 4 + length)
    return { status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1]), headers, body }
  }

  /** What came after the last answer until the server closed the connection. */
  async ended(): Promise<string> {
    await this.#until(() => (this.#closed ? 0 : -1))
    return this.#received
  }

  /** The next value of `look` that is not negative. */
  async #until(look: () => number): Promise<number> {
    for (;;) {
      const found = look()
      if (found >= 0) return found
      if (this.#closed) throw new Error(`closed after ${JSON.stringify(this.#received)}`)
      await new Promise<void>(resolve => (this.#wake = resolve))
    }
  }
}
