import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { unwrapKwp } from '../../src/crypto/kwp.ts'
import { createKeyFile, openKeyFile } from '../../src/seal/key-file.ts'
import { SealError } from '../../src/seal/seal.ts'

const folder = mkdtempSync(join(tmpdir(), 'keyreeve-'))
after(() => rmSync(folder, { recursive: true }))
let files = 0
const fresh = (): string => join(folder, `root-${files++}.key`)
const written = (content: string | Uint8Array, mode = 0o600): string => {
  const path = fresh()
  writeFileSync(path, content, { mode })
  chmodSync(path, mode)
  return path
}

const key = Buffer.from('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'hex')
const base64 = key.toString('base64')
const line = `keyreeve-root-key-v1:${base64}`
const secret = Buffer.from('a domain key, and where it belongs')

const refuses = async (path: string, pattern: RegExp): Promise<void> => {
  await assert.rejects(openKeyFile(path), error => {
    assert.ok(error instanceof SealError)
    assert.match(error.message, pattern)
    assert.ok(error.message.includes(path), 'the message names the file')
    assert.ok(!error.message.includes(base64.slice(0, 8)), 'the message quotes nothing of the key')
    return true
  })
}

test('a new key file is one line for its owner alone', async () => {
  const path = fresh()
  await createKeyFile(path)
  assert.match(readFileSync(path, 'latin1'), /^keyreeve-root-key-v1:[A-Za-z0-9+/]{43}=\n$/)
  if (process.getuid) assert.equal(statSync(path).mode & 0o777, 0o600)
})

test('what one opening of the file wraps, the next unwraps', async () => {
  const path = fresh()
  await createKeyFile(path)
  const wrapped = await (await openKeyFile(path)).wrap(secret)
  assert.deepEqual(await (await openKeyFile(path)).unwrap(wrapped), secret)
})

test('the key in the file is the one that wraps, by AES-KWP', async () => {
  for (const content of [line, `${line}\n`]) {
    const root = await openKeyFile(written(content))
    assert.deepEqual(unwrapKwp(key, await root.wrap(secret)), secret)
    assert.equal(root.kind, 'key-file')
    assert.match(root.name, /^key file \/.*root-\d+\.key$/)
  }
})

test('the key stays when the file goes', async () => {
  const path = written(line)
  const root = await openKeyFile(path)
  rmSync(path)
  assert.deepEqual(await root.unwrap(await root.wrap(secret)), secret)
})

test('no two new key files hold the same key', async () => {
  const paths = [fresh(), fresh()]
  for (const path of paths) await createKeyFile(path)
  assert.notEqual(readFileSync(paths[0]!, 'latin1'), readFileSync(paths[1]!, 'latin1'))
})

test('another key does not unwrap, nor does this one what was altered', async () => {
  const paths = [fresh(), fresh()]
  for (const path of paths) await createKeyFile(path)
  const [a, b] = [await openKeyFile(paths[0]!), await openKeyFile(paths[1]!)]
  const wrapped = Buffer.from(await a.wrap(secret))
  assert.equal(await b.unwrap(wrapped), undefined)
  for (let at = 0; at < wrapped.length; at++) {
    const altered = Buffer.from(wrapped)
    altered[at]! ^= 1
    assert.equal(await a.unwrap(altered), undefined)
  }
  assert.equal(await a.unwrap(Buffer.alloc(0)), undefined)
})

test('never overwrites what is there', async () => {
  const present = written('something else')
  const link = fresh()
  symlinkSync(join(folder, 'nowhere'), link)
  for (const path of [present, link]) {
    await assert.rejects(
      createKeyFile(path),
      error => error instanceof SealError && /exists already/.test(error.message),
    )
  }
  assert.equal(readFileSync(present, 'latin1'), 'something else')
})

test('says so when a key file cannot be made', async () => {
  const path = join(folder, 'missing', 'root.key')
  await assert.rejects(
    createKeyFile(path),
    error => error instanceof SealError && /cannot be made \(ENOENT\)/.test(error.message),
  )
})

test('refuses a file that is not there', () => refuses(fresh(), /^There is no key file/))

for (const mode of [0o640, 0o604, 0o620, 0o602, 0o610, 0o644, 0o777]) {
  test(`refuses a key file of mode ${mode.toString(8)}, and says what to do`, async t => {
    if (!process.getuid) return t.skip('files have no modes here')
    const path = written(line, mode)
    await refuses(path, new RegExp(`\\(mode ${mode.toString(8)}\\).*chmod 600 '${path}'`))
  })
}

test('takes a key file that not even its owner can write to', async () => {
  assert.equal((await openKeyFile(written(line, 0o400))).kind, 'key-file')
})

test('refuses a key file of another user', async t => {
  if (process.getuid?.() !== 0) return t.skip('only root can give a file away')
  const path = written(line)
  chownSync(path, 12_345, 12_345)
  await refuses(path, /belongs to user 12345, but this process runs as user 0/)
})

test('refuses a symbolic link to a good key file', async () => {
  const link = fresh()
  symlinkSync(written(line), link)
  await refuses(link, /is a symbolic link/)
})

test('takes a hard link, which is the file', async () => {
  const link = fresh()
  linkSync(written(line), link)
  assert.equal((await openKeyFile(link)).kind, 'key-file')
})

test('refuses a directory', async () => {
  const path = fresh()
  mkdirSync(path, { mode: 0o700 })
  await refuses(path, /is not a file/)
})

test('refuses a pipe, and does not wait for somebody to write into it', async t => {
  const path = fresh()
  if (spawnSync('mkfifo', ['-m', '600', path]).status !== 0) return t.skip('there is no mkfifo command')
  await refuses(path, /is not a file/)
})

for (const [what, content] of Object.entries({
  nothing: '',
  'a newline': '\n',
  'the bare key': key,
  'base64 alone': base64,
  'a later version': line.replace('v1', 'v2'),
  'other letters': line.toUpperCase(),
  'a line cut short': line.slice(0, -1),
  'a key of 31 bytes': `keyreeve-root-key-v1:${key.toString('base64', 0, 31)}`,
  'a key of 33 bytes': `keyreeve-root-key-v1:${Buffer.alloc(33).toString('base64')}`,
  'a character that is not base64': line.replace('ECA', 'E!A'),
  'loose bits at the end': line.replace('8=', '9='),
  'a space before': ` ${line}`,
  'a space after the colon': line.replace(':', ': '),
  'a carriage return': `${line}\r\n`,
  'two newlines': `${line}\n\n`,
  'two lines': `${line}\n${line}\n`,
})) {
  test(`refuses a key file that holds ${what}`, () =>
    refuses(
      written(content),
      /is not a key file, or is damaged: it must be one line that begins with keyreeve-root-key-v1:$/,
    ))
}
