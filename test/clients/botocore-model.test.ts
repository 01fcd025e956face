import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { before, suite, test } from 'node:test'
import { operations } from '../../packages/server/src/operations/index.ts'
import type { About } from '../../packages/server/src/protocol/shape.ts'
import { isWithin, neverAnswered, notTaken } from '../../packages/server/test/support/model-differences.ts'
import { modelledErrors, type ModelledService } from '../../packages/server/test/support/modelled-errors.ts'
import { lacking, pythonPrints } from './support.ts'

/**
 * The operation table against the model that boto3 and the AWS CLI of this machine carry: operations, members, enum
 * values, and every constraint, which the SDK for JavaScript leaves out. Whatever that model has of KMS beyond the table
 * fails here. Of IAM and STS a part is here, and what a later model adds to an operation is no part of it.
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

interface Models {
  version: string
  services: Record<ModelledService, Record<string, { input: Members | null; output: Members | null; errors: string[] }>>
}

function ours(about: About, path = '', required = true, found: Members = {}): Members {
  if (path !== '') {
    const { min, max, pattern, values } = about as { min?: number; max?: number; pattern?: string; values?: string[] } // Whichever it has.
    found[path] = {
      type: about.type,
      required,
      // A list of at least none is any list.
      ...(min !== undefined && !(about.type === 'list' && min === 0) && { min }),
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

suite('the models that botocore has', { skip: await lacking('botocore') }, () => {
  let models: Models
  before(async () => {
    models = JSON.parse(await pythonPrints(fileURLToPath(new URL('botocore_model.py', import.meta.url)))) as Models // As the script says.
  })

  test('have no operation of KMS that is not here', t => {
    const here = new Set(operations.filter(({ service }) => service === 'kms').map(({ name }) => name))
    const names = Object.keys(models.services.kms)
    assert.ok(names.length >= 56)
    assert.deepEqual(
      names.filter(name => !here.has(name)),
      [],
    )
    t.diagnostic(`botocore ${models.version}: ${names.length} operations`)
  })

  for (const { name, service, input, output } of operations) {
    if (service === 'keyreeve') continue
    const modelOf = () => models.services[service][name] ?? assert.fail(`the model has no operation ${name}`)
    const isWhole = service === 'kms'
    /** What the model has, but for what is left out on purpose, and for what a later one has added. */
    const wanted = (members: Members | null, mine: Members, leftOut: readonly string[] | undefined): Members =>
      Object.fromEntries(
        Object.entries(members ?? {}).filter(
          ([member]) => !isWithin(member, leftOut) && (isWhole || Object.hasOwn(mine, member)),
        ),
      )

    test(`${name}: members and constraints of the input, in the order of enums too`, () => {
      const mine = ours(input.about)
      assert.deepEqual(mine, wanted(modelOf().input, mine, notTaken[name]))
    })

    test(`${name}: members of the output`, () => {
      const mine = output ? ours(output.about) : {}
      assert.deepEqual(
        Object.keys(mine).sort(),
        Object.keys(wanted(modelOf().output, mine, neverAnswered[name])).sort(),
      )
    })

    test(`${name}: the errors that the SDK for JavaScript names`, () => {
      const named = modelledErrors(service, name)
      const { errors } = modelOf()
      assert.deepEqual(named, isWhole ? errors : errors.filter(error => named.includes(error)))
    })
  }
})
