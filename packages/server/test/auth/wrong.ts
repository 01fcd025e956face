import { ambiguous } from '../../src/auth/access.ts'
import { byNaive, type Case, type Evaluator } from './case.ts'
import type { Document, List, PrincipalElement, Statement } from './naive.ts'

/**
 * Evaluators with one mistake each, which tests must find, or they prove nothing. Most answer the question rightly that
 * their mistake makes of it.
 */
export const wrongEvaluators = {
  'ignores Deny': statements(() => true, onlyAllow),
  'lets grants beat Deny': question => {
    const answer = byNaive(question)
    if (!answer.startsWith('explicit')) return answer
    const undenied = withStatements(question, () => true, onlyAllow)
    return byNaive(undenied) === 'allow' && byNaive({ ...undenied, grants: [] }) !== 'allow' ? 'allow' : answer
  },
  'takes Deny for Allow': statements(
    () => true,
    statement => [{ ...statement, Effect: 'Allow' }],
  ),
  'looks at the first statement alone': statements(
    () => true,
    (statement, at) => (at === 0 ? [statement] : []),
  ),
  'looks at statements with a Sid alone': statements(
    () => true,
    statement => (statement.Sid ? [statement] : []),
  ),
  'takes the last statement with its effect alone': changing(question =>
    mapped(question, ({ Statement, ...others }) => {
      const all = list(Statement)
      return { ...others, Statement: all.filter(({ Effect }, at) => !all.slice(at + 1).some(x => x.Effect === Effect)) }
    }),
  ),

  'takes NotPrincipal for Principal': renaming('NotPrincipal', 'Principal'),
  'takes NotAction for Action': renaming('NotAction', 'Action'),
  'takes NotResource for Resource': renaming('NotResource', 'Resource'),
  'ignores principals': statements(
    ({ Principal }) => Principal !== undefined,
    statement => [{ ...statement, Principal: '*' }],
  ),
  'ignores resources': statements(
    ({ Resource }) => Resource !== undefined,
    statement => [{ ...statement, Resource: '*' }],
  ),
  'looks at the first action alone': statements(
    ({ Action }) => Array.isArray(Action),
    statement => [{ ...statement, Action: list(statement.Action).slice(0, 1) }],
  ),
  'knows no wildcards in actions': statements(
    ({ Action }) => Action !== undefined,
    statement => [{ ...statement, Action: list(statement.Action).filter(action => !/[*?]/.test(action)) }],
  ),
  'knows actions only as they are spelt': changing(question =>
    withStatements(
      question,
      ({ Action }) => Action !== undefined,
      statement => [{ ...statement, Action: list(statement.Action).filter(action => !/[A-Z]{2}|^KMS/.test(action)) }],
    ),
  ),
  'delegates nothing to accounts': namingCaller(
    (name, { account }) => isAccount(name, account),
    () => 'nobody',
  ),
  'takes accounts for those who are in them': namingCaller(
    (name, { account }) => isAccount(name, account),
    ({ arn }) => arn,
  ),
  'takes the first hit for the strongest': question => {
    const { policies } = question
    const { resource } = policies
    if (!resource) return byNaive(question)
    const { Version, Statement } = resource.document
    const only = (statements: Statement[]): typeof resource => ({
      ...resource,
      document: { ...(Version !== undefined && { Version }), Statement: statements },
    })
    const hit = list(Statement).find(statement => {
      const alone = { identity: [allowAll], resource: only([statement]) }
      return byNaive({ ...question, grants: [], policies: alone }) === 'allow'
    })
    const others = list(Statement).filter(({ Effect }) => Effect === 'Deny')
    return byNaive({ ...question, policies: { ...policies, resource: only([...(hit ? [hit] : []), ...others]) } })
  },
  'takes roles for their sessions': namingCaller(
    (name, { roleArn }) => name === roleArn,
    ({ arn }) => arn,
  ),
  'spares sessions whose account is not listed': statements(
    ({ NotPrincipal }) => NotPrincipal !== undefined,
    (statement, _, { caller }) => [
      { ...statement, NotPrincipal: withNames(statement.NotPrincipal, names => [...names, caller.account]) },
    ],
  ),

  'ignores conditions': statements(
    () => true,
    statement => [without(statement, 'Condition')],
  ),
  'looks at the last operator alone': statements(
    ({ Condition }) => Condition !== undefined,
    statement => [{ ...statement, Condition: Object.fromEntries(Object.entries(statement.Condition ?? {}).slice(-1)) }],
  ),
  'takes ForAllValues for ForAnyValue': operators(name => name.replace('ForAllValues:', 'ForAnyValue:')),
  'takes ForAnyValue for ForAllValues': operators(name => name.replace('ForAnyValue:', 'ForAllValues:')),
  'ignores ForAllValues': operators(name => name.replace('ForAllValues:', '')),
  'ignores ForAnyValue': operators(name => name.replace('ForAnyValue:', '')),
  'ignores IfExists': operators(name => name.replace('IfExists', '')),
  'takes StringLike for StringEquals': operators(name => name.replace('Like', 'Equals')),
  'takes StringEquals for StringLike': operators(name => name.replace(/String(Not)?Equals(?!Ignore)/, 'String$1Like')),
  'is deaf to letters in StringEquals': operators(name =>
    name.replace(/String(Not)?Equals(?!Ignore)/, 'String$1EqualsIgnoreCase'),
  ),
  'takes LessThanEquals for LessThan': operators(name => name.replace(/LessThan$/, 'LessThanEquals')),
  'knows condition keys only in lower case': changing(question =>
    withConditions(question, (operator, keys) => [
      operator,
      Object.fromEntries(Object.entries(keys).map(([key, values]) => [/[A-Z]/.test(key) ? 'none' : key, values])),
    ]),
  ),
  'takes the ambiguous for absent': changing(question => ({
    ...question,
    context: question.context.filter(([, value]) => value !== ambiguous),
  })),
  'takes an empty list for a value': changing(question => ({
    ...question,
    context: question.context.map(([key, value]) => [key, Array.isArray(value) && value.length === 0 ? '' : value]),
  })),
  'has variables in every version': changing(question => mapped(question, x => ({ ...x, Version: '2012-10-17' }))),
  'has no variables': changing(question => mapped(question, document => without(document, 'Version'))),
  'shows a key its tags': changing(question => {
    const { resource } = question.policies
    if (resource?.kind !== 'key') return question
    const text = JSON.stringify(resource.document).replaceAll(/(aws:ResourceTag|kms:ResourceAliases)/gi, 'shown:$1')
    const shown = question.context.map(([key, value]): (typeof question.context)[number] => [`shown:${key}`, value])
    return {
      ...question,
      context: [...question.context, ...shown],
      policies: { ...question.policies, resource: { kind: 'key', document: JSON.parse(text) as Document } },
    }
  }),

  'ignores boundaries': changing(question => withoutPolicies(question, 'boundary')),
  'lets a boundary allow': changing(question => {
    const { identity, boundary } = question.policies
    return { ...question, policies: { ...question.policies, identity: [...identity, ...(boundary ? [boundary] : [])] } }
  }),
  'ignores session policies': changing(question => withoutPolicies(question, 'session')),
  'takes no session policies for none': changing(question => {
    const { session, ...policies } = question.policies
    return { ...question, policies: { ...policies, ...(session && session.length > 0 && { session }) } }
  }),
  'wants session policies of everybody': changing(question => ({
    ...question,
    policies: { ...question.policies, session: question.policies.session ?? [] },
  })),
  'wants a boundary of everybody': changing(question => ({
    ...question,
    policies: { ...question.policies, boundary: question.policies.boundary ?? { Statement: [] } },
  })),
  'is content with the policies of the caller': changing(question => withoutPolicies(question, 'resource')),
  'takes other accounts for its own': changing(question => ({ ...question, account: question.caller.account })),
  'opens every action to other accounts': changing(question => ({ ...question, crossAccount: true })),
  'takes the root user for a user': changing(question => ({
    ...question,
    caller: question.caller.type === 'Root' ? { ...question.caller, type: 'IAMUser' } : question.caller,
  })),

  'knows no grants': changing(question => ({ ...question, grants: [] })),
  'ignores constraints of grants': changing(question => ({
    ...question,
    grants: question.grants.map(grant => without(grant, 'constraints')),
  })),
  'lets every grant give birth': changing(question => ({
    ...question,
    ...(question.grantable?.child && {
      grantable: { ...question.grantable, child: { operations: [], constraints: {} } },
      grants: question.grants.map(grant => without(grant, 'constraints')),
    }),
  })),
  'takes grants to accounts for those to all in them': changing(question => ({
    ...question,
    grants: question.grants.map(grant =>
      isAccount(grant.granteePrincipal ?? '', question.caller.account)
        ? { ...grant, granteePrincipal: question.caller.arn }
        : grant,
    ),
  })),
  'does not limit grants by session policies': question =>
    byNaive({ ...question, policies: { ...question.policies, session: [allowAll] } }) === 'allow' &&
    byNaive({ ...question, grants: [], policies: { ...question.policies, session: [allowAll] } }) !== 'allow'
      ? 'allow'
      : byNaive(question),
} satisfies Record<string, Evaluator>

