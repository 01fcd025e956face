import { keyIdOf, readMaterial, readPublicKey, requireKeySpec, type WrappingAlgorithm } from 'keyreeve-import'
import { fromBase64 } from '../../api/base64.ts'
import type { MessageName } from '../../i18n/messages.ts'
import type { ParameterSet, Wrapped } from './parameter-sets.ts'

/** A file that somebody wants to upload. */
export interface Upload {
  name: string
  bytes: Uint8Array<ArrayBuffer>
  /** SHA-256 in hexadecimal. */
  hash: string
  /** The key that the zip file names which the token came in. */
  packedFor?: string
}

/** What is wrong for certain (error), or may be (warning). */
export interface Finding {
  severity: 'error' | 'warning'
  text: MessageName
  values?: Record<string, string | number>
}

/** What there is to hold the two files against. */
export interface Context {
  keyId: string
  region: string
  keySpec: string
  now: number
  /** All that this tab knows. */
  sets: readonly ParameterSet[]
  wrappedBy: (hash: string) => Wrapped | undefined
  isExpired: (set: ParameterSet, now: number) => boolean
}

/** The most that ImportKeyMaterial takes of either file, in bytes. */
const largest = 6144
const blocks = { RSA_2048: 256, RSA_3072: 384, RSA_4096: 512 } as const
type WrappingKeySpec = keyof typeof blocks

const error = (text: MessageName, values: Finding['values'] = {}): Finding => ({ severity: 'error', text, values })
const warning = (text: MessageName, values: Finding['values'] = {}): Finding => ({ severity: 'warning', text, values })

/**
 * Says what is wrong with two files before they go to the server, which answers every failure alike. What might be right
 * is never called an error. The token is opaque: it is known if this tab has fetched it.
 */
export function inspect(
  { wrapped, token }: { wrapped: Upload | undefined; token: Upload | undefined },
  context: Context,
): { wrapped: Finding | undefined; token: Finding | undefined; set: ParameterSet | undefined } {
  const set = token && context.sets.find(({ tokenHash }) => tokenHash === token.hash)
  return {
    wrapped: wrapped && (anyFile(wrapped) ?? wrappedFile(wrapped, token, set, context)),
    token: token && (anyFile(token) ?? tokenFile(token, set, context)),
    set,
  }
}

/** What neither file can be. */
function anyFile({ bytes, name }: Upload): Finding | undefined {
  if (bytes.length === 0) return error('import.findEmpty')
  if (bytes.length > largest) return error('import.findTooLarge', { largest })
  if (isWrappingKey(bytes)) return error('import.findWrappingKey')
  if (startsWith(bytes, [0x50, 0x4b, 0x03, 0x04])) return error('import.findZip')
  const text = textKind(bytes)
  return text === undefined ? undefined : error(text, { name })
}

function isWrappingKey(bytes: Uint8Array): boolean {
  try {
    return readPublicKey(bytes).bits > 0
  } catch {
    return false
  }
}

const startsWith = (bytes: Uint8Array, start: readonly number[]): boolean =>
  start.every((byte, index) => bytes[index] === byte)

/** Of what is shorter than either file, only PEM is told from random bytes. */
function textKind(bytes: Uint8Array): MessageName | undefined {
  if (!bytes.every(byte => (byte >= 0x20 && byte < 0x7f) || (byte >= 0x09 && byte <= 0x0d))) return undefined
  const text = new TextDecoder().decode(bytes).trim()
  if (text.includes('-----BEGIN ')) return 'import.findPem'
  if (bytes.length < blocks.RSA_2048) return undefined
  if (/^[0-9a-fA-F\s:]+$/.test(text)) return 'import.findHex'
  if (/^[0-9a-zA-Z+/_=\s-]+$/.test(text)) return 'import.findBase64'
  return 'import.findText'
}

function wrappedFile(
  { bytes, hash }: Upload,
  token: Upload | undefined,
  set: ParameterSet | undefined,
  { keySpec, sets, wrappedBy }: Context,
): Finding | undefined {
  const size = bytes.length
  if (hash === token?.hash) return error('import.findSame')
  if (sets.some(({ tokenHash }) => tokenHash === hash)) return error('import.findTokenHere')
  if (size < blocks.RSA_2048) return error('import.findTooShort', { count: size })
  if (!set) return couldBe(size, keySpec) ? undefined : error('import.findSize', { count: size, keySpec })

  const wrap = wrappedBy(hash)
  if (wrap && wrap.tokenHash !== set.tokenHash) {
    const other = sets.find(({ tokenHash }) => tokenHash === wrap.tokenHash)
    return error('import.findOtherSet', { wrapped: other?.names.wrappingKey ?? '', token: set.names.token })
  }
  const spec = set.wrappingKeySpec as WrappingKeySpec // The server has no others.
  if (!fits(size, keySpec, set.algorithm, spec)) return explainSize(size, keySpec, set.algorithm, spec)
  // The RSA block is a number below the modulus.
  const { modulus } = readPublicKey(fromBase64(set.wrappingKey))
  if (numberIn(bytes.subarray(0, blocks[spec])) >= modulus) {
    return error('import.findOtherKey', { file: set.names.wrappingKey })
  }
  return undefined
}

