import { noKeys, operation } from '../../operation.ts'
import { boolean, list, string, structure } from '../../protocol/shape.ts'
import { limit, marker, nextMarker } from '../members.ts'
import { pageOf, readMarker } from '../paging.ts'
import { shown } from '../shown.ts'
import { requireFirstAccount } from './accounts.ts'

/** All accounts that have users, in ascending order. */
export const listAccounts = operation({
  name: 'ListAccounts',
  service: 'keyreeve',
  input: structure({ Limit: limit, Marker: marker }),
  output: structure({
    Accounts: list(structure({ AccountId: string() })),
    NextMarker: nextMarker,
    Truncated: boolean(),
  }),
  needs: { action: 'keyreeve:ListAccounts', keys: noKeys, check: requireFirstAccount },
  audit: { readOnly: true, parameters: input => shown(input, 'Limit', 'Marker') },
  async handle({ view, seal }, { Limit = 100, Marker }) {
    const pager = { list: 'ListAccounts', seal }
    let after = readMarker(pager, Marker)
    const found: { account: string }[] = []
    while (found.length <= Limit) {
      // The first user behind all those of the account before: a digit comes after the slash in their rows.
      const [user] = await view.page('user', '', after && `${after}0`, 1)
      if (!user) break
      found.push(user)
      after = user.account
    }
    const { items, truncated } = pageOf(pager, found, Limit, ({ account }) => account)
    return { output: { Accounts: items.map(({ account }) => ({ AccountId: account })), ...truncated } }
  },
})
