import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ErrorCode } from '../../src/protocol/errors.ts'
import { KmsError } from '../../src/protocol/errors.ts'
import { parseJson } from '../../src/protocol/json.ts'
import { JsonWriter } from '../../src/protocol/json-writer.ts'
import {
  blob,
  boolean,
  decode,
  decodeObject,
  encode,
  encodeText,
  integer,
  list,
  map,
  oneOf,
  optional,
  publicBlob,
  parseObject,
  secret,
  string,
  structure,
  timestamp,
  type About,
  type Infer,
  type Shape,
} from '../../src/protocol/shape.ts'
import { Prng } from './prng.ts'

const aliasName = string(1, 256, { text: '^[a-zA-Z0-9:/_-]+$', test: value => /^[a-zA-Z0-9:/_-]+$/.test(value) })
const tag = structure({ TagKey: string(1, 128), TagValue: string(0, 256) })

/** One member of each kind. */
const everything = structure({
  KeyId: string(1, 2048),
  AliasName: optional(aliasName),
  Limit: optional(integer(1, 1000)),
  NumberOfBytes: optional(integer(1, 1024)),
  Count: optional(integer()),
  Plaintext: optional(blob(1, 16)),
  KeySpec: optional(oneOf(['AES_256', 'AES_128'])),
  DryRun: optional(boolean()),
  ValidTo: optional(timestamp()),
  GrantTokens: optional(list(string(1, 8), 0, 3)),
  Tags: optional(list(tag, 0, 5)),
  EncryptionContext: optional(map(string(), string())),
  Labels: optional(map(string(1, 4), string(1, 4, { text: '[a-z]+', test: value => /^[a-z]+$/.test(value) }))),
  Constraints: optional(
    structure({ EncryptionContextEquals: optional(map(string(), string())), Recipient: optional(tag) }),
  ),
  Certificates: optional(list(blob(2, 4))),
  Specs: optional(list(oneOf(['A', 'B']))),
  TagsByName: optional(map(string(), tag)),
})
type Everything = Infer<typeof everything>

function body(value: unknown): Buffer {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
}

function refusal(shape: Shape<unknown>, value: unknown): KmsError {
  try {
    decode(shape, body(value))
  } catch (error) {
    assert.ok(error instanceof KmsError, String(error))
    return error
  }
  return assert.fail(`accepted ${JSON.stringify(value)}`)
}

function assertRefused(value: object, code: ErrorCode, message: string): void {
  const error = refusal(everything, { KeyId: 'k', ...value })
  assert.equal(error.code, code)
  assert.equal(error.message, message)
}

// What comes in

test('decodes one member of each kind', () => {
  const value: Everything = decode(
    everything,
    body({
      KeyId: 'alias/é😀',
      Limit: 1000,
      Plaintext: 'c2VjcmV0',
      KeySpec: 'AES_128',
      DryRun: false,
      ValidTo: 1_481_311_744.613,
      GrantTokens: ['a', 'b'],
      Tags: [{ TagKey: 'k', TagValue: '' }],
      EncryptionContext: { b: '2', a: '1' },
      Constraints: { EncryptionContextEquals: {} },
    }),
  )
  assert.deepEqual(value, {
    KeyId: 'alias/é😀',
    Limit: 1000,
    Plaintext: Buffer.from('secret'),
    KeySpec: 'AES_128',
    DryRun: false,
    ValidTo: new Date('2016-12-09T19:29:04.613Z'),
    GrantTokens: ['a', 'b'],
    Tags: [{ TagKey: 'k', TagValue: '' }],
    EncryptionContext: new Map([
      ['b', '2'],
      ['a', '1'],
    ]),
    Constraints: { EncryptionContextEquals: new Map() },
  })
})

test('infers the type of a structure from its members', () => {
  const value: Infer<typeof tag> = { TagKey: 'k', TagValue: 'v' }
  const few: Everything = { KeyId: 'k', KeySpec: 'AES_256', Tags: [value], EncryptionContext: new Map() }
  // @ts-expect-error: a required member is missing
  const lacking: Everything = { Limit: 1 }
  // @ts-expect-error: no such enum value
  const unknown: Everything = { KeyId: 'k', KeySpec: 'AES_512' }
  // @ts-expect-error: absent, not undefined
  const undefinedMember: Everything = { KeyId: 'k', Limit: undefined }
  assert.equal([few, lacking, unknown, undefinedMember].length, 4)
})

