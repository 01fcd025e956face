import { useEffect, useSyncExternalStore } from 'react'
import { usePreference } from './preferences.ts'

const query = window.matchMedia('(prefers-color-scheme: dark)')

function subscribe(listener: () => void): () => void {
  query.addEventListener('change', listener)
  return () => query.removeEventListener('change', listener)
}

/** Dark if that was chosen, or if the system is and nothing was. */
export function useTheme(): void {
  const [chosen] = usePreference('theme')
  const isSystemDark = useSyncExternalStore(subscribe, () => query.matches)
  const isDark = chosen === undefined ? isSystemDark : chosen === 'dark'
  useEffect(() => {
    document.body.classList.toggle('awsui-dark-mode', isDark)
    document.documentElement.dataset['theme'] = isDark ? 'dark' : 'light'
  }, [isDark])
}
