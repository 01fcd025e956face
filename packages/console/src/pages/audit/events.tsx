import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import CollectionPreferences from '@cloudscape-design/components/collection-preferences'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import Link from '@cloudscape-design/components/link'
import Pagination from '@cloudscape-design/components/pagination'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Spinner from '@cloudscape-design/components/spinner'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import Table, { type TableProps } from '@cloudscape-design/components/table'
import Toggle from '@cloudscape-design/components/toggle'
import { useEffect, useMemo, useState, type ReactNode } from 'react'
import type { AuditEvent } from '../../api/types.ts'
import { useDates, useLanguage, useT, type MessageName } from '../../i18n/index.tsx'
import { useParameters } from '../../ui/address.ts'
import { shortName, usePlaceOf } from '../../ui/arns.ts'
import { ErrorAlert } from '../../ui/errors.tsx'
import { Empty } from '../../ui/parts.tsx'
import { href, usePlaces } from '../../ui/places.ts'
import { usePreference, type TablePreferences } from '../../ui/preferences.ts'
import { EventDetail } from './detail.tsx'
import { ExportDialog } from './export.tsx'
import { FilterForm } from './filter.tsx'
import { isDenied, principalOf, recordOf, resourcesOf } from './record.ts'
import { filterOf, useSearch, type Filter, type Search } from './search.ts'
import './events.css'

/** The audit log, or what it has of one key. What is looked for is in the address. */
export function Events({ keyArn }: { keyArn?: string }): ReactNode {
  const t = useT()
  const [parameters, setParameters] = useParameters()
  const noted = filterOf(parameters)
  const filter: Filter = keyArn === undefined ? noted : { ...noted, key: keyArn }
  const [isFollowing, setFollowing] = useState(false)
  const [isExporting, setExporting] = useState(false)
  const [opened, setOpened] = useState<AuditEvent>()
  // Dialogs are about what was looked for when they were opened.
  useEffect(() => {
    setOpened(undefined)
    setExporting(false)
  }, [parameters])
  // What has ended gets no new events.
  const canFollow = filter.to === undefined
  const search = useSearch(filter, isFollowing && canFollow)
  return (
    <SpaceBetween size="m">
      <Container>
        <FilterForm
          key={parameters.toString()}
          filter={noted}
          isOfKey={keyArn !== undefined}
          onChange={changed => setParameters({ ...changed })}
        />
      </Container>
      <EventTable
        search={search}
        hasKey={keyArn !== undefined}
        onOpen={setOpened}
        actions={
          <SpaceBetween direction="horizontal" size="xs" alignItems="center">
            <Toggle
              checked={isFollowing && canFollow}
              disabled={!canFollow}
              onChange={({ detail }) => setFollowing(detail.checked)}
            >
              {t('audit.follow')}
            </Toggle>
            <Button
              iconName="refresh"
              ariaLabel={t('common.refresh')}
              disabled={search.state === 'searching'}
              onClick={search.refresh}
            />
            <Button iconName="download" onClick={() => setExporting(true)}>
              {t('audit.export')}
            </Button>
          </SpaceBetween>
        }
      />
      {opened && <EventDetail event={opened} onClose={() => setOpened(undefined)} />}
      {isExporting && <ExportDialog filter={filter} onClose={() => setExporting(false)} />}
    </SpaceBetween>
  )
}

const usualPageSize = 50

