import { readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { perform } from './work.ts'
import type { Posted } from './work.ts'

/**
 * A worker thread, which does one task at a time: each message is a task, each answer its result, with the memory of both
 * moved between the threads. A task that throws ends the thread.
 */
export interface WorkerData {
  /** 0 to 19, the higher the more it gives way to other threads. */
  readonly niceness: number
}

if (!parentPort) throw new Error('worker.ts runs as a worker thread only')
const port = parentPort
const { niceness } = workerData as WorkerData // What threads.ts passes.

giveWay()
port.on('message', (posted: Posted) => void answer(posted))

async function answer(posted: Posted): Promise<void> {
  try {
    const { value, memory } = await perform(posted)
    port.postMessage(value, memory)
  } catch (error) {
    // Not as a rejection: Node can be told to let those pass, and then nobody would hear of the task again.
    queueMicrotask(() => {
      throw error
    })
  }
}

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
