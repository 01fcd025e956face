import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aliasArn, isAccount, keyArn, requireKeyIdentifier, splitArn } from '../../src/protocol/arn.ts'
import type { KmsError } from '../../src/protocol/errors.ts'

const here = { account: '111122223333', region: 'us-west-2' }
const id = '1234abcd-12ab-34cd-56ef-1234567890ab'
const multiRegion = 'mrk-1234abcd12ab34cd56ef1234567890ab'
const arn = `arn:aws:kms:us-west-2:111122223333:key/${id}`

test('key ARNs and alias ARNs are formatted as the service prints them', () => {
  assert.equal(keyArn({ ...here, id }), arn)
  assert.equal(aliasArn({ ...here, name: 'alias/app/prod' }), 'arn:aws:kms:us-west-2:111122223333:alias/app/prod')
})

test('an ARN is cut into fields, its resource keeping further colons', () => {
  assert.deepEqual(splitArn('arn:aws:sns:eu-west-1:111122223333:topic:a:b'), {
    partition: 'aws',
    service: 'sns',
    region: 'eu-west-1',
    account: '111122223333',
    resource: 'topic:a:b',
  })
  assert.deepEqual(splitArn('arn:aws:iam::111122223333:root'), {
    partition: 'aws',
    service: 'iam',
    region: '',
    account: '111122223333',
    resource: 'root',
  })
})

for (const text of ['', 'arn', 'arn:aws:kms:us-west-2:111122223333', 'arn:aws:kms:us-west-2:111122223333:']) {
  test(`'${text}' is no ARN`, () => assert.equal(splitArn(text), undefined))
}
for (const text of ['ARN:aws:kms:r:a:key/1', 'urn:aws:kms:r:a:key/1', 'arn::kms:r:a:key/1', 'arn:aws::r:a:key/1']) {
  test(`'${text}' is no ARN`, () => assert.equal(splitArn(text), undefined))
}

test('accounts are twelve digits', () => {
  assert.ok(isAccount('000000000000'))
  for (const text of ['', '11112222333', '1111222233334', '11112222333a', '١١١١٢٢٢٢٣٣٣٣']) assert.ok(!isAccount(text))
})

const accepted: [text: string, result: object][] = [
  [id, { ...here, keyId: id }],
  [multiRegion, { ...here, keyId: multiRegion }],
  [arn, { ...here, keyId: id }],
  [`arn:aws:kms:us-west-2:444455556666:key/${id}`, { account: '444455556666', region: 'us-west-2', keyId: id }],
  [`arn:aws:kms:us-west-2:111122223333:key/${multiRegion}`, { ...here, keyId: multiRegion }],
  ['alias/app', { ...here, aliasName: 'alias/app' }],
  ['alias/aws/s3', { ...here, aliasName: 'alias/aws/s3' }],
  ['alias/Under_score-1/x', { ...here, aliasName: 'alias/Under_score-1/x' }],
  ['alias/' + 'a'.repeat(250), { ...here, aliasName: 'alias/' + 'a'.repeat(250) }],
  ['arn:aws:kms:us-west-2:111122223333:alias/app', { ...here, aliasName: 'alias/app' }],
  [
    'arn:aws:kms:us-west-2:444455556666:alias/a/b',
    { account: '444455556666', region: 'us-west-2', aliasName: 'alias/a/b' },
  ],
]
for (const [text, result] of accepted) {
  test(`accepts ${text.slice(0, 80)}`, () => {
    assert.deepEqual(requireKeyIdentifier(text, { ...here, aliases: true }), result)
    if ('keyId' in result) assert.deepEqual(requireKeyIdentifier(text, { ...here, aliases: false }), result)
  })
}

