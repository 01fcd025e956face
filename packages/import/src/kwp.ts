import type { Bytes } from './bytes.ts'

/** Alternative initial value (RFC 5649 section 3); the length of the material follows it. */
const initialValue = 0xa65959a6

/**
 * AES key wrap with padding (RFC 5649, NIST SP 800-38F KWP).
 *
 * Web Crypto's AES-KW has the initial value of RFC 3394 built in and takes whole blocks only, so the rounds are here and
 * only the AES block comes from Web Crypto. That costs an asynchronous call per 8 bytes and round: about 0.1 s for an
 * RSA-4096 private key.
 *
 * @param key AES key of 16, 24 (not in Chromium) or 32 bytes
 * @param material at least one byte
 * @returns 8 bytes more than the material filled up to a multiple of 8
 */
export async function wrapKwp(key: Bytes, material: Uint8Array): Promise<Bytes> {
  const aes = await crypto.subtle.importKey('raw', key, 'AES-CBC', false, ['encrypt'])
  const blocks = Math.ceil(material.length / 8)
  const wrapped = new Uint8Array(8 + 8 * blocks)
  const header = new DataView(wrapped.buffer)
  header.setUint32(0, initialValue)
  header.setUint32(4, material.length)
  wrapped.set(material, 8)
  if (blocks === 1) {
    wrapped.set(await encryptBlock(aes, wrapped))
    return wrapped
  }

  const block = new Uint8Array(16)
  const counter = new DataView(block.buffer, 4)
  block.set(wrapped.subarray(0, 8))
  for (let step = 1; step <= 6 * blocks; step++) {
    const at = 8 + 8 * ((step - 1) % blocks)
    block.set(wrapped.subarray(at, at + 8), 8)
    block.set(await encryptBlock(aes, block))
    wrapped.set(block.subarray(8), at)
    // The 64-bit step number is XORed into the first half; 2^32 steps would be 5.7 GB of material.
    counter.setUint32(0, counter.getUint32(0) ^ step)
  }
  wrapped.set(block.subarray(0, 8))
  return wrapped
}

/** One AES block: CBC under a zero IV leaves its first block alone; the padding block that follows is dropped. */
async function encryptBlock(aes: CryptoKey, block: Bytes): Promise<Bytes> {
  const output = await crypto.subtle.encrypt({ name: 'AES-CBC', iv: new Uint8Array(16) }, aes, block)
  return new Uint8Array(output, 0, 16)
}
