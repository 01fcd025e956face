import { diffieHellman } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

/**
 * The raw shared secret of ECDH (NIST SP 800-56A, section 5.7.1.2): the x-coordinate, with leading zeros as long as the
 * field, so 32, 48 or 66 bytes for P-256, P-384 and P-521. For the caller to wipe, and to put through a KDF.
 *
 * @throws Error if the keys are on different curves
 */
export function agree(privateKey: KeyObject, publicKey: KeyObject): Buffer {
  return diffieHellman({ privateKey, publicKey })
}
