import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import type { CreateKeyCommandInput } from '@aws-sdk/client-kms'
import { constraint, membersOf, outcomeOf, refused, serviceEvent } from '../support/answers.ts'
import { externalKey } from '../support/import.ts'
import { days, hours, start } from '../support/server.ts'

/** EnableKeyRotation, DisableKeyRotation and GetKeyRotationStatus, and what the job then does. */

const server = await start()
server.clock.hold()
after(() => server.stop())
const kms = server.client()
const minutes = hours / 60

async function newKey(input: CreateKeyCommandInput = {}) {
  const { KeyMetadata: { KeyId = '', Arn: arn = '', CurrentKeyMaterialId: first } = {} } = await kms.createKey(input)
  return { KeyId, arn, first }
}

/** A key that rotates, and when it does so first. */
async function rotatingKey(RotationPeriodInDays = 90) {
  const key = await newKey()
  await kms.enableKeyRotation({ KeyId: key.KeyId, RotationPeriodInDays })
  return { ...key, due: server.clock.now() + RotationPeriodInDays * days }
}

const statusOf = (KeyId: string) => membersOf(kms.getKeyRotationStatus({ KeyId }))
const on = (KeyId: string, RotationPeriodInDays: number, next: number) => ({
  KeyRotationEnabled: true,
  KeyId,
  RotationPeriodInDays,
  NextRotationDate: new Date(next),
})
const off = (KeyId: string) => ({ KeyRotationEnabled: false, KeyId })
const currentOf = async (KeyId: string) => (await kms.describeKey({ KeyId })).KeyMetadata?.CurrentKeyMaterialId
const rotationsOf = async (KeyId: string) => (await kms.listKeyRotations({ KeyId })).Rotations ?? []
const encrypted = async (KeyId: string, text: string) =>
  (await kms.encrypt({ KeyId, Plaintext: Buffer.from(text) })).CiphertextBlob
async function opened(CiphertextBlob: Uint8Array | undefined) {
  const { Plaintext, KeyMaterialId } = await kms.decrypt({ CiphertextBlob })
  return [Buffer.from(Plaintext ?? []).toString(), KeyMaterialId]
}
const advanceTo = (moment: number): void => server.clock.advance(moment - server.clock.now())

describe('the setting', () => {
  test('is off at first, and then says nothing but that', async () => {
    const { KeyId, arn } = await newKey()
    assert.deepEqual(await statusOf(KeyId), off(arn))
    assert.deepEqual(await statusOf(arn), off(arn))
  })

  test('is on for a year, or for the period that was asked for', async () => {
    const now = server.clock.now()
    const { KeyId, arn } = await newKey()
    assert.deepEqual(await membersOf(kms.enableKeyRotation({ KeyId })), {})
    assert.deepEqual(await statusOf(KeyId), on(arn, 365, now + 365 * days))
    for (const RotationPeriodInDays of [90, 2560]) {
      const other = await newKey()
      await kms.enableKeyRotation({ KeyId: other.arn, RotationPeriodInDays })
      assert.deepEqual(
        await statusOf(other.KeyId),
        on(other.arn, RotationPeriodInDays, now + RotationPeriodInDays * days),
      )
    }
  })

  test('refuses periods of less than 90 or more than 2560 days', async () => {
    const { KeyId, arn } = await newKey()
    for (const [value, rule] of [
      [89, 'greater than or equal to 90'],
      [0, 'greater than or equal to 90'],
      [2561, 'less than or equal to 2560'],
    ] as const) {
      await refused(
        kms.enableKeyRotation({ KeyId, RotationPeriodInDays: value }),
        'ValidationException',
        constraint('rotationPeriodInDays', String(value), `have value ${rule}`),
      )
    }
    assert.deepEqual(await statusOf(KeyId), off(arn))
  })

  test('keeps its date when it is asked for again, and counts another period from the call', async () => {
    const { KeyId, arn, due } = await rotatingKey(100)
    server.clock.advance(10 * days)
    await kms.enableKeyRotation({ KeyId, RotationPeriodInDays: 100 })
    assert.deepEqual(await statusOf(KeyId), on(arn, 100, due))
    await kms.enableKeyRotation({ KeyId, RotationPeriodInDays: 200 })
    assert.deepEqual(await statusOf(KeyId), on(arn, 200, server.clock.now() + 200 * days))
    await kms.enableKeyRotation({ KeyId })
    assert.deepEqual(await statusOf(KeyId), on(arn, 365, server.clock.now() + 365 * days))
  })

  test('is turned off, as often as one likes, and begins anew when it is turned on', async () => {
    const { KeyId, arn } = await rotatingKey()
    server.clock.advance(80 * days)
    for (let call = 0; call < 2; call++) {
      assert.deepEqual(await membersOf(kms.disableKeyRotation({ KeyId })), {})
      assert.deepEqual(await statusOf(KeyId), off(arn))
    }
    server.clock.advance(80 * days)
    await server.settle()
    assert.deepEqual(await rotationsOf(KeyId), [])
    await kms.enableKeyRotation({ KeyId, RotationPeriodInDays: 90 })
    assert.deepEqual(await statusOf(KeyId), on(arn, 90, server.clock.now() + 90 * days))
  })

  for (const [KeySpec, KeyUsage] of [
    ['RSA_2048', 'SIGN_VERIFY'],
    ['ECC_NIST_P256', 'KEY_AGREEMENT'],
    ['HMAC_256', 'GENERATE_VERIFY_MAC'],
  ] as const) {
    test(`is always off for ${KeySpec} keys: it can be turned off, but not on`, async () => {
      const { KeyId, arn } = await newKey({ KeySpec, KeyUsage })
      await refused(kms.enableKeyRotation({ KeyId }), 'UnsupportedOperationException')
      assert.deepEqual(await membersOf(kms.disableKeyRotation({ KeyId })), {})
      assert.deepEqual(await statusOf(KeyId), off(arn))
      await kms.disableKey({ KeyId })
      // The state is looked at first.
      await refused(kms.enableKeyRotation({ KeyId }), 'DisabledException', `${arn} is disabled.`)
    })
  }

  test('is always off for imported keys, which must not be asked to rotate', async () => {
    const { KeyId, arn } = await externalKey(kms)
    const text = `${arn} origin is EXTERNAL which is not valid for this operation.`
    await refused(kms.enableKeyRotation({ KeyId }), 'UnsupportedOperationException', text)
    await refused(kms.disableKeyRotation({ KeyId }), 'UnsupportedOperationException', text)
    assert.deepEqual(await statusOf(KeyId), off(arn))
  })
})

