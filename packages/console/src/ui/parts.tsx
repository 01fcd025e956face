import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import CopyToClipboard from '@cloudscape-design/components/copy-to-clipboard'
import FormField from '@cloudscape-design/components/form-field'
import Input from '@cloudscape-design/components/input'
import Modal from '@cloudscape-design/components/modal'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Spinner from '@cloudscape-design/components/spinner'
import StatusIndicator, { type StatusIndicatorProps } from '@cloudscape-design/components/status-indicator'
import { useEffect, useState, type ReactNode } from 'react'
import type { ApiError } from '../api/client.ts'
import { useT, type MessageName } from '../i18n/index.tsx'
import { ErrorAlert } from './errors.tsx'
import { FirstField } from './first-field.tsx'

export function Loading(): ReactNode {
  const t = useT()
  return (
    <Box textAlign="center" padding="xxl" color="text-status-inactive">
      <Spinner size="large" />
      <Box padding={{ top: 's' }}>{t('common.loading')}</Box>
    </Box>
  )
}

/** In a table or a list that holds nothing: what it would hold, and what makes the first one. */
export function Empty({ title, text, action }: { title: string; text?: string; action?: ReactNode }): ReactNode {
  return (
    <Box textAlign="center" padding={{ vertical: 'l' }}>
      <Box variant="strong">{title}</Box>
      {text !== undefined && (
        <Box color="text-body-secondary" padding={{ top: 'xxs' }}>
          {text}
        </Box>
      )}
      {action !== undefined && <Box padding={{ top: 's' }}>{action}</Box>}
    </Box>
  )
}

/** What is loaded, or that it is being loaded, or why it is not there. */
export function Loaded<T>({
  query,
  children,
}: {
  query: { data: T | undefined; error: ApiError | null; refetch: () => unknown }
  children: (data: T) => ReactNode
}): ReactNode {
  if (query.data !== undefined) return children(query.data)
  if (query.error) return <ErrorAlert error={query.error} retry={() => void query.refetch()} />
  return <Loading />
}

/** A value to be copied, with its name for those who do not see the button; or the button alone, beside a link. */
export function Copy({
  text,
  label,
  isButton = false,
}: {
  text: string
  label: string
  isButton?: boolean
}): ReactNode {
  const t = useT()
  return (
    <CopyToClipboard
      variant={isButton ? 'icon' : 'inline'}
      textToCopy={text}
      copyButtonAriaLabel={t('common.copy', { label })}
      copySuccessText={t('common.copied')}
      copyErrorText={t('common.notCopied')}
    />
  )
}

/** Lines to be pasted somewhere, with a button that copies them. */
export function Code({ text, label }: { text: string; label: string }): ReactNode {
  const t = useT()
  return (
    <div className="code">
      <pre tabIndex={0} role="group" aria-label={label}>
        <code>{text}</code>
      </pre>
      <div className="code-copy">
        <CopyToClipboard
          variant="icon"
          textToCopy={text}
          copyButtonAriaLabel={t('common.copy', { label })}
          copySuccessText={t('common.copied')}
          copyErrorText={t('common.notCopied')}
        />
      </div>
    </div>
  )
}

const stateTypes: Readonly<Record<string, StatusIndicatorProps.Type>> = {
  Enabled: 'success',
  Disabled: 'stopped',
  PendingImport: 'pending',
  PendingDeletion: 'warning',
  PendingReplicaDeletion: 'warning',
  Creating: 'in-progress',
  Updating: 'in-progress',
  Unavailable: 'error',
}

/** The state of a key, in words. */
export function KeyState({ state }: { state: string | undefined }): ReactNode {
  const t = useT()
  if (state === undefined) return '–'
  // Of a state that a later server has, the name alone.
  const name = Object.hasOwn(stateTypes, state) ? t(`state.${state}` as MessageName) : state
  return <StatusIndicator type={stateTypes[state] ?? 'info'}>{name}</StatusIndicator>
}

/** Asks before something is done that cannot be taken back. */
export function Confirm({
  title,
  children,
  confirmLabel,
  phrase,
  isBusy = false,
  isDisabled = false,
  error,
  onConfirm,
  onClose,
}: {
  title: string
  children: ReactNode
  confirmLabel: string
  /** What must be typed first. */
  phrase?: string
  isBusy?: boolean
  /** For as long as something else in the dialog is missing. */
  isDisabled?: boolean
  error?: Error | null
  onConfirm: () => void
  onClose: () => void
}): ReactNode {
  const t = useT()
  const [typed, setTyped] = useState('')
  const isReady = phrase === undefined || typed.trim() === phrase
  return (
    <Modal
      visible
      header={title}
      closeAriaLabel={t('common.close')}
      onDismiss={onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={onClose}>
              {t('common.cancel')}
            </Button>
            <Button variant="primary" loading={isBusy} disabled={!isReady || isDisabled} onClick={onConfirm}>
              {confirmLabel}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        {children}
        {phrase !== undefined && (
          <FirstField>
            <FormField label={t('common.typeToConfirm', { phrase })}>
              <Input
                value={typed}
                autoComplete={false}
                onChange={({ detail }) => setTyped(detail.value)}
                onKeyDown={({ detail }) => detail.key === 'Enter' && isReady && !isDisabled && !isBusy && onConfirm()}
              />
            </FormField>
          </FirstField>
        )}
        <ErrorAlert error={error} />
      </SpaceBetween>
    </Modal>
  )
}

/** Epoch milliseconds, renewed each second, or more rarely. */
export function useNow(interval = 1000): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), interval)
    return () => clearInterval(timer)
  }, [interval])
  return now
}

/** How long it is until then, such as `23 h 59 min`; the last hour with seconds. */
export function Countdown({ until, over }: { until: Date; over: string }): ReactNode {
  const t = useT()
  const left = until.getTime() - useNow()
  if (left <= 0) return over
  const seconds = Math.floor(left / 1000)
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
  ]
  const text =
    days > 0
      ? t('common.daysHours', { days, hours })
      : hours > 0
        ? t('common.hoursMinutes', { hours, minutes })
        : t('common.minutesSeconds', { minutes, seconds: seconds % 60 })
  return <time dateTime={until.toISOString()}>{text}</time>
}

/** Hands a file to the browser's downloads. */
export function download(
  name: string,
  content: Uint8Array<ArrayBuffer> | string,
  type = 'application/octet-stream',
): void {
  const url = URL.createObjectURL(new Blob([content], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
