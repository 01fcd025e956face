import type { Attestation } from '../attestation/document.ts'
import { envelope } from '../attestation/envelope.ts'
import type { AuditObject } from '../audit/record.ts'
import type { Conditions } from '../auth/request-context.ts'
import type { Context, Decision } from '../operation.ts'
import { kmsError, type KmsError } from '../protocol/errors.ts'
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
  Recipient?: Named
}

interface Named {
  KeyEncryptionAlgorithm?: string
  AttestationDocument?: Uint8Array
}

type Verifier = Pick<Context, 'settings' | 'now' | 'caller' | 'publicKeys'>

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

const theCaller: Recipient = {
  answer: (name, plaintext) => ({ [name]: plaintext }),
  recorded: additional => (additional ? { additional } : {}),
}

/**
 * Whom the plaintext of a request is for. To be asked before any secret is touched.
 *
 * @throws UnsupportedOperationException if there is a Recipient, but no root for its document: whoever sends one must not
 *   get the plaintext in the clear instead. ValidationException if a part is missing, or the document cannot be trusted.
 */
export async function recipientOf(verifier: Verifier, { Recipient }: Wish): Promise<Recipient> {
  if (!Recipient) return theCaller
  const attested = await attestationOf(verifier, Recipient)
  if ('refusal' in attested) throw attested.refusal
  const { publicKey, moduleId, imageSha384 } = attested
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

/** What policies are told of whom the plaintext is for; nothing of one that cannot be trusted. */
export async function toldOfRecipient({ Recipient }: Wish, verifier: Verifier): Promise<Conditions> {
  const attested = Recipient && (await attestationOf(verifier, Recipient))
  if (!attested || 'refusal' in attested) return {}
  const { imageSha384, pcrs } = attested
  return {
    'kms:RecipientAttestation:ImageSha384': imageSha384,
    ...Object.fromEntries(Array.from(pcrs, ([index, value]) => [`kms:RecipientAttestation:PCR${index}`, value])),
  }
}

type Attested = Attestation | { refusal: KmsError }

/** By what was asked for: policies are told of a document before the answer needs it, and it is verified once. */
const verified = new WeakMap<Named, Promise<Attested>>()

function attestationOf(verifier: Verifier, recipient: Named): Promise<Attested> {
  const known = verified.get(recipient)
  if (known) return known
  const attested = verify(verifier, recipient)
  verified.set(recipient, attested)
  return attested
}

async function verify({ settings, now, caller, publicKeys }: Verifier, named: Named): Promise<Attested> {
  const { KeyEncryptionAlgorithm, AttestationDocument } = named
  const { attestationRoots: roots } = settings
  if (roots.length === 0) {
    return { refusal: kmsError('UnsupportedOperationException', 'Recipient (attestation documents) is not supported.') }
  }
  if (KeyEncryptionAlgorithm === undefined || AttestationDocument === undefined) {
    const text = 'Recipient must have KeyEncryptionAlgorithm and AttestationDocument.'
    return { refusal: kmsError('ValidationException', text) }
  }
  const attested = await publicKeys.attest(caller.account, AttestationDocument, roots, now)
  if (!('refusal' in attested)) return attested
  // The service's own texts for bad documents are not known.
  return { refusal: kmsError('ValidationException', `The attestation document cannot be trusted. ${attested.refusal}`) }
}