test('takes null for absent, and ignores members it does not know', () => {
  const members = Object.keys((everything.about as Extract<About, { type: 'structure' }>).members)
  const nulls = Object.fromEntries(members.map(name => [name, null]))
  assert.deepEqual(decode(everything, body({ ...nulls, KeyId: 'k', keyId: 1, Unknown: [{}], constructor: 1 })), {
    KeyId: 'k',
  })
  assert.deepEqual(decode(structure({}), body('{"__proto__":{"a":1}}')), {})
})

test('keeps names such as `__proto__` in a map of the caller', () => {
  const value = decode(everything, body('{"KeyId":"k","EncryptionContext":{"__proto__":"a","constructor":"b"}}'))
  assert.deepEqual(
    [...(value.EncryptionContext ?? [])],
    [
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ],
  )
})

const integers: [text: string, value: number][] = [
  ['1', 1],
  ['1000', 1000],
  ['5.0', 5],
  ['5e0', 5],
  ['0.5e1', 5],
]
for (const [text, value] of integers) {
  test(`takes ${text} for an integer`, () => {
    assert.equal(decode(everything, body(`{"KeyId":"k","Limit":${text}}`)).Limit, value)
  })
}

const times: [text: string, milliseconds: number][] = [
  ['0', 0],
  ['-1', -1000],
  ['1.5e9', 1_500_000_000_000],
  ['1700000000.001', 1_700_000_000_001],
  ['1700000000.9996', 1_700_000_001_000],
  ['8640000000000', 8_640_000_000_000_000],
]
for (const [text, milliseconds] of times) {
  test(`takes ${text} for a time`, () => {
    assert.equal(decode(everything, body(`{"KeyId":"k","ValidTo":${text}}`)).ValidTo?.getTime(), milliseconds)
  })
}

// Bodies that are no JSON object: SerializationException without text

const bodies: Record<string, string | Uint8Array> = {
  'an empty body': '',
  'white space': ' \n',
  'an array': '[{}]',
  'a string': '"{}"',
  'a number': '1',
  null: 'null',
  'broken JSON': '{"KeyId":"k"',
  'text after the object': '{"KeyId":"k"}{}',
  'equal members': '{"KeyId":"k","KeyId":"k"}',
  'equal members that nobody asked for': '{"KeyId":"k","X":1,"\\u0058":1}',
  'equal members of the encryption context': '{"KeyId":"k","EncryptionContext":{"a":"1","a":"2"}}',
  'a byte order mark': '\ufeff{"KeyId":"k"}',
  'bytes that are not UTF-8': Buffer.from('{"KeyId":"\xe9"}', 'latin1'),
  'a lone surrogate in a value': '{"KeyId":"\\ud800"}',
  'a lone surrogate in a name': '{"KeyId":"k","\\udc00":1}',
  'a number beyond doubles': '{"KeyId":"k","Limit":1e999}',
  'depth 17': `{"KeyId":"k","X":${'['.repeat(16)}${']'.repeat(16)}}`,
  'over 20,000 values': `{"KeyId":"k","X":[${Array(20_000).fill(0).join()}]}`,
}
for (const [what, text] of Object.entries(bodies)) {
  test(`refuses ${what} as a body, without text`, () => {
    assert.throws(
      () => decode(everything, Buffer.from(text)),
      (error: unknown) => error instanceof KmsError && error.code === 'SerializationException' && !error.hasMessage,
    )
  })
}

test('reports a bad body before anyone has looked at its members', () => {
  assert.throws(() => parseObject(body('[]')), { code: 'SerializationException' })
  const object = parseObject(body('{"KeyId":1}'))
  assert.throws(() => decodeObject(everything, object), { code: 'SerializationException', hasMessage: true })
})

// Wrong types: SerializationException, with texts measured on services with the same front end

const listText = 'Start of list found where not expected'
const objectText = 'Start of structure or map found where not expected.'
const number = 'com.amazon.coral.value.json.numbers.TruncatingBigNumber'

function scalarTexts(target: string, except: string): Record<string, string> {
  const texts: Record<string, string> = {
    '"text"': `class java.lang.String can not be converted to ${target}`,
    true: `class java.lang.Boolean can not be converted to ${target}`,
    false: `class java.lang.Boolean can not be converted to ${target}`,
    1: `class ${number} can not be converted to ${target}`,
    1.5: `class ${number} can not be converted to ${target}`,
    '[]': listText,
    '["text"]': listText,
    '{}': objectText,
  }
  return Object.fromEntries(Object.entries(texts).filter(([json]) => !except.split(' ').includes(json)))
}

