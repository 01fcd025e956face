import { useEffect, useRef, useState } from 'react'
import type { ApiError } from '../../api/client.ts'

/**
 * One call at a time, whose answer is nowhere but where `run` puts it: what is secret in it does not lie in a cache.
 * `forget` takes the last error away.
 */
export function useCall(): {
  run: (call: () => Promise<void>) => Promise<void>
  isBusy: boolean
  error: ApiError | undefined
  forget: () => void
} {
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<ApiError>()
  const isThere = useRef(true)
  useEffect(() => {
    isThere.current = true
    return () => void (isThere.current = false)
  }, [])
  return {
    isBusy,
    error,
    forget: () => setError(undefined),
    async run(call) {
      setBusy(true)
      setError(undefined)
      try {
        await call()
      } catch (failure) {
        if (isThere.current) setError(failure as ApiError) // Calls throw nothing else.
      } finally {
        if (isThere.current) setBusy(false)
      }
    },
  }
}
