import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, beforeEach, test } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import { newUser } from '../../server/src/auth/identities.ts'
import { identityRow, type Change } from '../../server/src/store/documents.ts'
import { outcomeOf } from '../../server/test/support/answers.ts'
import {
  allow,
  document as statements,
  managedPolicy,
  ownAccount,
  textOf,
  userWith,
} from '../../server/test/support/identities.ts'
import type { Credentials } from '../../server/test/support/server.ts'
import {
  closeBrowser,
  openConsole,
  openTab,
  requireAccessible,
  screenshot,
  settled,
  signInByKey,
  type Console,
} from './support/browser.ts'

/** Users, groups, roles, identity providers and policies in the console. The official client judges what was done. */

let console: Console
let page: Page
before(async () => {
  console = await openConsole()
  page = console.page
})
after(async () => {
  await console.close()
  await closeBrowser()
})
// Whatever a test left open is gone.
beforeEach(() => page.goto('about:blank'))

const at = (place: string): string => `/us-east-1/${place}`
const iam = () => console.server.iam()
const powerUser = 'arn:aws:iam::aws:policy/AWSKeyManagementServicePowerUser'
const arn = (resource: string): string => `arn:aws:iam::${ownAccount}:${resource}`

const button = (name: string | RegExp, within: Page | Locator = page): Locator =>
  within.getByRole('button', { name, ...(typeof name === 'string' && { exact: true }) })
const dialog = (name?: string | RegExp): Locator => page.getByRole('dialog', name === undefined ? {} : { name })
const tab = (name: string): Locator => page.getByRole('tab', { name })

/** What has the focus, by its name. */
const focused = (): Promise<string> =>
  page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '')

/** Looks at the page as it is, in light and in dark. */
async function look(name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await screenshot(page, `identities-${name}-${colorScheme}`)
    await requireAccessible(page, `${name}, ${colorScheme}`, colorScheme === 'dark' ? 'color-contrast' : undefined)
  }
  await page.emulateMedia({ colorScheme: 'light' })
}

/** Chooses in a field of several, by the keyboard, as the field says. */
async function choose(field: Locator, ...names: string[]): Promise<void> {
  await field.click()
  for (const name of names) await page.getByRole('option', { name }).click()
  await page.keyboard.press('Escape')
}

/** Types the phrase that is asked for, and confirms. */
async function confirm(title: string, label: string, phrase?: string): Promise<void> {
  const box = dialog(title)
  if (phrase !== undefined) {
    assert.ok(await button(label, box).isDisabled())
    await box.getByLabel(/^To confirm/).fill(phrase)
  }
  await button(label, box).click()
  await box.waitFor({ state: 'hidden' })
}

const documentField = (): Locator => dialog().getByRole('textbox', { name: /Policy document|Trust policy/ })
const fillDocument = (text: string): Promise<void> => documentField().fill(text)

/** What somebody with these credentials gets when listing keys. */
const listsKeys = (credentials: Credentials): Promise<string> =>
  outcomeOf(console.server.client({ credentials }).listKeys({}))

