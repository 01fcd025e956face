/**
 * Builds the console into the server package, unless what is there was built from the same sources.
 *
 *   node tools/build-console.ts
 */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const root = fileURLToPath(new URL('..', import.meta.url))
const output = join(root, 'packages/server/console')
const stamp = join(output, '.built-from')

const filesOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))

/** What the result depends on, as one hash. */
function sources(): string {
  const hash = createHash('sha256')
  const folders = ['packages/console', 'packages/import/src'].flatMap(folder => filesOf(join(root, folder)))
  const files = folders.filter(file => !file.includes('node_modules')).toSorted()
  for (const file of [...files, join(root, 'package-lock.json'), fileURLToPath(import.meta.url)]) {
    hash.update(`${file.slice(root.length)}\0`).update(createHash('sha256').update(readFileSync(file)).digest())
  }
  return hash.digest('hex')
}

const wanted = sources()
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
  process.stderr.write('Building the console ...\n')
  const { build } = await import('vite')
  await build({ root: join(root, 'packages/console'), logLevel: 'warn' })
  for (const file of filesOf(output)) {
    if (!['.js', '.css', '.html', '.svg'].includes(extname(file))) continue
    const bytes = readFileSync(file)
    writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }))
    const params = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_LGWIN]: 22 }
    writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params }))
  }
  writeFileSync(stamp, wanted) // Last: a build that was broken off is done again.
}
