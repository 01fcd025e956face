import { constants, hash, privateEncrypt, publicDecrypt, timingSafeEqual } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { derNull, derOctetString, derOid, derSequence } from './der.ts'
import { random } from './random.ts'
import type { RsaSignatureScheme } from './signature.ts'

/**
 * RSA signatures of a digest that somebody else has made: the encodings of RFC 8017 section 9 around OpenSSL's raw operation.
 * Node has OpenSSL hash whatever is signed. Moduli are of whole bytes.
 */

type Hash = RsaSignatureScheme['hash']

/** Section 9.2, note 1. */
const identifiers = {
  sha256: derOid('2.16.840.1.101.3.4.2.1'),
  sha384: derOid('2.16.840.1.101.3.4.2.2'),
  sha512: derOid('2.16.840.1.101.3.4.2.3'),
} as const

/** As RSASSA-PKCS1-v1_5 or RSASSA-PSS signs the message with this digest; the salt of PSS is as long as the digest. */
export function signDigest(scheme: RsaSignatureScheme, key: KeyObject, digest: Uint8Array): Buffer {
  const size = sizeOf(key)
  const encoded =
    scheme.scheme === 'pkcs1'
      ? encodePkcs1(scheme.hash, digest, size)
      : encodePss(scheme.hash, digest, size, random(digest.length))
  return privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, encoded)
}

/** Encodes what should have been signed and compares: nothing that a stranger has made is parsed. */
export function verifyDigest(
  scheme: RsaSignatureScheme,
  key: KeyObject,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  const size = sizeOf(key)
  if (signature.length !== size) return false
  let encoded
  try {
    encoded = publicDecrypt({ key, padding: constants.RSA_NO_PADDING }, signature)
  } catch {
    return false // A number not below the modulus.
  }
  const expected =
    scheme.scheme === 'pkcs1'
      ? encodePkcs1(scheme.hash, digest, size)
      : encodePss(scheme.hash, digest, size, saltOf(scheme.hash, digest.length, encoded))
  return timingSafeEqual(encoded, expected)
}

function sizeOf(key: KeyObject): number {
  const bits = key.asymmetricKeyDetails?.modulusLength
  if (bits === undefined || bits % 8 !== 0) throw new TypeError('The key has no modulus of whole bytes.')
  return bits / 8
}

/** EMSA-PKCS1-v1_5: `00 01 || ff ... || 00 || DigestInfo` (section 9.2). */
function encodePkcs1(name: Hash, digest: Uint8Array, size: number): Buffer {
  const info = derSequence(derSequence(identifiers[name], derNull()), derOctetString(digest))
  const encoded = Buffer.alloc(size, 0xff)
  encoded.writeUInt16BE(1)
  encoded[size - info.length - 1] = 0
  encoded.set(info, size - info.length)
  return encoded
}

/** EMSA-PSS: `masked (00 ... || 01 || salt) || H || bc`, H being the hash of `8 bytes 00 || digest || salt` (section 9.1.1). */
function encodePss(name: Hash, digest: Uint8Array, size: number, salt: Uint8Array): Buffer {
  const seal = hash(name, Buffer.concat([Buffer.alloc(8), digest, salt]), 'buffer')
  const encoded = Buffer.alloc(size)
  const dataSize = size - digest.length - 1
  encoded[dataSize - salt.length - 1] = 1
  encoded.set(salt, dataSize - salt.length)
  mask(name, seal, encoded.subarray(0, dataSize))
  encoded.set(seal, dataSize)
  encoded[size - 1] = 0xbc
  return encoded
}

/** The salt that an encoding must hold if it is one. */
function saltOf(name: Hash, hashSize: number, encoded: Buffer): Buffer {
  const dataSize = encoded.length - hashSize - 1
  const data = Buffer.from(encoded.subarray(0, dataSize))
  mask(name, encoded.subarray(dataSize, dataSize + hashSize), data)
  return data.subarray(dataSize - hashSize)
}

/** Puts on or takes off the mask of MGF1 (appendix B.2.1), and clears the bit by which the encoding stays below the modulus. */
function mask(name: Hash, seed: Uint8Array, data: Buffer): void {
  const input = Buffer.alloc(seed.length + 4)
  input.set(seed)
  for (let at = 0, counter = 0; at < data.length; counter++) {
    input.writeUInt32BE(counter, seed.length)
    for (const byte of hash(name, input, 'buffer').subarray(0, data.length - at)) {
      data.writeUInt8(data.readUInt8(at) ^ byte, at)
      at++
    }
  }
  data.writeUInt8(data.readUInt8(0) & 0x7f, 0)
}