function EventTable({
  search,
  hasKey,
  onOpen,
  actions,
}: {
  search: Search
  hasKey: boolean
  onOpen: (event: AuditEvent) => void
  actions: ReactNode
}): ReactNode {
  const t = useT()
  const [tables, setTables] = usePreference('tables')
  const preferences = tables?.['audit'] ?? {}
  const columns = useColumns(onOpen)
  const { events, state, error } = search
  const [at, setAt] = useState(1)
  const size = preferences.pageSize ?? usualPageSize
  const pages = Math.max(1, Math.ceil(events.length / size))
  const page = Math.min(at, pages)
  const shown = useMemo(() => events.slice((page - 1) * size, page * size), [events, page, size])
  const isFirst = state === 'searching' && events.length === 0
  const display =
    preferences.contentDisplay ??
    columns.map(({ id = '' }) => ({ id, visible: !hidden.has(id) && !(hasKey && id === 'resource') }))
  return (
    <Table
      variant="container"
      items={shown}
      trackBy="EventId"
      columnDefinitions={columns}
      columnDisplay={display}
      wrapLines={preferences.wrapLines ?? false}
      stripedRows={preferences.stripedRows ?? false}
      contentDensity={preferences.contentDensity ?? 'comfortable'}
      resizableColumns
      loading={isFirst}
      loadingText={t('common.loading')}
      ariaLabels={{ tableLabel: t('audit.events') }}
      header={
        <Header
          variant="h2"
          counter={`(${events.length}${state === 'end' ? '' : '+'})`}
          description={t(hasKey ? 'audit.text.ofKey' : 'audit.text.order')}
          actions={actions}
        >
          {t('audit.events')}
        </Header>
      }
      empty={
        error ? (
          <Empty title={t('audit.failed')} />
        ) : (
          <Empty
            title={state === 'end' ? t('audit.none') : t('audit.noneYet')}
            text={t(state === 'end' ? 'audit.none.text' : 'audit.noneYet.text')}
          />
        )
      }
      pagination={
        <Pagination
          currentPageIndex={page}
          pagesCount={pages}
          openEnd={state !== 'end'}
          onChange={({ detail }) => setAt(detail.currentPageIndex)}
          onNextPageClick={({ detail }) => {
            if (detail.requestedPageAvailable) return
            setAt(detail.requestedPageIndex)
            if (state !== 'searching') search.more()
          }}
        />
      }
      preferences={
        <Preferences
          columns={columns}
          preferences={{ ...preferences, pageSize: size, contentDisplay: display }}
          onChange={changed => setTables({ ...tables, audit: changed })}
        />
      }
      footer={
        <SpaceBetween size="s">
          <ErrorAlert
            error={error}
            title={t('audit.failed')}
            retry={events.length > 0 ? search.more : search.refresh}
          />
          <Progress search={search} />
        </SpaceBetween>
      }
    />
  )
}

/** How far the search has come, and what takes it further. */
function Progress({ search: { state, events, scannedTo, more, stop } }: { search: Search }): ReactNode {
  const t = useT()
  const { time } = useDates()
  const isSearching = state === 'searching'
  return (
    <div className="audit-progress">
      <div role="status">
        {isSearching && <Spinner />}{' '}
        {state === 'end'
          ? t('audit.foundAll', { count: events.length })
          : t('audit.found', { count: events.length, time: time(scannedTo) })}
      </div>
      {isSearching && <Button onClick={stop}>{t('audit.stop')}</Button>}
      {state === 'stopped' && <Button onClick={more}>{t('audit.more')}</Button>}
    </div>
  )
}

/** Not shown until somebody wants them. */
const hidden: ReadonlySet<string> = new Set(['source', 'accessKey', 'userAgent', 'kind', 'requestId'])