test('a user is made by the keyboard alone, with a group, a policy and an access key that is shown once', async () => {
  await iam().createGroup({ GroupName: 'crew' })
  await console.open(at('users'))
  await look('users')
  await button('Create user').focus()
  await page.keyboard.press('Enter')
  await dialog('Create user').waitFor()
  await look('create-user')
  // The name has the focus.
  await page.keyboard.type('ada')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.keyboard.type('cre')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Remove crew' }).waitFor()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.keyboard.type('KeyManagement')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: /^Remove AWSKeyManagement/ }).waitFor()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Space')
  assert.ok(await page.getByLabel('Create an access key now').isChecked())
  await page.keyboard.press('Enter')

  const shown = dialog('Access key of ada')
  await shown.waitFor()
  await look('access-key')
  await button('Copy Access key ID', shown).click()
  const accessKeyId = await page.evaluate(() => navigator.clipboard.readText())
  await button('Copy Secret access key', shown).click()
  const secretAccessKey = await page.evaluate(() => navigator.clipboard.readText())
  assert.ok(!(await shown.innerText()).includes(secretAccessKey))
  await button('Show', shown).click()
  await shown.getByText(secretAccessKey).waitFor()
  const downloading = page.waitForEvent('download')
  await button('Download credentials file', shown).click()
  const file = readFileSync(await (await downloading).path(), 'utf8')
  assert.equal(file, `[default]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`)
  await button('Done', shown).focus()
  await page.keyboard.press('Enter')
  await shown.waitFor({ state: 'hidden' })
  assert.equal(await focused(), 'Create user')
  await page.getByText('The user ada was created.', { exact: true }).waitFor()

  const credentials = { accessKeyId, secretAccessKey }
  assert.equal((await console.server.sts({ credentials }).getCallerIdentity({})).Arn, arn('user/ada'))
  assert.equal(await listsKeys(credentials), 'OK')
  const { Groups = [] } = await iam().listGroupsForUser({ UserName: 'ada' })
  assert.deepEqual(
    Groups.map(({ GroupName }) => GroupName),
    ['crew'],
  )
  // Nothing of the secret is left anywhere that the page can reach.
  const kept = await page.evaluate(() =>
    JSON.stringify([
      Object.entries(sessionStorage),
      Object.entries(localStorage),
      document.documentElement.outerHTML,
      location.href,
    ]),
  )
  assert.ok(!kept.includes(secretAccessKey))
})

test('an access key that is deactivated signs nothing until it is active again; a deleted one never', async () => {
  const { accessKeyId: id, secretAccessKey } = await userWith(console.server, 'bob', allow('kms:*'))
  const credentials = { accessKeyId: id, secretAccessKey }
  assert.equal(await listsKeys(credentials), 'OK')
  await console.open(at('users/bob?tab=access-keys'))
  await page.getByText(/\(kms, us-east-1\)/).waitFor()
  await look('access-keys')
  await button(`Deactivate ${id}`).click()
  await button(`Activate ${id}`).waitFor()
  assert.equal(await listsKeys(credentials), 'UnrecognizedClientException')
  await button(`Activate ${id}`).click()
  await button(`Deactivate ${id}`).waitFor()
  assert.equal(await listsKeys(credentials), 'OK')

  // A second one, whose secret is for nobody.
  await button('Create access key').click()
  await button('Done', dialog('Access key of bob')).click()
  await page.getByText('(2)').first().waitFor()
  assert.match(await focused(), /^Create access key/)
  assert.equal((await iam().listAccessKeys({ UserName: 'bob' })).AccessKeyMetadata?.length, 2)
  assert.ok(await button('Create access key').getAttribute('aria-disabled'))

  await button(`Delete ${id}`).click()
  await look('delete-access-key')
  await confirm('Delete access key', 'Delete', id)
  assert.match(await focused(), /^Create access key/)
  await page.getByText(`${id} was deleted.`, { exact: true }).waitFor()
  assert.equal(await listsKeys(credentials), 'UnrecognizedClientException')
})

test('policies that are attached, detached and written change what a user may do', async () => {
  const credentials = await userWith(console.server, 'carol')
  await console.open(at('users/carol'))
  await button('Attach policies').click()
  await choose(dialog().getByRole('button', { name: /Policies to attach/ }), 'AWSKeyManagementServicePowerUser')
  await look('attach')
  await button('Attach policies', dialog()).click()
  await dialog().waitFor({ state: 'hidden' })
  assert.equal(await focused(), 'Attach policies')
  assert.equal(await listsKeys(credentials), 'OK')
  await button('Detach AWSKeyManagementServicePowerUser').click()
  await confirm('Detach policy', 'Detach')
  assert.equal(await focused(), 'Attach policies')
  assert.equal(await listsKeys(credentials), 'AccessDeniedException')

  await button('Add inline policy').click()
  await page.getByLabel(/Policy name/).fill('lists')
  await fillDocument('{ "Version": "2012-10-17", ')
  await page.getByText(/Line 1, column/).waitFor()
  await fillDocument(textOf(statements({ Effect: 'Allow', Action: 'kms:ListKeys' })))
  await button('Add inline policy', dialog()).click()
  await dialog().getByText('Policy statement must contain resources.').waitFor()
  await look('inline')
  await fillDocument(textOf(allow('kms:ListKeys')))
  await button('Add inline policy', dialog()).click()
  await dialog().waitFor({ state: 'hidden' })
  assert.equal(await listsKeys(credentials), 'OK')

  await button('View or edit lists').click()
  assert.match(await documentField().inputValue(), /kms:ListKeys/)
  await fillDocument(textOf(allow('kms:ListAliases')))
  await button('Save changes').click()
  await dialog().waitFor({ state: 'hidden' })
  assert.equal(await listsKeys(credentials), 'AccessDeniedException')
  await look('user')
  await button('Delete lists').click()
  await confirm('Delete policy', 'Delete', 'lists')
  assert.deepEqual((await iam().listUserPolicies({ UserName: 'carol' })).PolicyNames, [])
})

