import { fromBase64, toBase64, toHex } from '../../api/base64.ts'
import { textOf } from './shell.ts'

/** Bytes as people write and read them. */

export const writtenForms = ['text', 'hex', 'base64'] as const
export type WrittenForm = (typeof writtenForms)[number]

/** What somebody gave: written in one of the forms, or a file. */
export type Given = { form: WrittenForm; text: string } | { form: 'file'; file?: { name: string; bytes: Bytes } }
export type Bytes = Uint8Array<ArrayBuffer>

/** Undefined: it is not written in this form, or no file was chosen. */
export function bytesOf(given: Given): Bytes | undefined {
  if (given.form === 'file') return given.file?.bytes
  const { form, text } = given
  if (form === 'text') return new TextEncoder().encode(text)
  const packed = text.replaceAll(form === 'hex' ? /[\s:]/g : /\s/g, '')
  if (form === 'hex') {
    if (!/^(?:[0-9a-f]{2})*$/i.test(packed)) return undefined
    return Uint8Array.from(packed.match(/../g) ?? [], pair => Number.parseInt(pair, 16))
  }
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(packed)) return undefined
  return fromBase64(packed)
}

/** In this form; undefined if they are no text. */
export function written(bytes: Uint8Array, form: WrittenForm): string | undefined {
  if (form === 'text') return textOf(bytes)
  return form === 'hex' ? toHex(bytes) : toBase64(bytes)
}

/** The same bytes in another form, as far as they can be written in it. */
export function rewritten(given: Given, form: Given['form']): Given {
  if (form === 'file') return { form }
  const bytes = bytesOf(given)
  return { form, text: (bytes && written(bytes, form)) ?? '' }
}

/** Whether people can read it: text without control characters. */
export function isReadable(bytes: Uint8Array): boolean {
  const text = textOf(bytes)
  return text !== undefined && !/[^\P{Cc}\n\r\t]/u.test(text)
}
