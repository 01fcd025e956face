import { useState, useSyncExternalStore } from 'react'
import { usePreference } from './preferences.ts'

/** Where the components lay the navigation over the page, and close it by themselves. */
const narrow = window.matchMedia('(max-width: 688px)')

function subscribe(listener: () => void): () => void {
  narrow.addEventListener('change', listener)
  return () => narrow.removeEventListener('change', listener)
}

/** Whether the navigation is open, and what opens and closes it. Only for wide windows this is kept. */
export function useNavigationOpen(): [isOpen: boolean, set: (isOpen: boolean) => void] {
  const [isHidden, setHidden] = usePreference('isNavigationHidden')
  const [isOver, setOver] = useState(false)
  const isNarrow = useSyncExternalStore(subscribe, () => narrow.matches)
  return [isNarrow ? isOver : isHidden !== true, open => (narrow.matches ? setOver(open) : setHidden(!open))]
}
