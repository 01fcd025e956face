import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Header from '@cloudscape-design/components/header'
import Pagination from '@cloudscape-design/components/pagination'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Table from '@cloudscape-design/components/table'
import TextFilter from '@cloudscape-design/components/text-filter'
import { useState, type ReactNode } from 'react'
import { useChange, useKms } from '../../api/hooks.ts'
import type { KmsOutput } from '../../api/types.ts'
import { useDates, useT } from '../../i18n/index.tsx'
import { ErrorAlert } from '../../ui/errors.tsx'
import { notify } from '../../ui/notices.tsx'
import { Confirm, Copy, Empty } from '../../ui/parts.tsx'
import { CreateGrant } from './create-grant.tsx'
import type { Key } from './key.ts'

type Grant = NonNullable<KmsOutput<'ListGrants'>['Grants']>[number]

const pageSize = 20

/** Who was given leave to use the key, beside its policy. */
export function Grants({ shown: key }: { shown: Key }): ReactNode {
  const t = useT()
  const { time } = useDates()
  // The server gives one page after another: each is found by what the one before it said.
  const [markers, setMarkers] = useState<readonly (string | undefined)[]>([undefined])
  const [page, setPage] = useState(0)
  const [typed, setTyped] = useState('')
  const [grantee, setGrantee] = useState('')
  const [selected, setSelected] = useState<string>()
  const [dialog, setDialog] = useState<'create' | 'revoke'>()
  const marker = markers[page]
  const query = useKms(
    'ListGrants',
    {
      KeyId: key.KeyId,
      Limit: pageSize,
      ...(marker !== undefined && { Marker: marker }),
      ...(grantee !== '' && { GranteePrincipal: grantee }),
    },
    { keepPrevious: true },
  )
  const grants = query.data?.Grants ?? []
  const next = query.isPlaceholderData ? undefined : query.data?.NextMarker
  const chosen = grants.find(({ GrantId }) => GrantId === selected)
  const close = (): void => setDialog(undefined)
  const filter = (value: string): void => {
    setGrantee(value.trim())
    setMarkers([undefined])
    setPage(0)
    setSelected(undefined)
  }
  const goTo = (index: number): void => {
    if (index >= markers.length) {
      if (next === undefined) return
      setMarkers([...markers, next])
    }
    setPage(Math.min(index, markers.length))
    setSelected(undefined)
  }
  const isUsable = key.KeyState === 'Enabled' || key.KeyState === 'Unavailable'
  return (
    <SpaceBetween size="m">
      <ErrorAlert error={query.error} title={t('key.grants.notShown')} retry={() => void query.refetch()} />
      {(query.data || !query.error || grantee !== '') && (
        <Table
          items={query.error ? [] : grants}
          trackBy={({ GrantId = '' }) => GrantId}
          loading={query.isPending}
          loadingText={t('common.loading')}
          selectionType="single"
          selectedItems={chosen ? [chosen] : []}
          onSelectionChange={({ detail }) => setSelected(detail.selectedItems[0]?.GrantId)}
          wrapLines
          ariaLabels={{
            tableLabel: t('key.tab.grants'),
            selectionGroupLabel: t('key.grants.select'),
            itemSelectionLabel: (_, { GrantId = '' }) => t('key.grants.selectOne', { id: GrantId }),
          }}
          header={
            <Header
              variant="h2"
              description={t('key.grants.text')}
              actions={
                <SpaceBetween direction="horizontal" size="xs">
                  <Button disabled={!chosen} onClick={() => setDialog('revoke')}>
                    {t('key.grants.revoke')}
                  </Button>
                  <Button
                    disabled={!isUsable}
                    disabledReason={t('key.grants.notNow')}
                    onClick={() => setDialog('create')}
                  >
                    {t('key.grants.create')}
                  </Button>
                </SpaceBetween>
              }
            >
              {t('key.tab.grants')}
            </Header>
          }
          filter={
            <TextFilter
              filteringText={typed}
              filteringPlaceholder={t('key.grants.filter')}
              filteringAriaLabel={t('key.grants.filter')}
              onChange={({ detail }) => setTyped(detail.filteringText)}
              onDelayedChange={({ detail }) => filter(detail.filteringText)}
            />
          }
          pagination={
            <Pagination
              currentPageIndex={page + 1}
              pagesCount={markers.length}
              openEnd={next !== undefined}
              onChange={({ detail }) => goTo(detail.currentPageIndex - 1)}
            />
          }
          empty={
            grantee === '' ? (
              <Empty title={t('key.grants.none')} text={t('key.grants.noneText')} />
            ) : (
              <Empty title={t('key.grants.noMatch')} />
            )
          }
          columnDefinitions={[
            {
              id: 'id',
              header: t('key.grants.id'),
              isRowHeader: true,
              minWidth: 220,
              cell: ({ GrantId = '' }) => <Copy text={GrantId} label={t('key.grants.id')} />,
            },
            {
              id: 'name',
              header: t('key.grants.name'),
              minWidth: 120,
              cell: ({ Name = '' }) => <span className="key-text">{Name || '–'}</span>,
            },
            {
              id: 'grantee',
              header: t('key.grants.grantee'),
              minWidth: 200,
              cell: grant => (
                <span className="key-text">{grant.GranteePrincipal ?? grant.GranteeServicePrincipal ?? '–'}</span>
              ),
            },
            {
              id: 'retiring',
              header: t('key.grants.retiring'),
              minWidth: 130,
              cell: grant => (
                <span className="key-text">{grant.RetiringPrincipal ?? grant.RetiringServicePrincipal ?? '–'}</span>
              ),
            },
            {
              id: 'operations',
              header: t('key.grants.operations'),
              minWidth: 150,
              cell: ({ Operations = [] }) => Operations.join(', '),
            },
            {
              id: 'constraints',
              header: t('key.grants.constraints'),
              minWidth: 170,
              cell: grant => <Constraints grant={grant} />,
            },
            { id: 'created', header: t('key.created'), minWidth: 150, cell: ({ CreationDate }) => time(CreationDate) },
          ]}
        />
      )}
      {dialog === 'create' && <CreateGrant shown={key} onClose={close} />}
      {dialog === 'revoke' && chosen && <Revoke keyId={key.KeyId} grant={chosen} onClose={close} />}
    </SpaceBetween>
  )
}

