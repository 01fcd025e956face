import type { Key } from '../keys/key.ts'
import { keySpecs } from '../keys/specs.ts'
import { operation } from '../operation.ts'
import { aliasArn } from '../protocol/arn.ts'
import { kmsError } from '../protocol/errors.ts'
import { structure } from '../protocol/shape.ts'
import { aliasRow, type Change } from '../store/documents.ts'
import { current, putKey, requireAliasName, requireKeyTarget, target, withAlias, without } from './alias-rules.ts'
import { aliasName, keyId } from './members.ts'
import { shown } from './shown.ts'

/** Points an alias to another key of the same type and usage. */
export const updateAlias = operation({
  name: 'UpdateAlias',
  input: structure({ AliasName: aliasName, TargetKeyId: keyId }),
  output: null,
  needs: {
    action: 'kms:UpdateAlias',
    precheck(input) {
      requireAliasName(input.AliasName)
      requireKeyTarget(input.TargetKeyId)
    },
    alias: input => input.AliasName,
    keys: { current, key: target },
  },
  audit: { readOnly: false, parameters: input => shown(input, 'AliasName', 'TargetKeyId') },
  async handle({ keys: { current: from, key: to }, view, now }, { AliasName: name }) {
    requireSameType(name, from, to)
    const row = aliasRow(from.account, from.region, name)
    const alias = await view.get('alias', row)
    if (!alias) throw new Error('the alias that led to the key is gone')
    const moved: Change = { put: 'alias', id: row, document: { ...alias, keyId: to.id, updatedAt: now } }
    return {
      output: undefined,
      changes: from.id === to.id ? [moved] : [moved, putKey(without(from, name)), putKey(withAlias(to, name))],
      resources: [aliasArn({ account: from.account, region: from.region, name })],
    }
  },
})

/** @throws ValidationException */
function requireSameType(name: string, from: Key, to: Key): void {
  const types = [from, to].map(key => keySpecs[key.spec].type)
  if (types[0] !== types[1]) {
    throw kmsError(
      'ValidationException',
      `Alias ${name} cannot be changed from a CMK with key type ${types[0]} to a CMK with key type ${types[1]}. The key type of the current CMK and the new CMK must be the same.`,
    )
  }
  if (from.usage !== to.usage) {
    throw kmsError(
      'ValidationException',
      `Alias ${name} cannot be changed from a CMK with key usage ${from.usage} to a CMK with key usage ${to.usage}. The key usage of the current CMK and the new CMK must be the same.`,
    )
  }
}
