import Alert from '@cloudscape-design/components/alert'
import Badge from '@cloudscape-design/components/badge'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Header from '@cloudscape-design/components/header'
import Link from '@cloudscape-design/components/link'
import Modal from '@cloudscape-design/components/modal'
import SpaceBetween from '@cloudscape-design/components/space-between'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import Table, { type TableProps } from '@cloudscape-design/components/table'
import TextFilter from '@cloudscape-design/components/text-filter'
import Toggle from '@cloudscape-design/components/toggle'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useMemo, useState, type ReactNode } from 'react'
import type { ApiError } from '../../api/client.ts'
import { useApi, useKeyreeve } from '../../api/hooks.ts'
import type { AccessDecision, KeyreeveOperations } from '../../api/types.ts'
import { useT } from '../../i18n/index.tsx'
import { withParameters } from '../../ui/address.ts'
import { shortName, usePlaceOf } from '../../ui/arns.ts'
import { ErrorAlert } from '../../ui/errors.tsx'
import { Empty, Loaded } from '../../ui/parts.tsx'
import { href, usePlaces, useRegion } from '../../ui/places.ts'
import { TraceView } from '../../ui/trace.tsx'
import './access-tab.css'

type Access = KeyreeveOperations['ListKeyAccess'][1]
type Principal = Access['Principals'][number]

/** Of a principal and an action. */
interface Cell {
  principal: Principal
  decision: AccessDecision
}

/** Who may do what with the key: principals down, actions across. */
export function AccessTab({ keyId }: { keyId: string }): ReactNode {
  const t = useT()
  const { data, error, isFetching, hasNextPage, fetchNextPage, refetch } = useKeyAccess(keyId)
  const [text, setText] = useState('')
  const [isAllowedOnly, setAllowedOnly] = useState(false)
  const [cell, setCell] = useState<Cell>()
  const principals = useMemo(() => data?.pages.flatMap(page => page.Principals) ?? [], [data])
  const actions = data?.pages[0]?.Actions ?? []
  const names = actions.map(action => action.replace(/^kms:/, ''))
  // All start at one line, below which the cells begin.
  const height = `${Math.max(...names.map(name => name.length))}ch`
  const wanted = text.trim().toLowerCase()
  const shown = principals.filter(
    ({ Arn, Decisions }) =>
      Arn.toLowerCase().includes(wanted) && (!isAllowedOnly || Decisions.some(({ Allowed }) => Allowed)),
  )
  const isFiltered = wanted !== '' || isAllowedOnly
  const clear = (): void => {
    setText('')
    setAllowedOnly(false)
  }
  const columns: TableProps.ColumnDefinition<Principal>[] = [
    {
      id: 'principal',
      header: t('access.principal'),
      isRowHeader: true,
      minWidth: 220,
      cell: principal => <PrincipalName of={principal} />,
    },
    ...actions.map((action, index): TableProps.ColumnDefinition<Principal> => ({
      id: action,
      header: (
        <span className="access-action" style={{ minInlineSize: height }}>
          {names[index]}
        </span>
      ),
      cell: principal => {
        const decision = principal.Decisions.find(({ Action }) => Action === action)
        return decision && <Decision of={{ principal, decision }} onOpen={setCell} />
      },
    })),
  ]
  return (
    <SpaceBetween size="m">
      <Alert type="info" statusIconAriaLabel={t('common.info')}>
        {t('access.tab.claim')}
      </Alert>
      <Table
        variant="container"
        items={shown}
        trackBy="Arn"
        columnDefinitions={columns}
        enableKeyboardNavigation
        stickyColumns={{ first: 1 }}
        contentDensity="compact"
        loading={data === undefined && error === null}
        loadingText={t('common.loading')}
        ariaLabels={{ tableLabel: t('access.tab.title') }}
        header={
          <Header
            variant="h2"
            counter={data && `(${isFiltered ? `${shown.length}/` : ''}${principals.length}${hasNextPage ? '+' : ''})`}
            description={t('access.tab.text')}
            actions={
              <Button
                iconName="refresh"
                ariaLabel={t('common.refresh')}
                loading={isFetching}
                onClick={() => void refetch()}
              />
            }
          >
            {t('access.tab.title')}
          </Header>
        }
        filter={
          <div className="access-filter">
            <TextFilter
              filteringText={text}
              filteringPlaceholder={t('access.tab.find')}
              filteringAriaLabel={t('access.tab.find')}
              filteringClearAriaLabel={t('access.clear')}
              countText={isFiltered ? t('access.tab.matches', { count: shown.length }) : ''}
              onChange={({ detail }) => setText(detail.filteringText)}
            />
            <Toggle checked={isAllowedOnly} onChange={({ detail }) => setAllowedOnly(detail.checked)}>
              {t('access.tab.allowedOnly')}
            </Toggle>
          </div>
        }
        empty={
          isFiltered && principals.length > 0 ? (
            <Empty
              title={t('access.tab.noMatch')}
              text={hasNextPage ? t('access.tab.noMatchYet') : t('access.tab.noMatchText')}
              action={<Button onClick={clear}>{t('access.clear')}</Button>}
            />
          ) : (
            <Empty title={error ? t('access.tab.failed') : t('access.tab.none')} />
          )
        }
        footer={
          <SpaceBetween size="s">
            <Legend />
            <ErrorAlert error={error} title={t('access.tab.failed')} retry={() => void refetch()} />
            {hasNextPage && (
              <Box textAlign="center">
                <Button loading={isFetching} onClick={() => void fetchNextPage()}>
                  {t('access.tab.more')}
                </Button>
              </Box>
            )}
          </SpaceBetween>
        }
      />
      {cell && <Why cell={cell} keyId={keyId} onClose={() => setCell(undefined)} />}
    </SpaceBetween>
  )
}

