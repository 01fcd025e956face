import Box from '@cloudscape-design/components/box'
import StatusIndicator, { type StatusIndicatorProps } from '@cloudscape-design/components/status-indicator'
import { useMemo, type ReactNode } from 'react'
import type { KmsOutput } from '../../api/types.ts'
import { useT, type MessageName } from '../../i18n/index.tsx'
import { en } from '../../i18n/en/index.ts'

export type KeyStore = NonNullable<KmsOutput<'DescribeCustomKeyStores'>['CustomKeyStores']>[number]

/** What the console calls the values of the API; those that only a later server knows are shown as they are. */
export function useStoreWords(): {
  type: (store: KeyStore) => string
  connectivity: (store: KeyStore) => string
  endpoint: (store: KeyStore) => string
} {
  const t = useT()
  return useMemo(() => {
    const word = (prefix: string, value: string | undefined): string => {
      const name = `${prefix}.${value ?? ''}`
      return Object.hasOwn(en, name) ? t(name as MessageName) : (value ?? '–') // Just looked up.
    }
    return {
      type: ({ CustomKeyStoreType }) => word('stores.type', CustomKeyStoreType),
      connectivity: ({ XksProxyConfiguration: proxy }) => word('stores.connectivity', proxy?.Connectivity),
      endpoint: ({ XksProxyConfiguration: proxy }) => `${proxy?.UriEndpoint ?? ''}${proxy?.UriPath ?? ''}`,
    }
  }, [t])
}

const stateTypes: Readonly<Record<string, StatusIndicatorProps.Type>> = {
  CONNECTED: 'success',
  CONNECTING: 'in-progress',
  DISCONNECTED: 'stopped',
  DISCONNECTING: 'in-progress',
  FAILED: 'error',
}

/** Whether a store is connected, and if that has failed, why. */
export function Connection({
  store: { ConnectionState: state, ConnectionErrorCode: code },
}: {
  store: KeyStore
}): ReactNode {
  const t = useT()
  const type = state && stateTypes[state]
  return (
    <>
      <StatusIndicator type={type ?? 'info'} wrapText={false}>
        {type ? t(`stores.state.${state}` as MessageName) : (state ?? '–')}
      </StatusIndicator>
      {code !== undefined && (
        <Box fontSize="body-s" color="text-body-secondary">
          {code}
        </Box>
      )}
    </>
  )
}

/** What to do about a ConnectionErrorCode. */
export function useFailureText(): (code: string) => string {
  const t = useT()
  return code => {
    const name = `stores.failure.${code}`
    return t(Object.hasOwn(en, name) ? (name as MessageName) : 'stores.failure.other') // Just looked up.
  }
}
