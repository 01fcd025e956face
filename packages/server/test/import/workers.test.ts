import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { generateKeyPairSync, publicEncrypt } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { after, describe, test } from 'node:test'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'
import type { DecryptTask } from '../../src/import/rsa-worker.ts'
import { startWorkers } from '../../src/import/workers.ts'
import type { Workers } from '../../src/import/workers.ts'
import type { KmsError } from '../../src/protocol/errors.ts'

// The threads do not keep a process alive.
const alive = setInterval(() => {}, 60_000)
after(() => clearInterval(alive))

function start(t: TestContext): Workers {
  const workers = startWorkers()
  t.after(() => workers.close())
  return workers
}

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const message = Buffer.alloc(32, 0x5a)
const task = (changes: Partial<DecryptTask> = {}): DecryptTask => ({
  privateKey: privateKey.export({ format: 'der', type: 'pkcs8' }),
  padding: { scheme: 'oaep', hash: 'sha256' },
  block: publicEncrypt({ key: publicKey, oaepHash: 'sha256' }, message),
  size: { minimum: 32, maximum: 32 },
  ...changes,
})
/** Nothing that a request could bring here: the keys come out of sealed tokens. It ends the thread. */
const deadly = (): DecryptTask => task({ privateKey: Buffer.from('no key') })

const closed = { message: 'The RSA worker threads are closed.' }
const died = { message: 'An RSA worker thread died.' }

describe('decryption', () => {
  test('happens in another thread, and leaves what was passed in', async t => {
    const given = task()
    const before = structuredClone(given)
    assert.deepEqual(await start(t).privateOperations.decrypt(given), message)
    assert.deepEqual([given.privateKey, given.block], [Buffer.from(before.privateKey), Buffer.from(before.block)])
  })

  test('gives up its thread when there is nothing to do, and takes another for the next task', async t => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const workers = start(t)
    assert.equal(workers.running(), 0)
    for (let round = 0; round < 2; round++) {
      const decrypted = workers.privateOperations.decrypt(task())
      assert.equal(workers.running(), 1)
      assert.deepEqual(await decrypted, message)
      t.mock.timers.tick(9_999)
      assert.equal(workers.running(), 1)
      t.mock.timers.tick(1)
      assert.equal(workers.running(), 0)
    }
  })

  test('takes parts of larger buffers', async t => {
    const { privateKey: key, block } = task()
    const parts = Buffer.concat([Buffer.alloc(7), key, block, Buffer.alloc(9)])
    const given = task({
      privateKey: parts.subarray(7, 7 + key.length),
      block: parts.subarray(7 + key.length, -9),
    })
    assert.deepEqual(await start(t).privateOperations.decrypt(given), message)
  })

  test('answers with nothing what cannot be decrypted, and goes on', async t => {
    const { privateOperations } = start(t)
    assert.equal(await privateOperations.decrypt(task({ block: Buffer.alloc(256, 1) })), undefined)
    assert.deepEqual(await privateOperations.decrypt(task()), message)
  })

  test('answers each caller, in the order of asking', async t => {
    const { privateOperations } = start(t)
    const order: number[] = []
    await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const own = Buffer.alloc(32, index)
        const block = publicEncrypt({ key: publicKey, oaepHash: 'sha256' }, own)
        assert.deepEqual(await privateOperations.decrypt(task({ block })), own)
        order.push(index)
      }),
    )
    assert.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
    )
  })

  test('C10: refuses with ThrottlingException when one is under way and 64 wait, and serves those', async t => {
    const { privateOperations } = start(t)
    const given = task()
    const served = Array.from({ length: 65 }, () => privateOperations.decrypt(given))
    for (let count = 0; count < 3; count++) {
      await assert.rejects(privateOperations.decrypt(given), (error: KmsError) => {
        assert.equal(error.code, 'ThrottlingException')
        return true
      })
    }
    for (const answer of await Promise.all(served)) assert.deepEqual(answer, message)
    assert.deepEqual(await privateOperations.decrypt(given), message)
  })
})

