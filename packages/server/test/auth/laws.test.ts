import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { grantOperations, type Grant } from '../../src/auth/grants.ts'
import { Prng } from '../protocol/prng.ts'
import { byNaive, byProduct, shrunk, type Case, type Evaluator } from './case.ts'
import { randomCase, swapCase } from './generator.ts'
import type { Document, Statement } from './naive.ts'
import {
  allowAll,
  list,
  mapped,
  withConditions,
  without,
  withoutPolicies,
  withStatements,
  wrongEvaluators,
  type Mistake,
} from './wrong.ts'

/** What holds of every question, whatever its answer. */
interface Law {
  /** Undefined of a question of which it says nothing. */
  holds: (decide: Evaluator, question: Case, prng: Prng) => boolean | undefined
  /** By which it is broken. */
  mistakes: Mistake[]
}

const laws: Record<string, Law> = {
  'where a Deny applies nothing is allowed': {
    holds(decide, question, prng) {
      const layers = (['identity', 'boundary', 'session', 'resource'] as const).filter(layer =>
        layer === 'identity' ? question.caller.type !== 'Root' : question.policies[layer] !== undefined,
      )
      if (layers.length === 0) return undefined
      return decide(withStatement(question, prng.pick(layers), 'Deny')).startsWith('explicit')
    },
    mistakes: ['ignores Deny', 'lets grants beat Deny', 'takes Deny for Allow', 'looks at the first statement alone'],
  },
  'what a statement allows, it denies if it says Deny instead': {
    holds(decide, question, prng) {
      const statement = anyOf(statementsIn(question), prng)
      if (!statement || !applies(decide, question, { ...statement, Effect: 'Allow' })) return undefined
      return applies(decide, question, { ...statement, Effect: 'Deny' })
    },
    mistakes: ['ignores Deny', 'takes Deny for Allow'],
  },
  'without one Allow less is allowed': {
    holds(decide, question, prng) {
      if (decide(question) === 'allow') return undefined
      const statement = anyOf(
        statementsIn(question).filter(({ Effect }) => Effect === 'Allow'),
        prng,
      )
      if (!statement) return undefined
      const without = withStatements(question, same => same === statement, withoutEffect)
      return decide(without) !== 'allow'
    },
    mistakes: ['takes the first hit for the strongest'],
  },
  'without one Deny more is allowed': {
    holds(decide, question, prng) {
      if (decide(question) !== 'allow') return undefined
      const statement = anyOf(
        statementsIn(question).filter(({ Effect }) => Effect === 'Deny'),
        prng,
      )
      if (!statement) return undefined
      return decide(withStatements(question, same => same === statement, withoutEffect)) === 'allow'
    },
    mistakes: ['takes Deny for Allow'],
  },
  'a further condition narrows what is allowed': {
    holds: (decide, question, prng) =>
      decide(question) === 'allow' ? undefined : narrowed(decide, question, 'Allow', prng) !== 'allow',
    mistakes: ['looks at the last operator alone'],
  },
  'a further condition narrows what is denied': {
    holds: (decide, question, prng) =>
      decide(question) === 'allow' ? narrowed(decide, question, 'Deny', prng) === 'allow' : undefined,
    mistakes: ['looks at the last operator alone'],
  },
  'a grant takes nothing away, and lifts no Deny': {
    holds(decide, question) {
      const without = decide({ ...question, grants: [] })
      if (without.startsWith('implicit')) return undefined
      return decide({ ...question, grants: [...question.grants, grantTo(question)] }) === without
    },
    mistakes: ['lets grants beat Deny'],
  },
  'the names of statements mean nothing': {
    holds: isUnchanged((question, prng) =>
      withStatements(
        question,
        () => true,
        ({ Sid, ...statement }, at) => [
          Sid === undefined || prng.chance(30) ? { ...statement, Sid: `X${at}` } : statement,
        ],
      ),
    ),
    mistakes: ['looks at statements with a Sid alone'],
  },
  'the order of statements and policies means nothing': {
    holds: isUnchanged(question => {
      const turned = mapped(question, document => ({ ...document, Statement: list(document.Statement).toReversed() }))
      const { identity, session } = turned.policies
      return {
        ...turned,
        policies: {
          ...turned.policies,
          identity: identity.toReversed(),
          ...(session && { session: session.toReversed() }),
        },
        grants: question.grants.toReversed(),
      }
    }),
    mistakes: ['looks at the first statement alone', 'takes the last statement with its effect alone'],
  },
  'a statement of many actions, resources and principals is as many statements': {
    holds: isUnchanged(question =>
      withStatements(
        question,
        () => true,
        statement => split(statement),
      ),
    ),
    mistakes: ['looks at the first action alone'],
  },
  'each policy of the caller may be several': {
    holds: isUnchanged(question => ({
      ...question,
      policies: {
        ...question.policies,
        identity: question.policies.identity.flatMap(document =>
          list(document.Statement).map(statement => ({ ...document, Statement: statement })),
        ),
      },
    })),
    mistakes: ['looks at the first statement alone'],
  },
  'the case of actions and condition keys means nothing': {
    holds: isUnchanged(question => {
      const loud = withConditions(question, (operator, keys) => [
        operator,
        // Names that differ in case only stay apart, since no two of them are given in upper case and otherwise alike.
        Object.keys(keys).some(key => key === key.toUpperCase())
          ? keys
          : Object.fromEntries(Object.entries(keys).map(([key, values]) => [swapCase(key), values])),
      ])
      return withStatements(
        loud,
        ({ Action }) => Action !== undefined,
        statement => [{ ...statement, Action: list(statement.Action).map(swapCase) }],
      )
    }),
    mistakes: ['knows condition keys only in lower case', 'knows actions only as they are spelt'],
  },
  'statements about other resources and other callers mean nothing': {
    holds: isUnchanged((question, prng) => {
      const elsewhere: Statement = {
        Effect: prng.pick(['Allow', 'Deny']),
        Action: '*',
        Resource: 'arn:aws:kms:us-west-2:777788889999:key/1234',
      }
      const { identity, resource } = question.policies
      const toOthers: Statement = {
        Effect: prng.pick(['Allow', 'Deny']),
        Principal: { AWS: '777788889999' },
        Action: '*',
        ...(resource?.kind === 'key' && { Resource: '*' }),
      }
      return {
        ...question,
        policies: {
          ...question.policies,
          identity: [...identity, { Statement: elsewhere }],
          ...(resource && { resource: { ...resource, document: withOneMore(resource.document, toOthers) } }),
        },
      }
    }),
    mistakes: ['ignores resources', 'ignores principals'],
  },
  'what limits nothing is as good as nothing': {
    holds: isUnchanged(({ policies, ...question }) => ({
      ...question,
      policies: { boundary: allowAll, session: [allowAll], ...policies },
    })),
    mistakes: ['wants a boundary of everybody', 'wants session policies of everybody'],
  },
  'no session policies are as bad as one that allows nothing': {
    holds(decide, { policies, ...question }) {
      const nothing: Document = { Statement: { Effect: 'Allow', Action: 'none:Nothing', Resource: '*' } }
      const none = decide({ ...question, policies: { ...policies, session: [] } })
      return none === decide({ ...question, policies: { ...policies, session: [nothing] } })
    },
    mistakes: ['takes no session policies for none'],
  },
  'a boundary and session policies only narrow': {
    holds(decide, question) {
      const unlimited = withoutPolicies(withoutPolicies(question, 'boundary'), 'session')
      return decide(unlimited) === 'allow' ? undefined : decide(question) !== 'allow'
    },
    mistakes: ['lets a boundary allow'],
  },
  'NotAction allows what Action does not deny': {
    holds(decide, question, prng) {
      const { Action, NotAction } = anyOf(statementsIn(question), prng) ?? {}
      const patterns = Action ?? NotAction
      if (patterns === undefined) return undefined
      return isOpposite(decide, question, { Action: patterns }, { NotAction: patterns })
    },
    mistakes: ['takes NotAction for Action', 'ignores Deny'],
  },
  'a Deny of all but some resources denies what an Allow of these does not allow': {
    holds(decide, question, prng) {
      const { Resource, NotResource } = anyOf(statementsIn(question), prng) ?? {}
      const patterns = Resource ?? NotResource
      if (patterns === undefined) return undefined
      return isOpposite(decide, question, { Resource: patterns }, { NotResource: patterns })
    },
    mistakes: ['takes NotResource for Resource', 'ignores Deny'],
  },
  'the opposite of a condition denies what it does not allow': {
    holds(decide, question, prng) {
      const conditions = statementsIn(question).flatMap(({ Condition = {} }) =>
        Object.entries(Condition).flatMap(([operator, keys]) =>
          Object.entries(keys).map(([key, values]) => ({ operator, key, values })),
        ),
      )
      const condition = anyOf(
        conditions.filter(({ operator }) => oppositeOf(operator) !== undefined),
        prng,
      )
      if (!condition) return undefined
      const { operator, key, values } = condition
      return isOpposite(
        decide,
        question,
        { Condition: { [operator]: { [key]: values } } },
        { Condition: { [oppositeOf(operator) ?? '']: { [key]: values } } },
      )
    },
    mistakes: ['takes ForAllValues for ForAnyValue', 'takes ForAnyValue for ForAllValues', 'ignores conditions'],
  },
}