const upper = id.toUpperCase()
const malformed = [
  '1234abcd12ab34cd56ef1234567890ab',
  upper,
  `${id} `,
  `${id}\n`,
  `{${id}}`,
  'mrk-fake-key-id',
  `mrk-${id}`,
  multiRegion.toUpperCase(),
  'g234abcd-12ab-34cd-56ef-1234567890ab',
  'fake',
  `key/${id}`,
  'Alias/app',
  'alias',
  `kms:us-west-2:111122223333:key/${id}`,
]
const refused: [text: string, code: string, message: string][] = [
  ...malformed.map((text): [string, string, string] => [text, 'NotFoundException', `Invalid keyId '${text}'`]),
  // Inside an ARN, the service prints the id alone and without quotes.
  ['arn:aws:kms:us-west-2:111122223333:key/fake', 'NotFoundException', 'Invalid keyId fake'],
  [`arn:aws:kms:us-west-2:111122223333:key/${upper}`, 'NotFoundException', `Invalid keyId ${upper}`],
  [`arn:aws:kms:us-west-2:111122223333:key/${id}:x`, 'NotFoundException', `Invalid keyId ${id}:x`],
  ['arn:aws:kms:us-west-2:111122223333:key/', 'NotFoundException', 'Invalid keyId '],
  [`arn:aws:kms:eu-west-1:111122223333:key/${id}`, 'NotFoundException', 'Invalid arn eu-west-1'],
  ['arn:aws:kms:eu-west-1:111122223333:alias/app', 'NotFoundException', 'Invalid arn eu-west-1'],
  ['arn:aws:kms:US-WEST-2:111122223333:alias/app', 'NotFoundException', 'Invalid arn US-WEST-2'],
  ...[
    'arn:',
    'arn:aws:kms:us-west-2:111122223333',
    'arn:aws:kms:us-west-2:111122223333:',
    `arn:aws:kms::111122223333:key/${id}`,
    `arn:aws:kms:us-west-2::key/${id}`,
    `arn:aws:kms:us-west-2:11112222333:key/${id}`,
    `arn:aws:s3:us-west-2:111122223333:key/${id}`,
    `arn:aws-cn:kms:us-west-2:111122223333:key/${id}`,
    `arn:aws:kms:us-west-2:111122223333:${id}`,
    `arn:aws:kms:us-west-2:111122223333:grant/${id}`,
    `arn:aws:kms:us-west-2:111122223333:key:${id}`,
  ].map((text): [string, string, string] => [text, 'InvalidArnException', `${text} is not a valid ARN`]),
  // No alias can have such a name, so none is found by it.
  ['alias/', 'NotFoundException', 'Alias arn:aws:kms:us-west-2:111122223333:alias/ is not found.'],
  ['alias/a b', 'NotFoundException', 'Alias arn:aws:kms:us-west-2:111122223333:alias/a b is not found.'],
  ['alias/a:b', 'NotFoundException', 'Alias arn:aws:kms:us-west-2:111122223333:alias/a:b is not found.'],
  ['alias/a\0', 'NotFoundException', 'Alias arn:aws:kms:us-west-2:111122223333:alias/a\0 is not found.'],
  [
    'alias/' + 'a'.repeat(251),
    'NotFoundException',
    `Alias arn:aws:kms:us-west-2:111122223333:alias/${'a'.repeat(251)} is not found.`,
  ],
  [
    'arn:aws:kms:us-west-2:444455556666:alias/a:b',
    'NotFoundException',
    'Alias arn:aws:kms:us-west-2:444455556666:alias/a:b is not found.',
  ],
]
for (const [text, code, message] of refused) {
  test(`refuses ${JSON.stringify(text.slice(0, 80))} with ${code}`, () => {
    assert.throws(
      () => requireKeyIdentifier(text, { ...here, aliases: true }),
      (error: KmsError) => error.code === code && error.message === message,
    )
  })
}

for (const text of ['alias/app', 'alias/a b', 'arn:aws:kms:us-west-2:111122223333:alias/app']) {
  test(`refuses ${text} where only a key id or key ARN is allowed`, () => {
    const message = 'Key Aliases are not supported for this operation.'
    assert.throws(
      () => requireKeyIdentifier(text, { ...here, aliases: false }),
      (error: KmsError) => error.code === 'InvalidArnException' && error.message === message,
    )
  })
}
