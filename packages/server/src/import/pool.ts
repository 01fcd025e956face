import { createSecretKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { ivSize, openGcm, sealGcm } from '../crypto/aead.ts'
import { kbkdf } from '../crypto/kdf.ts'
import type { KeyPair } from '../crypto/key-pair.ts'
import { random } from '../crypto/random.ts'
import type { KeyGenerator } from '../threads/public-keys.ts'
import { requireAvailable, wrappingKeySpecNames, wrappingKeySpecs } from './wrapping.ts'
import type { WrappingKeySpecName } from './wrapping.ts'

export interface WrappingKeys {
  /**
   * A key pair that nobody had before and nobody will have again: at once if one is ready, else made for the account in its
   * turn. The caller wipes the private half.
   *
   * @throws UnsupportedOperationException for a spec that is not available
   * @throws ThrottlingException if too many wait
   */
  take(account: string, spec: WrappingKeySpecName): Promise<KeyPair>
}

export interface WrappingKeyPool extends WrappingKeys {
  /** Starts to make key pairs in the background, until enough are ready; `take` does so too. */
  fill(): void
  /** How many are ready, by spec. */
  levels(): ReadonlyMap<WrappingKeySpecName, number>
}

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
  resolve(pair: KeyPair): void
  reject(error: unknown): void
}

class Pool implements WrappingKeyPool {
  readonly #generator: KeyGenerator
  readonly #size: number
  readonly #ready = new Map(available.map(({ spec }): [WrappingKeySpecName, Sealed[]] => [spec, []]))
  readonly #waiting = new Set<Waiting>()
  readonly #key: KeyObject
  #isFilling = false

  constructor(generator: KeyGenerator, size: number) {
    this.#generator = generator
    this.#size = size
    const key = random(32)
    this.#key = createSecretKey(key)
    key.fill(0)
  }

  async take(account: string, spec: WrappingKeySpecName): Promise<KeyPair> {
    const row = requireAvailable(wrappingKeySpecs[spec])
    const sealed = this.#ready.get(spec)?.shift()
    const pair = sealed ? this.#open(sealed) : this.#make(account, spec, row.modulusBits)
    this.fill()
    return await pair
  }

  fill(): void {
    if (!this.#isFilling) void this.#fill()
  }

  levels(): ReadonlyMap<WrappingKeySpecName, number> {
    return new Map([...this.#ready].map(([spec, pairs]) => [spec, pairs.length]))
  }

  /** For one who waits, in the account's turn; what the pool gets meanwhile may come first. */
  #make(account: string, spec: WrappingKeySpecName, modulusBits: number): Promise<KeyPair> {
    return new Promise((resolve, reject) => {
      const waiting = { spec, resolve, reject }
      this.#waiting.add(waiting)
      this.#generate(account, modulusBits).then(
        pair => this.#provide(pair, spec, waiting),
        error => {
          this.#waiting.delete(waiting)
          reject(error)
        },
      )
    })
  }

  async #fill(): Promise<void> {
    this.#isFilling = true
    try {
      for (let scarcest = this.#scarcest(); scarcest; scarcest = this.#scarcest()) {
        this.#provide(await this.#generate(null, scarcest.modulusBits), scarcest.spec)
      }
    } catch {
      // Tried again when somebody asks, but not for nobody.
    } finally {
      this.#isFilling = false
    }
  }

  /** Of those that are not as many as they should be; of equals the most expensive. */
  #scarcest(): (typeof available)[number] | undefined {
    const level = (spec: WrappingKeySpecName): number => this.#ready.get(spec)?.length ?? 0
    const scarcest = available.toSorted((a, b) => level(a.spec) - level(b.spec))[0] // Sorting keeps the order of equals.
    return scarcest && level(scarcest.spec) < this.#size ? scarcest : undefined
  }

  #generate(account: string | null, modulusBits: number): Promise<KeyPair> {
    return this.#generator.generate(account, { kind: 'rsa', size: modulusBits / 8 })
  }

  /** To the one it was made for, unless another pair came first; else to the one who waits longest; else to the pool. */
  #provide(pair: KeyPair, spec: WrappingKeySpecName, wanted?: Waiting): void {
    const waiting =
      wanted && this.#waiting.has(wanted) ? wanted : [...this.#waiting].find(waiting => waiting.spec === spec)
    if (!waiting) {
      this.#ready.get(spec)?.push(this.#seal(pair))
      return
    }
    this.#waiting.delete(waiting)
    waiting.resolve(pair)
  }

  #seal({ publicKey, privateKey }: KeyPair): Sealed {
    const key = this.#keyOf(publicKey)
    const iv = random(ivSize)
    const sealed = { publicKey, iv, privateKey: sealGcm(key, iv, publicKey, privateKey) }
    key.fill(0)
    privateKey.fill(0)
    return sealed
  }

  #open({ publicKey, iv, privateKey }: Sealed): KeyPair {
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
