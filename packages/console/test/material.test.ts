import type { CreateKeyCommandInput, KMS } from '@aws-sdk/client-kms'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { materialId, wrap } from 'keyreeve-import'
import type { Locator, Page } from 'playwright-core'
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
import { importing, type Importing } from './support/importing.ts'

after(closeBrowser)

/** Imports by the SDK, so that a page has something to show. */
async function importInto(
  kms: KMS,
  KeyId: string,
  material: Uint8Array,
  options: { ValidTo?: Date; ImportType?: 'NEW_KEY_MATERIAL' | 'EXISTING_KEY_MATERIAL' } = {},
): Promise<void> {
  const WrappingAlgorithm = 'RSA_AES_KEY_WRAP_SHA_256'
  const asked = { KeyId, WrappingAlgorithm, WrappingKeySpec: 'RSA_2048' } as const
  const { PublicKey, ImportToken } = await kms.getParametersForImport(asked)
  const EncryptedKeyMaterial = await wrap(PublicKey ?? new Uint8Array(), WrappingAlgorithm, material)
  const ExpirationModel = options.ValidTo ? 'KEY_MATERIAL_EXPIRES' : 'KEY_MATERIAL_DOES_NOT_EXPIRE'
  await kms.importKeyMaterial({ KeyId, ImportToken, EncryptedKeyMaterial, ExpirationModel, ...options })
}

