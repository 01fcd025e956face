import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { allow, document, textOf } from '../../packages/server/test/support/identities.ts'
import { bareEnvironment, lacking, makeFolder, openShell } from './support.ts'

const skip = await lacking('bash', 'aws', 'openssl', 'npm')

const command = fileURLToPath(new URL('../../packages/server/src/cli/index.ts', import.meta.url))

/** Runs `keyreeve start` for the length of a test; gives the commands to paste that it prints. */
async function startProcess(
  t: TestContext,
  flags: readonly string[] = [],
  environment: Record<string, string> = {},
): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'keyreeve-clients-'))
  const data = join(home, "it's data")
  const child = spawn(process.execPath, [command, 'start', '--port', '0', '--data', data, ...flags], {
    env: { ...bareEnvironment(home), ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  t.after(async () => {
    child.kill()
    const [status] = await ended
    await rm(home, { recursive: true }) // Not sooner: the server writes until it ends.
    assert.equal(status, 0, 'the server was told to end')
  })
  const lines: string[] = []
  for await (const line of createInterface(child.stdout)) {
    if (line === 'Ready.') {
      const [signIn] = /(^ {2}export .*\n)+/m.exec(lines.join('\n')) ?? []
      return signIn ?? assert.fail(`nothing to paste in:\n${lines.join('\n')}`)
    }
    lines.push(line)
  }
  return assert.fail(`the server ended without a word that it is ready:\n${lines.join('\n')}`)
}

const root = new URL('../../', import.meta.url)

/** All examples of a language in a chapter of a page. */
async function examplesBelow(page: string, heading: string, language = 'sh'): Promise<string> {
  const chapters = (await readFile(new URL(page, root), 'utf8')).split(/^## /m)
  const chapter = chapters.find(part => part.startsWith(`${heading}\n`)) ?? ''
  const blocks = [...chapter.matchAll(/^```(\w+)\n(.*?)^```/gms)].filter(([, its]) => its === language)
  assert.ok(blocks.length > 0, `${page} has no ${language} below "${heading}"`)
  return blocks.map(([, , text]) => text).join('\n')
}

/** The scripts of the repository, for a folder elsewhere: npm runs them where its package.json is. */
async function scriptsFromElsewhere(): Promise<string> {
  const text = await readFile(new URL('package.json', root), 'utf8')
  const { scripts } = JSON.parse(text) as { scripts: Record<string, string> } // It is our own.
  const keyreeve = scripts['keyreeve']?.replace('packages/', `${fileURLToPath(root)}packages/`)
  return JSON.stringify({ private: true, scripts: { keyreeve } })
}

test('the imports in the README work as they stand, with what the start prints', { skip }, async t => {
  const signIn = await startProcess(t)
  const sh = await openShell(t)
  await sh.write('package.json', await scriptsFromElsewhere())
  const output = await sh.run(`${signIn}\n${await examplesBelow('README.md', 'Importing a key, from end to end')}`)
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

test('the users in the README work as they stand, and a simulation tells what they may', { skip }, async t => {
  const signIn = await startProcess(t)
  const sh = await openShell(t)
  await sh.write('package.json', await scriptsFromElsewhere())
  const commands = await examplesBelow('README.md', 'Who may do what')
  // It says no, and so does its exit status.
  const simulation = commands.replace(/^.* simulate .*$/m, '$& || echo "status $?"')
  const output = await sh.run(`${signIn}
aws kms create-alias --alias-name alias/my-own-key \
  --target-key-id "$(aws kms create-key --query KeyMetadata.KeyId --output text)"
${simulation}`)
  assert.match(output, /"Arn": "arn:aws:iam::000000000000:user\/alice"/)
  assert.match(output, /kms:Decrypt/)
  assert.match(output, /\nstatus 3$/)
  const encrypt = `npm run -s keyreeve -- simulate --principal alice --action kms:Encrypt --key alias/my-own-key`
  await sh.run(`${signIn}${encrypt}`)
})

const access = 'docs/access.md'

test('the users and roles of the page on access work as they stand', { skip }, async t => {
  const signIn = await startProcess(t)
  const sh = await openShell(t)
  await sh.write(
    'trust.json',
    textOf(document({ Effect: 'Allow', Principal: { AWS: '000000000000' }, Action: 'sts:*' })),
  )
  await sh.write('decrypt.json', textOf(allow('kms:Decrypt')))
  const output = await sh.run(`${signIn}${await examplesBelow(access, 'Accounts, users, roles')}`)
  assert.match(output, /"Arn": "arn:aws:sts::000000000000:assumed-role\/backup\/nightly"/)
})

test('the command line of the page on access works as it stands, also for tools of AWS', { skip }, async t => {
  const signIn = await startProcess(t)
  const sh = await openShell(t)
  await sh.write('keyreeve', `#!/bin/sh\nexec '${process.execPath}' '${command}' "$@"\n`)
  await sh.write(
    'config',
    '[profile backup]\ncredential_process = keyreeve role assume backup --json --profile default\n',
  )
  const whoAmI = 'aws sts get-caller-identity --query Arn --output text'
  const output = await sh.run(`${signIn}
chmod +x keyreeve
export PATH=$PWD:$PATH
${await examplesBelow(access, 'From the command line')}
${whoAmI}
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
AWS_CONFIG_FILE=config AWS_PROFILE=backup ${whoAmI}`)
  const [byHand, byProfile] = output.split('\n').slice(-2)
  for (const arn of [byHand, byProfile]) {
    assert.match(arn ?? '', /^arn:aws:sts::000000000000:assumed-role\/backup\//)
  }
})

test('the bootstrap file of the page on access makes what it declares, and who may do what', { skip }, async t => {
  const folder = await makeFolder(t)
  const file = join(folder, 'bootstrap.yaml')
  await writeFile(file, await examplesBelow(access, 'A file that declares all of it', 'yaml'))
  const secret = randomBytes(30).toString('base64')
  const signIn = await startProcess(t, ['--bootstrap', file], { CI_SECRET_ACCESS_KEY: secret })
  const sh = await openShell(t)
  const ci = `${signIn}export AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE AWS_SECRET_ACCESS_KEY=${secret}\n`
  assert.equal(
    await sh.run(`${ci}echo 'It works.' > secret.txt
    aws kms encrypt --key-id alias/app --plaintext fileb://secret.txt --query CiphertextBlob --output text \
      | openssl enc -d -base64 -A -out secret.bin
    aws kms decrypt --ciphertext-blob fileb://secret.bin --query Plaintext --output text | openssl enc -d -base64 -A`),
    'It works.',
  )
  const sign = `aws kms sign --region eu-central-1 --key-id alias/release-signing --message 'eA==' --signing-algorithm ECDSA_SHA_256`
  assert.match(
    await sh.refusal('AccessDeniedException', `${ci}${sign}`),
    /^User: arn:aws:iam::111122223333:user\/ci is not authorized to perform: kms:Sign on resource: /,
  )
  await sh.write(
    'config',
    '[profile deploy]\nrole_arn = arn:aws:iam::111122223333:role/deploy\ncredential_source = Environment\n',
  )
  await sh.run(`${ci}export AWS_CONFIG_FILE=config; ${sign} --profile deploy`)
})
