import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { operations } from '../../src/operations/index.ts'
import type { About } from '../../src/protocol/shape.ts'
import { Prng } from '../protocol/prng.ts'
import { start } from '../support/server.ts'
import { post } from '../support/signed-http.ts'

/** Whatever is sent to the operations of IAM and STS: each is answered or refused, none makes the server fail. */

const server = await start()
after(() => server.stop())

const versions = { iam: '2010-05-08', sts: '2011-06-15' }
const account = '000000000000'
const policy = (statement: object) => JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
const allowAll = policy({ Effect: 'Allow', Action: 'kms:*', Resource: '*' })
const trust = policy({ Effect: 'Allow', Principal: { AWS: account }, Action: 'sts:AssumeRole' })
/** By the end of the name: what members are wont to hold, of things that earlier requests may have made. */
const usual: [ending: RegExp, values: readonly string[]][] = [
  [/(Name|Prefix)$/, ['alice', 'bob', 'readers', 'worker', 'ab']],
  [/Path$|PathPrefix$/, ['/', '/a/']],
  [/Document$|\.Policy$|^Policy$/, [allowAll, trust, policy({ Effect: 'Maybe' }), '{"Statement":[[[[[[]]]]]]}']],
  [/RoleArn$/, [`arn:aws:iam::${account}:role/worker`, `arn:aws:iam::${account}:role/a/worker`]],
  [
    /(Policy|Boundary|arn)(Arn)?$/,
    [`arn:aws:iam::${account}:policy/readers`, 'arn:aws:iam::aws:policy/ReadOnlyAccess'],
  ],
  [/ProviderArn$/, [`arn:aws:iam::${account}:oidc-provider/issuer.example`]],
  [/Url$/, ['https://issuer.example']],
  [/VersionId$/, ['v1', 'v2']],
  [/Token$/, ['eyJhbGciOiJub25lIn0.e30.', 'a.b.c']],
]
const anything = ['alice', '/', 'constructor', '__proto__', '', trust, `arn:aws:iam::${account}:user/alice`]

function textOf(prng: Prng, name: string, about: About): string {
  if (prng.chance(5)) return prng.chance(50) ? prng.text(prng.below(30)) : prng.pick(anything)
  if ('values' in about && about.values) return prng.pick(about.values)
  if (about.type === 'integer') return prng.pick(['900', '1000', '3600', '0', '-1', '99999999999', 'x'])
  if (about.type === 'boolean') return prng.pick(['true', 'false'])
  return prng.pick(usual.find(([ending]) => ending.test(name))?.[1] ?? anything)
}

/** Parameters that fit the shape, more or less. */
function fill(prng: Prng, about: About, name: string, into: Record<string, string>): void {
  const inside = (part: string) => (name === '' ? part : `${name}.${part}`)
  if (prng.chance(1)) {
    into[prng.pick([name, inside('member.1'), inside('entry.1.key'), inside('x'), inside('')])] = prng.pick(anything)
  } else if (about.type === 'structure') {
    for (const [member, { required, shape }] of Object.entries(about.members)) {
      if (prng.chance(required ? 98 : 30)) fill(prng, shape, inside(member), into)
    }
  } else if (about.type === 'list') {
    for (let index = prng.below(3); index > 0; index--) fill(prng, about.element, inside(`member.${index}`), into)
  } else if (about.type === 'map') {
    for (let index = prng.below(3); index > 0; index--) {
      fill(prng, about.key, inside(`entry.${index}.key`), into)
      fill(prng, about.value, inside(`entry.${index}.value`), into)
    }
  } else {
    into[name] = textOf(prng, name, about)
  }
}

for (const service of ['iam', 'sts'] as const) {
  const all = operations.filter(operation => operation.service === service)

  test(`no random form makes ${service} fail`, async t => {
    const prng = new Prng(17)
    const statuses = new Map<number, number>()
    const send = async ({ name, input }: (typeof all)[number]): Promise<void> => {
      const parameters: Record<string, string> = { Action: name, Version: versions[service] }
      fill(prng, input.about, '', parameters)
      const body = new URLSearchParams(parameters).toString()
      const answer = await post(server, {
        body,
        service,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      })
      assert.ok(answer.status < 500, `${answer.status} ${answer.body} for ${body}`)
      const root = answer.status === 200 ? `${name}Response` : 'ErrorResponse'
      assert.ok(answer.body.startsWith(`<${root} xmlns="https://`), answer.body)
      assert.ok(answer.body.endsWith(`</${root}>`), answer.body)
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
    }
    // All at once: they race for the same few names as well.
    for (let round = 0; round < 10; round++) await Promise.all(all.map(send))
    t.diagnostic([...statuses].map(([status, count]) => `${count} times ${status}`).join(', '))
    assert.ok(statuses.has(200), 'some must be good')
  })
}