test('a boundary limits a user for as long as it is there', async () => {
  const credentials = await userWith(console.server, 'dan', allow('kms:*'))
  await managedPolicy(console.server, 'OnlyAliases', allow('kms:ListAliases'))
  await console.open(at('users/dan'))
  await button('Set boundary').click()
  await dialog()
    .getByRole('button', { name: /Permissions boundary/ })
    .click()
  await page.getByRole('option', { name: 'OnlyAliases' }).click()
  await button('Save changes').click()
  await button('Change boundary').waitFor()
  assert.equal(await listsKeys(credentials), 'AccessDeniedException')
  await button('Remove boundary').click()
  await confirm('Remove boundary', 'Remove')
  await button('Set boundary').waitFor()
  assert.equal(await listsKeys(credentials), 'OK')
})

test('tags are added, changed and removed; what a user may do is asked of the simulator', async () => {
  await iam().createUser({ UserName: 'eve', Path: '/<b>ops</b>/', Tags: [{ Key: 'Team', Value: 'a' }] })
  await console.open(at('users/eve?tab=tags'))
  await page.getByText('/<b>ops</b>/', { exact: true }).waitFor()
  await button('Manage tags').click()
  await dialog().getByRole('combobox', { name: /Value/ }).first().fill('b')
  await button('Add new tag').click()
  await dialog().getByRole('combobox', { name: /Key/ }).nth(1).fill('Cost')
  await dialog().getByRole('combobox', { name: /Value/ }).nth(1).fill('12')
  await look('tags')
  await button('Save changes').click()
  await dialog().waitFor({ state: 'hidden' })
  const tags = async () => (await iam().listUserTags({ UserName: 'eve' })).Tags
  assert.deepEqual(await tags(), [
    { Key: 'Cost', Value: '12' },
    { Key: 'Team', Value: 'b' },
  ])
  await button('Manage tags').click()
  await button('Remove Team').click()
  await button('Save changes').click()
  await dialog().waitFor({ state: 'hidden' })
  assert.deepEqual(await tags(), [{ Key: 'Cost', Value: '12' }])
  const simulator = await page.getByRole('link', { name: 'What may this user do?' }).getAttribute('href')
  assert.equal(new URLSearchParams(simulator?.split('?')[1]).get('principal'), arn('user/<b>ops</b>/eve'))
})

test('a user is renamed, then deleted with all that it has, which is listed before', async () => {
  const { accessKeyId } = await userWith(console.server, 'frank', allow('kms:*'))
  await iam().createGroup({ GroupName: 'leavers' })
  await iam().addUserToGroup({ GroupName: 'leavers', UserName: 'frank' })
  await iam().attachUserPolicy({ UserName: 'frank', PolicyArn: powerUser })
  await console.open(at('users/frank'))
  await page.getByRole('button', { name: 'Actions' }).click()
  await page.getByRole('menuitem', { name: 'Rename or move' }).click()
  await page.getByLabel(/User name/).fill('franka')
  await button('Save changes').click()
  await page.getByRole('heading', { name: 'franka' }).waitFor()
  await page.getByText(arn('user/franka')).first().waitFor()

  await page.getByRole('button', { name: 'Actions' }).click()
  await page.getByRole('menuitem', { name: 'Delete user' }).click()
  const box = dialog('Delete user')
  for (const gone of [accessKeyId, 'AWSKeyManagementServicePowerUser', 'leavers']) {
    await box.getByRole('listitem').filter({ hasText: gone }).waitFor()
  }
  await look('delete-user')
  await confirm('Delete user', 'Delete', 'franka')
  await page.getByRole('heading', { name: 'Users' }).waitFor()
  assert.equal(await outcomeOf(iam().getUser({ UserName: 'franka' })), 'NoSuchEntityException')
  assert.deepEqual((await iam().getGroup({ GroupName: 'leavers' })).Users, [])
})