/** What can be compared with nothing makes an Allow fail and a Deny apply, so that exactly one of the two does its work. */
function isOpposite(
  decide: Evaluator,
  question: Case,
  part: Partial<Statement>,
  opposite: Partial<Statement>,
): boolean {
  return (
    applies(decide, question, { Effect: 'Allow', ...part }) !==
    applies(decide, question, { Effect: 'Deny', ...opposite })
  )
}

/** By itself, as a policy of a user about a resource that has none. */
function applies(decide: Evaluator, question: Case, ofAny: Statement): boolean {
  const statement = without(without(ofAny, 'Principal'), 'NotPrincipal')
  const document: Document = {
    Version: '2012-10-17',
    Statement: {
      ...(statement.NotAction === undefined && { Action: '*' }),
      ...(statement.NotResource === undefined && { Resource: '*' }),
      ...statement,
    },
  }
  const answer = decide({
    ...question,
    caller: { type: 'IAMUser', account: question.account, arn: `arn:aws:iam::${question.account}:user/alice` },
    policies: { identity: statement.Effect === 'Allow' ? [document] : [allowAll, document] },
    grants: [],
  })
  return statement.Effect === 'Allow' ? answer === 'allow' : answer === 'explicit identity'
}

/** The operator that is true where this one is false. */
function oppositeOf(operator: string): string | undefined {
  const [, quantifier = '', kind, not, rest] =
    /^(For\w+:)?(String|Arn|Numeric|Date|)(Not)?(Equals|EqualsIgnoreCase|Like|IpAddress)$/.exec(operator) ?? []
  if (kind === undefined) return undefined
  const quantifiers: Record<string, string> = { 'ForAllValues:': 'ForAnyValue:', 'ForAnyValue:': 'ForAllValues:' }
  return `${quantifiers[quantifier] ?? ''}${kind}${not ? '' : 'Not'}${rest}`
}

