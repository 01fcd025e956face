import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { options } from '../config.ts'
import type { Credentials } from '../protocol/sigv4.ts'
import { Failure } from './verb.ts'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Finds an access key in the order of AWS's own tools, and last in the default data folder.
 *
 * @returns it, and where it is from
 * @throws Failure
 */
export function findCredentials(
  given: { readonly credentials: string | undefined; readonly profile: string | undefined },
  environment: Environment,
): { credentials: Credentials; source: string } {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = environment
  if (given.credentials === undefined && given.profile === undefined && accessKeyId && secret) {
    const sessionToken = token === '' ? undefined : token
    return {
      credentials: { accessKeyId, secret: Buffer.from(secret, 'latin1'), sessionToken },
      source: 'AWS_ACCESS_KEY_ID',
    }
  }
  const profile = given.profile ?? (environment['AWS_PROFILE'] || undefined)
  const named = given.credentials ?? (environment['AWS_SHARED_CREDENTIALS_FILE'] || undefined)
  const file = named ?? ownFile(profile, environment)
  if (named === undefined && !existsSync(file)) {
    throw new Failure(
      `There is no access key: AWS_ACCESS_KEY_ID and AWS_SHARED_CREDENTIALS_FILE are not set, and there is no file ${file}. ` +
        'Name a credentials file with --credentials.',
    )
  }
  return {
    credentials: readProfile(file, profile ?? 'default'),
    source: profile === undefined ? file : `profile ${profile} in ${file}`,
  }
}

/** A profile is in the file of AWS's tools; ours has none but the default one. */
function ownFile(profile: string | undefined, environment: Environment): string {
  if (profile !== undefined) return join(environment['HOME'] ?? '', '.aws', 'credentials')
  const data = environment['KEYREEVE_DATA'] || options.data.fallback(environment)
  return join(data, 'credentials')
}

function readProfile(file: string, profile: string): Credentials {
  const bytes = read(file)
  try {
    const found = parseProfile(bytes, profile)
    if (found) return found
  } finally {
    bytes.fill(0)
  }
  throw new Failure(
    `${file} has no access key in profile ${profile}: it wants the lines [${profile}], aws_access_key_id = and ` +
      'aws_secret_access_key =.',
  )
}

function read(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw new Failure(`The credentials file ${file} cannot be read (${code}).`, { cause: error })
  }
}

/** https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html. The secret never becomes a string. */
function parseProfile(bytes: Buffer, profile: string): Credentials | undefined {
  const values = new Map<string, Buffer>()
  let isWanted = false
  for (let start = 0; start < bytes.length;) {
    const newline = bytes.indexOf('\n', start)
    const line = trim(bytes.subarray(start, newline < 0 ? bytes.length : newline))
    start = newline < 0 ? bytes.length : newline + 1
    const mark = line.indexOf('=')
    if (line[0] === openBracket) isWanted = line.toString().replace(/^\[\s*|\s*\]$/g, '') === profile
    else if (isWanted && mark > 0) values.set(trim(line.subarray(0, mark)).toString(), trim(line.subarray(mark + 1)))
  }
  const [id, secret, token] = ['aws_access_key_id', 'aws_secret_access_key', 'aws_session_token'].map(name =>
    values.get(name),
  )
  if (!id?.length || !secret?.length) return undefined
  return { accessKeyId: id.toString(), secret: new Uint8Array(secret), sessionToken: token?.toString() }
}

const openBracket = 0x5b

/** Without blanks and carriage returns at its ends. */
function trim(bytes: Buffer): Buffer {
  let start = 0
  let end = bytes.length
  while (start < end && (bytes[start] ?? 0) <= 0x20) start++
  while (end > start && (bytes[end - 1] ?? 0) <= 0x20) end--
  return bytes.subarray(start, end)
}