test('a group is made, gives its members its rights, and goes', async () => {
  const credentials = await userWith(console.server, 'gina')
  await console.open(at('groups'))
  await look('groups')
  await button('Create group').click()
  await page.getByLabel(/Group name/).fill('readers')
  await choose(dialog().getByRole('button', { name: /Policies to attach/ }), 'AWSKeyManagementServicePowerUser')
  await button('Create group', dialog()).click()
  await dialog().waitFor({ state: 'hidden' })
  await page.getByRole('link', { name: 'readers', exact: true }).click()
  await button('Add users').click()
  await choose(dialog().getByRole('button', { name: /Users/ }), 'gina')
  await button('Add users', dialog()).click()
  await button('Remove gina').waitFor()
  await look('group')
  assert.equal(await listsKeys(credentials), 'OK')
  await console.open(at('users/gina'))
  const inherited = page.getByRole('table', { name: 'Permissions from groups' })
  await inherited.getByRole('link', { name: 'AWSKeyManagementServicePowerUser' }).waitFor()
  await console.open(at('groups/readers'))
  await button('Remove gina').click()
  await confirm('Remove from group', 'Remove')
  assert.equal(await listsKeys(credentials), 'AccessDeniedException')
  await page.getByRole('button', { name: 'Actions' }).click()
  await page.getByRole('menuitem', { name: 'Delete group' }).click()
  await confirm('Delete group', 'Delete', 'readers')
  assert.equal(await outcomeOf(iam().getGroup({ GroupName: 'readers' })), 'NoSuchEntityException')
})

test('a role that is made by the form can be assumed by the user whom it names, until it trusts another', async () => {
  const credentials = await userWith(console.server, 'hugo')
  const other = await userWith(console.server, 'ida')
  await console.open(at('roles'))
  await button('Create role').click()
  await page.getByLabel(/Role name/).fill('Keeper')
  await page.getByLabel(/^Description/).fill('<img src=x onerror=alert(1)>')
  await choose(dialog().getByRole('button', { name: /Choose users and roles/ }), 'hugo')
  await look('create-role')
  await choose(dialog().getByRole('button', { name: /Policies to attach/ }), 'AWSKeyManagementServicePowerUser')
  await button('Create role', dialog()).click()
  await dialog().waitFor({ state: 'hidden' })
  assert.equal(await focused(), 'Create role')
  const assume = (who: Credentials) =>
    console.server.sts({ credentials: who }).assumeRole({ RoleArn: arn('role/Keeper'), RoleSessionName: 'keeper' })
  const { Credentials: session } = await assume(credentials)
  assert.ok(session?.AccessKeyId && session.SecretAccessKey && session.SessionToken)
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken } = session
  assert.equal(await listsKeys({ accessKeyId, secretAccessKey, sessionToken }), 'OK')
  assert.equal(await outcomeOf(assume(other)), 'AccessDenied')
  await page.getByText('<img src=x onerror=alert(1)>').waitFor()
  await look('roles')

  await page.getByRole('link', { name: 'Keeper', exact: true }).click()
  await page.getByText('<img src=x onerror=alert(1)>').waitFor()
  await tab('Trust').click()
  await button('Edit trust policy').click()
  const text = await documentField().inputValue()
  await fillDocument(text.replace('user/hugo', 'user/ida'))
  await button('Save changes').click()
  await dialog().waitFor({ state: 'hidden' })
  await look('role-trust')
  assert.equal(await outcomeOf(assume(credentials)), 'AccessDenied')
  assert.equal(await outcomeOf(assume(other)), 'OK')

  await page.getByRole('button', { name: 'Actions' }).click()
  await page.getByRole('menuitem', { name: /^Edit description/ }).click()
  await dialog()
    .getByRole('button', { name: /Maximum session duration/ })
    .click()
  await page.getByRole('option', { name: '4 hours' }).click()
  await button('Save changes').click()
  await page.getByText('4 hours').waitFor()
  assert.equal((await iam().getRole({ RoleName: 'Keeper' })).Role?.MaxSessionDuration, 14_400)
  await page.getByRole('button', { name: 'Actions' }).click()
  await page.getByRole('menuitem', { name: 'Delete role' }).click()
  await confirm('Delete role', 'Delete', 'Keeper')
  assert.equal(await outcomeOf(iam().getRole({ RoleName: 'Keeper' })), 'NoSuchEntityException')
})

