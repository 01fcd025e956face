/** An attestation document, or a root for it, is not acceptable. A sentence for the caller; quotes nothing of either. */
export class AttestationError extends Error {
  override readonly name = 'AttestationError'
}
