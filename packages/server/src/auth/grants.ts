import { hash } from 'node:crypto'
import { mac } from '../crypto/mac.ts'
import type { KeySpec, KeyUsage } from '../keys/specs.ts'
import { splitArn } from '../protocol/arn.ts'
import { encodeHex } from '../protocol/base64.ts'
import { kmsError } from '../protocol/errors.ts'
import type { Seal } from '../seal/seal.ts'
import type { CallerNames } from './caller.ts'
import type { BoundPrincipal } from './identities.ts'
import { principalOf } from './principals.ts'

/** Operations that a grant can allow, in the order of the service's model. */
export const grantOperations = [
  'Decrypt',
  'Encrypt',
  'GenerateDataKey',
  'GenerateDataKeyWithoutPlaintext',
  'ReEncryptFrom',
  'ReEncryptTo',
  'Sign',
  'Verify',
  'GetPublicKey',
  'CreateGrant',
  'RetireGrant',
  'DescribeKey',
  'GenerateDataKeyPair',
  'GenerateDataKeyPairWithoutPlaintext',
  'GenerateMac',
  'VerifyMac',
  'DeriveSharedSecret',
  'Encapsulate',
  'Decapsulate',
] as const
export type GrantOperation = (typeof grantOperations)[number]

const onAnyKey: readonly GrantOperation[] = ['CreateGrant', 'DescribeKey', 'RetireGrant']

/** What else can be granted (https://docs.aws.amazon.com/kms/latest/developerguide/grants.html#terms-grant-operations). */
const onSymmetricKeys: readonly GrantOperation[] = [
  'Decrypt',
  'Encrypt',
  'GenerateDataKey',
  'GenerateDataKeyPair',
  'GenerateDataKeyPairWithoutPlaintext',
  'GenerateDataKeyWithoutPlaintext',
  'ReEncryptFrom',
  'ReEncryptTo',
]
const onOtherKeys: Readonly<Record<KeyUsage, readonly GrantOperation[]>> = {
  ENCRYPT_DECRYPT: ['Decrypt', 'Encrypt', 'GetPublicKey', 'ReEncryptFrom', 'ReEncryptTo'],
  SIGN_VERIFY: ['GetPublicKey', 'Sign', 'Verify'],
  KEY_AGREEMENT: ['DeriveSharedSecret', 'GetPublicKey'],
  ENCAPSULATE_DECAPSULATE: ['Decapsulate', 'Encapsulate', 'GetPublicKey'],
  GENERATE_VERIFY_MAC: ['GenerateMac', 'VerifyMac'],
}

/** Whether keys of this type and usage can do that, so that it can be granted. */
export function isGrantable(operation: GrantOperation, type: KeySpec['type'], usage: KeyUsage): boolean {
  const others = type === 'symmetric' ? onSymmetricKeys : onOtherKeys[usage]
  return onAnyKey.includes(operation) || others.includes(operation)
}

/** Leave for one principal to use one key for some operations (https://docs.aws.amazon.com/kms/latest/developerguide/grants.html). */
export interface Grant {
  account: string
  region: string
  keyId: string
  /** 64 lower-case hex digits. */
  id: string
  name?: string
  /** Epoch milliseconds. */
  createdAt: number
  /** The account whose principal made it, which may retire it. */
  issuingAccount: string
  /** One of the two. */
  granteePrincipal?: string
  granteeServicePrincipal?: string
  /** At most one of the two. */
  retiringPrincipal?: string
  retiringServicePrincipal?: string
  /** The grantee and the retiring principal, if they were known when it was made. */
  principals?: BoundPrincipal[]
  operations: GrantOperation[]
  constraints?: GrantConstraints
}

/** These work on no data, so no encryption context limits them; CreateGrant hands the constraint on. */
export const withoutContext: readonly GrantOperation[] = ['CreateGrant', 'DescribeKey', 'RetireGrant']

export interface GrantConstraints {
  /** Exactly these pairs. */
  encryptionContextEquals?: [name: string, value: string][]
  /** At least these pairs. */
  encryptionContextSubset?: [name: string, value: string][]
  sourceArn?: string
}

/**
 * The account of the principal that a grant names: an account, a user, a role or a session.
 *
 * @throws InvalidArnException for any other ARN
 */
export function requirePrincipal(arn: string): string {
  if (!principalOf(arn)) throw kmsError('InvalidArnException', `ARN does not refer to a valid principal: ${arn}`)
  return splitArn(arn)?.account ?? ''
}

/**
 * By which encryption contexts a grant can be found: of all contexts that meet its constraint, `contextTags` has this tag. It
 * has one: for the whole context if that must be equal, for one pair of those that must be in it, or `-` for any context.
 */
