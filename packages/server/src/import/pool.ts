import { createSecretKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { ivSize, openGcm, sealGcm } from '../crypto/aead.ts'
import { kbkdf } from '../crypto/kdf.ts'
import { random } from '../crypto/random.ts'
import type { RsaKeyPair } from './rsa-worker.ts'
import { tooManyWaiting } from './workers.ts'
import type { KeyGenerator } from './workers.ts'
import { requireAvailable, wrappingKeySpecNames, wrappingKeySpecs } from './wrapping.ts'
import type { WrappingKeySpecName } from './wrapping.ts'

export interface WrappingKeys {
  /**
   * A key pair that nobody had before and nobody will have again: at once if one is ready, else in turn with the others
   * that wait. The caller wipes the private half.
   *
   * @throws UnsupportedOperationException for a spec that is not available
   * @throws ThrottlingException if too many wait
   */
  take(spec: WrappingKeySpecName): Promise<RsaKeyPair>
}

export interface WrappingKeyPool extends WrappingKeys {
  /** Starts to make key pairs in the background, until enough are ready; `take` does so too. */
  fill(): void
  /** How many are ready, by spec. */
  levels(): ReadonlyMap<WrappingKeySpecName, number>
}

/** Whoever comes next is refused: a pair of 4096 bits takes about 0.7 s of a core, and clients do not wait for ever. */
const longestQueue = 16

const available = wrappingKeySpecNames
  .flatMap(spec => {
    const row = wrappingKeySpecs[spec]
    return row.available ? [{ spec, modulusBits: row.modulusBits }] : []
  })
  .toSorted((a, b) => b.modulusBits - a.modulusBits)

/**
 * Wrapping key pairs made ahead, because making one takes up to seconds. An empty pool costs nothing before `fill` or the
 * first `take`. Nothing is stored: what a process leaves behind is lost, and costs the next one time only.
 *
 * While they wait, for hours perhaps, private halves are sealed under a key that is made with the pool and dies with it.
 * So the only secret that lies in memory is one KeyObject, which OpenSSL's secure heap, when in use, keeps out of swap
 * and core dumps. The seal of the store would protect nothing more, as its key is in the same memory.
 *
 * @param size how many pairs of each spec are kept ready; with 0, every one is made on demand
 */
export function openPool(generator: KeyGenerator, size = 4): WrappingKeyPool {
  return new Pool(generator, size)
}

interface Sealed {
  readonly publicKey: Buffer<ArrayBuffer>
  readonly iv: Buffer
  readonly privateKey: Buffer
}

interface Waiting {
  readonly spec: WrappingKeySpecName
  resolve(pair: RsaKeyPair): void
  reject(error: unknown): void
}

class Pool implements WrappingKeyPool {
  readonly #generator: KeyGenerator
  readonly #size: number
  readonly #ready = new Map(available.map(({ spec }): [WrappingKeySpecName, Sealed[]] => [spec, []]))
  readonly #waiting: Waiting[] = []
  readonly #key: KeyObject
  #isFilling = false

  constructor(generator: KeyGenerator, size: number) {
    this.#generator = generator
    this.#size = size
    const key = random(32)
    this.#key = createSecretKey(key)
    key.fill(0)
  }

  async take(spec: WrappingKeySpecName): Promise<RsaKeyPair> {
    requireAvailable(wrappingKeySpecs[spec])
    const sealed = this.#ready.get(spec)?.shift()
    if (sealed) {
      this.fill()
      return this.#open(sealed)
    }
    if (this.#waiting.length >= longestQueue) throw tooManyWaiting()
    const { promise, resolve, reject } = Promise.withResolvers<RsaKeyPair>()
    this.#waiting.push({ spec, resolve, reject })
    this.fill()
    return promise
  }

  fill(): void {
    if (!this.#isFilling) void this.#fill()
  }

  levels(): ReadonlyMap<WrappingKeySpecName, number> {
    return new Map([...this.#ready].map(([spec, pairs]) => [spec, pairs.length]))
  }

  async #fill(): Promise<void> {
    this.#isFilling = true
    for (let wanted = this.#mostWanted(); wanted; wanted = this.#mostWanted()) {
      const { spec, modulusBits } = wanted
      try {
        this.#provide(spec, await this.#generator.generate(modulusBits))
      } catch (error) {
        this.#firstWaiting(spec)?.reject(error)
        // Tried again for those who wait, but not for nobody.
        if (this.#waiting.length === 0) break
      }
    }
    this.#isFilling = false
  }

  /** What the one who waits longest needs; else what is scarcest, and of that the most expensive. */
  #mostWanted(): (typeof available)[number] | undefined {
    const [first] = this.#waiting
    if (first) return available.find(({ spec }) => spec === first.spec)
    const level = (spec: WrappingKeySpecName): number => this.#ready.get(spec)?.length ?? 0
    const scarcest = available.toSorted((a, b) => level(a.spec) - level(b.spec))[0] // Sorting keeps the order of equals.
    return scarcest && level(scarcest.spec) < this.#size ? scarcest : undefined
  }

  #provide(spec: WrappingKeySpecName, pair: RsaKeyPair): void {
    const first = this.#firstWaiting(spec)
    if (first) first.resolve(pair)
    else this.#ready.get(spec)?.push(this.#seal(pair))
  }

  #firstWaiting(spec: WrappingKeySpecName): Waiting | undefined {
    const index = this.#waiting.findIndex(waiting => waiting.spec === spec)
    return index < 0 ? undefined : this.#waiting.splice(index, 1)[0]
  }

  #seal({ publicKey, privateKey }: RsaKeyPair): Sealed {
    const key = this.#keyOf(publicKey)
    const iv = random(ivSize)
    const sealed = { publicKey, iv, privateKey: sealGcm(key, iv, publicKey, privateKey) }
    key.fill(0)
    privateKey.fill(0)
    return sealed
  }

  #open({ publicKey, iv, privateKey }: Sealed): RsaKeyPair {
    const key = this.#keyOf(publicKey)
    const opened = openGcm(key, iv, publicKey, privateKey)
    key.fill(0)
    if (!opened) throw new Error('A waiting wrapping key was changed in memory.')
    return { publicKey, privateKey: opened }
  }

  #keyOf(publicKey: Uint8Array): Buffer {
    return kbkdf(this.#key, 'wrapping-key-pool/v1', publicKey, 256)
  }
}
