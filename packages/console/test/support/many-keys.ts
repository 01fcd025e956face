import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { keyRow, type Change } from '../../../server/src/store/documents.ts'
import type { TestServer } from '../../../server/test/support/server.ts'

const batch = 500

/**
 * Puts many keys into the store, as copies of one that was made as usual: far faster than to ask for each. They can be
 * listed, described, enabled and deleted, but do nothing cryptographic.
 *
 * @returns ids, in the order of the aliases `many-000000`, `many-000001` ...
 */
export async function makeManyKeys({ app, client }: TestServer, count: number): Promise<string[]> {
  const { KeyMetadata: { AWSAccountId: account = '', KeyId = '' } = {} } = await client().createKey({})
  const template = await app.store.view().get('key', keyRow(account, 'us-east-1', KeyId))
  assert.ok(template)
  const ids: string[] = []
  while (ids.length < count) {
    const view = app.store.view()
    const changes: Change[] = []
    const made: string[] = []
    for (let n = ids.length; n < Math.min(ids.length + batch, count); n++) {
      const id = randomUUID()
      const row = keyRow(account, 'us-east-1', id)
      await view.get('key', row)
      const document = {
        ...template,
        id,
        createdAt: template.createdAt - n * 1000,
        enabled: n % 10 !== 0,
        description: `Number ${n}`,
        aliases: [`alias/many-${String(n).padStart(6, '0')}`],
        tags: [['Team', `team-${n % 7}`]] satisfies [string, string][],
      }
      changes.push({ put: 'key', id: row, document })
      made.push(id)
    }
    assert.equal(await app.store.commit(view, changes, []), 'committed')
    ids.push(...made)
  }
  return ids
}
