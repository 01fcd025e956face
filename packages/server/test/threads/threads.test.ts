import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { generateKeyPairSync, publicEncrypt } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import type { KeyPairKind } from '../../src/crypto/key-pair.ts'
import type { KmsError } from '../../src/protocol/errors.ts'
import { startPublicKeys } from '../../src/threads/threads.ts'
import type { PublicKeyThreads } from '../../src/threads/threads.ts'

// The threads do not keep a process alive.
const alive = setInterval(() => {}, 60_000)
after(() => clearInterval(alive))

function start(t: TestContext, cores = 1): PublicKeyThreads {
  const threads = startPublicKeys(cores)
  t.after(() => threads.close())
  return threads
}

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const message = Buffer.alloc(32, 0x5a)
const good = publicEncrypt({ key: publicKey, oaepHash: 'sha256' }, message)
const oaep = { scheme: 'oaep', hash: 'sha256' } as const
const size = { minimum: 32, maximum: 32 }
const decrypt = ({ publicKeys }: PublicKeyThreads, account = 'A', block = good) =>
  publicKeys.decrypt(account, oaep, privateKey, block, size)

const keyOn = (namedCurve: string): KeyObject => generateKeyPairSync('ec', { namedCurve }).privateKey
const [p384, p521] = [keyOn('secp384r1'), keyOn('secp521r1')]
/** Nothing that a request could bring here: both keys are always on one curve. It ends the thread. */
const die = ({ publicKeys }: PublicKeyThreads) => publicKeys.agree('A', p384, p521)

/** Quickly made, for tests alone. */
const tiny: KeyPairKind = { kind: 'rsa', size: 96 }

const module = new URL('../../src/threads/threads.ts', import.meta.url).href

const closed = { message: 'The worker threads are closed.' }
const died = { message: 'A worker thread died.' }
const isThrottled = (error: KmsError): boolean => {
  assert.equal(error.code, 'ThrottlingException')
  assert.equal(
    error.message,
    'You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.',
  )
  return true
}

describe('threads', () => {
  test('start when there is something to do, only as many as that, and no more than there are cores', async t => {
    const threads = start(t, 3)
    assert.equal(threads.running(), 0)
    const tasks = []
    for (const expected of [1, 2, 3, 3, 3]) {
      tasks.push(decrypt(threads))
      assert.equal(threads.running(), expected)
    }
    assert.deepEqual(
      await Promise.all(tasks),
      tasks.map(() => message),
    )
  })

  test('are used again', async t => {
    const threads = start(t, 3)
    for (let round = 0; round < 5; round++) await decrypt(threads)
    assert.equal(threads.running(), 1)
  })

  test('are eight at most, and one that makes keys', async t => {
    const threads = start(t, 64)
    const tasks: Promise<unknown>[] = Array.from({ length: 9 }, () => decrypt(threads))
    assert.equal(threads.running(), 8)
    tasks.push(threads.publicKeys.generate('A', tiny), threads.publicKeys.generate('B', tiny))
    assert.equal(threads.running(), 9)
    await Promise.all(tasks)
  })

  test('end after ten seconds without a task, each for itself, and others start for what comes later', async t => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const threads = start(t, 2)
    for (let round = 0; round < 2; round++) {
      await Promise.all([decrypt(threads), decrypt(threads), threads.publicKeys.generate('A', tiny)])
      assert.equal(threads.running(), 3)
      t.mock.timers.tick(9_999)
      assert.equal(threads.running(), 3)
      assert.deepEqual(await decrypt(threads), message)
      t.mock.timers.tick(1)
      assert.equal(threads.running(), 1)
      t.mock.timers.tick(9_999)
      assert.equal(threads.running(), 0)
    }
  })

  test('leave what was passed in as it was, also if it is part of a larger buffer', async t => {
    const threads = start(t)
    const around = Buffer.concat([Buffer.alloc(7, 1), good, Buffer.alloc(9, 1)])
    const before = Buffer.from(around)
    assert.deepEqual(await decrypt(threads, 'A', around.subarray(7, -9)), message)
    assert.deepEqual(around, before)
  })

  test('get a copy of a secret when its turn comes, not while it waits', async t => {
    const threads = start(t)
    const post = t.mock.method(Worker.prototype, 'postMessage')
    const tasks = Array.from({ length: 3 }, () => decrypt(threads))
    assert.equal(post.mock.callCount(), 1)
    await Promise.all(tasks)
    assert.equal(post.mock.callCount(), 3)
  })

  test('give way to others: niceness 10 and 19', async t => {
    if (process.platform !== 'linux') return t.skip('only Linux gives threads a priority of their own')
    const threads = start(t)
    await Promise.all([decrypt(threads), threads.publicKeys.generate('A', tiny)])
    // Field 19 of proc_pid_stat(5), counted after the name, which may hold spaces.
    const nicenessOf = (path: string): number => {
      const stat = readFileSync(path, 'latin1')
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16])
    }
    const all = readdirSync('/proc/self/task').map(thread => nicenessOf(`/proc/self/task/${thread}/stat`))
    const own = nicenessOf('/proc/self/stat')
    for (const added of [10, 19]) assert.ok(all.includes(Math.max(own, added)), all.join(' '))
  })

  test('leave the event loop free while a key of 4096 bits is made', async t => {
    let turns = 0
    const timer = setInterval(() => turns++, 1)
    t.after(() => clearInterval(timer))
    const pair = await start(t).publicKeys.generate('A', { kind: 'rsa', size: 512 })
    assert.ok(pair.privateKey.length > 2300)
    // Made on the event loop, it would let none pass; in a thread, hundreds do.
    assert.ok(turns >= 10, `${turns} turns`)
  })
})

