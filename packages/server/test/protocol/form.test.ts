import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KmsError } from '../../src/protocol/errors.ts'
import { decodeParameters, parseForm } from '../../src/protocol/form.ts'
import {
  blob,
  boolean,
  integer,
  list,
  map,
  optional,
  secret,
  string,
  structure,
  timestamp,
} from '../../src/protocol/shape.ts'
import { Prng } from './prng.ts'

const formOf = (parameters: Record<string, string>): string => new URLSearchParams(parameters).toString()
const parse = (form: string | Uint8Array): Map<string, string> =>
  parseForm(typeof form === 'string' ? Buffer.from(form, 'latin1') : form)

test('decodes names and values, and keeps their order', () => {
  assert.deepEqual(
    [...parse('A.member.1=a+b%20c%2Bd&%C3%A9=%f0%9f%94%91&Empty=&Eq=a=b')],
    [
      ['A.member.1', 'a b c+d'],
      ['\u00e9', '\u{1f511}'],
      ['Empty', ''],
      ['Eq', 'a=b'],
    ],
  )
})

test('an empty body is a form without names', () => {
  assert.equal(parse('').size, 0)
})

test('reads only the bytes it was given, not those around them', () => {
  const pool = Buffer.from('xxA=1yy')
  assert.deepEqual([...parse(pool.subarray(2, -2))], [['A', '1']])
})

const noForms: [what: string, form: string | Uint8Array][] = [
  ['a name twice', 'A=1&B=2&A=1'],
  ['a name twice, once percent-encoded', 'A=1&%41=2'],
  ['a name without equals sign', 'A=1&B'],
  ['an empty name', 'A=1&=1'],
  ['two ampersands', 'A=1&&B=1'],
  ['a trailing ampersand', 'A=1&'],
  ['a leading ampersand', '&A=1'],
  ['a percent sign at the end', 'A=%'],
  ['one hexadecimal digit', 'A=%4'],
  ['no hexadecimal digits', 'A=%zz'],
  ['an overlong encoding', 'A=%C0%AF'],
  ['a surrogate', 'A=%ED%A0%80'],
  ['half a character', 'A=%C3'],
  ['a character beyond Unicode', 'A=%F4%90%80%80'],
  ['a space', 'A=a b'],
  ['a line break', 'A=1\r\n'],
  ['a NUL', 'A=\0'],
  ['bytes that are not ASCII', Buffer.from('A=\u00e9')],
  ['more than a thousand names', Array.from({ length: 1001 }, (_, at) => `A${at}=`).join('&')],
  ['a megabyte of ampersands', '&'.repeat(2 ** 20)],
]
for (const [what, form] of noForms) {
  test(`refuses a form with ${what}`, () => {
    assert.throws(
      () => parse(form),
      (error: KmsError) => error.code === 'SerializationException',
    )
  })
}

test('a thousand names are not too many', () => {
  assert.equal(parse(Array.from({ length: 1000 }, (_, at) => `A${at}=`).join('&')).size, 1000)
})

// What the names mean

const shape = structure({
  Name: optional(string(1, 20)),
  Seconds: optional(integer(900, 43200)),
  Force: optional(boolean()),
  Until: optional(timestamp()),
  Bytes: optional(blob()),
  Token: optional(secret(string(4, 4000))),
  Names: optional(list(string(1, 5), 0, 3)),
  Tags: optional(list(structure({ Key: string(1), Value: string() }), 0, 20)),
  PolicyArns: optional(list(structure({ arn: optional(string()) }))),
  Options: optional(structure({ Deep: optional(structure({ Level: optional(integer()) })) })),
  Context: optional(map(string(), string())),
  Rows: optional(list(list(integer()))),
  ByName: optional(map(string(), structure({ Ids: list(integer()) }))),
})
const decode = (parameters: Record<string, string>) => decodeParameters(shape, parse(formOf(parameters)))

