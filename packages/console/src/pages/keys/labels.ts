import { useMemo } from 'react'
import { useT, type MessageName } from '../../i18n/index.tsx'
import { keyStates, origins, regionalities, usages } from './values.ts'

/** Gives what the console calls a value of the API; of one that only a later server knows, the value. */
export interface Labels {
  state: (value: string | undefined) => string | undefined
  origin: (value: string | undefined) => string | undefined
  usage: (value: string | undefined) => string | undefined
  regionality: (value: string | undefined) => string | undefined
}

/** Looked up, and not formatted each time: lists are sorted by them. */
export function useLabels(): Labels {
  const t = useT()
  return useMemo(() => {
    const lookUp = (prefix: string, values: readonly string[]) => {
      // The names of the messages are those of the values above.
      const names = new Map(values.map(value => [value, t(`${prefix}.${value}` as MessageName)]))
      return (value: string | undefined) => (value === undefined ? undefined : (names.get(value) ?? value))
    }
    return {
      state: lookUp('state', keyStates),
      origin: lookUp('keys.origin', origins),
      usage: lookUp('keys.usage', usages),
      regionality: lookUp('keys.regionality', regionalities),
    }
  }, [t])
}
