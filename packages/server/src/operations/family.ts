import type { Family, Key } from '../keys/key.ts'
import { isPrimary } from '../keys/states.ts'
import type { Settings } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { kmsError } from '../protocol/errors.ts'
import { keyRow, TamperedRow, type Change, type View } from '../store/documents.ts'

/** Multi-Region keys: one row in each Region of the family, and whatever concerns them all changes in one commit. */

/**
 * The related keys in the other Regions. A key of one Region has none.
 *
 * @throws TamperedRow if one is not where its family has it
 */
export async function relativesOf(view: View, key: Key): Promise<Key[]> {
  const { primary, replicas } = key.family ?? { primary: key.region, replicas: [] }
  const regions = [primary, ...replicas].filter(region => region !== key.region)
  return await Promise.all(
    regions.map(async region => {
      const row = keyRow(key.account, region, key.id)
      const relative = await view.get('key', row)
      if (!relative) throw new TamperedRow('key', row)
      return relative
    }),
  )
}

/** The change that stores a key. */
export const putKey = (key: Key): Change => ({ put: 'key', id: keyRow(key.account, key.region, key.id), document: key })

/** @throws UnsupportedOperationException for a replica; a key of one Region passes */
export function refuseReplica(key: Key): void {
  if (!isPrimary(key)) throw notPrimary(key)
}

/** @throws UnsupportedOperationException unless it is the primary key of a family */
export function requirePrimary(key: Key): Family {
  if (!key.family || !isPrimary(key)) throw notPrimary(key)
  return key.family
}

/** @throws UnsupportedOperationException for a Region that this server does not answer for (any more) */
export function requireServed(region: string, { regions }: Settings): void {
  if (regions.includes(region)) return
  throw kmsError('UnsupportedOperationException', `${region} is not a Region of this service.`)
}

const notPrimary = (key: Key) =>
  kmsError('UnsupportedOperationException', `${keyArn(key)} is not a multi-region primary key.`)

/** The setting of automatic rotation, or its absence, is the same in every Region. */
export async function putRotation(view: View, key: Key, rotation: Key['rotation']): Promise<Change[]> {
  return [key, ...(await relativesOf(view, key))].map(member => {
    const { rotation: _, ...kept } = member
    return putKey({ ...kept, ...(rotation && { rotation }) })
  })
}
