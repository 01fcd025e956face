import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sourceOf, sourcesIn, type Source } from './support/sources.ts'

/** Something that no source may do (but for a few modules), found in code alone or also by what strings hold. */
interface Ban {
  what: string
  /** Text that must be caught, so that each ban proves itself. */
  caught: readonly string[]
  /** Text that looks alike and must pass. */
  passes?: readonly string[]
  find: RegExp | ((source: Source) => boolean)
  allowed?: readonly string[]
  /** Whether it may be in the console: what a page shows goes by the clock and the language of its reader. */
  inConsole?: true
}

const server = 'packages/server/src/'
const page = 'packages/console/src/'

/** The arguments of each call of a function, up to its closing parenthesis. */
function callsOf(name: string, { code, uncommented }: Source): string[] {
  return [...code.matchAll(new RegExp(`\\b${name}\\s*\\(`, 'g'))].map(({ index, 0: head }) => {
    const start = index + head.length
    let end = start
    for (let depth = 1; end < code.length; end++) {
      if (code[end] === '(') depth++
      else if (code[end] === ')' && --depth === 0) break
    }
    return uncommented.slice(start, end)
  })
}

/** What a name stands for, where the module itself says so. */
function valueOf(name: string, { uncommented }: Source): string {
  const plain = name.replace(/^.*\./, '')
  return (
    new RegExp(`\\bconst ${plain}\\b[^=\\n]*=\\s*(.*)|^\\s*${plain}: (.*)`, 'm').exec(uncommented)?.slice(1).join('') ??
    ''
  )
}

const day = 24 * 60 * 60 * 1000

/** Node runs timers of more than 24.8 days at once; what is due later is a row of the store. */
function hasLongTimer(source: Source): boolean {
  return ['setTimeout', 'setInterval']
    .flatMap(name => callsOf(name, source))
    .some(call => {
      const delay = /,([^,]*?),?\s*$/.exec(call)?.[1]?.trim() ?? ''
      const product = /^[\d_\s*]+$/.test(delay) ? delay : valueOf(delay, source).replace(/,\s*$/, '')
      if (!/^[\d_\s*]+$/.test(product)) return true
      return product.split('*').reduce((total, factor) => total * Number(factor.replaceAll('_', '')), 1) > day
    })
}

const secretName = /(?:mac|signature|digest)$/i

