import { isSame } from './bytes.ts'
import type { Bytes } from './bytes.ts'
import { count, ImportError } from './error.ts'
import { parseJwk } from './jwk.ts'
import { notPrivate, parsePrivateKey } from './private-key.ts'
import type { PrivateKey } from './private-key.ts'
import { decodeBase64, decodeHex, decodePem, encrypted, finalNewline, isText, textFormat } from './text.ts'

export type MaterialFormat = 'auto' | 'raw' | 'base64' | 'hex' | 'pem' | 'der' | 'jwk'

export interface KeyMaterial {
  /** What to give to `wrap`. Secret, and the caller's to wipe: `material.fill(0)`. */
  material: Uint8Array<ArrayBuffer>
  /** What was done to the input and what is odd about it, as sentences for a person. */
  notes: string[]
}

/** What is imported, and its length in bytes; of a private key, the most that it may have. */
export interface Wanted {
  kind: 'secret' | 'private key'
  min: number
  max: number
}

const secret = (min: number, max: number): Wanted => ({ kind: 'secret', min, max })
/** @param max of PKCS#8 as it is written here; for RSA, where nothing depends on it, rounded up */
const privateKey = (max: number): Wanted => ({ kind: 'private key', min: 1, max })

/**
 * What each key spec wants: a secret of some length, or a private key in PKCS#8
 * (https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys-conceptual.html).
 */
const keySpecs: Record<string, Wanted> = {
  SYMMETRIC_DEFAULT: secret(32, 32),
  HMAC_224: secret(28, 128),
  HMAC_256: secret(32, 128),
  HMAC_384: secret(48, 128),
  HMAC_512: secret(64, 128),
  RSA_2048: privateKey(1280),
  RSA_3072: privateKey(1856),
  RSA_4096: privateKey(2432),
  ECC_NIST_P256: privateKey(138),
  ECC_NIST_P384: privateKey(185),
  ECC_NIST_P521: privateKey(241),
  ECC_SECG_P256K1: privateKey(135),
  ECC_NIST_EDWARDS25519: privateKey(48),
}

/**
 * What is imported into a key of some spec.
 *
 * @throws ImportError if keys of this spec cannot be imported, naming those that can
 */
export function requireKeySpec(keySpec: string): Wanted {
  const wanted = Object.hasOwn(keySpecs, keySpec) ? keySpecs[keySpec] : undefined
  if (wanted) return wanted
  throw new ImportError(`Key spec ${keySpec} cannot be imported. These can: ${Object.keys(keySpecs).join(', ')}.`)
}

/**
 * Makes the bytes to wrap out of the file that somebody has.
 *
 * With format "auto", a reading must be the only one that makes sense: an input that is as long as the material and
 * could be a text for other material as well is refused, and no byte of a raw input is ever dropped.
 *
 * @param options.keySpec the key spec of the KMS key, SYMMETRIC_DEFAULT if left out
 * @param options.format what the input is, "auto" if left out
 * @throws ImportError if the input is no material for a key of this spec, saying why and what to do
 */
export function readMaterial(
  input: Uint8Array,
  options: { keySpec?: string; format?: MaterialFormat } = {},
): KeyMaterial {
  const { keySpec = 'SYMMETRIC_DEFAULT', format = 'auto' } = options
  const wanted = requireKeySpec(keySpec)
  if (format !== 'auto' && !Object.hasOwn(formats, format)) {
    throw new ImportError(`There is no format ${format}, but auto, ${Object.keys(formats).join(', ')}.`)
  }
  if (input.length === 0) throw new ImportError('The input is empty.')
  return wanted.kind === 'secret' ? readSecret(input, keySpec, wanted, format) : readPrivateKey(input, keySpec, format)
}

function readSecret(input: Uint8Array, keySpec: string, { min, max }: Wanted, format: MaterialFormat): KeyMaterial {
  const text = format === 'auto' ? textFormat(input) : undefined
  const candidates: Format[] = format !== 'auto' ? [format] : text ? ['raw', text] : ['raw']
  const readings = candidates.map(candidate => tryFormat(input, candidate))
  const fits = (size: number): boolean => size >= min && size <= max
  const [chosen, rival] = readings.filter(reading => fits(reading.material.length))
  for (const reading of readings) if (reading !== chosen || rival) reading.material.fill(0)

  if (rival) {
    throw new ImportError(
      `${rival.says} But ${keySpec} takes the ${count(input.length)} of the text itself too. ` +
        `Say which is meant: format "${rival.format}" or "raw".`,
    )
  }
  if (!chosen) {
    const newline = finalNewline(input)
    const trimmed = candidates.includes('raw') && newline > 0 && fits(input.length - newline)
    const wants = `${keySpec} wants ${min === max ? '' : `${min} to `}${count(max)}.`
    throw new ImportError([...readings.map(({ says }) => says), wants, ...(trimmed ? [newlineHint] : [])].join(' '))
  }
  if (chosen.format !== 'raw') return { material: chosen.material, notes: [chosen.says] }
  if (format === 'raw') return { material: chosen.material, notes: [] }
  return { material: chosen.material, notes: remarks(chosen.material, text) }
}

const newlineHint = 'Is there a newline at the end, as echo and editors add it? Write the file without it.'

