import { getCompileCacheDir } from 'node:module'
import { availableParallelism } from 'node:os'
import { dirname, extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { throttled } from '../protocol/errors.ts'
import { FairQueue } from './fair-queue.ts'
import type { Bounds } from './fair-queue.ts'
import type { KeyGenerator, PublicKeys } from './public-keys.ts'
import { asBuffers, copied, works } from './work.ts'
import type { Posted, Result, Task, WorkName } from './work.ts'
import type { WorkerData } from './worker.ts'

export interface PublicKeyThreads {
  readonly publicKeys: PublicKeys
  readonly keyGenerator: KeyGenerator
  /** How many threads there are now. */
  running(): number
  /** Ends all threads; what waits for them rejects. Waits for a key generation under way: seconds at worst. */
  close(): Promise<void>
}

/**
 * RSA takes milliseconds, and making keys seconds: neither is done on the event loop, nor in libuv's thread pool, where
 * file syncs would wait behind it. Operations have up to as many threads as there are cores, at niceness 10; one more, at
 * niceness 19, makes and checks RSA keys. So all of them give way to everything else, and the last one to the others.
 *
 * Threads start when there is something to do, end after a while without, which gives back some 20 MB each, and do not
 * keep the process alive.
 *
 * @param cores how many threads do operations at most
 */
export function startPublicKeys(cores = availableParallelism()): PublicKeyThreads {
  // About 150 operations a second and core with RSA of 4096 bits, the slowest, and about a generation.
  const threads = {
    operations: new Threads({ most: Math.min(cores, 8), niceness: 10, bounds: { each: 256, total: 1024 } }),
    generation: new Threads({ most: 1, niceness: 19, bounds: { each: 16, total: 64 } }),
  }
  const all = Object.values(threads)

  function offer<N extends WorkName>(name: N) {
    const { run, place } = works[name]
    return async (account: string | null, ...task: Task<N>): Promise<Result<N>> => {
      const where = place(...task)
      return where === 'at once' ? await run(...task) : await threads[where].run(account, name, task)
    }
  }

  const generate = offer('generate')
  return {
    publicKeys: {
      generate,
      readPrivateKey: offer('readPrivateKey'),
      sign: offer('sign'),
      verify: offer('verify'),
      decrypt: offer('decrypt'),
      agree: offer('agree'),
      attest: offer('attest'),
    },
    keyGenerator: { generate },
    running: () => all.reduce((sum, { running }) => sum + running, 0),
    async close() {
      await Promise.all(all.map(group => group.close()))
    },
  }
}

/** Milliseconds; then a thread without a task ends. */
const longestRest = 10_000

interface Options {
  /** How many threads there may be. */
  readonly most: number
  readonly niceness: number
  /** Of what waits. */
  readonly bounds: Bounds
}

interface Job {
  readonly posted: Posted
  resolve(result: unknown): void
  reject(error: Error): void
}

interface Thread {
  readonly worker: Worker
  job: Job | undefined
  rest: NodeJS.Timeout | undefined
}

/**
 * Worker threads and their queue. The queue stays on this side, so that a thread that dies takes one job with it, and no
 * secret is copied before its turn.
 */
class Threads {
  readonly #most: number
  readonly #workerData: WorkerData
  readonly #queue: FairQueue<Job>
  /** The first that is free gets the next job, so that those at the end may end. */
  #threads: Thread[] = []
  #isClosed = false

  constructor({ most, niceness, bounds }: Options) {
    this.#most = most
    this.#workerData = { niceness }
    this.#queue = new FairQueue(bounds)
  }

  get running(): number {
    return this.#threads.length
  }

  run<N extends WorkName>(account: string | null, name: N, task: Task<N>): Promise<Result<N>> {
    return new Promise<Result<N>>((resolve, reject) => {
      // Of that name, as it comes out of works[name].
      const job = { posted: { name, task }, resolve: (result: unknown) => resolve(result as Result<N>), reject }
      if (this.#isClosed) reject(closed())
      else if (this.#queue.push(account, job)) this.#next()
      else reject(throttled())
    })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (let job = this.#queue.shift(); job; job = this.#queue.shift()) job.reject(closed())
    await Promise.all(
      this.#threads.map(({ worker, rest }) => {
        clearTimeout(rest)
        return worker.terminate()
      }),
    )
  }

  /** Gives what waits to threads, as far as there are any. */
  #next(): void {
    while (!this.#queue.isEmpty) {
      let thread = this.#threads.find(({ job }) => !job)
      if (!thread && this.#threads.length >= this.#most) return
      const job = this.#queue.shift()
      if (!job) return
      try {
        thread ??= this.#start()
      } catch (cause) {
        job.reject(new Error('No worker thread could be started.', { cause }))
        continue
      }
      clearTimeout(thread.rest)
      thread.job = job
      const { value, memory } = copied(job.posted)
      thread.worker.postMessage(value, memory)
    }
  }

  #start(): Thread {
    // Beside this file, whether that is the source or what was made of it.
    const file = new URL(`worker${extname(import.meta.url)}`, import.meta.url)
    const worker = new Worker(file, { workerData: this.#workerData, env: environment() })
    const thread: Thread = { worker, job: undefined, rest: undefined }
    let cause: unknown
    worker.on('message', result => {
      this.#settle(thread, job => job.resolve(asBuffers(result)))
      if (!thread.job) thread.rest = setTimeout(() => this.#end(thread), longestRest).unref()
    })
    worker.on('error', error => (cause = error))
    worker.on('exit', () => {
      this.#remove(thread)
      this.#settle(thread, job => job.reject(this.#isClosed ? closed() : new Error('A worker thread died.', { cause })))
    })
    worker.unref()
    this.#threads.push(thread)
    return thread
  }

  #settle(thread: Thread, tell: (job: Job) => void): void {
    const { job } = thread
    thread.job = undefined
    if (job) tell(job)
    this.#next()
  }

  /** Only between jobs: the next one starts another thread. */
  #end(thread: Thread): void {
    this.#remove(thread)
    void thread.worker.terminate()
  }

  #remove(thread: Thread): void {
    clearTimeout(thread.rest)
    this.#threads = this.#threads.filter(other => other !== thread)
  }
}

/** None of the environment's secrets; but where this code lies compiled, or a thread takes 20 MB and 60 ms to do it anew. */
function environment(): NodeJS.ProcessEnv {
  const versions = getCompileCacheDir() // Of this version of Node, in the folder that was chosen.
  return versions === undefined ? {} : { NODE_COMPILE_CACHE: dirname(versions) }
}

function closed(): Error {
  return new Error('The worker threads are closed.')
}
