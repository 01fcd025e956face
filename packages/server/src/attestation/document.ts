import { isUtf8 } from 'node:buffer'
import { createPublicKey, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { decode, encode, Tokenizer, type Token } from 'cborg'
import { bitStringOf, childrenOf, parseDer, unsignedOf } from '../crypto/der.ts'
import { encodeHex } from '../protocol/base64.ts'
import { verifyChain } from './chain.ts'
import { AttestationError } from './error.ts'

/** What an attestation document vouches for. */
export interface Attestation {
  /** Of the hypervisor module that issued the document. */
  readonly moduleId: string
  /** When it was issued, in epoch milliseconds. */
  readonly timestamp: number
  /** Platform configuration registers by their numbers (0 to 31), in lower-case hex. */
  readonly pcrs: ReadonlyMap<number, string>
  /** Register 0: the measurement of the enclave's image. */
  readonly imageSha384: string
  /** RSA, 2048 to 4096 bits: what is meant for the enclave is encrypted under it. */
  readonly publicKey: KeyObject
  /** At most 1024 bytes, as the nonce. */
  readonly userData?: Uint8Array
  readonly nonce?: Uint8Array
}

/** `{1: -35}`: ES384 (RFC 9053 section 2.1). */
const protectedHeader = Uint8Array.of(0xa1, 0x01, 0x38, 0x22)
/** CBOR tag 18 (RFC 9052 section 2), which may be there. */
const coseSign1 = 0xd2
/** Bytes: r and s, 48 each. */
const signatureSize = 96
const mostPayload = 16_384
const mostCertificate = 1024
const mostData = 1024
const registerSizes = [32, 48, 64]
const members = [
  'module_id',
  'timestamp',
  'digest',
  'pcrs',
  'certificate',
  'cabundle',
  'public_key',
  'user_data',
  'nonce',
]

/**
 * Verifies an attestation document of AWS Nitro Enclaves, as
 * https://github.com/aws/aws-nitro-enclaves-nsm-api/blob/main/docs/attestation_process.md says, and that it has a public
 * key. A document has no deadline of its own: it is good as long as all its certificates are (the first of AWS's lives
 * three hours).
 *
 * As hypervisors write them (documents of 2024 and 2025), optional members that are absent are null, and the map of the
 * members may be of indefinite length; nothing else may be.
 *
 * @param roots certificates in DER; the chain must begin with one of them
 * @param now epoch milliseconds
 * @throws AttestationError
 */
export function verifyAttestation(document: Uint8Array, roots: readonly Uint8Array[], now: number): Attestation {
  const { payload, signature } = readCose(document)
  const map = decodeCbor(payload, { allowIndefinite: true })
  if (!(map instanceof Map)) throw malformed('its payload is no map')
  if (!Array.from(map.keys()).every(name => members.includes(name))) throw malformed('it has an unknown member')

  const moduleId: unknown = map.get('module_id')
  if (typeof moduleId !== 'string' || moduleId === '') throw malformed('module_id')
  const timestamp: unknown = map.get('timestamp')
  if (typeof timestamp !== 'number' || timestamp === 0) throw malformed('timestamp')
  if (map.get('digest') !== 'SHA384') throw malformed('digest')
  const pcrs = readRegisters(map.get('pcrs'))
  const imageSha384 = pcrs.get(0)
  if (imageSha384 === undefined) throw malformed('pcrs')
  const certificate = bytesOf(map.get('certificate'), 'certificate', 1, mostCertificate)
  const bundle: unknown = map.get('cabundle')
  if (!Array.isArray(bundle)) throw malformed('cabundle')
  const authorities = bundle.map(item => bytesOf(item, 'cabundle', 1, mostCertificate))
  const key = optionalBytesOf(map.get('public_key'), 'public_key', 1)
  const userData = optionalBytesOf(map.get('user_data'), 'user_data', 0)
  const nonce = optionalBytesOf(map.get('nonce'), 'nonce', 0)

  const signer = verifyChain(certificate, authorities, roots, now)
  // The Sig_structure of RFC 9052 section 4.4, without external data.
  const signed = encode(['Signature1', protectedHeader, new Uint8Array(), payload])
  if (!verify('sha384', signed, { key: signer, dsaEncoding: 'ieee-p1363' }, signature)) {
    throw new AttestationError('The signature is wrong.')
  }
  return {
    moduleId,
    timestamp,
    pcrs,
    imageSha384,
    publicKey: readPublicKey(key),
    ...(userData && { userData }),
    ...(nonce && { nonce }),
  }
}

function readCose(document: Uint8Array): { payload: Uint8Array; signature: Uint8Array } {
  const message = decodeCbor(document[0] === coseSign1 ? document.subarray(1) : document, { allowIndefinite: false })
  if (!Array.isArray(message) || message.length !== 4) throw malformed('it is no COSE_Sign1 message')
  const [header, unprotected, payload, signature]: unknown[] = message
  if (!(header instanceof Uint8Array) || Buffer.compare(header, protectedHeader) !== 0) {
    throw malformed('its algorithm is not ES384')
  }
  if (!(unprotected instanceof Map) || unprotected.size > 0) throw malformed('it has an unprotected header')
  return {
    payload: bytesOf(payload, 'the payload', 1, mostPayload),
    signature: bytesOf(signature, 'the signature', signatureSize, signatureSize),
  }
}

function readRegisters(value: unknown): Map<number, string> {
  if (!(value instanceof Map)) throw malformed('pcrs')
  return new Map(
    Array.from(value, ([index, register]: [unknown, unknown]) => {
      const bytes = bytesOf(register, 'pcrs', 32, 64)
      const isRegister = typeof index === 'number' && index < 32 && registerSizes.includes(bytes.length)
      if (!isRegister) throw malformed('pcrs')
      return [index, encodeHex(bytes)]
    }),
  )
}

/** Both ends included. */
function bytesOf(value: unknown, name: string, least: number, most: number): Uint8Array {
  if (value instanceof Uint8Array && value.length >= least && value.length <= most) return value
  throw malformed(name)
}

function optionalBytesOf(value: unknown, name: string, least: number): Uint8Array | undefined {
  return value === undefined || value === null ? undefined : bytesOf(value, name, least, mostData)
}

/**
 * A key that what is encrypted under it is safe with: 2048 to 4096 bits, an odd modulus, and an exponent that is odd and
 * above 2^16 (FIPS 186-5, A.1.1), in the one encoding that OpenSSL writes. Exponents end at 2^64: with more than 3072 bits
 * OpenSSL computes no other.
 */
function readPublicKey(spki: Uint8Array | undefined): KeyObject {
  if (!spki) throw new AttestationError('There is no public_key in it.')
  try {
    const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
    const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {}
    const [, bits] = childrenOf(parseDer(spki))
    const modulus = unsignedOf(childrenOf(parseDer(bitStringOf(bits)))[0])
    const isUsable =
      key.asymmetricKeyType === 'rsa' &&
      modulusLength >= 2048 &&
      modulusLength <= 4096 &&
      isOdd(modulus.at(-1)) &&
      publicExponent % 2n === 1n &&
      publicExponent > 65_536n &&
      publicExponent < 1n << 64n &&
      key.export({ format: 'der', type: 'spki' }).equals(spki)
    if (isUsable) return key
  } catch {
    // OpenSSL cannot read it, or it is a key of another kind: as below.
  }
  throw new AttestationError('Its public_key is no RSA key of 2048 to 4096 bits.')
}

const isOdd = (byte = 0): boolean => (byte & 1) === 1

/** As an attestation document needs: about a hundred items, of these kinds only. */
const mostItems = 256
const kinds = ['uint', 'bytes', 'string', 'array', 'map', 'null', 'break']

/** Deterministic CBOR (RFC 8949 section 4.2) but for the order of members, and an outermost map of indefinite length. */
class StrictTokenizer extends Tokenizer {
  #items = 0

  override next(): Token {
    const isOutermost = this.pos() === 0
    const token = super.next()
    const isWellFormed = token.type.name !== 'string' || isUtf8(token.byteValue ?? new Uint8Array())
    const isDefinite = token.value !== Infinity || isOutermost
    if (++this.#items > mostItems || !kinds.includes(token.type.name) || !isWellFormed || !isDefinite) {
      throw new RangeError('unexpected item') // Never seen: see below.
    }
    return token
  }
}

function decodeCbor(bytes: Uint8Array, { allowIndefinite }: { allowIndefinite: boolean }): unknown {
  const options = {
    strict: true,
    allowIndefinite,
    useMaps: true,
    rejectDuplicateMapKeys: true,
    retainStringBytes: true,
  }
  try {
    return decode(bytes, { ...options, tokenizer: new StrictTokenizer(bytes, options) })
  } catch {
    // Errors of the library quote what they found.
    throw malformed('it is not the CBOR that it should be')
  }
}

const malformed = (what: string): AttestationError => new AttestationError(`It is malformed: ${what}.`)
