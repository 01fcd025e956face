import chromium from '@sparticuz/chromium'
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { chromium as playwright, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { start, type TestServer } from '../../../server/test/support/server.ts'

/** A server and a Chromium that is signed in to its console. */
export interface Console {
  server: TestServer
  context: BrowserContext
  page: Page
  /** Goes to a page, such as `/us-east-1/keys`, and waits until it has something to show. */
  open: (place: string) => Promise<void>
  close: () => Promise<void>
}

let browser: Promise<Browser> | undefined

const launch = async (): Promise<Browser> =>
  await playwright.launch({
    executablePath: await chromium.executablePath(),
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-zygote', '--disable-dev-shm-usage'],
  })

/** Ends the browser of this process. */
export async function closeBrowser(): Promise<void> {
  await (await browser)?.close()
  browser = undefined
}

export interface ConsoleOptions {
  /** Of the server. */
  flags?: readonly string[]
  colorScheme?: 'light' | 'dark'
  locale?: string
  viewport?: { width: number; height: number }
  /** False: the page where one signs in is left as it is. */
  signIn?: boolean
}

/**
 * @throws AssertionError from `close` if anything in a page failed, broke the Content Security Policy, or asked another
 * server for something
 */
export async function openConsole({
  flags = [],
  colorScheme = 'light',
  locale = 'en-US',
  viewport = { width: 1440, height: 1000 },
  signIn = true,
}: ConsoleOptions = {}): Promise<Console> {
  const server = await start(flags)
  const { page, context, faults } = await openTab(server, { colorScheme, locale, viewport })
  const console: Console = {
    server,
    context,
    page,
    async open(place) {
      await page.goto(`${server.address}/console/#${place}`)
      // Of another address after the `#` the page hears in a task of its own.
      await page.evaluate(() => new Promise(resolve => setTimeout(resolve)))
      await settled(page)
    },
    async close() {
      await context.close()
      await server.stop()
      assert.deepEqual(faults, [])
    },
  }
  try {
    if (signIn) await signInByKey(console)
    return console
  } catch (error) {
    await context.close()
    await server.stop()
    throw error
  }
}

/** Another tab, as of another person. `faults` fills with what should not have happened in it. */
export async function openTab(
  { address }: { address: string },
  options: Pick<ConsoleOptions, 'colorScheme' | 'locale' | 'viewport'> = {},
): Promise<{ page: Page; context: BrowserContext; faults: string[] }> {
  browser ??= launch()
  // What is still moving in, and half transparent, is not what is to be judged.
  const context = await (await browser).newContext({ acceptDownloads: true, reducedMotion: 'reduce', ...options })
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  const faults: string[] = []
  page.on('pageerror', error => faults.push(`page: ${error.stack ?? error.message}`))
  page.on('console', message => {
    // That a request was refused is for the page to show; the browser says so as well.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
      faults.push(`console: ${message.text()}`)
    }
  })
  page.on('request', request => {
    const url = request.url()
    if (!url.startsWith(`${address}/`) && !url.startsWith('blob:')) faults.push(`asks elsewhere: ${url}`)
  })
  await page.goto(`${address}/console/`)
  return { page, context, faults }
}

/** Types the access key of the first administrator, or of somebody else, into the form. */
export async function signInByKey(
  { server, page }: Pick<Console, 'server' | 'page'>,
  { accessKeyId, secretAccessKey }: { accessKeyId: string; secretAccessKey: string } = server,
): Promise<void> {
  await page.getByLabel('Access key ID').fill(accessKeyId)
  await page.getByLabel('Secret access key').fill(secretAccessKey)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('button', { name: /^Region: / }).waitFor()
  await settled(page)
}

/** Waits until nothing says any more that it is being loaded. */
export async function settled(page: Page): Promise<void> {
  await page.waitForLoadState('networkidle')
  const loading = page.getByText('Loading', { exact: true }).filter({ visible: true })
  await loading.first().waitFor({ state: 'hidden' })
}

/** Where screenshots go if the environment names a folder: KEYREEVE_SCREENSHOTS. */
export async function screenshot(page: Page, name: string): Promise<void> {
  const folder = process.env['KEYREEVE_SCREENSHOTS']
  if (folder === undefined) return
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true, animations: 'disabled' })
}

const axe = readFileSync(new URL(import.meta.resolve('axe-core/axe.min.js')), 'utf8')

interface Violation {
  id: string
  impact: string | null
  nodes: { html: string; failureSummary?: string }[]
}

/**
 * Refuses what axe-core finds serious or critical on the page as it is now. Run through the debugger, since the page's
 * policy lets no script in.
 *
 * @param rule of axe-core alone: `color-contrast`, for a page that differs in its colours from one that was judged
 */
export async function requireAccessible(page: Page, what: string, rule?: string): Promise<void> {
  const session = await page.context().newCDPSession(page)
  const evaluate = async (expression: string): Promise<unknown> => {
    const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    })
    assert.equal(exceptionDetails, undefined, exceptionDetails?.exception?.description ?? '')
    return result.value
  }
  await evaluate(`${axe}; undefined`)
  const options = JSON.stringify(rule === undefined ? {} : { runOnly: { type: 'rule', values: [rule] } })
  // As axe documents it.
  const found = (await evaluate(`axe.run(${options}).then(({ violations }) => violations)`)) as Violation[]
  await session.detach()
  const bad = found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html}\n${failureSummary}`).join('\n')}`,
    )
  assert.deepEqual(bad, [], `${what}: ${bad.join('\n')}`)
}

/** The same of the page as it is in light and in the dark, where only its colours differ. */
export async function requireAccessibleInBoth(page: Page, what: string): Promise<void> {
  await requireAccessible(page, what)
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.waitForFunction(() => document.documentElement.dataset['theme'] === 'dark')
  await requireAccessible(page, `${what}, dark`, 'color-contrast')
  await page.emulateMedia({ colorScheme: 'light' })
}
