import { requireState, usable } from '../keys/states.ts'
import { operation } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { kmsError } from '../protocol/errors.ts'
import { structure } from '../protocol/shape.ts'
import { keyRow } from '../store/documents.ts'
import { putKey, relativesOf, requirePrimary, requireServed } from './family.ts'
import { keyId, region } from './members.ts'
import { shown } from './shown.ts'

/** Makes a replica the primary key, and the primary key a replica. AWS shows Updating for a while; here it has happened. */
export const updatePrimaryRegion = operation({
  name: 'UpdatePrimaryRegion',
  input: structure({ KeyId: keyId, PrimaryRegion: region }),
  output: null,
  needs: {
    action: 'kms:UpdatePrimaryRegion',
    keys: { key: { identifier: input => input.KeyId, aliases: false, states: usable } },
    conditions: input => ({ 'kms:PrimaryRegion': input.PrimaryRegion }),
    // The key that becomes the primary has a policy of its own.
    async also({ keys: { key }, view }, { PrimaryRegion: region }) {
      const successor = region === key.region ? undefined : await view.get('key', keyRow(key.account, region, key.id))
      const conditions = { 'kms:PrimaryRegion': region }
      return successor ? [{ action: 'kms:UpdatePrimaryRegion', key: successor, region, conditions }] : []
    },
    check: ({ keys: { key } }) => void requirePrimary(key),
  },
  audit: { readOnly: false, parameters: input => shown(input, 'KeyId', 'PrimaryRegion') },
  async handle({ keys: { key }, view, now, settings }, { PrimaryRegion: target }) {
    const { replicas } = requirePrimary(key)
    const relatives = await relativesOf(view, key)
    const arn = keyArn({ ...key, region: target })
    if (target === key.region) {
      throw kmsError('UnsupportedOperationException', `${arn} is the multi-region primary key already.`)
    }
    const successor = relatives.find(relative => relative.region === target)
    if (!successor) throw kmsError('NotFoundException', `Key '${arn}' does not exist`)
    requireServed(target, settings)
    requireState(successor, usable, now)
    const family = { primary: target, replicas: replicas.map(region => (region === target ? key.region : region)) }
    return {
      output: undefined,
      changes: [key, ...relatives].map(member => putKey({ ...member, family })),
      recorded: { keyId: keyArn(key) },
      elsewhere: [
        { region: target, responseElements: { keyId: arn }, resources: [{ account: successor.account, arn }] },
      ],
    }
  },
})
