import assert from 'node:assert/strict'
import { test } from 'node:test'
import { JsonError, JsonString, parseJson, parseJsonText, toPlain } from '../../src/protocol/json.ts'
import { Prng } from './prng.ts'

function plain(text: string | Uint8Array): unknown {
  return toPlain(parseJson(Buffer.from(text)))
}

/** Both in one form that does not tell objects with and without prototype apart. */
function assertSame(actual: unknown, expected: unknown): void {
  assert.equal(JSON.stringify(actual), JSON.stringify(expected))
}

function refusal(bytes: Uint8Array): string {
  try {
    parseJson(bytes)
  } catch (error) {
    assert.ok(error instanceof JsonError, String(error))
    return error.message
  }
  return assert.fail('accepted')
}

const accepted = [
  '{}',
  ' {\t"a"\n:\r[ ] , "b" : null } ',
  '[true,false,null,0,-0,1,-1,10,0.5,-0.5e-3,1E5,1e+5,123456789012345678901234567890,5e-324,1e-999]',
  '"\\"\\\\\\/\\b\\f\\n\\r\\t"',
  '"\\u0000\\u001F\\u00e9\\u6F22\\uFFFF\\ud83d\\ude00\\uDBFF\\uDFFF"',
  '"\u007f\u0080é漢😀\u{10ffff}"',
  '{"":1,"a":{"a":1},"\\u0061b":2}',
  '{"__proto__":{"admin":true},"constructor":1,"toString":2,"hasOwnProperty":3}',
  '{"2":0,"1":0}',
  '9007199254740993',
  '1.7976931348623157e308',
  '"lone"',
  'null',
]
for (const text of accepted) {
  test(`reads ${JSON.stringify(text)}`, () => assertSame(plain(text), JSON.parse(text)))
}

test('keeps the sign of zero', () => {
  assert.ok(Object.is(plain('-0'), -0))
})

test('makes `__proto__` a member like any other', () => {
  const object = plain('{"__proto__":{"admin":true}}') as Record<string, unknown>
  assert.equal(Object.getPrototypeOf(object), null)
  assert.deepEqual(Object.keys(object), ['__proto__'])
  assert.equal(object['admin'], undefined)
  assert.equal(({} as Record<string, unknown>)['admin'], undefined)
})

test('keeps the members of an object in the order sent', () => {
  const object = parseJson(Buffer.from('{"b":1,"2":2,"a":3,"1":4}'))
  assert.ok(object instanceof Map)
  assert.deepEqual([...object.keys()], ['b', '2', 'a', '1'])
})

test('gives only the part of a larger buffer that it was handed', () => {
  const received = Buffer.from('garbage{"a":"b"}garbage')
  assertSame(toPlain(parseJson(new Uint8Array(received.buffer, received.byteOffset + 7, 9))), { a: 'b' })
})

