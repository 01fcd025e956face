import { toBase64 } from '../../api/base64.ts'

/** Words of bash and zsh. */

/** A text as one word, whatever is in it. */
export const quote = (text: string): string =>
  /^[\w/:.,=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`

/** A command that writes these bytes: readable if they are text without control characters. */
export function writing(bytes: Uint8Array): string {
  const text = textOf(bytes)
  return text !== undefined && !/[^\P{Cc}\n\t]/u.test(text)
    ? `printf %s ${quote(text)}`
    : `printf %s ${toBase64(bytes)} | openssl enc -d -base64 -A`
}

/** As UTF-8; undefined if it is none. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** What the AWS CLI takes for bytes, in every version of it: a file, or what a command writes. */
export const fileWord = (name: string): string => `fileb://${quote(name)}`
export const writtenWord = (command: string): string => `fileb://<(${command})`

const dashed = (name: string): string => name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase()

/**
 * A call of KMS as a line of the AWS CLI.
 *
 * @param blobs words for the members that are bytes, in place of what `input` has for them
 */
export function cliLine(
  operation: string,
  input: Readonly<Record<string, unknown>>,
  { endpoint, region, blobs = {} }: { endpoint?: string; region?: string; blobs?: Readonly<Record<string, string>> },
): string {
  const parts = [`aws kms ${dashed(operation)}`]
  if (endpoint !== undefined) parts.push(`--endpoint-url ${quote(endpoint)}`)
  if (region !== undefined) parts.push(`--region ${quote(region)}`)
  for (const [name, value] of Object.entries(input)) {
    if (value === undefined) continue
    const word = blobs[name] ?? quote(typeof value === 'string' ? value : JSON.stringify(value))
    parts.push(`--${dashed(name)} ${word}`)
  }
  return parts.join(' \\\n  ')
}
