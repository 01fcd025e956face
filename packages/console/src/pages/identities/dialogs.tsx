import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Button, { type ButtonProps } from '@cloudscape-design/components/button'
import Modal, { type ModalProps } from '@cloudscape-design/components/modal'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useId, useState, type ReactNode, type RefObject } from 'react'
import { flushSync } from 'react-dom'
import type { Api } from '../../api/client.ts'
import { useChange } from '../../api/hooks.ts'
import { useT } from '../../i18n/index.tsx'
import { ErrorAlert } from '../../ui/errors.tsx'
import { FirstField } from '../../ui/first-field.tsx'
import { Confirm } from '../../ui/parts.tsx'

/** A form over the page. It is sent by its button, or by Enter in a field. */
export function FormDialog({
  title,
  submitLabel,
  size = 'medium',
  isBusy,
  isDisabled = false,
  error,
  onSubmit,
  onClose,
  children,
}: {
  title: string
  submitLabel: string
  size?: ModalProps.Size
  isBusy: boolean
  isDisabled?: boolean
  error: Error | null
  onSubmit: () => void
  onClose: () => void
  children: ReactNode
}): ReactNode {
  const t = useT()
  const id = useId()
  return (
    <Modal
      visible
      size={size}
      header={title}
      closeAriaLabel={t('common.close')}
      // What was typed is not lost by a click beside it.
      onDismiss={({ detail }) => detail.reason !== 'overlay' && onClose()}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" formAction="none" onClick={onClose}>
              {t('common.cancel')}
            </Button>
            <Button variant="primary" form={id} formAction="submit" loading={isBusy} disabled={isDisabled}>
              {submitLabel}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <form
        id={id}
        noValidate
        onSubmit={event => {
          event.preventDefault()
          if (!isBusy && !isDisabled) onSubmit()
        }}
      >
        <SpaceBetween size="m">
          <FirstField>
            <SpaceBetween size="m">{children}</SpaceBetween>
          </FirstField>
          <ErrorAlert error={error} />
        </SpaceBetween>
      </form>
    </Modal>
  )
}

/** Chooses several, and adds each. */
export function AddDialog({
  title,
  add,
  onAdded,
  onClose,
  children,
}: {
  title: string
  add: (api: Api, one: string) => Promise<unknown>
  onAdded?: (count: number) => void
  onClose: () => void
  /** What they are chosen with. */
  children: (chosen: string[], setChosen: (chosen: string[]) => void) => ReactNode
}): ReactNode {
  const [chosen, setChosen] = useState<string[]>([])
  const change = useChange(
    async api => {
      for (const one of chosen) await add(api, one)
    },
    {
      onSuccess() {
        onAdded?.(chosen.length)
        onClose()
      },
    },
  )
  return (
    <FormDialog
      title={title}
      submitLabel={title}
      isBusy={change.isPending}
      isDisabled={chosen.length === 0}
      error={change.error}
      onSubmit={() => change.mutate()}
      onClose={onClose}
    >
      {children(chosen, setChosen)}
    </FormDialog>
  )
}

/**
 * What a dialog asks for at first. What it makes takes several requests: once the first has made it, and a later one was
 * refused, that can be tried again, and what was asked for at first is settled.
 */
export function HalfMade({
  isMade,
  name,
  children,
}: {
  isMade: boolean
  name: string
  children: ReactNode
}): ReactNode {
  const t = useT()
  if (!isMade) return children
  return (
    <Alert type="warning" statusIconAriaLabel={t('common.warning')} header={t('identities.halfMade', { name })}>
      {t('identities.halfMadeText')}
    </Alert>
  )
}

/** Asks, then removes something from the page, whose own button is gone with it: the focus goes to another one. */
export function Removal({
  title,
  children,
  confirmLabel,
  phrase,
  isDisabled = false,
  remove,
  onRemoved,
  onClose,
  focus,
}: {
  title: string
  children: ReactNode
  confirmLabel: string
  phrase?: string
  isDisabled?: boolean
  remove: (api: Api) => Promise<unknown>
  onRemoved?: () => void
  onClose: () => void
  focus?: RefObject<ButtonProps.Ref | null>
}): ReactNode {
  const change = useChange(remove, {
    onSuccess() {
      // The dialog gives the focus back while it closes; only then it can go on.
      flushSync(onClose)
      focus?.current?.focus()
      onRemoved?.()
    },
  })
  return (
    <Confirm
      title={title}
      confirmLabel={confirmLabel}
      {...(phrase !== undefined && { phrase })}
      isBusy={change.isPending}
      isDisabled={isDisabled}
      error={change.error}
      onConfirm={() => change.mutate()}
      onClose={onClose}
    >
      {children}
    </Confirm>
  )
}
