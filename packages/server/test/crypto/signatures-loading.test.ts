import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { registerHooks } from 'node:module'
import { test } from 'node:test'

/** Packages of others that were asked for, in the order of asking. */
const asked: string[] = []
registerHooks({
  resolve(specifier, context, next) {
    if (specifier.startsWith('@')) asked.push(specifier)
    return next(specifier, context)
  },
})

test('what OpenSSL lacks is loaded when it is first needed, not before', async () => {
  const { sign, verify } = await import('../../src/crypto/signatures.ts')
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const scheme = { scheme: 'ecdsa', hash: 'sha256' } as const
  const signature = await sign(scheme, privateKey, { form: 'message', bytes: Buffer.alloc(32) })
  assert.equal(await verify(scheme, publicKey, { form: 'message', bytes: Buffer.alloc(32) }, signature), true)
  assert.equal(asked.length, 0)
  await verify(scheme, publicKey, { form: 'digest', bytes: Buffer.alloc(32) }, signature)
  assert.ok(asked.some(specifier => specifier.startsWith('@noble/curves')))
})
