import Flashbar, { type FlashbarProps } from '@cloudscape-design/components/flashbar'
import { useSyncExternalStore, type ReactNode } from 'react'
import { useT } from '../i18n/index.tsx'

interface Notice {
  id: string
  type: 'success' | 'info' | 'warning'
  text: string
  action?: ReactNode
  /** Whether it was there already when another page was opened. */
  isOld?: boolean
}

let notices: readonly Notice[] = []
let count = 0
const listeners = new Set<() => void>()

function change(next: readonly Notice[]): void {
  notices = next
  for (const listener of listeners) listener()
}

/** Says something above the page, until it is closed or one goes on; only the last three are kept. */
export function notify(
  text: string,
  { type = 'success', action }: Partial<Pick<Notice, 'type' | 'action'>> = {},
): void {
  const notice = { id: String((count += 1)), type, text, ...(action !== undefined && { action }) }
  change([notice, ...notices].slice(0, 3))
}

/** What was said on one page is still there on the next one, where it may lead, and then goes. */
export const ageNotices = (): void =>
  change(notices.filter(({ isOld }) => !isOld).map(notice => ({ ...notice, isOld: true })))

export const clearNotices = (): void => change([])

export function Notices(): ReactNode {
  const t = useT()
  const shown = useSyncExternalStore(
    listener => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => notices,
  )
  const items = shown.map(({ id, type, text, action }): FlashbarProps.MessageDefinition => ({
    id,
    type,
    content: text,
    action,
    dismissible: true,
    dismissLabel: t('common.dismiss'),
    statusIconAriaLabel: t(`common.${type}`),
    ariaRole: 'status',
    onDismiss: () => change(notices.filter(notice => notice.id !== id)),
  }))
  return <Flashbar items={items} />
}