const malformed: Record<string, string[]> = {
  'no value': [
    '',
    ' ',
    ',',
    ':',
    '}',
    ']',
    'tru',
    'True',
    'nul',
    'nan',
    'NaN',
    'Infinity',
    'undefined',
    "'a'",
    'a',
    '+1',
    '.5',
  ],
  'another value, or text, after the value': [
    '{}{}',
    '{} null',
    '1 2',
    '{}\0',
    '[]]',
    '{}}',
    '"a""b"',
    '{}//',
    'truefalse',
    '{},',
  ],
  'a number RFC 8259 does not know': [
    '01',
    '-',
    '-a',
    '-01',
    '1.',
    '1.e5',
    '1e',
    '1e+',
    '0x10',
    '1_000',
    '--1',
    '1.5.5',
    '-Infinity',
    '1e5.5',
  ],
  'an unfinished document': [
    '{',
    '[',
    '"',
    '"a',
    '{"a"',
    '{"a":',
    '{"a":1',
    '{"a":1,',
    '[1',
    '[1,',
    '"\\',
    '"\\u',
    '"\\u00',
    '"\\ud83d\\',
  ],
  'a misplaced comma or colon': [
    '[,]',
    '[1,]',
    '[1,,2]',
    '{,}',
    '{"a":1,}',
    '{"a":1,,"b":2}',
    '[1 2]',
    '{"a" 1}',
    '{"a"::1}',
    '{"a":1 "b":2}',
    '["a":1]',
    '{"a",1}',
  ],
  'a member name that is no string': ['{a:1}', '{1:1}', '{null:1}', "{'a':1}", '{[]:1}'],
  'a comment': ['/**/{}', '{/**/}', '{}#', '[1//\n]'],
  'a raw control character': ['"\0"', '"\n"', '"\t"', '"\u001f"', '{"a\n":1}', '\u000b1', '\f1', '\u00a01', '\u20281'],
  'an escape RFC 8259 does not know': [
    '"\\a"',
    '"\\x41"',
    '"\\\'"',
    '"\\U0041"',
    '"\\0"',
    '"\\\n"',
    '"\\u00g0"',
    '"\\u 041"',
    '"\\u-041"',
    '"\\u{41}"',
    '"\\é"',
  ],
  'brackets that do not fit': ['[}', '{]', '[1}', '{"a":1]', '[[]', '{"a":{}'],
}
for (const [what, texts] of Object.entries(malformed)) {
  test(`refuses ${what}`, () => {
    for (const text of texts) {
      assert.throws(() => JSON.parse(text), SyntaxError)
      assert.throws(() => plain(text), JsonError, text)
    }
  })
}

test('refuses a byte order mark', () => {
  assert.throws(() => plain('\ufeff{}'), JsonError)
})

test('refuses bytes that are not UTF-8, in a value, in a name, or anywhere else', () => {
  const broken = [
    'ff',
    'c080',
    'c3',
    'e282',
    'eda080',
    'edbfbf',
    'f0808080',
    'f4908080',
    'f8888080',
    '80',
    'fe',
    'c328',
  ]
  for (const hex of broken) {
    for (const [before, after] of [
      ['"', '"'],
      ['{"', '":1}'],
      ['{"a":"', '"}'],
      ['{}', ''],
      ['', '{}'],
    ] as const) {
      const bytes = Buffer.concat([Buffer.from(before), Buffer.from(hex, 'hex'), Buffer.from(after)])
      assert.equal(refusal(bytes), 'not UTF-8')
    }
  }
  assert.throws(() => plain(Buffer.from('{"a":"b"}', 'utf16le')), JsonError)
})

test('refuses equal member names, however they are written and wherever they are', () => {
  for (const text of [
    '{"a":1,"a":1}',
    '{"a":1,"b":2,"a":3}',
    '{"a":1,"\\u0061":2}',
    '{"\\u00E9":1,"é":2}',
    '{"/":1,"\\/":2}',
    '{"😀":1,"\\ud83d\\ude00":2}',
    '{"":1,"":2}',
    '{"__proto__":1,"__proto__":2}',
    '{"a":null,"a":null}',
    '[{"x":{"a":1,"a":1}}]',
  ]) {
    assert.match(refusal(Buffer.from(text)), /^equal member names at byte \d+$/)
  }
})

test('allows equal names in different objects, and names that only look equal', () => {
  for (const text of [
    '{"a":{"a":1},"b":{"a":1}}',
    '{"a":1,"A":2}',
    '{"e\\u0301":1,"é":2}',
    '{"a":1,"a ":2,"a\\u0000":3}',
  ]) {
    assertSame(plain(text), JSON.parse(text))
  }
})

test('refuses lone surrogates in values and in names', () => {
  for (const escape of [
    '\\ud800',
    '\\udbff',
    '\\udc00',
    '\\udfff',
    '\\ud800x',
    '\\ud800\\n',
    '\\ud800\\u0041',
    '\\ud800\\ud800',
    '\\udc00\\ud800',
    '\\udc00\\udc00',
    '\\ud83d\\ude00\\ude00',
    '\\ud83d \\ude00',
    '\\ud83d\\\\ude00',
    '\\ud83d\\uzzzz',
    '\\uD83D',
  ]) {
    assert.match(refusal(Buffer.from(`"${escape}"`)), /^lone surrogate at byte \d+$/)
    assert.match(refusal(Buffer.from(`{"a${escape}":1}`)), /^lone surrogate at byte \d+$/)
  }
})

