import { keySpecs } from '../keys/specs.ts'
import { usable } from '../keys/states.ts'
import { operation } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { kmsError } from '../protocol/errors.ts'
import { integer, optional, structure } from '../protocol/shape.ts'
import { putRotation, refuseReplica } from './family.ts'
import { keyId } from './members.ts'
import { day } from './rotation.ts'
import { shown } from './shown.ts'

/** Days. */
const defaultPeriod = 365

/**
 * Turns automatic rotation on, or changes its period. The period runs from this call; a call that asks for what is already
 * so moves no date, or a client that repeats itself would put the rotation off for ever.
 */
export const enableKeyRotation = operation({
  name: 'EnableKeyRotation',
  input: structure({ KeyId: keyId, RotationPeriodInDays: optional(integer(90, 2560)) }),
  output: null,
  needs: {
    action: 'kms:EnableKeyRotation',
    conditions: ({ RotationPeriodInDays = defaultPeriod }) => ({ 'kms:RotationPeriodInDays': RotationPeriodInDays }),
    keys: { key: { identifier: input => input.KeyId, aliases: false, origin: 'AWS_KMS', states: usable } },
  },
  audit: {
    readOnly: false,
    parameters: input => ({
      ...shown(input, 'KeyId'),
      rotationPeriodInDays: input.RotationPeriodInDays ?? defaultPeriod,
    }),
  },
  async handle({ keys: { key }, now, view }, { RotationPeriodInDays: periodInDays = defaultPeriod }) {
    refuseReplica(key)
    if (keySpecs[key.spec].kind !== 'symmetric') throw kmsError('UnsupportedOperationException')
    const isSo = key.rotation?.periodInDays === periodInDays
    return {
      output: undefined,
      changes: isSo ? [] : await putRotation(view, key, { periodInDays, nextAt: now + periodInDays * day }),
      recorded: { keyId: keyArn(key) },
    }
  },
})

/** Turns automatic rotation off; succeeds where it is off, also on keys that have none. */
export const disableKeyRotation = operation({
  name: 'DisableKeyRotation',
  input: structure({ KeyId: keyId }),
  output: null,
  needs: {
    action: 'kms:DisableKeyRotation',
    keys: { key: { identifier: input => input.KeyId, aliases: false, origin: 'AWS_KMS', states: usable } },
  },
  audit: { readOnly: false, parameters: input => shown(input, 'KeyId') },
  async handle({ keys: { key }, view }) {
    refuseReplica(key)
    return {
      output: undefined,
      changes: key.rotation ? await putRotation(view, key, undefined) : [],
      recorded: { keyId: keyArn(key) },
    }
  },
})
