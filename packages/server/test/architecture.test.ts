import assert from 'node:assert/strict'
import { test } from 'node:test'
import { importsOf, sourceOf, sourcesIn, type Source } from './support/sources.ts'

/** A row of the table of who may import whom. Names that end in a slash are folders of packages/server/src. */
interface Layer {
  of: readonly string[]
  /** Beside itself. */
  imports: readonly string[]
  /** With `import type` only. */
  types?: readonly string[]
  /** Whether packages of others may be imported, or which. */
  packages?: true | RegExp
}

const basics = ['crypto/', 'protocol/']
const domain = ['keys/', 'auth/', 'audit/', 'seal/']
const services = ['import/', 'threads/', 'attestation/', 'xks/', 'oidc/']
const shell = ['bootstrap/', 'http/', 'cli/', 'config.ts', 'app.ts', 'main.ts', 'log.ts', 'credentials.ts', 'clock.ts']
const request = [
  'pipeline.ts',
  'jobs.ts',
  'wire.ts',
  'authenticate.ts',
  'locate.ts',
  'questions.ts',
  'explanations.ts',
  'audit-event.ts',
]
const decisions = ['authority.ts', 'policies.ts', 'held-grants.ts', 'by-name.ts']
/** Of the store, what is above the engines. */
const documents = 'store/documents.ts'

