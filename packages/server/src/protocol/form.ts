import { kmsError, type KmsError } from './errors.ts'
import { JsonString, type Json } from './json.ts'
import { decodeObject, type About, type Shape } from './shape.ts'

/**
 * Forms (application/x-www-form-urlencoded), and what their names mean in the AWS Query protocol: `Tags.member.1.Key` is the
 * member Key of the first element of the list Tags (https://smithy.io/2.0/aws/protocols/aws-query-protocol.html).
 */

/** Names in one form; no request needs a tenth of them. */
const mostParameters = 1000
/** Parts of one name; a member of an element of a list in a structure has five. */
const mostParts = 32

/**
 * Names and values, in the order sent. Strictly: a name that is there twice, a name without `=`, a stray `%` or bytes that
 * are no UTF-8 could be read one way here and another way elsewhere.
 *
 * @throws SerializationException
 */
export function parseForm(body: Uint8Array): Map<string, string> {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1')
  if (!/^[!-~]*$/.test(text)) throw notAForm('The form holds bytes that must be percent-encoded.')
  const parameters = new Map<string, string>()
  for (const pair of text === '' ? [] : text.split('&', mostParameters + 1)) {
    const equals = pair.indexOf('=')
    if (equals <= 0) throw notAForm('The form holds something that is not a name, an equals sign and a value.')
    const name = decodePart(pair.slice(0, equals))
    if (parameters.has(name)) throw notAForm('The form holds a name twice.')
    parameters.set(name, decodePart(pair.slice(equals + 1)))
  }
  if (parameters.size > mostParameters) throw notAForm(`The form holds more than ${mostParameters} names.`)
  return parameters
}

function decodePart(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw notAForm('The form holds a percent sign without a byte, or bytes that are not UTF-8.')
  }
}

const notAForm = (message: string): KmsError => kmsError('SerializationException', message)

/** The parameters of one prefix: what is said of it itself, and of what is in it. */
interface Node {
  text?: string
  children?: Map<string, Node>
}

/**
 * What the parameters mean as members of the shape, in memory of its own. Those of other names are ignored, as in JSON.
 *
 * @throws MalformedInputException for what cannot be of the member's type, ValidationException
 */
export function decodeParameters<T>(shape: Shape<T>, parameters: ReadonlyMap<string, string>): T {
  return decodeObject(shape, structureOf(shape.about, treeOf(parameters)))
}

function treeOf(parameters: ReadonlyMap<string, string>): Node {
  const root: Node = {}
  for (const [name, text] of parameters) {
    const parts = name.split('.', mostParts + 1)
    if (parts.length > mostParts) throw malformed('A parameter is nested too deep')
    let node = root
    for (const part of parts) {
      node.children ??= new Map()
      let child = node.children.get(part)
      if (!child) node.children.set(part, (child = {}))
      node = child
    }
    node.text = text
  }
  return root
}

function jsonOf(about: About, node: Node): Json {
  if (about.type === 'structure') return structureOf(about, node)
  if (about.type === 'list') return listOf(about.element, node)
  return about.type === 'map' ? mapOf(about, node) : scalarOf(about.type, node)
}

function listOf(element: About, node: Node): Json[] {
  return elementsOf(node, 'member', 'Unexpected list element termination').map(item => jsonOf(element, item))
}

function structureOf(about: About, node: Node): Map<string, Json> {
  const members = new Map<string, Json>()
  if (about.type !== 'structure') throw new TypeError('an input is a structure')
  for (const [name, child] of childrenOf(node, 'Unexpected complex element termination')) {
    const member = Object.hasOwn(about.members, name) ? about.members[name] : undefined
    if (member) members.set(name, jsonOf(member.shape, child))
  }
  return members
}

/** `X.entry.1.key=..&X.entry.1.value=..` */
function mapOf({ key, value }: Extract<About, { type: 'map' }>, node: Node): Map<string, Json> {
  const map = new Map<string, Json>()
  const entry: About = {
    type: 'structure',
    members: { key: { required: true, shape: key }, value: { required: true, shape: value } },
  }
  for (const item of elementsOf(node, 'entry', 'Unexpected map entry termination')) {
    const members = structureOf(entry, item)
    const name = members.get('key')
    const content = members.get('value')
    if (!(name instanceof JsonString) || content === undefined) throw malformed('Unexpected map entry termination')
    const text = name.text()
    if (map.has(text)) throw malformed('A map has a key twice')
    map.set(text, content)
  }
  return map
}

/**
 * What is in `X.member.1`, `X.member.2` and so on, in the order of the numbers, which need not begin with 1 nor be without
 * gaps. Clients send an empty list as `X=`.
 */
function elementsOf(node: Node, label: 'member' | 'entry', complaint: string): Node[] {
  const elements: [index: number, Node][] = []
  for (const [name, child] of childrenOf(node, complaint)) {
    if (name !== label) throw malformed('Top level element may not be treated as a list')
    if (!child.children) throw malformed(complaint)
    for (const [index, element] of childrenOf(child, complaint)) {
      // Only one spelling of each, so that no element is there twice.
      if (!/^[1-9][0-9]{0,8}$/.test(index)) throw malformed(complaint)
      elements.push([Number(index), element])
    }
  }
  return elements.sort(([a], [b]) => a - b).map(([, element]) => element)
}

/** What a collection consists of; nothing, for an empty text. */
function childrenOf({ text, children }: Node, complaint: string): Iterable<[string, Node]> {
  if (text !== undefined && (text !== '' || children)) throw malformed(complaint)
  return children ?? []
}

const integer = /^-?[0-9]{1,15}$/

function scalarOf(type: Exclude<About['type'], 'structure' | 'list' | 'map'>, { text, children }: Node): Json {
  if (children || text === undefined) throw malformed('Start of list found where not expected')
  switch (type) {
    case 'string':
    case 'blob':
      return JsonString.of(text)
    case 'integer':
      if (!integer.test(text)) break
      return Number(text)
    case 'boolean':
      if (text !== 'true' && text !== 'false') break
      return text === 'true'
    case 'timestamp':
      return secondsOf(text)
  }
  // Never with the text, which may be a secret in the wrong place.
  throw malformed(`Invalid ${type}`)
}

const dateTime = /^([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]{1,3})?Z$/

/** Of a date-time of RFC 3339 in UTC. The calendar is asked as well, since Date.parse makes March of 30 February. */
function secondsOf(text: string): number {
  const [, toTheSecond] = dateTime.exec(text) ?? []
  const date = new Date(text)
  if (toTheSecond === undefined || Number.isNaN(date.getTime()) || !date.toISOString().startsWith(toTheSecond)) {
    throw malformed('timestamp must follow ISO8601')
  }
  return date.getTime() / 1000
}

/** The texts are those of services that speak the protocol, as seen in reports of ELB, SNS and CloudWatch. */
const malformed = (message: string): KmsError => kmsError('MalformedInputException', message)