const meanings: [title: string, parameters: Record<string, string>, meaning: object][] = [
  ['nothing', {}, {}],
  ['text', { Name: 'a b' }, { Name: 'a b' }],
  ['text that looks like a number', { Name: '5' }, { Name: '5' }],
  ['text with all kinds of characters', { Name: 'é漢😀\0&=%' }, { Name: 'é漢😀\0&=%' }],
  ['an integer', { Seconds: '900' }, { Seconds: 900 }],
  ['an integer with zeros before it', { Seconds: '0900' }, { Seconds: 900 }],
  ['true', { Force: 'true' }, { Force: true }],
  ['false', { Force: 'false' }, { Force: false }],
  ['a date', { Until: '2026-11-24T10:00:00Z' }, { Until: new Date('2026-11-24T10:00:00Z') }],
  ['a date with a fraction', { Until: '2026-11-24T10:00:00.25Z' }, { Until: new Date('2026-11-24T10:00:00.250Z') }],
  ['bytes', { Bytes: '+/8=' }, { Bytes: Buffer.from('fbff', 'hex') }],
  ['a list', { 'Names.member.1': 'a', 'Names.member.2': 'b' }, { Names: ['a', 'b'] }],
  ['an empty list, as the clients send it', { Names: '' }, { Names: [] }],
  ['a list in no order', { 'Names.member.2': 'b', 'Names.member.1': 'a' }, { Names: ['a', 'b'] }],
  [
    'a list with gaps, by number',
    { 'Names.member.10': 'c', 'Names.member.9': 'b', 'Names.member.2': 'a' },
    { Names: ['a', 'b', 'c'] },
  ],
  ['the largest number', { 'Names.member.999999999': 'z' }, { Names: ['z'] }],
  [
    'a list of structures',
    {
      'Tags.member.1.Key': 'a',
      'Tags.member.2.Value': '',
      'Tags.member.1.Value': '1',
      'Tags.member.2.Key': 'b',
    },
    {
      Tags: [
        { Key: 'a', Value: '1' },
        { Key: 'b', Value: '' },
      ],
    },
  ],
  ['a member in small letters', { 'PolicyArns.member.1.arn': 'x' }, { PolicyArns: [{ arn: 'x' }] }],
  ['a structure without members', { Options: '' }, { Options: {} }],
  ['a structure in a structure', { 'Options.Deep.Level': '-3' }, { Options: { Deep: { Level: -3 } } }],
  [
    'a map',
    {
      'Context.entry.1.key': 'b',
      'Context.entry.1.value': '1',
      'Context.entry.2.key': '__proto__',
      'Context.entry.2.value': '',
    },
    {
      Context: new Map([
        ['b', '1'],
        ['__proto__', ''],
      ]),
    },
  ],
  ['an empty map', { Context: '' }, { Context: new Map() }],
  [
    'a list of lists',
    { 'Rows.member.1.member.2': '2', 'Rows.member.1.member.1': '1', 'Rows.member.2': '' },
    { Rows: [[1, 2], []] },
  ],
  [
    'a map of structures of lists',
    { 'ByName.entry.1.key': 'x', 'ByName.entry.1.value.Ids.member.1': '7' },
    { ByName: new Map([['x', { Ids: [7] }]]) },
  ],
  ['names that it does not have', { Nome: 'x', 'Names2.member.1': 'x', name: 'x', '': 'x', '.': 'x' }, {}],
  ['names that every object has', { constructor: 'x', '__proto__.Name': 'x', 'toString.member.1': 'x' }, {}],
  ['a member that the element does not have', { 'PolicyArns.member.1.Arn': 'x' }, { PolicyArns: [{}] }],
]
for (const [title, parameters, meaning] of meanings) {
  test(`reads ${title}`, () => {
    assert.deepEqual(decodeParameters(shape, new Map(Object.entries(parameters))), meaning)
  })
}

