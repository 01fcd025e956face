import type { ReactNode } from 'react'

export default function Placeholder(_: { id: string; tab: string }): ReactNode {
  return null
}
