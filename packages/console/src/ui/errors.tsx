import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Link from '@cloudscape-design/components/link'
import { Component, type ReactNode } from 'react'
import { ApiError } from '../api/client.ts'
import { useSessionState } from '../api/session.ts'
import { useT } from '../i18n/index.tsx'
import { href, usePlaces } from './places.ts'

const denied = new Set(['AccessDeniedException', 'AccessDenied'])

/** What went wrong, what the server said of it, and under which request id the log has it. Nothing without an error. */
export function ErrorAlert({
  error,
  retry,
  title,
}: {
  error: Error | null | undefined
  /** Offers to try again. */
  retry?: (() => void) | undefined
  /** What could not be done; in place of the name of the error. */
  title?: string
}): ReactNode {
  const t = useT()
  const { session } = useSessionState()
  if (!error) return null
  const { code, requestId, operation } =
    error instanceof ApiError ? error : { code: error.name, requestId: undefined, operation: '' }
  const text = code === 'NetworkError' ? t('error.unreachable') : error.message || t('error.noDetails')
  return (
    <Alert
      type="error"
      statusIconAriaLabel={t('common.error')}
      header={title ?? (code === 'NetworkError' ? t('error.network') : code)}
      action={retry && <Button onClick={retry}>{t('common.retry')}</Button>}
    >
      <Box color="inherit">{text}</Box>
      {requestId !== undefined && (
        <Box color="inherit" fontSize="body-s" margin={{ top: 'xs' }}>
          {t('error.request', { operation, requestId })}
          {session && denied.has(code) && (
            <>
              {' '}
              <WhyDenied requestId={requestId} />
            </>
          )}
        </Box>
      )}
    </Alert>
  )
}

function WhyDenied({ requestId }: { requestId: string }): ReactNode {
  const t = useT()
  const places = usePlaces()
  return (
    <Link href={href(places.denial(requestId))} variant="primary" fontSize="body-s">
      {t('error.why')}
    </Link>
  )
}

/** Keeps a fault in one page from taking the others with it. */
export class Fence extends Component<{ children: ReactNode; shown: (error: Error) => ReactNode }, { error?: Error }> {
  override state: { error?: Error } = {}

  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error }
  }

  override render(): ReactNode {
    return this.state.error ? this.props.shown(this.state.error) : this.props.children
  }
}
