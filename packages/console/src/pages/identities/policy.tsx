import type { ReactNode } from 'react'

export default function Placeholder(_: { arn: string }): ReactNode {
  return null
}
