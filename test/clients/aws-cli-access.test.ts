import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, suite, test, type TestContext } from 'node:test'
import { allow, document, ownAccount, textOf, userWith } from '../../packages/server/test/support/identities.ts'
import type { Credentials } from '../../packages/server/test/support/server.ts'
import { openAccessStage, type AccessStage } from './access.ts'
import { lacking, openShell, type Shell } from './support.ts'

const skip = await lacking('bash', 'aws', 'openssl')

const own = `arn:aws:iam::${ownAccount}`

/** Puts a command into the environment of somebody else. */
const as = ({ accessKeyId, secretAccessKey, sessionToken }: Credentials): string =>
  `AWS_ACCESS_KEY_ID=${accessKeyId} AWS_SECRET_ACCESS_KEY=${secretAccessKey} ${sessionToken === undefined ? '' : `AWS_SESSION_TOKEN=${sessionToken} `}`

/** As the CLI prints them with `--query` of all three. */
const credentialsIn = (printed: string): Credentials => {
  const [accessKeyId = '', secretAccessKey = '', sessionToken = ''] = printed.split('\t')
  return { accessKeyId, secretAccessKey, sessionToken }
}
const printed = "--query 'Credentials.[AccessKeyId, SecretAccessKey, SessionToken]' --output text"

const notAuthorized = (arn: string, action: string, rest: string): string =>
  `User: ${arn} is not authorized to perform: ${action} on ${rest}`

const trust = (Principal: object, Action: string | string[] = 'sts:AssumeRole', Condition: object = {}): string =>
  textOf(document({ Effect: 'Allow', Principal, Action, Condition }))