function Constraints({ grant: { Constraints: limits } }: { grant: Grant }): ReactNode {
  const t = useT()
  const { EncryptionContextEquals: equals, EncryptionContextSubset: subset, SourceArn: source } = limits ?? {}
  if (!equals && !subset && source === undefined) return '–'
  return (
    <span className="key-text">
      {equals && <Pairs title={t('key.grants.equals')} pairs={equals} />}
      {subset && <Pairs title={t('key.grants.subset')} pairs={subset} />}
      {source !== undefined && <div>{source}</div>}
    </span>
  )
}

function Pairs({ title, pairs }: { title: string; pairs: Readonly<Record<string, string>> }): ReactNode {
  return (
    <>
      <Box color="text-body-secondary">{title}</Box>
      {Object.entries(pairs).map(([name, value]) => (
        <div key={name}>{`${name} = ${value}`}</div>
      ))}
    </>
  )
}

function Revoke({
  keyId,
  grant: { GrantId: id = '', GranteePrincipal, GranteeServicePrincipal },
  onClose,
}: {
  keyId: string
  grant: Grant
  onClose: () => void
}): ReactNode {
  const t = useT()
  const revoke = useChange(async api => await api.kms('RevokeGrant', { KeyId: keyId, GrantId: id }), {
    onSuccess() {
      notify(t('key.grants.revoked'))
      onClose()
    },
  })
  return (
    <Confirm
      title={t('key.grants.revokeTitle')}
      confirmLabel={t('key.grants.revoke')}
      isBusy={revoke.isPending}
      error={revoke.error}
      onConfirm={() => revoke.mutate()}
      onClose={onClose}
    >
      <Box>
        <span className="key-text">
          {t('key.grants.revokeText', { grantee: GranteePrincipal ?? GranteeServicePrincipal ?? '–' })}
        </span>
      </Box>
    </Confirm>
  )
}
