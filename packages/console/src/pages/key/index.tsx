import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Link from '@cloudscape-design/components/link'
import SpaceBetween from '@cloudscape-design/components/space-between'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import Tabs, { type TabsProps } from '@cloudscape-design/components/tabs'
import { lazy, Suspense, useEffect, useRef, useState, type ComponentType, type ReactNode } from 'react'
import { Redirect, useLocation } from 'wouter'
import { makeApi, type ApiError } from '../../api/client.ts'
import { useChange, useKms } from '../../api/hooks.ts'
import { endSession, useSession } from '../../api/session.ts'
import { useDates, useT } from '../../i18n/index.tsx'
import { ErrorAlert } from '../../ui/errors.tsx'
import { notify } from '../../ui/notices.tsx'
import { Page } from '../../ui/page.tsx'
import { Countdown, Loading } from '../../ui/parts.tsx'
import { href, keyTabs, placesIn, usePlaces, useRegion, useRegions, type KeyTab } from '../../ui/places.ts'
import { KeyActions, type MenuRef } from './actions.tsx'
import { kindOf, regionOf, shortAlias, type Key } from './key.ts'
import { Overview } from './overview.tsx'
import './key.css'

/** The content of each tab, loaded when somebody first opens it. */
const tabs: Readonly<Record<KeyTab, ComponentType<{ keyId: string; shown: Key }>>> = {
  policy: lazy(async () => ({ default: (await import('./policy-tab.tsx')).PolicyTab })),
  cryptography: lazy(async () => ({ default: (await import('./cryptography.tsx')).Cryptography })),
  material: lazy(async () => ({ default: (await import('./material-tab.tsx')).MaterialTab })),
  'public-key': lazy(async () => ({ default: (await import('./public-key.tsx')).PublicKey })),
  grants: lazy(async () => ({ default: (await import('./grants.tsx')).Grants })),
  tags: lazy(async () => ({ default: (await import('./tags.tsx')).Tags })),
  aliases: lazy(async () => ({ default: (await import('./aliases.tsx')).Aliases })),
  regionality: lazy(async () => ({ default: (await import('./regionality.tsx')).Regionality })),
  activity: lazy(async () => ({ default: (await import('./activity-tab.tsx')).ActivityTab })),
  access: lazy(async () => ({ default: (await import('./access-tab.tsx')).AccessTab })),
  code: lazy(async () => ({ default: (await import('./code.tsx')).CodeTab })),
  try: lazy(async () => ({ default: (await import('./try-it.tsx')).TryIt })),
}

function applies(tab: KeyTab, key: Key): boolean {
  if (tab === 'public-key') return kindOf(key) === 'asymmetric'
  if (tab === 'material') return key.CustomKeyStoreId === undefined
  return true
}

/** Everything about one key. It may be named by its id, its ARN or an alias; the address then goes on to its id. */
export default function KeyPage({ id, tab }: { id: string; tab: string }): ReactNode {
  const t = useT()
  const region = useRegion()
  const { regions } = useRegions()
  const places = usePlaces()
  const described = useKms('DescribeKey', { KeyId: id })
  const wanted = keyTabs.find(name => name === tab) ?? 'policy'
  const elsewhere = id.startsWith('arn:') ? regionOf(id) : region
  if (elsewhere !== region && regions.includes(elsewhere)) {
    return <Redirect to={placesIn(elsewhere).key(id, wanted)} replace />
  }
  const key = described.data?.KeyMetadata as Key | undefined // The server says all that is named there.
  if (key) {
    if (key.KeyId !== id) return <Redirect to={places.key(key.KeyId, wanted)} replace />
    return <KeyShown shown={key} tab={applies(wanted, key) ? wanted : 'policy'} />
  }
  return (
    <Page title={id} trail={[{ text: t('frame.customerKeys'), place: places.keys }]}>
      {described.error?.code === 'NotFoundException' ? (
        <Missing id={id} error={described.error} />
      ) : described.error ? (
        <ErrorAlert error={described.error} title={t('key.notShown')} retry={() => void described.refetch()} />
      ) : (
        <Loading />
      )}
    </Page>
  )
}

