import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { beforeEach, describe, test } from 'node:test'
import type { KeyPair, KeyPairKind } from '../../src/crypto/key-pair.ts'
import { openPool } from '../../src/import/pool.ts'
import type { WrappingKeyPool } from '../../src/import/pool.ts'
import type { KmsError } from '../../src/protocol/errors.ts'
import type { KeyGenerator } from '../../src/threads/public-keys.ts'
import { startPublicKeys } from '../../src/threads/threads.ts'

/** A generator that makes a pair when the test says so, one after the other: for nobody once nobody waits. */
class Generator implements KeyGenerator {
  /** Sizes that it began to make, and for whom, in order. */
  readonly begun: [modulusBits: number, account: string | null][] = []
  readonly made: KeyPair[] = []
  underWay: Task | undefined
  readonly waiting: Task[] = []

  generate(account: string | null, kind: KeyPairKind): Promise<KeyPair> {
    assert.ok(kind.kind === 'rsa')
    const task = { account, modulusBits: kind.size * 8, ...Promise.withResolvers<KeyPair>() }
    const background = this.waiting.findIndex(({ account: other }) => other === null)
    this.waiting.splice(account === null || background < 0 ? this.waiting.length : background, 0, task)
    if (!this.underWay) this.#begin()
    return task.promise
  }

  get asked(): number[] {
    return this.begun.map(([modulusBits]) => modulusBits)
  }

  async finish(): Promise<void> {
    const pair = {
      publicKey: Buffer.from(`public ${this.made.length}`),
      privateKey: Buffer.from(`private ${this.made.length}`),
    }
    this.made.push({ publicKey: Buffer.from(pair.publicKey), privateKey: pair.privateKey })
    this.underWay?.resolve(pair)
    this.#begin()
    await settled()
  }

  async fail(): Promise<void> {
    this.underWay?.reject(new Error('no key today'))
    this.#begin()
    await settled()
  }

  async finishAll(): Promise<void> {
    while (this.underWay) await this.finish()
  }

  #begin(): void {
    this.underWay = this.waiting.shift()
    if (this.underWay) this.begun.push([this.underWay.modulusBits, this.underWay.account])
  }
}

interface Task extends PromiseWithResolvers<KeyPair> {
  account: string | null
  modulusBits: number
}

/** When all that can happen without the generator has happened. */
const settled = (): Promise<void> => new Promise(resolve => void setImmediate(resolve))

const textOf = ({ publicKey, privateKey }: KeyPair): string => `${publicKey.toString()}, ${privateKey.toString()}`
const numbered = (index: number): string => `public ${index}, private ${index}`

const account = '111122223333'
const other = '444455556666'

let generator: Generator
let pool: WrappingKeyPool
beforeEach(() => {
  generator = new Generator()
  pool = openPool(generator)
})

const levels = (): object => Object.fromEntries(pool.levels())