function collectionTexts(text: string, other: Record<string, string>): Record<string, string> {
  return { '"text"': text, '""': text, true: text, 0: text, ...other }
}

const misfits: Record<string, Record<string, string>> = {
  KeyId: scalarTexts('an String', '"text"'),
  KeySpec: scalarTexts('an String', '"text"'),
  Limit: scalarTexts('an Integer', '1'),
  DryRun: scalarTexts('an Boolean', 'true false'),
  Plaintext: scalarTexts('a Blob', '"text"'),
  ValidTo: scalarTexts('milliseconds since epoch', '1 1.5'),
  GrantTokens: collectionTexts('Expected list or null', { '{}': objectText }),
  Tags: collectionTexts('Expected list or null', { '{}': objectText, '[1]': 'Expected null', '[[]]': listText }),
  EncryptionContext: collectionTexts('Expected map or null', { '[]': listText }),
  Constraints: collectionTexts('Expected null', { '[]': listText }),
}
for (const [member, texts] of Object.entries(misfits)) {
  for (const [json, text] of Object.entries(texts)) {
    test(`refuses ${json} as ${member}`, () => {
      const error = refusal(everything, `{"KeyId":"k","${member}":${json}}`.replace('"KeyId":"k","KeyId"', '"KeyId"'))
      assert.equal(error.code, 'SerializationException')
      assert.equal(error.message, text)
    })
  }
}

const unfitNumbers: Record<string, string> = {
  Limit: 'an Integer',
  Count: 'an Integer',
  ValidTo: 'milliseconds since epoch',
}
const unfit: [member: string, json: string][] = [
  ['Limit', '0.1'],
  ['Limit', '5.000001'],
  ['Limit', '1e300'],
  ['Limit', '9007199254740992'],
  ['Limit', '-9007199254740993'],
  ['Count', '1e16'],
  ['ValidTo', '8640000000001'],
  ['ValidTo', '-1e300'],
]
for (const [member, json] of unfit) {
  test(`refuses ${json} as ${member}`, () => {
    const error = refusal(everything, `{"KeyId":"k","${member}":${json}}`)
    assert.equal(error.code, 'SerializationException')
    assert.equal(error.message, `class ${number} can not be converted to ${unfitNumbers[member]}`)
  })
}

test('looks into lists, maps and structures for wrong types', () => {
  const text = `class ${number} can not be converted to an String`
  assertRefused({ GrantTokens: ['a', 1] }, 'SerializationException', text)
  assertRefused({ EncryptionContext: { a: 1 } }, 'SerializationException', text)
  assertRefused({ Tags: [{ TagKey: 1 }] }, 'SerializationException', text)
  assertRefused({ Constraints: { EncryptionContextEquals: { a: 1 } } }, 'SerializationException', text)
  assertRefused({ Constraints: { Recipient: { TagKey: 'k', TagValue: 1 } } }, 'SerializationException', text)
  assertRefused({ EncryptionContext: { a: ['b'] } }, 'SerializationException', listText)
  assertRefused({ EncryptionContext: { a: {} } }, 'SerializationException', objectText)
})

test('reports the first wrong type, and no constraint as long as there is one', () => {
  assertRefused(
    { KeyId: '', Limit: true, DryRun: 1 },
    'SerializationException',
    'class java.lang.Boolean can not be converted to an Integer',
  )
})

const base64: [text: string, problem: string][] = [
  ['AAA', 'Base64 encoded length is expected a multiple of 4 bytes but found: 3'],
  ['A', 'Base64 encoded length is expected a multiple of 4 bytes but found: 1'],
  ['AA-_', "Invalid Base64 character: '-'"],
  ['AA A', "Invalid Base64 character: ' '"],
  ['A=AA', "Invalid Base64 character: '='"],
  ['AB==', 'Invalid last non-pad Base64 character dectected'],
  ['AAB=', 'Invalid last non-pad Base64 character dectected'],
]
for (const [text, problem] of base64) {
  test(`refuses ${JSON.stringify(text)} as a blob, without quoting it`, () => {
    assertRefused({ Plaintext: text }, 'SerializationException', `Value can not be converted to a Blob: ${problem}`)
  })
}

// Broken constraints: one ValidationException

const failed = 'failed to satisfy constraint:'

