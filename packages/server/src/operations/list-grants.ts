import { requirePrincipal, type Grant } from '../auth/grants.ts'
import type { Key } from '../keys/key.ts'
import { anyState } from '../keys/states.ts'
import { operation } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { kmsError } from '../protocol/errors.ts'
import { boolean, list, optional, structure } from '../protocol/shape.ts'
import { granteeRef, grantRow, type View } from '../store/documents.ts'
import { describeGrant, grantEntry, grantId, grantIsForAwsResource, principal, servicePrincipal } from './grants.ts'
import { keyId, limit, marker, nextMarker } from './members.ts'
import { pageOf, readMarker } from './paging.ts'
import { shown } from './shown.ts'

/** The grants on a key, or those of them with an id, or for a principal; ordered by id. */
export const listGrants = operation({
  name: 'ListGrants',
  input: structure({
    Limit: limit,
    Marker: marker,
    KeyId: keyId,
    GrantId: optional(grantId),
    GranteePrincipal: optional(principal),
    GranteeServicePrincipal: optional(servicePrincipal),
  }),
  output: structure({ Grants: list(grantEntry), NextMarker: nextMarker, Truncated: boolean() }),
  needs: {
    action: 'kms:ListGrants',
    crossAccount: true,
    conditions: () => grantIsForAwsResource,
    keys: { key: { identifier: input => input.KeyId, aliases: false, states: anyState } },
  },
  audit: {
    readOnly: true,
    parameters: input =>
      shown(input, 'KeyId', 'GrantId', 'GranteePrincipal', 'GranteeServicePrincipal', 'Limit', 'Marker'),
  },
  async handle({ keys: { key }, view, seal }, input) {
    const { Limit = 50, Marker, GrantId, GranteePrincipal, GranteeServicePrincipal } = input
    if (GranteePrincipal !== undefined && GranteeServicePrincipal !== undefined) {
      throw kmsError(
        'ValidationException',
        'You can specify either GranteePrincipal or GranteeServicePrincipal, but not both.',
      )
    }
    if (GranteePrincipal !== undefined) requirePrincipal(GranteePrincipal)
    const grantee = GranteePrincipal ?? GranteeServicePrincipal
    const pager = { list: `ListGrants ${keyArn(key)} ${GrantId ?? ''} ${grantee ?? ''}`, seal }
    const after = readMarker(pager, Marker)
    const size = Math.min(Limit, 100)
    const found =
      GrantId === undefined
        ? await grantsOf(view, key, grantee, after, size + 1)
        : [await requireGrant(view, key, GrantId)].filter(grant => !grantee || granteeOf(grant) === grantee)
    const { items, truncated } = pageOf(pager, found, size, grant => grant.id)
    return { output: { Grants: items.map(describeGrant), ...truncated } }
  },
})

const granteeOf = (grant: Readonly<Grant>): string | undefined =>
  grant.granteePrincipal ?? grant.granteeServicePrincipal

async function grantsOf(
  view: View,
  key: Key,
  grantee: string | undefined,
  after: string | undefined,
  limit: number,
): Promise<Readonly<Grant>[]> {
  const { account, region, id } = key
  const prefix = grantRow(account, region, id, '')
  const row = after && prefix + after
  if (grantee === undefined) return await view.page('grant', prefix, row, limit)
  return await view.byRef('grant', granteeRef({ account, region, keyId: id }, grantee), row, limit)
}

/** @throws InvalidGrantIdException */
async function requireGrant(view: View, { account, region, id }: Key, grantId: string): Promise<Readonly<Grant>> {
  const grant = await view.get('grant', grantRow(account, region, id, grantId))
  if (!grant) throw kmsError('InvalidGrantIdException')
  return grant
}