suite('the material of a key', () => {
  let console: Console
  let page: Page
  let on: Importing
  before(async () => {
    console = await openConsole({ flags: ['--regions', 'us-east-1,eu-west-1'] })
    page = console.page
    on = importing(console)
  })
  after(() => console.close())

  const kms = (region = 'us-east-1') => console.server.client({ region })
  const open = async (keyId: string, region = 'us-east-1'): Promise<void> =>
    await console.open(`/${region}/keys/${keyId}/material`)
  const row = (id: string): Locator => page.getByRole('row').filter({ hasText: id.slice(0, 8) })
  const dialog = (): Locator => page.getByRole('dialog')
  const notice = async (text: string): Promise<void> => await page.getByText(text).first().waitFor()

  /** Wraps in the page what is to be imported, and goes as far as the answer. */
  const wrapAndSubmit = async (material: Buffer): Promise<void> => {
    await on.chooseShort('RSAES_OAEP_SHA_256')
    await page.getByRole('tab', { name: 'In this tab' }).click()
    await on.upload('Key material file', 'material', material)
    await on.button('Wrap in this tab').click()
    await page.getByText('Wrapped, and forgotten here').first().waitFor()
    await on.button('Next').click()
    await page.getByText('The token is from this tab').waitFor()
    await on.submit()
  }
  const deleteTyped = async (): Promise<void> => {
    const confirm = dialog().getByRole('button', { name: 'Delete key material' })
    assert.equal(await confirm.isDisabled(), true)
    await dialog().getByRole('textbox').fill('delete')
    await confirm.click()
    await notice('The key material was deleted.')
  }

  test('of a key that has none says so, and leads to the import', async () => {
    const { KeyId } = await on.external()
    await open(KeyId)
    await page.getByText('This key has no key material yet. Import it, and the key can be used.').waitFor()
    assert.equal(await page.getByRole('button', { name: 'Delete key material', exact: true }).isDisabled(), true)
    await page.getByRole('link', { name: 'Import key material', exact: true }).click()
    await page.getByRole('heading', { name: 'Download wrapping key and import token', level: 1 }).waitFor()
  })

  test('is shown with its ID, its expiration and when it was imported', async () => {
    const { KeyId } = await on.external()
    const material = randomBytes(32)
    await importInto(kms(), KeyId, material, { ValidTo: new Date(console.server.clock.now() + 40 * 86_400_000) })
    await open(KeyId)
    await page.getByText(await materialId(KeyId, material)).waitFor()
    await page.getByText('Key material expires').first().waitFor()
    await page
      .getByText(/39 d 23 h/)
      .first()
      .waitFor()
    const { KeyMetadata } = await kms().describeKey({ KeyId })
    const year = String(KeyMetadata?.CreationDate?.getUTCFullYear())
    await page.getByText('Last imported').locator('xpath=../..').filter({ hasText: year }).waitFor()
    await row(await materialId(KeyId, material))
      .getByText('Imported')
      .waitFor()
    await screenshot(page, 'material-imported')
  })

  test('is deleted once one has typed it, and comes back by the same bytes alone', async () => {
    const { KeyId } = await on.external()
    const material = randomBytes(32)
    const id = await materialId(KeyId, material)
    await importInto(kms(), KeyId, material)
    const { CiphertextBlob } = await kms().encrypt({ KeyId, Plaintext: Buffer.from('seed') })
    await open(KeyId)
    await page.getByRole('button', { name: 'Delete key material', exact: true }).click()
    await screenshot(page, 'material-delete')
    await requireAccessible(page, 'the dialog that deletes')
    await deleteTyped()
    assert.equal(await on.stateOf(KeyId), 'PendingImport')
    await page.getByText(/The key material has expired or was deleted/).waitFor()
    await screenshot(page, 'material-deleted')

    await page.getByRole('link', { name: `Reimport key material ${id}` }).click()
    await wrapAndSubmit(randomBytes(32))
    await page.getByText('IncorrectKeyMaterialException').waitFor()
    await page.getByText(/it is not what this key may take/).waitFor()
    assert.equal(await on.stateOf(KeyId), 'PendingImport')

    await page.getByRole('button', { name: 'Previous' }).click()
    await wrapAndSubmit(material)
    await page.getByText('The server holds exactly what you wrapped').waitFor()
    assert.equal(await on.stateOf(KeyId), 'Enabled')
    const { Plaintext } = await kms().decrypt({ CiphertextBlob })
    assert.equal(Buffer.from(Plaintext ?? []).toString(), 'seed')
  })

  test('gets another expiration by being imported again', async () => {
    const { KeyId } = await on.external()
    const material = randomBytes(32)
    await importInto(kms(), KeyId, material, { ValidTo: new Date(console.server.clock.now() + 86_400_000) })
    await open(KeyId)
    await page.getByRole('link', { name: 'Reimport', exact: true }).first().click()
    await wrapAndSubmit(material)
    await page.getByText('The server holds exactly what you wrapped').waitFor()
    await page.getByText('Never', { exact: true }).waitFor()
    const { KeyMetadata } = await kms().describeKey({ KeyId })
    assert.equal(KeyMetadata?.ExpirationModel, 'KEY_MATERIAL_DOES_NOT_EXPIRE')
  })

  test('new material waits, the key is rotated to it, and both decrypt', async () => {
    const { KeyId } = await on.external()
    const [first, second] = [randomBytes(32), randomBytes(32)]
    await importInto(kms(), KeyId, first)
    const before = await kms().encrypt({ KeyId, Plaintext: Buffer.from('before') })
    await open(KeyId)
    assert.equal(await page.getByRole('button', { name: 'Rotate now' }).isDisabled(), true)
    await page.getByRole('link', { name: 'Import new key material' }).click()
    await wrapAndSubmit(second)
    await page.getByText('The new key material waits for its rotation').waitFor()
    await page.getByRole('link', { name: 'Rotate the key' }).click()
    const [firstId, secondId] = [await materialId(KeyId, first), await materialId(KeyId, second)]
    await row(secondId).getByText('Pending rotation').waitFor()
    const disabled = page.getByRole('link', { name: 'Import new key material' })
    assert.equal(await disabled.getAttribute('aria-disabled'), 'true')
    await screenshot(page, 'material-pending-rotation')
    await page.getByRole('button', { name: 'Rotate now' }).click()
    await requireAccessible(page, 'the dialog that rotates')
    await dialog().getByRole('button', { name: 'Rotate now' }).click()
    await notice('The key was rotated.')
    await row(secondId).getByText('Current', { exact: true }).waitFor()
    await row(firstId).getByText('Non-current').waitFor()
    await page.getByText('1 of at most 25 on-demand rotations so far.').waitFor()
    const { KeyMetadata } = await kms().describeKey({ KeyId })
    assert.equal(KeyMetadata?.CurrentKeyMaterialId, secondId)
    const after = await kms().encrypt({ KeyId, Plaintext: Buffer.from('after') })
    for (const [{ CiphertextBlob }, text] of [
      [before, 'before'],
      [after, 'after'],
    ] as const) {
      const { Plaintext } = await kms().decrypt({ CiphertextBlob })
      assert.equal(Buffer.from(Plaintext ?? []).toString(), text)
    }
    await screenshot(page, 'material-rotated')
  })

  test('what waits for its rotation can be deleted, and the key stays as it is', async () => {
    const { KeyId } = await on.external()
    await importInto(kms(), KeyId, randomBytes(32))
    const waiting = randomBytes(32)
    await importInto(kms(), KeyId, waiting, { ImportType: 'NEW_KEY_MATERIAL' })
    await open(KeyId)
    const id = await materialId(KeyId, waiting)
    const opener = page.getByRole('button', { name: `Delete key material ${id}` })
    await opener.click()
    await page.getByText('It waits for its rotation and was never used.', { exact: false }).waitFor()
    await page.keyboard.press('Escape')
    await dialog().waitFor({ state: 'hidden' })
    await opener.and(page.locator(':focus')).waitFor()
    await page.keyboard.press('Enter')
    await deleteTyped()
    await row(id).waitFor({ state: 'detached' })
    assert.equal(await on.stateOf(KeyId), 'Enabled')
  })

  test('of HMAC and asymmetric keys is one, which is not rotated', async () => {
    const { KeyId } = await on.external({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' })
    await open(KeyId)
    await page.getByText(/This key has no key material now/).waitFor()
    await importInto(kms(), KeyId, randomBytes(32))
    await page.getByRole('tab', { name: 'Key policy' }).click()
    await page.reload()
    await open(KeyId)
    await page.getByText('Key material does not expire').waitFor()
    assert.equal(await page.getByText('On-demand rotation').count(), 0)
    assert.equal(await page.getByRole('link', { name: 'Import new key material' }).count(), 0)
    await page.getByRole('button', { name: 'Delete key material', exact: true }).click()
    await deleteTyped()
    assert.equal(await on.stateOf(KeyId), 'PendingImport')

    const { KeyMetadata } = await kms().createKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' })
    await open(KeyMetadata?.KeyId ?? '')
    await page.getByText(/Asymmetric and HMAC keys are not rotated/).waitFor()
  })

  const created = async (input: CreateKeyCommandInput = {}): Promise<string> =>
    (await kms().createKey(input)).KeyMetadata?.KeyId ?? ''

  test('that KMS made rotates by itself, each 90 to 2560 days, until that is turned off', async () => {
    const KeyId = await created()
    await open(KeyId)
    await page.getByText('Disabled', { exact: true }).waitFor()
    const edit = page.getByRole('button', { name: 'Edit automatic key rotation' })
    await edit.click()
    await dialog().getByRole('radio', { name: 'Enabled' }).check()
    for (const wrong of ['89', '2561', '100.5', '']) {
      await dialog().getByLabel('Rotation period (in days)').fill(wrong)
      await dialog().getByText('Give a whole number from 90 to 2560.').waitFor()
      assert.equal(await dialog().getByRole('button', { name: 'Save changes' }).isDisabled(), true)
    }
    await requireAccessible(page, 'the dialog of automatic rotation')
    await dialog().getByLabel('Rotation period (in days)').fill('180')
    await screenshot(page, 'material-automatic')
    await dialog().getByRole('button', { name: 'Save changes' }).click()
    await notice('Automatic key rotation is on, each 180 days.')
    await edit.and(page.locator(':focus')).waitFor()
    const status = await kms().getKeyRotationStatus({ KeyId })
    assert.equal(status.KeyRotationEnabled, true)
    assert.equal(status.RotationPeriodInDays, 180)
    await page.getByText('180 days', { exact: true }).waitFor()

    await edit.click()
    await dialog().getByRole('radio', { name: 'Disabled' }).check()
    await dialog().getByRole('button', { name: 'Save changes' }).click()
    await notice('Automatic key rotation is off.')
    assert.equal((await kms().getKeyRotationStatus({ KeyId })).KeyRotationEnabled, false)
  })

  test('that KMS made is rotated on demand, and the history has each', async () => {
    const KeyId = await created()
    const { CurrentKeyMaterialId: first = '' } = (await kms().describeKey({ KeyId })).KeyMetadata ?? {}
    await open(KeyId)
    await page.getByRole('button', { name: 'Rotate now' }).click()
    await dialog().getByRole('button', { name: 'Rotate now' }).click()
    await notice('The key was rotated.')
    await page.getByRole('row').filter({ hasText: 'On-demand' }).waitFor()
    await page.getByRole('row').filter({ hasText: first }).getByText('Non-current').waitFor()
    assert.equal((await kms().listKeyRotations({ KeyId })).Rotations?.length, 1)
    await screenshot(page, 'material-generated')
  })

  const reason = async (control: Locator, text: string): Promise<void> => {
    assert.equal(await control.getAttribute('aria-disabled'), 'true')
    await control.hover()
    await page.getByText(text).locator('visible=true').first().waitFor()
    await page.mouse.move(0, 0)
  }
  const importLink = () => page.getByRole('link', { name: 'Upload key material' })
  const rotateButton = () => page.getByRole('button', { name: 'Rotate now' })

  test('of a disabled key is imported, but not rotated, and the button says why', async () => {
    const KeyId = await created()
    await kms().disableKey({ KeyId })
    await open(KeyId)
    await reason(rotateButton(), 'The key is disabled. Enable it first.')
    const { KeyId: imported } = await on.external()
    await importInto(kms(), imported, randomBytes(32))
    await kms().disableKey({ KeyId: imported })
    await open(imported)
    await importLink().waitFor()
    assert.notEqual(await importLink().getAttribute('aria-disabled'), 'true')
  })

  test('of a key pending deletion is deleted, but not imported', async () => {
    const { KeyId } = await on.external()
    await importInto(kms(), KeyId, randomBytes(32))
    await kms().scheduleKeyDeletion({ KeyId, PendingWindowInDays: 7 })
    await open(KeyId)
    await reason(importLink(), 'The key is pending deletion.')
    await page.getByRole('button', { name: 'Delete key material', exact: true }).click()
    await page.getByText(/If you cancel the deletion of the key later/).waitFor()
    await deleteTyped()
    assert.equal(await on.stateOf(KeyId), 'PendingDeletion')
  })

  test('of a multi-Region key is imported in each Region, and rotated when all have it', async () => {
    const { KeyId } = await on.external({ MultiRegion: true })
    const [first, second] = [randomBytes(32), randomBytes(32)]
    await importInto(kms(), KeyId, first)
    await kms().replicateKey({ KeyId, ReplicaRegion: 'eu-west-1' })
    await importInto(kms('eu-west-1'), KeyId, first)
    await importInto(kms(), KeyId, second, { ImportType: 'NEW_KEY_MATERIAL' })
    await open(KeyId)
    const id = await materialId(KeyId, second)
    await row(id).getByText('Pending import in all Regions').waitFor()
    await reason(rotateButton(), 'No key material is pending rotation.')
    await page.getByText(/Import the same key material into each replica/).waitFor()

    await open(KeyId, 'eu-west-1')
    await reason(page.getByRole('link', { name: 'Import new key material' }), 'Only on the primary key.')
    await page.getByRole('link', { name: `Reimport key material ${id}` }).click()
    await page.getByRole('heading', { name: 'Download wrapping key and import token', level: 1 }).waitFor()
    await wrapAndSubmit(second)
    await page.getByText('The server holds exactly what you wrapped').waitFor()
    await open(KeyId)
    await row(id).getByText('Pending rotation').waitFor()
    await rotateButton().click()
    await dialog().getByRole('button', { name: 'Rotate now' }).click()
    await notice('The key was rotated.')
    assert.equal((await kms('eu-west-1').describeKey({ KeyId })).KeyMetadata?.CurrentKeyMaterialId, id)
  })

  test('is shown to who may not read the audit log, without the date', async t => {
    const { KeyId } = await on.external()
    await importInto(kms(), KeyId, randomBytes(32))
    const Action = [
      'kms:DescribeKey',
      'kms:ListKeyRotations',
      'keyreeve:DescribeConsole',
      'keyreeve:CreateConsoleSession',
    ]
    const statement = { Effect: 'Allow', Action, Resource: '*' }
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
    await console.server.iam().createUser({ UserName: 'viewer' })
    await console.server.iam().putUserPolicy({ UserName: 'viewer', PolicyName: 'view', PolicyDocument })
    const { AccessKey } = await console.server.iam().createAccessKey({ UserName: 'viewer' })
    const { AccessKeyId: accessKeyId = '', SecretAccessKey: secretAccessKey = '' } = AccessKey ?? {}
    const { page: tab, context } = await openTab(console.server)
    t.after(() => context.close())
    await signInByKey({ server: console.server, page: tab }, { accessKeyId, secretAccessKey })
    await tab.goto(`${console.server.address}/console/#/us-east-1/keys/${KeyId}/material`)
    await tab.getByText('Told by the audit log, which you may not read').waitFor()
    await tab.getByRole('button', { name: 'Delete key material', exact: true }).click()
    await tab.getByRole('dialog').getByRole('textbox').fill('delete')
    await tab.getByRole('dialog').getByRole('button', { name: 'Delete key material' }).click()
    await tab.getByText('AccessDeniedException').waitFor()
    assert.equal(await on.stateOf(KeyId), 'Enabled')
  })

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`the tab is accessible, ${colorScheme}`, async () => {
      await page.emulateMedia({ colorScheme })
      const { KeyId } = await on.external()
      await importInto(kms(), KeyId, randomBytes(32), { ValidTo: new Date(console.server.clock.now() + 86_400_000) })
      await open(KeyId)
      await page.getByText('All key material').first().waitFor()
      await settled(page)
      await requireAccessible(page, 'imported material')
      await screenshot(page, `material-${colorScheme}`)
      await open(await created())
      await page.getByText('Automatic key rotation').first().waitFor()
      await settled(page)
      await requireAccessible(page, 'generated material')
      await page.emulateMedia({ colorScheme: 'light' })
    })
  }
})

test('the material of a key in German', async t => {
  const console = await openConsole({ locale: 'de-DE', signIn: false })
  t.after(console.close)
  const { server, page } = console
  await page.getByLabel('Zugangsschlüssel-ID').fill(server.accessKeyId)
  await page.getByLabel('Geheimer Zugangsschlüssel').fill(server.secretAccessKey)
  await page.getByRole('button', { name: 'Anmelden' }).click()
  await page.getByRole('button', { name: /^Region: / }).waitFor()
  const { KeyMetadata } = await server.client().createKey({ Origin: 'EXTERNAL' })
  await importInto(server.client(), KeyMetadata?.KeyId ?? '', randomBytes(32))
  await console.open(`/us-east-1/keys/${KeyMetadata?.KeyId}/material`)
  await page.getByRole('heading', { name: 'Rotation auf Wunsch' }).waitFor()
  await screenshot(page, 'material-german')
  await page.getByRole('button', { name: 'Material löschen', exact: true }).click()
  await page.getByText('Zur Bestätigung eingeben: löschen').waitFor()
})