describe('filling', () => {
  test('nothing is made before somebody asks', async () => {
    await settled()
    assert.deepEqual(generator.asked, [])
    assert.deepEqual(levels(), { RSA_4096: 0, RSA_3072: 0, RSA_2048: 0 })
  })

  test('makes four of each, the scarcest first and the largest before others', async () => {
    pool.fill()
    pool.fill()
    await generator.finishAll()
    const round = [4096, 3072, 2048]
    assert.deepEqual(generator.asked, [...round, ...round, ...round, ...round])
    assert.deepEqual(levels(), { RSA_4096: 4, RSA_3072: 4, RSA_2048: 4 })
  })

  test('a full pool makes no more', async () => {
    pool.fill()
    await generator.finishAll()
    pool.fill()
    assert.equal(generator.asked.length, 12)
  })

  test('keeps as many as it is told to, none included', async () => {
    const small = openPool(generator, 1)
    small.fill()
    await generator.finishAll()
    assert.deepEqual(Object.fromEntries(small.levels()), { RSA_4096: 1, RSA_3072: 1, RSA_2048: 1 })
    const empty = openPool(generator, 0)
    empty.fill()
    assert.equal(generator.underWay, undefined)
    const taken = empty.take(account, 'RSA_2048')
    await generator.finishAll()
    assert.equal(textOf(await taken), numbered(3))
    assert.deepEqual(Object.fromEntries(empty.levels()), { RSA_4096: 0, RSA_3072: 0, RSA_2048: 0 })
  })

  test('what is taken is made again', async () => {
    pool.fill()
    await generator.finishAll()
    await pool.take(account, 'RSA_3072')
    await pool.take(account, 'RSA_3072')
    await pool.take(account, 'RSA_4096')
    assert.deepEqual(levels(), { RSA_4096: 3, RSA_3072: 2, RSA_2048: 4 })
    await generator.finishAll()
    assert.deepEqual(generator.asked.slice(12), [3072, 4096, 3072])
    assert.deepEqual(levels(), { RSA_4096: 4, RSA_3072: 4, RSA_2048: 4 })
  })

  test('private halves are wiped when they are put aside, and come back whole', async () => {
    pool.fill()
    await generator.finish()
    const [made] = generator.made
    assert.deepEqual(made?.privateKey, Buffer.alloc('private 0'.length))
    assert.equal(textOf(await pool.take(account, 'RSA_4096')), numbered(0))
  })
})

describe('taking', () => {
  test('gives what is ready, oldest first, without the generator', async () => {
    pool.fill()
    await generator.finishAll()
    const taken = []
    for (let count = 0; count < 4; count++) taken.push(textOf(await pool.take(account, 'RSA_2048')))
    assert.deepEqual(taken, [2, 5, 8, 11].map(numbered))
  })

  test('no pair is handed out twice, however many ask at once', async () => {
    pool.fill()
    await generator.finishAll()
    const takes = [...Array<undefined>(5)].flatMap(() => [
      pool.take(account, 'RSA_4096'),
      pool.take(account, 'RSA_2048'),
    ])
    await generator.finishAll()
    const taken = await Promise.all(takes)
    assert.equal(new Set(taken.map(textOf)).size, 10)
    assert.equal(new Set(taken.map(({ privateKey }) => privateKey.toString())).size, 10)
  })

  test('waits for the next one when none is ready', async () => {
    let isDone = false
    const taken = pool.take(account, 'RSA_2048').finally(() => (isDone = true))
    await settled()
    assert.ok(!isDone)
    assert.deepEqual(generator.asked, [2048])
    await generator.finish()
    assert.equal(textOf(await taken), numbered(0))
  })

  test('who waits longest is served first, whatever the spec', async () => {
    const order: string[] = []
    for (const [index, spec] of (['RSA_2048', 'RSA_4096', 'RSA_2048', 'RSA_3072'] as const).entries()) {
      void pool.take(account, spec).then(pair => order.push(`${index}: ${textOf(pair)}`))
    }
    for (let count = 0; count < 4; count++) await generator.finish()
    assert.deepEqual(generator.asked.slice(0, 4), [2048, 4096, 2048, 3072])
    assert.deepEqual(
      order,
      [0, 1, 2, 3].map(index => `${index}: ${numbered(index)}`),
    )
  })

  test('who waits comes before the background, and gets what is under way if it fits', async () => {
    pool.fill()
    const small = pool.take(account, 'RSA_2048')
    const large = pool.take(account, 'RSA_4096')
    await generator.finish()
    assert.equal(textOf(await large), numbered(0))
    await generator.finish()
    assert.equal(textOf(await small), numbered(1))
    assert.deepEqual(generator.asked.slice(0, 2), [4096, 2048])
  })

  test('nobody overtakes those who wait', async () => {
    const first = pool.take(account, 'RSA_2048')
    const second = pool.take(account, 'RSA_2048')
    await generator.finish()
    const third = pool.take(account, 'RSA_2048')
    await generator.finish()
    await generator.finish()
    assert.deepEqual((await Promise.all([first, second, third])).map(textOf), [0, 1, 2].map(numbered))
  })

  test('a pair that came too late for whom it was made goes to the next who waits, else to the pool', async () => {
    pool.fill()
    const first = pool.take(account, 'RSA_4096')
    await generator.finish()
    assert.equal(textOf(await first), numbered(0))
    const second = pool.take(other, 'RSA_4096')
    await generator.finish()
    assert.equal(textOf(await second), numbered(1))
    assert.deepEqual(levels(), { RSA_4096: 0, RSA_3072: 0, RSA_2048: 0 })
    await generator.finish()
    assert.deepEqual(levels(), { RSA_4096: 1, RSA_3072: 0, RSA_2048: 0 })
    assert.deepEqual(generator.begun.slice(0, 3), [
      [4096, null],
      [4096, account],
      [4096, other],
    ])
  })

  test('whose turn it is gets the pair, though others have waited longer', async () => {
    const takes = [account, account, other].map(each => pool.take(each, 'RSA_2048'))
    // As a queue does in which accounts take turns.
    generator.waiting.unshift(...generator.waiting.splice(1, 1))
    for (const _ of takes) await generator.finish()
    assert.deepEqual(
      generator.begun.slice(0, 3).map(([, whose]) => whose),
      [account, other, account],
    )
    assert.deepEqual((await Promise.all(takes)).map(textOf), [0, 2, 1].map(numbered))
  })

  test('refuses SM2', async () => {
    await assert.rejects(pool.take(account, 'SM2'), (error: KmsError) => error.code === 'UnsupportedOperationException')
    assert.deepEqual(generator.asked, [])
  })
})