function useKeyAccess(keyId: string) {
  const api = useApi()
  const region = useRegion()
  return useInfiniteQuery<Access, ApiError, { pages: Access[] }, unknown[], string | undefined>({
    queryKey: ['keyreeve', region, 'ListKeyAccess', keyId],
    initialPageParam: undefined,
    queryFn: ({ pageParam }) =>
      api.keyreeve('ListKeyAccess', { KeyId: keyId, ...(pageParam !== undefined && { Marker: pageParam }) }),
    getNextPageParam: ({ NextMarker }) => NextMarker,
  })
}

function PrincipalName({ of: { Arn, Kind } }: { of: Principal }): ReactNode {
  const t = useT()
  const place = usePlaceOf()(Arn)
  const name = Kind === 'external' ? Arn : shortName(Arn)
  return (
    <div className="access-principal" title={Arn}>
      {place === undefined ? name : <Link href={href(place)}>{name}</Link>}{' '}
      <Badge color={Kind === 'external' || Kind === 'grantee' ? 'blue' : 'grey'}>{t(`access.kind.${Kind}`)}</Badge>
    </div>
  )
}

function Decision({ of, onOpen }: { of: Cell; onOpen: (cell: Cell) => void }): ReactNode {
  const t = useT()
  const { principal, decision } = of
  const { Action, Allowed, Conditional } = decision
  const outcome = t(
    Allowed
      ? Conditional
        ? 'access.cell.allowedConditional'
        : 'access.cell.allowed'
      : Conditional
        ? 'access.cell.deniedConditional'
        : 'access.cell.denied',
  )
  const label = t('access.cell', { principal: shortName(principal.Arn), action: Action, outcome })
  return (
    <span className="access-cell" title={outcome}>
      <Link ariaLabel={label} onFollow={() => onOpen(of)}>
        <StatusIndicator type={Allowed ? 'success' : 'stopped'}>{Conditional ? '*' : ''}</StatusIndicator>
      </Link>
    </span>
  )
}

function Legend(): ReactNode {
  const t = useT()
  return (
    <SpaceBetween direction="horizontal" size="l">
      <StatusIndicator type="success">{t('access.cell.allowed')}</StatusIndicator>
      <StatusIndicator type="stopped">{t('access.cell.denied')}</StatusIndicator>
      <Box color="text-body-secondary">* {t('access.tab.conditional')}</Box>
    </SpaceBetween>
  )
}

/** The decision behind a cell: that of a user or a role with all that it is made from. */
function Why({ cell, keyId, onClose }: { cell: Cell; keyId: string; onClose: () => void }): ReactNode {
  const t = useT()
  const places = usePlaces()
  const {
    principal: { Arn, Kind },
    decision: { Action, Allowed, By, Reason },
  } = cell
  const action = Action.includes(':') ? Action : `kms:${Action}`
  // Sessions of roles are named by their ARN alone.
  const isOurs = Kind === 'user' || Kind === 'role' || /^arn:aws:sts::\d{12}:assumed-role\//.test(Arn)
  const trace = useKeyreeve('SimulateAccess', { PrincipalArn: Arn, Action: action, KeyId: keyId }, { enabled: isOurs })
  return (
    <Modal
      visible
      size="large"
      header={t('access.why', { principal: shortName(Arn), action })}
      closeAriaLabel={t('common.close')}
      onDismiss={onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            {isOurs && (
              <Button href={href(withParameters(places.simulator, { principal: Arn, action, key: keyId }))}>
                {t('access.inSimulator')}
              </Button>
            )}
            <Button variant="primary" onClick={onClose}>
              {t('common.close')}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      {isOurs ? (
        <Loaded query={trace}>{({ Trace }) => <TraceView trace={Trace} />}</Loaded>
      ) : (
        <SpaceBetween size="m">
          <Alert
            type={Allowed ? 'success' : 'error'}
            statusIconAriaLabel={Allowed ? t('access.allowed') : t('access.denied')}
            header={t(Allowed ? 'access.verdict.allow' : 'access.verdict.implicit deny')}
          >
            <span lang="en">{Reason}</span>
          </Alert>
          <Box>{t('access.by', { by: t(`access.by.${By}`) })}</Box>
          <Box color="text-body-secondary">{t(`access.kind.${Kind}.text`)}</Box>
        </SpaceBetween>
      )}
    </Modal>
  )
}