/** What is odd about bytes that nobody called raw. */
function remarks(material: Bytes, text: MaterialFormat | undefined): string[] {
  const newline = finalNewline(material) > 0
  if (!isText(material)) {
    return newline ? ['The last byte is a newline (0a). It was kept, as it may well belong to the material.'] : []
  }
  if (newline) {
    const size = count(material.length)
    material.fill(0)
    throw new ImportError(
      `These ${size} are text that ends in a newline. Write the file without it, or say format "raw" to keep it.`,
    )
  }
  return [`${count(material.length)} of text, taken as they are${text ? `, not as ${text}` : ''}.`]
}

/** One way to read an input. What cannot be read that way has no material. */
interface Reading {
  format: Format
  material: Bytes
  says: string
}

function tryFormat(input: Uint8Array, format: Format): Reading {
  try {
    return { format, ...formats[format].secret(input) }
  } catch (error) {
    if (error instanceof ImportError) return { format, material: new Uint8Array(), says: error.message }
    throw error
  }
}

function readPrivateKey(input: Uint8Array, keySpec: string, format: MaterialFormat): KeyMaterial {
  const { spec, pkcs8, notes } = formats[format === 'auto' ? (textFormat(input) ?? 'der') : format].privateKey(input)
  if (spec === keySpec) return { material: pkcs8, notes }
  pkcs8.fill(0)
  const advice = Object.hasOwn(keySpecs, spec)
    ? `Create a KMS key with key spec ${spec} for it.`
    : 'RSA keys can be imported if they have 2048, 3072 or 4096 bits.'
  throw new ImportError(`This is a private key for ${spec}, but the KMS key is ${keySpec}. ${advice}`)
}

type Format = Exclude<MaterialFormat, 'auto'>

/** What each format gives, read as a secret and as a private key. */
interface Reader {
  secret: (input: Uint8Array) => { material: Bytes; says: string }
  privateKey: (input: Uint8Array) => PrivateKey & { notes: string[] }
}

const formats: Record<Format, Reader> = {
  raw: {
    secret: input => ({ material: new Uint8Array(input), says: `The input has ${count(input.length)}.` }),
    privateKey: input => fromDer(new Uint8Array(input)),
  },
  base64: {
    secret: input => readAs('Base64', decodeBase64(input)),
    privateKey: input => fromDer(decodeBase64(input), 'Base64 read as DER.'),
  },
  hex: {
    secret: input => {
      const material = decodeHex(input)
      return readAs(`${2 * material.length} hexadecimal digits`, material)
    },
    privateKey: input => fromDer(decodeHex(input), 'Hexadecimal digits read as DER.'),
  },
  pem: {
    secret: () => {
      throw new ImportError('PEM holds a private key, not a secret.')
    },
    privateKey: input => {
      const { label, der } = onlyPrivateKey(decodePem(input))
      return fromDer(der, `PEM (${label}) read as DER.`)
    },
  },
  der: {
    secret: () => {
      throw new ImportError('DER holds a private key, not a secret.')
    },
    privateKey: input => fromDer(new Uint8Array(input)),
  },
  jwk: {
    secret: input => {
      const { key, secret } = parseJwk(input)
      if (secret) return readAs('JSON Web Key', secret)
      key?.pkcs8.fill(0)
      throw new ImportError('This JSON Web Key is a private key, not a secret.')
    },
    privateKey: input => {
      const { kty, key, secret } = parseJwk(input)
      if (key) return { ...key, notes: [`JSON Web Key (${kty}) converted to PKCS#8.`] }
      secret?.fill(0)
      throw new ImportError('This JSON Web Key is a secret (kty "oct"), not a private key.')
    },
  },
}

function readAs(what: string, material: Bytes): { material: Bytes; says: string } {
  return { material, says: `${what} read as ${count(material.length)}.` }
}

/** Wipes `der`. */
function fromDer(der: Bytes, ...notes: string[]): PrivateKey & { notes: string[] } {
  try {
    if (der[0] !== 0x30) {
      throw new ImportError('This is no private key in DER, nor in PEM or a JSON Web Key. openssl genpkey makes one.')
    }
    const { form, ...key } = parsePrivateKey(der)
    if (form !== 'PKCS#8') notes.push(`${form} converted to PKCS#8.`)
    else if (!isSame(key.pkcs8, der)) notes.push('PKCS#8 written anew in its plain form: version 0, only the key.')
    return { ...key, notes }
  } finally {
    der.fill(0)
  }
}

const importable = ['PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY']

/** Certificates and EC PARAMETERS may stand beside it. */
function onlyPrivateKey(blocks: { label: string; der: Bytes }[]): { label: string; der: Bytes } {
  const keys = blocks.filter(({ label }) => label.endsWith('PRIVATE KEY'))
  const [key, ...others] = keys
  for (const block of blocks) if (block !== key) block.der.fill(0)
  if (key && others.length === 0 && importable.includes(key.label)) return key
  key?.der.fill(0)
  if (blocks.length === 0) throw new ImportError('This is not PEM: there is no line -----BEGIN ...-----.')
  if (!key) throw new ImportError(notPrivate)
  if (others.length > 0) throw new ImportError(`This PEM holds ${keys.length} private keys. Give one of them.`)
  if (key.label === 'ENCRYPTED PRIVATE KEY') throw new ImportError(encrypted)
  if (key.label === 'OPENSSH PRIVATE KEY') {
    throw new ImportError(
      'This is OpenSSH\'s own format. Convert a copy of the file: ssh-keygen -p -N "" -m PKCS8 -f copy. ' +
        'That leaves Ed25519 keys as they are, so make such a key with openssl: openssl genpkey -algorithm ed25519',
    )
  }
  throw new ImportError('This PEM holds a private key of a type that cannot be imported.')
}
