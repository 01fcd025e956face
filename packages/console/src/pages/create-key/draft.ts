import type { KmsInput } from '../../api/types.ts'
import { writeJson } from '../../ui/policy-json.ts'
import { consolePolicy, type ConsoleShape, type KeyKind } from '../../ui/policy-shape.ts'

type CreateKeyInput = KmsInput<'CreateKey'>
export type KeyUsage = NonNullable<CreateKeyInput['KeyUsage']>
export type KeySpec = NonNullable<CreateKeyInput['KeySpec']>
export type Origin = 'AWS_KMS' | 'EXTERNAL' | 'EXTERNAL_KEY_STORE'
export type KeyType = 'symmetric' | 'asymmetric'

interface Spec {
  type: KeyType
  usages: readonly KeyUsage[]
  /** Whether its material can come from elsewhere. */
  isImportable: boolean
}

const rsa: Spec = { type: 'asymmetric', usages: ['ENCRYPT_DECRYPT', 'SIGN_VERIFY'], isImportable: true }
const nist: Spec = { type: 'asymmetric', usages: ['SIGN_VERIFY', 'KEY_AGREEMENT'], isImportable: true }
const curve: Spec = { type: 'asymmetric', usages: ['SIGN_VERIFY'], isImportable: true }
const hmac: Spec = { type: 'symmetric', usages: ['GENERATE_VERIFY_MAC'], isImportable: true }
const mlDsa: Spec = { type: 'asymmetric', usages: ['SIGN_VERIFY'], isImportable: false }
const mlKem: Spec = { type: 'asymmetric', usages: ['ENCAPSULATE_DECAPSULATE'], isImportable: false }

/** What keys there are (https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html). */
export const specs = {
  SYMMETRIC_DEFAULT: { type: 'symmetric', usages: ['ENCRYPT_DECRYPT'], isImportable: true },
  HMAC_224: hmac,
  HMAC_256: hmac,
  HMAC_384: hmac,
  HMAC_512: hmac,
  RSA_2048: rsa,
  RSA_3072: rsa,
  RSA_4096: rsa,
  ECC_NIST_P256: nist,
  ECC_NIST_P384: nist,
  ECC_NIST_P521: nist,
  ECC_SECG_P256K1: curve,
  ECC_NIST_EDWARDS25519: curve,
  ML_DSA_44: mlDsa,
  ML_DSA_65: mlDsa,
  ML_DSA_87: mlDsa,
  ML_KEM_512: mlKem,
  ML_KEM_768: mlKem,
  ML_KEM_1024: mlKem,
} as const satisfies { [Name in KeySpec]?: Spec }
type SpecName = keyof typeof specs

export const usagesOf: Readonly<Record<KeyType, readonly KeyUsage[]>> = {
  symmetric: ['ENCRYPT_DECRYPT', 'GENERATE_VERIFY_MAC'],
  asymmetric: ['ENCRYPT_DECRYPT', 'SIGN_VERIFY', 'KEY_AGREEMENT', 'ENCAPSULATE_DECAPSULATE'],
}

/** Those of a type with a usage; the first is the one that is proposed. */
export function specsFor(type: KeyType, usage: KeyUsage): SpecName[] {
  const names = Object.keys(specs) as SpecName[] // The table has no others.
  const isFit = ({ type: other, usages }: Spec): boolean => other === type && usages.includes(usage)
  return names
    .filter(name => isFit(specs[name]))
    .toSorted((a, b) => Number(b === 'HMAC_256') - Number(a === 'HMAC_256'))
}

/** All that the wizard has been told. */
export interface Draft {
  type: KeyType
  usage: KeyUsage
  spec: SpecName
  origin: Origin
  /** What an imported key means for security, availability and durability. */
  isAcknowledged: boolean
  storeId: string
  xksKeyId: string
  isMultiRegion: boolean
  alias: string
  description: string
  tags: readonly { key: string; value: string }[]
  areTagsValid: boolean
  /** ARNs that were chosen, and those that were typed. */
  administrators: readonly string[]
  typedAdministrators: readonly string[]
  mayDelete: boolean
  users: readonly string[]
  typedUsers: readonly string[]
  accounts: readonly string[]
  /** The policy as somebody has changed it, and from what. */
  edited?: { text: string; from: string } | undefined
}

