import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'vite'

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/**
 * Puts `offline/wrap.html` beside the console: one file that needs nothing else, and whose policy lets in nothing else.
 * The console hands out copies in which the attributes of `body` are filled in.
 */
export const offlinePage: Plugin = {
  name: 'offline-page',
  apply: 'build',
  async generateBundle() {
    this.emitFile({ type: 'asset', fileName: 'offline/wrap.html', source: await makePage() })
  },
}

async function makePage(): Promise<string> {
  const script = await bundle()
  const style = (await readFile(here('page.css'), 'utf8')).trim()
  if (/<\/(script|style)/i.test(script + style)) throw new Error('A part of the offline page would end it early.')
  const policy = [
    "default-src 'none'",
    "connect-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ')
  const template = await readFile(here('page.html'), 'utf8')
  return template
    .replace('POLICY', policy)
    .replace(/\s+STYLE\s+/, () => style)
    .replace(/\s+SCRIPT\s+/, () => script)
}

async function bundle(): Promise<string> {
  const made = await build({
    configFile: false,
    logLevel: 'error',
    publicDir: false,
    build: {
      write: false,
      target: 'es2022',
      modulePreload: false,
      rolldownOptions: { input: here('main.ts'), output: { format: 'iife' } },
    },
  })
  const [chunk] = 'output' in made ? made.output : []
  if (!chunk) throw new Error('The offline page was not built.')
  return chunk.code.trim()
}
