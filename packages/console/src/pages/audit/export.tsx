import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import FormField from '@cloudscape-design/components/form-field'
import Input from '@cloudscape-design/components/input'
import Modal from '@cloudscape-design/components/modal'
import ProgressBar from '@cloudscape-design/components/progress-bar'
import RadioGroup from '@cloudscape-design/components/radio-group'
import SpaceBetween from '@cloudscape-design/components/space-between'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import { useEffect, useRef, useState, type ReactNode } from 'react'
import { ApiError } from '../../api/client.ts'
import { useApi } from '../../api/hooks.ts'
import { useDates, useT } from '../../i18n/index.tsx'
import { ErrorAlert } from '../../ui/errors.tsx'
import { download } from '../../ui/parts.tsx'
import { csvHead, csvLine } from './csv.ts'
import { inputOf, pagesOf, type Filter } from './search.ts'

const formats = {
  jsonl: { type: 'application/x-ndjson', head: [] },
  csv: { type: 'text/csv', head: [csvHead] },
} as const
type Format = keyof typeof formats

/** All is held in memory until it is a file. */
const mostEvents = 100_000

interface Progress {
  count: number
  /** Seconds. */
  scannedTo: number | undefined
  state: 'reading' | 'done' | 'failed'
  error?: ApiError
}

/** Makes a file of what matches, newest first. */
export function ExportDialog({ filter, onClose }: { filter: Filter; onClose: () => void }): ReactNode {
  const t = useT()
  const { time } = useDates()
  const api = useApi()
  const [format, setFormat] = useState<Format>('jsonl')
  const [limit, setLimit] = useState('10000')
  const [progress, setProgress] = useState<Progress>()
  const lines = useRef<string[]>([])
  // The one that may go on; closing the dialog ends it.
  const current = useRef<symbol>(undefined)
  useEffect(() => () => void (current.current = undefined), [])

  const most = /^\d{1,6}$/.test(limit.trim()) ? Number(limit) : 0
  const isValid = most >= 1 && most <= mostEvents
  const isReading = progress?.state === 'reading'

  const save = (): void => {
    const { type, head } = formats[format]
    const name = `keyreeve-events-${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}.${format}`
    download(name, [...head, ...lines.current, ''].join('\n'), type)
  }
  const read = async (): Promise<void> => {
    const mine = Symbol('export')
    current.current = mine
    lines.current = []
    let scannedTo: number | undefined
    const report = (state: Progress['state'], error?: ApiError): void =>
      setProgress({ count: lines.current.length, scannedTo, state, ...(error && { error }) })
    report('reading')
    try {
      for await (const page of pagesOf(api, { ...inputOf(filter, Date.now()), Limit: 200 })) {
        if (current.current !== mine) return
        for (const event of page.Events.slice(0, most - lines.current.length)) {
          lines.current.push(format === 'csv' ? csvLine(event) : event.Record)
        }
        scannedTo = page.ScannedTo ?? page.Events.at(-1)?.EventTime ?? scannedTo
        if (lines.current.length >= most) break
        report('reading')
      }
    } catch (error) {
      if (current.current !== mine) return
      if (!(error instanceof ApiError)) throw error
      return report('failed', error)
    }
    report('done')
    save()
  }
  const cancel = (): void => {
    current.current = undefined
    if (isReading) setProgress(undefined)
    else onClose()
  }
  return (
    <Modal
      visible
      header={t('audit.export')}
      closeAriaLabel={t('common.close')}
      onDismiss={onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={cancel}>
              {progress?.state === 'done' ? t('common.close') : t('common.cancel')}
            </Button>
            {progress?.state === 'failed' && progress.count > 0 && (
              <Button onClick={save}>{t('audit.export.saveSome', { count: progress.count })}</Button>
            )}
            <Button variant="primary" disabled={!isValid} loading={isReading} onClick={() => void read()}>
              {t('audit.export.start')}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        <Box>{t('audit.export.text')}</Box>
        <FormField label={t('audit.export.format')}>
          <RadioGroup
            value={format}
            items={[
              {
                value: 'jsonl',
                label: t('audit.export.jsonl'),
                description: t('audit.export.jsonl.text'),
                disabled: isReading,
              },
              {
                value: 'csv',
                label: t('audit.export.csv'),
                description: t('audit.export.csv.text'),
                disabled: isReading,
              },
            ]}
            onChange={({ detail }) => setFormat(detail.value as Format)} // The values above.
          />
        </FormField>
        <FormField
          label={t('audit.export.limit')}
          constraintText={t('audit.export.limit.constraint', { most: mostEvents })}
          errorText={isValid ? '' : t('audit.export.limit.invalid', { most: mostEvents })}
        >
          <Input
            value={limit}
            inputMode="numeric"
            disabled={isReading}
            onChange={({ detail }) => setLimit(detail.value)}
          />
        </FormField>
        {isReading && (
          <ProgressBar
            value={Math.min(100, (progress.count / most) * 100)}
            label={t('audit.export.reading')}
            additionalInfo={t('audit.found', { count: progress.count, time: time(progress.scannedTo) })}
          />
        )}
        {progress?.state === 'done' && (
          <div role="status">
            <StatusIndicator type="success">{t('audit.export.done', { count: progress.count })}</StatusIndicator>
          </div>
        )}
        <ErrorAlert error={progress?.error} title={t('audit.export.failed')} />
      </SpaceBetween>
    </Modal>
  )
}
