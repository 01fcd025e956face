import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import ButtonDropdown from '@cloudscape-design/components/button-dropdown'
import Header from '@cloudscape-design/components/header'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Table from '@cloudscape-design/components/table'
import { useState, type ReactNode } from 'react'
import { useChange, useKms } from '../../api/hooks.ts'
import { useT } from '../../i18n/index.tsx'
import { useParameters } from '../../ui/address.ts'
import { ErrorAlert } from '../../ui/errors.tsx'
import { notify } from '../../ui/notices.tsx'
import { Page } from '../../ui/page.tsx'
import { Confirm, Copy, Empty } from '../../ui/parts.tsx'
import { useRegion } from '../../ui/places.ts'
import { StoreDetail } from './detail.tsx'
import { StoreForm } from './form.tsx'
import { Connection, useStoreWords, type KeyStore } from './words.tsx'

type Dialog = 'create' | 'edit' | 'disconnect' | 'delete'

/** The custom key stores of a Region, at most ten; the one that the address names is shown in full. */
export default function KeyStores(): ReactNode {
  const t = useT()
  const region = useRegion()
  const words = useStoreWords()
  const [parameters, setParameters] = useParameters()
  const [dialog, setDialog] = useState<Dialog>()
  const { data, error, isPending, isFetching, refetch } = useKms('DescribeCustomKeyStores', {})
  const connect = useConnect()
  const stores = data?.CustomKeyStores ?? []
  const id = parameters.get('store')
  const store = stores.find(({ CustomKeyStoreId }) => CustomKeyStoreId === id)
  const close = (): void => setDialog(undefined)

  const createStore = (variant: 'primary' | 'normal') => (
    <Button variant={variant} onClick={() => setDialog('create')}>
      {t('stores.create')}
    </Button>
  )
  return (
    <Page title={t('frame.keyStores')} trail={[]} hasHeader={false}>
      <SpaceBetween size="l">
        <ErrorAlert error={error} retry={() => void refetch()} />
        <ErrorAlert error={connect.error} />
        <Table
          variant="container"
          trackBy="CustomKeyStoreId"
          selectionType="single"
          items={stores}
          selectedItems={store ? [store] : []}
          onSelectionChange={({ detail }) => setParameters({ store: detail.selectedItems[0]?.CustomKeyStoreId })}
          loading={isPending && !error}
          loadingText={t('common.loading')}
          wrapLines
          ariaLabels={{
            tableLabel: t('frame.keyStores'),
            selectionGroupLabel: t('stores.selection'),
            itemSelectionLabel: (_, { CustomKeyStoreName = '' }) => t('stores.select', { name: CustomKeyStoreName }),
          }}
          columnDefinitions={[
            {
              id: 'name',
              header: t('stores.name'),
              cell: ({ CustomKeyStoreName }) => CustomKeyStoreName,
              isRowHeader: true,
              minWidth: 160,
            },
            {
              id: 'id',
              header: t('stores.id'),
              cell: ({ CustomKeyStoreId = '' }) => (
                <span className="one-line">
                  <Copy text={CustomKeyStoreId} label={t('stores.id')} />
                </span>
              ),
              minWidth: 215,
            },
            { id: 'type', header: t('stores.type'), cell: words.type, minWidth: 130 },
            {
              id: 'connection',
              header: t('stores.connection'),
              cell: item => <Connection store={item} />,
              minWidth: 140,
            },
            { id: 'connectivity', header: t('stores.connectivity'), cell: words.connectivity, minWidth: 130 },
            {
              id: 'endpoint',
              header: t('stores.endpoint'),
              cell: store => <span className="broken">{words.endpoint(store)}</span>,
              minWidth: 200,
            },
          ]}
          header={
            <Header
              variant="h1"
              {...(data && { counter: `(${stores.length})` })}
              description={t('stores.text')}
              actions={
                <SpaceBetween direction="horizontal" size="xs">
                  <Button
                    iconName="refresh"
                    ariaLabel={t('common.refresh')}
                    loading={isFetching}
                    loadingText={t('common.loading')}
                    onClick={() => void refetch()}
                  />
                  {createStore('primary')}
                </SpaceBetween>
              }
            >
              {t('frame.keyStores')}
            </Header>
          }
          empty={
            error ? null : (
              <Empty title={t('stores.none', { region })} text={t('stores.noneText')} action={createStore('normal')} />
            )
          }
        />
        {store ? (
          <StoreDetail
            store={store}
            actions={
              <StoreActions
                store={store}
                isConnecting={connect.isPending}
                onConnect={() => connect.mutate(store)}
                onChoose={setDialog}
              />
            }
          />
        ) : id !== null && data ? (
          <Empty title={t('stores.gone', { id })} text={t('stores.goneText')} />
        ) : (
          stores.length > 0 && <Empty title={t('stores.choose')} />
        )}
      </SpaceBetween>
      {dialog === 'create' && (
        <StoreForm
          onClose={close}
          onSaved={created => {
            close()
            setParameters({ store: created.CustomKeyStoreId })
            notify(t('stores.createdDone', { name: created.CustomKeyStoreName ?? '' }))
          }}
        />
      )}
      {dialog === 'edit' && store && (
        <StoreForm
          store={store}
          onClose={close}
          onSaved={({ CustomKeyStoreName = '' }) => {
            close()
            notify(t('stores.savedDone', { name: CustomKeyStoreName }))
          }}
        />
      )}
      {dialog === 'disconnect' && store && <Disconnect store={store} onClose={close} />}
      {dialog === 'delete' && store && (
        <Delete
          store={store}
          onClose={close}
          onDeleted={() => {
            close()
            setParameters({ store: undefined })
          }}
        />
      )}
    </Page>
  )
}

