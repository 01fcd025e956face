import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import FormField from '@cloudscape-design/components/form-field'
import Input from '@cloudscape-design/components/input'
import Modal from '@cloudscape-design/components/modal'
import ProgressBar from '@cloudscape-design/components/progress-bar'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState, type ReactNode } from 'react'
import { ApiError, type Api } from '../../api/client.ts'
import { useApi } from '../../api/hooks.ts'
import type { KeySummary } from '../../api/types.ts'
import { useT } from '../../i18n/index.tsx'
import { ErrorAlert } from '../../ui/errors.tsx'
import { notify } from '../../ui/notices.tsx'
import { Confirm } from '../../ui/parts.tsx'
import { aliasText } from './values.ts'
import { useKnownKeys } from './summaries.ts'

/** What can be done to several keys at once, and the states in which KMS allows it (key-state.html). */
const actions = {
  enable: { states: ['Disabled', 'Unavailable'], call: (api: Api, KeyId: string) => api.kms('EnableKey', { KeyId }) },
  disable: { states: ['Enabled', 'Unavailable'], call: (api: Api, KeyId: string) => api.kms('DisableKey', { KeyId }) },
  delete: {
    states: ['Enabled', 'Disabled', 'PendingImport', 'Unavailable'],
    call: (api: Api, KeyId: string, PendingWindowInDays: number) =>
      api.kms('ScheduleKeyDeletion', { KeyId, PendingWindowInDays }),
  },
  keep: {
    states: ['PendingDeletion', 'PendingReplicaDeletion'],
    call: (api: Api, KeyId: string) => api.kms('CancelKeyDeletion', { KeyId }),
  },
} as const satisfies Record<string, { states: readonly string[]; call: (...args: never[]) => Promise<unknown> }>

export type KeyAction = keyof typeof actions
export const keyActions = Object.keys(actions) as KeyAction[] // Its own keys.

export const isPossible = (action: KeyAction, { KeyState }: KeySummary): boolean =>
  actions[action].states.some(state => state === KeyState)

interface Failure {
  key: KeySummary
  error: Error
}

interface Work {
  done: number
  failures: readonly Failure[]
  isOver: boolean
}

const [shortestWindow, longestWindow] = [7, 30]