function anyOf<T>(items: T[], prng: Prng): T | undefined {
  return items.length === 0 ? undefined : prng.pick(items)
}

function isUnchanged(change: (question: Case, prng: Prng) => Case): Law['holds'] {
  return (decide, question, prng) => decide(question) === decide(change(question, prng))
}

function narrowed(decide: Evaluator, question: Case, effect: 'Allow' | 'Deny', prng: Prng): ReturnType<Evaluator> {
  const operator = prng.pick(['ForAllValues:StringEqualsIfExists', 'StringEquals', 'Null'])
  return decide(
    withStatements(
      question,
      statement => statement.Effect === effect,
      ({ Condition, ...statement }) => [
        { ...statement, Condition: { ...Condition, [operator]: { ...Condition?.[operator], 'none:key': 'true' } } },
      ],
    ),
  )
}

function withStatement(
  question: Case,
  layer: 'identity' | 'boundary' | 'session' | 'resource',
  Effect: 'Allow' | 'Deny',
): Case {
  const { policies, caller } = question
  const { identity, boundary, session, resource } = policies
  const statement: Statement = { Effect, Action: '*', Resource: '*' }
  const ofResource: Statement = {
    Effect,
    Principal: caller.type === 'WebIdentity' ? { Federated: caller.arn } : '*',
    Action: '*',
    ...(resource?.kind === 'key' && { Resource: '*' }),
  }
  const changed = {
    identity: { identity: [...identity, { Statement: statement }] },
    boundary: boundary && { boundary: withOneMore(boundary, statement) },
    session: session && { session: [...session, { Statement: statement }] },
    resource: resource && { resource: { ...resource, document: withOneMore(resource.document, ofResource) } },
  }[layer]
  return { ...question, policies: { ...policies, ...changed } }
}

