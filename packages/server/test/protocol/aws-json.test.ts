import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeError } from '../../src/protocol/aws-json.ts'
import { errorStatus, kmsError, type ErrorCode } from '../../src/protocol/errors.ts'

test('tells an error by its bare code and `message`', () => {
  const error = kmsError('NotFoundException', "Key 'arn' does not exist")
  assert.equal(encodeError(error).toString(), `{"__type":"NotFoundException","message":"Key 'arn' does not exist"}`)
})

test('spells `Message` with a capital for AccessDeniedException and SerializationException, and no other', () => {
  for (const code of Object.keys(errorStatus) as ErrorCode[]) {
    const isCapital = code === 'AccessDeniedException' || code === 'SerializationException'
    const expected = { __type: code, [isCapital ? 'Message' : 'message']: 'text' }
    assert.deepEqual(JSON.parse(encodeError(kmsError(code, 'text')).toString()), expected)
  }
})

test('has no member for the text of an error without one', () => {
  for (const code of Object.keys(errorStatus) as ErrorCode[]) {
    assert.equal(encodeError(kmsError(code)).toString(), `{"__type":"${code}"}`)
  }
})

test('sends an empty text as one', () => {
  assert.equal(
    encodeError(kmsError('ValidationException', '')).toString(),
    '{"__type":"ValidationException","message":""}',
  )
})

test('escapes what a text quotes', () => {
  const text = "Value '\"\\\n\u0000\u001f é 😀 \u2028' at 'keyId'"
  const body = encodeError(kmsError('ValidationException', text)).toString()
  assert.equal(JSON.parse(body).message, text)
  assert.ok(body.includes('\\"\\\\\\n\\u0000\\u001f é 😀'))
})
