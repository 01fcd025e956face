import { operation } from '../operation.ts'
import { aliasArn } from '../protocol/arn.ts'
import { structure } from '../protocol/shape.ts'
import { aliasRow } from '../store/documents.ts'
import { current, putKey, requireAliasName, without } from './alias-rules.ts'
import { aliasName } from './members.ts'
import { shown } from './shown.ts'

/** Takes a name from a key; the key itself is not touched. */
export const deleteAlias = operation({
  name: 'DeleteAlias',
  input: structure({ AliasName: aliasName }),
  output: null,
  needs: {
    action: 'kms:DeleteAlias',
    precheck: input => requireAliasName(input.AliasName),
    alias: input => input.AliasName,
    keys: { key: current },
  },
  audit: { readOnly: false, parameters: input => shown(input, 'AliasName') },
  async handle({ keys: { key }, view }, { AliasName: name }) {
    const row = aliasRow(key.account, key.region, name)
    await view.get('alias', row)
    return {
      output: undefined,
      changes: [{ remove: 'alias', id: row }, putKey(without(key, name))],
      resources: [aliasArn({ account: key.account, region: key.region, name })],
    }
  },
})
