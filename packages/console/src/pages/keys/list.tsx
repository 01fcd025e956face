import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import ButtonDropdown from '@cloudscape-design/components/button-dropdown'
import CollectionPreferences from '@cloudscape-design/components/collection-preferences'
import Header from '@cloudscape-design/components/header'
import Pagination from '@cloudscape-design/components/pagination'
import type { PropertyFilterProps } from '@cloudscape-design/components/property-filter'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Table from '@cloudscape-design/components/table'
import { useEffect, useMemo, useState, type ReactNode } from 'react'
import type { KeySummary } from '../../api/types.ts'
import { useLanguage, useT } from '../../i18n/index.tsx'
import { useParameters } from '../../ui/address.ts'
import { ErrorAlert } from '../../ui/errors.tsx'
import { Page } from '../../ui/page.tsx'
import { Empty } from '../../ui/parts.tsx'
import { href, usePlaces, useRegion } from '../../ui/places.ts'
import { usePreference, type TablePreferences } from '../../ui/preferences.ts'
import { ActOnKeys, isPossible, keyActions, type KeyAction } from './actions.tsx'
import { arrange, breather, type Arrangement } from './arrange.ts'
import { useKeyColumns, type KeyColumn } from './columns.tsx'
import { Facets } from './facets.ts'
import { KeyFilter, noQuery } from './filter.tsx'
import { matcher } from './match.ts'
import { useKeyList, type KeyList } from './summaries.ts'

type Query = PropertyFilterProps.Query

const nothing: KeyList['shown'] = { keys: [], facets: new Facets() }

/** All customer managed keys of a Region. */
export default function KeyListPage(): ReactNode {
  const region = useRegion()
  return <Keys key={region} />
}

function Keys(): ReactNode {
  const t = useT()
  const places = usePlaces()
  const region = useRegion()
  const number = useNumber()
  const [parameters] = useParameters()
  const store = parameters.get('store')
  const { data: { keys, facets } = nothing, error, isPending, refetch } = useKeyList(list => list.shown)
  const columns = useKeyColumns()
  const [preferences, setPreferences] = useTablePreferences(columns)
  const [query, setQuery] = useState<Query>(() => (store === null ? noQuery : inStore(store)))
  const [sorting, setSorting] = useState<{ id: string; isDescending: boolean }>()
  const [page, setPage] = useState(1)
  const [selected, setSelected] = useState<readonly KeySummary[]>([])
  const [action, setAction] = useState<KeyAction>()

  const arrangement = useMemo(() => {
    const column = columns.find(({ id }) => id === sorting?.id)
    return { matches: matcher(query), sortValue: column?.sortValue, isDescending: sorting?.isDescending ?? false }
  }, [columns, query, sorting])
  const rows = useArranged(keys, arrangement)
  const { pageSize } = preferences
  const pagesCount = Math.max(1, Math.ceil(rows.length / pageSize))
  const shownPage = Math.min(page, pagesCount)
  const first = (shownPage - 1) * pageSize
  const items = useMemo(() => rows.slice(first, first + pageSize), [rows, first, pageSize])
  // The list may have been read again since they were chosen.
  const chosen = useMemo(() => {
    if (selected.length === 0) return selected
    const ids = new Set(selected.map(({ KeyId }) => KeyId))
    return keys.filter(({ KeyId }) => ids.has(KeyId))
  }, [keys, selected])
  const sortingColumn = columns.find(({ id }) => id === sorting?.id)

  const createKey = (
    <Button variant="primary" href={href(places.createKey)}>
      {t('keys.create')}
    </Button>
  )
  return (
    <Page title={t('frame.customerKeys')} trail={[]} hasHeader={false}>
      <SpaceBetween size="m">
        <ErrorAlert error={error} retry={() => void refetch()} />
        <Table
          variant="container"
          stickyHeader
          trackBy="KeyId"
          selectionType="multi"
          items={items}
          columnDefinitions={columns}
          columnDisplay={preferences.contentDisplay}
          wrapLines={preferences.wrapLines}
          stripedRows={preferences.stripedRows}
          contentDensity={preferences.contentDensity}
          loading={isPending && !error}
          loadingText={t('common.loading')}
          {...(sortingColumn && { sortingColumn })}
          sortingDescending={sorting?.isDescending ?? false}
          onSortingChange={({
            detail: {
              sortingColumn: { sortingField: id = '' },
              isDescending = false,
            },
          }) => {
            setSorting({ id, isDescending })
            setPage(1)
          }}
          selectedItems={chosen}
          isItemDisabled={({ Denied }) => Denied === true}
          onSelectionChange={({ detail }) => setSelected(detail.selectedItems)}
          totalItemsCount={rows.length}
          firstIndex={first + 1}
          renderAriaLive={({ firstIndex, lastIndex, totalItemsCount = 0 }) =>
            t('keys.shown', { first: firstIndex, last: lastIndex, count: totalItemsCount })
          }
          ariaLabels={{
            tableLabel: t('frame.customerKeys'),
            selectionGroupLabel: t('keys.selection'),
            allItemsSelectionLabel: () => t('keys.selectAll'),
            itemSelectionLabel: (_, { KeyId }) => t('keys.select', { id: KeyId }),
          }}
          header={
            <Header
              variant="h1"
              counter={<Counter chosen={chosen.length} />}
              description={t('keys.intro', { region })}
              actions={
                <SpaceBetween direction="horizontal" size="xs">
                  <Refresh />
                  <ButtonDropdown
                    items={keyActions.map(id => ({
                      id,
                      text: t(`keys.${id}`),
                      disabled: !chosen.some(key => isPossible(id, key)),
                      disabledReason: t(chosen.length === 0 ? 'keys.noneChosen' : `keys.${id}Impossible`),
                    }))}
                    onItemClick={({ detail }) => setAction(detail.id as KeyAction)} // The ids above.
                  >
                    {t('keys.actions')}
                  </ButtonDropdown>
                  {createKey}
                </SpaceBetween>
              }
            >
              {t('frame.customerKeys')}
            </Header>
          }
          filter={
            <KeyFilter
              query={query}
              facets={facets}
              countText={t('keys.matches', { count: number(rows.length), matches: rows.length })}
              onChange={changed => {
                setQuery(changed)
                setPage(1)
                // What is not seen any more must not be acted on.
                setSelected([])
              }}
            />
          }
          pagination={
            <Pagination
              currentPageIndex={shownPage}
              pagesCount={pagesCount}
              onChange={({ detail }) => setPage(detail.currentPageIndex)}
              ariaLabels={{
                nextPageLabel: t('keys.nextPage'),
                previousPageLabel: t('keys.previousPage'),
                paginationLabel: t('keys.pages'),
                pageLabel: at => t('keys.page', { page: at }),
              }}
            />
          }
          preferences={
            <CollectionPreferences
              title={t('keys.preferences')}
              confirmLabel={t('keys.confirm')}
              cancelLabel={t('common.cancel')}
              preferences={preferences}
              onConfirm={({ detail }) => setPreferences(detail as TablePreferences)} // There are no groups of columns.
              pageSizePreference={{
                options: pageSizes.map(value => ({ value, label: t('keys.perPage', { count: value }) })),
              }}
              wrapLinesPreference={{}}
              stripedRowsPreference={{}}
              contentDensityPreference={{}}
              contentDisplayPreference={{
                options: columns.map(({ id, header }) => ({ id, label: header, alwaysVisible: id === 'keyId' })),
              }}
            />
          }
          empty={
            error ? (
              <Empty title={t('keys.notLoaded')} />
            ) : keys.length === 0 ? (
              <Empty title={t('keys.none', { region })} text={t('keys.noneText')} action={createKey} />
            ) : (
              <Empty
                title={t('keys.noMatch')}
                action={<Button onClick={() => setQuery(noQuery)}>{t('keys.clearFilter')}</Button>}
              />
            )
          }
        />
      </SpaceBetween>
      {action && <ActOnKeys action={action} keys={chosen} onClose={() => setAction(undefined)} />}
    </Page>
  )
}

