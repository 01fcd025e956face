import { requirePrincipal } from '../auth/grants.ts'
import { noKeys, operation } from '../operation.ts'
import { kmsError } from '../protocol/errors.ts'
import { boolean, list, optional, structure } from '../protocol/shape.ts'
import { grantRow, keyRow, retirablePrefix, retirableRow } from '../store/documents.ts'
import { describeGrant, grantEntry, principal, servicePrincipal } from './grants.ts'
import { limit, marker, nextMarker } from './members.ts'
import { pageOf, readMarker } from './paging.ts'
import { shown } from './shown.ts'

const action = 'kms:ListRetirableGrants'

/** The grants in the Region, whosever the key is, that name the principal as the one that may retire them. */
export const listRetirableGrants = operation({
  name: 'ListRetirableGrants',
  input: structure({
    Limit: limit,
    Marker: marker,
    RetiringPrincipal: optional(principal),
    RetiringServicePrincipal: optional(servicePrincipal),
  }),
  output: structure({ Grants: list(grantEntry), NextMarker: nextMarker, Truncated: boolean() }),
  needs: { action, keys: noKeys },
  audit: {
    readOnly: true,
    parameters: input => shown(input, 'RetiringPrincipal', 'RetiringServicePrincipal', 'Limit', 'Marker'),
  },
  async handle(
    { caller, region, view, seal, authority },
    { Limit = 50, Marker, RetiringPrincipal, RetiringServicePrincipal },
  ) {
    if ((RetiringPrincipal === undefined) === (RetiringServicePrincipal === undefined)) {
      throw kmsError(
        'ValidationException',
        'You must specify either RetiringPrincipal or RetiringServicePrincipal, but not both.',
      )
    }
    const account = RetiringPrincipal === undefined ? caller.account : requirePrincipal(RetiringPrincipal)
    if (account !== caller.account)
      throw authority.refuse(action, () => ({ resource: { arn: RetiringPrincipal ?? '*', account } }))
    const retiring = RetiringPrincipal ?? RetiringServicePrincipal ?? ''
    // Services do not call here, and nobody else may see what other accounts have let them do.
    const scope = RetiringPrincipal === undefined ? keyRow(caller.account, region, '') : ''
    const prefix = retirablePrefix(region, retiring) + scope
    const pager = { list: `ListRetirableGrants ${prefix}`, seal }
    const after = readMarker(pager, Marker)
    const size = Math.min(Limit, 100)
    const found = await view.page('retirable', prefix, after && prefix + after, size + 1)
    const { items, truncated } = pageOf(pager, found, size, ({ grantId: id, ...key }) =>
      retirableRow(retiring, { ...key, id }).slice(prefix.length),
    )
    const grants = await Promise.all(
      items.map(({ account, keyId, grantId }) => view.get('grant', grantRow(account, region, keyId, grantId))),
    )
    return { output: { Grants: grants.flatMap(grant => (grant ? [describeGrant(grant)] : [])), ...truncated } }
  },
})