export type Mistake = keyof typeof wrongEvaluators

export const allowAll: Document = { Statement: { Effect: 'Allow', Action: '*', Resource: '*' } }

// Changes of questions

export function without<T extends object, Name extends keyof T>(value: T, name: Name): Omit<T, Name> {
  const { [name]: _, ...others } = value
  return others
}

export function withoutPolicies(question: Case, layer: 'boundary' | 'session' | 'resource'): Case {
  return { ...question, policies: without(question.policies, layer) }
}

type Change = (statement: Statement, at: number, question: Case) => Statement[]

function changing(change: (question: Case) => Case): Evaluator {
  return question => byNaive(change(question))
}

function statements(is: (statement: Statement) => boolean, change: Change): Evaluator {
  return question => byNaive(withStatements(question, is, change))
}

function onlyAllow(statement: Statement): Statement[] {
  return statement.Effect === 'Allow' ? [statement] : []
}

/** A question whose every document is changed. */
export function mapped(question: Case, change: (document: Document) => Document): Case {
  const { identity, resource, boundary, session } = question.policies
  return {
    ...question,
    policies: {
      identity: identity.map(change),
      ...(resource && { resource: { ...resource, document: change(resource.document) } }),
      ...(boundary && { boundary: change(boundary) }),
      ...(session && { session: session.map(change) }),
    },
  }
}

