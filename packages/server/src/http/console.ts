import { existsSync, readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'
import { headerOf } from '../protocol/headers.ts'
import { reply, type Route } from './server.ts'

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

/** Only what this server itself sent may run, and nothing may frame it, be posted to by it, or see where it came from. */
const headers = [
  'Content-Security-Policy',
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; '),
  'Referrer-Policy',
  'no-referrer',
  'Cross-Origin-Opener-Policy',
  'same-origin',
  'Cross-Origin-Embedder-Policy',
  'require-corp',
  'Cross-Origin-Resource-Policy',
  'same-origin',
]

const compressed = ['.br', '.gz']

/**
 * One route for each file of the folder, listed now: a path that was no file then finds nothing, whatever it spells. Files
 * are read when they are asked for; of those that lie there compressed as well, with `.br` or `.gz` behind their names,
 * browsers get that.
 *
 * @param regions which there are: a page must know one before anybody is signed in
 * @param folder what is built from packages/console; if it is not there, one page says how to build it
 * @throws Error if there is no index.html, or a file of a type that browsers would have to guess
 */
export function consoleRoutes(folder: string, regions: readonly string[]): Route[] {
  if (!existsSync(folder))
    return [{ method: 'GET', path: '/console/', handle: () => reply(503, 'text/plain', unbuilt) }]
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
  const all = new Set(files)
  const served = files.filter(path => !compressed.includes(extname(path)) && !path.startsWith('.'))
  const routes = served.map((path): Route => {
    const type = types[extname(path)]
    if (type === undefined) throw new Error(`The console holds a file of unknown type: ${join(folder, path)}`)
    const encodings = ['br', 'gzip'].filter(name => all.has(`${path}${suffixes[name] ?? ''}`))
    // Names of assets tell what is in them.
    const cache = path.startsWith('assets/') ? ['Cache-Control', 'public, max-age=31536000, immutable'] : []
    return {
      method: 'GET',
      path: `/console/${path}`,
      async handle({ rawHeaders }) {
        const accepted = (headerOf(rawHeaders, 'accept-encoding') ?? '').split(',').map(word => word.trim())
        const encoding = encodings.find(name => accepted.includes(name))
        const body = await readFile(join(folder, path + (suffixes[encoding ?? ''] ?? '')))
        const coding = encoding === undefined ? [] : ['Content-Encoding', encoding]
        const vary = encodings.length > 0 ? ['Vary', 'Accept-Encoding'] : []
        return reply(200, type, body, [...headers, ...vary, ...coding, ...cache])
      },
    }
  })
  const index = routes.find(({ path }) => path === '/console/index.html')
  if (!index) throw new Error(`The console has no index.html in ${folder}`)
  return [
    // Relative, so that it holds behind any base path.
    { method: 'GET', path: '/console', handle: () => reply(308, '', '', ['Location', 'console/']) },
    { ...index, path: '/console/' },
    {
      method: 'GET',
      path: '/console/regions.json',
      handle: () => reply(200, 'application/json', JSON.stringify(regions), headers),
    },
    ...routes,
  ]
}

const suffixes: Readonly<Record<string, string>> = { br: '.br', gzip: '.gz' }

const unbuilt =
  'The console is not built yet. In the repository of Keyreeve, npm start builds it, and so does npm run build.\n'