describe('turns', () => {
  /** What is done, in the order in which it is. */
  function recorder() {
    const done: string[] = []
    const record = async (name: string, task: Promise<unknown>): Promise<void> => {
      await task
      done.push(name)
    }
    return { done, record }
  }

  test('within an account are first come, first served', async t => {
    const threads = start(t)
    const { done, record } = recorder()
    await Promise.all(Array.from({ length: 20 }, (_, index) => record(`${index}`, decrypt(threads))))
    assert.deepEqual(
      done,
      Array.from({ length: 20 }, (_, index) => `${index}`),
    )
  })

  test('are not delayed by another account that has 60 tasks waiting, but for one beside the one under way', async t => {
    const threads = start(t)
    const { done, record } = recorder()
    const flood = Array.from({ length: 60 }, () => record('A', decrypt(threads, 'A')))
    await record('B', decrypt(threads, 'B'))
    assert.deepEqual(done, ['A', 'A', 'B'])
    await Promise.all(flood)
  })

  test('of the thread that makes keys come before what nobody waits for', async t => {
    const { publicKeys, keyGenerator } = start(t)
    const { done, record } = recorder()
    await Promise.all([
      record('A0', publicKeys.generate('A', tiny)),
      record('nobody', keyGenerator.generate(null, tiny)),
      record('A1', keyGenerator.generate('A', tiny)),
      record('A2', publicKeys.generate('A', tiny)),
      record('B0', publicKeys.generate('B', tiny)),
    ])
    assert.deepEqual(done, ['A0', 'A1', 'B0', 'A2', 'nobody'])
  })

  test('of quick operations do not come after key generation', async t => {
    const threads = start(t)
    const { done, record } = recorder()
    // So that both threads are there.
    await Promise.all([decrypt(threads), threads.publicKeys.generate('A', tiny)])
    await Promise.all([
      record('generate', threads.publicKeys.generate('A', { kind: 'rsa', size: 384 })),
      record('decrypt', decrypt(threads)),
    ])
    assert.deepEqual(done, ['decrypt', 'generate'])
  })
})