const broken: Record<string, { value: object; items: string[] }> = {
  'a missing member': { value: { KeyId: null }, items: [`Value null at 'keyId' ${failed} Member must not be null`] },
  'a text that is too short': {
    value: { KeyId: '' },
    items: [`Value '' at 'keyId' ${failed} Member must have length greater than or equal to 1`],
  },
  'a text that is too long, quoted in full': {
    value: { KeyId: 'k'.repeat(2049) },
    items: [`Value '${'k'.repeat(2049)}' at 'keyId' ${failed} Member must have length less than or equal to 2048`],
  },
  'a text that breaks its pattern': {
    value: { AliasName: 'a b' },
    items: [`Value 'a b' at 'aliasName' ${failed} Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$`],
  },
  'a text that breaks length and pattern': {
    value: { AliasName: '' },
    items: [
      `Value '' at 'aliasName' ${failed} Member must have length greater than or equal to 1`,
      `Value '' at 'aliasName' ${failed} Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$`,
    ],
  },
  'an unknown enum value': {
    value: { KeySpec: 'AES_512' },
    items: [`Value 'AES_512' at 'keySpec' ${failed} Member must satisfy enum value set: [AES_256, AES_128]`],
  },
  'an enum value in other letters': {
    value: { KeySpec: 'aes_256' },
    items: [`Value 'aes_256' at 'keySpec' ${failed} Member must satisfy enum value set: [AES_256, AES_128]`],
  },
  'a number that is too small': {
    value: { NumberOfBytes: 0 },
    items: [`Value '0' at 'numberOfBytes' ${failed} Member must have value greater than or equal to 1`],
  },
  'a number that is too large': {
    value: { NumberOfBytes: 1025 },
    items: [`Value '1025' at 'numberOfBytes' ${failed} Member must have value less than or equal to 1024`],
  },
  'a negative number': {
    value: { Limit: -9007199254740991 },
    items: [`Value '-9007199254740991' at 'limit' ${failed} Member must have value greater than or equal to 1`],
  },
  'a blob that is too long, by its bytes and without its value': {
    value: { Plaintext: Buffer.alloc(17).toString('base64') },
    items: [`Value at 'plaintext' ${failed} Member must have length less than or equal to 16`],
  },
  'an empty blob': {
    value: { Plaintext: '' },
    items: [`Value at 'plaintext' ${failed} Member must have length greater than or equal to 1`],
  },
  'a list that is too long': {
    value: { GrantTokens: ['a', 'b', 'c', 'd'] },
    items: [`Value '[a, b, c, d]' at 'grantTokens' ${failed} Member must have length less than or equal to 3`],
  },
  'a list of structures that is too long': {
    value: { Tags: Array(6).fill({ TagKey: 'k', TagValue: 'v' }) },
    items: [
      `Value '[${Array(6).fill('{tagKey=k, tagValue=v}').join(', ')}]' at 'tags' ${failed} Member must have length less than or equal to 5`,
    ],
  },
  'a text in a list, with all that it must satisfy': {
    value: { GrantTokens: ['a', ''] },
    items: [
      `Value '[a, ]' at 'grantTokens' ${failed} Member must satisfy constraint: [Member must have length less than or equal to 8, Member must have length greater than or equal to 1]`,
    ],
  },
  'several texts in a list, once': {
    value: { GrantTokens: ['', 'b'.repeat(9)] },
    items: [
      `Value '[, bbbbbbbbb]' at 'grantTokens' ${failed} Member must satisfy constraint: [Member must have length less than or equal to 8, Member must have length greater than or equal to 1]`,
    ],
  },
  'an enum value in a list': {
    value: { Specs: ['A', 'C'] },
    items: [
      `Value '[A, C]' at 'specs' ${failed} Member must satisfy constraint: [Member must satisfy enum value set: [A, B]]`,
    ],
  },
  'a blob in a list, without any value': {
    value: { Certificates: ['AAAA', 'AA=='] },
    items: [
      `Value at 'certificates' ${failed} Member must satisfy constraint: [Member must have length less than or equal to 4, Member must have length greater than or equal to 2]`,
    ],
  },
  'null in a list': {
    value: { GrantTokens: ['a', null] },
    items: [`Value null at 'grantTokens.2.member' ${failed} Member must not be null`],
  },
  'null in a map': {
    value: { EncryptionContext: { a: null } },
    items: [`Value null at 'encryptionContext.a.member' ${failed} Member must not be null`],
  },
  'null among structures': {
    value: { Tags: [null] },
    items: [`Value null at 'tags.1.member' ${failed} Member must not be null`],
  },
  'a key of a map': {
    value: { Labels: { abcde: 'v' } },
    items: [
      `Value '{abcde=v}' at 'labels' ${failed} Map keys must satisfy constraint: [Member must have length less than or equal to 4, Member must have length greater than or equal to 1]`,
    ],
  },
  'a value of a map': {
    value: { Labels: { a: 'v', b: '1' } },
    items: [
      `Value '{a=v, b=1}' at 'labels' ${failed} Map value must satisfy constraint: [Member must have length less than or equal to 4, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [a-z]+]`,
    ],
  },
  'a member of a structure in a list': {
    value: {
      Tags: [
        { TagKey: 'k', TagValue: 'v' },
        { TagKey: '', TagValue: 'v' },
      ],
    },
    items: [`Value '' at 'tags.2.member.tagKey' ${failed} Member must have length greater than or equal to 1`],
  },
  'a missing member of a structure in a list': {
    value: { Tags: [{ TagKey: 'k' }] },
    items: [`Value null at 'tags.1.member.tagValue' ${failed} Member must not be null`],
  },
  'a member of a structure in a structure': {
    value: { Constraints: { Recipient: { TagKey: 'k', TagValue: 'v'.repeat(257) } } },
    items: [
      `Value '${'v'.repeat(257)}' at 'constraints.recipient.tagValue' ${failed} Member must have length less than or equal to 256`,
    ],
  },
  'a member of a structure in a map': {
    value: { TagsByName: { x: { TagKey: 'k' } } },
    items: [`Value null at 'tagsByName.x.member.tagValue' ${failed} Member must not be null`],
  },
  'several members, in the order of the model': {
    value: { NumberOfBytes: 0, Limit: 1001, KeyId: null },
    items: [
      `Value null at 'keyId' ${failed} Member must not be null`,
      `Value '1001' at 'limit' ${failed} Member must have value less than or equal to 1000`,
      `Value '0' at 'numberOfBytes' ${failed} Member must have value greater than or equal to 1`,
    ],
  },
}
for (const [what, { value, items }] of Object.entries(broken)) {
  test(`refuses ${what}`, () => {
    const heading =
      items.length === 1 ? '1 validation error detected: ' : `${items.length} validation errors detected: `
    assertRefused(value, 'ValidationException', heading + items.join('; '))
  })
}