function useColumns(onOpen: (event: AuditEvent) => void): TableProps.ColumnDefinition<AuditEvent>[] {
  const t = useT()
  const { time } = useDates()
  const language = useLanguage()
  return useMemo(() => {
    // The time zone of all of them is that of the browser; the details name it.
    const brief = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' })
    return [
      { id: 'time', header: t('audit.time'), cell: event => brief.format(event.EventTime * 1000), width: 215 },
      {
        id: 'operation',
        header: t('audit.operation'),
        isRowHeader: true,
        width: 200,
        cell: event => (
          <Link
            ariaLabel={t('audit.details', { name: event.EventName, time: time(event.EventTime) })}
            onFollow={() => onOpen(event)}
          >
            {event.EventName}
          </Link>
        ),
      },
      { id: 'principal', header: t('audit.principal'), width: 140, cell: event => <PrincipalOf event={event} /> },
      { id: 'resource', header: t('audit.resources'), width: 170, cell: event => <ResourcesOf event={event} /> },
      { id: 'error', header: t('audit.error'), width: 280, cell: event => <ErrorOf event={event} /> },
      {
        id: 'sourceIp',
        header: t('audit.sourceIp'),
        width: 120,
        cell: event => recordOf(event).sourceIPAddress ?? '–',
      },
      { id: 'region', header: t('audit.region'), width: 115, cell: event => recordOf(event).awsRegion ?? '–' },
      { id: 'source', header: t('audit.source'), width: 180, cell: event => event.EventSource },
      {
        id: 'accessKey',
        header: t('audit.accessKey'),
        width: 210,
        cell: event => recordOf(event).userIdentity?.accessKeyId ?? '–',
      },
      { id: 'userAgent', header: t('audit.userAgent'), width: 260, cell: event => recordOf(event).userAgent ?? '–' },
      {
        id: 'kind',
        header: t('audit.kind'),
        width: 130,
        cell: event => t(event.ReadOnly ? 'audit.kind.read' : 'audit.kind.write'),
      },
      { id: 'requestId', header: t('audit.requestId'), width: 320, cell: event => recordOf(event).requestID ?? '–' },
    ]
  }, [t, time, language, onOpen])
}

function PrincipalOf({ event }: { event: AuditEvent }): ReactNode {
  const t = useT()
  const placeOf = usePlaceOf()
  const principal = principalOf(event)
  if (principal === undefined) return <Box color="text-body-secondary">{t('audit.service')}</Box>
  const place = placeOf(principal)
  const name = shortName(principal)
  return <span title={principal}>{place === undefined ? name : <Link href={href(place)}>{name}</Link>}</span>
}

function ResourcesOf({ event }: { event: AuditEvent }): ReactNode {
  const placeOf = usePlaceOf()
  const resources = resourcesOf(event)
  if (resources.length === 0) return '–'
  return resources.map(arn => {
    const place = placeOf(arn)
    const name = shortName(arn)
    return (
      <div key={arn} title={arn}>
        {place === undefined ? name : <Link href={href(place)}>{name}</Link>}
      </div>
    )
  })
}

function ErrorOf({ event }: { event: AuditEvent }): ReactNode {
  const t = useT()
  const places = usePlaces()
  const { requestID } = recordOf(event)
  if (event.ErrorCode === undefined) return '–'
  return (
    <>
      <StatusIndicator type="error">{event.ErrorCode}</StatusIndicator>{' '}
      {isDenied(event) && requestID !== undefined && (
        <Link href={href(places.denial(requestID))} ariaLabel={t('audit.whyDenied', { name: event.EventName })}>
          {t('error.why')}
        </Link>
      )}
    </>
  )
}

function Preferences({
  columns,
  preferences,
  onChange,
}: {
  columns: readonly TableProps.ColumnDefinition<AuditEvent>[]
  preferences: TablePreferences
  onChange: (preferences: TablePreferences) => void
}): ReactNode {
  const t = useT()
  const sizes = [20, 50, 100, 200].map(value => ({ value, label: t('audit.perPage', { count: value }) }))
  return (
    <CollectionPreferences
      preferences={preferences}
      onConfirm={({ detail }) => onChange(detail)}
      pageSizePreference={{ options: sizes }}
      wrapLinesPreference={{}}
      stripedRowsPreference={{}}
      contentDensityPreference={{}}
      contentDisplayPreference={{
        options: columns.map(({ id = '' }) => ({
          id,
          label: t(columnNames[id] ?? 'audit.events'),
          alwaysVisible: id === 'operation',
        })),
      }}
    />
  )
}

const columnNames: Readonly<Record<string, MessageName>> = {
  time: 'audit.time',
  operation: 'audit.operation',
  principal: 'audit.principal',
  resource: 'audit.resources',
  error: 'audit.error',
  sourceIp: 'audit.sourceIp',
  region: 'audit.region',
  source: 'audit.source',
  accessKey: 'audit.accessKey',
  userAgent: 'audit.userAgent',
  kind: 'audit.kind',
  requestId: 'audit.requestId',
}