/** A question with other statements, be it none or several, for those that are such. */
export function withStatements(question: Case, is: (statement: Statement) => boolean, change: Change): Case {
  return mapped(question, document => ({
    ...document,
    Statement: list(document.Statement).flatMap((statement, at) =>
      is(statement) ? change(statement, at, question) : [statement],
    ),
  }))
}

type Keys = NonNullable<Statement['Condition']>[string]

export function withConditions(question: Case, change: (operator: string, keys: Keys) => [string, Keys]): Case {
  return withStatements(
    question,
    ({ Condition }) => Condition !== undefined,
    statement => [
      {
        ...statement,
        Condition: Object.fromEntries(Object.entries(statement.Condition ?? {}).map(entry => change(...entry))),
      },
    ],
  )
}

function operators(rename: (operator: string) => string): Evaluator {
  return changing(question => withConditions(question, (operator, keys) => [rename(operator), keys]))
}

function renaming(from: 'NotPrincipal' | 'NotAction' | 'NotResource', to: string): Evaluator {
  return statements(
    statement => statement[from] !== undefined,
    ({ [from]: value, ...statement }) => [{ ...statement, [to]: value }],
  )
}

function namingCaller(
  is: (name: string, caller: Case['caller']) => boolean,
  instead: (caller: Case['caller']) => string,
): Evaluator {
  return statements(
    ({ Principal }) => Principal !== undefined,
    (statement, _, { caller }) => [
      {
        ...statement,
        Principal: withNames(statement.Principal, names =>
          names.map(name => (is(name, caller) ? instead(caller) : name)),
        ),
      },
    ],
  )
}

function withNames(element: PrincipalElement = '*', change: (names: string[]) => string[]): PrincipalElement {
  return element === '*' ? element : { ...element, AWS: change(list(element.AWS)) }
}

const isAccount = (name: string, account: string): boolean =>
  name === account || name === `arn:aws:iam::${account}:root`

export function list<T>(value: List<T> | undefined): T[] {
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value]
}
