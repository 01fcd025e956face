import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { closeBrowser, openConsole, type Console } from '../../packages/console/test/support/browser.ts'
import { lacking, openShell, tellVersions, type Target } from './support.ts'

/** What the console shows to be pasted, pasted. */

let console: Console
before(async () => {
  console = await openConsole()
})
after(async () => {
  await console.close()
  await closeBrowser()
})

/** What a code block of the page shows. */
const shown = async (label: string): Promise<string> =>
  (await console.page.getByRole('group', { name: label, exact: true }).locator('code').textContent()) ?? ''

const target = (): Target => ({ address: console.server.address, credentials: console.server.app.credentials })

suite('the AWS CLI', { skip: await lacking('bash', 'aws') }, () => {
  test('takes the line of the tab Try it, whatever is in its words', async t => {
    await tellVersions(t, 'aws')
    const { page, server } = console
    const kms = server.client()
    const { KeyMetadata } = await kms.createKey({})
    const text = `it's "quoted" \${HOME} \`id\`\nand ünïcode`
    await console.open(`/us-east-1/keys/${KeyMetadata?.KeyId}/try`)
    const field = (name: string) => page.getByRole('textbox', { name, exact: true })
    await field('Plaintext').fill(text)
    await page.getByRole('button', { name: 'Add pair' }).click()
    await field('Encryption context Name').fill('who & why')
    await field('Encryption context Value').fill(`it's {"me"} $USER`)
    const line = await shown('The same with the AWS CLI')
    const shell = await openShell(t, target())
    const printed = await shell.run(`${line} --query CiphertextBlob --output text`)
    const { Plaintext } = await kms.decrypt({
      CiphertextBlob: Buffer.from(printed, 'base64'),
      EncryptionContext: { 'who & why': `it's {"me"} $USER` },
    })
    assert.equal(Buffer.from(Plaintext ?? []).toString(), text)
  })
})

suite('boto3', { skip: await lacking('bash', 'boto3') }, () => {
  for (const [KeySpec, KeyUsage, last] of [
    ['SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT', "b'Hello'"],
    ['ECC_NIST_P256', 'SIGN_VERIFY', 'True'],
  ] as const) {
    test(`runs the lines of the tab Code for a key of ${KeySpec}`, async t => {
      await tellVersions(t, 'boto3')
      const { page, server } = console
      const { KeyMetadata } = await server.client().createKey({ KeySpec, KeyUsage })
      await console.open(`/us-east-1/keys/${KeyMetadata?.KeyId}/code`)
      await page.getByRole('button', { name: /^Language or tool/ }).click()
      await page.getByRole('option', { name: 'Python (boto3)' }).click()
      const block = page.getByRole('group', { name: 'Python (boto3)' })
      const shell = await openShell(t, target())
      await shell.write('lines.py', (await block.locator('code').textContent()) ?? '')
      const printed = await shell.run('python3 lines.py')
      assert.equal(printed.split('\n').at(-1), last)
    })
  }
})
