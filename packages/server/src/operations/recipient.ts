import { verifyAttestation, type Attestation } from '../attestation/document.ts'
import { envelope } from '../attestation/envelope.ts'
import { AttestationError } from '../attestation/error.ts'
import type { AuditObject } from '../audit/record.ts'
import type { Context, Decision } from '../operation.ts'
import { kmsError } from '../protocol/errors.ts'
import { blob, oneOf, optional, publicBlob, structure } from '../protocol/shape.ts'

/** Whom a plaintext is for: an enclave that an attestation document vouches for, in place of the caller. */
export const recipient = optional(
  structure({
    KeyEncryptionAlgorithm: optional(oneOf(['RSAES_OAEP_SHA_256'])),
    AttestationDocument: optional(blob(1, 262_144)),
  }),
)

export const ciphertextForRecipient = optional(publicBlob())

interface Wish {
  Recipient?: { KeyEncryptionAlgorithm?: string; AttestationDocument?: Uint8Array }
}

type Carrier = 'Plaintext' | 'PrivateKeyPlaintext' | 'SharedSecret'

export interface Recipient {
  /**
   * The member of the answer that carries the plaintext: of this name and in the clear if it is for the caller, else
   * CiphertextForRecipient, and then the plaintext is wiped.
   */
  answer: (name: Carrier, plaintext: Buffer) => { [Name in Carrier | 'CiphertextForRecipient']?: Buffer }
  /** What the audit record shows beside the parameters: this, and the enclave, if there is anything. */
  recorded: (additional?: AuditObject) => Pick<Decision<unknown>, 'additional'>
}

const caller: Recipient = {
  answer: (name, plaintext) => ({ [name]: plaintext }),
  recorded: additional => (additional ? { additional } : {}),
}

/**
 * Whom the plaintext of a request is for. To be asked before any secret is touched.
 *
 * @throws UnsupportedOperationException if there is a Recipient, but no root for its document: whoever sends one must not
 *   get the plaintext in the clear instead. ValidationException if a part is missing, or the document cannot be trusted.
 */
export function recipientOf({ settings, now }: Pick<Context, 'settings' | 'now'>, { Recipient }: Wish): Recipient {
  if (!Recipient) return caller
  const { KeyEncryptionAlgorithm, AttestationDocument } = Recipient
  if (settings.attestationRoots.length === 0) {
    throw kmsError('UnsupportedOperationException', 'Recipient (attestation documents) is not supported.')
  }
  if (KeyEncryptionAlgorithm === undefined || AttestationDocument === undefined) {
    throw kmsError('ValidationException', 'Recipient must have KeyEncryptionAlgorithm and AttestationDocument.')
  }
  const { publicKey, moduleId, imageSha384 } = requireAttestation(AttestationDocument, settings.attestationRoots, now)
  const enclave = { attestationDocumentModuleId: moduleId, attestationDocumentEnclaveImageDigest: imageSha384 }
  return {
    answer: (_, plaintext) => {
      try {
        return { CiphertextForRecipient: envelope(publicKey, plaintext) }
      } finally {
        plaintext.fill(0)
      }
    },
    recorded: additional => ({ additional: { ...additional, recipient: enclave } }),
  }
}

/** The service's own texts for bad documents are not known. */
function requireAttestation(document: Uint8Array, roots: readonly Uint8Array[], now: number): Attestation {
  try {
    return verifyAttestation(document, roots, now)
  } catch (error) {
    if (!(error instanceof AttestationError)) throw error
    throw kmsError('ValidationException', `The attestation document cannot be trusted. ${error.message}`)
  }
}