describe('a key that rotates', () => {
  test('does so at its moment, not before, and is otherwise as it was', async () => {
    const { KeyId, arn, first, due } = await rotatingKey()
    const old = await encrypted(KeyId, 'old')
    const before = await kms.describeKey({ KeyId })
    advanceTo(due - 1)
    await server.settle()
    assert.equal(await currentOf(KeyId), first)
    advanceTo(due)
    await server.settle()
    const current = await currentOf(KeyId)
    assert.match(current ?? '', /^[0-9a-f]{64}$/)
    assert.notEqual(current, first)
    const { KeyMetadata } = await kms.describeKey({ KeyId })
    assert.deepEqual({ ...KeyMetadata, CurrentKeyMaterialId: first }, before.KeyMetadata)
    assert.deepEqual(await opened(old), ['old', first])
    assert.deepEqual(await opened(await encrypted(KeyId, 'new')), ['new', current])
    assert.deepEqual(await rotationsOf(KeyId), [
      {
        KeyId: arn,
        KeyMaterialId: current,
        KeyMaterialState: 'CURRENT',
        RotationDate: new Date(due),
        RotationType: 'AUTOMATIC',
      },
    ])
    assert.deepEqual(await statusOf(KeyId), on(arn, 90, due + 90 * days))
    assert.equal(await server.settle(), 0)
    assert.equal(await currentOf(KeyId), current)
  })

  test('does so period after period, and reads all that it ever wrote', async () => {
    const { KeyId } = await rotatingKey()
    const written: [text: string, blob: Uint8Array | undefined, material: string | undefined][] = []
    for (let period = 0; period < 26; period++) {
      written.push([`period ${period}`, await encrypted(KeyId, `period ${period}`), await currentOf(KeyId)])
      server.clock.advance(90 * days)
      await server.settle()
    }
    assert.equal(new Set(written.map(([, , material]) => material)).size, 26)
    for (const [text, blob, material] of written) assert.deepEqual(await opened(blob), [text, material])
    assert.equal((await rotationsOf(KeyId)).length, 26)
    // These were not counted among those on demand, of which there may be 25.
    await kms.rotateKeyOnDemand({ KeyId })
    assert.equal((await rotationsOf(KeyId)).length, 27)
  })

  test('makes up once for all the rotations that a stopped server missed, and counts from then', async () => {
    const other = await start()
    try {
      other.clock.hold()
      const { KeyMetadata: { KeyId = '', Arn = '' } = {} } = await other.client().createKey({})
      await other.client().enableKeyRotation({ KeyId, RotationPeriodInDays: 90 })
      const again = await other.restart({ meanwhile: () => other.clock.advance(300 * days) })
      try {
        const { Rotations = [] } = await again.client().listKeyRotations({ KeyId })
        assert.deepEqual(
          Rotations.map(({ RotationDate }) => RotationDate),
          [new Date(again.clock.now())],
        )
        assert.deepEqual(
          await membersOf(again.client().getKeyRotationStatus({ KeyId })),
          on(Arn, 90, again.clock.now() + 90 * days),
        )
      } finally {
        await again.stop()
      }
    } catch (error) {
      await other.stop().catch(() => {})
      throw error
    }
  })

  test('is not rotated while it is disabled, nor can its setting be changed then', async () => {
    const { KeyId, arn, first, due } = await rotatingKey()
    await kms.disableKey({ KeyId })
    advanceTo(due + 5 * days)
    await server.settle()
    assert.equal(await currentOf(KeyId), first)
    assert.deepEqual(await statusOf(KeyId), on(arn, 90, due))
    await refused(kms.enableKeyRotation({ KeyId }), 'DisabledException', `${arn} is disabled.`)
    await refused(kms.disableKeyRotation({ KeyId }), 'DisabledException', `${arn} is disabled.`)
    // It makes up for it as soon as it is enabled.
    await kms.enableKey({ KeyId })
    await server.settle()
    assert.notEqual(await currentOf(KeyId), first)
    assert.deepEqual(await statusOf(KeyId), on(arn, 90, server.clock.now() + 90 * days))
  })

  test('keeps its date over a time of being disabled that did not touch it', async () => {
    const { KeyId, arn, first, due } = await rotatingKey()
    await kms.disableKey({ KeyId })
    server.clock.advance(10 * days)
    await kms.enableKey({ KeyId })
    await server.settle()
    assert.equal(await currentOf(KeyId), first)
    assert.deepEqual(await statusOf(KeyId), on(arn, 90, due))
  })

  test('hides its setting while it waits for its deletion, and has it back afterwards', async () => {
    const { KeyId, arn, first, due } = await rotatingKey()
    advanceTo(due - days)
    await kms.scheduleKeyDeletion({ KeyId })
    assert.deepEqual(await statusOf(KeyId), off(arn))
    const waits = `${arn} is pending deletion.`
    await refused(kms.enableKeyRotation({ KeyId }), 'KMSInvalidStateException', waits)
    await refused(kms.disableKeyRotation({ KeyId }), 'KMSInvalidStateException', waits)
    advanceTo(due)
    await server.settle()
    assert.equal(await currentOf(KeyId), first)
    await kms.cancelKeyDeletion({ KeyId })
    assert.deepEqual(await statusOf(KeyId), on(arn, 90, due))
    await server.settle()
    assert.equal(await currentOf(KeyId), first, 'it came back disabled')
    await kms.enableKey({ KeyId })
    await server.settle()
    assert.notEqual(await currentOf(KeyId), first)
  })

  test('takes no rotation on demand in the last 20 minutes, nor until the automatic one has happened', async () => {
    const { KeyId, arn, due } = await rotatingKey()
    const text = `An automatic rotation of ${arn} is under way, or due within 20 minutes.`
    advanceTo(due - 20 * minutes - 1)
    await kms.rotateKeyOnDemand({ KeyId })
    assert.deepEqual(await statusOf(KeyId), on(arn, 90, due), 'the date stays')
    for (const moment of [due - 20 * minutes, due - 1, due, due + hours]) {
      advanceTo(moment)
      await refused(kms.rotateKeyOnDemand({ KeyId }), 'ConflictException', text)
    }
    await server.settle()
    await kms.rotateKeyOnDemand({ KeyId })
    assert.deepEqual(
      (await rotationsOf(KeyId)).map(({ RotationType }) => RotationType),
      ['ON_DEMAND', 'AUTOMATIC', 'ON_DEMAND'],
    )
    await kms.disableKeyRotation({ KeyId })
    server.clock.advance(90 * days)
    await kms.rotateKeyOnDemand({ KeyId })
  })
})

