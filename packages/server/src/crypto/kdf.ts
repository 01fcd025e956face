import { createHmac } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

const blockSize = 32

/**
 * Derives a key of `bits` bits: KBKDF in counter mode with HMAC-SHA256 (NIST SP 800-108r1, section 4.1), over
 * `i || label || 00 || context || bits`, counter and length as u32 big-endian, i from 1.
 *
 * `label` is a constant of ours without zero bytes, or label and context could change places. The caller wipes the result.
 *
 * @throws RangeError unless `bits` is a positive multiple of 8
 */
export function kbkdf(
  key: KeyObject | Uint8Array,
  label: string,
  context: Uint8Array,
  bits: number,
): Buffer<ArrayBuffer> {
  if (!(bits > 0 && bits % 8 === 0 && bits <= 0xffff_ffff)) throw new RangeError(`cannot derive ${bits} bits`)
  const labelEnd = 4 + Buffer.byteLength(label)
  const input = Buffer.allocUnsafe(labelEnd + 1 + context.length + 4)
  input.write(label, 4)
  input[labelEnd] = 0
  input.set(context, labelEnd + 1)
  input.writeUInt32BE(bits, labelEnd + 1 + context.length)
  const derived = Buffer.allocUnsafeSlow(bits / 8)
  for (let i = 1, at = 0; at < derived.length; i++, at += blockSize) {
    input.writeUInt32BE(i, 0)
    const block = createHmac('sha256', key).update(input).digest()
    block.copy(derived, at)
    block.fill(0)
  }
  return derived
}
