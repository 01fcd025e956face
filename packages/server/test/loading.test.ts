import assert from 'node:assert/strict'
import { registerHooks } from 'node:module'
import { test } from 'node:test'

/** Packages of others that were asked for. */
const asked = new Set<string>()
registerHooks({
  resolve(specifier, context, next) {
    if (!/^(?:[./]|node:|file:)/.test(specifier)) asked.add(specifier)
    return next(specifier, context)
  },
})

test('a server starts without what few of them ever need', async () => {
  const { startServer } = await import('../src/main.ts')
  assert.equal(typeof startServer, 'function')
  assert.deepEqual([...asked], [])
})
