import type { ReactNode } from 'react'

export default function Placeholder(_: { id: string }): ReactNode {
  return null
}
