import assert from 'node:assert/strict'
import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { test } from 'node:test'
import { derInteger, derOctetString, derOid, derSequence } from '../../src/crypto/der.ts'
import type { Message } from '../../src/crypto/signature.ts'
import { sign, verify } from '../../src/crypto/signatures.ts'
import { judge } from '../support/wycheproof.ts'

const hex = (text: string): Buffer => Buffer.from(text, 'hex')
const shake256 = (...parts: Uint8Array[]): Buffer =>
  createHash('shake256', { outputLength: 64 }).update(Buffer.concat(parts)).digest()

const scheme = { scheme: 'ml-dsa' } as const

/** FIPS 204 algorithms 2 and 7, with a context as the real service never has. */
function muOf(publicKey: Buffer, message: Buffer, context: Uint8Array = new Uint8Array()): Buffer {
  return shake256(shake256(publicKey), Buffer.of(0, context.length), context, message)
}

const oids = { 44: '2.16.840.1.101.3.4.3.17', 87: '2.16.840.1.101.3.4.3.19' } as const
type Level = keyof typeof oids
const levels: Level[] = [44, 87]

interface Case {
  msg?: string
  ctx?: string
  mu?: string
  sig: string
}

const isThrown = (call: () => unknown): boolean => {
  try {
    call()
    return false
  } catch {
    return true
  }
}

/** Verifies by message and by mu, where there is a message without context. By mu alone where there is a context. */
async function accepts(publicKey: KeyObject, raw: Buffer, { msg, ctx = '', mu, sig }: Case): Promise<boolean> {
  const context = hex(ctx)
  if (context.length > 255) return false // There is no such mu; the message form has no context at all.
  const byMu: Message = { form: 'mu', bytes: msg === undefined ? hex(mu ?? '') : muOf(raw, hex(msg), context) }
  if (mu !== undefined) assert.deepEqual(byMu.bytes, hex(mu))
  const accepted = await verify(scheme, publicKey, byMu, hex(sig))
  if (msg !== undefined) {
    const byMessage = await verify(scheme, publicKey, { form: 'message', bytes: hex(msg) }, hex(sig))
    assert.equal(byMessage, accepted && context.length === 0)
  }
  return accepted
}

for (const level of levels) {
  const type = `ml-dsa-${level}` as const

  test(`Wycheproof: mldsa_${level}_verify_test, by message and by mu`, async t => {
    let withContext = 0
    await judge<{ publicKey: string; publicKeyDer: string }, Case>(t, `mldsa_${level}_verify_test`, (test, group) => {
      if (test.ctx) withContext++
      const raw = hex(group.publicKey)
      const read = () => createPublicKey({ key: raw, format: 'raw-public', asymmetricKeyType: type })
      if (isThrown(read)) return false
      return accepts(read(), raw, test)
    })
    if (withContext > 0) t.diagnostic(`of these, ${withContext} with a context, by mu alone`)
  })

  test(`Wycheproof: mldsa_${level}_sign_seed_test, by message and by mu`, async t => {
    let withContext = 0
    await judge<{ privateSeed: string; publicKey: string }, Case>(
      t,
      `mldsa_${level}_sign_seed_test`,
      async (test, group) => {
        if (test.ctx) withContext++
        const read = () =>
          createPrivateKey({ key: hex(group.privateSeed), format: 'raw-seed', asymmetricKeyType: type })
        if (isThrown(read)) return false
        const key = read()
        const publicKey = createPublicKey(key)
        const raw = publicKey.export({ format: 'raw-public' })
        assert.deepEqual(raw, hex(group.publicKey))
        if (!(await accepts(publicKey, raw, test))) return false
        // Ours are hedged, so no two of them are equal; each must do for both forms.
        const message: Message = { form: 'message', bytes: hex(test.msg ?? '') }
        const mu: Message = { form: 'mu', bytes: muOf(raw, hex(test.msg ?? '')) }
        for (const form of [message, mu]) {
          const signature = await sign(scheme, key, form)
          assert.equal(signature.length, test.sig.length / 2)
          assert.ok(await verify(scheme, publicKey, message, signature))
          assert.ok(await verify(scheme, publicKey, mu, signature))
        }
        return true
      },
    )
    if (withContext > 0) t.diagnostic(`of these, ${withContext} with a context, by mu alone`)
  })

  test(`Wycheproof: mldsa_${level}_sign_noseed_test, by message`, async t => {
    let withContext = 0
    await judge<{ privateKey: string; publicKey: string }, Case>(
      t,
      `mldsa_${level}_sign_noseed_test`,
      async (test, group) => {
        if (test.ctx) withContext++
        // RFC 9881 section 6, expandedKey.
        const pkcs8 = derSequence(
          derInteger(Uint8Array.of(0)),
          derSequence(derOid(oids[level])),
          derOctetString(derOctetString(hex(group.privateKey))),
        )
        const read = () => createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
        if (isThrown(read)) return false
        const publicKey = createPublicKey(read())
        const raw = publicKey.export({ format: 'raw-public' })
        if (!(await accepts(publicKey, raw, test))) return false
        const message: Message = { form: 'message', bytes: hex(test.msg ?? '') }
        assert.ok(await verify(scheme, publicKey, message, await sign(scheme, read(), message)))
        return true
      },
    )
    if (withContext > 0) t.diagnostic(`of these, ${withContext} with a context, by mu alone`)
  })
}
