/**
 * How soon the console can be used, in a Chromium on this machine, with nothing cached, and how much it loads for that.
 *
 *   npm run bench:console
 */
import chromium from '@sparticuz/chromium'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { KMS } from '@aws-sdk/client-kms'
import { chromium as playwright } from 'playwright-core'
import { readCredentials } from '../packages/server/test/support/cli.ts'

const rounds = 9
const keys = 1000

const folder = mkdtempSync(join(tmpdir(), 'keyreeve-bench-'))
const command = fileURLToPath(new URL('../packages/server/src/cli/index.ts', import.meta.url))
const child = spawn(process.execPath, [command, 'start', '--port', '0', '--data', join(folder, 'data')], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
let address = ''
for await (const line of createInterface(child.stdout)) {
  address = /^Address: +(\S+)$/.exec(line)?.[1] ?? address
  if (line === 'Ready.') break
}
const credentials = readCredentials(join(folder, 'data', 'credentials'))
const kms = new KMS({ region: 'us-east-1', endpoint: address, credentials: { ...credentials } })
for (let made = 0; made < keys; made += 20) await Promise.all(Array.from({ length: 20 }, () => kms.createKey({})))
kms.destroy()

const browser = await playwright.launch({
  executablePath: await chromium.executablePath(),
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-zygote', '--disable-dev-shm-usage'],
})
const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
const figures = { form: [] as number[], list: [] as number[], formBytes: [] as number[], listBytes: [] as number[] }
for (let round = 0; round < rounds; round++) {
  const context = await browser.newContext()
  const page = await context.newPage()
  const debug = await context.newCDPSession(page)
  await debug.send('Network.enable')
  let bytes = 0
  debug.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength))
  const start = performance.now()
  await page.goto(`${address}/console/`, { waitUntil: 'commit' })
  const accessKey = page.getByLabel('Access key ID')
  await accessKey.fill(credentials.accessKeyId)
  figures.form.push(performance.now() - start)
  await page.waitForLoadState('networkidle')
  figures.formBytes.push(bytes)
  await page.getByLabel('Secret access key').fill(credentials.secretAccessKey)
  const signIn = performance.now()
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText('symmetric default', { exact: false }).or(page.getByText('SYMMETRIC_DEFAULT')).first().waitFor()
  figures.list.push(performance.now() - signIn)
  await page.waitForLoadState('networkidle')
  figures.listBytes.push(bytes - (figures.formBytes.at(-1) ?? 0))
  await context.close()
}
await browser.close()
child.kill()
await once(child, 'exit')
rmSync(folder, { recursive: true })

const kilobytes = (value: number): string => `${Math.round(value / 1000)} KB`
const times = (values: number[]): string =>
  `${Math.round(median(values))} ms (${Math.round(Math.max(...values))} ms at most)`
process.stdout.write(`Medians of ${rounds} first visits with nothing cached, ${keys} keys:
  from the address to a form that takes the access key: ${times(figures.form)}, ${kilobytes(median(figures.formBytes))} over the wire
  from "Sign in" to the list of keys:                    ${times(figures.list)}, ${kilobytes(median(figures.listBytes))} more, ${keys} keys included
`)
