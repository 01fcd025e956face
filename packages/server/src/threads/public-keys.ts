import type { KeyObject } from 'node:crypto'
import type { Attestation } from '../attestation/document.ts'
import type { KeyPair, KeyPairKind } from '../crypto/key-pair.ts'
import type { RsaPadding, SizeRange } from '../crypto/rsa.ts'
import type { Message, SignatureScheme } from '../crypto/signature.ts'

/**
 * Work with key pairs, each piece done where it belongs: at once if it takes a tenth of a millisecond or so, else in a
 * worker thread, after what waits there already. `account` is who asks: accounts take turns, so that none of them keeps
 * the others waiting.
 *
 * Everything in a thread throws ThrottlingException if too much of the account's waits, or too much of all accounts'. What
 * is passed in stays the caller's, and as it is until the answer is there: the thread gets a copy when its turn comes, and
 * wipes that. Secrets that are returned are the caller's to wipe.
 */
export interface PublicKeys {
  /** A fresh key pair. RSA: up to seconds, and one at a time. */
  generate(account: string, kind: KeyPairKind): Promise<KeyPair>
  /** What the bytes are, in the one form in which it is kept (crypto/private-key.ts); undefined if no such private key. */
  readPrivateKey(account: string, kind: KeyPairKind, encoded: Uint8Array): Promise<KeyPair | undefined>
  sign(account: string, scheme: SignatureScheme, privateKey: KeyObject, message: Message): Promise<Buffer>
  verify(
    account: string,
    scheme: SignatureScheme,
    publicKey: KeyObject,
    message: Message,
    signature: Uint8Array,
  ): Promise<boolean>
  /** RSA; the message in a block, or undefined if block, padding or the size of the message is wrong. */
  decrypt(
    account: string,
    padding: RsaPadding,
    privateKey: KeyObject,
    block: Uint8Array,
    size: SizeRange,
  ): Promise<Buffer | undefined>
  /** The raw x-coordinate of ECDH (SP 800-56A), with leading zeros. Both keys are on one curve. */
  agree(account: string, privateKey: KeyObject, publicKey: KeyObject): Promise<Buffer>
  /** What an attestation document vouches for, or a sentence that says why it cannot be trusted (attestation/). */
  attest(
    account: string,
    document: Uint8Array,
    roots: readonly Uint8Array[],
    now: number,
  ): Promise<Attestation | { readonly refusal: string }>
}

export interface KeyGenerator {
  /** As `PublicKeys` has it. With null nobody waits for the pair: it is made when no account waits for one. */
  generate(account: string | null, kind: KeyPairKind): Promise<KeyPair>
}
