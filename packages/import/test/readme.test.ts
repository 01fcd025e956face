import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { readMaterial, wrap } from '../src/index.ts'
import type { WrappingAlgorithm } from '../src/index.ts'
import { example, table } from './readme.ts'
import { algorithms, generateWrappingKey, generateWrappingKeys, unwrappers } from './unwrap.ts'

suite('the README', () => {
  test('its example for Node imports what is in a file', async t => {
    const key = await generateWrappingKey(4096)
    const token = randomBytes(1000)
    const calls: [string, Record<string, string>][] = []
    // A stand-in for the two operations; what it hands out and checks is node:crypto's alone.
    const server = createServer((request, response) => {
      void json(request).then(body => {
        const target = String(request.headers['x-amz-target'])
        calls.push([target, body as Record<string, string>])
        const answer =
          target === 'TrentService.GetParametersForImport'
            ? { PublicKey: Buffer.from(key.publicKey).toString('base64'), ImportToken: token.toString('base64') }
            : {}
        response.setHeader('content-type', 'application/x-amz-json-1.1').end(JSON.stringify(answer))
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const folder = await mkdtemp(join(tmpdir(), 'keyreeve-import-'))
    t.after(async () => {
      server.close()
      await rm(folder, { recursive: true })
    })

    const material = randomBytes(32)
    await writeFile(join(folder, 'import-key.mjs'), example('js'))
    await writeFile(join(folder, 'key.hex'), `${material.toString('hex')}\n`)
    await symlink(
      fileURLToPath(new URL('../../../node_modules', import.meta.url)),
      join(folder, 'node_modules'),
      'junction',
    )
    const { stdout } = await promisify(execFile)(process.execPath, ['import-key.mjs', 'some-key', 'key.hex'], {
      cwd: folder,
      env: {
        ...process.env,
        AWS_ENDPOINT_URL_KMS: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
        AWS_SECRET_ACCESS_KEY: 'example',
      },
    })

    assert.equal(stdout, '64 hexadecimal digits read as 32 bytes.\nImported into some-key.\n')
    const { EncryptedKeyMaterial = '', ...others } = calls[1]?.[1] ?? {}
    assert.deepEqual(calls[0], [
      'TrentService.GetParametersForImport',
      { KeyId: 'some-key', WrappingAlgorithm: 'RSAES_OAEP_SHA_256', WrappingKeySpec: 'RSA_4096' },
    ])
    assert.equal(calls[1]?.[0], 'TrentService.ImportKeyMaterial')
    assert.deepEqual(others, {
      KeyId: 'some-key',
      ImportToken: token.toString('base64'),
      ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE',
    })
    assert.deepEqual(unwrappers.RSAES_OAEP_SHA_256(key, Buffer.from(EncryptedKeyMaterial, 'base64')), material)
  })

  test('its table of algorithms names them all, and how much each takes', async () => {
    const rows = table('### Wrapping algorithms')
    assert.deepEqual(new Set(rows.map(([name]) => name)), new Set(algorithms))
    const keys = await generateWrappingKeys()
    for (const [name = '', , sizes = ''] of rows) {
      for (const [index, size] of sizes.split(' / ').entries()) {
        const { publicKey } = keys[index]!
        await wrap(publicKey, name as WrappingAlgorithm, new Uint8Array(Number(size)))
        await assert.rejects(wrap(publicKey, name as WrappingAlgorithm, new Uint8Array(Number(size) + 1)), /at most/)
      }
    }
  })

  test('its table of key specs names them all', () => {
    const named = table('### Key specs and files').flatMap(([names = '']) => names.split(', '))
    assert.throws(() => readMaterial(new Uint8Array(32), { keySpec: 'none' }), {
      message: `Key spec none cannot be imported. These can: ${named.join(', ')}.`,
    })
  })
})
