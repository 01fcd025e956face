import { isSame, toBigInt } from './bytes.ts'
import type { Bytes } from './bytes.ts'
import { contentOf, parseDer, parseElements, parseUnsigned, tag } from './der.ts'
import { ImportError } from './error.ts'
import { rsaEncryption } from './private-key.ts'
import { decodeBase64, decodePem, textFormat } from './text.ts'

/** The RSA public key that material is wrapped under. */
export interface PublicKey {
  /** DER SubjectPublicKeyInfo. */
  spki: Bytes
  /** Length of the modulus. */
  bits: 2048 | 3072 | 4096
  modulus: bigint
  exponent: bigint
}

/**
 * Reads a wrapping key, as GetParametersForImport gives it: DER SubjectPublicKeyInfo, or the same as base64 (the answer
 * of a command line tool, saved as it was printed) or as PEM.
 *
 * @throws ImportError unless it is an RSA key of 2048, 3072 or 4096 bits with an odd exponent from 3 to 2^32 - 1
 */
export function readPublicKey(input: Uint8Array): PublicKey {
  const spki = decode(input)
  const { modulus, exponent } = parse(spki)
  const length = modulus.toString(2).length
  const bits = ([2048, 3072, 4096] as const).find(size => size === length)
  if (bits === undefined) {
    throw new ImportError(`This RSA key has ${length} bits. A wrapping key has 2048, 3072 or 4096.`)
  }
  if (modulus % 2n === 0n || exponent % 2n === 0n || exponent < 3n || exponent >= 2n ** 32n) {
    throw new ImportError(
      'This is no sound RSA key: its modulus or its exponent is even, or the exponent out of range.',
    )
  }
  return { spki, bits, modulus, exponent }
}

/** In a copy of our own, which the caller cannot change under way. */
function decode(input: Uint8Array): Bytes {
  switch (textFormat(input)) {
    case 'pem': {
      const [block, ...others] = decodePem(input)
      if (block?.label === 'PUBLIC KEY' && others.length === 0) return block.der
      throw new ImportError('This PEM holds something else than one PUBLIC KEY, which the wrapping key must be.')
    }
    case 'jwk':
      throw new ImportError('This is JSON. Give only the value of its member PublicKey, base64 or decoded.')
    case 'base64':
      return decodeBase64(input)
    case 'hex':
    case undefined:
      return new Uint8Array(input)
  }
}

function parse(spki: Bytes): { modulus: bigint; exponent: bigint } {
  try {
    const [algorithm, key, ...others] = parseElements(contentOf(parseDer(spki), tag.sequence))
    const [oid, parameters, ...more] = parseElements(contentOf(algorithm, tag.sequence))
    const isRsa = isSame(contentOf(oid, tag.oid), rsaEncryption)
    const [unusedBits, ...bits] = contentOf(key, tag.bitString)
    if (!isRsa || contentOf(parameters, tag.null).length > 0 || unusedBits !== 0 || others.length + more.length > 0) {
      throw new ImportError('not RSA')
    }
    const numbers = parseElements(contentOf(parseDer(Uint8Array.from(bits)), tag.sequence))
    if (numbers.length !== 2) throw new ImportError('not RSA')
    const [modulus, exponent] = numbers.map(number => toBigInt(parseUnsigned(number)))
    return { modulus: modulus ?? 0n, exponent: exponent ?? 0n }
  } catch (error) {
    throw new ImportError(notAPublicKey, { cause: error })
  }
}

const notAPublicKey =
  'This is no RSA public key (DER SubjectPublicKeyInfo). Is it the import token? The wrapping key is the other one: ' +
  'PublicKey in the answer of GetParametersForImport, WrappingPublicKey.bin in the download of the console.'
