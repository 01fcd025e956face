import type { ReactNode } from 'react'

export default function Placeholder(): ReactNode {
  return null
}