const layers: readonly Layer[] = [
  // What OpenSSL through Node lacks.
  { of: ['crypto/'], imports: [], packages: /^@noble\// },
  { of: ['protocol/'], imports: [] },
  ...domain.map(folder => ({ of: [folder], imports: basics, types: domain })),
  { of: ['attestation/'], imports: basics, packages: /^cborg$/ },
  { of: ['threads/'], imports: [...basics, 'attestation/'] },
  { of: ['import/'], imports: [...basics, 'keys/', 'seal/', 'threads/'] },
  { of: ['xks/'], imports: [...basics, 'keys/'] },
  { of: ['oidc/'], imports: [...basics, 'xks/addresses.ts'], types: ['auth/'], packages: /^jose$/ },
  { of: ['store/'], imports: ['audit/'], types: ['keys/', 'auth/'], packages: true },
  { of: ['quotas.ts'], imports: ['protocol/', 'keys/'] },
  { of: ['turns.ts'], imports: [] },
  { of: ['access-key-usage.ts'], imports: [documents], types: ['auth/', 'log.ts'] },
  { of: ['last-usage.ts'], imports: ['protocol/', documents], types: ['audit/', 'keys/', 'log.ts'] },
  // The documents of a view are what decisions are made from.
  { of: decisions, imports: [...basics, ...domain, documents] },
  {
    of: ['operation.ts', 'operations/'],
    imports: [...basics, ...domain, ...services, documents, 'access-key-usage.ts', 'last-usage.ts', ...decisions],
    types: ['store/'],
  },
  {
    of: request,
    imports: [
      ...basics,
      ...domain,
      ...services,
      documents,
      'last-usage.ts',
      ...decisions,
      'operation.ts',
      'operations/',
    ],
    types: ['store/', ...shell],
  },
  { of: shell, imports: [''], packages: true },
]

/** What computes without files, sockets or environment may have from Node; all others, from these folders, anything. */
const pureModules = ['node:crypto', 'node:buffer', 'node:util', 'node:zlib']
const worldly = [...shell, 'store/', 'seal/', 'threads/', 'xks/', 'oidc/issuers.ts']

const server = 'packages/server/src/'
const isIn = (path: string, names: readonly string[]): boolean =>
  names.some(name => (name === '' || name.endsWith('/') ? path.startsWith(name) : path === name))

function resolve(from: string, specifier: string): string {
  return new URL(specifier, `file:///${from}`).pathname.slice(1)
}

/** What is wrong with a module's imports and its dealings with the world. */
function breaches(source: Source): string[] {
  const found: string[] = []
  const own = source.path.slice(server.length)
  const layer = layers.find(({ of }) => isIn(own, of))
  if (!layer) return [`${source.path} is in no layer of the table`]
  for (const { specifier, isType } of importsOf(source)) {
    const complain = (why: string) => found.push(`${source.path} imports ${specifier}: ${why}`)
    if (specifier.startsWith('node:')) {
      if (!isType && !isIn(own, worldly) && !pureModules.includes(specifier)) complain('not from a pure module')
    } else if (!specifier.startsWith('.')) {
      const allowed = layer.packages
      if (!(allowed instanceof RegExp ? allowed.test(specifier) : allowed)) complain('a package of others')
      if (specifier === 'keyreeve-import' && !isIn(own, ['cli/'])) complain('wrapping and unwrapping check each other')
    } else {
      const target = resolve(source.path, specifier)
      if (!target.startsWith(server)) complain('out of its package')
      const name = target.slice(server.length)
      if (isIn(name, [...layer.of, ...layer.imports])) continue
      if (!isIn(name, layer.types ?? [])) complain('not a layer below')
      else if (!isType) complain('only its types')
    }
  }
  const touches = (pattern: RegExp, what: string, allowed: readonly string[]) => {
    if (pattern.test(source.code) && !isIn(own, allowed)) found.push(`${source.path} touches ${what}`)
  }
  touches(/\bprocess\s*\.\s*env\b/, 'the environment', ['config.ts', 'app.ts', 'main.ts', 'cli/'])
  touches(/\bprocess\s*\.|\bfetch\s*\(/, 'the process or the network', worldly)
  touches(/\bDate\.now\b|\bnew Date\(\s*\)/, 'the clock', worldly)
  // The pipeline times requests for the metrics; nothing is decided by that.
  touches(/\bperformance\s*\./, 'the stopwatch', [...worldly, 'pipeline.ts'])
  touches(/\bset(?:Timeout|Interval|Immediate)\s*\(/, 'timers', worldly)
  return found
}

const serverSources = sourcesIn('packages/server/src')

test('each module imports only what its layer may, and only the shell touches the world', () => {
  assert.ok(serverSources.length > 20)
  assert.deepEqual(serverSources.flatMap(breaches), [])
})

const planted: [path: string, text: string, breach: RegExp][] = [
  ['crypto/x.ts', "import { a } from '../protocol/arn.ts'", /not a layer below/],
  ['crypto/x.ts', "import type { a } from '../keys/key.ts'", /not a layer below/],
  ['crypto/x.ts', "import { readFileSync } from 'node:fs'", /not from a pure module/],
  ['protocol/x.ts', "import { random } from '../crypto/random.ts'", /not a layer below/],
  ['keys/x.ts', "import { openSeal } from '../seal/seal.ts'", /only its types/],
  ['auth/x.ts', "export { a } from '../keys/key.ts'", /only its types/],
  ['auth/x.ts', "const a = await import('../store/sqlite.ts')", /not a layer below/],
  ['seal/x.ts', "import type { View } from '../store/documents.ts'", /not a layer below/],
  ['import/x.ts', "import { a } from '../auth/policy.ts'", /not a layer below/],
  ['import/x.ts', "import net from 'node:net'", /not from a pure module/],
  ['store/x.ts', "import { a } from '../keys/states.ts'", /only its types/],
  ['operations/x.ts', "import { openSqlite } from '../store/sqlite.ts'", /only its types/],
  ['operations/x.ts', "import {\n  type A,\n  b,\n} from '../app.ts'", /not a layer below/],
  ['operations/x.ts', "import '../http/server.ts'", /not a layer below/],
  ['operations/x.ts', "import { parse } from 'yaml'", /a package of others/],
  ['crypto/x.ts', "import { parse } from 'yaml'", /a package of others/],
  ['keys/x.ts', "import { p256 } from '@noble/curves/nist.js'", /a package of others/],
  ['pipeline.ts', "import { openSqlite } from './store/sqlite.ts'", /only its types/],
  ['pipeline.ts', "import { App } from './app.ts'", /only its types/],
  ['app.ts', "import { wrap } from 'keyreeve-import'", /check each other/],
  ['app.ts', "import { wrap } from '../../import/src/index.ts'", /out of its package/],
  ['helpers/x.ts', '', /is in no layer/],
  ['auth/x.ts', 'const a = process.env.HOME', /the environment/],
  ['store/x.ts', 'const a = process\n  .env', /the environment/],
  ['auth/x.ts', 'const a = process.pid', /the process/],
  ['keys/x.ts', 'const a = Date.now()', /the clock/],
  ['keys/x.ts', 'const a = `${new Date()}`', /the clock/],
  ['keys/x.ts', 'const a = performance.now()', /the stopwatch/],
  ['audit/x.ts', 'setTimeout(() => {}, 1)', /timers/],
]
for (const [path, text, breach] of planted) {
  test(`the check catches ${JSON.stringify(text)} in ${path}`, () => {
    assert.match(breaches(sourceOf(server + path, text)).join('\n'), breach)
  })
}

test('the check is not misled by comments and strings', () => {
  const text = `// import { a } from '../keys/key.ts'
/* process.env */
const a = "import x from '../store/sqlite.ts'", b = 'process.env', c = \`Date.now() \${a}\`, d = /process.env/
export type { Arn } from './arn.ts'`
  assert.deepEqual(breaches(sourceOf(`${server}protocol/x.ts`, text)), [])
})

test('no module depends on itself through its imports', () => {
  const imports = new Map(
    serverSources.map(source => [
      source.path,
      importsOf(source)
        .filter(({ specifier, isType }) => specifier.startsWith('.') && !isType)
        .map(({ specifier }) => resolve(source.path, specifier)),
    ]),
  )
  const done = new Set<string>()
  const visit = (path: string, above: readonly string[]): void => {
    assert.ok(!above.includes(path), `a circle: ${[...above.slice(above.indexOf(path)), path].join(' -> ')}`)
    if (done.has(path)) return
    for (const next of imports.get(path) ?? []) visit(next, [...above, path])
    done.add(path)
  }
  for (const path of imports.keys()) visit(path, [])
})

test('what takes seconds of processor time runs in a thread of its own', () => {
  // Some of it is quick, and done at once: threads/work.ts knows what.
  const slow =
    /\/crypto\/(?:agreement|key-pair|prehashed|private-key|rsa|rsa-digest|signatures)\.ts$|\/attestation\/document\.ts$/
  const users = serverSources.filter(source =>
    importsOf(source).some(({ specifier, isType }) => !isType && slow.test(resolve(source.path, specifier))),
  )
  assert.deepEqual(
    users.map(({ path }) => path).filter(path => !path.startsWith(`${server}crypto/`)),
    [`${server}threads/work.ts`],
  )
})

test('keyreeve-import imports nothing', () => {
  for (const { path, ...source } of sourcesIn('packages/import/src')) {
    for (const { specifier } of importsOf({ path, ...source })) {
      assert.ok(specifier.startsWith('.'), `${path} imports ${specifier}`)
      assert.ok(resolve(path, specifier).startsWith('packages/import/src/'), `${path} imports ${specifier}`)
    }
  }
})

test('the console imports nothing but types from the server', () => {
  for (const source of sourcesIn('packages/console/src')) {
    for (const { specifier, isType } of importsOf(source)) {
      const target = specifier.startsWith('.') ? resolve(source.path, specifier) : specifier
      const fromServer = target.startsWith('packages/server/') || /^keyreeve(?:\/|$)/.test(target)
      assert.ok(isType || !fromServer, `${source.path} imports ${specifier}`)
    }
  }
})

test('file names are kebab-case', () => {
  const folders = ['packages/server/src', 'packages/server/test', 'packages/import/src', 'packages/console/src']
  for (const { path } of folders.flatMap(sourcesIn)) {
    const names = path.split('/')
    assert.match(names.pop() ?? '', /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.(?:test|d))?\.tsx?$/, path)
    for (const name of names) assert.match(name, /^[a-z0-9]+(?:-[a-z0-9]+)*$/, path)
  }
})
