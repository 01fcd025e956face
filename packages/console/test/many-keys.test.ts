import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { closeBrowser, openConsole, screenshot, type Console } from './support/browser.ts'
import { makeManyKeys } from './support/many-keys.ts'

/**
 * A list that is long: it is shown as it comes, and nothing that is done with it keeps the page from answering.
 * KEYREEVE_MANY_KEYS says how long it is, such as 100000.
 */

const count = Number(process.env['KEYREEVE_MANY_KEYS'] ?? 20_000)
const total = (count + 1).toLocaleString('en-US')
/** Milliseconds that the page may be busy without a pause: generous, for machines that have other things to do. */
const longestBlock = 2000

let console: Console
before(async () => {
  console = await openConsole()
  const { page, server } = console
  page.setDefaultTimeout(60_000 + count * 2)
  await makeManyKeys(server, count)
  await page.addInitScript(() => {
    const blocks: number[] = []
    Object.assign(window, { blocks })
    new PerformanceObserver(list => {
      for (const { duration } of list.getEntries()) blocks.push(Math.round(duration))
    }).observe({ type: 'longtask', buffered: true })
  })
})
after(async () => {
  try {
    await console.close()
  } finally {
    await closeBrowser()
  }
})

/** The longest time, since it was asked last, in which the page did not answer: at least 50 ms, or 0. */
const takeLongest = async (): Promise<number> =>
  await console.page.evaluate(() => Math.max(0, ...(window as unknown as { blocks: number[] }).blocks.splice(0)))

const firstCell = (column: number): string => `table tbody tr:first-child > :nth-child(${column})`
const waitForFirst = async (column: number, text: string): Promise<void> => {
  await console.page.waitForFunction(
    ([selector, wanted]) => document.querySelector(selector ?? '')?.textContent?.trim() === wanted,
    [firstCell(column), text],
  )
}

test(`${count} keys are shown as they come, sorted and filtered, and the page answers all the while`, async t => {
  const { page } = console
  const note = async (what: string, started: number): Promise<void> => {
    const longest = await takeLongest()
    t.diagnostic(`${what}: ${Math.round(performance.now() - started)} ms, longest block ${longest} ms`)
    assert.ok(longest <= longestBlock, `${what}: the page did not answer for ${longest} ms`)
  }

  let started = performance.now()
  await page.goto('about:blank')
  await page.goto(`${console.server.address}/console/#/us-east-1/keys`)
  await page.locator(firstCell(3)).filter({ hasText: '-' }).waitFor()
  await note('first rows', started)
  await page.getByText('keys so far').waitFor()
  await screenshot(page, 'keys-loading')
  await page.getByRole('heading', { name: `Customer managed keys (${total})`, exact: true }).waitFor()
  await note('all rows', started)
  assert.ok((await page.locator('table tbody tr').count()) <= 20)
  await screenshot(page, 'keys-many')

  const header = page.getByRole('button', { name: 'Alias', exact: true }).first()
  started = performance.now()
  await header.press('Enter')
  await waitForFirst(2, 'many-000000')
  await note('sorted by alias', started)
  started = performance.now()
  await header.press('Enter')
  await waitForFirst(2, `many-${String(count - 1).padStart(6, '0')}`)
  await note('sorted by alias, down', started)

  started = performance.now()
  await page.getByRole('button', { name: 'Next page' }).click()
  await waitForFirst(2, `many-${String(count - 21).padStart(6, '0')}`)
  await note('next page', started)

  const field = page.getByRole('combobox', { name: /Find keys/ })
  started = performance.now()
  await field.pressSequentially('number 1234')
  await field.press('Enter')
  const matches = Array.from({ length: count }, (_, n) => n).filter(n => String(n).startsWith('1234')).length
  await page
    .getByText(`${matches.toLocaleString('en-US')} matches`)
    .first()
    .waitFor()
  await note('found by text', started)
  await page.getByRole('button', { name: 'Clear filters' }).click()

  started = performance.now()
  await field.fill('Status = Disabled')
  await field.press('Enter')
  await page
    .getByText(`${(count / 10).toLocaleString('en-US')} matches`)
    .first()
    .waitFor()
  await note('found by status', started)
  await screenshot(page, 'keys-many-filtered')

  started = performance.now()
  await page.getByRole('checkbox', { name: 'Select all keys on this page' }).check({ force: true })
  await page.getByRole('heading', { name: `Customer managed keys (20/${total})`, exact: true }).waitFor()
  await note('selected a page', started)

  started = performance.now()
  await page.getByRole('button', { name: 'Key actions' }).click()
  await page.getByRole('menuitem', { name: 'Enable' }).click()
  await page.getByRole('dialog', { name: 'Enable 20 keys?' }).getByRole('button', { name: 'Enable' }).click()
  await page.getByText('20 keys were enabled.').waitFor()
  await page
    .getByText(`${(count / 10 - 20).toLocaleString('en-US')} matches`)
    .first()
    .waitFor()
  await note('enabled 20', started)
})