describe('the audit log', () => {
  test('has the settings, by call', async () => {
    const { KeyId, arn } = await newKey()
    const before = (await server.records()).length
    await kms.enableKeyRotation({ KeyId })
    await kms.enableKeyRotation({ KeyId, RotationPeriodInDays: 90 })
    await kms.getKeyRotationStatus({ KeyId })
    await kms.disableKeyRotation({ KeyId: arn })
    const resources = [{ accountId: '000000000000', type: 'AWS::KMS::Key', ARN: arn }]
    assert.deepEqual(
      (await server.records()).slice(before).map(record => ({
        eventName: record['eventName'],
        readOnly: record['readOnly'],
        requestParameters: record['requestParameters'],
        responseElements: record['responseElements'],
        resources: record['resources'],
      })),
      [
        ['EnableKeyRotation', false, { keyId: KeyId, rotationPeriodInDays: 365 }, { keyId: arn }],
        ['EnableKeyRotation', false, { keyId: KeyId, rotationPeriodInDays: 90 }, { keyId: arn }],
        ['GetKeyRotationStatus', true, { keyId: KeyId }, null],
        ['DisableKeyRotation', false, { keyId: arn }, { keyId: arn }],
      ].map(([eventName, readOnly, requestParameters, responseElements]) => ({
        eventName,
        readOnly,
        requestParameters,
        responseElements,
        resources,
      })),
    )
  })

  for (const rotationType of ['AUTOMATIC', 'ON_DEMAND'] as const) {
    test(`has a rotation as an event of the service: ${rotationType}`, async () => {
      const { KeyId, arn, first, due } = await rotatingKey()
      await server.settle()
      const before = (await server.records()).length
      if (rotationType === 'AUTOMATIC') {
        advanceTo(due)
        await server.settle()
      } else {
        await kms.rotateKeyOnDemand({ KeyId })
      }
      const current = await currentOf(KeyId)
      const made = (await server.records()).slice(before).filter(({ eventType }) => eventType === 'AwsServiceEvent')
      const [{ eventID, ...record } = {}, ...others] = made.filter(({ resources }) =>
        JSON.stringify(resources).includes(KeyId),
      )
      assert.deepEqual(others, [])
      assert.match(String(eventID), /^[0-9a-f-]{36}$/)
      assert.deepEqual(record, {
        ...serviceEvent(arn),
        eventTime: `${new Date(server.clock.now()).toISOString().slice(0, 19)}Z`,
        eventName: 'RotateKey',
        serviceEventDetails: {
          keyId: arn,
          rotationType,
          keyOrigin: 'AWS_KMS',
          previousKeyMaterialId: first,
          currentKeyMaterialId: current,
        },
      })
    })
  }
})

