import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { decryptRsa } from '../crypto/rsa.ts'
import type { RsaPadding, SizeRange } from '../crypto/rsa.ts'

/**
 * A worker thread that does one kind of RSA work, one task at a time: each message is a task, each answer its result,
 * with the memory of both moved between the threads. A task that throws ends the thread.
 */
export interface RsaWork {
  generate: { task: { readonly modulusBits: number }; result: RsaKeyPair }
  decrypt: { task: DecryptTask; result: Uint8Array<ArrayBuffer> | undefined }
}

/** DER: SubjectPublicKeyInfo and PKCS #8. Public exponent 65537. */
export interface RsaKeyPair {
  readonly publicKey: Buffer<ArrayBuffer>
  readonly privateKey: Buffer<ArrayBuffer>
}

export interface DecryptTask {
  /** PKCS #8, DER. */
  readonly privateKey: Uint8Array
  readonly padding: RsaPadding
  /** As long as the modulus. */
  readonly block: Uint8Array
  /** What the message may have. */
  readonly size: SizeRange
}

export interface RsaWorkerData {
  readonly work: keyof RsaWork
  /** 0 to 19, the higher the more it gives way to other threads. */
  readonly niceness: number
}

interface Answer<R> {
  readonly result: R
  readonly move: ArrayBuffer[]
}

const works: { [W in keyof RsaWork]: (task: RsaWork[W]['task']) => Answer<RsaWork[W]['result']> } = {
  generate({ modulusBits }) {
    // Synchronously, as Node's other form would use the thread pool, at full priority and in the way of every file sync.
    const result = generateKeyPairSync('rsa', {
      modulusLength: modulusBits,
      publicKeyEncoding: { type: 'spki', format: 'der' },
      privateKeyEncoding: { type: 'pkcs8', format: 'der' },
    })
    return { result, move: [result.publicKey.buffer, result.privateKey.buffer] }
  },
  decrypt({ privateKey, padding, block, size }) {
    try {
      // A view of the same memory; createPrivateKey wants a Buffer.
      const der = Buffer.from(privateKey.buffer, privateKey.byteOffset, privateKey.byteLength)
      const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
      const result = decryptRsa(key, padding, block, size)
      return { result, move: result ? [result.buffer] : [] }
    } finally {
      privateKey.fill(0)
    }
  },
}

if (!parentPort) throw new Error('rsa-worker.ts runs as a worker thread only')
const port = parentPort
const { work, niceness } = workerData as RsaWorkerData // What workers.ts passes.
const run = works[work] as (task: unknown) => Answer<unknown> // As workers.ts sends tasks of that work only.

giveWay()
port.on('message', task => {
  const { result, move } = run(task)
  port.postMessage(result, move)
})

/**
 * Linux alone gives threads a priority of their own; elsewhere it would be the whole process's. Without /proc, or where
 * the call is forbidden, the work is done just the same.
 */
function giveWay(): void {
  if (process.platform !== 'linux') return
  try {
    const [thread] = readlinkSync('/proc/thread-self').split('/').slice(-1)
    setPriority(Number(thread), niceness)
  } catch {
    // Slower for the others, not wrong.
  }
}
