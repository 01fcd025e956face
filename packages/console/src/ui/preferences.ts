import { useSyncExternalStore } from 'react'
import type { Language } from '../i18n/index.tsx'

/** What a browser keeps of how somebody wants to see the console; nothing of what is seen. */
export interface Preferences {
  language?: Language
  theme?: 'light' | 'dark'
  isNavigationHidden?: boolean
  /** Of the tables, by their names. */
  tables?: Record<string, TablePreferences | undefined>
}

export interface TablePreferences {
  pageSize?: number
  wrapLines?: boolean
  stripedRows?: boolean
  contentDensity?: 'comfortable' | 'compact'
  contentDisplay?: readonly { id: string; visible: boolean }[]
}

const place = 'keyreeve-preferences'
const listeners = new Set<() => void>()
let preferences = read()

function read(): Preferences {
  try {
    return (JSON.parse(localStorage.getItem(place) ?? '{}') ?? {}) as Preferences // It is our own.
  } catch {
    return {}
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** A preference, and what changes it for all tabs that are opened from now on. Undefined: none is set. */
export function usePreference<Name extends keyof Preferences>(
  name: Name,
): [value: Preferences[Name], set: (value: Preferences[Name]) => void] {
  const value = useSyncExternalStore(subscribe, () => preferences[name])
  return [
    value,
    next => {
      preferences = { ...preferences, [name]: next }
      try {
        localStorage.setItem(place, JSON.stringify(preferences))
      } catch {
        // A browser that keeps nothing has it until the next reload.
      }
      for (const listener of listeners) listener()
    },
  ]
}
