import type { CreateKeyCommandInput } from '@aws-sdk/client-kms'
import { unzipSync } from 'fflate'
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'
import type { Download, Locator } from 'playwright-core'
import type { Console } from './browser.ts'

/** What tests do in the pages that import key material. */

export const run = promisify(execFile)

/** Whether the command openssl is there, version 3 or later. */
export const hasOpenssl = async (): Promise<boolean> =>
  await run('openssl', ['version']).then(
    ({ stdout }) => /^OpenSSL [3-9]/.test(stdout),
    () => false,
  )

export type Members = Record<string, Uint8Array>

export function memberOf(members: Members, start: string): [name: string, bytes: Uint8Array] {
  const [member, ...others] = Object.entries(members).filter(([name]) => name.startsWith(start))
  assert.ok(member && others.length === 0, `one ${start} in ${Object.keys(members).join(', ')}`)
  return member
}

/** A folder with what was in the zip file, in which commands run. */
export function unpacked(t: TestContext, members: Members): string {
  const folder = mkdtempSync(join(tmpdir(), 'keyreeve-console-'))
  t.after(() => rmSync(folder, { recursive: true }))
  for (const [name, bytes] of Object.entries(members)) writeFileSync(join(folder, name), bytes)
  return folder
}

export interface Importing {
  /** Makes a key with origin EXTERNAL. */
  external: (input?: Partial<CreateKeyCommandInput>) => Promise<{ KeyId: string; Arn: string }>
  stateOf: (keyId: string) => Promise<string | undefined>
  /** Goes to the first step, or where else the query says. */
  openImport: (keyId: string, query?: string) => Promise<void>
  button: (name: string) => Locator
  /** Chooses in a select. */
  choose: (label: string, option: string) => Promise<void>
  /** RSA_2048, so that nobody waits for a long key. */
  chooseShort: (algorithm?: string) => Promise<void>
  /** Gives a file to a field. */
  upload: (label: string, name: string, bytes: Uint8Array) => Promise<void>
  downloads: (act: () => Promise<void>) => Promise<Download>
  /** Downloads ImportParameters.zip and unpacks it. */
  fetchZip: () => Promise<Members>
  /** Checks the box, and goes to the second step. */
  goOn: () => Promise<void>
  submit: () => Promise<void>
  /** Everything that the page sends while something is done, as text and as bytes (latin1). */
  sentDuring: (act: () => Promise<void>) => Promise<string>
}

export function importing(console: Console): Importing {
  const { page, server } = console
  const button = (name: string): Locator => page.getByRole('button', { name, exact: true })
  const choose = async (label: string, option: string): Promise<void> => {
    await page.getByRole('button', { name: label }).click()
    await page.getByRole('option', { name: option }).first().click()
  }
  const downloads = async (act: () => Promise<void>): Promise<Download> => {
    const [download] = await Promise.all([page.waitForEvent('download'), act()])
    return download
  }
  return {
    button,
    choose,
    downloads,
    async external(input = {}) {
      const { KeyMetadata } = await server.client().createKey({ Origin: 'EXTERNAL', ...input })
      return { KeyId: KeyMetadata?.KeyId ?? '', Arn: KeyMetadata?.Arn ?? '' }
    },
    stateOf: async KeyId => (await server.client().describeKey({ KeyId })).KeyMetadata?.KeyState,
    openImport: async (keyId, query = '') => await console.open(`/us-east-1/keys/${keyId}/import${query}`),
    async chooseShort(algorithm) {
      await choose('Select wrapping key spec', 'RSA_2048')
      if (algorithm !== undefined) await choose('Select wrapping algorithm', algorithm)
    },
    async upload(label, name, bytes) {
      const file = { name, mimeType: 'application/octet-stream', buffer: Buffer.from(bytes) }
      await page.getByLabel(label, { exact: true }).and(page.locator('input')).setInputFiles(file)
    },
    async fetchZip() {
      const download = await downloads(() => button('Download wrapping key and import token').click())
      assert.equal(download.suggestedFilename(), 'ImportParameters.zip')
      await page.getByText('Downloaded: ImportParameters.zip').waitFor()
      return unzipSync(readFileSync(await download.path()))
    },
    async goOn() {
      await page.getByRole('checkbox', { name: 'I am ready to upload my exported key material' }).check()
      await button('Next').click()
      await page.getByRole('heading', { name: 'Upload your wrapped key material' }).waitFor()
    },
    submit: async () => await button('Import key material').click(),
    async sentDuring(act) {
      const sent: string[] = []
      const listen = (request: Sent): void => {
        const body = request.postDataBuffer()?.toString('latin1') ?? ''
        sent.push(request.url(), JSON.stringify(request.headers()), body)
      }
      page.on('request', listen)
      await act()
      page.off('request', listen)
      return sent.join('\n')
    },
  }
}

interface Sent {
  url: () => string
  headers: () => object
  postDataBuffer: () => Buffer | null
}
