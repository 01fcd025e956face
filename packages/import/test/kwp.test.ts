import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { wrapKwp } from '../src/kwp.ts'
import { openKwp } from './unwrap.ts'

const hex = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(text, 'hex'))

async function wrapHex(key: string, material: string): Promise<string> {
  return Buffer.from(await wrapKwp(hex(key), hex(material))).toString('hex')
}

interface Vectors {
  testGroups: { tests: { tcId: number; key: string; msg: string; ct: string; result: string; flags: string[] }[] }[]
}

suite('AES key wrap with padding', () => {
  test('gives the answers of RFC 5649 section 6', async () => {
    const key = '5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8'
    assert.equal(
      await wrapHex(key, 'c37b7e6492584340bed12207808941155068f738'),
      '138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a',
    )
    assert.equal(await wrapHex(key, '466f7250617369'), 'afbeb0f07dfbf5419200f2ccb50bb24f')
  })

  test('agrees with Wycheproof', async t => {
    const folder = process.env['KEYREEVE_VECTORS']
    if (!folder) return t.skip('set KEYREEVE_VECTORS: wants C2SP/wycheproof testvectors_v1/aes_kwp_test.json')
    const vectors = JSON.parse(await readFile(join(folder, 'wycheproof/aes_kwp_test.json'), 'utf8')) as Vectors
    let valid = 0
    let forged = 0
    for (const { tcId, key, msg, ct, result, flags } of vectors.testGroups.flatMap(group => group.tests)) {
      if (msg === '') continue
      const wrapped = await wrapHex(key, msg)
      if (result === 'invalid') {
        assert.deepEqual(flags, ['ModifiedPadding'])
        assert.notEqual(wrapped, ct, `case ${tcId}`)
        forged++
      } else {
        assert.equal(wrapped, ct, `case ${tcId}`)
        valid++
      }
    }
    assert.deepEqual({ valid, forged }, { valid: 77, forged: 174 })
  })

  test('is undone by OpenSSL for every length up to 72 bytes', async () => {
    const key = Uint8Array.from(randomBytes(32))
    for (let length = 1; length <= 72; length++) {
      const material = Uint8Array.from(randomBytes(length))
      const wrapped = await wrapKwp(key, material)
      assert.equal(wrapped.length, 8 + 8 * Math.ceil(length / 8))
      assert.deepEqual(Uint8Array.from(openKwp(key, wrapped)), material)
    }
  })

  test('is undone by OpenSSL where the step number takes two bytes', async () => {
    const key = Uint8Array.from(randomBytes(32))
    const material = Uint8Array.from(randomBytes(2375))
    assert.deepEqual(Uint8Array.from(openKwp(key, await wrapKwp(key, material))), material)
  })
})
