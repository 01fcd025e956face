import type { AccessRequest, ContextValue, Decision, Grantable, Layer, Policies } from '../../src/auth/access.ts'
import type { CallerNames } from '../../src/auth/caller.ts'
import { compilePolicy, type CompiledPolicy } from '../../src/auth/compile.ts'
import { evaluate } from '../../src/auth/evaluate.ts'
import type { Grant } from '../../src/auth/grants.ts'
import { naiveDecision, type Document, type Documents } from './naive.ts'

/** One question, as plain values that can be printed, and made smaller piece by piece. */
export interface Case {
  caller: CallerNames
  action: string
  resource: string
  account: string
  crossAccount: boolean
  context: [key: string, value: ContextValue][]
  grantable?: Omit<Grantable, 'encryptionContext'> & { encryptionContext?: [name: string, value: string][] }
  policies: Documents
  grants: Grant[]
}

/** `allow`, or how it is denied, such as `explicit session`. */
export type Answer = 'allow' | `${'explicit' | 'implicit'} ${Layer}`

export type Evaluator = (question: Case) => Answer

export const byProduct: Evaluator = question =>
  answerOf(evaluate(requestOf(question), compiled(question.policies), question.grants))

export const byNaive: Evaluator = question => {
  const { allowed, explicit, layer } = naiveDecision(requestOf(question), question.policies, question.grants)
  if (allowed) return 'allow'
  if (layer === undefined) throw new Error('denied by nobody')
  return `${explicit ? 'explicit' : 'implicit'} ${layer}`
}

function answerOf(decision: Decision): Answer {
  return decision.allowed ? 'allow' : `${decision.explicit ? 'explicit' : 'implicit'} ${decision.layer}`
}

export function requestOf({
  caller,
  action,
  resource,
  account,
  crossAccount,
  context,
  grantable,
}: Case): AccessRequest {
  const { encryptionContext, ...others } = grantable ?? {}
  return {
    caller,
    action,
    resource,
    account,
    crossAccount,
    context: new Map(context),
    ...(grantable && {
      grantable: {
        operation: grantable.operation,
        ...others,
        ...(encryptionContext && { encryptionContext: new Map(encryptionContext) }),
      },
    }),
  }
}

export function compiled({ identity, resource, boundary, session }: Documents): Policies {
  const compileAll = (documents: Document[], name: string): CompiledPolicy[] =>
    documents.map((document, at) => compilePolicy('identity', JSON.stringify(document), `${name} ${at}`))
  return {
    identity: compileAll(identity, 'identity'),
    ...(resource && { resource: compilePolicy(resource.kind, JSON.stringify(resource.document), 'resource') }),
    ...(boundary && { boundary: compilePolicy('identity', JSON.stringify(boundary), 'boundary') }),
    ...(session && { session: compileAll(session, 'session') }),
  }
}

/** The smallest case reached by leaving out parts one by one of which `fails` still holds. */
export function shrunk(question: Case, fails: (smaller: Case) => boolean): Case {
  const stillFails = (smaller: Case): boolean => {
    try {
      return fails(smaller)
    } catch {
      // What was left out is needed.
      return false
    }
  }
  for (const part of ['policies', 'grants', 'context'] as const) {
    for (const smaller of reductions(question[part])) {
      const whole = { ...question, [part]: smaller }
      if (stillFails(whole)) return shrunk(whole, fails)
    }
  }
  return question
}

/** All that lack one element or property, the largest first. */
function* reductions(value: unknown): Generator<unknown> {
  if (Array.isArray(value)) {
    for (const at of value.keys()) yield value.toSpliced(at, 1)
    for (const [at, item] of value.entries()) {
      for (const smaller of reductions(item)) yield value.with(at, smaller)
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const name of Object.keys(value)) {
      yield Object.fromEntries(Object.entries(value).filter(([key]) => key !== name))
    }
    for (const [name, item] of Object.entries(value)) {
      for (const smaller of reductions(item)) yield { ...value, [name]: smaller }
    }
  }
}