test('reports at most 10 constraints', () => {
  for (const count of [10, 11, 20, 3000]) {
    const { message } = refusal(structure({ Tags: list(tag) }), {
      Tags: Array(count).fill({ TagKey: '', TagValue: '' }),
    })
    assert.match(message, /^10 validation errors detected: Value '' at 'tags\.1\.member\.tagKey'/)
    assert.equal(message.split('; ').length, 10)
    assert.match(message, /at 'tags\.10\.member\.tagKey' [^;]*$/)
  }
})

test('counts the characters of a text, not their parts', () => {
  const shape = structure({ A: string(2, 3) })
  for (const text of ['ab', 'abc', '😀😀', '😀b😀', 'éé', '漢漢漢'])
    assert.deepEqual(decode(shape, body({ A: text })), { A: text })
  for (const text of ['a', 'abcd', '😀', '😀😀😀😀', 'a😀bc'])
    assert.equal(refusal(shape, { A: text }).code, 'ValidationException')
})

test('accepts what lies on a bound', () => {
  const value = {
    KeyId: 'k'.repeat(2048),
    Limit: 1,
    NumberOfBytes: 1024,
    Plaintext: Buffer.alloc(16).toString('base64'),
  }
  assert.equal(decode(everything, body(value)).Plaintext?.length, 16)
  assert.equal(decode(everything, body({ ...value, GrantTokens: [] })).GrantTokens?.length, 0)
  assert.equal(
    decode(everything, body({ ...value, Tags: Array(5).fill({ TagKey: 'k', TagValue: '' }) })).Tags?.length,
    5,
  )
})

// Secrets

const canary = 'canary-Q2FuYXJ5'

