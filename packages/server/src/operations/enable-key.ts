import { withMaterial } from '../keys/states.ts'
import { operation } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { structure } from '../protocol/shape.ts'
import { keyRow } from '../store/documents.ts'
import { keyId } from './members.ts'
import { toldOfUsage } from './schedule-key-deletion.ts'
import { shown } from './shown.ts'

/** EnableKey and DisableKey; each succeeds on a key that is already so. */
const keySwitch = (name: 'EnableKey' | 'DisableKey', enabled: boolean) =>
  operation({
    name,
    input: structure({ KeyId: keyId }),
    output: null,
    needs: {
      action: `kms:${name}`,
      ...(!enabled && { keyConditions: toldOfUsage }),
      keys: { key: { identifier: input => input.KeyId, aliases: false, states: withMaterial } },
    },
    audit: { readOnly: false, parameters: input => shown(input, 'KeyId') },
    handle({ keys: { key } }) {
      return {
        output: undefined,
        changes: [{ put: 'key', id: keyRow(key.account, key.region, key.id), document: { ...key, enabled } }],
        recorded: { keyId: keyArn(key) },
      }
    },
  })

export const enableKey = keySwitch('EnableKey', true)
export const disableKey = keySwitch('DisableKey', false)
