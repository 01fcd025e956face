import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import * as iam from '@aws-sdk/client-iam'
import * as kms from '@aws-sdk/client-kms'
import * as sts from '@aws-sdk/client-sts'
import { keySpecs } from '../../src/keys/specs.ts'
import { operations } from '../../src/operations/index.ts'
import { errorStatus } from '../../src/protocol/errors.ts'
import type { About } from '../../src/protocol/shape.ts'
import { isWithin, neverAnswered, notTaken } from '../support/model-differences.ts'
import {
  beyondTheModel,
  isExpected,
  modelledErrors,
  unanswered,
  type ModelledService,
} from '../support/modelled-errors.ts'

/**
 * Our shapes against the service's model, as the official clients carry it. A newer client with an operation, a member or
 * an enum value that is not known here fails these tests; every intended difference is listed.
 */

/** Operations of the model that are not there yet. */
const notYet: readonly string[] = []

/** In answers the old member carries every spec, as the service's own do, though the model's enum stopped growing. */
const widerThanTheModel = [
  'KeyMetadata.CustomerMasterKeySpec',
  'ReplicaKeyMetadata.CustomerMasterKeySpec',
  'CustomerMasterKeySpec',
]

/** Members of requests that the service has got since this client was released (botocore 1.44.5, 2026-11). */
const newerThanTheClient: Record<string, readonly string[]> = { ListKeys: ['ResourceOwners', 'ResourceOwners[]'] }

/** Path of each member (`Tags[].TagKey`, `EncryptionContext{}`) and what it is. */
type Members = Record<string, { type: string; required: boolean; values?: readonly string[] }>

// Ours

function ours(about: About, path = '', required = true, found: Members = {}): Members {
  if (path !== '') {
    const values = 'values' in about && about.values ? { values: about.values.toSorted() } : {}
    found[path] = { type: about.type, required, ...values }
  }
  if (about.type === 'list') ours(about.element, `${path}[]`, true, found)
  if (about.type === 'map') ours(about.value, `${path}{}`, true, found)
  if (about.type === 'structure') {
    for (const [name, member] of Object.entries(about.members)) {
      ours(member.shape, path === '' ? name : `${path}.${name}`, member.required, found)
    }
  }
  return found
}

// Theirs: schemas are arrays that begin with a number for their kind, scalars are numbers.

type Schema = unknown
const scalars: Record<number, string> = { 0: 'string', 1: 'integer', 2: 'boolean', 4: 'timestamp', 21: 'blob' }

interface Model {
  exports: Record<string, Schema>
  /** By structure, the TypeScript type of each member: the schemas do not name enums. */
  types: Record<string, Record<string, string>>
}

