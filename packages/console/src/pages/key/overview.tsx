import Box from '@cloudscape-design/components/box'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import KeyValuePairs, { type KeyValuePairsProps } from '@cloudscape-design/components/key-value-pairs'
import Link from '@cloudscape-design/components/link'
import Popover from '@cloudscape-design/components/popover'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { ReactNode } from 'react'
import { useKms } from '../../api/hooks.ts'
import { useDates, useT } from '../../i18n/index.tsx'
import { Copy, Countdown, KeyState } from '../../ui/parts.tsx'
import { href, usePlaces } from '../../ui/places.ts'
import { regionOf, shortAlias, type Key } from './key.ts'

/** The container General configuration. */
export function Overview({ shown: key, aliases }: { shown: Key; aliases: readonly string[] }): ReactNode {
  const t = useT()
  const { time } = useDates()
  const items: KeyValuePairsProps.Item[] = [
    { label: t('key.alias'), value: <AliasNames aliases={aliases} keyId={key.KeyId} /> },
    { label: t('key.status'), value: <KeyState state={key.KeyState} /> },
    { label: t('key.created'), value: time(key.CreationDate) },
    { label: t('key.arn'), value: <Copy text={key.Arn} label={t('key.arn')} /> },
    { label: t('key.id'), value: <Copy text={key.KeyId} label={t('key.id')} /> },
    { label: t('key.description'), value: <div className="key-text">{key.Description || '–'}</div> },
    { label: t('key.regionality'), value: <RegionalityName shown={key} /> },
    { label: t('key.region'), value: regionOf(key.Arn) },
    { label: t('key.account'), value: key.AWSAccountId },
    { label: t('key.lastUsed'), value: <LastUsed keyId={key.KeyId} /> },
  ]
  if (key.DeletionDate !== undefined) items.push({ label: t('key.deletionDate'), value: time(key.DeletionDate) })
  if (key.ValidTo !== undefined) {
    const until = new Date(key.ValidTo * 1000)
    const value = (
      <>
        <div>{time(key.ValidTo)}</div>
        <Box color="text-body-secondary" fontSize="body-s">
          {t('key.expiresIn')} <Countdown until={until} over={t('key.expired')} />
        </Box>
      </>
    )
    items.push({ label: t('key.expires'), value })
  }
  return (
    <Container header={<Header variant="h2">{t('key.general')}</Header>}>
      <KeyValuePairs columns={3} minColumnWidth={210} items={items} />
    </Container>
  )
}

function AliasNames({ aliases, keyId }: { aliases: readonly string[]; keyId: string }): ReactNode {
  const t = useT()
  const places = usePlaces()
  const [first, ...others] = aliases
  if (first === undefined) return '–'
  return (
    <SpaceBetween direction="horizontal" size="xs">
      <span className="key-text">{shortAlias(first)}</span>
      {others.length > 0 && (
        <Link href={href(places.key(keyId, 'aliases'))}>{t('key.moreAliases', { count: others.length })}</Link>
      )}
    </SpaceBetween>
  )
}

export function RegionalityName({ shown: key }: { shown: Key }): ReactNode {
  const t = useT()
  if (key.MultiRegion !== true) return t('key.regionality.single')
  const isPrimary = key.MultiRegionConfiguration?.MultiRegionKeyType === 'PRIMARY'
  return t(isPrimary ? 'key.regionality.primary' : 'key.regionality.replica')
}

/** When the key last did something, and what. */
export function LastUsed({ keyId }: { keyId: string }): ReactNode {
  const t = useT()
  const { time } = useDates()
  const { data, error } = useKms('GetKeyLastUsage', { KeyId: keyId })
  if (error && !data) {
    return (
      <Popover content={`${error.code}: ${error.message}`} dismissAriaLabel={t('common.close')}>
        {t('key.notAllowed')}
      </Popover>
    )
  }
  if (!data) return '–'
  const { Timestamp, Operation } = data.KeyLastUsage ?? {}
  if (Timestamp === undefined) return t('key.neverUsed')
  return t('key.usedBy', { time: time(Timestamp), operation: Operation ?? '' })
}
