import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { before, suite, test } from 'node:test'
import { operations } from '../../packages/server/src/operations/index.ts'
import type { About } from '../../packages/server/src/protocol/shape.ts'
import { modelledErrors } from '../../packages/server/test/support/modelled-errors.ts'
import { lacking, pythonPrints } from './support.ts'

/**
 * The operation table against the model that boto3 and the AWS CLI of this machine carry: operations, members, enum
 * values, and every constraint, which the SDK for JavaScript leaves out. Whatever that model has beyond the table fails
 * here.
 */

interface Facts {
  type: string
  required: boolean
  min?: number
  max?: number
  pattern?: string
  enum?: string[]
}
type Members = Record<string, Facts>

interface Model {
  version: string
  operations: Record<string, { input: Members | null; output: Members | null; errors: string[] }>
}

/** No key store is a CloudHSM cluster here, and a rotation on demand has happened when it is answered. */
const neverAnswered = [
  'KeyMetadata.CloudHsmClusterId',
  'ReplicaKeyMetadata.CloudHsmClusterId',
  'CustomKeyStores[].CloudHsmClusterId',
  'CustomKeyStores[].TrustAnchorCertificate',
  'OnDemandRotationStartDate',
]

function ours(about: About, path = '', required = true, found: Members = {}): Members {
  if (path !== '') {
    const { min, max, pattern, values } = about as { min?: number; max?: number; pattern?: string; values?: string[] } // Whichever it has.
    found[path] = {
      type: about.type,
      required,
      ...(min !== undefined && { min }),
      ...(max !== undefined && { max }),
      ...(pattern !== undefined && { pattern }),
      ...(values && { enum: values }),
    }
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

suite('the model that botocore has', { skip: await lacking('botocore') }, () => {
  let model: Model
  before(async () => {
    model = JSON.parse(await pythonPrints(fileURLToPath(new URL('botocore_model.py', import.meta.url)))) as Model // As the script says.
  })

  test('has no operation that is not here', t => {
    const here = new Set(operations.filter(({ service }) => service === 'kms').map(({ name }) => name))
    const names = Object.keys(model.operations)
    assert.ok(names.length >= 56)
    assert.deepEqual(
      names.filter(name => !here.has(name)),
      [],
    )
    t.diagnostic(`botocore ${model.version}: ${names.length} operations`)
  })

  for (const { name, service, input, output } of operations) {
    if (service !== 'kms') continue
    test(`${name}: members and constraints of the input, in the order of enums too`, () => {
      const theirs = model.operations[name]?.input ?? {}
      assert.deepEqual(ours(input.about), theirs)
    })

    test(`${name}: members of the output`, () => {
      const theirs = Object.entries(model.operations[name]?.output ?? {})
      const mine = output ? ours(output.about) : {}
      const missing = theirs.filter(([member]) => !(member in mine)).map(([member]) => member)
      assert.deepEqual(
        missing.filter(member => !neverAnswered.includes(member)),
        [],
      )
      assert.deepEqual(
        Object.keys(mine).filter(member => !theirs.some(([other]) => other === member)),
        [],
      )
    })

    test(`${name}: the errors that the SDK for JavaScript names`, () => {
      assert.deepEqual(modelledErrors('kms', name), model.operations[name]?.errors)
    })
  }
})
