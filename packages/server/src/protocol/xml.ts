import type { About, Shape } from './shape.ts'
import { TextWriter, type Escapes } from './text-writer.ts'

/** XML as services that speak AWS Query answer it; nothing here reads any. */

const replacement = Buffer.from('\ufffd')
/** What text cannot hold by itself, and what XML 1.0 cannot hold in any form (section 2.2), which becomes U+FFFD. */
const escapes: Escapes = Array.from({ length: 0x80 }, (_, unit) => {
  const character = String.fromCharCode(unit)
  const written: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&apos;',
    '\r': '&#13;', // A reader would turn it into a line feed.
  }
  if (Object.hasOwn(written, character)) return Buffer.from(written[character] ?? '')
  return unit < 0x20 && character !== '\t' && character !== '\n' ? replacement : undefined
})
const plain: Escapes = []

const writer = new TextWriter()

/**
 * A document of one element: a structure, in the namespace, of the members of `shape`. Lists are made of elements `member`,
 * maps of `entry` with `key` and `value` (https://smithy.io/2.0/aws/protocols/aws-query-protocol.html). In memory of its own,
 * which is the caller's to wipe if it holds a secret.
 */
export function encodeXml<T>(name: string, namespace: string, shape: Shape<T>, value: T): Buffer {
  try {
    writeElement(name, shape.about, value, ` xmlns="${namespace}"`)
    return writer.written()
  } finally {
    writer.clear()
  }
}

/** The same as a string, for a document without a secret. */
export function encodeXmlText<T>(name: string, namespace: string, shape: Shape<T>, value: T): string {
  return encodeXml(name, namespace, shape, value).toString()
}

/** Names and attributes are this server's own, and need no escapes. */
function writeElement(name: string, about: About, value: unknown, attributes = ''): void {
  writer.escaped(`<${name}${attributes}>`, plain)
  writeContent(about, value)
  writer.escaped(`</${name}>`, plain)
}

// What the casts say holds for every value of a shape of that type.
function writeContent(about: About, value: unknown): void {
  switch (about.type) {
    case 'blob':
      return writer.base64(value as Uint8Array)
    case 'timestamp':
      return writeText(formatSeconds(value as Date))
    case 'string':
    case 'integer':
    case 'boolean':
      return writeText(String(value))
    case 'list':
      for (const element of value as readonly unknown[]) writeElement('member', about.element, element)
      return
    case 'map':
      for (const [key, item] of value as ReadonlyMap<string, unknown>) {
        writer.escaped('<entry>', plain)
        writeElement('key', about.key, key)
        writeElement('value', about.value, item)
        writer.escaped('</entry>', plain)
      }
      return
    case 'structure':
      for (const [name, { shape }] of Object.entries(about.members)) {
        const member = (value as Readonly<Record<string, unknown>>)[name]
        if (member !== undefined) writeElement(name, shape, member)
      }
  }
}

function writeText(text: string): void {
  writer.escaped(text.replaceAll(/[\ufffe\uffff]/g, '\ufffd'), escapes)
}

/** To the second, as IAM and STS print dates. */
const formatSeconds = (date: Date): string => `${date.toISOString().slice(0, -5)}Z`