function KeyShown({ shown: key, tab }: { shown: Key; tab: KeyTab }): ReactNode {
  const t = useT()
  const places = usePlaces()
  const [, go] = useLocation()
  const menu = useRef<MenuRef>(null)
  const { data } = useKms('ListAliases', { KeyId: key.KeyId })
  const aliases = (data?.Aliases ?? []).flatMap(({ AliasName }) => AliasName ?? [])
  const title = aliases[0] === undefined ? key.KeyId : shortAlias(aliases[0])
  const enable = useChange(async api => await api.kms('EnableKey', { KeyId: key.KeyId }), {
    onSuccess: () => notify(t('key.enable.done', { key: title })),
  })
  const cancel = useChange(async api => await api.kms('CancelKeyDeletion', { KeyId: key.KeyId }), {
    onSuccess() {
      notify(t('key.cancel.done', { key: title }))
      // The button that was pressed may be gone with what it stood in.
      menu.current?.focus()
    },
  })
  const bar = useRef<HTMLDivElement>(null)
  useEffect(() => {
    // The component moves to a tab that is chosen, but not to one that the address names; it measures itself first.
    const timer = setTimeout(() => showTab(bar.current), 100)
    return () => clearTimeout(timer)
  }, [tab])
  const shownTabs = keyTabs
    .filter(name => applies(name, key))
    .map((name): TabsProps.Tab => {
      const Content = tabs[name]
      return {
        id: name,
        label: t(`key.tab.${name}`),
        href: href(places.key(key.KeyId, name)),
        content: (
          <Suspense fallback={<Loading />}>
            <Content keyId={key.KeyId} shown={key} />
          </Suspense>
        ),
      }
    })
  return (
    <Page
      title={title}
      trail={[{ text: t('frame.customerKeys'), place: places.keys }]}
      actions={
        <KeyActions
          shown={key}
          title={title}
          aliases={aliases}
          ref={menu}
          onEnable={() => enable.mutate()}
          onCancelDeletion={() => cancel.mutate()}
        />
      }
    >
      <SpaceBetween size="l">
        <ErrorAlert error={enable.error} title={t('key.enable.failed')} />
        <ErrorAlert error={cancel.error} title={t('key.cancel.failed')} />
        <StateAlert shown={key} isBusy={cancel.isPending} onCancelDeletion={() => cancel.mutate()} />
        <Overview shown={key} aliases={aliases} />
        <div ref={bar}>
          <Tabs
            tabs={shownTabs}
            activeTabId={tab}
            ariaLabel={t('key.tabs')}
            onChange={({ detail }) => go(places.key(key.KeyId, detail.activeTabId as KeyTab))} // The ids above.
          />
        </div>
      </SpaceBetween>
    </Page>
  )
}

/** What keeps the key from being used, and what to do about it. */
function StateAlert({
  shown: key,
  isBusy,
  onCancelDeletion,
}: {
  shown: Key
  isBusy: boolean
  onCancelDeletion: () => void
}): ReactNode {
  const t = useT()
  const { time } = useDates()
  const places = usePlaces()
  const [, go] = useLocation()
  const cancelButton = (
    <Button loading={isBusy} onClick={onCancelDeletion}>
      {t('key.action.cancelDeletion')}
    </Button>
  )
  switch (key.KeyState) {
    case 'PendingImport': {
      // Of symmetric keys the server names the material that it once had.
      const isFirst = key.CurrentKeyMaterialId === undefined
      return (
        <Alert
          type="info"
          statusIconAriaLabel={t('common.info')}
          header={t('key.pendingImport')}
          action={
            <Button onClick={() => go(places.importMaterial(key.KeyId))}>
              {t(isFirst ? 'key.action.import' : 'key.action.upload')}
            </Button>
          }
        >
          {t(isFirst ? 'key.pendingImportText' : 'key.pendingReimportText')}
        </Alert>
      )
    }
    case 'PendingDeletion':
      return (
        <Alert
          type="warning"
          statusIconAriaLabel={t('common.warning')}
          header={t('key.pendingDeletion', { time: time(key.DeletionDate) })}
          action={cancelButton}
        >
          {t('key.pendingDeletionText')}{' '}
          {key.DeletionDate !== undefined && (
            <Countdown until={new Date(key.DeletionDate * 1000)} over={t('key.deletionDue')} />
          )}
        </Alert>
      )
    case 'PendingReplicaDeletion':
      return (
        <Alert
          type="warning"
          statusIconAriaLabel={t('common.warning')}
          header={t('key.pendingReplicaDeletion')}
          action={cancelButton}
        >
          {t('key.pendingReplicaDeletionText', { days: key.PendingDeletionWindowInDays ?? 30 })}
        </Alert>
      )
    case 'Unavailable':
      return (
        <Alert
          type="warning"
          statusIconAriaLabel={t('common.warning')}
          header={t('key.unavailable')}
          action={<Button onClick={() => go(places.keyStores)}>{t('frame.keyStores')}</Button>}
        >
          {t('key.unavailableText')}
        </Alert>
      )
    case 'Enabled':
    case 'Disabled':
    case 'Creating':
    case 'Updating':
      return null
  }
}

