import type { ReactNode } from 'react'

export const MaterialTab = (): ReactNode => null