const list_ = 'Unexpected list element termination'
const complex = 'Unexpected complex element termination'
const entry = 'Unexpected map entry termination'
const start = 'Start of list found where not expected'
const malformed: [title: string, parameters: Record<string, string>, text: string][] = [
  ['an integer without digits', { Seconds: '' }, 'Invalid integer'],
  ['an integer in words', { Seconds: 'nine hundred' }, 'Invalid integer'],
  ['a fraction', { Seconds: '900.5' }, 'Invalid integer'],
  ['a power', { Seconds: '9e2' }, 'Invalid integer'],
  ['a hexadecimal number', { Seconds: '0x384' }, 'Invalid integer'],
  ['an integer with a space', { Seconds: ' 900' }, 'Invalid integer'],
  ['an integer in other digits', { Seconds: '٩٠٠' }, 'Invalid integer'],
  ['an integer that a number cannot hold', { Seconds: '9007199254740993' }, 'Invalid integer'],
  ['a boolean in capitals', { Force: 'True' }, 'Invalid boolean'],
  ['a boolean as a digit', { Force: '1' }, 'Invalid boolean'],
  ['an empty boolean', { Force: '' }, 'Invalid boolean'],
  ['a date without time', { Until: '2026-11-24' }, 'timestamp must follow ISO8601'],
  ['a date without zone', { Until: '2026-11-24T10:00:00' }, 'timestamp must follow ISO8601'],
  ['a date as a number', { Until: '1795514400' }, 'timestamp must follow ISO8601'],
  ['a date that there is not', { Until: '2026-02-30T00:00:00Z' }, 'timestamp must follow ISO8601'],
  ['a month that there is not', { Until: '2026-13-01T00:00:00Z' }, 'timestamp must follow ISO8601'],
  ['text with something below it', { 'Name.first': 'x' }, start],
  ['text that is a list', { 'Name.member.1': 'x' }, start],
  ['text and a list', { Name: 'x', 'Name.member.1': 'x' }, start],
  ['an integer that is a structure', { 'Seconds.x': '900' }, start],
  ['a list that is text', { Names: 'x' }, list_],
  ['an empty list with an element', { Names: '', 'Names.member.1': 'x' }, list_],
  ['a list without numbers', { 'Names.member': 'x' }, list_],
  ['a list with an empty element name', { 'Names.member.': 'x' }, list_],
  ['an element number zero', { 'Names.member.0': 'x' }, list_],
  ['a negative element number', { 'Names.member.-1': 'x' }, list_],
  ['an element number written otherwise', { 'Names.member.1': 'x', 'Names.member.01': 'y' }, list_],
  ['an element number with a plus sign', { 'Names.member.+1': 'x' }, list_],
  ['an element number beyond all', { 'Names.member.1000000000': 'x' }, list_],
  ['an element by name', { 'Tags.member.Key': 'x' }, list_],
  ['a flattened list', { 'Tags.1.Key': 'x' }, 'Top level element may not be treated as a list'],
  ['a map in place of a list', { 'Names.entry.1.key': 'x' }, 'Top level element may not be treated as a list'],
  ['a structure that is text', { Options: 'x' }, complex],
  ['an element that should be a structure', { 'Tags.member.1': 'x' }, complex],
  ['an element that is text and a structure', { 'Tags.member.1': 'x', 'Tags.member.1.Key': 'x' }, complex],
  ['a map that is text', { Context: 'x' }, entry],
  ['a list in place of a map', { 'Context.member.1': 'x' }, 'Top level element may not be treated as a list'],
  ['an entry without key', { 'Context.entry.1.value': 'x' }, entry],
  ['an entry without value', { 'Context.entry.1.key': 'x' }, entry],
  ['an entry that is text', { 'Context.entry.1': 'x' }, complex],
  ['a key that is a list', { 'Context.entry.1.key.member.1': 'x', 'Context.entry.1.value': 'x' }, start],
  [
    'a key twice',
    {
      'Context.entry.1.key': 'x',
      'Context.entry.1.value': '1',
      'Context.entry.2.key': 'x',
      'Context.entry.2.value': '1',
    },
    'A map has a key twice',
  ],
  ['a name of too many parts', { [`Options${'.a'.repeat(32)}`]: 'x' }, 'A parameter is nested too deep'],
  ['a name of nothing but dots', { ['.'.repeat(200_000)]: 'x' }, 'A parameter is nested too deep'],
]
for (const [title, parameters, text] of malformed) {
  test(`refuses ${title} as malformed`, () => {
    assert.throws(
      () => decodeParameters(shape, new Map(Object.entries(parameters))),
      (error: KmsError) => {
        assert.deepEqual([error.code, error.message], ['MalformedInputException', text])
        return true
      },
    )
  })
}

