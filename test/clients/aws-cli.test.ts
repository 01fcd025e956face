import assert from 'node:assert/strict'
import { after, before, suite, test, type TestContext } from 'node:test'
import { start, type TestServer } from '../../packages/server/test/support/server.ts'
import { lacking, openShell, type Shell } from './support.ts'

const skip = await lacking('bash', 'aws', 'openssl')

const createKey = (sh: Shell, options = ''): Promise<string> =>
  sh.run(`aws kms create-key ${options} --query KeyMetadata.KeyId --output text`)

/** Puts a blob of the command's answer into a file. */
const save = (command: string, member: string, file: string): string =>
  `${command} --query ${member} --output text | openssl enc -d -base64 -A -out ${file}`

// Two at a time: most of it is the AWS CLI starting.
suite('keys in use, with the AWS CLI', { skip, concurrency: 2 }, () => {
  let server: TestServer
  before(async () => {
    server = await start()
  })
  after(() => server.stop())

  const shell = (t: TestContext): Promise<Shell> =>
    openShell(t, { address: server.address, credentials: server.app.credentials })

  test('says who one is', async t => {
    const sh = await shell(t)
    const { UserId, ...rest } = await sh.json('aws sts get-caller-identity')
    assert.deepEqual(rest, { Account: '000000000000', Arn: 'arn:aws:iam::000000000000:user/administrator' })
    assert.match(String(UserId), /^AIDA[A-Z2-7]{16}$/)
  })

  test('refuses access keys that it does not know, wrong secrets and other Regions', async t => {
    const sh = await shell(t)
    const listKeys = 'aws kms list-keys'
    assert.equal(
      await sh.refusal(
        'UnrecognizedClientException',
        `AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE AWS_SECRET_ACCESS_KEY=wrong ${listKeys}`,
      ),
      'The security token included in the request is invalid.',
    )
    assert.match(
      await sh.refusal(
        'InvalidSignatureException',
        `AWS_ACCESS_KEY_ID=${server.accessKeyId} AWS_SECRET_ACCESS_KEY=wrong ${listKeys}`,
      ),
      /^The request signature we calculated does not match the signature you provided\./,
    )
    await sh.refusal('InvalidSignatureException', `${listKeys} --region mars-north-1`)
    await sh.refusal(
      'InvalidClientTokenId',
      'AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE AWS_SECRET_ACCESS_KEY=wrong aws sts get-caller-identity',
    )
  })

  test('lists keys and aliases page by page', async t => {
    const sh = await shell(t)
    // A Region of its own, where no other test makes keys.
    const there = '--region eu-north-1'
    const ids: string[] = []
    for (const number of [1, 2, 3, 4, 5]) {
      const id = await createKey(sh, there)
      ids.push(id)
      await sh.run(`aws kms create-alias ${there} --alias-name alias/page/${number} --target-key-id ${id}`)
    }
    const listKeys = `aws kms list-keys ${there}`
    const found = await sh.json<{ Keys: { KeyId: string; KeyArn: string }[] }>(`${listKeys} --page-size 2`)
    assert.deepEqual(found.Keys.map(({ KeyId }) => KeyId).toSorted(), ids.toSorted())
    for (const { KeyId, KeyArn } of found.Keys) assert.equal(KeyArn, `arn:aws:kms:eu-north-1:000000000000:key/${KeyId}`)
    const pages = (await server.records()).filter(
      ({ eventName, awsRegion }) => eventName === 'ListKeys' && awsRegion === 'eu-north-1',
    )
    assert.equal(pages.length, 3)

    const first = await sh.json<{ Keys: unknown[]; NextToken: string }>(`${listKeys} --max-items 3`)
    assert.deepEqual(first.Keys, found.Keys.slice(0, 3))
    const rest = await sh.json(`${listKeys} --starting-token ${first.NextToken}`)
    assert.deepEqual(rest, { Keys: found.Keys.slice(3) })
    await sh.refusal('InvalidMarkerException', `${listKeys} --no-paginate --marker AAAA`)
    await sh.refusal('ValidationException', `${listKeys} --no-paginate --limit 1001`)

    const aliases = `aws kms list-aliases ${there} --query 'Aliases[].[AliasName, TargetKeyId]'`
    const expected = ids.map((id, at) => [`alias/page/${at + 1}`, id])
    assert.deepEqual(await sh.json(`${aliases} --page-size 2`), expected)
    assert.deepEqual(await sh.json(`${aliases} --key-id ${ids[3]}`), [expected[3]])
  })

  test('moves and deletes aliases', async t => {
    const sh = await shell(t)
    const [first, second] = [await createKey(sh), await createKey(sh)]
    const alias = '--alias-name alias/moving'
    await sh.run(`aws kms create-alias ${alias} --target-key-id ${first}`)
    const arn = 'arn:aws:kms:us-east-1:000000000000:alias/moving'
    assert.equal(
      await sh.refusal('AlreadyExistsException', `aws kms create-alias ${alias} --target-key-id ${second}`),
      `An alias with the name ${arn} already exists`,
    )
    await sh.run(`aws kms update-alias ${alias} --target-key-id ${second}`)
    const describe = 'aws kms describe-key --query KeyMetadata.KeyId --output text --key-id'
    assert.equal(await sh.run(`${describe} ${arn}`), second)
    await sh.run(`aws kms delete-alias ${alias}`)
    assert.equal(await sh.refusal('NotFoundException', `${describe} alias/moving`), `Alias ${arn} is not found.`)
  })

  test('tags and describes keys', async t => {
    const sh = await shell(t)
    const keyId = await createKey(
      sh,
      '--description first --tags TagKey=Purpose,TagValue=Test TagKey=Owner,TagValue=ana',
    )
    const tags = `aws kms list-resource-tags --key-id ${keyId} --query 'Tags[].[TagKey, TagValue]'`
    await sh.run(`aws kms tag-resource --key-id ${keyId} --tags TagKey=Purpose,TagValue=Production`)
    await sh.run(`aws kms untag-resource --key-id ${keyId} --tag-keys Owner`)
    assert.deepEqual(await sh.json(tags), [['Purpose', 'Production']])
    await sh.refusal('TagException', `aws kms tag-resource --key-id ${keyId} --tags TagKey=aws:mine,TagValue=x`)
    await sh.run(`aws kms update-key-description --key-id ${keyId} --description 'ça va'`)
    const described = 'aws kms describe-key --query KeyMetadata.Description --output text --key-id'
    assert.equal(await sh.run(`${described} ${keyId}`), 'ça va')
  })

  test('shows and takes key policies', async t => {
    const sh = await shell(t)
    const keyId = await createKey(sh)
    const get = `aws kms get-key-policy --key-id ${keyId} --policy-name default --query Policy --output text`
    const [statement] = (JSON.parse(await sh.run(get)) as { Statement: Record<string, unknown>[] }).Statement
    assert.deepEqual(statement?.['Principal'], { AWS: 'arn:aws:iam::000000000000:root' })
    const policy = JSON.stringify({ Version: '2012-10-17', Statement: [{ ...statement, Sid: 'Changed' }] }, null, 1)
    await sh.write('policy.json', policy)
    const put = `aws kms put-key-policy --key-id ${keyId} --policy-name default --policy`
    await sh.run(`${put} file://policy.json`)
    assert.equal(await sh.run(get), policy)
    await sh.refusal('MalformedPolicyDocumentException', `${put} '{"Version": "2012-10-17"}'`)
    assert.deepEqual(await sh.json(`aws kms list-key-policies --key-id ${keyId} --query PolicyNames`), ['default'])
  })

  test('makes data keys and random bytes', async t => {
    const sh = await shell(t)
    const keyId = await createKey(sh)
    const context = '--encryption-context Table=orders'
    const dataKey = await sh.json<Record<string, string>>(
      `aws kms generate-data-key --key-id ${keyId} --key-spec AES_256 ${context}`,
    )
    const decrypted = async (options: string): Promise<Buffer> =>
      Buffer.from(await sh.run(`aws kms decrypt ${options} --query Plaintext --output text`), 'base64')
    const plaintext = Buffer.from(String(dataKey['Plaintext']), 'base64')
    assert.equal(plaintext.length, 32)
    await sh.write('data-key.bin', Buffer.from(String(dataKey['CiphertextBlob']), 'base64'))
    assert.deepEqual(await decrypted(`--ciphertext-blob fileb://data-key.bin ${context}`), plaintext)

    await sh.run(
      save(
        `aws kms generate-data-key-without-plaintext --key-id ${keyId} --number-of-bytes 1024`,
        'CiphertextBlob',
        'later.bin',
      ),
    )
    assert.equal((await decrypted(`--ciphertext-blob fileb://later.bin --key-id ${keyId}`)).length, 1024)
    assert.equal(
      await sh.run(
        `${save('aws kms generate-random --number-of-bytes 77', 'Plaintext', 'random.bin')}; wc -c < random.bin | tr -d ' '`,
      ),
      '77',
    )
    await sh.refusal('ValidationException', `aws kms generate-data-key --key-id ${keyId} --number-of-bytes 1025`)
    await sh.refusal('ValidationException', `aws kms generate-data-key --key-id ${keyId}`)
  })

  test('encrypts anew under another key, in another context, and for each key alone', async t => {
    const sh = await shell(t)
    const [from, to] = [await createKey(sh), await createKey(sh)]
    await sh.run('openssl rand -out largest.bin 4096; openssl rand -out too-large.bin 4097')
    const encrypt = `aws kms encrypt --key-id ${from} --encryption-context a=1,b=2 --plaintext`
    await sh.run(save(`${encrypt} fileb://largest.bin`, 'CiphertextBlob', 'from.bin'))
    await sh.refusal('ValidationException', `${encrypt} fileb://too-large.bin`)
    await sh.run(
      save(
        `aws kms re-encrypt --ciphertext-blob fileb://from.bin --destination-key-id ${to}
          --source-encryption-context b=2,a=1 --destination-encryption-context c=3`.replaceAll('\n', ' '),
        'CiphertextBlob',
        'to.bin',
      ),
    )
    const decrypt = (options: string): string => `aws kms decrypt --ciphertext-blob fileb://to.bin ${options}`
    await sh.run(`${save(decrypt('--encryption-context c=3'), 'Plaintext', 'again.bin')}; cmp largest.bin again.bin`)
    await sh.refusal('InvalidCiphertextException', decrypt('--encryption-context a=1,b=2'))
    assert.equal(
      await sh.refusal('IncorrectKeyException', decrypt(`--encryption-context c=3 --key-id ${from}`)),
      'The key ID in the request does not identify a CMK that can perform this operation.',
    )
    await sh.refusal('InvalidCiphertextException', 'aws kms decrypt --ciphertext-blob fileb://largest.bin')
  })

  test('disables, schedules deletion, and takes it all back', async t => {
    const sh = await shell(t)
    const keyId = await createKey(sh)
    const arn = `arn:aws:kms:us-east-1:000000000000:key/${keyId}`
    await sh.write('secret.txt', 'secret')
    const encrypt = `aws kms encrypt --key-id ${keyId} --plaintext fileb://secret.txt`
    await sh.run(`aws kms disable-key --key-id ${keyId}`)
    assert.equal(await sh.refusal('DisabledException', encrypt), `${arn} is disabled.`)
    await sh.run(`aws kms enable-key --key-id ${keyId}`)
    await sh.run(encrypt)

    const schedule = `aws kms schedule-key-deletion --key-id ${keyId} --pending-window-in-days`
    await sh.refusal('ValidationException', `${schedule} 6`)
    const scheduled = await sh.json(`${schedule} 7`)
    assert.equal(scheduled['KeyId'], arn)
    assert.equal(scheduled['KeyState'], 'PendingDeletion')
    assert.equal(scheduled['PendingWindowInDays'], 7)
    assert.equal(await sh.refusal('KMSInvalidStateException', encrypt), `${arn} is pending deletion.`)
    assert.deepEqual(await sh.json(`aws kms cancel-key-deletion --key-id ${keyId}`), { KeyId: arn })
    assert.equal(await sh.refusal('DisabledException', encrypt), `${arn} is disabled.`)
    await sh.run(`aws kms enable-key --key-id ${keyId}`)
    await sh.run(encrypt)
  })
})
