import { accountPrincipal, contextTag, grantOperations, type Grant, type GrantConstraints } from '../auth/grants.ts'
import type { Key } from '../keys/key.ts'
import { keyArn } from '../protocol/arn.ts'
import { kmsError } from '../protocol/errors.ts'
import { list, map, oneOf, optional, string, structure, timestamp } from '../protocol/shape.ts'
import { grantedPrefix, grantRow, retirableRow, type Change, type View } from '../store/documents.ts'
import { putKey } from './family.ts'
import { keyId } from './members.ts'

/** What the operations on grants share: members, how a grant is shown, and its rows. */

export const principal = string(1, 256, {
  text: '^[\\w+=,.@:/-]+$',
  test: value => /^[\w+=,.@:/-]+$/.test(value),
})
export const servicePrincipal = string(1, 128, {
  text: '^([A-Za-z0-9\\-]+)\\.([A-Za-z0-9\\-]+)(\\.[A-Za-z0-9\\-]+)+$',
  test: value => /^[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+){2,}$/.test(value),
})
export const grantId = string(1, 128)
export const grantName = string(1, 256, {
  text: '^[a-zA-Z0-9:/_-]+$',
  test: value => /^[a-zA-Z0-9:/_-]+$/.test(value),
})
export const operationList = list(oneOf(grantOperations))
export const constraints = structure({
  EncryptionContextSubset: optional(map(string(), string())),
  EncryptionContextEquals: optional(map(string(), string())),
  SourceArn: optional(
    string(20, 512, {
      text: '^arn:aws[a-z0-9-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]{12}:.+$',
      test: value => /^arn:aws[a-z0-9-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]{12}:.+$/.test(value),
    }),
  ),
})

/** As lists of grants show one. */
export const grantEntry = structure({
  KeyId: keyId,
  GrantId: string(),
  Name: string(),
  CreationDate: timestamp(),
  GranteePrincipal: optional(string()),
  RetiringPrincipal: optional(string()),
  IssuingAccount: string(),
  Operations: operationList,
  Constraints: optional(constraints),
  GranteeServicePrincipal: optional(string()),
  RetiringServicePrincipal: optional(string()),
})

export function describeGrant(grant: Readonly<Grant>) {
  const { granteePrincipal, granteeServicePrincipal, retiringPrincipal, retiringServicePrincipal } = grant
  return {
    KeyId: keyArn({ ...grant, id: grant.keyId }),
    GrantId: grant.id,
    // Empty where there is none: https://docs.aws.amazon.com/kms/latest/developerguide/grant-view.html
    Name: grant.name ?? '',
    CreationDate: new Date(grant.createdAt),
    IssuingAccount: accountPrincipal(grant.issuingAccount),
    Operations: grant.operations,
    ...(granteePrincipal !== undefined && { GranteePrincipal: granteePrincipal }),
    ...(granteeServicePrincipal !== undefined && { GranteeServicePrincipal: granteeServicePrincipal }),
    ...(retiringPrincipal !== undefined && { RetiringPrincipal: retiringPrincipal }),
    ...(retiringServicePrincipal !== undefined && { RetiringServicePrincipal: retiringServicePrincipal }),
    ...(grant.constraints && { Constraints: describeConstraints(grant.constraints) }),
  }
}

function describeConstraints({ encryptionContextSubset, encryptionContextEquals, sourceArn }: GrantConstraints) {
  return {
    ...(encryptionContextSubset && { EncryptionContextSubset: new Map(encryptionContextSubset) }),
    ...(encryptionContextEquals && { EncryptionContextEquals: new Map(encryptionContextEquals) }),
    ...(sourceArn !== undefined && { SourceArn: sourceArn }),
  }
}

/** No service calls on behalf of anybody here. */
export const grantIsForAwsResource = { 'kms:GrantIsForAWSResource': false }

/** For `kms:GrantConstraintType`. */
export function constraintTypes(equals: boolean, subset: boolean): string | string[] | undefined {
  if (equals && subset) return ['EncryptionContextEquals', 'EncryptionContextSubset']
  return equals ? 'EncryptionContextEquals' : subset ? 'EncryptionContextSubset' : undefined
}

/** @throws InvalidGrantIdException for what no grant can be called */
export function requireGrantId(id: string | undefined): void {
  if (id !== undefined && !/^[0-9a-f]{64}$/.test(id)) throw kmsError('InvalidGrantIdException')
}

export const grantsOn = (key: Key): number => key.grants ?? 0

/** The rows of a new grant, and the key that counts it: so whoever decided by the grants of a key decides again. */
export async function withGrant(view: View, key: Key, grant: Grant): Promise<Change[]> {
  const changes: Change[] = [
    putKey({ ...key, grants: grantsOn(key) + 1 }),
    { put: 'grant', id: rowOf(grant), document: grant },
  ]
  const { account, region, keyId, id } = grant
  const document = { account, region, keyId, grantId: id }
  for (const { kind, row } of indexesOf(grant)) {
    await view.get(kind, row)
    changes.push({ put: kind, id: row, document })
  }
  return changes
}

/** All that goes with some grants of a key; those that are gone already are left out. */
export async function withoutGrants(view: View, key: Key, grants: readonly Readonly<Grant>[]): Promise<Change[]> {
  const changes: Change[] = []
  let removed = 0
  for (const grant of grants) {
    const row = rowOf(grant)
    if (!(await view.get('grant', row))) continue
    removed++
    changes.push({ remove: 'grant', id: row })
    for (const { kind, row: index } of indexesOf(grant)) {
      if (await view.get(kind, index)) changes.push({ remove: kind, id: index })
    }
  }
  return [putKey({ ...key, grants: Math.max(0, grantsOn(key) - removed) }), ...changes]
}

const rowOf = ({ account, region, keyId, id }: Readonly<Grant>): string => grantRow(account, region, keyId, id)

/** The rows by which its grantee and its retiring principal find a grant. */
function indexesOf(grant: Readonly<Grant>): { kind: 'granted' | 'retirable'; row: string }[] {
  const grantee = grant.granteePrincipal ?? grant.granteeServicePrincipal ?? ''
  const retiring = grant.retiringPrincipal ?? grant.retiringServicePrincipal
  return [
    { kind: 'granted', row: grantedPrefix(grant, grantee, contextTag(grant)) + grant.id },
    ...(retiring === undefined ? [] : [{ kind: 'retirable', row: retirableRow(retiring, grant) } as const]),
  ]
}
