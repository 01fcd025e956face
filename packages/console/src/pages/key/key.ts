import type { KmsOutput } from '../../api/types.ts'

type Metadata = NonNullable<KmsOutput<'DescribeKey'>['KeyMetadata']>
type Always = 'KeyId' | 'Arn' | 'AWSAccountId' | 'CreationDate' | 'KeyState' | 'KeySpec' | 'KeyUsage' | 'Origin'

/** What DescribeKey tells of a key, with what the server always says. */
export type Key = Metadata & { [Name in Always]: NonNullable<Metadata[Name]> }

export type Kind = 'symmetric' | 'hmac' | 'asymmetric'

export function kindOf({ KeySpec }: Pick<Key, 'KeySpec'>): Kind {
  if (KeySpec === 'SYMMETRIC_DEFAULT') return 'symmetric'
  return KeySpec.startsWith('HMAC_') ? 'hmac' : 'asymmetric'
}

/** By whichever of them the key can be used. */
export const algorithmsOf = (key: Key): readonly string[] =>
  key.EncryptionAlgorithms ??
  key.SigningAlgorithms ??
  key.MacAlgorithms ??
  key.KeyAgreementAlgorithms ??
  key.EncapsulationAlgorithms ??
  []

/** The Region is in the ARN: the page may have been opened with that of another one. */
export const regionOf = (arn: string): string => arn.split(':')[3] ?? ''

export const isPendingDeletion = ({ KeyState }: Pick<Key, 'KeyState'>): boolean =>
  KeyState === 'PendingDeletion' || KeyState === 'PendingReplicaDeletion'

/** An alias as people say it: without what all begin with. */
export const shortAlias = (name: string): string => name.replace(/^alias\//, '')
