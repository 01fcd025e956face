import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import type { Tag } from '@aws-sdk/client-kms'
import { constraint, membersOf, outcomeOf, refused } from '../support/answers.ts'
import { start } from '../support/server.ts'

const server = await start()
after(() => server.stop())
const kms = server.client()

let KeyId: string
beforeEach(async () => {
  KeyId = (await kms.createKey({})).KeyMetadata?.KeyId ?? ''
})

const tag = (TagKey: string, TagValue = ''): Tag => ({ TagKey, TagValue })
const many = (count: number, from = 0): Tag[] => Array.from({ length: count }, (_, index) => tag(`k${from + index}`))
const put = (...Tags: Tag[]) => kms.tagResource({ KeyId, Tags })
const remove = (...TagKeys: string[]) => kms.untagResource({ KeyId, TagKeys })
const pairs = async () =>
  ((await kms.listResourceTags({ KeyId })).Tags ?? []).map(({ TagKey = '', TagValue = '' }) => [TagKey, TagValue])

const tagKeys = async () => ((await kms.listResourceTags({ KeyId })).Tags ?? []).map(({ TagKey = '' }) => TagKey)

test('tags keep the order in which they came; one put again keeps its place', async () => {
  assert.deepEqual(await membersOf(put(tag('b', '1'), tag('a', '2'))), {})
  await put(tag('c', '3'), tag('b', 'new'))
  assert.deepEqual(await pairs(), [
    ['b', 'new'],
    ['a', '2'],
    ['c', '3'],
  ])
})

test('tag keys are told apart by case, and may hold anything', async () => {
  await put(tag('a'), tag('A'), tag('__proto__', 'x'), tag(' é€𝄞 '), tag('awsome'), tag('my:aws:'))
  assert.deepEqual(await tagKeys(), ['a', 'A', '__proto__', ' é€𝄞 ', 'awsome', 'my:aws:'])
})

test('removes tags, and succeeds for those that are not there', async () => {
  await put(tag('a'), tag('b'), tag('c'))
  assert.deepEqual(await membersOf(remove('c', 'a', 'x', 'a')), {})
  assert.deepEqual(await pairs(), [['b', '']])
  await remove()
  await remove('B')
  assert.deepEqual(await pairs(), [['b', '']])
})

test('a tag removed and put again goes to the end', async () => {
  await put(tag('a'), tag('b'))
  await remove('a')
  await put(tag('a'))
  assert.deepEqual(await tagKeys(), ['b', 'a'])
})

test('a key has 50 tags at most', async () => {
  await put(...many(50))
  await refused(put(tag('one more')), 'TagException', 'Too many tags')
  await refused(put(tag('k0', 'changed'), tag('one more')), 'TagException', 'Too many tags')
  await put(...many(50).map(({ TagKey = '' }) => tag(TagKey, 'changed')))
  await remove('k7')
  await put(tag('one more'))
  const now = await pairs()
  assert.deepEqual([now.length, now[0], now.at(-1)], [50, ['k0', 'changed'], ['one more', '']])
  await refused(kms.createKey({ Tags: many(51) }), 'TagException', 'Too many tags')
})

test('no tag begins with aws:, in any case', async () => {
  for (const TagKey of ['aws:', 'aws:x', 'AWS:x', 'aWs:cloudformation:stack']) {
    await refused(put(tag('fine'), tag(TagKey)), 'TagException', 'Tags beginning with aws: are reserved')
  }
  assert.deepEqual(await pairs(), [])
})

test('one request names a tag once', async () => {
  await refused(put(tag('a', '1'), tag('b'), tag('a', '1')), 'TagException', 'Duplicate tag keys')
  await refused(kms.createKey({ Tags: [tag('a'), tag('a')] }), 'TagException', 'Duplicate tag keys')
  assert.deepEqual(await pairs(), [])
})

test('tag keys have 1 to 128 characters, values up to 256', async () => {
  const [key, value] = ['𝄞'.repeat(128), '𝄞'.repeat(256)]
  await put(tag(key, value))
  assert.deepEqual(await pairs(), [[key, value]])
  const at = (member: string, shown: string | null, rule: string) => constraint(`tags.2.member.${member}`, shown, rule)
  for (const [bad, text] of [
    [tag(''), at('tagKey', '', 'have length greater than or equal to 1')],
    [tag(`${key}x`), at('tagKey', `${key}x`, 'have length less than or equal to 128')],
    [tag('k', `${value}x`), at('tagValue', `${value}x`, 'have length less than or equal to 256')],
    [{ TagKey: 'k', TagValue: undefined }, at('tagValue', null, 'not be null')],
    [{ TagKey: undefined, TagValue: 'v' }, at('tagKey', null, 'not be null')],
  ] as const) {
    await refused(put(tag('fine'), bad), 'ValidationException', text)
    await refused(kms.createKey({ Tags: [tag('fine'), bad] }), 'ValidationException', text)
  }
  const rules =
    '[Member must have length less than or equal to 128, Member must have length greater than or equal to 1]'
  await refused(
    remove('fine', ''),
    'ValidationException',
    constraint('tagKeys', '[fine, ]', `satisfy constraint: ${rules}`),
  )
})

test('tags and keys are needed', async () => {
  for (const Tags of [undefined, null as never]) {
    await refused(kms.tagResource({ KeyId, Tags }), 'ValidationException', constraint('tags', null, 'not be null'))
  }
  await refused(
    kms.untagResource({ KeyId, TagKeys: undefined }),
    'ValidationException',
    constraint('tagKeys', null, 'not be null'),
  )
  const missing = (member: string) => `Value null at '${member}' failed to satisfy constraint: Member must not be null`
  await refused(
    kms.tagResource({ KeyId: undefined, Tags: undefined }),
    'ValidationException',
    `2 validation errors detected: ${missing('keyId')}; ${missing('tags')}`,
  )
})

test('tags that are put and removed at once do not overwrite each other', async () => {
  await put(...many(10, 100))
  const puts = many(40).map(one => put(one))
  const removes = many(10, 100).map(({ TagKey = '' }) => remove(TagKey))
  assert.deepEqual(new Set(await Promise.all([...puts, ...removes].map(outcomeOf))), new Set(['OK']))
  const expected = many(40).map(({ TagKey = '' }) => TagKey)
  assert.deepEqual((await tagKeys()).sort(), expected.sort())
})

test('of 64 who want the 50 places, 50 get one', async () => {
  const outcomes = await Promise.all(many(64).map(one => outcomeOf(put(one))))
  assert.deepEqual(
    ['OK', 'TagException'].map(code => outcomes.filter(outcome => outcome === code).length),
    [50, 14],
  )
  const granted = many(64).filter((_, index) => outcomes[index] === 'OK')
  assert.deepEqual((await tagKeys()).sort(), granted.map(({ TagKey = '' }) => TagKey).sort())
})