describe('of many at once', () => {
  test('sweeps, one rotates', async () => {
    const { KeyId, due } = await rotatingKey()
    advanceTo(due)
    await Promise.all(Array.from({ length: 8 }, () => server.settle()))
    assert.equal((await rotationsOf(KeyId)).length, 1)
  })

  test('sweeps and policies, none is lost', async () => {
    const { KeyId, due } = await rotatingKey()
    const { Policy = '' } = await kms.getKeyPolicy({ KeyId })
    for (let round = 0; round < 10; round++) {
      advanceTo(due + round * 90 * days)
      const texts = Array.from({ length: 8 }, (_, index) => Policy.replace('key-default-1', `${round}-${index}`))
      await Promise.all([
        ...texts.map(text => kms.putKeyPolicy({ KeyId, Policy: text })),
        server.settle(),
        ...texts.map(text => encrypted(KeyId, text)),
      ])
      // Whichever of them was last is there; and a sweep that lost every race would have its turn now.
      assert.ok(texts.includes((await kms.getKeyPolicy({ KeyId })).Policy ?? ''))
      await server.settle()
      assert.equal((await rotationsOf(KeyId)).length, round + 1)
    }
  })

  test('settings and rotations on demand, each holds', async () => {
    const { KeyId } = await newKey()
    const outcomes = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        outcomeOf(
          index % 2
            ? kms.rotateKeyOnDemand({ KeyId })
            : kms.enableKeyRotation({ KeyId, RotationPeriodInDays: 100 + index }),
        ),
      ),
    )
    assert.deepEqual(outcomes, Array(12).fill('OK'))
    assert.equal((await rotationsOf(KeyId)).length, 6)
    assert.equal((await statusOf(KeyId)).KeyRotationEnabled, true)
  })
})
