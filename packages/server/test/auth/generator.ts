import { ambiguous, type ContextValue } from '../../src/auth/access.ts'
import type { CallerNames } from '../../src/auth/caller.ts'
import type { Grant, GrantConstraints, GrantOperation } from '../../src/auth/grants.ts'
import type { Prng } from '../protocol/prng.ts'
import type { Case } from './case.ts'
import type { Document, List, PrincipalElement, Statement, Wanted } from './naive.ts'

/**
 * Random questions about access. Everything comes from a few names that are much alike, so that patterns, values and
 * callers meet about as often as they miss.
 */

const here = '111122223333'
const there = '444455556666'
const provider = `arn:aws:iam::${here}:oidc-provider/login.example`

const root = (account: string): string => `arn:aws:iam::${account}:root`
const user = (account: string, name: string): string => `arn:aws:iam::${account}:user/${name}`
const role = (account: string): string => `arn:aws:iam::${account}:role/ops/deployer`
const session = (account: string, name: string): string => `arn:aws:sts::${account}:assumed-role/deployer/${name}`
const key = (account: string, id: string): string => `arn:aws:kms:us-west-2:${account}:key/${id}`
const alias = `arn:aws:kms:us-west-2:${here}:alias/blue`

const callers: CallerNames[] = [
  { type: 'IAMUser', account: here, arn: user(here, 'alice') },
  { type: 'IAMUser', account: here, arn: user(here, 'alice') },
  { type: 'IAMUser', account: here, arn: user(here, 'team/bob') },
  { type: 'IAMUser', account: there, arn: user(there, 'alice') },
  { type: 'AssumedRole', account: here, arn: session(here, 'ci'), roleArn: role(here) },
  { type: 'AssumedRole', account: here, arn: session(here, 'ci'), roleArn: role(here) },
  { type: 'AssumedRole', account: there, arn: session(there, 'ci'), roleArn: role(there) },
  { type: 'Root', account: here, arn: root(here) },
  { type: 'Root', account: there, arn: root(there) },
]

const principalNames = [here, there].flatMap(account => [
  account,
  root(account),
  user(account, 'alice'),
  user(account, 'team/bob'),
  role(account),
  session(account, 'ci'),
  session(account, 'alice'),
])

const operations: GrantOperation[] = [
  'Encrypt',
  'Decrypt',
  'GenerateDataKey',
  'GenerateDataKeyPair',
  'DescribeKey',
  'RetireGrant',
  'CreateGrant',
]

const actions = [
  'kms:Encrypt',
  'kms:Decrypt',
  'kms:GenerateDataKey',
  'kms:ListKeys',
  'sts:AssumeRole',
  'KMS:e*',
  '?ts:*',
  '*:*rypt',
  'k*:?encrypt',
]

const resources = [
  '*',
  key(here, '1234'),
  key(here, '1235'),
  key(there, '1234'),
  alias,
  role(here),
  'arn:aws:kms:*:*:key/*',
  'arn:aws:kms:us-west-2:*',
  key(here, '${aws:PrincipalTag/key}'),
  key(here, "${aws:PrincipalTag/key, '1234'}"),
  key(here, "${aws:PrincipalTag/key,'*'}"),
  key(here, '1?3${aws:PrincipalTag/key}*'),
  key(here, '${*}'),
  key(here, '123${?}'),
  key(here, '12*${$}'),
  key(here, '*${kms:ResourceAliases}'),
  key(here, "12${kms:ResourceAliases , '34'}"),
  key(here, '${1234*'),
  key('${aws:PrincipalAccount}', '1234'),
  'arn:aws:kms:${aws:username}*',
]

// Conditions

type Type = 'string' | 'arn' | 'number' | 'date' | 'bool' | 'address' | 'binary'

