import { execFile } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Credentials } from '../../../server/test/support/server.ts'

/**
 * A stand-in for the AWS CLI as far as the lines that the console shows need it: it reads words as the CLI does, and calls
 * the service with the official SDK. With AWS_STAND_IN=show it prints what it would send, in the form of the wire.
 */
const script = `#!${process.execPath}
import { KMS } from '@aws-sdk/client-kms'
import { readFileSync } from 'node:fs'
const [service, command, ...words] = process.argv.slice(2)
if (service !== 'kms' || words.length % 2 !== 0) throw new Error('not a line that is understood here')
const pascal = name => name.replace(/(?:^|-)(.)/g, (_, letter) => letter.toUpperCase())
const options = {}, input = {}
for (let index = 0; index < words.length; index += 2) {
  const [name, value] = [words[index].replace(/^--/, ''), words[index + 1]]
  if (['endpoint-url', 'region', 'query', 'output'].includes(name)) options[name] = value
  else if (value.startsWith('fileb://')) input[pascal(name)] = readFileSync(value.slice('fileb://'.length))
  else if (value.startsWith('{')) input[pascal(name)] = JSON.parse(value)
  else input[pascal(name)] = name.startsWith('number-of-') ? Number(value) : value
}
if (process.env.AWS_STAND_IN === 'show') {
  const shown = Object.entries(input).map(([name, value]) => [name, value instanceof Uint8Array ? value.toString('base64') : value])
  console.log(JSON.stringify({ operation: pascal(command), input: Object.fromEntries(shown), options }))
} else {
  const client = new KMS({ maxAttempts: 1, ...(options['endpoint-url'] && { endpoint: options['endpoint-url'] }) })
  const method = command.replace(/-(.)/g, (_, letter) => letter.toUpperCase())
  const value = (await client[method](input))[options.query]
  console.log(value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value === true ? 'True' : value)
}
`

/** A folder in which programs run that use a server. */
export interface Workshop {
  folder: string
  /** What a line of bash prints, in that folder; `aws` is the stand-in. */
  bash: (line: string, environment?: Record<string, string>) => Promise<string>
  /** What a program prints. */
  run: (program: string, ...args: string[]) => Promise<string>
  remove: () => void
}

export function openWorkshop({ accessKeyId, secretAccessKey }: Credentials): Workshop {
  const folder = mkdtempSync(join(tmpdir(), 'keyreeve-workshop-'))
  // Modules are looked for above where the real file lies.
  symlinkSync(fileURLToPath(new URL('../../../../node_modules', import.meta.url)), join(folder, 'node_modules'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(folder, 'aws'), script)
  chmodSync(join(folder, 'aws'), 0o755)
  const environment = {
    PATH: process.env['PATH'] ?? '',
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_PAGER: '',
    HOME: folder,
  }
  const start = async (program: string, args: string[], more: Record<string, string> = {}): Promise<string> => {
    const { stdout } = await promisify(execFile)(program, args, { cwd: folder, env: { ...environment, ...more } })
    return stdout
  }
  return {
    folder,
    async bash(line, more = {}) {
      const path = `${folder}${delimiter}${environment.PATH}`
      return await start('bash', ['-euo', 'pipefail', '-c', line], { PATH: path, ...more })
    },
    run: async (program, ...args) => await start(program, args),
    remove: () => rmSync(folder, { recursive: true }),
  }
}

/** Whether the machine has a program, of a version that will do. */
export async function has(pattern: RegExp, program: string, ...args: string[]): Promise<boolean> {
  try {
    const { stdout } = await promisify(execFile)(program, args)
    return pattern.test(stdout)
  } catch {
    return false
  }
}