test('quotes neither blobs nor secrets, alone or inside of something else', () => {
  const token = secret(string(1, 4))
  const shape = structure({
    Token: optional(token),
    Tokens: optional(list(token, 0, 1)),
    ByName: optional(map(string(1, 4), token)),
    BySecret: optional(map(token, tag)),
    Parts: optional(list(structure({ Token: secret(string()), Name: string() }), 0, 1)),
    Blobs: optional(list(blob(0, 4), 0, 1)),
    Blob: optional(blob(0, 4)),
    Integer: optional(secret(integer(0, 1))),
  })
  const blobText = Buffer.from(canary).toString('base64')
  const values: object[] = [
    { Token: canary },
    { Tokens: [canary] },
    { Tokens: [canary, canary] },
    { ByName: { a: canary } },
    { ByName: { abcde: canary } },
    { BySecret: { [canary]: { TagKey: 'k', TagValue: 'v' } } },
    { BySecret: { [canary]: { TagKey: '', TagValue: 'v' } } },
    { BySecret: { [canary]: null } },
    { Parts: Array(2).fill({ Token: canary, Name: 'n' }) },
    { Blob: blobText },
    { Blobs: [blobText] },
    { Blobs: [blobText, blobText] },
    { Blob: `${blobText}!` },
    { Blob: `${blobText}!AAA` },
    { Blob: `${blobText.slice(0, -2)}B=` },
    { Blobs: [`!${blobText}`] },
    { Token: [canary] },
    { Integer: 1_234_567 },
  ]
  for (const value of values) {
    const { message } = refusal(shape, value)
    for (const leak of [canary, blobText, blobText.slice(0, 8), '1234567']) {
      assert.ok(!message.includes(leak), message)
    }
  }
})

/** The same shape, which remembers every value that it was asked to check. */
function watched<T>(shape: Shape<T>): { shape: Shape<T>; seen: T[] } {
  const seen: T[] = []
  const check: Shape<T>['check'] = (value, at, faults) => {
    seen.push(value)
    shape.check(value, at, faults)
  }
  return { shape: Object.assign(Object.create(shape) as Shape<T>, { check }), seen }
}

test('wipes the blobs of a request that it refuses, and of no other', () => {
  const { shape, seen } = watched(blob(1, 16))
  const request = structure({ Plaintext: shape, Limit: optional(integer(1, 10)) })
  const value = decode(request, body({ Plaintext: 'c2VjcmV0' }))
  assert.equal(Buffer.from(value.Plaintext).toString(), 'secret')
  refusal(request, { Plaintext: 'c2VjcmV0', Limit: 11 })
  assert.deepEqual(seen, [Buffer.from('secret'), Buffer.alloc(6)])
})

test('wipes the blobs of a request with a wrong type', t => {
  const allocated = t.mock.method(Buffer, 'allocUnsafeSlow')
  refusal(everything, { KeyId: 'k', Plaintext: 'c2VjcmV0', KeySpec: 1 })
  assert.deepEqual(allocated.mock.calls[0]?.result, Buffer.alloc(6))
})

// What goes out

test('writes the members present, in the order of the model', () => {
  const text = encode(everything, {
    ValidTo: new Date(1_700_000_000_500),
    KeyId: 'a"b',
    Limit: 5,
    Plaintext: Buffer.from('secret'),
    KeySpec: 'AES_256',
    DryRun: true,
    GrantTokens: [],
    Tags: [
      { TagKey: 'k', TagValue: '' },
      { TagKey: 'l', TagValue: 'm' },
    ],
    EncryptionContext: new Map([
      ['é', '\n'],
      ['b', '😀'],
    ]),
    Labels: new Map(),
    Constraints: {},
  }).toString()
  assert.equal(
    text,
    '{"KeyId":"a\\"b","Limit":5,"Plaintext":"c2VjcmV0","KeySpec":"AES_256","DryRun":true,"ValidTo":1700000000.5,' +
      '"GrantTokens":[],"Tags":[{"TagKey":"k","TagValue":""},{"TagKey":"l","TagValue":"m"}],' +
      '"EncryptionContext":{"é":"\\n","b":"😀"},"Labels":{},"Constraints":{}}',
  )
})

test('leaves out members that are undefined, and never writes null', () => {
  const loose: Record<string, unknown> = { KeyId: 'k', Limit: undefined, Tags: undefined }
  assert.equal(encode(everything, loose as Everything).toString(), '{"KeyId":"k"}')
  assert.equal(encode(structure({ A: optional(string()) }), {}).toString(), '{}')
})

