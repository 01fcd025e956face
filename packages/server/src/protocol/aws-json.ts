import type { KmsError } from './errors.ts'
import { encodeText, optional, string, structure } from './shape.ts'

const body = structure({ __type: string(), message: optional(string()), Message: optional(string()) })

/** Errors whose text AWS sends as `Message`, as seen in raw answers; all others have `message`. */
const capitals = new Set(['AccessDeniedException', 'SerializationException'])

/** The body that tells an error in AWS JSON 1.1. An error without text has no member for one. */
export function encodeError(error: KmsError): string {
  const member = capitals.has(error.code) ? 'Message' : 'message'
  return encodeText(body, { __type: error.code, ...(error.hasMessage && { [member]: error.message }) })
}