/** Whether this is what should have been wrapped, in whatever form: it must not be kept, let alone sent. */
export function isBare(bytes: Uint8Array, keySpec: string): boolean {
  const { kind, max } = requireKeySpec(keySpec)
  if (kind === 'secret' && bytes.length === max) return true
  try {
    readMaterial(bytes, { keySpec }).material.fill(0)
    return true
  } catch {
    return kind === 'private key' && isPrivatePem(bytes)
  }
}

const isPrivatePem = (bytes: Uint8Array): boolean =>
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(new TextDecoder().decode(bytes.subarray(0, 4096)))

const isHybrid = (algorithm: WrappingAlgorithm): boolean => algorithm.startsWith('RSA_AES')

/** Whether the material of a key can have this size, wrapped: one RSA block, and behind it what KWP makes of material. */
function fits(size: number, keySpec: string, algorithm: WrappingAlgorithm, wrappingKeySpec: WrappingKeySpec): boolean {
  const rest = size - blocks[wrappingKeySpec]
  if (!isHybrid(algorithm)) return rest === 0
  const { kind, min, max } = requireKeySpec(keySpec)
  const padded = (length: number): number => 8 * Math.ceil(length / 8) + 8
  if (rest % 8 !== 0) return false
  return kind === 'secret' ? rest >= padded(min) && rest <= padded(max) : rest >= padded(9)
}

const specs = Object.keys(blocks) as WrappingKeySpec[] // There are no others.
/** One of each kind: the hash makes no difference to sizes. */
const kinds = ['RSAES_OAEP_SHA_256', 'RSA_AES_KEY_WRAP_SHA_256'] as const

const couldBe = (size: number, keySpec: string): boolean =>
  kinds.some(algorithm => specs.some(spec => fits(size, keySpec, algorithm, spec)))

/** In words, what it was wrapped for instead. */
function explainSize(count: number, keySpec: string, algorithm: WrappingAlgorithm, spec: WrappingKeySpec): Finding {
  const other = specs.find(candidate => candidate !== spec && fits(count, keySpec, algorithm, candidate))
  const values = { count, spec, algorithm, block: blocks[spec] }
  const isBlock = specs.some(candidate => blocks[candidate] === count)
  if (isHybrid(algorithm) && isBlock) return error('import.findNoKwp', values)
  if (other) return error('import.findOtherSpec', { ...values, other })
  if (!isHybrid(algorithm) && couldBe(count, keySpec)) return error('import.findKwp', values)
  return error('import.findOtherSize', values)
}

function numberIn(bytes: Uint8Array): bigint {
  let value = 0n
  for (const byte of bytes) value = (value << 8n) | BigInt(byte)
  return value
}

function tokenFile(token: Upload, set: ParameterSet | undefined, context: Context): Finding | undefined {
  const { keyId, region, now, wrappedBy, isExpired } = context
  if (wrappedBy(token.hash)) return error('import.findWrappedHere')
  if (set) {
    if (keyIdOf(set.keyArn) !== keyId) return error('import.findTokenOfOther', { key: keyIdOf(set.keyArn) })
    if (set.region !== region) return error('import.findTokenOfRegion', { region: set.region })
    return isExpired(set, now) ? error('import.findExpired') : undefined
  }
  if (token.packedFor !== undefined && keyIdOf(token.packedFor) !== keyId) {
    return error('import.findTokenOfOther', { key: keyIdOf(token.packedFor) })
  }
  const size = token.bytes.length
  if (size <= blocks.RSA_2048) return warning('import.findNoToken', { count: size })
  if (specs.some(spec => blocks[spec] === size)) return warning('import.findMaybeWrapped', { count: size })
  const [, named] = /_([\w-]{36})_\d{10}$/.exec(token.name) ?? []
  return named === undefined || named === keyId ? undefined : warning('import.findNamedFor', { key: named })
}
