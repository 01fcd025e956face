import { registerHooks } from 'node:module'
import type { Bug } from './recorded.ts'

/** Preloaded into a process under test: puts a bug into one of its sources, to see whether the tests catch it. */
const { file, replacements } = JSON.parse(process.env['KEYREEVE_TEST_BUG'] ?? '') as Bug // What recorded.ts sends.

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context)
    if (!url.endsWith(`/store/${file}`)) return loaded
    let source = Buffer.from(loaded.source as Uint8Array).toString() // Modules come as bytes.
    for (const [from, to] of replacements) {
      if (!source.includes(from)) throw new Error(`${file} has no ${from} to replace`)
      source = source.replace(from, to)
    }
    return { ...loaded, source }
  },
})
