import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { bareEnvironment, lacking, makeFolder, openShell } from './support.ts'

const skip = await lacking('bash', 'aws', 'openssl')

/** Runs `keyreeve start` for the length of a test; gives what it prints up to `Ready.`. */
async function startProcess(t: TestContext): Promise<string> {
  const command = fileURLToPath(new URL('../../packages/server/src/cli/index.ts', import.meta.url))
  const home = await makeFolder(t)
  const child = spawn(process.execPath, [command, 'start', '--port', '0', '--data', join(home, "it's data")], {
    env: bareEnvironment(home),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  t.after(async () => {
    child.kill()
    const [status] = await ended
    assert.equal(status, 0, 'the server was told to end')
  })
  const lines: string[] = []
  for await (const line of createInterface(child.stdout)) {
    if (line === 'Ready.') return lines.join('\n')
    lines.push(line)
  }
  return assert.fail(`the server ended without a word that it is ready:\n${lines.join('\n')}`)
}

/** The first block of shell commands below a heading of the README. */
async function commandsBelow(heading: string): Promise<string> {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8')
  const [, commands] = new RegExp(`^## ${heading}\\n[^#]*?^\`\`\`sh\\n(.*?)^\`\`\``, 'ms').exec(readme) ?? []
  return commands ?? assert.fail(`the README has no commands below "${heading}"`)
}

test('the import in the README works as it stands, with what the start prints', { skip }, async t => {
  const printed = await startProcess(t)
  const [signIn] = /(^ {2}export .*\n)+/m.exec(printed) ?? []
  assert.ok(signIn, `nothing to paste in:\n${printed}`)
  const sh = await openShell(t)
  const output = await sh.run(`${signIn}\n${await commandsBelow('Importing a key, from end to end')}`)
  assert.match(output, /"KeyMaterialId": "[0-9a-f]{64}"/)
  assert.equal(output.split('\n').at(-1), 'It works.')
})
