import { operation } from '../operation.ts'
import { aliasArn } from '../protocol/arn.ts'
import { kmsError } from '../protocol/errors.ts'
import { structure } from '../protocol/shape.ts'
import { aliasRow, type Alias } from '../store/documents.ts'
import { putKey, requireAliasName, requireKeyTarget, target, withAlias } from './alias-rules.ts'
import { aliasName, keyId } from './members.ts'
import { shown } from './shown.ts'

/** Gives a key a name. */
export const createAlias = operation({
  name: 'CreateAlias',
  input: structure({ AliasName: aliasName, TargetKeyId: keyId }),
  output: null,
  needs: {
    action: 'kms:CreateAlias',
    precheck(input) {
      requireAliasName(input.AliasName)
      requireKeyTarget(input.TargetKeyId)
    },
    alias: input => input.AliasName,
    keys: { key: target },
  },
  audit: { readOnly: false, parameters: input => shown(input, 'AliasName', 'TargetKeyId') },
  async handle({ keys: { key }, view, now }, { AliasName: name }) {
    const { account, region } = key
    const row = aliasRow(account, region, name)
    const arn = aliasArn({ account, region, name })
    if (await view.get('alias', row)) {
      throw kmsError('AlreadyExistsException', `An alias with the name ${arn} already exists`)
    }
    const alias: Alias = { account, region, name, keyId: key.id, createdAt: now, updatedAt: now }
    return {
      output: undefined,
      changes: [{ put: 'alias', id: row, document: alias }, putKey(withAlias(key, name))],
      resources: [arn],
    }
  },
})
