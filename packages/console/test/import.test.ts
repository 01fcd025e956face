import assert from 'node:assert/strict'
import { createPublicKey, publicEncrypt, randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { materialId } from 'keyreeve-import'
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
import { hasOpenssl, importing, memberOf, run, unpacked, type Importing } from './support/importing.ts'

after(closeBrowser)

const firstHeading = 'Download wrapping key and import token'

suite('the import of key material', () => {
  let console: Console
  let page: Page
  let on: Importing
  before(async () => {
    console = await openConsole()
    page = console.page
    on = importing(console)
  })
  after(() => console.close())
  const kms = () => console.server.client()

  test('the steps of the document, with openssl as the page says it, and the key is then used', async t => {
    if (!(await hasOpenssl())) return t.skip('wants the command openssl, version 3 or later')
    const { KeyId, Arn } = await on.external()
    await on.openImport(KeyId)
    await page.getByRole('heading', { name: firstHeading, level: 1 }).waitFor()
    await on.choose('Select wrapping key spec', 'RSA_3072')
    await on.choose('Select wrapping algorithm', 'RSA_AES_KEY_WRAP_SHA_256')
    const members = await on.fetchZip()
    await screenshot(page, 'import-1-downloaded')

    const [wrappingKeyName, wrappingKey] = memberOf(members, 'wrappingKey_')
    const [tokenName, token] = memberOf(members, 'importToken_')
    const [readmeName, readme] = memberOf(members, 'README_')
    assert.equal(Object.keys(members).length, 3)
    for (const name of [wrappingKeyName, tokenName, readmeName]) {
      assert.match(name, new RegExp(`^\\w+_${KeyId}_\\d{10}(\\.txt)?$`))
    }
    const key = createPublicKey({ key: Buffer.from(wrappingKey), format: 'der', type: 'spki' })
    assert.equal(key.asymmetricKeyDetails?.modulusLength, 3072)
    assert.ok(token.length > 1000)
    const text = Buffer.from(readme).toString()
    assert.ok(text.includes(`Key: ${Arn}\n`))
    assert.ok(text.includes('Wrapping algorithm: RSA_AES_KEY_WRAP_SHA_256\n'))
    const [, until = ''] = /^Valid until: (.*)$/m.exec(text) ?? []
    assert.ok(Math.abs(new Date(until).getTime() - console.server.clock.now() - 86_400_000) < 120_000, until)

    const lines = await page.getByRole('group', { name: 'openssl commands' }).innerText()
    assert.ok(lines.includes(wrappingKeyName))
    const folder = unpacked(t, members)
    const material = randomBytes(32)
    writeFileSync(join(folder, 'PlaintextKeyMaterial.bin'), material)
    await run('bash', ['-euc', lines], { cwd: folder })
    const encrypted = readFileSync(join(folder, 'EncryptedKeyMaterial.bin'))
    assert.equal(encrypted.length, 384 + 40)

    await on.goOn()
    await on.upload('Wrapped key material', 'EncryptedKeyMaterial.bin', encrypted)
    await on.upload('Import token', tokenName, token)
    await page.getByText('The token is from this tab: RSA_AES_KEY_WRAP_SHA_256, RSA_3072.').waitFor()
    await page.getByRole('checkbox', { name: 'Key material expires' }).check()
    const day = new Date(Date.now() + 30 * 86_400_000)
    const date = [day.getFullYear(), day.getMonth() + 1, day.getDate()].map(part => String(part).padStart(2, '0'))
    await page.getByLabel('Date', { exact: true }).fill(date.join('/'))
    await page.getByLabel('Time', { exact: true }).fill('14:30')
    await page.getByLabel(/Key material description/).fill('from the HSM')
    await page.getByText(/^Expires on /).waitFor()
    await screenshot(page, 'import-2-filled')
    await on.submit()
    await page.getByText('The key material is imported').waitFor()
    await settled(page)
    await screenshot(page, 'import-3-done')
    await page.getByText('Enabled', { exact: true }).waitFor()
    await page.getByText(await materialId(KeyId, material)).waitFor()

    const { KeyMetadata } = await kms().describeKey({ KeyId })
    assert.equal(KeyMetadata?.KeyState, 'Enabled')
    assert.equal(KeyMetadata.ExpirationModel, 'KEY_MATERIAL_EXPIRES')
    const chosen = new Date(day.getFullYear(), day.getMonth(), day.getDate(), 14, 30)
    assert.equal(KeyMetadata.ValidTo?.getTime(), chosen.getTime())
    const { Rotations } = await kms().listKeyRotations({ KeyId, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' })
    assert.equal(Rotations?.[0]?.KeyMaterialDescription, 'from the HSM')
    const { CiphertextBlob } = await kms().encrypt({ KeyId, Plaintext: Buffer.from('seed') })
    const { Plaintext } = await kms().decrypt({ CiphertextBlob })
    assert.equal(Buffer.from(Plaintext ?? []).toString(), 'seed')
    return undefined
  })

  for (const [algorithm, KeySpec, ...make] of [
    ['RSAES_OAEP_SHA_256', 'SYMMETRIC_DEFAULT', 'rand', '-out', 'PlaintextKeyMaterial.bin', '32'],
    ['RSA_AES_KEY_WRAP_SHA_1', 'RSA_2048', 'genrsa', '-out', 'key.pem', '2048'],
    ['RSAES_OAEP_SHA_1', 'ECC_NIST_P256', 'ecparam', '-name', 'prime256v1', '-genkey', '-out', 'key.pem'],
  ] as const) {
    test(`the openssl commands wrap material for ${KeySpec} by ${algorithm}`, async t => {
      if (!(await hasOpenssl())) return t.skip('wants the command openssl, version 3 or later')
      const KeyUsage = KeySpec === 'SYMMETRIC_DEFAULT' ? 'ENCRYPT_DECRYPT' : 'SIGN_VERIFY'
      const { KeyId } = await on.external({ KeySpec, KeyUsage })
      await on.openImport(KeyId)
      await on.chooseShort(algorithm)
      const members = await on.fetchZip()
      const folder = unpacked(t, members)
      await run('openssl', make, { cwd: folder })
      const lines = await page.getByRole('group', { name: 'openssl commands' }).innerText()
      await run('bash', ['-euc', lines], { cwd: folder })
      await on.goOn()
      await on.upload('Wrapped key material', 'x.bin', readFileSync(join(folder, 'EncryptedKeyMaterial.bin')))
      await on.upload('Import token', ...memberOf(members, 'importToken_'))
      await on.submit()
      await page.getByText('The key material is imported').waitFor()
      assert.equal(await on.stateOf(KeyId), 'Enabled')
      return undefined
    })
  }

  test('the commands can be copied as they are shown', async () => {
    const { KeyId } = await on.external()
    await on.openImport(KeyId)
    await on.chooseShort('RSAES_OAEP_SHA_256')
    await on.fetchZip()
    const lines = await page.getByRole('group', { name: 'openssl commands' }).innerText()
    await on.button('Copy openssl commands').click()
    await page.getByText('Copied').first().waitFor()
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), lines)
  })

  test('Next is refused without the check box, which says so and gets the focus', async () => {
    const { KeyId } = await on.external()
    await on.openImport(KeyId)
    await on.button('Next').click()
    await page.getByText('Check this box to go on.').waitFor()
    const box = page.getByRole('checkbox', { name: 'I am ready to upload my exported key material' })
    await box.and(page.locator(':focus')).waitFor()
    await page.getByRole('heading', { name: firstHeading, level: 1 }).waitFor()
  })

  test('Skip and do this later leads to the key; later the token is known, also after a reload', async () => {
    const { KeyId } = await on.external()
    await on.openImport(KeyId)
    await on.chooseShort('RSAES_OAEP_SHA_256')
    const members = await on.fetchZip()
    await on.button('Skip and do this later').click()
    await page.waitForURL(`**/#/us-east-1/keys/${KeyId}/material`)
    assert.equal(await on.stateOf(KeyId), 'PendingImport')

    await page.reload()
    await page.getByRole('link', { name: 'Upload key material' }).click()
    await page.getByRole('heading', { name: 'Upload your wrapped key material' }).waitFor()
    const wrappingKey = Buffer.from(memberOf(members, 'wrappingKey_')[1])
    const key = createPublicKey({ key: wrappingKey, format: 'der', type: 'spki' })
    const encrypted = publicEncrypt({ key, padding: 4, oaepHash: 'sha256' }, randomBytes(32))
    await on.upload('Wrapped key material', 'EncryptedKeyMaterial.bin', encrypted)
    await on.upload('Import token', ...memberOf(members, 'importToken_'))
    await page.getByText('The token is from this tab: RSAES_OAEP_SHA_256, RSA_2048.').waitFor()
    await on.submit()
    await page.getByText('The key material is imported').waitFor()
    assert.equal(await on.stateOf(KeyId), 'Enabled')
  })

  test('what this tab keeps of parameters holds no token', async () => {
    const { KeyId } = await on.external()
    await on.openImport(KeyId)
    await on.chooseShort('RSAES_OAEP_SHA_256')
    const token = Buffer.from(memberOf(await on.fetchZip(), 'importToken_')[1])
    const kept = await page.evaluate(() => JSON.stringify([sessionStorage, localStorage].map(Object.entries)))
    assert.ok(kept.includes(KeyId))
    for (const form of [token.toString('base64').slice(0, 40), token.toString('hex').slice(0, 40)]) {
      assert.ok(!kept.includes(form))
    }
  })

  test('keys that take no import say why', async () => {
    const { KeyMetadata } = await kms().createKey({})
    await on.openImport(KeyMetadata?.KeyId ?? '')
    await page.getByText('Its origin is not External.').waitFor()
    const { KeyId } = await on.external()
    await kms().scheduleKeyDeletion({ KeyId, PendingWindowInDays: 7 })
    await on.openImport(KeyId)
    await page.getByText('The key is pending deletion. Cancel the deletion first.').waitFor()
    await requireAccessible(page, 'no import')
  })

  test('only algorithms that fit the key are offered, and legacy ones are marked', async () => {
    const offered = async (): Promise<string[]> => {
      await page.getByRole('button', { name: 'Select wrapping algorithm' }).click()
      const options = await page.getByRole('option').allInnerTexts()
      await page.keyboard.press('Escape')
      return options.map(text => `${text.split('\n', 1)[0]}${text.includes('legacy') ? ' (legacy)' : ''}`)
    }
    await on.openImport((await on.external()).KeyId)
    assert.deepEqual(await offered(), [
      'RSAES_OAEP_SHA_256',
      'RSA_AES_KEY_WRAP_SHA_256',
      'RSAES_OAEP_SHA_1 (legacy)',
      'RSA_AES_KEY_WRAP_SHA_1 (legacy)',
      'RSAES_PKCS1_V1_5 (legacy)',
    ])
    await on.openImport((await on.external({ KeySpec: 'ECC_NIST_P521', KeyUsage: 'SIGN_VERIFY' })).KeyId)
    assert.equal((await offered()).length, 4)
    await on.chooseShort()
    assert.deepEqual(await offered(), ['RSA_AES_KEY_WRAP_SHA_256', 'RSA_AES_KEY_WRAP_SHA_1 (legacy)'])
  })

  test('who may not import is told so at the button, and may still read the page', async t => {
    const { KeyId } = await on.external()
    const statement = { Effect: 'Allow', Action: ['kms:DescribeKey', 'keyreeve:*'], Resource: '*' }
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
    await console.server.iam().createUser({ UserName: 'reader' })
    await console.server.iam().putUserPolicy({ UserName: 'reader', PolicyName: 'read', PolicyDocument })
    const { AccessKey } = await console.server.iam().createAccessKey({ UserName: 'reader' })
    const { AccessKeyId: accessKeyId = '', SecretAccessKey: secretAccessKey = '' } = AccessKey ?? {}
    const { page: tab, context } = await openTab(console.server)
    t.after(() => context.close())
    await signInByKey({ server: console.server, page: tab }, { accessKeyId, secretAccessKey })
    await tab.goto(`${console.server.address}/console/#/us-east-1/keys/${KeyId}/import`)
    await tab.getByRole('button', { name: firstHeading, exact: true }).click()
    await tab.getByText('AccessDeniedException').waitFor()
    await tab.getByText(/GetParametersForImport, request /).waitFor()
    await tab.getByRole('heading', { name: firstHeading, level: 1 }).waitFor()
  })

  test('the whole way by keyboard alone', async () => {
    const { KeyId } = await on.external()
    await on.openImport(KeyId)
    const reach = async (target: Locator): Promise<void> => {
      await target.waitFor()
      for (let presses = 0; presses < 60; presses += 1) {
        if (await target.evaluate(element => element === document.activeElement)) return
        await page.keyboard.press('Tab')
      }
      assert.fail(`not reached by Tab: ${await target.innerText()}`)
    }
    await reach(page.getByRole('button', { name: 'Select wrapping key spec' }))
    await page.keyboard.press('Enter')
    await page.keyboard.press('End')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: /Select wrapping key spec.*RSA_2048/ }).waitFor()
    await reach(page.getByRole('tab', { name: 'With openssl' }))
    await page.keyboard.press('ArrowRight')
    await reach(page.getByLabel('Or paste it as text'))
    await page.keyboard.insertText(randomBytes(32).toString('hex'))
    await reach(on.button('Read'))
    await page.keyboard.press('Enter')
    // The focus is where one goes on.
    await on.button('Wrap in this tab').and(page.locator(':focus')).waitFor()
    await page.getByText('64 hexadecimal digits read as 32 bytes.').first().waitFor()
    await page.keyboard.press('Enter')
    await page.getByText('Wrapped, and forgotten here').first().waitFor()
    await reach(on.button('Next'))
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Upload your wrapped key material' }).waitFor()
    await page.getByText('The token is from this tab').waitFor()
    await reach(on.button('Import key material'))
    await page.keyboard.press('Enter')
    await page.getByText('The server holds exactly what you wrapped').waitFor()
    assert.equal(await on.stateOf(KeyId), 'Enabled')
    await reach(page.getByRole('link', { name: 'View key' }))
  })

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`each step is accessible, ${colorScheme}`, async () => {
      await page.emulateMedia({ colorScheme })
      const { KeyId } = await on.external()
      await on.openImport(KeyId)
      await screenshot(page, `import-1-${colorScheme}`)
      await on.chooseShort('RSAES_OAEP_SHA_256')
      await on.fetchZip()
      await requireAccessible(page, 'step 1, downloaded')
      await page.getByRole('tab', { name: 'On an air-gapped machine' }).click()
      await screenshot(page, `import-1-offline-${colorScheme}`)
      await page.getByRole('tab', { name: 'In this tab' }).click()
      await on.upload('Key material file', 'm', randomBytes(32))
      await page.getByText('Secret for SYMMETRIC_DEFAULT').first().waitFor()
      await on.button('Wrap in this tab').click()
      await page.getByText('Wrapped, and forgotten here').first().waitFor()
      await screenshot(page, `import-1-wrapped-${colorScheme}`)
      await requireAccessible(page, 'step 1, wrapped')
      await on.button('Next').click()
      await page.getByRole('checkbox', { name: 'Key material expires' }).check()
      await requireAccessible(page, 'step 2')
      await screenshot(page, `import-2-${colorScheme}`)
      await page.getByRole('checkbox', { name: 'Key material expires' }).uncheck()
      await on.submit()
      await page.getByText('The server holds exactly what you wrapped').waitFor()
      await settled(page)
      await requireAccessible(page, 'done')
      await screenshot(page, `import-3-${colorScheme}`)
      await page.emulateMedia({ colorScheme: 'light' })
    })
  }

  test('fits a narrow window', async () => {
    await page.setViewportSize({ width: 640, height: 1000 })
    const { KeyId } = await on.external()
    await on.openImport(KeyId)
    await page.getByRole('heading', { name: firstHeading, level: 1 }).waitFor()
    const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth])
    assert.ok((content ?? 0) <= (window ?? 0), `${content} in ${window}`)
    await screenshot(page, 'import-narrow')
    await page.setViewportSize({ width: 1440, height: 1000 })
  })
})