describe('a generator that fails', () => {
  test('fails the one that it was for, and nobody else', async () => {
    const first = pool.take(account, 'RSA_2048')
    const second = pool.take(account, 'RSA_2048')
    const refused = assert.rejects(first, /no key today/)
    await generator.fail()
    await refused
    await generator.finish()
    assert.equal(textOf(await second), numbered(0))
  })

  test('in the background rests until somebody asks', async () => {
    pool.fill()
    await generator.fail()
    assert.equal(generator.underWay, undefined)
    assert.equal(generator.asked.length, 1)
    const taken = pool.take(account, 'RSA_2048')
    await generator.finish()
    assert.equal(textOf(await taken), numbered(0))
    await generator.finishAll()
    assert.deepEqual(levels(), { RSA_4096: 4, RSA_3072: 4, RSA_2048: 4 })
  })

  test('in the background does not keep others waiting', async () => {
    pool.fill()
    const taken = pool.take(account, 'RSA_2048')
    await generator.fail()
    await generator.finish()
    assert.equal(textOf(await taken), numbered(0))
  })

  test('for ever fails everybody who waits, each once', async () => {
    const takes = Array.from({ length: 5 }, () => assert.rejects(pool.take(account, 'RSA_4096'), /no key today/))
    for (let count = 0; count < 5; count++) await generator.fail()
    await Promise.all(takes)
    assert.deepEqual(generator.begun, [...Array.from({ length: 5 }, () => [4096, account]), [4096, null]])
    await generator.fail()
    assert.equal(generator.underWay, undefined)
  })
})

test('with the real generator: pairs that belong together, of the right size, none like another', async t => {
  const threads = startPublicKeys()
  const alive = setInterval(() => {}, 60_000)
  t.after(() => {
    clearInterval(alive)
    return threads.close()
  })
  const real = openPool(threads.keyGenerator)
  const pairs = await Promise.all([
    real.take(account, 'RSA_2048'),
    real.take(account, 'RSA_2048'),
    real.take(account, 'RSA_3072'),
  ])
  assert.deepEqual(
    pairs.map(({ publicKey, privateKey }) => {
      const key = createPrivateKey({ key: privateKey, format: 'der', type: 'pkcs8' })
      assert.deepEqual(createPublicKey(key).export({ format: 'der', type: 'spki' }), publicKey)
      return key.asymmetricKeyDetails
    }),
    [2048, 2048, 3072].map(modulusLength => ({ modulusLength, publicExponent: 65_537n })),
  )
  assert.notDeepEqual(pairs[0]?.publicKey, pairs[1]?.publicKey)
})
