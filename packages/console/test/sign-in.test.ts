import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { closeBrowser, openConsole, requireAccessible, screenshot } from './support/browser.ts'

after(closeBrowser)

test('signs in with an access key, and shows who and where one is', async t => {
  const { page, close } = await openConsole()
  t.after(close)
  await page.getByRole('button', { name: 'Region: us-east-1' }).waitFor()
  await page.getByRole('button', { name: 'Signed in as arn:aws:iam::000000000000:user/administrator' }).waitFor()
  await screenshot(page, 'signed-in')
  await requireAccessible(page, 'signed in')
})

for (const colorScheme of ['light', 'dark'] as const) {
  test(`the page where one signs in is accessible, ${colorScheme}`, async t => {
    const { page, close } = await openConsole({ signIn: false, colorScheme })
    t.after(close)
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
    await screenshot(page, `sign-in-${colorScheme}`)
    await requireAccessible(page, 'sign-in')
  })
}

test('a wrong secret is refused, with the request id, and what was typed stays', async t => {
  const { page, server, close } = await openConsole({ signIn: false })
  t.after(close)
  await page.getByLabel('Access key ID').fill(server.accessKeyId)
  await page.getByLabel('Secret access key').fill('wrong')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText(/InvalidSignatureException/).waitFor()
  await page.getByText(/request [0-9a-f-]{36}/).waitFor()
  assert.equal(await page.getByLabel('Access key ID').inputValue(), server.accessKeyId)
})