const keysOf: Record<Type, string[]> = {
  string: ['aws:username', 'aws:PrincipalTag/key', 'aws:TagKeys', 'kms:ResourceAliases', 'aws:ResourceTag/team'],
  arn: ['aws:PrincipalArn', 'aws:SourceArn'],
  number: ['kms:RotationPeriodInDays', 'aws:MultiFactorAuthAge'],
  date: ['aws:CurrentTime'],
  bool: ['aws:SecureTransport', 'kms:MultiRegion'],
  address: ['aws:SourceIp'],
  binary: ['aws:PrincipalTag/digest'],
}

const valuesOf: Record<Type, string[]> = {
  string: ['blue', 'Blue', 'BLUE', 'bl', 'blu😀', '1234', '*', '4', 'a:b', '', 'é', 'b?ue', '$', 'x${aws:username'],
  arn: [
    user(here, 'alice'),
    user(here, 'alice:x'),
    user(there, 'alice'),
    session(here, 'ci'),
    key(here, '1234'),
    'arn:aws:sns:us-west-2:a:*',
    'blue',
    'a:b:c:d:e',
    ':::::',
  ],
  number: [
    '0',
    '-0',
    '5',
    '+5',
    '5.0',
    '50e-1',
    '5.25',
    '-5',
    '90',
    '9e1',
    '',
    ' 5',
    '5.',
    '.5',
    '0x5',
    '5e',
    'five',
    '1 0',
  ],
  date: [
    '2026-01-01',
    '2026-01-01T00:00Z',
    '2026-01-01T00:00:00Z',
    '2026-01-01T02:00:00+02:00',
    '2025-12-31T18:30-05:30',
    '2026-01-01T00:00:00.25Z',
    '1767225600',
    '1767225600.25',
    '1767225600.0',
    '2026',
    '2024-02-29',
    '2026-02-29',
    '2026-02-30T00:00:00Z',
    '2026-13-01',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:60Z',
    '2026-01-01T00:00:00',
    '2026-01-01 00:00:00Z',
    '2026-01-01Z',
    '2026-01-01T00:00:60Z',
    '2026-01-01T00:00z',
    '2026-01-01T00:00+25:00',
    '2026-01-01T00:00-02:60',
    '2026-01-01T00:00+0200',
    '0000-01-01',
    '-1',
    '20260101T000000Z',
    'now',
  ],
  bool: ['true', 'false', 'TRUE', 'False', 'yes', '', '1'],
  address: [
    '10.1.2.3',
    '10.1.2.200',
    '10.1.3.3',
    '::ffff:10.1.2.3',
    '::ffff:a01:203',
    '::FFFF:0a01:02c8',
    '::10.1.2.3',
    '2001:db8::1',
    '2001:DB8:0:0::1',
    '2001:db8::ffff',
    '::',
    '10.1.2',
    '10.1.2.256',
    '10.01.2.3',
    'fe80::1%eth0',
    '2001:db8:::1',
    'localhost',
    '',
  ],
  binary: ['', 'AA==', 'AAA=', 'AAAA', 'AB==', 'AA', 'AA=', '_-8=', '/+8=', 'AA==\n', 'é'],
}

