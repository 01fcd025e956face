import { useEffect, useRef, type ReactNode } from 'react'

/**
 * In a dialog: its first field has the focus as soon as it is open. With `autoFocus` it would have it too early: before the
 * dialog has noted where the focus was, so that it could not give it back.
 */
export function FirstField({ children }: { children: ReactNode }): ReactNode {
  const place = useRef<HTMLDivElement>(null)
  useEffect(
    () => queueMicrotask(() => place.current?.querySelector<HTMLElement>('input, textarea, [aria-haspopup]')?.focus()),
    [],
  )
  return <div ref={place}>{children}</div>
}
