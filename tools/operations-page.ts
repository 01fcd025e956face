import type { About } from '../packages/server/src/protocol/shape.ts'
import type { KeyNeed, Operation, Service } from '../packages/server/src/operation.ts'
import { operations } from '../packages/server/src/operations/index.ts'
import { conditionKeysOf, ofKeys } from '../packages/server/test/support/modelled-conditions.ts'
import { commonErrors, errorsOf } from '../packages/server/test/support/modelled-errors.ts'

const services: Readonly<Record<Service, { title: string; how: string }>> = {
  kms: { title: 'KMS', how: 'AWS JSON 1.1, with the target `TrentService.` and the name.' },
  sts: { title: 'STS', how: 'AWS Query, version 2011-06-15.' },
  iam: { title: 'IAM', how: 'AWS Query, version 2010-05-08.' },
  keyreeve: {
    title: 'Keyreeve',
    how: 'What the services of AWS do not have: AWS JSON 1.1, with the target `Keyreeve.` and the name.',
  },
}

/** docs/operations.md: what the operation table says, as the pipeline enforces it. */
export function operationsPage(): string {
  return [
    '# Operations',
    '',
    'Written by `npm run docs` from the operation table; a test compares. A member marked `*` is required. Sizes: strings in',
    'characters, blobs in bytes, lists in elements.',
    '',
    `Errors are listed without those that every operation may answer, ${codes(commonErrors)}, and`,
    'without those that a request meets before its operation is known or its caller is, such as `InvalidSignatureException`.',
    'In IAM and STS most errors go by their name without `Exception`, and every operation may answer `MalformedInput` too.',
    '',
    'Condition keys are those by which policies can tell requests apart beside the `aws:` keys of every request. Those of keys',
    `are ${codes(ofKeys)}.`,
    '',
    // Record<Service, ...>: these are the names of services.
    ...(Object.keys(services) as Service[]).flatMap(servicePart),
  ].join('\n')
}

/** Requests are signed for the service by its name. */
function servicePart(service: Service): string[] {
  const list = operations.filter(operation => operation.service === service)
  if (list.length === 0) return []
  const { title, how } = services[service]
  const hasKeys = list.some(operation => needsOf(operation).length > 0)
  return [
    `## ${title}`,
    '',
    `Signed for the service \`${service}\`. ${how}`,
    '',
    `| operation | permission |${hasKeys ? ' keys | states |' : ''}`,
    `| --- | --- |${hasKeys ? ' --- | --- |' : ''}`,
    ...list.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map(operation => row(operation, hasKeys)),
    '',
    ...list.toSorted((a, b) => (a.name < b.name ? -1 : 1)).flatMap(section),
  ]
}

const needsOf = (operation: Operation): [string, KeyNeed<unknown>][] => Object.entries(operation.needs.keys)

function row(operation: Operation, hasKeys: boolean): string {
  const needs = needsOf(operation)
  const cells = [
    `[${operation.name}](#${operation.name.toLowerCase()})`,
    needs
      .map(([, need]) => need.action ?? operation.needs.action)
      .concat(needs.length === 0 ? [operation.needs.action] : [])
      .map(action => (action === null ? 'none needed' : `\`${action}\``))
      .filter((action, index, all) => all.indexOf(action) === index)
      .join(', '),
    ...(hasKeys
      ? [
          needs.map(([name, need]) => keyText(name, need)).join('; ') || 'none',
          needs.map(([, need]) => need.states.join(', ')).join('; '),
        ]
      : []),
  ]
  return `| ${cells.join(' | ')} |`
}

function keyText(name: string, need: KeyNeed<unknown>): string {
  const forms = need.aliases ? 'id, ARN, alias name, alias ARN' : 'id, ARN'
  const facts = [
    need.ciphertext
      ? `${forms}, or named by the ciphertext`
      : need.grantToken
        ? `${forms}, or named by the token`
        : forms,
    ...(need.optional ? ['optional'] : []),
    ...(need.usage ? [`usage ${need.usage}`] : []),
    ...(need.origin ? [`origin ${need.origin}`] : []),
  ]
  return `${name === 'key' ? '' : `${name}: `}${facts.join('; ')}`
}

function section(operation: Operation): string[] {
  return [
    `### ${operation.name}`,
    '',
    ...table('Input', operation.input.about),
    ...(operation.output === null ? [noOutput(operation.service), ''] : table('Output', operation.output.about)),
    ...errors(operation),
    ...conditions(operation),
    `Audit record: ${operation.audit.readOnly ? 'read only' : 'a change'}.`,
    '',
  ]
}

/** In XML there is a request id at least. */
const noOutput = (service: Service): string =>
  service === 'iam' || service === 'sts' ? 'Output: none.' : 'Output: empty body.'

function errors({ service, name }: Operation): string[] {
  const answered = service === 'keyreeve' ? [] : errorsOf(service, name)
  return answered.length === 0 ? [] : [`Errors: ${codes(answered)}.`, '']
}

function conditions({ service, name, needs }: Operation): string[] {
  if (service !== 'kms') return []
  const { own, ofKeys: isOnKey } = conditionKeysOf(name)
  const told = [...(own.length > 0 ? [codes(own)] : []), ...(isOnKey ? ['those of keys'] : [])]
  return [
    ...(told.length > 0 ? [`Condition keys: ${told.join(', and ')}.`, ''] : []),
    ...(needs.crossAccount ? ['Keys of other accounts can be meant.', ''] : []),
  ]
}

const codes = (names: readonly string[]): string => names.map(name => `\`${name}\``).join(', ')

function table(title: string, about: About): string[] {
  if (about.type !== 'structure' || Object.keys(about.members).length === 0) return [`${title}: none.`, '']
  return [
    `| ${title} | type |`,
    '| --- | --- |',
    ...Object.entries(about.members).map(
      ([name, { required, shape }]) => `| \`${name}\`${required ? '*' : ''} | ${typeText(shape)} |`,
    ),
    '',
  ]
}

function typeText(about: About): string {
  switch (about.type) {
    case 'string': {
      if (about.values) return about.values.map(value => `\`${value}\``).join(', ')
      const pattern = about.pattern === undefined ? '' : ` matching \`${about.pattern.replaceAll('|', '\\|')}\``
      return `string${range(about)}${pattern}`
    }
    case 'integer':
    case 'blob':
      return `${about.type}${range(about)}`
    case 'boolean':
    case 'timestamp':
      return about.type
    case 'list':
      return `list${range(about)} of ${typeText(about.element)}`
    case 'map':
      return `map of ${typeText(about.key)} to ${typeText(about.value)}`
    case 'structure': {
      const members = Object.entries(about.members).map(
        ([name, { required, shape }]) => `\`${name}\`${required ? '*' : ''}: ${typeText(shape)}`,
      )
      return `{ ${members.join('; ')} }`
    }
  }
}

function range({ min, max }: { min?: number; max?: number }): string {
  if (min === undefined && max === undefined) return ''
  if (min === max) return ` (${min})`
  if (max === undefined) return ` (from ${min})`
  return ` (${min ?? 0} to ${max})`
}
