import type { ReactNode } from 'react'
import { useSession } from '../../api/session.ts'
import { useRegion } from '../../ui/places.ts'
import { Events } from '../audit/events.tsx'

/** What was done with the key, and by whom. */
export function ActivityTab({ keyId }: { keyId: string }): ReactNode {
  const { account } = useSession()
  const region = useRegion()
  // By ARN: its replicas in other Regions have the same id.
  return <Events keyArn={`arn:aws:kms:${region}:${account}:key/${keyId}`} />
}