test('refuses numbers beyond the range of a double', () => {
  for (const text of [
    '1e309',
    '-1e309',
    '1e999',
    '1.8e308',
    '-1.7976931348623159e308',
    '9'.repeat(400),
    `[1,${'9'.repeat(400)}.5]`,
  ]) {
    assert.match(refusal(Buffer.from(text)), /^number out of range at byte \d+$/)
  }
})

test('reads 16 levels and refuses 17', () => {
  const nested = (depth: number): string[] => [
    '['.repeat(depth) + ']'.repeat(depth),
    '{"a":'.repeat(depth - 1) + '{}' + '}'.repeat(depth - 1),
    '[{"a":'.repeat(depth >> 1) + (depth % 2 ? '[]' : '1') + '}]'.repeat(depth >> 1),
  ]
  for (const text of nested(16)) assertSame(plain(text), JSON.parse(text))
  for (const text of nested(17)) assert.match(refusal(Buffer.from(text)), /^nested too deep at byte \d+$/)
  assert.match(refusal(Buffer.from('['.repeat(200_000))), /^nested too deep at byte 16$/)
})

test('reads 20,000 values and names, and refuses one more', () => {
  const array = (count: number): string => `[${Array(count).fill(0).join()}]`
  const object = (count: number): string => `{${Array.from({ length: count }, (_, i) => `"${i}":0`).join()}}`
  assert.equal((plain(array(19_999)) as unknown[]).length, 19_999)
  assert.match(refusal(Buffer.from(array(20_000))), /^too many values at byte \d+$/)
  assert.equal(Object.keys(plain(`[${object(9_999)}]`) as object).length, 1)
  assert.match(refusal(Buffer.from(`[0,${object(9_999)}]`)), /^too many values at byte \d+$/)
})

test('quotes nothing of a text that it refuses', () => {
  for (const text of [
    '{"hunter2":1,"hunter2":2}',
    '"hunter2',
    'hunter2',
    '{"a":"hunter2"hunter2}',
    '["hunter2\\q"]',
    '{hunter2:1}',
  ]) {
    assert.doesNotMatch(refusal(Buffer.from(text)), /hunter2/)
  }
})

test('reads the base64 in a string into bytes, however the string is written', () => {
  const secret = Buffer.from([0xfb, 0xff, 0xbf, 0xfe])
  for (const text of ['"+/+//g=="', '"+\\/+\\/\\/g=="', '"\\u002b\\u002F+\\/\\u002Fg=\\u003d"']) {
    const string = parseJson(Buffer.from(text))
    assert.ok(string instanceof JsonString)
    assert.deepEqual(string.base64(), secret)
    assert.equal(string.text(), '+/+//g==')
  }
})

test('wipes the text that it had to write anew to read base64 with escapes', t => {
  const string = parseJson(Buffer.from('"c2VjcmV\\u0030"'))
  assert.ok(string instanceof JsonString)
  const allocated = t.mock.method(Buffer, 'allocUnsafeSlow')
  assert.equal(string.base64().toString(), 'secret')
  const buffers = allocated.mock.calls.map(call => call.result!)
  assert.equal(buffers.length, 2)
  assert.ok(buffers[0]?.every(byte => byte === 0))
})

test('holds no copy of a string: once the received bytes are wiped, it is gone', () => {
  const received = Buffer.from('"hunter2"')
  const string = parseJson(received)
  assert.ok(string instanceof JsonString)
  received.fill(0)
  assert.equal(string.text(), '\0'.repeat(7))
})

