import { toBase64 } from '../../api/base64.ts'
import { bytesOf, type Bytes, type Given } from './bytes.ts'
import { algorithmsOf, type Key } from './key.ts'
import { areComplete, recordOf, type Pair } from './pair-editor.tsx'
import { cliLine, fileWord, quote, writing, writtenWord } from './shell.ts'
import {
  hashOf,
  messageTypesOf,
  mostOf,
  type ByteMember,
  type MessageType,
  type Operation,
} from './try-it-operations.ts'

/** All that the form holds, for whichever operation: what one makes, the next can take. */
export interface Wish {
  bytes: Readonly<Partial<Record<ByteMember, Given>>>
  context: readonly Pair[]
  algorithm: string
  messageType: MessageType
  /** Whether the message is hashed here, and the digest sent. */
  isHashed: boolean
  /** AES_256, AES_128, or a number of bytes. */
  size: string
  pairSpec: string
}

export const emptyWish = (key: Key): Wish => {
  const algorithm = algorithmsOf(key)[0] ?? ''
  return {
    bytes: {},
    context: [],
    algorithm,
    messageType: messageTypesOf(algorithm)[0] ?? 'RAW',
    isHashed: false,
    size: 'AES_256',
    pairSpec: 'ECC_NIST_P256',
  }
}

export const givenFor = ({ bytes }: Wish, member: ByteMember): Given =>
  bytes[member] ?? { form: member === 'Plaintext' || member === 'Message' ? 'text' : 'base64', text: '' }

/** By which the message is hashed here, if it is. */
export const hashIn = (operation: Operation, wish: Wish) =>
  operation.choices.includes('SigningAlgorithm') && wish.messageType === 'DIGEST' && wish.isHashed
    ? hashOf(wish.algorithm)
    : undefined

/** How many bytes may be given; undefined: as many as one likes. */
export const mostIn = (operation: Operation, wish: Wish, member: ByteMember, key: Key): number | undefined =>
  member === 'Message' && hashIn(operation, wish) ? undefined : mostOf(member, key, wish.algorithm)

/** Whether nothing is missing or too long. */
export function isWhole(operation: Operation, wish: Wish, key: Key): boolean {
  const fits = operation.inputs.every(member => {
    const count = bytesOf(givenFor(wish, member))?.length ?? 0
    return count > 0 && count <= (mostIn(operation, wish, member, key) ?? Infinity)
  })
  const hasContext = operation.choices.includes('context')
  const hasSize = operation.choices.includes('size')
  return fits && (!hasContext || areComplete(wish.context)) && (!hasSize || isSize(wish.size))
}

/** Whether it names a size of data keys: 1 to 1024 bytes, if it is a number. */
export const isSize = (size: string): boolean =>
  size.startsWith('AES_') || (/^[1-9]\d{0,3}$/.test(size) && Number(size) <= 1024)

/** What is sent beside bytes. */
function plainOf(operation: Operation, wish: Wish, key: Key): Record<string, unknown> {
  const { choices, fixed } = operation
  const plain: Record<string, unknown> = { KeyId: key.Arn, ...fixed }
  for (const choice of choices) {
    if (choice === 'context') plain['EncryptionContext'] = recordOf(wish.context)
    else if (choice === 'pair') plain['KeyPairSpec'] = wish.pairSpec
    else if (choice !== 'size') plain[choice] = wish.algorithm
    else if (wish.size.startsWith('AES_')) plain['KeySpec'] = wish.size
    else plain['NumberOfBytes'] = Number(wish.size)
  }
  if (choices.includes('SigningAlgorithm')) plain['MessageType'] = wish.messageType
  return plain
}

/** The input as it goes over the wire. */
export async function inputOf(operation: Operation, wish: Wish, key: Key): Promise<Record<string, unknown>> {
  const input = plainOf(operation, wish, key)
  const hash = hashIn(operation, wish)
  for (const member of operation.inputs) {
    const given = givenFor(wish, member)
    const bytes = bytesOf(given) ?? new Uint8Array()
    const sent = member === 'Message' && hash ? new Uint8Array(await crypto.subtle.digest(hash, bytes)) : bytes
    input[member] = toBase64(sent)
    if (given.form !== 'file') bytes.fill(0)
  }
  return input
}

/** The same call as a line of the AWS CLI, for bash and zsh. */
export function lineOf(
  operation: Operation,
  wish: Wish,
  key: Key,
  where: { endpoint: string; region: string },
): string {
  const hash = hashIn(operation, wish)
  const words: Record<string, string> = {}
  for (const member of operation.inputs) {
    const given = givenFor(wish, member)
    words[member] = wordOf(given, bytesOf(given) ?? new Uint8Array(), member === 'Message' ? hash : undefined)
  }
  return cliLine(operation.name, { ...plainOf(operation, wish, key), ...words }, { ...where, blobs: words })
}

function wordOf(given: Given, bytes: Bytes, hash: string | undefined): string {
  const name = given.form === 'file' ? given.file?.name : undefined
  if (hash === undefined) return name === undefined ? writtenWord(writing(bytes)) : fileWord(name)
  const digest = `openssl dgst -${hash.replace('-', '').toLowerCase()} -binary`
  return writtenWord(name === undefined ? `${writing(bytes)} | ${digest}` : `${digest} < ${quote(name)}`)
}
