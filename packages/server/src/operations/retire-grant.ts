import { foreignDenial } from '../auth/authorize.ts'
import { readGrantToken } from '../auth/grant-token.ts'
import { mayRetire } from '../auth/grants.ts'
import { anyState } from '../keys/states.ts'
import { operation } from '../operation.ts'
import { kmsError } from '../protocol/errors.ts'
import { optional, secret, string, structure } from '../protocol/shape.ts'
import { grantRow } from '../store/documents.ts'
import { grantId, requireGrantId, withoutGrants } from './grants.ts'
import { dryRun, keyId } from './members.ts'

const action = 'kms:RetireGrant'

/** Ends a grant, for those who need it no more. The grant itself says who that can be, whatever policies say. */
export const retireGrant = operation({
  name: 'RetireGrant',
  input: structure({
    GrantToken: optional(secret(string(1, 8192))),
    KeyId: optional(keyId),
    GrantId: optional(grantId),
    DryRun: dryRun,
  }),
  output: null,
  needs: {
    action: null,
    precheck({ GrantToken, KeyId, GrantId }) {
      const isNamed = KeyId !== undefined && GrantId !== undefined
      const isHalfNamed = !isNamed && (KeyId !== undefined || GrantId !== undefined)
      if (isHalfNamed || isNamed === (GrantToken !== undefined)) {
        throw kmsError('ValidationException', 'You must specify either GrantToken, or both KeyId and GrantId.')
      }
      // Before the key is looked for: it must not be told whether another account has it.
      requireGrantId(GrantId)
    },
    keys: {
      key: {
        action,
        identifier: input => input.KeyId,
        grantToken: input => input.GrantToken,
        aliases: false,
        states: anyState,
      },
    },
  },
  audit: { readOnly: false, parameters: () => null },
  async handle({ keys: { key }, caller, view, seal }, { GrantToken, GrantId }) {
    const id = GrantId ?? readGrantToken(seal, GrantToken ?? '')?.id ?? ''
    const grant = await view.get('grant', grantRow(key.account, key.region, key.id, id))
    if (grant ? !mayRetire(grant, caller) : key.account !== caller.account) throw foreignDenial(caller, action)
    if (!grant) throw kmsError('NotFoundException', `Grant ID ${id} not found`)
    return { output: {}, changes: await withoutGrants(view, key, [grant]), additional: { grantId: id } }
  },
})
