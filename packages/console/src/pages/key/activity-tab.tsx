import type { ReactNode } from 'react'
import { Events } from '../audit/events.tsx'

/** What was done with the key, and by whom. */
export function ActivityTab({ keyId }: { keyId: string }): ReactNode {
  return <Events keyId={keyId} />
}
