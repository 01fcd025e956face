import type {
  AccessRequest,
  ContextValue,
  Decision,
  Grantable,
  Policies,
  RequestContext,
  Trace,
} from './auth/access.ts'
import { Denial, denialText, foreignText, type Explained } from './auth/denial.ts'
import type { Caller } from './auth/caller.ts'
import type { CompiledPolicy } from './auth/compile.ts'
import { decideByGrants, evaluate, ownSide } from './auth/evaluate.ts'
import { everything, explain } from './auth/explain.ts'
import type { Grant } from './auth/grants.ts'
import { requestContext, type Conditions, type Connection, type Facts } from './auth/request-context.ts'
import { TooMuchEffort } from './auth/wildcard.ts'
import { heldGrants } from './held-grants.ts'
import type { Key } from './keys/key.ts'
import { keyArn } from './protocol/arn.ts'
import { keyPolicyOf, ownPolicies, type Identity } from './policies.ts'
import type { View } from './store/documents.ts'

/** Something that is no key; or a key of another account that is not there. */
export interface Resource {
  arn: string
  tags?: readonly (readonly [key: string, value: string])[]
  /** Whose it is, if not the caller's. */
  account?: string
  /** Its own, if it has one: of a role, which says who may assume it. */
  policy?: CompiledPolicy
}

/** Something that a caller wants to do. */
export interface Question extends Pick<Facts, 'conditions' | 'encryptionContext' | 'requestAlias' | 'requestTags'> {
  /** As policies name it, such as `kms:Encrypt`. */
  action: string
  /** The key that it is on. */
  key?: Readonly<Key>
  /** What it is on, if that is no key; without both, `*`. */
  resource?: Resource
  /** Default: that of the request. */
  region?: string
  /** Whether it can be allowed to other accounts. */
  crossAccount?: boolean
  /** In place of the key's own: one that is to be. */
  keyPolicy?: CompiledPolicy
  /** What grants are held against, if any can allow it. */
  grantable?: Grantable
  /** Condition keys beside those, of what the key is like. */
  keyConditions?: Conditions
  /** Whether the caller named the key by a ciphertext alone. */
  isHidden?: boolean
  /** How it named the key, if it did: all that an account is told of a key of another one. */
  named?: string
  /** Condition keys, in lower case, that have these values whatever the request says; undefined for none. */
  given?: ReadonlyMap<string, ContextValue | undefined>
}

/** What cannot be judged is denied, whatever else allows it. */
const tooMuchToDecide: Decision = { allowed: false, explicit: true, layer: 'identity', statements: [], isTooMuch: true }

/**
 * So many grants are looked at, and looked up: it takes some 50 ms. A grantee can have more, but its encryption context, or
 * that of the grant that it makes, must tell them apart.
 */
const mostGrantsJudged = 2000

/** So many grants are explained; who has more must know which one is meant. */
const mostExplained = 1000

/** In place of a resource of another account that the request does not name. */
const unnamed = 'a resource that the request does not name'

/**
 * Answers whether a caller may do something, from the state that one view sees: its own policies, that of the resource, and
 * the grants on it. Every row that a decision is made from is noted in the view, so that the decision is not committed once
 * any of them has changed. (A change of the grants of a key writes the row of the key.)
 */
export class Authority {
  readonly #view: View
  readonly #caller: Caller
  readonly #now: number
  readonly #region: string
  readonly #connection: Connection
  readonly #own: Omit<Policies, 'resource'>

  private constructor(view: View, circumstances: Circumstances, own: Omit<Policies, 'resource'>) {
    this.#view = view
    this.#caller = circumstances.caller
    this.#now = circumstances.now
    this.#region = circumstances.region
    this.#connection = circumstances.connection
    this.#own = own
  }

  /** Reads the caller's own policies. */
  static async of(view: View, identity: Identity | undefined, circumstances: Circumstances): Promise<Authority> {
    return new Authority(view, circumstances, identity ? await ownPolicies(view, identity) : { identity: [] })
  }

  async decide(question: Question): Promise<Decision> {
    try {
      return await this.#decide(question)
    } catch (error) {
      if (error instanceof TooMuchEffort) return tooMuchToDecide
      throw error
    }
  }

  async #decide(question: Question): Promise<Decision> {
    const request = this.#requestOf(question)
    const policies = this.#policiesFor(question)
    const decision = evaluate(request, policies, [])
    // Nothing beats a statement that denies, and what policies allow needs no grant.
    if (decision.allowed || decision.explicit || !question.grantable) return decision
    const { key, grantable } = question
    if (!key) return decision
    const side = ownSide(request, policies)
    let left = mostGrantsJudged
    for await (const grants of heldGrants(this.#view, key, this.#caller, grantable)) {
      left -= 1 + grants.length
      if (left < 0) throw new TooMuchEffort()
      const byGrant = decideByGrants(request, grants, side)
      if (byGrant) return byGrant
    }
    return decision
  }

