import type { Key } from '../keys/key.ts'
import { keyRow, type Change, type View } from '../store/documents.ts'

/** Multi-Region keys: one row in each Region of the family, and whatever concerns them all changes in one commit. */

/** The related keys in the other Regions. A key of one Region has none. */
export async function relativesOf(view: View, key: Key): Promise<Key[]> {
  const { primary, replicas } = key.family ?? { primary: key.region, replicas: [] }
  const regions = [primary, ...replicas].filter(region => region !== key.region)
  const found = await Promise.all(regions.map(region => view.get('key', keyRow(key.account, region, key.id))))
  return found.map((relative, index) => {
    if (!relative)
      throw new Error(`The multi-Region key ${key.id} is not in ${regions[index]}, where its family has it.`)
    return relative
  })
}

/** The change that stores a key. */
export const putKey = (key: Key): Change => ({ put: 'key', id: keyRow(key.account, key.region, key.id), document: key })