test('PKCS #1 v1.5 is left out if the server refuses it; and all is there in German', async t => {
  const strict = await openConsole({ flags: ['--wrapping-pkcs1v15', 'refuse'], locale: 'de-DE', signIn: false })
  t.after(strict.close)
  const { server, page } = strict
  await page.getByLabel('Zugangsschlüssel-ID').fill(server.accessKeyId)
  await page.getByLabel('Geheimer Zugangsschlüssel').fill(server.secretAccessKey)
  await page.getByRole('button', { name: 'Anmelden' }).click()
  await page.getByRole('button', { name: /^Region: / }).waitFor()
  const { KeyMetadata } = await server.client().createKey({ Origin: 'EXTERNAL' })
  await strict.open(`/us-east-1/keys/${KeyMetadata?.KeyId}/import`)
  await page.getByRole('heading', { name: 'Wrapping-Schlüssel und Importtoken herunterladen', level: 1 }).waitFor()
  await screenshot(page, 'import-1-german')
  await page.getByRole('button', { name: 'Wrapping-Algorithmus auswählen' }).click()
  const options = await page.getByRole('option').allInnerTexts()
  assert.equal(options.length, 4)
  assert.ok(!options.join().includes('PKCS1'))
  assert.ok(options.join().includes('veraltet'))
  await page.keyboard.press('Escape')
  await page.getByRole('checkbox', { name: /Ich bin bereit/ }).check()
  await page.getByRole('button', { name: 'Weiter', exact: true }).click()
  await page.getByRole('heading', { name: 'Verpacktes Schlüsselmaterial hochladen', level: 1 }).waitFor()
  await screenshot(page, 'import-2-german')
})