describe('C10: what waits is bounded', () => {
  test('256 operations of an account beside those under way, which are served', async t => {
    const threads = start(t, 2)
    const served = Array.from({ length: 2 + 256 }, () => decrypt(threads))
    for (let count = 0; count < 3; count++) await assert.rejects(decrypt(threads), isThrottled)
    served.push(decrypt(threads, 'B'))
    for (const answer of await Promise.all(served)) assert.deepEqual(answer, message)
    assert.deepEqual(await decrypt(threads), message)
  })

  test('1024 operations of all accounts, beside the first of each', async t => {
    const threads = start(t)
    const accounts = Array.from({ length: 11 }, (_, at) => `account ${at}`)
    const served = accounts.flatMap(account => Array.from({ length: 93 }, () => decrypt(threads, account)))
    served.push(decrypt(threads, 'F'), decrypt(threads, 'G'))
    for (const account of accounts) await assert.rejects(decrypt(threads, account), isThrottled)
    for (const answer of await Promise.all(served)) assert.deepEqual(answer, message)
  })

  test('16 key generations of an account, 64 of all, beside the first of each', async t => {
    const threads = start(t)
    const generate = (account: string) => threads.publicKeys.generate(account, tiny)
    const served = Array.from({ length: 1 + 16 }, () => generate('A'))
    await assert.rejects(generate('A'), isThrottled)
    for (const account of ['B', 'C', 'D']) served.push(...Array.from({ length: 16 }, () => generate(account)))
    served.push(generate('E'))
    await assert.rejects(generate('E'), isThrottled)
    await assert.rejects(threads.publicKeys.readPrivateKey('E', tiny, Buffer.alloc(100)), isThrottled)
    // Other threads are not concerned.
    assert.deepEqual(await decrypt(threads), message)
    assert.equal(new Set((await Promise.all(served)).map(pair => pair.publicKey.toString('hex'))).size, 66)
  })
})

describe('a thread that dies', () => {
  test('takes one task with it, and the next one starts another', async t => {
    const threads = start(t)
    assert.deepEqual(await decrypt(threads), message)
    await assert.rejects(die(threads), died)
    assert.equal(threads.running(), 0)
    assert.deepEqual(await decrypt(threads), message)
  })

  test('leaves those that wait to its successor', async t => {
    const threads = start(t)
    const answers = await Promise.allSettled([decrypt, die, decrypt, die, die, decrypt].map(each => each(threads)))
    assert.deepEqual(
      answers.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled', 'rejected', 'rejected', 'fulfilled'],
    )
  })

  test('leaves other threads alone', async t => {
    const threads = start(t, 2)
    const answers = await Promise.allSettled([die(threads), decrypt(threads), threads.publicKeys.generate('A', tiny)])
    assert.deepEqual(
      answers.map(({ status }) => status),
      ['rejected', 'fulfilled', 'fulfilled'],
    )
    assert.equal(threads.running(), 2)
  })

  test('dies also where unhandled rejections are let pass', async () => {
    const script = `
      const { generateKeyPairSync } = require('node:crypto')
      const { startPublicKeys } = await import(${JSON.stringify(module)})
      const alive = setInterval(() => {}, 60_000)
      const [one, other] = ['secp384r1', 'secp521r1'].map(namedCurve => generateKeyPairSync('ec', { namedCurve }))
      await startPublicKeys().publicKeys.agree('A', one.privateKey, other.privateKey)
        .catch(error => process.stdout.write(error.message))
      clearInterval(alive)
    `
    const parameters = ['--unhandled-rejections=warn', '--eval', `(async () => {${script}})()`]
    const { stdout } = await promisify(execFile)(process.execPath, parameters, { timeout: 20_000 })
    assert.equal(stdout, died.message)
  })

  test('says nothing of the key in its error', async t => {
    const {
      message: text,
      stack,
      cause,
    } = await die(start(t)).then(
      () => assert.fail('it worked'),
      (failure: Error) => failure,
    )
    assert.ok(cause instanceof Error)
    const secret = Buffer.from(p384.export({ format: 'jwk' }).d ?? '', 'base64url')
    for (const shown of [text, stack, cause.message, cause.stack, JSON.stringify(cause)]) {
      for (const encoding of ['latin1', 'hex', 'base64'] as const) {
        assert.ok(!shown?.includes(secret.toString(encoding).slice(2, 20)))
      }
    }
  })
})