/** What policies alone can say. */
const patternsOf: Record<Type, string[]> = {
  string: [
    'b*',
    'B?UE',
    '*u*',
    'blu?',
    '?',
    '**',
    'b**e',
    '${aws:username}',
    '${AWS:UserName}',
    '${aws:PrincipalTag/key}',
    "${aws:PrincipalTag/key, 'blue'}",
    "${aws:PrincipalTag/key,'bl*'}",
    "${aws:TagKeys, 'blue'}",
    '${aws:TagKeys}',
    "${aws:ResourceTag/team, ''}",
    "${aws:PrincipalTag/none, 'b?ue'}",
    '${aws:PrincipalTag/none}',
    '${*}',
    'b${?}ue',
    '${$}',
    '*${aws:username}*',
    'b${aws:username}',
    'x${$}{aws:username',
    '${aws:username',
    "${aws:PrincipalTag/none, '}'}",
    "${aws:PrincipalTag/none ,  'blue' }",
    '${aws:PrincipalTag/key, blue}',
    '${a ${aws:username}',
    '${}',
    "${aws:PrincipalTag/key, '}'}",
  ],
  arn: [
    'arn:aws:iam::111122223333:user/*',
    'arn:*:*:*:*:*',
    'arn:aws:iam:*',
    '*',
    'arn:aws:iam::*:user/alice',
    'arn:aws:sts::????????????:assumed-role/*/ci',
    'arn:aws:*:*:*:*:*',
    'arn:aws:iam::111122223333:user/${aws:username}',
    "arn:aws:iam::${aws:PrincipalTag/none, '111122223333'}:user/alice",
    'arn:aws:iam::${aws:username}:user/alice',
    '${aws:PrincipalArn}',
    'arn:aws:sns:us-west-2:${aws:username}:x',
    'arn:aws:sns:us-west-2:${aws:username}${*}',
    'arn:aws:sns:us-west-2:${aws:username}*',
  ],
  number: ['7', '1e2', '1E1', '05', '-5.0', '--5', '*', '${aws:username}'],
  date: ['2027-01-01', '2025-06-30T12:00:00Z', '0', '99999999999', '2026-1-1', '2026*'],
  bool: ['tRuE', 'tru?', '${aws:username}'],
  address: [
    '10.1.2.0/24',
    '10.1.2.77/24',
    '10.1.2.3/32',
    '10.1.2.2/31',
    '0.0.0.0/0',
    '::/0',
    '::ffff:10.1.2.0/120',
    '::ffff:0:0/96',
    '::ffff:0:0/95',
    '2001:db8::/32',
    '2001:db8::8000/113',
    '2001:db8::1/128',
    '10.1.2.0/33',
    '::ffff:10.1.2.0/24',
    '10.1.2.0/+24',
    '2001:db8::/129',
    '10.1.2.0/',
    '10.1.2.0/24/24',
    '10.1.2.0/-1',
    '10.1.2.*',
  ],
  binary: ['AQ==', '*', '${aws:username}'],
}

const orders = ['Equals', 'NotEquals', 'LessThan', 'LessThanEquals', 'GreaterThan', 'GreaterThanEquals']

const operatorsOf: Record<Type, string[]> = {
  string: ['Equals', 'NotEquals', 'EqualsIgnoreCase', 'NotEqualsIgnoreCase', 'Like', 'NotLike'].map(x => `String${x}`),
  arn: ['ArnEquals', 'ArnNotEquals', 'ArnLike', 'ArnNotLike'],
  number: orders.map(order => `Numeric${order}`),
  date: orders.map(order => `Date${order}`),
  bool: ['Bool'],
  address: ['IpAddress', 'NotIpAddress'],
  binary: ['BinaryEquals'],
}

const types = Object.keys(keysOf) as Type[]

/** A random question, of some twenty kinds of answer none of which is rare. */
export function randomCase(prng: Prng): Case {
  return new Generator(prng).question()
}

export const swapCase = (text: string): string =>
  Array.from(text, char => (char === char.toUpperCase() ? char.toLowerCase() : char.toUpperCase())).join('')

class Generator {
  readonly #prng: Prng
  #context: [key: string, value: ContextValue][] = []
  #caller: CallerNames = callers[0]!
  #action = ''
  #resource = ''
  #statements = 0

  constructor(prng: Prng) {
    this.#prng = prng
  }

