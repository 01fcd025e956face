import type { ReactNode } from 'react'

export default function Placeholder(_: { requestId: string }): ReactNode {
  return null
}