// Two at a time: most of it is the AWS CLI starting.
suite('who may do what, with the AWS CLI', { skip, concurrency: 2 }, () => {
  let stage: AccessStage
  before(async () => {
    stage = await openAccessStage('cli')
  })
  after(() => stage.close())

  const shell = (t: TestContext): Promise<Shell> =>
    openShell(t, { address: stage.server.address, credentials: stage.server.app.credentials })

  /** The ARN of a new key. */
  const createKey = async (): Promise<string> =>
    (await stage.server.client().createKey()).KeyMetadata?.Arn ?? assert.fail()

  test('makes users with policies of their own, shows these as documents, and deletes them in order', async t => {
    const sh = await shell(t)
    const user = '--user-name ana'
    const made = await sh.json<{ User: Record<string, unknown> }>(
      `aws iam create-user ${user} --path /team/ --tags Key=Team,Value=blue; aws iam wait user-exists ${user}`,
    )
    assert.equal(made.User['Arn'], `${own}:user/team/ana`)
    assert.deepEqual(made.User['Tags'], [{ Key: 'Team', Value: 'blue' }])

    await sh.write('policy.json', textOf(allow('kms:ListKeys')))
    await sh.run(`aws iam put-user-policy ${user} --policy-name list --policy-document file://policy.json`)
    const policy = `aws iam get-user-policy ${user} --policy-name list --query PolicyDocument`
    assert.deepEqual(await sh.json(policy), allow('kms:ListKeys'))
    const access = `aws iam create-access-key ${user} --query 'AccessKey.[AccessKeyId, SecretAccessKey]' --output text`
    const [accessKeyId = '', secretAccessKey = ''] = (await sh.run(access)).split('\t')
    const ana = as({ accessKeyId, secretAccessKey })
    assert.equal(
      await sh.refusal('AccessDenied', `${ana} aws iam list-users`),
      notAuthorized(
        `${own}:user/team/ana`,
        'iam:ListUsers',
        `resource: ${own}:user/ because no identity-based policy allows the iam:ListUsers action`,
      ),
    )
    await sh.run(`${ana} aws kms list-keys`)

    assert.equal(
      await sh.refusal('DeleteConflict', `aws iam delete-user ${user}`),
      'Cannot delete entity, must delete policies first.',
    )
    await sh.run(`aws iam delete-user-policy ${user} --policy-name list`)
    await sh.run(`aws iam delete-access-key ${user} --access-key-id ${accessKeyId}; aws iam delete-user ${user}`)
    assert.equal(
      await sh.refusal('NoSuchEntity', `aws iam get-user ${user}`),
      'The user with name ana cannot be found.',
    )
  })

  test('makes managed policies and groups, attaches, versions and tags them', async t => {
    const sh = await shell(t)
    await sh.write('one.json', textOf(allow('kms:ListKeys')))
    await sh.write('two.json', textOf(allow(['kms:ListKeys', 'kms:ListAliases'])))
    const arn = await sh.run(
      'aws iam create-policy --policy-name list --policy-document file://one.json --query Policy.Arn --output text',
    )
    assert.equal(arn, `${own}:policy/list`)
    const at = `--policy-arn ${arn}`
    await sh.run(
      `aws iam wait policy-exists ${at}
       aws iam create-policy-version ${at} --policy-document file://two.json --set-as-default
       aws iam create-group --group-name listers
       aws iam attach-group-policy --group-name listers ${at}`,
    )
    const version = `aws iam get-policy-version ${at} --version-id v2 --query 'PolicyVersion.[Document, IsDefaultVersion]'`
    assert.deepEqual(await sh.json(version), [allow(['kms:ListKeys', 'kms:ListAliases']), true])

    const bob = await userWith(stage.server, 'bob')
    await sh.refusal('AccessDeniedException', `${as(bob)} aws kms list-aliases`)
    await sh.run(
      `aws iam add-user-to-group --group-name listers --user-name bob
       aws iam tag-user --user-name bob --tags Key=Team,Value=blue Key=Floor,Value=3
       ${as(bob)} aws kms list-aliases`,
    )
    const tags = "aws iam list-user-tags --user-name bob --query 'Tags[].[Key, Value]'"
    assert.deepEqual(await sh.json(tags), [
      ['Floor', '3'],
      ['Team', 'blue'],
    ])
    const entities = `aws iam list-entities-for-policy ${at} --query PolicyGroups[].GroupName`
    assert.deepEqual(await sh.json(entities), ['listers'])
    await sh.refusal('DeleteConflict', `aws iam delete-policy ${at}`)
  })

  test('lists page by page', async t => {
    const sh = await shell(t)
    const iam = stage.server.iam()
    const names = ['Page-1', 'page-2', 'Page-3', 'page-4', 'Page-5']
    for (const UserName of names) await iam.createUser({ UserName, Path: '/paged/' })
    const list = "aws iam list-users --path-prefix /paged/ --query 'Users[].UserName'"
    assert.deepEqual(await sh.json(`${list} --page-size 2`), names)
    const pages = (await stage.server.records()).filter(
      ({ eventName, requestParameters }) =>
        eventName === 'ListUsers' && (requestParameters as { pathPrefix?: string } | null)?.pathPrefix === '/paged/', // Of that operation.
    )
    assert.equal(pages.length, 3)
    const [found, token] = await sh.json<[string[], string]>(
      "aws iam list-users --path-prefix /paged/ --max-items 3 --query '[Users[].UserName, NextToken]'",
    )
    assert.deepEqual(found, names.slice(0, 3))
    assert.deepEqual(await sh.json(`${list} --starting-token ${token}`), names.slice(3))
    assert.equal(
      await sh.refusal('ValidationError', 'aws iam list-users --no-paginate --marker AAAA'),
      'Invalid Marker.',
    )
  })

  test('refuses what is there already, what is no policy, and what is too much', async t => {
    const sh = await shell(t)
    const iam = stage.server.iam()
    await iam.createUser({ UserName: 'carl' })
    for (const _ of [1, 2]) await iam.createAccessKey({ UserName: 'carl' })
    const user = '--user-name carl'
    assert.equal(
      await sh.refusal('EntityAlreadyExists', `aws iam create-user ${user}`),
      'User with name carl already exists.',
    )
    assert.equal(
      await sh.refusal('LimitExceeded', `aws iam create-access-key ${user}`),
      'Cannot exceed quota for AccessKeysPerUser: 2',
    )
    const put = `aws iam put-user-policy ${user} --policy-name bad --policy-document`
    assert.match(await sh.refusal('MalformedPolicyDocument', `${put} '{"Version": }'`), /^Syntax errors in policy\./)
    await sh.refusal(
      'NoSuchEntity',
      `aws iam attach-user-policy ${user} --policy-arn arn:aws:iam::aws:policy/NoSuchPolicy`,
    )
  })

  test('assumes roles, by hand and by a profile, and may only what the role may', async t => {
    const sh = await shell(t)
    const key = await createKey()
    await sh.write('trust.json', trust({ AWS: `${own}:root` }))
    await sh.write('encrypt.json', textOf(allow('kms:Encrypt')))
    const arn = await sh.run(
      `aws iam create-role --role-name clerk --assume-role-policy-document file://trust.json --query Role.Arn --output text
       aws iam wait role-exists --role-name clerk
       aws iam put-role-policy --role-name clerk --policy-name encrypt --policy-document file://encrypt.json`,
    )
    assert.equal(arn, `${own}:role/clerk`)
    const shown = 'aws iam get-role --role-name clerk --query Role.AssumeRolePolicyDocument'
    assert.deepEqual(await sh.json(shown), JSON.parse(trust({ AWS: `${own}:root` })))

    const byHand = as(
      credentialsIn(await sh.run(`aws sts assume-role --role-arn ${arn} --role-session-name hand ${printed}`)),
    )
    await sh.write(
      'config',
      `[profile clerk]\nrole_arn = ${arn}\nsource_profile = default\nrole_session_name = profile\n`,
    )
    for (const [name, who] of [
      ['hand', byHand],
      ['profile', 'AWS_CONFIG_FILE=config AWS_PROFILE=clerk'],
    ] as const) {
      const encrypt = `aws kms encrypt --key-id ${key} --plaintext eA== --query CiphertextBlob --output text`
      await sh.run(`${who} ${encrypt} | openssl enc -d -base64 -A -out blob.bin`)
      assert.equal(
        await sh.refusal('AccessDeniedException', `${who} aws kms decrypt --ciphertext-blob fileb://blob.bin`),
        notAuthorized(
          `arn:aws:sts::${ownAccount}:assumed-role/clerk/${name}`,
          'kms:Decrypt',
          'the resource associated with this ciphertext because no identity-based policy allows the kms:Decrypt action',
        ),
      )
    }
    assert.equal(
      await sh.refusal('AccessDenied', `${byHand} aws sts assume-role --role-arn ${arn} --role-session-name again`),
      notAuthorized(`arn:aws:sts::${ownAccount}:assumed-role/clerk/hand`, 'sts:AssumeRole', `resource: ${arn}`),
    )
  })

  test('assumes a role with a token in a file, as the environment says', async t => {
    const sh = await shell(t)
    const { issuer, audience, tokens } = stage
    const name = issuer.replace('https://', '')
    const provider = await sh.run(
      `aws iam create-open-id-connect-provider --url ${issuer} --client-id-list ${audience}
        --query OpenIDConnectProviderArn --output text`.replaceAll('\n', ' '),
    )
    assert.equal(provider, `${own}:oidc-provider/${name}`)
    const document = trust({ Federated: provider }, 'sts:AssumeRoleWithWebIdentity', {
      StringEquals: { [`${name}:aud`]: audience, [`${name}:sub`]: 'repo:example/app' },
    })
    const iam = stage.server.iam()
    const { Role } = await iam.createRole({ RoleName: 'builder', AssumeRolePolicyDocument: document })
    const PolicyDocument = textOf(allow('kms:ListKeys'))
    await iam.putRolePolicy({ RoleName: 'builder', PolicyName: 'list', PolicyDocument })
    // As in a container, which has nothing else.
    const builder = (token: string): string =>
      `AWS_SHARED_CREDENTIALS_FILE=/nonexistent AWS_ROLE_ARN=${Role?.Arn} AWS_ROLE_SESSION_NAME=build
       AWS_WEB_IDENTITY_TOKEN_FILE='${join(tokens, token)}'`.replaceAll('\n', ' ')
    await sh.run(`${builder('valid.jwt')} aws kms list-keys`)
    assert.equal(
      await sh.run(`${builder('valid.jwt')} aws sts get-caller-identity --query Arn --output text`),
      `arn:aws:sts::${ownAccount}:assumed-role/builder/build`,
    )
    assert.match(
      await sh.refusal('AccessDeniedException', `${builder('valid.jwt')} aws kms list-aliases`),
      /because no identity-based policy allows the kms:ListAliases action$/,
    )
    // In its home, the CLI keeps the credentials that it has got by the first token.
    await sh.refusal('InvalidIdentityToken', `HOME=/nonexistent ${builder('foreign.jwt')} aws kms list-keys`)
    await sh.refusal('ExpiredTokenException', `HOME=/nonexistent ${builder('expired.jwt')} aws kms list-keys`)
  })

  test('is a user by a session token, until that expires', async t => {
    const sh = await shell(t)
    const ben = await userWith(stage.server, 'ben', allow(['kms:ListKeys', 'sts:GetAccessKeyInfo']))
    const session = as(credentialsIn(await sh.run(`${as(ben)} aws sts get-session-token ${printed}`)))
    await sh.run(`${session} aws kms list-keys`)
    await sh.refusal('InvalidClientTokenId', `${session} aws iam list-users`)
    const info = `${as(ben)} aws sts get-access-key-info --access-key-id ${ben.accessKeyId} --query Account --output text`
    assert.equal(await sh.run(info), ownAccount)
    const text = 'The security token included in the request is expired'
    const expired = as(stage.expired)
    assert.equal(await sh.refusal('ExpiredTokenException', `${expired} aws kms list-keys`), text)
    assert.equal(await sh.refusal('ExpiredToken', `${expired} aws sts get-caller-identity`), text)
  })

  test('hands a key on by a grant, and takes it back', async t => {
    const sh = await shell(t)
    const key = await createKey()
    const eve = await userWith(stage.server, 'eve')
    const encrypt = `${as(eve)} aws kms encrypt --key-id ${key} --plaintext eA== --encryption-context a=1`
    assert.equal(
      await sh.refusal('AccessDeniedException', encrypt),
      notAuthorized(
        eve.arn,
        'kms:Encrypt',
        `resource: ${key} because no identity-based policy allows the kms:Encrypt action`,
      ),
    )
    const [id, token] = await sh.json<[string, string]>(
      `aws kms create-grant --key-id ${key} --grantee-principal ${eve.arn} --operations Encrypt RetireGrant \
        --constraints EncryptionContextSubset={a=1} --query '[GrantId, GrantToken]'`,
    )
    await sh.run(encrypt)
    await sh.run(`${encrypt} --grant-tokens ${token}`)
    await sh.refusal('AccessDeniedException', `${encrypt.replace('a=1', 'a=2')} --grant-tokens ${token}`)
    const listed = `aws kms list-grants --key-id ${key} --query 'Grants[].[GrantId, GranteePrincipal]'`
    assert.deepEqual(await sh.json(listed), [[id, eve.arn]])
    await sh.run(`${as(eve)} aws kms retire-grant --grant-token ${token}`)
    await sh.refusal('AccessDeniedException', encrypt)
  })

  test('uses a key of another account, if both sides let it', async t => {
    const sh = await shell(t)
    const key = await createKey()
    const stranger = await userWith(stage.server, { name: 'stranger', account: '111122223333' }, allow('kms:*'))
    const encrypt = `${as(stranger)} aws kms encrypt --plaintext eA== --key-id`
    const text = notAuthorized(
      stranger.arn,
      'kms:Encrypt',
      'this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access',
    )
    assert.equal(await sh.refusal('AccessDeniedException', `${encrypt} ${key}`), text)
    const absent = key.replace(/\w{12}$/, '000000000000')
    assert.equal(await sh.refusal('AccessDeniedException', `${encrypt} ${absent}`), text)
    await sh.write(
      'policy.json',
      textOf(
        document(
          { Effect: 'Allow', Principal: { AWS: `${own}:root` }, Action: 'kms:*', Resource: '*' },
          { Effect: 'Allow', Principal: { AWS: '111122223333' }, Action: 'kms:Encrypt', Resource: '*' },
        ),
      ),
    )
    await sh.run(`aws kms put-key-policy --key-id ${key} --policy file://policy.json; ${encrypt} ${key}`)
    await sh.refusal('AccessDeniedException', `${as(stranger)} aws kms get-key-policy --key-id ${key}`)
  })
})