/** Asks, then goes through the keys one after the other, and says of which it has not worked. */
export function ActOnKeys({
  action,
  keys,
  onClose,
}: {
  action: KeyAction
  /** Those that were chosen; what their state does not allow is left out. */
  keys: readonly KeySummary[]
  onClose: () => void
}): ReactNode {
  const t = useT()
  const api = useApi()
  const client = useQueryClient()
  const putKnown = useKnownKeys()
  const [days, setDays] = useState(String(longestWindow))
  const [work, setWork] = useState<Work>()
  // What is changed below leaves the list, and must not leave the dialog.
  const [able] = useState(() => keys.filter(key => isPossible(action, key)))
  const isStopped = useRef(false)
  useEffect(() => () => void (isStopped.current = true), [])

  const window = Number(days)
  const isWindowGood = Number.isInteger(window) && window >= shortestWindow && window <= longestWindow

  const run = async (): Promise<void> => {
    const failures: Failure[] = []
    const known = new Map<string, Partial<KeySummary>>()
    let done = 0
    setWork({ done, failures, isOver: false })
    for (const key of able) {
      if (isStopped.current) break
      try {
        await actions[action].call(api, key.KeyId, window)
        known.set(key.KeyId, await stateOf(api, key.KeyId))
      } catch (error) {
        failures.push({ key, error: error as Error }) // Nothing else is thrown there.
      }
      done++
      setWork({ done, failures: [...failures], isOver: false })
    }
    putKnown(known)
    void client.invalidateQueries()
    const changed = done - failures.length
    if (changed > 0) notify(t(`keys.${action}Done`, { count: changed }))
    if (failures.length === 0) onClose()
    else setWork({ done, failures, isOver: true })
  }

  if (work?.isOver) {
    return <Report title={t(`keys.${action}`)} work={work} onClose={onClose} />
  }
  return (
    <Confirm
      title={t(`keys.${action}Title`, { count: able.length })}
      confirmLabel={t(`keys.${action}`)}
      {...(action === 'delete' && { phrase: t('keys.deletePhrase') })}
      isBusy={work !== undefined}
      isDisabled={action === 'delete' && !isWindowGood}
      onConfirm={() => void run()}
      onClose={() => {
        isStopped.current = true
        onClose()
      }}
    >
      {action === 'delete' ? (
        <Alert type="warning" statusIconAriaLabel={t('common.warning')}>
          {t('keys.deleteText', { count: able.length })}
        </Alert>
      ) : (
        <Box>{t(`keys.${action}Text`, { count: able.length })}</Box>
      )}
      <KeyNames keys={able} />
      {able.length < keys.length && (
        <Box color="text-body-secondary">{t('keys.leftOut', { count: keys.length - able.length })}</Box>
      )}
      {action === 'delete' && (
        <FormField
          label={t('keys.window')}
          constraintText={t('keys.windowText')}
          errorText={isWindowGood ? '' : t('keys.windowWrong')}
        >
          <Input
            type="number"
            inputMode="numeric"
            value={days}
            disabled={work !== undefined}
            onChange={({ detail }) => setDays(detail.value)}
          />
        </FormField>
      )}
      {work && (
        <ProgressBar
          label={t('keys.progress')}
          value={(100 * work.done) / Math.max(able.length, 1)}
          additionalInfo={t('keys.progressOf', { done: work.done, count: able.length })}
        />
      )}
    </Confirm>
  )
}

/** What the list shows of a key that was just changed; nothing if that may not be seen, and the list is read again anyway. */
async function stateOf(api: Api, KeyId: string): Promise<Partial<KeySummary>> {
  try {
    const { KeyMetadata: { KeyState, DeletionDate } = {} } = await api.kms('DescribeKey', { KeyId })
    return { ...(KeyState !== undefined && { KeyState }), ...(DeletionDate !== undefined && { DeletionDate }) }
  } catch (error) {
    if (error instanceof ApiError) return {}
    throw error
  }
}

const mostNames = 10

function KeyNames({ keys }: { keys: readonly KeySummary[] }): ReactNode {
  const t = useT()
  return (
    <ul className="plain-list">
      {keys.slice(0, mostNames).map(key => (
        <li key={key.KeyId}>
          <KeyName summary={key} />
        </li>
      ))}
      {keys.length > mostNames && <li>{t('keys.andMore', { count: keys.length - mostNames })}</li>}
    </ul>
  )
}

function KeyName({ summary: { KeyId, Aliases: [alias] = [] } }: { summary: KeySummary }): ReactNode {
  return (
    <>
      {alias !== undefined && <strong>{aliasText(alias)} </strong>}
      <span className="mono">{KeyId}</span>
    </>
  )
}

function Report({ title, work, onClose }: { title: string; work: Work; onClose: () => void }): ReactNode {
  const t = useT()
  const { done, failures } = work
  return (
    <Modal
      visible
      size="large"
      header={title}
      closeAriaLabel={t('common.close')}
      onDismiss={onClose}
      footer={
        <Box float="right">
          <Button variant="primary" onClick={onClose}>
            {t('common.close')}
          </Button>
        </Box>
      }
    >
      <SpaceBetween size="m">
        <Box>{t(failures.length === done ? 'keys.reportNone' : 'keys.report', { failed: failures.length, done })}</Box>
        {failures.map(({ key, error }) => (
          <SpaceBetween key={key.KeyId} size="xxs">
            <KeyName summary={key} />
            <ErrorAlert error={error} />
          </SpaceBetween>
        ))}
      </SpaceBetween>
    </Modal>
  )
}
