import { base64Length, writeBase64 } from './base64.ts'
import { writeUtf8 } from './json.ts'

const usualSize = 64 * 1024

/** By code unit below 128: what is written in its place, if not the character itself; six bytes at most. */
export type Escapes = readonly (Uint8Array | undefined)[]

/**
 * Writes a text straight into bytes, so that no blob becomes a string on the way. Each call writes one piece; that the
 * pieces make a document is the caller's duty, as is `clear`, since what was written may hold a secret.
 */
export class TextWriter {
  #buffer = Buffer.allocUnsafeSlow(usualSize)
  #length = 0

  /** A piece that is in the form of the document already. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#length = copy(bytes, this.#buffer, this.#length)
  }

  /** Text. Half of a surrogate pair becomes U+FFFD: it has no place in UTF-8. */
  escaped(text: string, escapes: Escapes): void {
    this.#reserve(6 * text.length)
    const buffer = this.#buffer
    let to = this.#length
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i)
      if (unit < 0x80) {
        const escape = escapes[unit]
        if (escape) to = copy(escape, buffer, to)
        else buffer[to++] = unit
      } else {
        const point = text.codePointAt(i) ?? unit
        if (point > 0xffff) i++
        to = writeUtf8(point >= 0xd800 && point <= 0xdfff ? 0xfffd : point, buffer, to)
      }
    }
    this.#length = to
  }

  /** The base64 of `bytes`. */
  base64(bytes: Uint8Array): void {
    this.#reserve(base64Length(bytes.length))
    this.#length = writeBase64(bytes, this.#buffer, this.#length)
  }

  /** A copy of what was written, in memory of its own. */
  written(): Buffer {
    const bytes = Buffer.allocUnsafeSlow(this.#length)
    this.#buffer.copy(bytes, 0, 0, this.#length)
    return bytes
  }

  /** What was written, as a string. */
  text(): string {
    return this.#buffer.toString('utf8', 0, this.#length)
  }

  /** Wipes what was written. */
  clear(): void {
    this.#buffer.fill(0, 0, this.#length)
    this.#length = 0
    if (this.#buffer.length > usualSize) this.#buffer = Buffer.allocUnsafeSlow(usualSize)
  }

  #reserve(size: number): void {
    if (this.#length + size <= this.#buffer.length) return
    const larger = Buffer.allocUnsafeSlow(2 * (this.#length + size))
    this.#buffer.copy(larger, 0, 0, this.#length)
    this.#buffer.fill(0, 0, this.#length)
    this.#buffer = larger
  }
}

/** Returns where the copy ends. For a few bytes this is faster than a call of `set`. */
function copy(bytes: Uint8Array, target: Uint8Array, at: number): number {
  for (let i = 0; i < bytes.length; i++) target[at + i] = bytes[i] ?? 0
  return at + bytes.length
}
