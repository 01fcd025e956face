import { X509Certificate } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import {
  bitStringOf,
  booleanOf,
  childrenOf,
  contentOf,
  DerError,
  derOid,
  derSequence,
  namedBitsOf,
  octetStringOf,
  oidOf,
  parseDer,
  tags,
  unsignedOf,
  type DerElement,
} from '../crypto/der.ts'
import { AttestationError } from './error.ts'

/**
 * Certification paths of attestation documents (RFC 5280 section 6, without policies, names and revocation: AWS's
 * description says to check no CRL). Every certificate of the Nitro PKI has a P-384 key on the named curve and a signature
 * of ECDSA with SHA-384; nothing else is accepted, of roots neither.
 */

interface Certificate {
  readonly x509: X509Certificate
  /** Names, as they are encoded. */
  readonly issuer: Uint8Array
  readonly subject: Uint8Array
  readonly isAuthority: boolean
  /** How many authorities may follow in a path. */
  readonly pathLength?: number
  /** First byte of KeyUsage; 0 without that extension. */
  readonly usage: number
}

const version3 = Uint8Array.of(tags.context(0), 3, tags.integer, 1, 2)
const ecdsaWithSha384 = derSequence(derOid('1.2.840.10045.4.3.3'))
const p384 = derSequence(derOid('1.2.840.10045.2.1'), derOid('1.3.132.0.34'))
/** An uncompressed point: 04, x, y. */
const pointSize = 97
const basicConstraints = '2.5.29.19'
const keyUsage = '2.5.29.15'
const digitalSignature = 0x80
const keyCertSign = 0x04
/** AWS's chains have four authorities: root, Region, zone, instance. */
const mostAuthorities = 8

/**
 * The public key of the certificate, which `authorities` vouch for: first one of the roots, then each issued by the one
 * before; the last issued the certificate.
 *
 * @param roots certificates in DER
 * @param now epoch milliseconds; every certificate must be valid then, the root too
 * @throws AttestationError
 */
export function verifyChain(
  certificate: Uint8Array,
  authorities: readonly Uint8Array[],
  roots: readonly Uint8Array[],
  now: number,
): KeyObject {
  const [anchor] = authorities
  const isRepeated = authorities.some((one, index) => authorities.slice(0, index).some(other => isSame(other, one)))
  if (!anchor || authorities.length > mostAuthorities || isRepeated) {
    throw new AttestationError('The chain is too short, too long, or has a certificate twice.')
  }
  if (!roots.some(root => isSame(root, anchor))) throw new AttestationError('The root certificate is not known here.')
  const target = parseCertificate(certificate)
  const path = [...authorities.map(parseCertificate), target]
  for (const [index, current] of path.entries()) {
    const issuer = path[index - 1]
    requireValid(current, now)
    if (issuer) requireIssued(current, issuer)
    if (current === target) requireSigner(current)
    else requireAuthority(current, authorities.length - 1 - index)
  }
  return target.x509.publicKey
}

/**
 * The root certificates in a PEM text, in DER. Their dates are not looked at: a document is judged by the time it comes.
 *
 * @throws AttestationError if there is none, or one that could not be a root
 */
export function parseRoots(pem: string): Uint8Array[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^]*?(?:-----END CERTIFICATE-----|$)/g) ?? []
  if (blocks.length === 0) throw new AttestationError('There is no certificate in it.')
  return blocks.map(block => {
    const { raw } = readX509(block)
    requireAuthority(parseCertificate(raw), 0)
    return raw
  })
}

/** Authorities that follow count also if they are self-issued, which RFC 5280 would let pass. */
function requireAuthority({ isAuthority, usage, pathLength = Infinity }: Certificate, followers: number): void {
  if (!isAuthority || (usage & keyCertSign) === 0) {
    throw new AttestationError('A certificate is not one that may issue others.')
  }
  if (pathLength < followers) throw new AttestationError('The chain is longer than one of its certificates allows.')
}

function requireSigner({ isAuthority, usage, pathLength }: Certificate): void {
  if (isAuthority || pathLength !== undefined || (usage & digitalSignature) === 0) {
    throw new AttestationError('Its certificate is not one that may sign documents.')
  }
}

