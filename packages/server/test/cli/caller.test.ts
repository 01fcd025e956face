import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { findCredentials } from '../../src/cli/caller.ts'
import { Failure } from '../../src/cli/verb.ts'

const folder = mkdtempSync(join(tmpdir(), 'keyreeve-caller-'))
after(() => rmSync(folder, { recursive: true }))

function file(name: string, text: string): string {
  const path = join(folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  return path
}

const profile = (name: string, id: string): string =>
  `[${name}]\naws_access_key_id = ${id}\naws_secret_access_key = of ${id}\n`

const shared = file('shared', profile('default', 'SHARED') + profile('work', 'WORK'))
const other = file('other', profile('default', 'OTHER'))
file('.aws/credentials', profile('default', 'AWS') + profile('work', 'HOMEWORK'))
file('.local/share/keyreeve/credentials', profile('default', 'OWN'))
file('data/credentials', profile('default', 'DATA'))

const nothing = { credentials: undefined, profile: undefined }
const keys = { AWS_ACCESS_KEY_ID: 'ENV', AWS_SECRET_ACCESS_KEY: 'of ENV' }

const found: [name: string, given: object, environment: Record<string, string>, id: string][] = [
  ['the environment', {}, { ...keys, AWS_SHARED_CREDENTIALS_FILE: shared }, 'ENV'],
  [
    'the shared file if half of the environment is missing',
    {},
    { ...keys, AWS_SECRET_ACCESS_KEY: '', AWS_SHARED_CREDENTIALS_FILE: shared },
    'SHARED',
  ],
  ['the shared file', {}, { AWS_SHARED_CREDENTIALS_FILE: shared }, 'SHARED'],
  ['its profile', {}, { AWS_SHARED_CREDENTIALS_FILE: shared, AWS_PROFILE: 'work' }, 'WORK'],
  [
    'the profile of the flag, before the environment',
    { profile: 'work' },
    { ...keys, AWS_SHARED_CREDENTIALS_FILE: shared },
    'WORK',
  ],
  [
    'the file of the flag, before all',
    { credentials: other },
    { ...keys, AWS_SHARED_CREDENTIALS_FILE: shared },
    'OTHER',
  ],
  ["the file of AWS's tools for a profile", { profile: 'work' }, {}, 'HOMEWORK'],
  ['the default data folder', {}, {}, 'OWN'],
  ['the data folder of the variable', {}, { KEYREEVE_DATA: join(folder, 'data') }, 'DATA'],
]
for (const [name, given, environment, id] of found) {
  test(`signs with the access key of ${name}`, () => {
    const { credentials } = findCredentials({ ...nothing, ...given }, { HOME: folder, ...environment })
    assert.equal(credentials.accessKeyId, id)
    assert.equal(Buffer.from(credentials.secret).toString(), `of ${id}`)
    assert.equal(credentials.sessionToken, undefined)
  })
}

test('takes a session token along', () => {
  const token = 'aws_session_token = a/token=='
  const path = file(
    'session',
    `# temporary\n\n[ default ]\r\n  aws_access_key_id=ASIA\r\n\taws_secret_access_key = a=b==\r\n${token}`,
  )
  const { credentials } = findCredentials({ ...nothing, credentials: path }, {})
  assert.equal(credentials.accessKeyId, 'ASIA')
  assert.equal(Buffer.from(credentials.secret).toString(), 'a=b==')
  assert.equal(credentials.sessionToken, 'a/token==')
  const environment = { ...keys, AWS_SESSION_TOKEN: 'from the environment' }
  assert.equal(findCredentials(nothing, environment).credentials.sessionToken, 'from the environment')
  assert.equal(findCredentials(nothing, { ...keys, AWS_SESSION_TOKEN: '' }).credentials.sessionToken, undefined)
})

const lacking: [name: string, text: string][] = [
  ['nothing', ''],
  ['another profile only', profile('work', 'WORK')],
  ['no secret', '[default]\naws_access_key_id = A\n'],
  ['an empty secret', '[default]\naws_access_key_id = A\naws_secret_access_key =\n'],
  ['values outside of a profile', 'aws_access_key_id = A\naws_secret_access_key = B\n'],
  ['values after the profile', `[default]\n[other]\naws_access_key_id = A\naws_secret_access_key = B\n`],
]
for (const [name, text] of lacking) {
  test(`refuses a credentials file with ${name}, and quotes nothing of it`, () => {
    const path = file('lacking', text)
    assert.throws(
      () => findCredentials({ ...nothing, credentials: path }, {}),
      new Failure(
        `${path} has no access key in profile default: it wants the lines [default], aws_access_key_id = and aws_secret_access_key =.`,
      ),
    )
  })
}