test('escapes every character that JSON does not let stand for itself', () => {
  const shape = structure({ A: string() })
  for (let unit = 0; unit <= 0xffff; unit++) {
    if (unit >= 0xd800 && unit <= 0xdfff) continue
    const A = `a${String.fromCharCode(unit)}z`
    assert.equal(encode(shape, { A }).toString(), JSON.stringify({ A }))
  }
})

test('writes U+FFFD for half of a surrogate pair', () => {
  const shape = structure({ A: string() })
  for (const half of ['\ud800', '\udbff', '\udc00', '\udfff', '\udc00\ud800', '\ud83dx']) {
    assert.deepEqual(JSON.parse(encode(shape, { A: `a${half}` }).toString()), { A: `a${half}`.toWellFormed() })
  }
})

test('refuses to write what JSON has no number for', () => {
  for (const value of [Number.NaN, Infinity, -Infinity]) {
    assert.throws(() => encode(structure({ A: integer() }), { A: value }), RangeError)
  }
  assert.throws(() => encode(structure({ A: timestamp() }), { A: new Date(Number.NaN) }), RangeError)
  assert.equal(encode(structure({ A: integer() }), { A: 1 }).toString(), '{"A":1}')
})

test('writes as a string what it writes as bytes', () => {
  const shape = structure({ A: string(), B: publicBlob() })
  for (const A of ['', 'a"b', 'é\n', '漢', '😀']) {
    const value = { A, B: Buffer.from(A) }
    assert.equal(encodeText(shape, value), encode(shape, value).toString())
  }
})

test('takes every blob for a secret that is not said to be public', () => {
  const secrets = [blob(), secret(string()), list(blob()), map(string(), blob()), structure({ A: string(), B: blob() })]
  for (const shape of secrets) assert.equal(shape.isQuotable, false)
  for (const shape of [string(), publicBlob(), structure({ A: publicBlob() })]) assert.equal(shape.isQuotable, true)
})

test('writes answers of any size, each into memory of its own', () => {
  const shape = structure({ A: list(string()), B: blob() })
  const value = { A: Array(2000).fill('x\n"é'.repeat(20)), B: Buffer.alloc(100_000, 7) }
  const first = encode(shape, value)
  const expected = JSON.stringify({ ...value, B: value.B.toString('base64') })
  assert.equal(first.toString(), expected)
  assert.equal(first.buffer.byteLength, first.length)
  encode(shape, { A: [], B: Buffer.alloc(0) })
  assert.equal(first.toString(), expected)
})

test('makes room for texts that grow when they are escaped', () => {
  const shape = structure({ A: string(), B: string() })
  for (const character of ['\u0001', '"', 'é', '漢', '😀']) {
    for (const length of [10_000, 10_922, 10_923, 21_845, 65_530, 65_536]) {
      const value = { A: character.repeat(length), B: character }
      assert.equal(encode(shape, value).toString(), JSON.stringify(value))
    }
  }
})

test('leaves nothing of an answer in the memory that it was put together in', t => {
  const allocated = t.mock.method(Buffer, 'allocUnsafeSlow')
  const writer = new JsonWriter()
  const prng = new Prng(7)
  const [small, large, text] = [prng.bytes(1000), prng.bytes(100_000), prng.bytes(30).toString('hex')]
  writer.base64(small)
  writer.base64(large) // Outgrows the first buffer.
  writer.string(text)
  const buffers = allocated.mock.calls.map(call => call.result!)
  const traces = [small.toString('base64', 0, 12), large.toString('base64', 0, 12), text]
  const holds = (trace: string): boolean => buffers.some(buffer => buffer.includes(trace))
  assert.equal(buffers.length, 2)
  assert.ok(traces.every(holds))
  writer.clear()
  assert.ok(!traces.some(holds))
})

// Both ways

/** A value that the shape accepts. */
function sample(prng: Prng, about: About): unknown {
  const { min = 0, max = min + 20 } = 'min' in about || 'max' in about ? about : {}
  const size = min + prng.below(Math.min(max - min, 20) + 1)
  switch (about.type) {
    case 'string':
      if (about.values) return prng.pick(about.values)
      return about.pattern === undefined ? prng.text(size) : 'abcdefghij'.slice(0, Math.min(size, 10))
    case 'integer':
      return size
    case 'blob':
      return prng.bytes(size)
    case 'boolean':
      return prng.chance(50)
    case 'timestamp':
      return new Date(prng.below(2 ** 32) * 1000 + prng.below(1000))
    case 'list':
      return Array.from({ length: size }, () => sample(prng, about.element))
    case 'map':
      return new Map(Array.from({ length: prng.below(4) }, () => [sample(prng, about.key), sample(prng, about.value)]))
    case 'structure': {
      const members = Object.entries(about.members).filter(([, { required }]) => required || prng.chance(60))
      return Object.fromEntries(members.map(([name, { shape }]) => [name, sample(prng, shape)]))
    }
  }
}

