import { anyState } from '../keys/states.ts'
import { operation } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { kmsError } from '../protocol/errors.ts'
import { structure } from '../protocol/shape.ts'
import { grantRow } from '../store/documents.ts'
import { grantId, grantIsForAwsResource, requireGrantId, withoutGrants } from './grants.ts'
import { dryRun, keyId } from './members.ts'
import { shown } from './shown.ts'

/** Ends a grant, for those who decide about the key. */
export const revokeGrant = operation({
  name: 'RevokeGrant',
  input: structure({ KeyId: keyId, GrantId: grantId, DryRun: dryRun }),
  output: null,
  needs: {
    action: 'kms:RevokeGrant',
    crossAccount: true,
    conditions: () => grantIsForAwsResource,
    keys: { key: { identifier: input => input.KeyId, aliases: false, states: anyState } },
  },
  audit: { readOnly: false, parameters: input => shown(input, 'KeyId', 'GrantId') },
  async handle({ keys: { key }, view }, { GrantId }) {
    requireGrantId(GrantId)
    const grant = await view.get('grant', grantRow(key.account, key.region, key.id, GrantId))
    if (!grant) throw kmsError('NotFoundException', `Grant ID ${GrantId} not found`)
    return { output: {}, changes: await withoutGrants(view, key, [grant]), recorded: { keyId: keyArn(key) } }
  },
})
