import { createCipheriv, createHash } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { der, derInteger, derNull, derOctetString, derOid, derSequence, derSet, tags } from '../crypto/der.ts'
import { encryptOaep } from '../crypto/oaep.ts'
import { random } from '../crypto/random.ts'

const version2 = derInteger(Uint8Array.of(2))
const sha256 = derSequence(derOid('2.16.840.1.101.3.4.2.1'), derNull())
/** RSAES-OAEP-params (RFC 4055 section 4.1): hash, MGF1 with the same hash, and the empty label, which is the default. */
const rsaesOaep = derSequence(
  derOid('1.2.840.113549.1.1.7'),
  derSequence(der(tags.context(0), sha256), der(tags.context(1), derSequence(derOid('1.2.840.113549.1.1.8'), sha256))),
)
const envelopedData = derOid('1.2.840.113549.1.7.3')
const data = derOid('1.2.840.113549.1.7.1')
const aes256Cbc = derOid('2.16.840.1.101.3.4.1.42')

/**
 * The plaintext for the owner of an RSA key: CMS EnvelopedData (RFC 5652 section 6) with a fresh AES-256-CBC key, which is
 * encrypted by RSAES-OAEP with SHA-256 (RFC 3560).
 *
 * Not DER but BER, in the very form that the service answers: what holds the parts has indefinite lengths, and the content
 * is an octet string of one segment. The AWS Nitro Enclaves SDK for C reads no other (its source/cms.c, 2024).
 */
export function envelope(publicKey: KeyObject, plaintext: Uint8Array): Buffer {
  const key = random(32)
  try {
    const iv = random(16)
    const cipher = createCipheriv('aes-256-cbc', key, iv)
    const recipient = derSequence(
      version2,
      der(tags.contextPrimitive(0), keyIdentifier(publicKey)),
      rsaesOaep,
      derOctetString(encryptOaep(publicKey, 'sha256', key)),
    )
    const encryptedContent = indefinite(
      tags.sequence,
      data,
      derSequence(aes256Cbc, derOctetString(iv)),
      indefinite(tags.context(0), derOctetString(Buffer.concat([cipher.update(plaintext), cipher.final()]))),
    )
    return indefinite(
      tags.sequence,
      envelopedData,
      indefinite(tags.context(0), indefinite(tags.sequence, version2, derSet(recipient), encryptedContent)),
    )
  } finally {
    key.fill(0)
  }
}

/** As long as the service's own, whose method is unknown; this is the fourth of RFC 7093 section 2. */
function keyIdentifier(publicKey: KeyObject): Buffer {
  return createHash('sha256')
    .update(publicKey.export({ format: 'der', type: 'spki' }))
    .digest()
}

/** An element that ends with two zeros (X.690 section 8.1.3.6). */
function indefinite(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  return Buffer.concat([Uint8Array.of(tag, 0x80), ...contents, Uint8Array.of(0, 0)])
}