/** What JSON.stringify would make of it. */
function asJson(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return value.toString('base64')
  if (value instanceof Date) return value.getTime() / 1000
  if (Array.isArray(value)) return value.map(asJson)
  if (value instanceof Map) return Object.fromEntries(Array.from(value, ([name, item]) => [name, asJson(item)]))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, asJson(item)]))
}

test('decodes what it encoded, and encodes what JSON.parse reads, for 1,000 random values', () => {
  const prng = new Prng(5)
  for (let i = 0; i < 1_000; i++) {
    const value = sample(prng, everything.about) as Everything
    const bytes = encode(everything, value)
    assert.deepEqual(decode(everything, bytes), value)
    assert.deepEqual(JSON.parse(bytes.toString()), asJson(value))
    assert.deepEqual(decode(everything, body(asJson(value))), value)
  }
})

test('answers damaged requests with one of its two refusals, and nothing else', () => {
  const prng = new Prng(6)
  const codes = { accepted: 0, SerializationException: 0, ValidationException: 0 }
  for (let i = 0; i < 5_000; i++) {
    const members = Object.entries(asJson(sample(prng, everything.about)) as object)
    const strange = [null, '', 'text', 0, -1, 1.5, true, [], [null], [''], {}, { a: null }, { TagKey: 'k' }]
    const request = Object.fromEntries(
      members.map(([name, value]) => [name, prng.chance(15) ? prng.pick(strange) : value]),
    )
    try {
      decode(everything, body(request))
      codes.accepted++
    } catch (error) {
      assert.ok(error instanceof KmsError)
      assert.ok(error.code === 'SerializationException' || error.code === 'ValidationException')
      assert.ok(error.hasMessage)
      codes[error.code]++
    }
  }
  assert.ok(Math.min(...Object.values(codes)) > 200, JSON.stringify(codes))
})

// What documents and comparisons read

test('tells what it is as plain data', () => {
  const shape = structure({
    KeyId: string(1, 2048),
    AliasName: optional(aliasName),
    Limit: optional(integer(1)),
    Plaintext: blob(1, 4096),
    ValidTo: timestamp(),
    DryRun: boolean(),
    Token: secret(string(1, 9)),
    Spec: oneOf(['A', 'B']),
    Tags: list(structure({ TagKey: string() }), 0, 50),
    Context: map(string(), string(undefined, 5)),
  })
  const about: About = {
    type: 'structure',
    members: {
      KeyId: { required: true, shape: { type: 'string', min: 1, max: 2048 } },
      AliasName: { required: false, shape: { type: 'string', min: 1, max: 256, pattern: '^[a-zA-Z0-9:/_-]+$' } },
      Limit: { required: false, shape: { type: 'integer', min: 1 } },
      Plaintext: { required: true, shape: { type: 'blob', min: 1, max: 4096 } },
      ValidTo: { required: true, shape: { type: 'timestamp' } },
      DryRun: { required: true, shape: { type: 'boolean' } },
      Token: { required: true, shape: { type: 'string', min: 1, max: 9, secret: true } },
      Spec: { required: true, shape: { type: 'string', values: ['A', 'B'] } },
      Tags: {
        required: true,
        shape: {
          type: 'list',
          min: 0,
          max: 50,
          element: { type: 'structure', members: { TagKey: { required: true, shape: { type: 'string' } } } },
        },
      },
      Context: { required: true, shape: { type: 'map', key: { type: 'string' }, value: { type: 'string', max: 5 } } },
    },
  }
  assert.deepEqual(shape.about, about)
  assert.deepEqual(JSON.parse(JSON.stringify(shape.about)), about)
})

test('keeps to the JSON it reads: a parsed body is not changed by decoding it twice', () => {
  const object = parseJson(body({ KeyId: 'k', Plaintext: 'c2VjcmV0' }))
  assert.ok(object instanceof Map)
  const first = decodeObject(everything, object)
  first.Plaintext?.fill(0)
  assert.deepEqual(decodeObject(everything, object), { KeyId: 'k', Plaintext: Buffer.from('secret') })
})