interface Found {
  region: string
  state: 'there' | 'absent' | 'unknown'
}

/** There is no such key here; perhaps there is in another Region. */
function Missing({ id, error }: { id: string; error: ApiError }): ReactNode {
  const t = useT()
  const here = useRegion()
  const { regions } = useRegions()
  const { credentials } = useSession()
  const places = usePlaces()
  const [found, setFound] = useState<Found[]>()
  const [isBusy, setBusy] = useState(false)
  const others = regions.filter(region => region !== here)

  const look = async (): Promise<void> => {
    setBusy(true)
    const lookIn = async (region: string): Promise<Found> => {
      try {
        await makeApi(credentials, region, endSession).kms('DescribeKey', { KeyId: id })
        return { region, state: 'there' }
      } catch (failure) {
        // Calls throw nothing else.
        return { region, state: (failure as ApiError).code === 'NotFoundException' ? 'absent' : 'unknown' }
      }
    }
    setFound(await Promise.all(others.map(lookIn)))
    setBusy(false)
  }
  const there = found?.filter(({ state }) => state === 'there') ?? []
  const unknown = found?.filter(({ state }) => state === 'unknown') ?? []
  return (
    <SpaceBetween size="m">
      <ErrorAlert error={error} title={t('key.missing', { region: here })} />
      <Box>{t(id.startsWith('mrk-') ? 'key.missingMultiRegion' : 'key.missingText')}</Box>
      <SpaceBetween direction="horizontal" size="xs">
        {others.length > 0 && (
          <Button loading={isBusy} onClick={() => void look()}>
            {t('key.lookElsewhere')}
          </Button>
        )}
        <Button href={href(places.keys)}>{t('frame.customerKeys')}</Button>
      </SpaceBetween>
      <div role="status">
        {found && (
          <SpaceBetween size="xs">
            {there.map(({ region }) => (
              <StatusIndicator key={region} type="success">
                <Link href={href(placesIn(region).key(id))}>{t('key.foundIn', { region })}</Link>
              </StatusIndicator>
            ))}
            {there.length === 0 && <StatusIndicator type="stopped">{t('key.foundNowhere')}</StatusIndicator>}
            {unknown.length > 0 && (
              <StatusIndicator type="warning">
                {t('key.notAllowedIn', { regions: unknown.map(({ region }) => region).join(', ') })}
              </StatusIndicator>
            )}
          </SpaceBetween>
        )}
      </div>
    </SpaceBetween>
  )
}

/** Moves the row of tabs, and nothing else, so far that the active one is seen. */
function showTab(bar: HTMLElement | null): void {
  const active = bar?.querySelector('[role=tab][aria-selected=true]')
  const row = active?.closest('[role=tablist]')
  if (!active || !row) return
  const [tab, frame] = [active.getBoundingClientRect(), row.getBoundingClientRect()]
  if (tab.left < frame.left || tab.right > frame.right) {
    row.scrollLeft += tab.left + tab.width / 2 - (frame.left + frame.width / 2)
  }
}
