import { useCollection } from '@cloudscape-design/collection-hooks'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import CollectionPreferences from '@cloudscape-design/components/collection-preferences'
import Header, { type HeaderProps } from '@cloudscape-design/components/header'
import Link from '@cloudscape-design/components/link'
import Pagination from '@cloudscape-design/components/pagination'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Table, { type TableProps } from '@cloudscape-design/components/table'
import TextFilter from '@cloudscape-design/components/text-filter'
import { type ReactNode } from 'react'
import { ApiError } from '../../api/client.ts'
import { useT } from '../../i18n/index.tsx'
import { ErrorAlert } from '../../ui/errors.tsx'
import { Empty } from '../../ui/parts.tsx'
import { href, usePlaces } from '../../ui/places.ts'
import { usePreference } from '../../ui/preferences.ts'
import type { List } from './iam.ts'

type Column<Item> = TableProps.ColumnDefinition<Item> & { id: string; header: string }

/** Such a page has so many rows if nobody chose another number. */
const usualSize = 20

/** A list of IAM as a table. With `search` it is one to be searched, turned over and arranged. */
export function EntityTable<Item>({
  name,
  title,
  heading = 'h2',
  description,
  list,
  columns,
  idOf,
  search,
  filter,
  actions,
  empty,
}: {
  /** Of its preferences. */
  name: string
  title: string
  heading?: HeaderProps['variant']
  description?: ReactNode
  list: List<Item>
  /** The first cannot be hidden. */
  columns: readonly Column<Item>[]
  idOf: (item: Item) => string
  /** In what a text is looked for. */
  search?: (item: Item) => readonly (string | undefined)[]
  /** Something else that chooses what is shown, beside the search. */
  filter?: ReactNode
  actions?: ReactNode
  empty: { title: string; text?: string; action?: ReactNode }
}): ReactNode {
  const t = useT()
  const [tables = {}, setTables] = usePreference('tables')
  const preferences = tables[name] ?? {}
  const { pageSize = usualSize, wrapLines = false } = preferences
  const matches = (item: Item, text: string): boolean => {
    const wanted = text.trim().toLowerCase()
    return (search?.(item) ?? []).some(value => value?.toLowerCase().includes(wanted))
  }
  const {
    items,
    collectionProps,
    filterProps,
    filteredItemsCount,
    paginationProps,
    actions: act,
  } = useCollection(list.items, {
    filtering: {
      filteringFunction: (item, text) => text === '' || matches(item, text),
      empty: <Empty {...empty} />,
      noMatch: (
        <Empty
          title={t('identities.noMatch')}
          action={<Button onClick={() => act.setFiltering('')}>{t('identities.clearFilter')}</Button>}
        />
      ),
    },
    sorting: { ...(columns[0] && { defaultState: { sortingColumn: columns[0] } }) },
    ...(search && { pagination: { pageSize } }),
  })
  const failure = list.error && <ErrorAlert error={list.error} retry={() => void list.refetch()} />
  const count =
    list.isLoading || (list.error && list.items.length === 0)
      ? ''
      : `(${list.items.length}${list.isComplete ? '' : '+'})`
  const display = preferences.contentDisplay ?? columns.map(({ id }) => ({ id, visible: true }))
  const hasPreferences = search !== undefined
  return (
    <Table
      {...collectionProps}
      items={items}
      columnDefinitions={columns}
      trackBy={idOf}
      wrapLines={wrapLines}
      loading={list.isLoading}
      loadingText={t('common.loading')}
      enableKeyboardNavigation={false}
      renderAriaLive={({ firstIndex, lastIndex, totalItemsCount = 0 }) =>
        t('identities.shown', { first: firstIndex, last: lastIndex, total: totalItemsCount })
      }
      ariaLabels={{ tableLabel: title }}
      {...(hasPreferences && { columnDisplay: display })}
      {...(list.error && list.items.length === 0 && { empty: failure })}
      {...(list.error && list.items.length > 0 && { footer: failure })}
      header={
        <Header
          variant={heading}
          counter={count}
          description={description}
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button
                iconName="refresh"
                ariaLabel={t('identities.refresh', { list: title })}
                onClick={() => void list.refetch()}
              />
              {actions}
            </SpaceBetween>
          }
        >
          {title}
        </Header>
      }
      {...(search && {
        filter: (
          <div className={filter === undefined ? '' : 'filters'}>
            <TextFilter
              {...filterProps}
              filteringAriaLabel={t('identities.find', { list: title })}
              filteringPlaceholder={t('identities.find', { list: title })}
              filteringClearAriaLabel={t('identities.clearFilter')}
              countText={t('identities.matches', { count: filteredItemsCount ?? 0 })}
            />
            {filter}
          </div>
        ),
        pagination: <Pagination {...paginationProps} openEnd={!list.isComplete && !list.error} />,
        preferences: (
          <CollectionPreferences
            preferences={{ pageSize, wrapLines, contentDisplay: display }}
            pageSizePreference={{
              options: [20, 50, 100].map(value => ({ value, label: t('identities.rows', { count: value }) })),
            }}
            wrapLinesPreference={{}}
            contentDisplayPreference={{
              options: columns.map(({ id, header }, index) => ({ id, label: header, alwaysVisible: index === 0 })),
            }}
            onConfirm={({ detail: { pageSize: size, wrapLines: wraps, contentDisplay } }) =>
              setTables({
                ...tables,
                [name]: {
                  ...preferences,
                  ...(size !== undefined && { pageSize: size }),
                  ...(wraps !== undefined && { wrapLines: wraps }),
                  ...(contentDisplay && { contentDisplay }),
                },
              })
            }
          />
        ),
      })}
    />
  )
}

/** In a cell: what was asked for each row of its own, as far as it is there and may be seen. */
export function Cell<T>({
  query,
  children,
}: {
  query: { data: T | undefined; error: Error | null }
  children: (data: T) => ReactNode
}): ReactNode {
  const t = useT()
  const places = usePlaces()
  const { data, error } = query
  if (data !== undefined) return children(data)
  if (!error) return '…'
  const requestId = error instanceof ApiError ? error.requestId : undefined
  const isDenied = error instanceof ApiError && error.code.startsWith('AccessDenied')
  if (!isDenied || requestId === undefined) return <Box color="text-status-error">{t('common.error')}</Box>
  return <Link href={href(places.denial(requestId))}>{t('identities.denied')}</Link>
}
