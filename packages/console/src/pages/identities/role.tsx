import type { ReactNode } from 'react'

export default function Placeholder(_: { name: string }): ReactNode {
  return null
}
