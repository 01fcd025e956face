import { useCollection } from '@cloudscape-design/collection-hooks'
import AttributeEditor from '@cloudscape-design/components/attribute-editor'
import Box from '@cloudscape-design/components/box'
import Header from '@cloudscape-design/components/header'
import Input from '@cloudscape-design/components/input'
import Pagination from '@cloudscape-design/components/pagination'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Table, { type TableProps } from '@cloudscape-design/components/table'
import TextFilter from '@cloudscape-design/components/text-filter'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { ApiError } from '../api/client.ts'
import { allPages, useApi } from '../api/hooks.ts'
import type { IamOutput } from '../api/types.ts'
import { useLanguage, useT, type Translate } from '../i18n/index.tsx'
import { ErrorAlert } from './errors.tsx'
import { Empty } from './parts.tsx'
import { describePrincipal } from './policy-statements.tsx'

/** Users and roles, as policies name them. */

export interface Principal {
  arn: string
  name: string
  path: string
  kind: 'user' | 'role' | 'other'
}

/** What an ARN says of who it is. */
export function principalOf(t: Translate, arn: string): Principal {
  const [, kind, path = '/', name] = /^arn:[\w-]+:iam::\d{12}:(user|role)(\/(?:.*\/)?)([^/]+)$/.exec(arn) ?? []
  if (name === undefined) return { arn, name: describePrincipal(t, arn), path: '', kind: 'other' }
  return { arn, name, path, kind: kind === 'role' ? 'role' : 'user' }
}

/** Whether a key policy can name this: a user, a role, a session or the whole account. */
export const isPrincipalArn = (text: string): boolean =>
  /^arn:aws:(?:iam::\d{12}:(?:root|(?:user|role)\/[\w+=,.@/-]+)|sts::\d{12}:(?:assumed-role|federated-user)\/[\w+=,.@/-]+)$/.test(
    text,
  )

export const isAccount = (text: string): boolean => /^\d{12}$/.test(text)

/** Of the account: all pages. Nothing is read before it is enabled. */
export function usePrincipals(enabled = true): {
  users: { data: Principal[] | undefined; error: ApiError | null; refetch: () => unknown }
  roles: { data: Principal[] | undefined; error: ApiError | null; refetch: () => unknown }
} {
  const api = useApi()
  const next = ({ IsTruncated, Marker }: { IsTruncated?: boolean | undefined; Marker?: string | undefined }) =>
    IsTruncated && Marker !== undefined ? { MaxItems: 1000, Marker } : undefined
  const users = useQuery<Principal[], ApiError>({
    queryKey: ['iam', 'ListUsers', 'all'],
    enabled,
    queryFn: async () => {
      const pages = await allPages<object, IamOutput<'ListUsers'>>(
        input => api.iam('ListUsers', input),
        { MaxItems: 1000 },
        next,
      )
      return pages.flatMap(({ Users = [] }) =>
        Users.map(({ Arn = '', UserName = '', Path = '/' }) => ({
          arn: Arn,
          name: UserName,
          path: Path,
          kind: 'user',
        })),
      )
    },
  })
  const roles = useQuery<Principal[], ApiError>({
    queryKey: ['iam', 'ListRoles', 'all'],
    enabled,
    queryFn: async () => {
      const pages = await allPages<object, IamOutput<'ListRoles'>>(
        input => api.iam('ListRoles', input),
        { MaxItems: 1000 },
        next,
      )
      return pages.flatMap(({ Roles = [] }) =>
        Roles.map(({ Arn = '', RoleName = '', Path = '/' }) => ({
          arn: Arn,
          name: RoleName,
          path: Path,
          kind: 'role',
        })),
      )
    },
  })
  return { users, roles }
}

/** The columns of a table of principals. */
export function usePrincipalColumns(): TableProps.ColumnDefinition<Principal>[] {
  const t = useT()
  const { compare } = new Intl.Collator(useLanguage(), { numeric: true })
  return [
    {
      id: 'name',
      header: t('policy.name'),
      cell: ({ name }) => name,
      isRowHeader: true,
      sortingComparator: (a, b) => compare(a.name, b.name),
    },
    { id: 'path', header: t('policy.path'), cell: ({ path }) => path || '–', sortingField: 'path' },
    { id: 'kind', header: t('policy.type'), cell: ({ kind }) => t(`policy.type.${kind}`), sortingField: 'kind' },
  ]
}