  question(): Case {
    const prng = this.#prng
    const scene = prng.pick(['key', 'key', 'key', 'trust', 'account', 'account'] as const)
    const operation = prng.pick(operations)
    const isWeb = prng.chance(scene === 'trust' ? 40 : 2)
    this.#caller = isWeb ? { type: 'WebIdentity', account: here, arn: provider } : prng.pick(callers)
    this.#action = { key: `kms:${operation}`, trust: 'sts:AssumeRole', account: 'kms:ListKeys' }[scene]
    this.#resource = {
      key: prng.chance(90) ? key(here, '1234') : key(there, '1234'),
      trust: role(here),
      account: prng.chance(50) ? '*' : alias,
    }[scene]
    this.#context = this.#values()
    if (scene === 'account' && prng.chance(80)) return this.#aboutConditions()
    return {
      caller: this.#caller,
      action: this.#action,
      resource: this.#resource,
      account: /:(\d{12}):/.exec(this.#resource)?.[1] ?? this.#caller.account,
      crossAccount: prng.chance(80),
      context: this.#context,
      ...(scene === 'key' && prng.chance(90) && { grantable: this.#grantable(operation) }),
      policies: {
        identity: this.#some(3, 25, () => this.#document('identity')),
        ...(scene !== 'account' && { resource: { kind: scene, document: this.#document(scene) } }),
        ...(prng.chance(30) && { boundary: this.#document('identity') }),
        ...(prng.chance(30) && { session: this.#some(2, 5, () => this.#document('identity')) }),
      },
      grants: scene === 'key' ? this.#some(3, 40, () => this.#grant(operation)) : [],
    }
  }

  /** Of which everything but one condition is known. */
  #aboutConditions(): Case {
    const prng = this.#prng
    const Effect = prng.pick(['Allow', 'Deny'] as const)
    const all: Statement = { Effect: 'Allow', Action: '*', Resource: '*' }
    const about: Statement = { ...all, Effect, Condition: Object.fromEntries([this.#condition()]) }
    const document: Document = {
      Version: prng.chance(90) ? '2012-10-17' : '2008-10-17',
      Statement: Effect === 'Allow' ? about : [all, about],
    }
    const layer = prng.pick(['identity', 'identity', 'boundary', 'session'])
    return {
      caller: callers[0]!,
      action: this.#action,
      resource: this.#resource,
      account: here,
      crossAccount: false,
      context: this.#context,
      policies: {
        identity: [layer === 'identity' ? document : { Statement: all }],
        ...(layer === 'boundary' && { boundary: document }),
        ...(layer === 'session' && { session: [document] }),
      },
      grants: [],
    }
  }

  /** At most so many, and none in so many of a hundred. */
  #some<T>(most: number, none: number, make: () => T): T[] {
    if (this.#prng.chance(none)) return []
    return Array.from({ length: 1 + this.#prng.below(most) }, make)
  }

  /** A list of one is often bare. */
  #list<T>(items: T[]): List<T> {
    const [only] = items
    return items.length === 1 && only !== undefined && this.#prng.chance(70) ? only : items
  }

  #values(): [key: string, value: ContextValue][] {
    return types.flatMap(type =>
      keysOf[type].flatMap((name): [string, ContextValue][] => {
        const chosen = this.#prng.below(100)
        const one = (): string => this.#prng.pick(valuesOf[type])
        if (chosen < 20) return []
        if (chosen < 24) return [[name.toLowerCase(), ambiguous]]
        if (chosen < 45) return [[name.toLowerCase(), this.#some(3, 20, one)]]
        return [[name.toLowerCase(), one()]]
      }),
    )
  }

  #document(kind: 'key' | 'trust' | 'identity'): Document {
    const Version = this.#prng.pick(['2012-10-17', '2012-10-17', '2012-10-17', '2008-10-17', undefined])
    const statements = this.#some(3, 0, () => this.#statement(kind))
    return { ...(Version && { Version }), Statement: this.#list(statements) }
  }

  #statement(kind: 'key' | 'trust' | 'identity'): Statement {
    const prng = this.#prng
    this.#statements++
    const Effect = prng.chance(12) ? 'Deny' : 'Allow'
    const conditions = this.#some(2, Effect === 'Allow' ? 55 : 30, () => this.#condition())
    const withoutAction = kind === 'key' && prng.chance(4)
    const withoutResource = kind === 'trust' || (kind === 'key' && prng.chance(4))
    return {
      ...(prng.chance(30) && { Sid: `S${this.#statements}` }),
      Effect,
      ...(kind !== 'identity' && this.#callers(Effect)),
      ...(!withoutAction && this.#actions()),
      ...(!withoutResource && this.#resources(kind)),
      ...(conditions.length > 0 && { Condition: Object.fromEntries(conditions) }),
    }
  }

  #callers(effect: 'Allow' | 'Deny'): Pick<Statement, 'Principal' | 'NotPrincipal'> {
    const { account, arn, roleArn } = this.#caller
    const prng = this.#prng
    const negated = effect === 'Deny' && prng.chance(40)
    const own = [arn, account, root(account), ...(roleArn === undefined ? [] : [roleArn])].filter(x => x !== provider)
    const names = this.#some(negated ? 2 : 3, 0, () => prng.pick(prng.chance(50) ? own : principalNames))
    // So that often none is missing, or one.
    const missing = prng.chance(50) ? prng.pick([[arn], [roleArn], [account, root(account)]]) : []
    if (negated && prng.chance(60)) names.push(...own.filter(name => !missing.includes(name)))
    const map: PrincipalElement = {
      ...(prng.chance(90) && { AWS: prng.chance(10) ? '*' : this.#list(names) }),
      ...(prng.chance(arn === provider ? 70 : 5) && {
        Federated: prng.chance(80) ? provider : `${provider}.org`,
      }),
      ...(prng.chance(5) && { Service: 'events.amazonaws.com' }),
    }
    const isEmpty = Object.keys(map).length === 0
    const element = isEmpty || prng.chance(8) ? '*' : map
    return negated ? { NotPrincipal: element } : { Principal: element }
  }

  #actions(): Pick<Statement, 'Action' | 'NotAction'> {
    const negated = this.#prng.chance(20)
    const list = this.#list(
      this.#some(negated ? 2 : 3, 0, () => {
        if (this.#prng.chance(negated ? 25 : 60)) return this.#blurredAfter(':', this.#action)
        return this.#prng.chance(15) ? '*' : this.#prng.pick(actions)
      }),
    )
    return negated ? { NotAction: list } : { Action: list }
  }

  #resources(kind: 'key' | 'identity' | 'trust'): Pick<Statement, 'Resource' | 'NotResource'> {
    const negated = this.#prng.chance(15)
    const list = this.#list(
      this.#some(2, 0, () => {
        if (this.#prng.chance(negated ? 5 : kind === 'key' ? 60 : 30)) return '*'
        if (this.#resource === '*' || this.#prng.chance(negated ? 85 : 60)) return this.#prng.pick(resources)
        return this.#blurredAfter('arn:', this.#resource)
      }),
    )
    return negated ? { NotResource: list } : { Resource: list }
  }

  #blurredAfter(start: string, text: string): string {
    const at = text.indexOf(start) + start.length
    return text.slice(0, at) + this.#blurred(text.slice(at))
  }

  /** A pattern that is or nearly is this text. */
  #blurred(text: string): string {
    const prng = this.#prng
    const at = prng.below(text.length + 1)
    switch (prng.below(9)) {
      case 0:
        return `${text.slice(0, at)}*`
      case 1:
        return `${text.slice(0, at)}*${text.slice(at)}`
      case 2:
        return `${text.slice(0, at)}*${text.slice(prng.below(text.length + 1))}`
      case 3:
        return `${text.slice(0, at)}?${text.slice(at + 1)}`
      case 4:
        return `${text.slice(0, at)}?${text.slice(at)}`
      case 5:
        return text.slice(0, at) + text.slice(at).toUpperCase()
      default:
        return text
    }
  }

  #condition(): [operator: string, keys: Record<string, List<Wanted>>] {
    const prng = this.#prng
    const type = prng.chance(30) ? 'string' : prng.pick(types)
    const names = this.#some(prng.chance(70) ? 1 : 2, 0, () =>
      prng.pick(keysOf[prng.chance(92) ? type : prng.pick(types)]),
    )
    if (prng.chance(8)) {
      const values = ['true', 'false', 'True', 'maybe', true, false]
      return [
        'Null',
        Object.fromEntries(names.map(name => [name, this.#list(this.#some(2, 0, () => prng.pick(values)))])),
      ]
    }
    const quantifier = prng.pick(['', '', '', 'ForAllValues:', 'ForAnyValue:'])
    const operator = `${quantifier}${prng.pick(operatorsOf[type])}${prng.chance(25) ? 'IfExists' : ''}`
    return [
      operator,
      Object.fromEntries(
        names.map(name => [
          prng.pick([name, name.toLowerCase(), name.toUpperCase()]),
          this.#list(this.#some(3, 0, () => this.#wanted(type, name))),
        ]),
      ),
    ]
  }

  /** A value of a condition, often one that the request has. */
  #wanted(type: Type, name: string): Wanted {
    const prng = this.#prng
    if (type === 'bool' && prng.chance(20)) return prng.chance(50)
    if (type === 'number' && prng.chance(10)) return prng.pick([5, 90, -5, 5.25])
    const actual = this.#context.find(([key]) => key === name.toLowerCase())?.[1]
    const values = typeof actual === 'string' ? [actual] : Array.isArray(actual) ? (actual as string[]) : []
    // Policies of keys are in Latin-1.
    const printable = [...values, ...valuesOf[type]].filter(text => /^[\u0020-\u00ff]*$/.test(text))
    const value = prng.chance(50) && values.length > 0 ? prng.pick(printable.slice(0, values.length)) : undefined
    if (value === undefined) return prng.pick(prng.chance(50) ? printable : patternsOf[type])
    if (prng.chance(20)) return swapCase(value)
    return prng.chance(20) ? this.#blurred(value) : value
  }

  // Grants

  #pairs(): [name: string, value: string][] {
    const names = ['app', 'App', 'team'].filter(() => this.#prng.chance(40))
    return names.map(name => [name, this.#prng.pick(['blue', 'blue', 'Blue'])])
  }

  #constraints(): GrantConstraints {
    const prng = this.#prng
    return {
      ...(prng.chance(20) && { encryptionContextEquals: this.#pairs() }),
      ...(prng.chance(25) && { encryptionContextSubset: this.#pairs() }),
      ...(prng.chance(15) && { sourceArn: prng.chance(70) ? alias : role(here) }),
    }
  }

  #grantable(operation: GrantOperation): NonNullable<Case['grantable']> {
    const prng = this.#prng
    return {
      operation,
      ...(prng.chance(60) && { encryptionContext: this.#pairs() }),
      ...(prng.chance(60) && { sourceArn: alias }),
      ...(operation === 'CreateGrant' && {
        child: { operations: this.#some(2, 10, () => prng.pick(operations)), constraints: this.#constraints() },
      }),
    }
  }

  #grant(operation: GrantOperation): Grant {
    const prng = this.#prng
    const { arn, account, roleArn } = this.#caller
    const own = [arn, root(account), roleArn ?? arn]
    return {
      account: here,
      region: 'us-west-2',
      keyId: '1234',
      id: '0'.repeat(64),
      createdAt: 0,
      issuingAccount: here,
      ...(prng.chance(95)
        ? { granteePrincipal: prng.pick(prng.chance(60) ? own : principalNames) }
        : { granteeServicePrincipal: 'events.amazonaws.com' }),
      operations: [
        ...(prng.chance(70) ? [operation] : []),
        ...operations.filter(() => prng.chance(operation === 'CreateGrant' ? 60 : 20)),
      ],
      constraints: this.#constraints(),
    }
  }
}