test('a name may have as many parts as ever a shape has', () => {
  assert.deepEqual(decode({ [`Options${'.a'.repeat(31)}`]: 'x' }), { Options: {} })
})

test('constraints are told as for JSON, all at once', () => {
  assert.throws(
    () => decode({ Name: '', Seconds: '5', 'Tags.member.4.Key': '', 'Names.member.1': 'toolong' }),
    (error: KmsError) => {
      assert.equal(error.code, 'ValidationException')
      assert.equal(
        error.message,
        "5 validation errors detected: Value '' at 'name' failed to satisfy constraint: Member must have length greater " +
          "than or equal to 1; Value '5' at 'seconds' failed to satisfy constraint: Member must have value greater than or " +
          "equal to 900; Value '[toolong]' at 'names' failed to satisfy constraint: Member must satisfy constraint: [Member " +
          'must have length less than or equal to 5, Member must have length greater than or equal to 1]; ' +
          "Value '' at 'tags.1.member.key' failed to satisfy constraint: Member must have length greater than or equal to 1; " +
          "Value null at 'tags.1.member.value' failed to satisfy constraint: Member must not be null",
      )
      return true
    },
  )
})

test('no refusal quotes a secret, wherever it was sent', () => {
  const secretText = 'correct-horse-battery-staple'
  for (const name of ['Token.x', 'Seconds', 'Force', 'Until', 'Bytes', 'Names', 'Tags', 'Context', 'Options']) {
    assert.throws(
      () => decode({ [name]: secretText }),
      (error: KmsError) => !error.message.includes(secretText),
      name,
    )
  }
  assert.throws(
    () => decode({ Token: secretText.repeat(200) }),
    (error: KmsError) => error.code === 'ValidationException' && !error.message.includes(secretText),
  )
})

test('the largest forms take no time', () => {
  const forms: Record<string, string>[] = [
    Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`Tags.member.${1000 - at}.Key`, 'x'.repeat(200)])),
    Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`Rows.member.${at + 1}.member.${1000 - at}`, '1'])),
    Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`${'a.'.repeat(30)}${at}`, ''])),
    { Token: 'x'.repeat(250_000) },
  ]
  for (const form of forms) {
    const body = Buffer.from(formOf(form))
    const before = performance.now()
    try {
      decodeParameters(shape, parseForm(body))
    } catch (error) {
      assert.ok(error instanceof KmsError, String(error))
    }
    assert.ok(performance.now() - before < 500)
  }
})

test('20,000 random forms are read or refused, and never anything else', () => {
  const prng = new Prng(11)
  const parts =
    'Name Names Tags Key Value Context entry member key value Options Deep Level Rows ByName Ids Seconds Force Until Bytes ' +
    'Token 1 2 10 0 01 999999999 -1 é __proto__ constructor hasOwnProperty'
  const values = ['', 'x', '5', '900', 'true', 'AAAA', '2026-11-24T10:00:00Z', '\0', '😀', 'x'.repeat(30)]
  const names = ['', ...parts.split(' ')]
  const outcomes = new Set<string>()
  for (let round = 0; round < 20_000; round++) {
    const parameters: Record<string, string> = {}
    for (let count = prng.below(6); count >= 0; count--) {
      const name = prng.chance(50)
        ? prng.pick(['Names.member.1', 'Tags.member.1.Key', 'Tags.member.1.Value', 'Context.entry.1.key', 'Seconds'])
        : Array.from({ length: 1 + prng.below(6) }, () => prng.pick(names)).join('.')
      parameters[name] = prng.chance(80) ? prng.pick(values) : prng.text(prng.below(8))
    }
    const bytes = Buffer.from(formOf(parameters))
    if (prng.chance(10) && bytes.length > 0) bytes[prng.below(bytes.length)] = prng.below(256)
    let outcome = 'read'
    try {
      decodeParameters(shape, parseForm(bytes))
    } catch (error) {
      if (!(error instanceof KmsError)) throw error
      outcome = error.code
    }
    outcomes.add(outcome)
  }
  assert.deepEqual([...outcomes].sort(), [
    'MalformedInputException',
    'SerializationException',
    'ValidationException',
    'read',
  ])
})
