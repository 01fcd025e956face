import { algorithmsOf, kindOf, type Key } from './key.ts'

/** What the snippets of all languages do with a key: one call, or one and what takes its result. */

export type Value =
  | { is: 'key' }
  /** Bytes that the program has. */
  | { is: 'text'; text: string }
  /** Bytes of a file. */
  | { is: 'file'; name: string }
  /** What the first call gave. */
  | { is: 'result' }
  /** A name of the API; `type` is what Go's SDK calls the names of its kind. */
  | { is: 'name'; name: string; type: string }
  | { is: 'context' }

export interface Call {
  operation: string
  /** What the result is called in the program. */
  variable: string
  members: readonly (readonly [name: string, value: Value])[]
  /** The member of the answer that matters, and whether it is bytes. */
  gives: string
  isBytes: boolean
}

/** The encryption context of the snippets. */
export const context = { purpose: 'example' } as const

const key: readonly [string, Value] = ['KeyId', { is: 'key' }]
const message = { is: 'text', text: 'Hello' } as const
const result = { is: 'result' } as const

export function callsFor(of: Key): readonly Call[] {
  const algorithm = algorithmsOf(of)[0] ?? ''
  const named = (member: string, type = `${member}Spec`) => [member, { is: 'name', name: algorithm, type }] as const
  switch (of.KeyUsage) {
    case 'ENCRYPT_DECRYPT': {
      const more =
        kindOf(of) === 'symmetric'
          ? ([['EncryptionContext', { is: 'context' }]] as const)
          : ([named('EncryptionAlgorithm')] as const)
      return [
        call('Encrypt', 'encrypted', 'CiphertextBlob', [key, ['Plaintext', message], ...more]),
        call('Decrypt', 'decrypted', 'Plaintext', [key, ['CiphertextBlob', result], ...more]),
      ]
    }
    case 'SIGN_VERIFY': {
      const type = ['MessageType', { is: 'name', name: 'RAW', type: 'MessageType' }] as const
      const all = [key, ['Message', message], type, named('SigningAlgorithm')] as const
      return [
        call('Sign', 'signed', 'Signature', all),
        { ...call('Verify', 'verified', 'SignatureValid', [...all, ['Signature', result]]), isBytes: false },
      ]
    }
    case 'GENERATE_VERIFY_MAC': {
      const all = [key, ['Message', message], named('MacAlgorithm')] as const
      return [
        call('GenerateMac', 'generated', 'Mac', all),
        { ...call('VerifyMac', 'verified', 'MacValid', [...all, ['Mac', result]]), isBytes: false },
      ]
    }
    case 'KEY_AGREEMENT': {
      const peer = ['PublicKey', { is: 'file', name: 'peer-public.der' }] as const
      return [call('DeriveSharedSecret', 'derived', 'SharedSecret', [key, named('KeyAgreementAlgorithm'), peer])]
    }
    case 'ENCAPSULATE_DECAPSULATE': {
      const all = [key, named('EncapsulationAlgorithm')] as const
      return [
        call('Encapsulate', 'encapsulated', 'SharedSecretCiphertextBlob', all),
        call('Decapsulate', 'decapsulated', 'SharedSecret', [...all, ['SharedSecretCiphertextBlob', result]]),
      ]
    }
  }
}

const call = (operation: string, variable: string, gives: string, members: Call['members']): Call => ({
  operation,
  variable,
  members,
  gives,
  isBytes: true,
})
