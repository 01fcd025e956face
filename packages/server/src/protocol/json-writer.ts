import { TextWriter, type Escapes } from './text-writer.ts'

const quote = Buffer.from('"')
/** How a string says what it cannot hold by itself (RFC 8259 section 7). */
const escapes: Escapes = Array.from({ length: 0x80 }, (_, unit) => {
  const escape = JSON.stringify(String.fromCharCode(unit)).slice(1, -1)
  return escape.length > 1 ? Buffer.from(escape) : undefined
})

/** Writes JSON. */
export class JsonWriter extends TextWriter {
  string(text: string): void {
    this.raw(quote)
    this.escaped(text, escapes)
    this.raw(quote)
  }

  /** A string: the base64 of `bytes`. */
  override base64(bytes: Uint8Array): void {
    this.raw(quote)
    super.base64(bytes)
    this.raw(quote)
  }

  /** @throws RangeError for what JSON has no number for */
  number(value: number): void {
    if (!Number.isFinite(value)) throw new RangeError('JSON has no such number')
    this.raw(Buffer.from(String(value)))
  }
}
