import type { BoundPrincipal } from '../auth/identities.ts'
import type { KeySpecName, KeyUsage } from './specs.ts'

export type Origin = 'AWS_KMS' | 'EXTERNAL' | 'AWS_CLOUDHSM' | 'EXTERNAL_KEY_STORE'
export type ExpirationModel = 'KEY_MATERIAL_EXPIRES' | 'KEY_MATERIAL_DOES_NOT_EXPIRE'
export type MaterialState = 'CURRENT' | 'NON_CURRENT' | 'PENDING_ROTATION'

/** What is known of one version of a key's material. The secret itself is a row of its own (material.ts). */
export interface Material {
  /** 64 lower-case hex digits: a commitment to the key and the material (ciphertext.ts). */
  id: string
  state: MaterialState
  /** False once expired or deleted; the material stays associated, and only the same bytes may come back. */
  present: boolean
  expirationModel?: ExpirationModel
  /** Epoch milliseconds; only with KEY_MATERIAL_EXPIRES. */
  validTo?: number
  description?: string
  /** Epoch milliseconds; absent for first and pending materials. */
  rotatedAt?: number
  rotationType?: 'AUTOMATIC' | 'ON_DEMAND'
}

/** A KMS key: everything that decides about it in one row, so that one version names all of it. */
export interface Key {
  account: string
  region: string
  id: string
  /** Epoch milliseconds, as are all times here. */
  createdAt: number
  description: string
  spec: KeySpecName
  usage: KeyUsage
  origin: Origin
  enabled: boolean
  /**
   * While it waits for deletion: when it goes. A primary whose replicas remain has no date yet. Once parts of it are gone,
   * the deletion has begun.
   */
  deletion?: { at?: number; windowInDays: number; begun?: true }
  /** The text as it was put, unchanged. */
  policy: string
  /** Those that it names, if they were known when it was put. */
  principals?: BoundPrincipal[]
  /** In order of insertion. */
  tags: [key: string, value: string][]
  /** Names of the aliases that point here, so that a key row vouches for them. */
  aliases: string[]
  /** Oldest first. */
  materials: Material[]
  /** The one that encrypts; stays when it is deleted or expires. Symmetric keys only. */
  currentMaterialId?: string
  onDemandRotations: number
  /** Automatic rotation, while it is on. Its time comes and goes unused while the key cannot be rotated. */
  rotation?: { periodInDays: number; nextAt: number }
  /** SubjectPublicKeyInfo (DER, base64) of an asymmetric key, from the moment that it has material. */
  publicKey?: string
  /** The Regions in which a multi-Region key of this id is; the row of each says the same. */
  family?: Family
  /** Where the key is kept, if that is a custom key store. */
  keyStore?: { id: string; xksKeyId?: string }
  /** How many grants there are on the key; rows from before there were grants do not say. */
  grants?: number
}

/** Of a multi-Region key. */
export interface Family {
  /** The Region of the primary key. */
  primary: string
  /** The Regions of the replica keys, without the primary's. */
  replicas: string[]
}

/**
 * https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html; of these, the ones a key can be found in. Creating
 * and Updating pass within one commit.
 */
export type KeyState =
  | 'Enabled'
  | 'Disabled'
  | 'PendingImport'
  | 'PendingDeletion'
  | 'PendingReplicaDeletion'
  | 'Unavailable'