describe('closing', () => {
  test('rejects what is under way, what waits and what comes later', async t => {
    const threads = start(t, 2)
    const generate = (account: string | null) => threads.keyGenerator.generate(account, { kind: 'rsa', size: 256 })
    const refused = [
      ...Array.from({ length: 10 }, () => assert.rejects(decrypt(threads), closed)),
      ...['A', 'A', 'B', null].map(account => assert.rejects(generate(account), closed)),
    ]
    await threads.close()
    await Promise.all(refused)
    assert.equal(threads.running(), 0)
    await assert.rejects(decrypt(threads), closed)
    await assert.rejects(generate('A'), closed)
  })

  test('twice, or before anything was started, does no harm', async () => {
    const threads = startPublicKeys()
    await threads.close()
    await threads.close()
  })

  test('is not needed for a process to end', async () => {
    const script = `(async () => {
      const { createPrivateKey } = require('node:crypto')
      const { startPublicKeys } = await import(${JSON.stringify(module)})
      const { publicKeys } = startPublicKeys()
      const alive = setInterval(() => {}, 60_000)
      const pair = await publicKeys.generate('A', { kind: 'rsa', size: 128 })
      const key = createPrivateKey({ key: pair.privateKey, format: 'der', type: 'pkcs8' })
      await publicKeys.decrypt('A', { scheme: 'pkcs1' }, key, Buffer.alloc(128), { minimum: 0, maximum: 128 })
      void publicKeys.generate('A', { kind: 'rsa', size: 128 })
      clearInterval(alive)
      process.stdout.write('done')
    })()`
    const { stdout } = await promisify(execFile)(process.execPath, ['--eval', script], {
      timeout: 60_000,
    })
    assert.equal(stdout, 'done')
  })
})

test('a thread keeps its code compiled where the process does, and finds it there', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'keyreeve-cache-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const script = `(async () => {
    const { enableCompileCache, flushCompileCache } = require('node:module')
    enableCompileCache(${JSON.stringify(folder)})
    const { startPublicKeys } = await import(${JSON.stringify(module)})
    flushCompileCache()
    const compiled = () => require('node:fs').readdirSync(${JSON.stringify(folder)}, { recursive: true }).length
    const alive = setInterval(() => {}, 60_000)
    const before = compiled()
    const { publicKeys, close } = startPublicKeys()
    await publicKeys.generate('A', { kind: 'rsa', size: 128 })
    await close()
    clearInterval(alive)
    process.stdout.write(String(compiled() > before))
  })()`
  const { stdout } = await promisify(execFile)(process.execPath, ['--eval', script], { timeout: 60_000 })
  assert.equal(stdout, 'true')
})

test('a thread that cannot be started fails each task, and keeps none waiting', async () => {
  const script = `
    const { startPublicKeys } = await import(${JSON.stringify(module)})
    const { publicKeys } = startPublicKeys()
    const generate = () => publicKeys.generate('A', { kind: 'rsa', size: 128 })
    for (let count = 0; count < 3; count++) {
      const answers = await Promise.allSettled([generate(), generate()])
      process.stdout.write(answers.map(({ reason }) => reason.message).join() + '\\n')
    }
  `
  // Without --allow-worker, as on a system that is out of threads, the constructor throws.
  const parameters = ['--permission', '--allow-fs-read=*', '--eval', script]
  const { stdout } = await promisify(execFile)(process.execPath, parameters, { timeout: 60_000 })
  const failure = 'No worker thread could be started.'
  assert.equal(stdout, `${failure},${failure}\n`.repeat(3))
})