export function contextTag({
  constraints: { encryptionContextEquals: equals, encryptionContextSubset: subset } = {},
}: Pick<Grant, 'constraints'>): string {
  if (equals) return wholeTag(equals)
  const [first] = sorted(subset ?? [])
  return first ? pairTag(first) : '-'
}

/** The tags of all grants whose constraint an encryption context can meet. */
export function contextTags(context: ReadonlyMap<string, string> = new Map()): string[] {
  const pairs = [...context]
  return ['-', wholeTag(pairs), ...pairs.map(pairTag)]
}

/** The tags of all grants that can let a grant with these constraints be made: it must be as narrow as they are. */
export function parentTags({
  encryptionContextEquals: equals,
  encryptionContextSubset: subset = [],
}: GrantConstraints): string[] {
  const pairs = [...(equals ?? []), ...subset]
  return [...new Set(['-', ...(equals ? [wholeTag(equals)] : []), ...pairs.map(pairTag)])]
}

type Pair = readonly [name: string, value: string]

const sorted = (pairs: readonly Pair[]): Pair[] => pairs.toSorted(([a], [b]) => (a < b ? -1 : 1))
const wholeTag = (pairs: readonly Pair[]): string => `=${hash('sha256', JSON.stringify(sorted(pairs)))}`
const pairTag = (pair: Pair): string => `~${hash('sha256', JSON.stringify(pair))}`

/** The ARN by which grants name an account. */
export const accountPrincipal = (account: string): string => `arn:aws:iam::${account}:root`

/**
 * Every ARN by which a grant can mean the caller. One that names an account leaves it to the account's own policies who may
 * use it.
 */
export function namesOf({ account, arn, roleArn }: CallerNames): string[] {
  return [...new Set([arn, ...(roleArn === undefined ? [] : [roleArn]), accountPrincipal(account)])]
}

/** Whether a caller whom a grant names is the one whom it meant, and no later one of the same name. */
export function isStill(
  { principals }: Pick<Grant, 'principals'>,
  name: string,
  { principalId }: CallerNames,
): boolean {
  const bound = principals?.find(([arn]) => arn === name)?.[1]
  return bound === undefined || principalId?.split(':', 1)[0] === bound
}

/**
 * Whether the caller may retire a grant: its retiring principal may, its grantee if that was granted, and the account that
 * issued it (https://docs.aws.amazon.com/kms/latest/developerguide/grant-delete.html). No constraint applies to that, nor does
 * it matter whose the key is.
 *
 * @param forAccount whether the policies of its account let the caller do what the account may
 */
export function mayRetire(grant: Grant, caller: CallerNames, forAccount: boolean): boolean {
  const account = accountPrincipal(caller.account)
  const names = namesOf(caller).filter(name => forAccount || name !== account)
  const isMeant = (principal: string | undefined): boolean =>
    principal !== undefined && names.includes(principal) && isStill(grant, principal, caller)
  return (
    isMeant(grant.retiringPrincipal) ||
    (isMeant(grant.granteePrincipal) && grant.operations.includes('RetireGrant')) ||
    (grant.issuingAccount === caller.account && forAccount)
  )
}

/**
 * The id of a grant with a name, 64 lower-case hex digits: an HMAC over everything that was asked for, so that whoever asks
 * for the same again means the same grant. The order of operations and of pairs is not a difference.
 */
export function namedGrantId(seal: Seal, grant: Omit<Grant, 'id' | 'createdAt'>): string {
  const { encryptionContextEquals, encryptionContextSubset, sourceArn } = grant.constraints ?? {}
  const operations = grantOperations.filter(operation => grant.operations.includes(operation))
  const fields = [
    grant.account,
    grant.region,
    grant.keyId,
    grant.issuingAccount,
    grant.name ?? '',
    // None of these can be an empty text.
    grant.granteePrincipal ?? '',
    grant.granteeServicePrincipal ?? '',
    grant.retiringPrincipal ?? '',
    grant.retiringServicePrincipal ?? '',
    sourceArn ?? '',
    ...counted(operations),
    ...counted(inOrder(encryptionContextEquals)),
    ...counted(inOrder(encryptionContextSubset)),
    ...(grant.principals ? counted(grant.principals.flat()) : []),
  ]
  return encodeHex(mac('sha256', seal.derive('grant-id/v1'), Buffer.concat(fields.map(withLength))))
}

/** An absent list differs from an empty one. */
const counted = (texts: readonly string[] | undefined): string[] =>
  texts === undefined ? [''] : [String(texts.length), ...texts]

const inOrder = (pairs: readonly [name: string, value: string][] | undefined): string[] | undefined =>
  pairs?.toSorted(([a], [b]) => (a < b ? -1 : 1)).flat()

function withLength(text: string): Buffer {
  const bytes = Buffer.from(text)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}