test('a role for the web identities of a provider, which is made before', async () => {
  await console.open(at('identity-providers'))
  await button('Add provider').click()
  await page.getByLabel(/Issuer URL/).fill('http://ci.example.com')
  await page.getByRole('textbox', { name: /Audience$/ }).fill('keyreeve')
  await button('Add provider', dialog()).click()
  await page.getByText('A URL that begins with https:// is needed.').waitFor()
  await page.getByLabel(/Issuer URL/).fill('https://ci.example.com/runs')
  await look('create-provider')
  await button('Add provider', dialog()).click()
  await dialog().waitFor({ state: 'hidden' })
  await look('providers')
  await page.getByRole('link', { name: 'ci.example.com/runs', exact: true }).click()
  await button('Add audience').click()
  await dialog()
    .getByLabel(/^Audience/)
    .fill('other')
  await button('Add audience', dialog()).click()
  await button('Remove other').waitFor()
  await button('Remove other').click()
  await confirm('Remove audience', 'Remove')
  await button('Remove other').waitFor({ state: 'hidden' })
  const provider = arn('oidc-provider/ci.example.com/runs')
  const named = { OpenIDConnectProviderArn: provider }
  assert.deepEqual((await iam().getOpenIDConnectProvider(named)).ClientIDList, ['keyreeve'])
  await look('provider')

  await console.open(at('roles'))
  await button('Create role').click()
  await page.getByLabel(/Role name/).fill('Runner')
  await page.getByLabel(/^Web identities/).check()
  await dialog()
    .getByRole('button', { name: /Identity provider/ })
    .click()
  await page.getByRole('option', { name: 'ci.example.com/runs' }).click()
  await dialog()
    .getByRole('button', { name: /Audience/ })
    .click()
  await page.getByRole('option', { name: 'keyreeve' }).click()
  await page.getByLabel(/^Subject/).fill('repo:a/*')
  await look('create-role-web')
  await button('Create role', dialog()).click()
  await dialog().waitFor({ state: 'hidden' })
  const { Role } = await iam().getRole({ RoleName: 'Runner' })
  assert.deepEqual(JSON.parse(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')), {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Federated: provider },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: {
          StringEquals: { 'ci.example.com/runs:aud': 'keyreeve' },
          StringLike: { 'ci.example.com/runs:sub': 'repo:a/*' },
        },
      },
    ],
  })
  await console.open(at(`identity-providers/${encodeURIComponent(provider)}`))
  await button('Delete provider').click()
  await confirm('Delete provider', 'Delete', 'ci.example.com/runs')
  assert.deepEqual((await iam().listOpenIDConnectProviders()).OpenIDConnectProviderList, [])
})