export const blank: Draft = {
  type: 'symmetric',
  usage: 'ENCRYPT_DECRYPT',
  spec: 'SYMMETRIC_DEFAULT',
  origin: 'AWS_KMS',
  isAcknowledged: false,
  storeId: '',
  xksKeyId: '',
  isMultiRegion: false,
  alias: '',
  description: '',
  tags: [],
  areTagsValid: true,
  administrators: [],
  typedAdministrators: [],
  mayDelete: true,
  users: [],
  typedUsers: [],
  accounts: [],
}

/** Why something cannot be chosen; each has a text, `create.unfit.<reason>`. */
export type Unfit = 'notImportable' | 'symmetricOnly' | 'singleRegionOnly'

export function unfitOrigin({ spec }: Draft, origin: Origin): Unfit | undefined {
  if (origin === 'EXTERNAL' && !specs[spec].isImportable) return 'notImportable'
  if (origin === 'EXTERNAL_KEY_STORE' && spec !== 'SYMMETRIC_DEFAULT') return 'symmetricOnly'
  return undefined
}

export const unfitMultiRegion = ({ origin }: Draft): Unfit | undefined =>
  origin === 'EXTERNAL_KEY_STORE' ? 'singleRegionOnly' : undefined

/** The draft with a change, and whatever does not go together with that set back. */
export function changed(draft: Draft, change: Partial<Draft>): Draft {
  let next = { ...draft, ...change }
  if (!usagesOf[next.type].includes(next.usage)) next = { ...next, usage: usagesOf[next.type][0] ?? next.usage }
  const offered = specsFor(next.type, next.usage)
  if (!offered.includes(next.spec)) next = { ...next, spec: offered[0] ?? next.spec }
  if (unfitOrigin(next, next.origin)) next = { ...next, origin: 'AWS_KMS' }
  if (unfitMultiRegion(next)) next = { ...next, isMultiRegion: false }
  return next
}

/** As the API has it; the prefix need not be typed. */
export function aliasName({ alias }: Draft): string {
  const typed = alias.trim()
  return typed.startsWith('alias/') ? typed : `alias/${typed}`
}

/** What is wrong with the alias as such; each has a text, `create.alias.<problem>`. */
export function aliasProblem(draft: Draft): 'missing' | 'reserved' | 'characters' | 'long' | undefined {
  const name = aliasName(draft)
  if (name === 'alias/') return 'missing'
  if (!/^alias\/[a-zA-Z0-9/_-]+$/.test(name)) return 'characters'
  if (name === 'alias/aws' || name.startsWith('alias/aws/')) return 'reserved'
  return name.length > 256 ? 'long' : undefined
}

export const kindOf = ({ spec, usage, origin, isMultiRegion }: Draft): KeyKind => ({
  spec,
  usage,
  origin,
  isMultiRegion,
})

const filled = (...lists: (readonly string[])[]): string[] => [...new Set(lists.flat())].filter(text => text !== '')

/** Whom the policy names. */
export const shapeOf = (draft: Draft): ConsoleShape => ({
  administrators: filled(draft.administrators, draft.typedAdministrators),
  mayDelete: draft.mayDelete,
  users: filled(draft.users, draft.typedUsers),
  accounts: filled(draft.accounts),
})

/** What follows from the choices. */
export const generatedPolicy = (draft: Draft, account: string): string =>
  writeJson(consolePolicy(kindOf(draft), account, shapeOf(draft)))

export const policyOf = (draft: Draft, account: string): string => draft.edited?.text ?? generatedPolicy(draft, account)

export function createKeyInput(draft: Draft, account: string): CreateKeyInput {
  const { spec, usage, origin, isMultiRegion, description, tags, storeId, xksKeyId } = draft
  return {
    KeySpec: spec,
    KeyUsage: usage,
    Origin: origin,
    MultiRegion: isMultiRegion,
    Description: description,
    Policy: policyOf(draft, account),
    ...(tags.length > 0 && { Tags: tags.map(({ key, value }) => ({ TagKey: key, TagValue: value })) }),
    ...(origin === 'EXTERNAL_KEY_STORE' && { CustomKeyStoreId: storeId, XksKeyId: xksKeyId.trim() }),
  }
}
