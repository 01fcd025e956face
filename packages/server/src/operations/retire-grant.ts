import { readGrantToken } from '../auth/grant-token.ts'
import { compilePolicy, type CompiledPolicy } from '../auth/compile.ts'
import { mayRetire, type Grant } from '../auth/grants.ts'
import { defaultKeyPolicy } from '../auth/policy.ts'
import type { Question } from '../authority.ts'
import { anyState } from '../keys/states.ts'
import { operation } from '../operation.ts'
import { kmsError } from '../protocol/errors.ts'
import { optional, secret, string, structure } from '../protocol/shape.ts'
import { grantRow } from '../store/documents.ts'
import { constraintTypes, grantId, requireGrantId, withoutGrants } from './grants.ts'
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
    crossAccount: true,
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
  async handle({ keys: { key }, caller, view, seal, authority }, { GrantToken, KeyId, GrantId }) {
    const id = GrantId ?? readGrantToken(seal, GrantToken ?? '')?.id ?? ''
    const grant = await view.get('grant', grantRow(key.account, key.region, key.id, id))
    const asked = { action, key, crossAccount: true, ...(grant && toldOf(grant)) }
    const decision = await authority.decide(asked)
    // A policy takes this right from anybody, and gives it to nobody but whom the account lets act for it.
    const isDenied = !decision.allowed && decision.explicit
    const forAccount = await authority.decide({ ...asked, keyPolicy: delegationTo(caller.account) })
    const mayBe = grant ? mayRetire(grant, caller, forAccount.allowed) : key.account === caller.account
    if (isDenied || !mayBe) {
      // Another account does not see the grant.
      const visible = key.account === caller.account ? asked : { key, ...(KeyId !== undefined && { named: KeyId }) }
      throw authority.refuse(action, () => visible)
    }
    if (!grant) throw kmsError('NotFoundException', `Grant ID ${id} not found`)
    return { output: {}, changes: await withoutGrants(view, key, [grant]), additional: { grantId: id } }
  },
})

/** A policy that leaves all to the account. */
const delegationTo = (account: string): CompiledPolicy =>
  compilePolicy('key', defaultKeyPolicy(account), `what the account ${account} may do`)

/** What policies are told of the grant. */
function toldOf({ constraints = {} }: Readonly<Grant>): Pick<Question, 'conditions' | 'encryptionContext'> {
  const { encryptionContextEquals: equals, encryptionContextSubset: subset } = constraints
  return {
    conditions: { 'kms:GrantConstraintType': constraintTypes(equals !== undefined, subset !== undefined) },
    encryptionContext: new Map([...(equals ?? []), ...(subset ?? [])]),
  }
}