test('a policy is made, has versions of which one counts, and is deleted, but not as long as it limits somebody', async () => {
  const credentials = await userWith(console.server, 'jan')
  await console.open(at('policies'))
  await look('policies')
  await button('Create policy').click()
  await page.getByLabel(/Policy name/).fill('Lister')
  await page.getByLabel(/^Description/).fill('"><script>alert(1)</script>')
  await fillDocument(textOf(allow('kms:ListKeys')))
  await look('create-policy')
  await button('Create policy', dialog()).click()
  await dialog().waitFor({ state: 'hidden' })
  const policy = arn('policy/Lister')
  await iam().attachUserPolicy({ UserName: 'jan', PolicyArn: policy })
  assert.equal(await listsKeys(credentials), 'OK')

  await page.getByRole('link', { name: 'Lister', exact: true }).click()
  await page.getByText('"><script>alert(1)</script>').waitFor()
  await look('policy')
  await button('Edit').click()
  await fillDocument(textOf(allow('kms:ListAliases')))
  await button('Create version').click()
  await dialog().waitFor({ state: 'hidden' })
  assert.equal(await listsKeys(credentials), 'AccessDeniedException')
  await tab('Versions').click()
  await button('Set as default: v1').click()
  await confirm('Set as default: v1', 'Set as default')
  assert.equal(await listsKeys(credentials), 'OK')
  await button('View v2').click()
  await dialog()
    .getByText(/kms:ListAliases/)
    .waitFor()
  await button('Close', dialog()).last().click()
  await look('versions')

  await iam().putUserPermissionsBoundary({ UserName: 'jan', PermissionsBoundary: policy })
  await tab('Attached to').click()
  await button('Refresh: Attached to').click()
  await page.getByRole('cell', { name: 'Permissions boundary' }).waitFor()
  await look('attached-to')
  await button('Delete policy').click()
  await dialog()
    .getByText(/Without it, more would be allowed to: jan/)
    .waitFor()
  await dialog()
    .getByLabel(/^To confirm/)
    .fill('Lister')
  assert.ok(await button('Delete', dialog()).isDisabled())
  await iam().deleteUserPermissionsBoundary({ UserName: 'jan' })
  await button('Cancel', dialog()).click()
  await button('Refresh: Attached to').click()
  await page.getByRole('cell', { name: 'Permissions boundary' }).waitFor({ state: 'hidden' })
  await button('Delete policy').click()
  await confirm('Delete policy', 'Delete', 'Lister')
  assert.equal(await outcomeOf(iam().getPolicy({ PolicyArn: policy })), 'NoSuchEntityException')
  assert.equal(await listsKeys(credentials), 'AccessDeniedException')
  await console.open(at(`policies/${encodeURIComponent(powerUser)}`))
  await page.getByText('AWS managed').waitFor()
  assert.equal(await button('Delete policy').count(), 0)
})

test('who may list but not change is told so in place, and finds out why', async t => {
  const credentials = await userWith(
    console.server,
    'kim',
    allow(['iam:ListUsers', 'iam:GetUser', 'iam:ListGroupsForUser']),
  )
  const { page: own, context, faults } = await openTab(console.server)
  t.after(() => context.close())
  await signInByKey({ server: console.server, page: own }, credentials)
  await own.goto(`${console.server.address}/console/#${at('users')}`)
  await own.getByRole('link', { name: 'kim', exact: true }).waitFor()
  await own.getByRole('link', { name: 'Not allowed. Why?' }).first().waitFor()
  await settled(own)
  await screenshot(own, 'identities-denied')
  await requireAccessible(own, 'denied')
  await own.getByRole('button', { name: 'Create user' }).click()
  const box = own.getByRole('dialog')
  await box.getByLabel(/User name/).fill('lou')
  await own.keyboard.press('Enter')
  await box.getByText(/is not authorized to perform: iam:CreateUser/).waitFor()
  await box.getByRole('link', { name: 'Why?' }).waitFor()
  assert.equal(await box.getByLabel(/User name/).inputValue(), 'lou')
  await own.getByRole('button', { name: 'Cancel' }).click()
  await own.getByRole('link', { name: 'kim', exact: true }).click()
  // The rest of the page works.
  await own.getByRole('main').getByText(arn('user/kim'), { exact: true }).first().waitFor()
  await own.getByText(/not authorized to perform: iam:ListAttachedUserPolicies/).waitFor()
  assert.deepEqual(faults, [])
})