/** Both ends of the validity are included (RFC 5280 section 4.1.2.5); it counts whole seconds. */
function requireValid({ x509 }: Certificate, now: number): void {
  const isValid = x509.validFromDate.getTime() <= now && now < x509.validToDate.getTime() + 1000
  if (!isValid) throw new AttestationError('A certificate is not valid at this time.')
}

function requireIssued(certificate: Certificate, issuer: Certificate): void {
  if (!isSame(certificate.issuer, issuer.subject) || !certificate.x509.verify(issuer.x509.publicKey)) {
    throw new AttestationError('A certificate is not issued by the one before it.')
  }
}

function parseCertificate(bytes: Uint8Array): Certificate {
  try {
    const [signed, algorithm, signature, ...more] = childrenOf(parseDer(bytes))
    const [version, serial, innerAlgorithm, issuer, validity, subject, publicKey, extensions, ...others] =
      childrenOf(signed)
    bitStringOf(signature)
    contentOf(serial, tags.integer)
    childrenOf(validity)
    const isAccepted =
      more.length === 0 &&
      others.length === 0 &&
      isSame(version?.bytes, version3) &&
      isSame(algorithm?.bytes, ecdsaWithSha384) &&
      isSame(innerAlgorithm?.bytes, ecdsaWithSha384) &&
      isP384(publicKey)
    if (!isAccepted) throw unacceptable()
    const values = readExtensions(extensions)
    return {
      x509: readX509(bytes),
      issuer: contentOf(issuer, tags.sequence),
      subject: contentOf(subject, tags.sequence),
      ...readBasicConstraints(values.get(basicConstraints)),
      usage: readKeyUsage(values.get(keyUsage)),
    }
  } catch (error) {
    if (error instanceof DerError) throw unreadable()
    throw error
  }
}

/** SubjectPublicKeyInfo of a key on the named curve. Whether the point is on it, OpenSSL looks. */
function isP384(publicKey: DerElement | undefined): boolean {
  const [algorithm, bits, ...more] = childrenOf(publicKey)
  const point = bitStringOf(bits)
  return isSame(algorithm?.bytes, p384) && point.length === pointSize && point[0] === 4 && more.length === 0
}

/** Values of the extensions by their identifiers. Those that are critical must be known here. */
function readExtensions(element: DerElement | undefined): Map<string, Uint8Array> {
  const [list, ...more] = childrenOf(element, tags.context(3))
  if (more.length > 0) throw unreadable()
  const values = new Map<string, Uint8Array>()
  for (const extension of childrenOf(list)) {
    const parts = childrenOf(extension)
    const name = oidOf(parts[0])
    const isCritical = parts.length === 3 && booleanOf(parts[1])
    // That it is not critical is the default, and so not written; none comes twice.
    if (parts.length !== (isCritical ? 3 : 2) || values.has(name)) throw unreadable()
    if (isCritical && name !== basicConstraints && name !== keyUsage) throw unacceptable()
    values.set(name, octetStringOf(parts.at(-1)))
  }
  return values
}

/** BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER OPTIONAL } */
function readBasicConstraints(value: Uint8Array | undefined): Pick<Certificate, 'isAuthority' | 'pathLength'> {
  const parts = value ? childrenOf(parseDer(value)) : []
  const isAuthority = parts[0]?.tag === tags.boolean
  if (isAuthority && !booleanOf(parts.shift())) throw unreadable()
  if (parts.length > 1) throw unreadable()
  if (parts.length === 0) return { isAuthority }
  return { isAuthority, pathLength: unsignedOf(parts[0]).reduce((sum, byte) => sum * 256 + byte, 0) }
}

function readKeyUsage(value: Uint8Array | undefined): number {
  return (value && namedBitsOf(parseDer(value))[0]) ?? 0
}

function readX509(certificate: string | Uint8Array): X509Certificate {
  try {
    return new X509Certificate(certificate)
  } catch {
    throw unreadable()
  }
}

const unreadable = () => new AttestationError('A certificate cannot be read.')
const unacceptable = () => new AttestationError('A certificate is of a kind that is not accepted.')

const isSame = (a: Uint8Array | undefined, b: Uint8Array): boolean => a !== undefined && Buffer.compare(a, b) === 0
