import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { pages } from '../../../tools/docs.ts'

for (const [path, page] of Object.entries(pages)) {
  test(`${path} says what the code says`, () => {
    const written = readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')
    assert.equal(written, page(), 'run `npm run docs`')
  })
}