test('what was made of a user stays when the rest was refused, and can be tried again', async () => {
  await managedPolicy(console.server, 'Brief', allow('kms:ListKeys'))
  await console.open(at('users'))
  await button('Create user').click()
  await page.getByLabel(/User name/).fill('max')
  await choose(dialog().getByRole('button', { name: /Policies to attach/ }), 'Brief')
  await iam().deletePolicy({ PolicyArn: arn('policy/Brief') })
  await button('Create user', dialog()).click()
  await dialog().getByText('max was created, but not all that was asked for with it').waitFor()
  await dialog()
    .getByText(/does not exist or is not attachable/)
    .waitFor()
  await look('half-made')
  await button('Remove Brief', dialog()).click()
  await button('Try again', dialog()).click()
  await dialog().waitFor({ state: 'hidden' })
  assert.equal(await outcomeOf(iam().getUser({ UserName: 'max' })), 'OK')
})

test('thousands of users are read page by page, found and turned over; those of another account are not there', async () => {
  const { app } = console.server
  const names = Array.from({ length: 2500 }, (_, n) => `many-${String(n).padStart(4, '0')}`)
  for (let start = 0; start < names.length; start += 500) {
    const view = app.store.view()
    const changes: Change[] = []
    for (const name of names.slice(start, start + 500)) {
      const id = identityRow(ownAccount, name)
      await view.get('user', id)
      changes.push({ put: 'user', id, document: newUser(ownAccount, name, app.now()) })
    }
    assert.equal(await app.store.commit(view, changes, []), 'committed')
  }
  await userWith(console.server, { name: 'stranger', account: '222222222222' })
  await console.open(at('users'))
  const count = (await iam().listUsers({ MaxItems: 1000 })).Users?.length
  assert.equal(count, 1000)
  await page.getByText(/\(25\d\d\)/).waitFor()
  const find = page.getByLabel('Find in: Users').first()
  await find.fill('many-2499')
  await page.getByRole('link', { name: 'many-2499' }).waitFor()
  await page.getByText('1 match').first().waitFor()
  await find.fill('stranger')
  await page.getByText('Nothing fits').waitFor()
  await button('Clear the search', page.getByRole('table')).click()
  await page.getByRole('button', { name: 'Next page' }).click()
  await page.getByRole('button', { name: /^Page 2 of/ }).waitFor()
})

test('fits into a narrow window', async t => {
  const { page: own, context, faults } = await openTab(console.server, { viewport: { width: 640, height: 900 } })
  t.after(() => context.close())
  await signInByKey({ server: console.server, page: own })
  for (const place of ['users', 'users/ada', 'policies', 'roles']) {
    await own.goto(`${console.server.address}/console/#${at(place)}`)
    await own.getByRole('heading', { level: 1 }).waitFor()
    await settled(own)
    await screenshot(own, `identities-narrow-${place.replace('/', '-')}`)
    const overhang = await own.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    assert.ok(overhang <= 0, `${place} is ${overhang} pixels too wide`)
  }
  await own.getByRole('button', { name: 'Create role' }).click()
  await own
    .getByRole('dialog')
    .getByLabel(/Role name/)
    .waitFor()
  await screenshot(own, 'identities-narrow-create-role')
  assert.deepEqual(faults, [])
})

test('German', async t => {
  const { page: own, context, faults } = await openTab(console.server, { locale: 'de-DE' })
  t.after(() => context.close())
  await own.getByLabel('Zugangsschlüssel-ID').fill(console.server.accessKeyId)
  await own.getByLabel('Geheimer Zugangsschlüssel').fill(console.server.secretAccessKey)
  await own.getByRole('button', { name: 'Anmelden' }).click()
  await own.getByRole('link', { name: 'Identitätsanbieter' }).click()
  await own.getByRole('heading', { name: 'Identitätsanbieter' }).waitFor()
  await own.getByRole('link', { name: 'Benutzer', exact: true }).click()
  await own.getByRole('heading', { name: /^Benutzer/ }).waitFor()
  await own.getByRole('button', { name: 'Benutzer anlegen' }).click()
  await own.getByText('Gleich einen Zugangsschlüssel anlegen').waitFor()
  await screenshot(own, 'identities-german')
  assert.deepEqual(faults, [])
})
