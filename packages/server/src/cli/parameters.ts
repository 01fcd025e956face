import { unzipSync, zipSync } from 'fflate'
import {
  largestParameter,
  parameterFiles,
  readParameters,
  zipTime,
  type ImportParameters,
  type PackedParameters,
} from 'keyreeve-import'
import { readInput } from './files.ts'
import { shellWord } from './sign-in.ts'
import { Failure } from './verb.ts'

/** Packs a zip file of import parameters. */
export function packParameters(parameters: ImportParameters, zipName: string, now: Date): Uint8Array {
  return zipSync(parameterFiles(parameters, shellWord(zipName), now), { level: 0, mtime: zipTime(now) })
}

/**
 * Opens what `packParameters` or a console has packed.
 *
 * @throws Failure
 */
export async function loadParameters(path: string): Promise<PackedParameters> {
  const parameters = readParameters(await unpack(path))
  if (parameters) return parameters
  throw new Failure(`${path} holds no import parameters: it wants a member wrappingKey_... and one importToken_...`)
}

async function unpack(path: string): Promise<Record<string, Uint8Array>> {
  const bytes = await readInput(path, false)
  try {
    return unzipSync(bytes, { filter: ({ originalSize }) => originalSize <= largestParameter })
  } catch (error) {
    throw new Failure(`${path} is no zip file of import parameters, or is damaged.`, { cause: error })
  }
}