describe('a thread that dies', () => {
  test('takes one task with it, and the next one starts another', async t => {
    const { privateOperations } = start(t)
    assert.deepEqual(await privateOperations.decrypt(task()), message)
    await assert.rejects(privateOperations.decrypt(deadly()), died)
    assert.deepEqual(await privateOperations.decrypt(task()), message)
  })

  test('leaves those that wait to its successor', async t => {
    const { privateOperations } = start(t)
    const answers = await Promise.allSettled(
      [task(), deadly(), task(), deadly(), deadly(), task()].map(one => privateOperations.decrypt(one)),
    )
    assert.deepEqual(
      answers.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled', 'rejected', 'rejected', 'fulfilled'],
    )
  })

  test('says nothing of the task in its error', async t => {
    const key = Buffer.from('a private key in a format of its own')
    const error = await start(t)
      .privateOperations.decrypt(task({ privateKey: key }))
      .then(
        () => assert.fail('it worked'),
        (failure: Error) => failure,
      )
    const { message: text, stack, cause } = error
    for (const shown of [text, stack, String(cause), JSON.stringify(cause)]) {
      for (const encoding of ['latin1', 'hex', 'base64'] as const) {
        assert.ok(!shown?.includes(key.toString(encoding).slice(2, 20)))
      }
    }
  })
})

describe('closing', () => {
  test('rejects what is under way, what waits and what comes later', async t => {
    const workers = start(t)
    const { privateOperations, keyGenerator } = workers
    const refused = [
      ...Array.from({ length: 10 }, () => assert.rejects(privateOperations.decrypt(task()), closed)),
      ...Array.from({ length: 3 }, () => assert.rejects(keyGenerator.generate(2048), closed)),
    ]
    await workers.close()
    await Promise.all(refused)
    await assert.rejects(privateOperations.decrypt(task()), closed)
    await assert.rejects(keyGenerator.generate(2048), closed)
  })

  test('twice, or before anything was started, does no harm', async () => {
    const workers = startWorkers()
    await workers.close()
    await workers.close()
  })

  test('is not needed for a process to end', async () => {
    const workers = new URL('../../src/import/workers.ts', import.meta.url).href
    const script = `
      const { startWorkers } = await import(${JSON.stringify(workers)})
      const { keyGenerator, privateOperations } = startWorkers()
      const alive = setInterval(() => {}, 60_000)
      const pair = await keyGenerator.generate(2048)
      const size = { minimum: 0, maximum: 256 }
      await privateOperations.decrypt({ ...pair, padding: { scheme: 'pkcs1' }, block: Buffer.alloc(256), size })
      void keyGenerator.generate(2048)
      clearInterval(alive)
      process.stdout.write('done')
    `
    const { stdout } = await promisify(execFile)(process.execPath, ['--eval', script], { timeout: 60_000 })
    assert.equal(stdout, 'done')
  })
})

test('a thread that cannot be started fails each task, and keeps none waiting', async () => {
  const workers = new URL('../../src/import/workers.ts', import.meta.url).href
  const script = `
    const { startWorkers } = await import(${JSON.stringify(workers)})
    const { keyGenerator } = startWorkers()
    for (let count = 0; count < 3; count++) {
      const answers = await Promise.allSettled([keyGenerator.generate(2048), keyGenerator.generate(2048)])
      process.stdout.write(answers.map(({ reason }) => reason.message).join() + '\\n')
    }
  `
  // Without --allow-worker, as on a system that is out of threads, the constructor throws.
  const parameters = ['--permission', '--allow-fs-read=*', '--eval', script]
  const { stdout } = await promisify(execFile)(process.execPath, parameters, { timeout: 60_000 })
  const failure = 'No RSA worker thread could be started.'
  assert.equal(stdout, `${failure},${failure}\n`.repeat(3))
})

test('the event loop turns while a key of 4096 bits is made', async t => {
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  t.after(() => clearInterval(timer))
  const pair = await start(t).keyGenerator.generate(4096)
  assert.ok(pair.privateKey.length > 2300)
  // Made on the event loop, it would let none pass; in a thread, hundreds do.
  assert.ok(turns >= 10, `${turns} turns`)
})

test('both threads give way to others: niceness 10 and 19', async t => {
  if (process.platform !== 'linux') return t.skip('only Linux gives threads a priority of their own')
  const { privateOperations, keyGenerator } = start(t)
  await Promise.all([privateOperations.decrypt(task()), keyGenerator.generate(2048)])
  // Field 19 of proc_pid_stat(5), counted after the name, which may hold spaces.
  const niceness = readdirSync('/proc/self/task').map(thread => {
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'latin1')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16])
  })
  const own = Number(
    readFileSync('/proc/self/stat', 'latin1')
      .replace(/^.*\) /, '')
      .split(' ')[16],
  )
  for (const added of [10, 19]) assert.ok(niceness.includes(Math.max(own, added)), niceness.join(' '))
})
