import { writeFileSync } from 'node:fs'
import { configurationPage } from './configuration-page.ts'
import { operationsPage } from './operations-page.ts'

/** Writes the generated pages; packages/server/test/docs.test.ts compares them. */
export const pages = {
  'docs/operations.md': operationsPage,
  'docs/configuration.md': configurationPage,
} as const

if (import.meta.main) {
  for (const [path, page] of Object.entries(pages)) {
    writeFileSync(new URL(`../${path}`, import.meta.url), page())
    process.stdout.write(`${path}\n`)
  }
}
