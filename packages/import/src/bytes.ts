/** Bytes that Web Crypto takes as they are: never shared memory. */
export type Bytes = Uint8Array<ArrayBuffer>

/** The unsigned big-endian number in `bytes`. A bigint cannot be wiped: see where secret ones are made. */
export function toBigInt(bytes: Uint8Array): bigint {
  let value = 0n
  for (const byte of bytes) value = (value << 8n) | BigInt(byte)
  return value
}

/** The opposite of toBigInt, in exactly `size` bytes; `value` must fit. */
export function fromBigInt(value: bigint, size: number): Bytes {
  const bytes = new Uint8Array(size)
  for (let i = size - 1; i >= 0; i--, value >>= 8n) bytes[i] = Number(value & 0xffn)
  return bytes
}

/** Whether two public values are the same; not for secrets, as it stops at the first difference. */
export function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

/** A view that leaves out the zeros at the start. */
export function stripZeros(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex(byte => byte !== 0)
  return bytes.subarray(first < 0 ? bytes.length : first)
}

export function concat(...parts: Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}
