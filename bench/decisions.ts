import { parseArgs } from 'node:util'
import type { AccessRequest, Policies } from '../packages/server/src/auth/access.ts'
import { compilePolicy } from '../packages/server/src/auth/compile.ts'
import { evaluate } from '../packages/server/src/auth/evaluate.ts'
import type { Grant } from '../packages/server/src/auth/grants.ts'
import { defaultKeyPolicy } from '../packages/server/src/auth/policy.ts'
import { requestContext } from '../packages/server/src/auth/request-context.ts'
import type { Caller } from '../packages/server/src/auth/caller.ts'

const help = `npm run bench:decisions -- [options]

Measures how many authorization decisions one core makes in a second, with policies compiled already, as they are from the
second request on; and how long compiling them takes.

  --rounds <n>           how often each case is measured; the median counts (default: 7)
  --seconds <n>          how long in each round (default: 0.5)
  --help
`

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '0.5' },
    help: { type: 'boolean', default: false },
  },
})
if (flags.help) {
  process.stdout.write(help)
  process.exit()
}

const account = '111122223333'
const key = `arn:aws:kms:us-east-1:${account}:key/1234abcd-12ab-34cd-56ef-1234567890ab`
const user = `arn:aws:iam::${account}:user/engineering/alice`
const caller: Caller = {
  type: 'IAMUser',
  account,
  arn: user,
  principalId: 'AIDAALICEALICEALICEA',
  userName: 'alice',
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  tags: new Map([['team', 'blue']]),
}
const encryptionContext = new Map([
  ['tenant', 'blue'],
  ['purpose', 'backup'],
])

function request(over: Partial<AccessRequest> = {}): AccessRequest {
  const connection = { peer: '192.0.2.17', isSecure: true }
  const facts = { caller, now: Date.UTC(2026, 10, 24), region: 'us-east-1', connection, account, encryptionContext }
  return {
    caller,
    action: 'kms:Decrypt',
    resource: key,
    account,
    crossAccount: true,
    context: requestContext(facts),
    grantable: { operation: 'Decrypt', encryptionContext },
    ...over,
  }
}

const policy = (...Statement: object[]): string => JSON.stringify({ Version: '2012-10-17', Statement })
const root = { AWS: `arn:aws:iam::${account}:root` }
const everything = policy({ Effect: 'Allow', Action: '*', Resource: '*' })
const threeStatements = policy(
  { Sid: 'Administrators', Effect: 'Allow', Principal: root, Action: ['kms:Create*', 'kms:Put*'], Resource: '*' },
  {
    Sid: 'Users',
    Effect: 'Allow',
    Principal: { AWS: [user, `arn:aws:iam::${account}:role/app`] },
    Action: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey'],
    Resource: '*',
    Condition: { StringEquals: { 'kms:EncryptionContext:tenant': '${aws:PrincipalTag/team}' } },
  },
  {
    Sid: 'NotFromElsewhere',
    Effect: 'Deny',
    Principal: '*',
    Action: '*',
    Resource: '*',
    Condition: { NotIpAddress: { 'aws:SourceIp': ['192.0.2.0/24', '10.0.0.0/8'] } },
  },
)

/** As large as a key policy may be, of patterns with twelve stars each that fit until their last character. */
function starry(): string {
  const stars = Array.from('arn:aws:kms:us-east', character => character)
    .slice(0, 12)
    .join('*')
  const pattern = `${stars}*!`
  const statement = (count: number): object => ({
    Effect: 'Allow',
    Principal: '*',
    Action: '*',
    Resource: Array.from({ length: count }, (_, index) => `*${pattern}${index}`),
  })
  let count = 1
  while (policy(statement(count + 1)).length <= 32_768) count++
  return policy(statement(count))
}

const grant = (index: number, tenant: string): Grant => ({
  account,
  region: 'us-east-1',
  keyId: '1234abcd-12ab-34cd-56ef-1234567890ab',
  id: String(index).padStart(64, '0'),
  createdAt: 0,
  issuingAccount: account,
  granteePrincipal: user,
  operations: ['Encrypt', 'Decrypt'],
  constraints: { encryptionContextSubset: [['tenant', tenant]] },
})

interface Case {
  name: string
  key: string
  identity: readonly string[]
  grants?: readonly Grant[]
  allowed: boolean
}

const cases: readonly Case[] = [
  {
    name: 'default key policy, AdministratorAccess',
    key: defaultKeyPolicy(account),
    identity: [everything],
    allowed: true,
  },
  { name: 'key policy of 3 statements, with conditions', key: threeStatements, identity: [], allowed: true },
  {
    name: 'the last of 100 grants',
    key: policy({ Effect: 'Allow', Principal: root, Action: 'kms:Put*', Resource: '*' }),
    identity: [],
    grants: Array.from({ length: 100 }, (_, index) => grant(index, index === 99 ? 'blue' : 'red')),
    allowed: true,
  },
  { name: 'key policy of 32 KiB, 12 stars a pattern', key: starry(), identity: [everything], allowed: false },
]

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0

for (const { name, key: text, identity, grants = [], allowed } of cases) {
  const compile = (): Policies => ({
    identity: identity.map(document => compilePolicy('identity', document, 'identity')),
    resource: compilePolicy('key', text, 'the key policy'),
  })
  const policies = compile()
  const compiling = median(
    Array.from({ length: Number(flags.rounds) }, () => {
      const start = performance.now()
      compile()
      return performance.now() - start
    }),
  )
  const rates: number[] = []
  for (let round = 0; round < Number(flags.rounds); round++) {
    const end = performance.now() + Number(flags.seconds) * 1000
    const start = performance.now()
    let decisions = 0
    do {
      // A context of its own, as each request has.
      if (evaluate(request(), policies, grants).allowed !== allowed) throw new Error(`${name}: the wrong decision`)
      decisions++
    } while (performance.now() < end)
    rates.push(decisions / ((performance.now() - start) / 1000))
  }
  const rate = median(rates)
  const each = 1000 / rate
  process.stdout.write(
    `${name.padEnd(46)} ${Math.round(rate).toLocaleString('en').padStart(10)} a second, ${each.toFixed(4)} ms each; compiled in ${compiling.toFixed(2)} ms\n`,
  )
}
