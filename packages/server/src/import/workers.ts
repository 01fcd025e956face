import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { kmsError } from '../protocol/errors.ts'
import type { KmsError } from '../protocol/errors.ts'
import type { DecryptTask, RsaKeyPair, RsaWork, RsaWorkerData } from './rsa-worker.ts'

export interface PrivateOperations {
  /**
   * The message in an RSA block, for the caller to wipe; undefined if block, padding or size is wrong. What is passed in
   * stays the caller's: the other thread gets copies, and wipes them.
   *
   * @throws ThrottlingException if too many wait
   */
  decrypt(task: DecryptTask): Promise<Buffer | undefined>
}

export interface KeyGenerator {
  /** A fresh key pair; the caller wipes the private half. Only one is made at a time. */
  generate(modulusBits: number): Promise<RsaKeyPair>
}

export interface Workers {
  readonly privateOperations: PrivateOperations
  readonly keyGenerator: KeyGenerator
  /** How many threads there are now. */
  running(): number
  /** Ends both threads; what waits for them rejects. Waits for a key generation under way: seconds at worst. */
  close(): Promise<void>
}

/** At about 150 a second for 4096 bits: half a second of work. */
const longestQueue = 64

/**
 * RSA takes milliseconds, and making keys seconds: neither is done on the event loop, nor in libuv's thread pool, where
 * file syncs would wait behind it. One thread decrypts at niceness 10 and one makes keys at niceness 19, so that both
 * give way to everything else. They start with their first task, end after a while without one, which gives back some
 * 20 MB each, and do not keep the process alive.
 */
export function startWorkers(): Workers {
  const decryption = new RsaThread('decrypt', 10)
  const generation = new RsaThread('generate', 19)
  return {
    running: () => [decryption, generation].filter(thread => thread.isRunning).length,
    privateOperations: {
      async decrypt({ privateKey, padding, block, size }) {
        const copies = { privateKey: new Uint8Array(privateKey), block: new Uint8Array(block) }
        const message = await decryption.run({ ...copies, padding, size }, [copies.privateKey, copies.block])
        return message && asBuffer(message)
      },
    },
    keyGenerator: {
      async generate(modulusBits) {
        const { publicKey, privateKey } = await generation.run({ modulusBits }, [])
        return { publicKey: asBuffer(publicKey), privateKey: asBuffer(privateKey) }
      },
    },
    async close() {
      await Promise.all([decryption.close(), generation.close()])
    },
  }
}

/** Milliseconds; then a thread without a task ends. */
const longestRest = 10_000

interface Job<W extends keyof RsaWork> {
  readonly task: RsaWork[W]['task']
  /** Memory of the task that goes to the other thread with it. */
  readonly memory: readonly Uint8Array<ArrayBuffer>[]
  resolve(result: RsaWork[W]['result']): void
  reject(error: Error): void
}

/**
 * A worker thread and its queue. The queue stays on this side, first come first served, so that a thread that dies takes
 * one job with it, and what waits can still be wiped. The next job starts a new thread.
 */
class RsaThread<W extends keyof RsaWork> {
  readonly #workerData: RsaWorkerData
  readonly #waiting: Job<W>[] = []
  #running: Job<W> | undefined
  #worker: Worker | undefined
  #isClosed = false
  #rest: NodeJS.Timeout | undefined

  constructor(work: W, niceness: number) {
    this.#workerData = { work, niceness }
  }

  get isRunning(): boolean {
    return this.#worker !== undefined
  }

  /** Takes over `memory`. */
  run(task: RsaWork[W]['task'], memory: Job<W>['memory']): Promise<RsaWork[W]['result']> {
    return new Promise((resolve, reject) => {
      const job = { task, memory, resolve, reject }
      if (this.#isClosed) refuse(job, closed())
      else if (this.#waiting.length >= longestQueue) refuse(job, tooManyWaiting())
      else {
        this.#waiting.push(job)
        this.#next()
      }
    })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#rest)
    for (const job of this.#waiting.splice(0)) refuse(job, closed())
    await this.#worker?.terminate()
  }

  #next(): void {
    if (this.#running) return
    clearTimeout(this.#rest)
    this.#running = this.#waiting.shift()
    if (!this.#running) {
      this.#rest = setTimeout(() => this.#end(), longestRest).unref()
      return
    }
    const { task, memory } = this.#running
    try {
      this.#worker ??= this.#start()
    } catch (cause) {
      this.#settle(job => refuse(job, new Error('No RSA worker thread could be started.', { cause })))
      return
    }
    this.#worker.postMessage(
      task,
      memory.map(bytes => bytes.buffer),
    )
  }

  #start(): Worker {
    // Beside this file, whether that is the source or what was made of it. The thread needs none of the environment's
    // secrets.
    const file = new URL(`rsa-worker${extname(import.meta.url)}`, import.meta.url)
    const worker = new Worker(file, { workerData: this.#workerData, env: {} })
    let cause: unknown
    worker.on('message', (result: RsaWork[W]['result']) => this.#settle(job => job.resolve(result)))
    worker.on('error', error => (cause = error))
    worker.on('exit', () => {
      if (this.#worker !== worker) return
      this.#worker = undefined
      this.#settle(job => job.reject(this.#isClosed ? closed() : new Error('An RSA worker thread died.', { cause })))
    })
    worker.unref()
    return worker
  }

  /** Only between jobs: the next one starts another thread. */
  #end(): void {
    void this.#worker?.terminate()
    this.#worker = undefined
  }

  #settle(tell: (job: Job<W>) => void): void {
    const job = this.#running
    this.#running = undefined
    if (job) tell(job)
    this.#next()
  }
}

function refuse(job: Pick<Job<never>, 'memory' | 'reject'>, error: Error): void {
  for (const bytes of job.memory) bytes.fill(0)
  job.reject(error)
}

function closed(): Error {
  return new Error('The RSA worker threads are closed.')
}

export function tooManyWaiting(): KmsError {
  return kmsError(
    'ThrottlingException',
    'You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.',
  )
}

function asBuffer(bytes: Uint8Array<ArrayBuffer>): Buffer<ArrayBuffer> {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
