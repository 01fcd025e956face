import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/** What is looked for, by a name that says what it is. */
export type Wanted = Readonly<Record<string, Uint8Array>>

/**
 * Which of these byte strings are in a text or a file, in any of seven forms: as they are, as UTF-16, in Base64 of either
 * alphabet at any of its three alignments, in hexadecimal digits of either case, and backwards.
 */
export function findIn(haystack: Uint8Array, wanted: Wanted): string[] {
  const bytes = Buffer.from(haystack)
  return Object.entries(wanted).flatMap(([name, needle]) =>
    [...formsOf(Buffer.from(needle))].flatMap(([form, text]) => (bytes.includes(text) ? [`${name}, ${form}`] : [])),
  )
}

/** The contents of all files of a folder, but for those named. Read by another process: closing a file drops our locks. */
export function contentsOf(folder: string, except: readonly string[] = []): Buffer {
  const files = readdirSync(folder).filter(name => !except.includes(name))
  return execFileSync(
    'cat',
    files.map(name => join(folder, name)),
    { maxBuffer: 2 ** 30 },
  )
}

export function formsOf(bytes: Buffer): Map<string, Buffer> {
  const hex = bytes.toString('hex')
  const forms = new Map([
    ['raw', bytes],
    ['UTF-16', Buffer.from(bytes.toString('latin1'), 'utf16le')],
    ['hex', Buffer.from(hex)],
    ['HEX', Buffer.from(hex.toUpperCase())],
    ['backwards', Buffer.from(bytes.toReversed())],
  ])
  for (const skipped of [0, 1, 2]) {
    // Whole groups only: what comes before and after shares characters with the rest.
    const groups = bytes.subarray(skipped, skipped + 3 * Math.floor((bytes.length - skipped) / 3))
    forms.set(`Base64 but for ${skipped}`, Buffer.from(groups.toString('base64')))
    forms.set(`Base64url but for ${skipped}`, Buffer.from(groups.toString('base64url')))
  }
  return forms
}
