import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { bareEnvironment, lacking, makeFolder, openShell } from './support.ts'

const skip = await lacking('bash', 'aws', 'openssl', 'npm')

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

const root = new URL('../../', import.meta.url)

/** All shell commands of a chapter of the README. */
async function commandsBelow(heading: string): Promise<string> {
  const readme = await readFile(new URL('README.md', root), 'utf8')
  const chapter = readme.split(/^## /m).find(part => part.startsWith(`${heading}\n`))
  const blocks = [...(chapter ?? '').matchAll(/^```sh\n(.*?)^```/gms)].map(([, commands]) => commands)
  assert.ok(blocks.length > 0, `the README has no commands below "${heading}"`)
  return blocks.join('\n')
}

/** The scripts of the repository, for a folder elsewhere: npm runs them where its package.json is. */
async function scriptsFromElsewhere(): Promise<string> {
  const text = await readFile(new URL('package.json', root), 'utf8')
  const { scripts } = JSON.parse(text) as { scripts: Record<string, string> } // It is our own.
  const keyreeve = scripts['keyreeve']?.replace('packages/', `${fileURLToPath(root)}packages/`)
  return JSON.stringify({ private: true, scripts: { keyreeve } })
}

test('the imports in the README work as they stand, with what the start prints', { skip }, async t => {
  const printed = await startProcess(t)
  const [signIn] = /(^ {2}export .*\n)+/m.exec(printed) ?? []
  assert.ok(signIn, `nothing to paste in:\n${printed}`)
  const sh = await openShell(t)
  await sh.write('package.json', await scriptsFromElsewhere())
  const output = await sh.run(`${signIn}\n${await commandsBelow('Importing a key, from end to end')}`)
  assert.match(output, /"KeyMaterialId": "[0-9a-f]{64}"/)
  const lines = output.split('\n')
  for (const line of [
    'It works.',
    'The server holds this very material: the ID computed here is the same.',
    'The server holds this very key: the fingerprint of its public half computed here is the same.',
  ]) {
    assert.ok(lines.includes(line), `${line}\nis not in:\n${output}`)
  }
  assert.equal(lines.at(-1), 'Verified OK')
})
