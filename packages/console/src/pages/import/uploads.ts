import { unzipSync } from 'fflate'
import { largestParameter, readParameters, type PackedParameters } from 'keyreeve-import'
import type { Upload } from './inspect.ts'
import { hashOf } from './parameter-sets.ts'

/** More than any file that is uploaded here has, the zip file of a set included; what is longer is known by that. */
const enough = 256 * 1024

export async function readUpload(file: File): Promise<Upload> {
  const bytes = new Uint8Array(await file.slice(0, enough).arrayBuffer())
  return { name: file.name, bytes, hash: await hashOf(bytes) }
}

/** As `readUpload`; of the whole zip file of a set, the token in it. */
export async function readToken(file: File): Promise<Upload> {
  const upload = await readUpload(file)
  const packed = unpack(upload.bytes)
  if (!packed) return upload
  const bytes = new Uint8Array(packed.token)
  const hash = await hashOf(bytes)
  return { name: file.name, bytes, hash, ...(packed.keyId !== undefined && { packedFor: packed.keyId }) }
}

function unpack(bytes: Uint8Array): PackedParameters | undefined {
  if (bytes[0] !== 0x50 || bytes[1] !== 0x4b) return undefined
  try {
    return readParameters(unzipSync(bytes, { filter: ({ originalSize }) => originalSize <= largestParameter }))
  } catch {
    return undefined
  }
}