function withOneMore(document: Document, statement: Statement): Document {
  return { ...document, Statement: [...list(document.Statement), statement] }
}

function statementsIn({ policies: { identity, resource, boundary, session } }: Case): Statement[] {
  return [...identity, ...(resource ? [resource.document] : []), ...(boundary ? [boundary] : []), ...(session ?? [])]
    .map(({ Statement }) => list(Statement))
    .flat()
}

/** A policy must have a statement. */
function withoutEffect(statement: Statement): Statement[] {
  return [{ ...without(statement, 'NotAction'), Action: 'none:Nothing' }]
}

function split(statement: Statement): Statement[] {
  const { Action, Resource, Principal } = statement
  const parts = <T>(value: T | T[] | undefined, own: (value: T) => Partial<Statement>): Partial<Statement>[] =>
    Array.isArray(value) ? value.map(own) : [{}]
  const names = typeof Principal === 'object' && Object.keys(Principal).length === 1 ? Principal.AWS : undefined
  return parts(Action, one => ({ Action: one })).flatMap(action =>
    parts(Resource, one => ({ Resource: one })).flatMap(resource =>
      parts(names, AWS => ({ Principal: { AWS } })).map(principal => ({
        ...without(statement, 'Sid'),
        ...action,
        ...resource,
        ...principal,
      })),
    ),
  )
}

function grantTo({ caller, account }: Case): Grant {
  return {
    account,
    region: 'us-west-2',
    keyId: '1234',
    id: '1'.repeat(64),
    createdAt: 0,
    issuingAccount: account,
    granteePrincipal: caller.arn,
    operations: [...grantOperations],
  }
}

for (const [title, { holds, mistakes }] of Object.entries(laws)) {
  test(title, () => {
    const prng = new Prng(3)
    let spoken = 0
    for (let at = 0; at < 800; at++) {
      const question = randomCase(prng)
      const seed = prng.below(2 ** 31)
      const found = holds(byProduct, question, new Prng(seed))
      if (found !== undefined) spoken++
      if (found !== false) continue
      const smallest = shrunk(question, smaller => holds(byProduct, smaller, new Prng(seed)) === false)
      assert.fail(`${byProduct(smallest)}, but not if changed: ${inspect(smallest, { depth: null })}`)
    }
    assert.ok(spoken >= 80, `it says something of ${spoken} of 800 questions only`)
  })

  for (const mistake of mistakes) {
    test(`${title}, unless somebody ${mistake}`, () => {
      const prng = new Prng(4)
      for (let left = 2000; left > 0; left--) {
        const question = randomCase(prng)
        const seed = prng.below(2 ** 31)
        assert.notEqual(holds(byNaive, question, new Prng(seed)), false)
        if (holds(wrongEvaluators[mistake], question, new Prng(seed)) === false) return
      }
      assert.fail('not in 2000 questions')
    })
  }
}
