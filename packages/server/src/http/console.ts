import { readdirSync, readFileSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'
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

/**
 * One route for each file of the folder, read now: a path that was no file then finds nothing, whatever it spells.
 *
 * @throws Error if there is no index.html, or a file of a type that browsers would have to guess
 */
export function consoleRoutes(folder: string): Route[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
  const routes = files.map((entry): Route => {
    const file = join(entry.parentPath, entry.name)
    const type = types[extname(file)]
    if (type === undefined) throw new Error(`The console holds a file of unknown type: ${file}`)
    const path = relative(folder, file).split(sep).join('/')
    const body = readFileSync(file)
    return { method: 'GET', path: `/console/${path}`, handle: () => reply(200, type, body, headers) }
  })
  const index = routes.find(({ path }) => path === '/console/index.html')
  if (!index) throw new Error(`The console has no index.html in ${folder}`)
  return [
    // Relative, so that it holds behind any base path.
    { method: 'GET', path: '/console', handle: () => reply(308, '', '', ['Location', 'console/']) },
    { ...index, path: '/console/' },
    ...routes,
  ]
}