function modelOf(name: string, exports: object): Model {
  const entry = createRequire(import.meta.url).resolve(name)
  const files = ['models_0', 'models_1'].map(file => join(entry, `../../dist-types/models/${file}.d.ts`))
  const source = files.map(file => (existsSync(file) ? readFileSync(file, 'utf8') : '')).join('\n')
  const types: Model['types'] = {}
  for (const [, structure = '', body = ''] of source
    .replace(/\/\*\*[^]*?\*\//g, '')
    .matchAll(/export interface (\w+) \{([^]*?)\n\}/g)) {
    const members = body.matchAll(/^ +(\w+)\??: (.+?)(?: \| undefined)?;$/gm)
    types[structure] = Object.fromEntries(Array.from(members, ([, member = '', type = '']) => [member, type]))
  }
  return { exports: exports as Record<string, Schema>, types } // A module's namespace.
}

function theirs(model: Model, schema: Schema, type: string, path = '', required = true, found: Members = {}): Members {
  if (typeof schema === 'function') return theirs(model, schema(), type, path, required, found)
  const record = (kind: string): void => {
    const values = model.exports[type]
    const isEnum = kind === 'string' && typeof values === 'object' && values !== null
    found[path] = {
      type: kind,
      required,
      ...(isEnum && { values: Object.values<string>(values as Record<string, string>).toSorted() }),
    }
  }
  if (typeof schema === 'number') {
    const [list, map] = [64, 128]
    const element = type.replace(/\[\]$/, '')
    if (schema >= map) {
      record('map')
      return theirs(model, schema - map, 'string', `${path}{}`, true, found)
    }
    if (schema >= list) {
      record('list')
      return theirs(model, schema - list, element, `${path}[]`, true, found)
    }
    record(scalars[schema] ?? assert.fail(`a scalar of kind ${schema} at ${path}`))
    return found
  }
  assert.ok(Array.isArray(schema), `no schema at ${path}`)
  const [kind, , name, , ...rest] = schema as [unknown, unknown, string, unknown, ...unknown[]]
  // A member with traits: the schema, and they.
  if (typeof kind !== 'number' || schema.length === 2) return theirs(model, kind, type, path, required, found)
  if (kind === 0) return theirs(model, rest[0], type, path, required, found)
  if (kind === 1) {
    record('list')
    return theirs(model, rest[0], type.replace(/\[\]$/, ''), `${path}[]`, true, found)
  }
  assert.equal(kind, 3, `a schema of kind ${kind} at ${path}`)
  if (path !== '') record('structure')
  const [names, members, requiredCount = 0] = rest as [string[], unknown[], number?]
  for (const [index, member] of names.entries()) {
    const memberType = model.types[name]?.[member] ?? assert.fail(`no type of ${name}.${member}`)
    const at = path === '' ? member : `${path}.${member}`
    theirs(model, members[index], memberType, at, index < requiredCount, found)
  }
  return found
}

const models = {
  iam: modelOf('@aws-sdk/client-iam', iam),
  kms: modelOf('@aws-sdk/client-kms', kms),
  sts: modelOf('@aws-sdk/client-sts', sts),
}

/** Input and output of an operation of the model. */
function signatureOf(service: ModelledService, name: string): [input: Schema, output: Schema] {
  const schema = models[service].exports[`${name}$`]
  assert.ok(Array.isArray(schema) && schema[0] === 9, `the model has no operation ${name}`)
  return [schema[4]?.(), schema[5]?.()]
}

const inModel = Object.entries(models.kms.exports)
  .filter(([, schema]) => Array.isArray(schema) && schema[0] === 9)
  .map(([name]) => name.slice(0, -1))

test('every operation of the model is there, or listed as not there yet', t => {
  const here = operations.filter(({ service }) => service === 'kms').map(({ name }) => name)
  assert.deepEqual([...here, ...notYet].sort(), inModel.toSorted())
  assert.equal(inModel.length, 56)
  t.diagnostic(`${here.length} of ${inModel.length} operations; not yet: ${notYet.join(', ')}`)
})

for (const { name, service, input, output } of operations) {
  if (service === 'keyreeve') continue
  test(`${name} takes what the model says`, () => {
    const [wanted] = signatureOf(service, name)
    const model = theirs(models[service], wanted, '')
    const newer = newerThanTheClient[name] ?? []
    for (const member of newer) assert.ok(!(member in model), `the client knows ${name}.${member} by now`)
    for (const member of notTaken[name] ?? []) assert.ok(member in model, `${member} is not in the model`)
    const wantedMembers = Object.entries(model).filter(([member]) => !isWithin(member, notTaken[name]))
    const taken = Object.entries(ours(input.about)).filter(([member]) => !newer.includes(member))
    assert.deepEqual(Object.fromEntries(taken), Object.fromEntries(wantedMembers))
  })

  test(`${name} answers what the model says`, () => {
    const [, wanted] = signatureOf(service, name)
    if (output === null) return assert.equal(wanted, 'unit')
    const never = neverAnswered[name] ?? []
    const model = theirs(models[service], wanted, '')
    for (const member of never) assert.ok(member in model, `${member} is not in the model`)
    const expected = Object.entries(model).filter(([member]) => !isWithin(member, never))
    const answered = ours(output.about)
    // Which values and how many members an answer has is decided elsewhere; a shape that lists values lists them all.
    const comparable = (members: Members) =>
      Object.fromEntries(
        Object.entries(members).map(([member, { type, values }]) => {
          const isListed = answered[member]?.values !== undefined && !widerThanTheModel.includes(member)
          return [member, isListed ? { type, values } : { type }]
        }),
      )
    assert.deepEqual(comparable(answered), comparable(Object.fromEntries(expected)))
  })
}

test('the table of key specs has every spec, usage and algorithm of the model, and no other', () => {
  assert.deepEqual(Object.keys(keySpecs).sort(), Object.values(kms.KeySpec).sort())
  const algorithms = {
    ENCRYPT_DECRYPT: kms.EncryptionAlgorithmSpec,
    SIGN_VERIFY: kms.SigningAlgorithmSpec,
    GENERATE_VERIFY_MAC: kms.MacAlgorithmSpec,
    KEY_AGREEMENT: kms.KeyAgreementAlgorithmSpec,
    ENCAPSULATE_DECAPSULATE: kms.EncapsulationAlgorithmSpec,
  }
  assert.deepEqual(Object.keys(algorithms).sort(), Object.values(kms.KeyUsageType).sort())
  for (const [usage, model] of Object.entries(algorithms)) {
    const known = Object.values(keySpecs).flatMap(spec => spec.algorithms[usage as kms.KeyUsageType] ?? [])
    assert.deepEqual([...new Set(known)].sort(), Object.values<string>(model).sort(), usage)
  }
})

test('every error is one of the model, or one that all services have', () => {
  const common = [
    'AccessDeniedException',
    'ExpiredWebIdentityTokenException',
    'IncompleteSignatureException',
    'InvalidParameterValueException',
    'InvalidSignatureException',
    'MalformedInputException',
    'MissingActionException',
    'MissingAuthenticationTokenException',
    'NotAuthorizedException',
    'SerializationException',
    'ThrottlingException',
    'UnknownOperationException',
    'UnrecognizedClientException',
    'ValidationException',
  ]
  const strange = Object.keys(errorStatus).filter(
    code => !Object.values(models).some(({ exports }) => `${code}$` in exports),
  )
  assert.deepEqual(strange.sort(), common)
})

test('errors that no model names, or that nothing answers, are listed, and no others', () => {
  // Whatever the servers of all tests answer is looked up there (support/server.ts).
  assert.equal(isExpected('Encrypt', 'DisabledException'), true)
  assert.equal(isExpected('Encrypt', 'TagException'), false)
  assert.equal(isExpected('Encrypt', 'DependencyTimeoutException'), false)
  assert.equal(isExpected('GetCallerIdentity', 'DisabledException'), false)
  assert.equal(isExpected('CreateUser', 'EntityAlreadyExistsException'), true)
  assert.equal(isExpected('ListUsers', 'NoSuchEntityException'), false)
  const isModelled = (name: string, code: string): boolean => {
    const service = operations.find(operation => operation.name === name)?.service
    return service !== undefined && service !== 'keyreeve' && modelledErrors(service, name).includes(code)
  }
  for (const [code, { operations: named }] of Object.entries(beyondTheModel)) {
    assert.ok(code in errorStatus, code)
    for (const name of named) assert.ok(!isModelled(name, code), `${name} ${code}`)
  }
  for (const [code, { operations: named }] of Object.entries(unanswered)) {
    const those = operations.filter(({ name }) => isModelled(name, code)).map(({ name }) => name)
    assert.ok(those.length > 0, code)
    if (named !== 'any') for (const name of named) assert.ok(those.includes(name), `${name} ${code}`)
  }
})

test('no answer that holds a secret may be put together as a string', () => {
  const secrets = ['Plaintext', 'PrivateKeyPlaintext', 'SharedSecret', 'Mac', 'SecretAccessKey', 'SessionToken']
  const holders = operations.filter(
    ({ output }) =>
      output !== null &&
      Object.keys(ours(output.about)).some(member => secrets.includes(member.slice(member.lastIndexOf('.') + 1))),
  )
  assert.deepEqual(
    holders
      .filter(({ service }) => service === 'kms')
      .map(({ name }) => name)
      .sort(),
    [
      'Decapsulate',
      'Decrypt',
      'DeriveSharedSecret',
      'Encapsulate',
      'GenerateDataKey',
      'GenerateDataKeyPair',
      'GenerateMac',
      'GenerateRandom',
    ],
  )
  assert.ok(holders.some(({ name }) => name === 'CreateAccessKey'))
  for (const { name, output } of holders) assert.equal(output?.isQuotable, false, name)
})
