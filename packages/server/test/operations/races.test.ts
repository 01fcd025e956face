import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { Agent } from 'node:http'
import { after, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { externalKey, importOf, parametersFor } from '../support/import.ts'
import { start } from '../support/server.ts'
import { prepare, type RawAnswer } from '../support/signed-http.ts'

/**
 * What stops a key stops it for everybody: once it is acknowledged, nothing that is asked later succeeds, whatever is
 * under way. And each success is in the audit log, before what stopped the key or after what started it again.
 */

const server = await start()
const agent = new Agent({ keepAlive: true, maxSockets: 72 })
after(async () => {
  agent.destroy()
  await server.stop()
})
const kms = server.client()

const callers = 64
const latecomers = 8

type Send = () => Promise<RawAnswer>
const sends = (operation: string, body: object): Send => prepare(server, { operation, body }, agent)
const isOk = ({ status }: RawAnswer): boolean => status === 200
const idOf = ({ headers }: RawAnswer): string => headers.get('x-amzn-requestid')?.[0] ?? ''

interface Race {
  KeyId: string
  stop: Send
  start: Send
  /** What is asked of the key, by turns. */
  uses: readonly Send[]
  /** What is answered while it is stopped. */
  refusal: RegExp
}

/** The ids of all answers that said yes, and in how many races some did and some did not. */
async function run(races: number, { stop, start, uses, refusal }: Race) {
  const successes: string[] = []
  let mixed = 0
  const use = (index: number): Promise<RawAnswer> => uses[index % uses.length]!()
  for (let race = 0; race < races; race++) {
    const when = randomInt(callers)
    const early: Promise<RawAnswer>[] = []
    let stopped: Promise<RawAnswer> | undefined
    for (let caller = 0; caller < callers; caller++) {
      if (caller === when) stopped = stop()
      early.push(use(caller))
      // Lets some of them arrive, and some be answered.
      if (caller % 8 === 7) await nextTurn()
    }
    assert.ok(isOk(await stopped!))
    const late = await Promise.all(Array.from({ length: latecomers }, (_, index) => use(index)))
    for (const { status, body } of late) assert.match(`${status} ${body}`, refusal)
    const answers = await Promise.all(early)
    for (const answer of answers) {
      if (isOk(answer)) successes.push(idOf(answer))
      else assert.match(`${answer.status} ${answer.body}`, refusal)
    }
    const count = answers.filter(isOk).length
    if (count > 0 && count < callers) mixed++
    assert.ok(isOk(await start()))
  }
  return { successes, mixed }
}

/** Reads the log as it happened: who succeeded, and that nobody did while the key was stopped. */
async function successesInLog(KeyId: string, [stop, start]: readonly [string, string]): Promise<string[]> {
  const ids: string[] = []
  let isStopped = false
  for (const { eventName, errorCode, requestID, resources } of await server.records()) {
    if (errorCode !== undefined || !JSON.stringify(resources).includes(KeyId)) continue
    if (eventName === stop) isStopped = true
    else if (eventName === start) isStopped = false
    else if (/^(?:Encrypt|Decrypt|GenerateDataKey)$/.test(String(eventName))) {
      assert.ok(!isStopped, `${String(eventName)} succeeded after ${stop}`)
      ids.push(String(requestID))
    }
  }
  return ids
}

async function usesOf(KeyId: string): Promise<Send[]> {
  const Plaintext = Buffer.from('race').toString('base64')
  const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext: Buffer.from('race') })
  return [
    sends('Encrypt', { KeyId, Plaintext }),
    sends('Decrypt', { CiphertextBlob: Buffer.from(CiphertextBlob ?? []).toString('base64') }),
    sends('GenerateDataKey', { KeyId, KeySpec: 'AES_256' }),
  ]
}

async function requireLinearizable(races: number, race: Race, names: readonly [string, string]): Promise<void> {
  const earlier = new Set(await successesInLog(race.KeyId, names))
  const { successes, mixed } = await run(races, race)
  assert.ok(mixed > races / 4, `only ${mixed} of ${races} races were any`)
  const logged = (await successesInLog(race.KeyId, names)).filter(id => !earlier.has(id))
  assert.equal(new Set(logged).size, logged.length)
  assert.deepEqual(logged.sort(), successes.sort())
}

test('after DisableKey has answered, nothing succeeds that is sent later: 200 races of 64 callers', async () => {
  const { KeyMetadata: { KeyId = '', Arn = '' } = {} } = await kms.createKey({})
  await requireLinearizable(
    200,
    {
      KeyId,
      stop: sends('DisableKey', { KeyId }),
      start: sends('EnableKey', { KeyId }),
      uses: await usesOf(KeyId),
      refusal: new RegExp(`^400 \\{"__type":"DisabledException","message":"${Arn} is disabled\\."\\}$`),
    },
    ['DisableKey', 'EnableKey'],
  )
})

test('nor after DeleteImportedKeyMaterial has: 50 races of 64 callers', async () => {
  const { KeyId, arn } = await externalKey(kms)
  const request = importOf(KeyId, await parametersFor(kms, KeyId), Buffer.alloc(32, 1))
  await kms.importKeyMaterial(request)
  const base64 = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('base64')
  const body = {
    ...request,
    ImportToken: base64(request.ImportToken),
    EncryptedKeyMaterial: base64(request.EncryptedKeyMaterial),
  }
  await requireLinearizable(
    50,
    {
      KeyId,
      stop: sends('DeleteImportedKeyMaterial', { KeyId }),
      start: sends('ImportKeyMaterial', body),
      uses: await usesOf(KeyId),
      refusal: new RegExp(`^400 \\{"__type":"KMSInvalidStateException","message":"${arn} is pending import\\."\\}$`),
    },
    ['DeleteImportedKeyMaterial', 'ImportKeyMaterial'],
  )
})