  /** @throws Denial */
  async require(question: Question): Promise<Decision> {
    const decision = await this.decide(question)
    if (decision.allowed) return decision
    const text = denialText(this.#requestOf(question), decision, question.isHidden === true)
    throw new Denial(text, () => this.explain(question))
  }

  /** A denial that policies do not decide, or that nobody can, since there is no such key. It tells the caller nothing. */
  refuse(action: string, ask: () => Omit<Question, 'action'> | Promise<Omit<Question, 'action'>>): Denial {
    return new Denial(foreignText(this.#caller.arn, action), async () => this.explain({ ...(await ask()), action }))
  }

  /** Why something is denied. */
  async explain(question: Question): Promise<Explained> {
    const request = this.#requestOf(question)
    const policies = this.#policiesFor(question)
    const grants = await this.#grantsFor(question)
    const { account } = this.#caller
    const isDenied = true
    if (request.account === account) return { [account]: explain(request, policies, grants, { isDenied }) }
    return {
      [account]: this.#explainOwn(question, isDenied),
      ...(policies.resource && {
        [request.account]: explain(request, policies, grants, { side: 'owner', isDenied }),
      }),
    }
  }

  /** What would be decided, and why, as far as the caller's account may know. */
  async simulate(question: Question): Promise<Trace> {
    const request = this.#requestOf(question)
    if (request.account !== this.#caller.account) return this.#explainOwn(question, false)
    return explain(request, this.#policiesFor(question), await this.#grantsFor(question))
  }

  /** For a resource of another account: from nothing that the caller does not know, so that it learns nothing of it. */
  #explainOwn(question: Question, isDenied: boolean): Trace {
    const { key, keyConditions: _, keyPolicy: __, resource, ...known } = question
    const arn = (key ? known.named : resource?.arn) ?? unnamed
    const request = this.#requestOf({ ...known, resource: { arn, account: this.#ownerOf(question) } })
    return explain(request, this.#own, [], { side: 'caller', isDenied })
  }

  /**
   * Whether something could be decided otherwise under other circumstances, as far as conditions of policies and constraints
   * of grants can tell: those that go by the key, or by who asks, stay as they are.
   */
  async mightDiffer(question: Question, decision: Decision): Promise<boolean> {
    const { allowed } = decision
    const request: AccessRequest = { ...this.#requestOf(question), supposed: allowed ? 'worst' : 'best' }
    const policies = this.#policiesFor(question)
    try {
      const byPolicy = evaluate(request, policies, [])
      if (byPolicy.allowed || (!byPolicy.allowed && byPolicy.explicit)) return byPolicy.allowed !== allowed
      const grants = await this.#grantsFor(question)
      const known = allowed && decision.grant ? [decision.grant, ...grants] : grants
      const byGrant = decideByGrants(request, known, ownSide(request, policies))
      // What was not looked at may allow it.
      return (byGrant !== undefined || (!allowed && grants.length >= mostExplained)) !== allowed
    } catch (error) {
      if (error instanceof TooMuchEffort) return true
      throw error
    }
  }

  /**
   * At the same moment, in the same Region and over the same connection, but for another caller.
   *
   * @param identity whose policies it has; undefined for a name that nobody has
   */
  async as(identity: Identity | undefined, caller: Caller): Promise<Authority> {
    return await Authority.of(this.#view, identity, this.#circumstancesOf(caller))
  }

  /** The same for somebody of another account whose own policies allow everything: so the owner's side alone decides. */
  asStranger(caller: Caller): Authority {
    return new Authority(this.#view, this.#circumstancesOf(caller), { identity: [everything] })
  }

  #circumstancesOf(caller: Caller): Circumstances {
    return { caller, now: this.#now, region: this.#region, connection: this.#connection }
  }

  #ownerOf({ key, resource }: Question): string {
    return key?.account ?? resource?.account ?? this.#caller.account
  }

  #policiesFor({ key, resource, keyPolicy }: Question): Policies {
    const policy = keyPolicy ?? (key ? keyPolicyOf(key) : resource?.policy)
    return policy ? { ...this.#own, resource: policy } : this.#own
  }

  #requestOf(question: Question): AccessRequest {
    const { action, key, keyConditions, resource, crossAccount = false, grantable, region = this.#region } = question
    const account = this.#ownerOf(question)
    const facts = {
      ...question,
      ...(keyConditions && { conditions: { ...question.conditions, ...keyConditions } }),
      ...(resource?.tags && { resourceTags: resource.tags }),
      caller: this.#caller,
      now: this.#now,
      region,
      connection: this.#connection,
      account,
    }
    return {
      caller: this.#caller,
      action,
      resource: key ? keyArn(key) : (resource?.arn ?? '*'),
      account,
      crossAccount,
      context: question.given ? overridden(requestContext(facts), question.given) : requestContext(facts),
      ...(grantable && { grantable }),
    }
  }

  /** Those on the key that can allow it to the caller; for explanations, some of them. */
  async #grantsFor({ key, grantable }: Question): Promise<readonly Readonly<Grant>[]> {
    const found: Readonly<Grant>[] = []
    if (!key || !grantable) return found
    // Also those whose encryption context differs: that is what may be wrong.
    const { encryptionContext: _, ...anyContext } = grantable
    for await (const grants of heldGrants(this.#view, key, this.#caller, { ...anyContext, operation: 'DescribeKey' })) {
      found.push(...grants)
      if (found.length >= mostExplained) break
    }
    return found
  }
}

const overridden = (known: RequestContext, given: NonNullable<Question['given']>): RequestContext => ({
  get: key => (given.has(key) ? given.get(key) : known.get(key)),
  effort: known.effort,
})

interface Circumstances {
  caller: Caller
  /** Epoch milliseconds. */
  now: number
  region: string
  connection: Connection
}