function comparesSecrets({ code }: Source): boolean {
  const comparison = /(typeof\s+)?([\w.$]+(?:\(\))?)\s*[!=]==?(?!=)\s*([\w.$'"]+)/g
  return (
    [...code.matchAll(comparison)].some(
      ([, type, left = '', right = '']) =>
        type === undefined &&
        ![left, right].some(side => /^(?:undefined|null|['"\d])/.test(side)) &&
        [left, right].some(side => secretName.test(side)),
    ) ||
    [...code.matchAll(/([\w.$]+)\.(?:equals|compare)\s*\(([^()]*)\)/g)].some(([, left = '', rest = '']) =>
      [left, ...rest.split(',')].some(side => secretName.test(side.trim())),
    )
  )
}

const bans: readonly Ban[] = [
  {
    what: 'JSON.parse: lets duplicate members, lone surrogates and secrets through',
    inConsole: true,
    caught: ['const a = JSON.parse(text)', 'texts.map(JSON . parse)', 'const { parse } = JSON'],
    passes: ['JSON.stringify(a)', '// JSON.parse'],
    find: /\bJSON\s*\.\s*parse\b|\bparse\b[^{}]*\}\s*=\s*JSON\b/,
    // In the library it reads a file of the user's own.
    allowed: [`${server}protocol/json.ts`, `${server}store/documents.ts`, 'packages/import/src/jwk.ts'],
  },
  {
    what: 'lax decoding of base64 and hex',
    caught: [
      "Buffer.from(text, 'base64')",
      'Buffer.from(f(a, b),\n  "hex")',
      "Buffer.from(text, 'base64url')",
      'Buffer.from(text, encoding)',
      'atob(text)',
      'Uint8Array.fromBase64(text)',
      'Uint8Array.fromHex(text)',
    ],
    passes: ["Buffer.from(text, 'latin1')", 'Buffer.from(text)', 'Buffer.from(a.buffer, a.byteOffset, a.byteLength)'],
    find: source =>
      callsOf('Buffer\\.from', source).some(call => {
        const rest = call.slice(Math.max(call.lastIndexOf(')'), call.indexOf(',')))
        return /,\s*(?:['"](?:base64|base64url|hex)['"]|encoding)/.test(rest)
      }) || /\batob\s*\(|\.\s*from(?:Base64|Hex)\b/.test(source.code),
    allowed: [`${server}protocol/base64.ts`, 'packages/console/src/api/base64.ts'],
  },
  {
    what: 'a clock of its own',
    inConsole: true,
    caught: ['const now = Date.now()', 'startAt(Date . now)'],
    passes: ['new Date(at)', "'Date.now'"],
    find: /\bDate\s*\.\s*now\b/,
    allowed: [`${server}clock.ts`, `${server}app.ts`],
  },
  {
    what: 'Math.random, which is no source of secrets',
    caught: ['const id = Math.random()', 'const { random } = Math'],
    passes: ['Math.max(1, 2)', 'random(16)'],
    find: /\bMath\s*\.\s*random\b|\brandom\b[^{}]*\}\s*=\s*Math\b/,
  },
  {
    what: 'comparison of MACs, signatures or digests that stops at the first difference',
    caught: [
      'if (mac === expected) return',
      'return row.mac !== computed',
      'return given === row.signature',
      'return expected.equals(rowMac)',
      'if (Buffer.compare(mac, other) === 0) return',
      'return mac.equals(expected)',
      'return a.toString() == digest',
    ],
    passes: [
      'timingSafeEqual(mac, expected)',
      'if (mac === undefined) return',
      'if (signature.length !== 64) return',
      "if (typeof mac === 'string') return",
      'if (typeof mac === type) return',
      'const mac = a === b',
      'if (algorithm.digest === null) return',
    ],
    find: comparesSecrets,
  },
  {
    what: 'regular expressions made of data',
    caught: ['new RegExp(pattern)', "RegExp('a')"],
    passes: ['/a/.test(text)', 'const a: RegExp = /a/'],
    find: /\bRegExp\s*\(/,
  },
  {
    what: 'decryption that accepts a short tag',
    caught: ["createDecipheriv('aes-256-gcm', key, iv)", 'createDecipheriv(name, key, iv, options)'],
    passes: [
      "createDecipheriv('aes-256-gcm', key, iv, { authTagLength: 16 })",
      "const options = { authTagLength: tagSize }\ncreateDecipheriv('aes-256-gcm', key, iv, options)",
      "const algorithm = 'id-aes256-wrap-pad'\ncreateDecipheriv(algorithm, key, iv)",
    ],
    find: source =>
      callsOf('createDecipheriv', source).some(call => {
        const values = call.split(',').map(argument => valueOf(argument.trim(), source))
        return !/authTagLength|wrap/.test([call, ...values].join())
      }),
  },
  {
    what: 'timers of more than a day, or of a length that cannot be seen',
    inConsole: true,
    caught: [
      'setTimeout(erase, key.deletion.at - now)',
      'setTimeout(() => erase(a, b), 25 * 60 * 60 * 1000)',
      'setInterval(sweep, 86_400_001)',
      'const long = 30 * 86_400_000\nsetTimeout(erase, long)',
    ],
    passes: [
      'setTimeout(reload, 100).unref()',
      'setInterval(\n  sweep,\n  24 * 60 * 60 * 1000,\n)',
      'const limits = {\n  drain: 10_000,\n}\nsetTimeout(() => close(), limits.drain)',
      'clearTimeout(timer)',
    ],
    find: hasLongTimer,
  },
  {
    what: 'key generation that stops everything else',
    caught: ["generateKeyPairSync('rsa', options)", "import { generateKeySync } from 'node:crypto'"],
    passes: ["generateKeyPair('rsa', options, done)"],
    find: /\bgenerate(?:Key|KeyPair|Prime)Sync\b/,
    // Called from a thread of its own for RSA; the others are quicker made than handed to a thread.
    allowed: [`${server}crypto/key-pair.ts`],
  },
  {
    what: 'req.headers, which hides repeated headers',
    caught: ["req.headers['host']", 'const { headers } = request', 'message.headersDistinct', 'incoming.headers.host'],
    passes: ['request.rawHeaders', 'response.headers', 'const { rawHeaders } = request'],
    find: /\b(?:req|request|message|incoming)\s*\.\s*headers(?:Distinct)?\b|[{,]\s*headers(?:Distinct)?\s*[,:}][^;\n]*=\s*(?:req|request|message|incoming)\b/,
  },
  {
    what: 'console, which is no log',
    caught: ['console.log(secret)', 'console . error(error)', "console['log'](a)"],
    passes: ["import { serve } from './console.ts'", 'routes.console'],
    find: /(?<![.\w$])console\s*[.[]/,
  },
  {
    what: 'order that depends on the locale',
    inConsole: true,
    caught: ['names.sort((a, b) => a.localeCompare(b))', 'new Intl.Collator()'],
    passes: ['names.toSorted()'],
    find: /\blocaleCompare\b|\bIntl\s*\.\s*Collator\b/,
  },
  {
    what: 'spread of parsed input, which copies members that nobody has named',
    inConsole: true,
    caught: ['const key = { ...input }', 'f({ a, ...body })', '{ ...toPlain(json) }', 'Object.assign(key, input)'],
    passes: ['{ ...key, policy }', '[...input.Tags]', '{ ...shown(input) }', "f('...input')"],
    find: /\.\.\.(?:input|body|json|parsed|payload)\b(?!\s*[.?[(])|\.\.\.(?:toPlain|parseJson\w*|JSON)\b|\bObject\s*\.\s*assign\s*\([^()]*\b(?:input|body|json|parsed|payload)\b/,
  },
  {
    what: 'markup made of text',
    caught: ['place.innerHTML = alias', '<b dangerouslySetInnerHTML={{ __html: alias }} />', 'document.write(alias)'],
    passes: ['place.textContent = alias', '<b>{alias}</b>'],
    find: /\b(?:innerHTML|outerHTML|srcdoc|insertAdjacentHTML|dangerouslySetInnerHTML|createContextualFragment)\b|\bdocument\s*\.\s*write/,
  },
  {
    what: 'code made of data',
    caught: [
      'eval(text)',
      "new Function('return 1')",
      "import vm from 'node:vm'",
      "await import('vm')",
      '(0, eval)(text)',
    ],
    passes: ['type Handler = Function', 'evaluate(policy)', "import { a } from './vm.ts'"],
    find: source => /\beval\b|\bFunction\s*\(/.test(source.code) || /['"](?:node:)?vm['"]/.test(source.uncommented),
  },
]

const breaks = ({ find }: Ban, source: Source): boolean =>
  find instanceof RegExp ? find.test(source.code) : find(source)

const sources = ['packages/server/src', 'packages/import/src', 'packages/console/src'].flatMap(sourcesIn)

for (const ban of bans) {
  const { what, caught, passes = [], allowed = [], inConsole = false } = ban
  test(`C14: no source has ${what}`, () => {
    const found = sources.filter(
      source => !allowed.includes(source.path) && !(inConsole && source.path.startsWith(page)) && breaks(ban, source),
    )
    assert.deepEqual(
      found.map(source => source.path),
      [],
    )
  })
  test(`C14: the check would find ${what}`, () => {
    for (const text of caught) assert.ok(breaks(ban, sourceOf('planted.ts', text)), text)
    for (const text of passes) assert.ok(!breaks(ban, sourceOf('planted.ts', text)), text)
  })
}
