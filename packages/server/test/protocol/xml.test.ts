import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  boolean,
  integer,
  list,
  map,
  optional,
  publicBlob,
  string,
  structure,
  timestamp,
  type Shape,
} from '../../src/protocol/shape.ts'
import { encodeXml, encodeXmlText } from '../../src/protocol/xml.ts'

const content = <T>(shape: Shape<T>, value: T): string => {
  const text = encodeXmlText('A', 'urn:n', structure({ B: shape }), { B: value })
  assert.equal(encodeXml('A', 'urn:n', structure({ B: shape }), { B: value }).toString(), text)
  const [, inner] = /^<A xmlns="urn:n"><B>([^]*)<\/B><\/A>$/.exec(text) ?? assert.fail(text)
  return inner ?? ''
}

test('writes each type as the Query protocol has it', () => {
  assert.equal(content(integer(), -5), '-5')
  assert.equal(content(boolean(), true), 'true')
  assert.equal(content(boolean(), false), 'false')
  assert.equal(content(string(), ''), '')
  assert.equal(content(publicBlob(), Buffer.from([0xfb, 0xff])), '+/8=')
  assert.equal(content(timestamp(), new Date('2026-11-24T10:00:00.987Z')), '2026-11-24T10:00:00Z')
})

test('writes members of lists, entries of maps, and only members that are there', () => {
  const shape = structure({
    Users: list(structure({ Name: string(), Path: optional(string()) })),
    Names: list(string()),
    Summary: map(string(), integer()),
    None: optional(string()),
  })
  const value = {
    Users: [{ Name: 'a' }, { Name: 'b', Path: '/' }],
    Names: [],
    Summary: new Map([
      ['Users', 2],
      ['<Groups>', 0],
    ]),
  }
  assert.equal(
    content(shape, value),
    '<Users><member><Name>a</Name></member><member><Name>b</Name><Path>/</Path></member></Users><Names></Names>' +
      '<Summary><entry><key>Users</key><value>2</value></entry>' +
      '<entry><key>&lt;Groups&gt;</key><value>0</value></entry></Summary>',
  )
})

const escapes: [text: string, written: string][] = [
  ['a & b < c > d "e" \'f\'', 'a &amp; b &lt; c &gt; d &quot;e&quot; &apos;f&apos;'],
  ['</Message><Message>', '&lt;/Message&gt;&lt;Message&gt;'],
  [']]>', ']]&gt;'],
  ['tab\tline\nreturn\r', 'tab\tline\nreturn&#13;'],
  ['\u0000\u0008\u000b\u000c\u001b\ufffe\uffff', '\ufffd'.repeat(7)],
  ['\ud800 \udc00', '\ufffd \ufffd'],
  ['caf\u00e9 \u007f \u0085 \u{1f511} \ud7ff \ue000', 'caf\u00e9 \u007f \u0085 \u{1f511} \ud7ff \ue000'],
  ['#$%()*;=?@[]^_`{|}~', '#$%()*;=?@[]^_`{|}~'],
]
for (const [text, written] of escapes) {
  test(`${JSON.stringify(text)} stays text`, () => {
    assert.equal(content(string(), text), written)
  })
}

test('a document of a megabyte is whole, and leaves nothing to the next', () => {
  const text = '<'.repeat(2 ** 18)
  assert.equal(content(string(), text), '&lt;'.repeat(2 ** 18))
  assert.equal(content(string(), 'x'), 'x')
})

test('what cannot be written leaves nothing to the next', () => {
  assert.throws(() => content(timestamp(), new Date(Number.NaN)))
  assert.equal(content(string(), 'x'), 'x')
})
