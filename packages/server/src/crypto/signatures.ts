import { constants, sign as nativeSign, verify as nativeVerify } from 'node:crypto'
import type { KeyObject, SigningOptions } from 'node:crypto'
import { signDigest, verifyDigest } from './rsa-digest.ts'
import type { Message, RsaSignatureScheme, SignatureScheme } from './signature.ts'

/** The forms in which each scheme takes what it signs. */
const forms: Readonly<Record<SignatureScheme['scheme'], readonly Message['form'][]>> = {
  pkcs1: ['message', 'digest'],
  pss: ['message', 'digest'],
  ecdsa: ['message', 'digest'],
  ed25519: ['message'],
  ed25519ph: ['digest'],
  'ml-dsa': ['message', 'mu'],
}

const hashSizes = { sha256: 32, sha384: 48, sha512: 64 } as const

/** @throws RangeError for what the scheme does not sign, which is the caller's to refuse before */
function requireForm(scheme: SignatureScheme, { form, bytes }: Message): void {
  // What Ed25519ph takes, and mu, are 64 bytes.
  const size = form === 'message' ? bytes.length : 'hash' in scheme ? hashSizes[scheme.hash] : 64
  if (bytes.length !== size || !forms[scheme.scheme].includes(form)) {
    throw new RangeError(`${scheme.scheme} signs no ${form} of ${bytes.length} bytes`)
  }
}

/** How OpenSSL is told to pad; PSS for salts of this length alone. */
const options = {
  pkcs1: { padding: constants.RSA_PKCS1_PADDING },
  pss: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
  ecdsa: { dsaEncoding: 'der' },
} as const satisfies Record<string, SigningOptions>

/**
 * Signs. The key is of the kind that the scheme is for. At once where OpenSSL has the scheme; what it lacks is loaded when
 * first asked for, since it costs memory and time to start.
 *
 * RSA: as long as the modulus, by RSASSA-PKCS1-v1_5 or RSASSA-PSS (RFC 8017 section 8) with a random salt. ECDSA: DER, s in
 * either half of its range, with a random or hedged nonce. Ed25519 and Ed25519ph: 64 bytes (RFC 8032), of an empty
 * context; what is called the digest is the message of Ed25519ph, which hashes it once more. ML-DSA (FIPS 204): hedged, of
 * an empty context.
 *
 * @throws RangeError for a form of message that the scheme does not sign, or a digest or mu of the wrong size
 */
export function sign(scheme: SignatureScheme, privateKey: KeyObject, message: Message): Buffer | Promise<Buffer> {
  requireForm(scheme, message)
  const { form, bytes } = message
  if (form === 'message') {
    if (!('hash' in scheme)) return nativeSign(null, bytes, privateKey)
    return nativeSign(scheme.hash, bytes, { key: privateKey, ...options[scheme.scheme] })
  }
  if (isRsa(scheme)) return signDigest(scheme, privateKey, bytes)
  return import('./prehashed.ts').then(prehashed => prehashed.sign(privateKey, bytes))
}

/**
 * Whether this is a signature of that message. Only the one encoding counts: as long as the modulus, the NULL in the
 * DigestInfo and the salt as long as the hash; DER (X.690) with r and s between 1 and n - 1; S below the order of Ed25519.
 * Whatever else the bytes are, the answer is false.
 *
 * @throws RangeError as sign does
 */
export function verify(
  scheme: SignatureScheme,
  publicKey: KeyObject,
  message: Message,
  signature: Uint8Array,
): boolean | Promise<boolean> {
  requireForm(scheme, message)
  const { form, bytes } = message
  if (form === 'message') {
    if (!('hash' in scheme)) return nativeVerify(null, bytes, publicKey, signature)
    return nativeVerify(scheme.hash, bytes, { key: publicKey, ...options[scheme.scheme] }, signature)
  }
  if (isRsa(scheme)) return verifyDigest(scheme, publicKey, bytes, signature)
  return import('./prehashed.ts').then(prehashed => prehashed.verify(publicKey, bytes, signature))
}

function isRsa(scheme: SignatureScheme): scheme is RsaSignatureScheme {
  return scheme.scheme === 'pkcs1' || scheme.scheme === 'pss'
}

/** Exponents above make verification as slow as signing; RSA keys of others may have any. */
const largestQuickExponent = 2n ** 32n

/** Whether it takes a tenth of a millisecond or so, and may run on the event loop; other work takes 0.4 to 20 ms. */
export function isQuick(work: 'sign' | 'verify', scheme: SignatureScheme, key: KeyObject, message: Message): boolean {
  const { namedCurve, publicExponent } = key.asymmetricKeyDetails ?? {}
  if (isRsa(scheme)) return work === 'verify' && publicExponent !== undefined && publicExponent <= largestQuickExponent
  if (message.form !== 'message') return false
  if (scheme.scheme === 'ecdsa') return namedCurve === 'prime256v1'
  return scheme.scheme === 'ed25519' || work === 'verify'
}
