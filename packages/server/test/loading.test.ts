import assert from 'node:assert/strict'
import { registerHooks } from 'node:module'
import { test } from 'node:test'

/** Packages of others that were asked for. */
const asked = new Set<string>()
/** Modules of ours that were found, from the folder of the sources. */
const found = new Set<string>()
const sources = new URL('../src/', import.meta.url).href
registerHooks({
  resolve(specifier, context, next) {
    if (!/^(?:[./]|node:|file:)/.test(specifier)) asked.add(specifier)
    const resolved = next(specifier, context)
    if (resolved.url.startsWith(sources)) found.add(resolved.url.slice(sources.length))
    return resolved
  },
})

const loaded = (folder: string): string[] => [...found].filter(path => path.startsWith(folder)).toSorted()

test('a server starts without what few of them ever need', async () => {
  const { startServer } = await import('../src/main.ts')
  assert.equal(typeof startServer, 'function')
  assert.deepEqual([...asked], [])
  assert.ok(loaded('operations/').length > 50)
  for (const folder of ['operations/iam/', 'operations/keyreeve/', 'operations/sts/']) {
    assert.deepEqual(loaded(folder), [])
  }
  // The start makes a link to the console, and needs no more for that.
  await import('../src/operations/keyreeve/create-console-link.ts')
  assert.deepEqual(loaded('operations/iam/'), [])
  for (const folder of ['bootstrap/', 'oidc/token.ts']) assert.deepEqual(loaded(folder), [])
})
