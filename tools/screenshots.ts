/**
 * Takes the pictures of the console that the README shows, of a server with a few keys and users in it.
 *
 *   npm run screenshots
 */
import type { CreateKeyCommandInput } from '@aws-sdk/client-kms'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { closeBrowser, openConsole, settled } from '../packages/console/test/support/browser.ts'

const folder = fileURLToPath(new URL('../docs/console/', import.meta.url))
mkdirSync(folder, { recursive: true })

const { page, server, open, close } = await openConsole({ viewport: { width: 1360, height: 850 } })
const kms = server.client()
const make = async (alias: string, input: CreateKeyCommandInput = {}): Promise<string> => {
  const { KeyMetadata } = await kms.createKey(input)
  const id = KeyMetadata?.KeyId ?? ''
  await kms.createAlias({ AliasName: `alias/${alias}`, TargetKeyId: id })
  return id
}
const payroll = await make('payroll', { Description: 'Payroll database' })
await make('release-signing', { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' })
await make('webhooks', { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' })
const brought = await make('brought-from-our-hsm', { Origin: 'EXTERNAL' })
await make('documents', { KeySpec: 'RSA_4096', KeyUsage: 'SIGN_VERIFY' })
await kms.disableKey({ KeyId: await make('archive-2019') })

const iam = server.iam()
const statement = (Action: string[], Condition?: object) => ({ Effect: 'Allow', Action, Resource: '*', Condition })
const people = {
  alice: [statement(['kms:Encrypt', 'kms:Decrypt'], { StringEquals: { 'kms:EncryptionContext:app': 'payroll' } })],
  bob: [statement(['kms:DescribeKey', 'kms:CreateGrant', 'kms:PutKeyPolicy'])],
  'ci-runner': [statement(['kms:GenerateDataKey', 'kms:Decrypt', 'kms:DescribeKey'])],
}
for (const [UserName, Statement] of Object.entries(people)) {
  await iam.createUser({ UserName })
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement })
  await iam.putUserPolicy({ UserName, PolicyName: 'work', PolicyDocument })
}

const take = async (name: string): Promise<void> => {
  await settled(page)
  await page.mouse.move(0, 0)
  await page.screenshot({ path: `${folder}${name}.png`, animations: 'disabled' })
}

await page.reload() // The list was read at the sign-in, before there was a key.
await page.getByRole('link', { name: 'payroll' }).waitFor()
await take('keys')

await open(`/us-east-1/keys/${brought}/import`)
const downloaded = page.waitForEvent('download')
await page.getByRole('button', { name: 'Download wrapping key and import token', exact: true }).click()
await downloaded
await page.getByText('Downloaded: ImportParameters.zip').first().waitFor()
await take('import')

await page.setViewportSize({ width: 1360, height: 1060 })
await open(`/us-east-1/keys/${payroll}/access`)
await page.getByRole('columnheader', { name: 'Encrypt' }).first().waitFor()
await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight))
await take('access')

await page.setViewportSize({ width: 1360, height: 1000 })
await page.emulateMedia({ colorScheme: 'dark' })
const query = new URLSearchParams({
  principal: `arn:aws:iam::000000000000:user/alice`,
  action: 'kms:Decrypt',
  key: payroll,
})
await open(`/us-east-1/simulator?${query}`)
await page.getByText('What would have to change').waitFor()
await page.getByText('What would have to change').scrollIntoViewIfNeeded()
await take('simulator')

await close()
await closeBrowser()