const inStore = (id: string): Query => ({
  tokens: [{ propertyKey: 'keyStore', operator: '=', value: id }],
  operation: 'and',
})

function useNumber(): (value: number) => string {
  const language = useLanguage()
  return useMemo(() => {
    const format = new Intl.NumberFormat(language)
    return (value: number) => format.format(value)
  }, [language])
}

/** How many there are, or while they are read for the first time, how many have come; apart, since it changes often. */
function Counter({ chosen }: { chosen: number }): ReactNode {
  const t = useT()
  const number = useNumber()
  const { data } = useKeyList()
  if (!data) return null
  const { shown, loaded = 0 } = data
  if (loaded >= shown.keys.length && loaded > 0) {
    return (
      <Box variant="span" fontSize="body-m" fontWeight="normal" color="text-body-secondary">
        {t('keys.soFar', { count: loaded })}
      </Box>
    )
  }
  const total = number(shown.keys.length)
  return chosen > 0 ? `(${number(chosen)}/${total})` : `(${total})`
}

function Refresh(): ReactNode {
  const t = useT()
  const { isFetching, refetch } = useKeyList(() => undefined)
  return (
    <Button
      iconName="refresh"
      ariaLabel={t('common.refresh')}
      loading={isFetching}
      loadingText={t('common.loading')}
      onClick={() => void refetch()}
    />
  )
}

/** Rows that match, in their order; those before until that is done. */
function useArranged(rows: readonly KeySummary[], arrangement: Arrangement<KeySummary>): readonly KeySummary[] {
  const [arranged, setArranged] = useState<readonly KeySummary[]>()
  const isAsIs = !arrangement.matches && !arrangement.sortValue
  useEffect(() => {
    if (isAsIs) return undefined
    const leaving = new AbortController()
    arrange(rows, arrangement, breather(leaving.signal)).then(
      made => !leaving.signal.aborted && setArranged(made),
      () => undefined, // Others are being arranged.
    )
    return () => leaving.abort()
  }, [rows, arrangement, isAsIs])
  return isAsIs ? rows : (arranged ?? rows)
}

const pageSizes = [20, 50, 100]

type Complete<T> = { [Name in keyof T]-?: NonNullable<T[Name]> }

/** As they were left; columns that are new since then come last, as they are shown at first. */
function useTablePreferences(
  columns: readonly KeyColumn[],
): [preferences: Complete<TablePreferences>, set: (preferences: TablePreferences) => void] {
  const [tables, setTables] = usePreference('tables')
  const kept = tables?.['keys']
  const preferences = useMemo(() => {
    const known = (kept?.contentDisplay ?? []).filter(({ id }) => columns.some(column => column.id === id))
    const others = columns
      .filter(({ id }) => !known.some(column => column.id === id))
      .map(({ id, isShownAtFirst = false }) => ({ id, visible: isShownAtFirst }))
    return {
      pageSize: kept?.pageSize ?? 20,
      wrapLines: kept?.wrapLines ?? true,
      stripedRows: kept?.stripedRows ?? false,
      contentDensity: kept?.contentDensity ?? ('comfortable' as const),
      contentDisplay: [...known, ...others],
    }
  }, [kept, columns])
  return [preferences, next => setTables({ ...tables, keys: next })]
}
