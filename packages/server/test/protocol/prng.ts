/** Choices that look random and are the same in every run: mulberry32 of a seed. */
export class Prng {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  /** An integer from 0 to `limit` - 1. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit)
  }

  chance(percent: number): boolean {
    return this.below(100) < percent
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!
  }

  bytes(size: number): Buffer {
    return Buffer.from(Array.from({ length: size }, () => this.below(256)))
  }

  /** Well-formed text of `length` characters, of all sizes in UTF-8, with those that JSON must escape among them. */
  text(length: number): string {
    const alphabet = Array.from('abcXYZ019 _-/"\\\b\f\n\r\t\0\u001f\u007féß漢\u2028\uffff😀\u{10ffff}')
    return Array.from({ length }, () => this.pick(alphabet)).join('')
  }
}