/** Connects a store. Whether that has worked, the answer does not say: its state does. */
function useConnect() {
  const t = useT()
  return useChange(
    async (api, { CustomKeyStoreId }: KeyStore) => {
      await api.kms('ConnectCustomKeyStore', { CustomKeyStoreId })
      return await api.kms('DescribeCustomKeyStores', { CustomKeyStoreId })
    },
    {
      onSuccess({ CustomKeyStores: stores = [] }, { CustomKeyStoreName: name = '' }) {
        const [store] = stores
        if (store?.ConnectionState === 'CONNECTED') notify(t('stores.connected', { name }))
        else notify(t('stores.notConnected', { name, code: store?.ConnectionErrorCode ?? '' }), { type: 'warning' })
      },
    },
  )
}

function StoreActions({
  store: { ConnectionState: state },
  isConnecting,
  onConnect,
  onChoose,
}: {
  store: KeyStore
  isConnecting: boolean
  onConnect: () => void
  onChoose: (dialog: Dialog) => void
}): ReactNode {
  const t = useT()
  const isDisconnected = state === 'DISCONNECTED'
  const isFailed = state === 'FAILED'
  return (
    <ButtonDropdown
      loading={isConnecting}
      loadingText={t('stores.state.CONNECTING')}
      items={[
        {
          id: 'connect',
          text: t('stores.connect'),
          disabled: !isDisconnected,
          disabledReason: t(isFailed ? 'stores.connectFailed' : 'stores.connectImpossible'),
        },
        {
          id: 'disconnect',
          text: t('stores.disconnect'),
          disabled: isDisconnected,
          disabledReason: t('stores.disconnectImpossible'),
        },
        { id: 'edit', text: t('stores.edit'), disabled: isFailed, disabledReason: t('stores.editFailed') },
        {
          id: 'delete',
          text: t('stores.delete'),
          disabled: !isDisconnected,
          disabledReason: t('stores.deleteImpossible'),
        },
      ]}
      onItemClick={({ detail }) => (detail.id === 'connect' ? onConnect() : onChoose(detail.id as Dialog))} // The ids above.
    >
      {t('stores.actions')}
    </ButtonDropdown>
  )
}

function Disconnect({ store, onClose }: { store: KeyStore; onClose: () => void }): ReactNode {
  const t = useT()
  const { CustomKeyStoreId, CustomKeyStoreName: name = '' } = store
  const disconnect = useChange(api => api.kms('DisconnectCustomKeyStore', { CustomKeyStoreId }), {
    onSuccess() {
      notify(t('stores.disconnectedDone', { name }))
      onClose()
    },
  })
  return (
    <Confirm
      title={t('stores.disconnectTitle', { name })}
      confirmLabel={t('stores.disconnect')}
      isBusy={disconnect.isPending}
      error={disconnect.error}
      onConfirm={() => disconnect.mutate()}
      onClose={onClose}
    >
      {t('stores.disconnectText')}
    </Confirm>
  )
}

function Delete({
  store,
  onClose,
  onDeleted,
}: {
  store: KeyStore
  onClose: () => void
  onDeleted: () => void
}): ReactNode {
  const t = useT()
  const { CustomKeyStoreId, CustomKeyStoreName: name = '' } = store
  const remove = useChange(api => api.kms('DeleteCustomKeyStore', { CustomKeyStoreId }), {
    onSuccess() {
      notify(t('stores.deletedDone', { name }))
      onDeleted()
    },
  })
  return (
    <Confirm
      title={t('stores.deleteTitle', { name })}
      confirmLabel={t('stores.delete')}
      phrase={name}
      isBusy={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      <Box>{t('stores.deleteText')}</Box>
      <Box>{t('stores.deleteEmpty')}</Box>
    </Confirm>
  )
}