/** Chooses among the users and roles of the account; whoever may not see them, or wants others, types their ARNs. */
export function PrincipalPicker({
  label,
  chosen,
  onChange,
  typed,
  onType,
  isTried,
  leftOut = [],
}: {
  label: string
  /** ARNs of those in the list that are chosen. */
  chosen: readonly string[]
  onChange: (arns: string[]) => void
  /** What was typed, right or wrong, also if nothing yet. */
  typed: readonly string[]
  onType: (texts: string[]) => void
  /** Whether what is wrong is to be pointed out. */
  isTried: boolean
  /** ARNs that are not offered. */
  leftOut?: readonly string[]
}): ReactNode {
  const t = useT()
  const { users, roles } = usePrincipals()
  const columns = usePrincipalColumns()
  const known = [...(users.data ?? []), ...(roles.data ?? [])]
  const offered = known.filter(({ arn }) => !leftOut.includes(arn))
  const { items, collectionProps, filterProps, paginationProps, filteredItemsCount } = useCollection(offered, {
    filtering: {
      fields: ['name', 'path', 'arn'],
      empty: <Empty title={t('policy.noPrincipals')} text={t('policy.noPrincipalsText')} />,
      noMatch: <Empty title={t('policy.noMatch')} />,
    },
    pagination: { pageSize: 10 },
    sorting: { defaultState: { sortingColumn: columns[0] ?? {} } },
    selection: { keepSelection: true, trackBy: 'arn' },
  })
  const isLoading = (!users.data && !users.error) || (!roles.data && !roles.error)
  return (
    <SpaceBetween size="m">
      {[users, roles].map(
        ({ error, refetch }, index) =>
          error && (
            <ErrorAlert
              key={index}
              error={error}
              retry={() => void refetch()}
              title={t(index === 0 ? 'policy.noUsersShown' : 'policy.noRolesShown')}
            />
          ),
      )}
      {!(users.error && roles.error) && (
        <Table
          {...collectionProps}
          items={items}
          variant="embedded"
          columnDefinitions={columns}
          loading={isLoading}
          loadingText={t('common.loading')}
          selectionType="multi"
          selectedItems={known.filter(({ arn }) => chosen.includes(arn))}
          onSelectionChange={({ detail }) => onChange(detail.selectedItems.map(({ arn }) => arn))}
          ariaLabels={{
            tableLabel: label,
            selectionGroupLabel: label,
            allItemsSelectionLabel: () => t('policy.chooseAll'),
            itemSelectionLabel: (_, { name, kind }) => t('policy.choose', { kind: t(`policy.type.${kind}`), name }),
          }}
          header={
            <Header
              variant="h3"
              counter={chosen.length > 0 ? `(${chosen.length}/${offered.length})` : `(${offered.length})`}
            >
              {label}
            </Header>
          }
          filter={
            <TextFilter
              {...filterProps}
              filteringPlaceholder={t('policy.find')}
              filteringAriaLabel={t('policy.find')}
              countText={t('policy.matches', { count: filteredItemsCount ?? 0 })}
            />
          }
          pagination={
            <Pagination
              {...paginationProps}
              ariaLabels={{
                nextPageLabel: t('policy.nextPage'),
                previousPageLabel: t('policy.previousPage'),
                pageLabel: number => t('policy.page', { number }),
              }}
            />
          }
        />
      )}
      <TypedList
        label={t('policy.byArn')}
        description={t('policy.byArnText')}
        addLabel={t('policy.addArn')}
        itemLabel={t('policy.arn')}
        placeholder="arn:aws:iam::111122223333:role/ExampleRole"
        texts={typed}
        onChange={onType}
        wrong={text => (isTried && text !== '' && !isPrincipalArn(text) ? t('policy.wrongArn') : '')}
      />
    </SpaceBetween>
  )
}

/** Other accounts, by their numbers. */
export function AccountList({
  texts,
  onChange,
  isTried,
  own,
}: {
  texts: readonly string[]
  onChange: (texts: string[]) => void
  isTried: boolean
  /** The account of the key, which is none of them. */
  own: string
}): ReactNode {
  const t = useT()
  const wrong = (text: string): string => {
    if (!isTried || text === '') return ''
    if (!isAccount(text)) return t('policy.wrongAccount')
    return text === own ? t('policy.ownAccount') : ''
  }
  return (
    <TypedList
      label={t('policy.otherAccounts')}
      description={t('policy.otherAccountsText')}
      addLabel={t('policy.addAccount')}
      itemLabel={t('policy.accountId')}
      placeholder="444455556666"
      texts={texts}
      onChange={onChange}
      wrong={wrong}
    />
  )
}

/** Lines of text, as many as wanted. */
function TypedList({
  label,
  description,
  addLabel,
  itemLabel,
  placeholder,
  texts,
  onChange,
  wrong,
}: {
  label: string
  description: string
  addLabel: string
  itemLabel: string
  placeholder: string
  texts: readonly string[]
  onChange: (texts: string[]) => void
  /** What is wrong with a text; nothing if it is empty. */
  wrong: (text: string) => string
}): ReactNode {
  const t = useT()
  const items = texts.map(text => ({ text }))
  return (
    <SpaceBetween size="xs">
      <div>
        <Box variant="h4">{label}</Box>
        <Box color="text-body-secondary">{description}</Box>
      </div>
      <AttributeEditor
        items={items}
        addButtonText={addLabel}
        removeButtonText={t('common.remove')}
        removeButtonAriaLabel={({ text }) => t('policy.removeItem', { item: text === '' ? itemLabel : text })}
        onAddButtonClick={() => onChange([...texts, ''])}
        onRemoveButtonClick={({ detail }) => onChange(texts.filter((_, index) => index !== detail.itemIndex))}
        definition={[
          {
            label: itemLabel,
            errorText: ({ text }) => wrong(text),
            control: ({ text }, index) => (
              <Input
                value={text}
                placeholder={placeholder}
                spellcheck={false}
                autoComplete={false}
                onChange={({ detail }) =>
                  onChange(texts.map((other, at) => (at === index ? detail.value.trim() : other)))
                }
              />
            ),
          },
        ]}
        gridLayout={[{ rows: [[1]], removeButton: { width: 'auto' } }]}
        empty={null}
      />
    </SpaceBetween>
  )
}
