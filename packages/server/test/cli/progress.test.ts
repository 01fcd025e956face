import assert from 'node:assert/strict'
import { test } from 'node:test'
import { showWaiting } from '../../src/cli/progress.ts'

function screen(isTTY: boolean): { isTTY: boolean; text: string; write: (text: string) => void } {
  return {
    isTTY,
    text: '',
    write(text) {
      this.text += text
    },
  }
}

test('says what takes more than a second, and takes it back', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const out = screen(true)
  const { promise, resolve } = Promise.withResolvers<string>()
  const shown = showWaiting('Waiting for a key', promise, out)
  t.mock.timers.tick(999)
  assert.equal(out.text, '')
  t.mock.timers.tick(1)
  assert.equal(out.text, 'Waiting for a key...')
  resolve('the key')
  assert.equal(await shown, 'the key')
  assert.equal(out.text, 'Waiting for a key...\r\u001B[K')
})

test('takes it back for a failure too', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const out = screen(true)
  const { promise, reject } = Promise.withResolvers<string>()
  const shown = showWaiting('Waiting for a key', promise, out)
  t.mock.timers.tick(1000)
  reject(new Error('no key'))
  await assert.rejects(shown, { message: 'no key' })
  assert.equal(out.text, 'Waiting for a key...\r\u001B[K')
})

test('says nothing of what is quick, nor to a file', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const quick = screen(true)
  assert.equal(await showWaiting('Waiting', Promise.resolve(1), quick), 1)
  t.mock.timers.tick(10_000)
  assert.equal(quick.text, '')
  const file = screen(false)
  const { promise, resolve } = Promise.withResolvers<number>()
  const shown = showWaiting('Waiting', promise, file)
  t.mock.timers.tick(10_000)
  resolve(2)
  assert.equal(await shown, 2)
  assert.equal(file.text, '')
})