test('reads a document that was a string in another one', () => {
  assertSame(toPlain(parseJsonText('{"Version":"2012-10-17","é":"😀"}')), { Version: '2012-10-17', é: '😀' })
  for (const text of ['', '\ufeff{}', '{"a":1,"a":2}', '"\ud800"', '"\udc00\ud800"', '"a\udfff', '{"a":1e999}']) {
    assert.throws(() => parseJsonText(text), JsonError)
  }
})

/** JSON text with everything that RFC 8259 allows, and none of what is refused on top of it. */
function document(prng: Prng, depth = 0): string {
  const space = (): string => (prng.chance(15) ? prng.pick([' ', '\n', '\t', '\r', '  ']) : '')
  const string = (text: string): string =>
    `"${Array.from(text, character => {
      if (prng.chance(20)) {
        const units = Array.from({ length: character.length }, (_, i) => character.charCodeAt(i))
        return units.map(unit => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
      }
      return JSON.stringify(character).slice(1, -1)
    }).join('')}"`
  const digits = (): string => String(prng.below(10 ** (1 + prng.below(9))))
  const number = (): string =>
    prng.pick(['', '-']) +
    digits() +
    (prng.chance(30) ? `.${digits()}` : '') +
    (prng.chance(20) ? prng.pick(['e', 'E']) + prng.pick(['', '+', '-']) + prng.below(300) : '')
  const value = (): string => space() + document(prng, depth + 1) + space()
  const size = prng.below(5)
  switch (prng.below(depth > 5 ? 3 : 6)) {
    case 0:
      return string(prng.text(prng.below(12)))
    case 1:
      return number()
    case 2:
      return prng.pick(['true', 'false', 'null'])
    case 3:
      return `[${size === 0 ? space() : Array.from({ length: size }, value).join()}]`
    default: {
      const names = new Set(Array.from({ length: size }, () => prng.pick([prng.text(3), '__proto__', '7', 'KeyId'])))
      const members = [...names].map(name => `${space()}${string(name)}${space()}:${value()}`)
      return `{${members.length === 0 ? space() : members.join()}}`
    }
  }
}

test('reads 5,000 random documents as JSON.parse does', () => {
  const prng = new Prng(3)
  for (let i = 0; i < 5_000; i++) {
    const text = document(prng)
    assertSame(plain(text), JSON.parse(text))
  }
})

function mutate(prng: Prng, bytes: Buffer): Buffer {
  const at = prng.below(bytes.length + 1)
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)]
  const interesting = Buffer.from(
    prng.pick(['"', '\\', '{', '}', '[', ']', ',', ':', '0', '-', '.', 'e9', 'u', '\\ud800', '\0', ' ']),
  )
  switch (prng.below(5)) {
    case 0:
      return Buffer.concat([before, after.subarray(1)])
    case 1:
      return Buffer.concat([before, interesting, after])
    case 2:
      return Buffer.concat([before, interesting, after.subarray(1)])
    case 3:
      return Buffer.concat([before, prng.bytes(1), after.subarray(1)])
    default:
      return Buffer.concat([before, after.subarray(0, 1 + prng.below(8)), after])
  }
}

test('refuses what JSON.parse refuses of 15,000 damaged documents, and little else', () => {
  const prng = new Prng(4)
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const outcomes = { bothRefuse: 0, bothAccept: 0, onlyWeRefuse: 0 }
  for (let i = 0; i < 15_000; i++) {
    let bytes: Buffer = Buffer.from(document(prng))
    for (let n = prng.below(3); n >= 0; n--) bytes = mutate(prng, bytes)
    let expected: unknown
    try {
      expected = JSON.parse(utf8.decode(bytes))
    } catch {
      refusal(bytes)
      outcomes.bothRefuse++
      continue
    }
    try {
      assertSame(plain(bytes), expected)
      outcomes.bothAccept++
    } catch (error) {
      assert.ok(error instanceof JsonError)
      assert.match(
        error.message,
        /^(equal member names|lone surrogate|number out of range|nested too deep) at byte \d+$/,
      )
      outcomes.onlyWeRefuse++
    }
  }
  assert.ok(Math.min(...Object.values(outcomes)) > 50, JSON.stringify(outcomes))
})
