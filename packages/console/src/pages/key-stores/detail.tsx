import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { ReactNode } from 'react'
import { useDates, useT } from '../../i18n/index.tsx'
import { withParameters } from '../../ui/address.ts'
import { Copy } from '../../ui/parts.tsx'
import { href, usePlaces } from '../../ui/places.ts'
import { Connection, useFailureText, useStoreWords, type KeyStore } from './words.tsx'

/** All that is known of a key store, and what to do if it could not be connected. */
export function StoreDetail({ store, actions }: { store: KeyStore; actions: ReactNode }): ReactNode {
  const t = useT()
  const places = usePlaces()
  const words = useStoreWords()
  const failureText = useFailureText()
  const { time } = useDates()
  const {
    CustomKeyStoreId: id = '',
    CustomKeyStoreName: name,
    ConnectionState: state,
    ConnectionErrorCode: code,
    CreationDate,
    XksProxyConfiguration: proxy,
  } = store
  const service = proxy?.VpcEndpointServiceName
  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button href={href(withParameters(places.keys, { store: id }))}>{t('stores.keys')}</Button>
              <Button
                disabled={state !== 'CONNECTED'}
                disabledReason={t('stores.createKeyImpossible')}
                href={href(withParameters(places.createKey, { store: id }))}
              >
                {t('stores.createKey')}
              </Button>
              {actions}
            </SpaceBetween>
          }
        >
          {name}
        </Header>
      }
    >
      <SpaceBetween size="m">
        {code !== undefined && (
          <Alert type="error" statusIconAriaLabel={t('common.error')} header={t('stores.failure', { code })}>
            {failureText(code)}
            <Box color="inherit" padding={{ top: 'xxs' }}>
              {t('stores.failureSteps')}
            </Box>
          </Alert>
        )}
        <KeyValuePairs
          columns={3}
          items={[
            { label: t('stores.id'), value: <Copy text={id} label={t('stores.id')} /> },
            { label: t('stores.type'), value: words.type(store) },
            { label: t('stores.connection'), value: <Connection store={store} /> },
            { label: t('stores.connectivity'), value: words.connectivity(store) },
            { label: t('stores.endpoint'), value: proxy?.UriEndpoint ?? '–' },
            { label: t('stores.path'), value: proxy?.UriPath ?? '–' },
            {
              label: t('stores.accessKeyId'),
              value: proxy?.AccessKeyId ? <Copy text={proxy.AccessKeyId} label={t('stores.accessKeyId')} /> : '–',
            },
            { label: t('stores.created'), value: time(CreationDate) },
            ...(service === undefined ? [] : [{ label: t('stores.service'), value: service }]),
          ]}
        />
      </SpaceBetween>
    </Container>
  )
}
