import Box from '@cloudscape-design/components/box'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import KeyValuePairs, { type KeyValuePairsProps } from '@cloudscape-design/components/key-value-pairs'
import Link from '@cloudscape-design/components/link'
import type { ReactNode } from 'react'
import { useDates, useT, type MessageName } from '../../i18n/index.tsx'
import { Copy } from '../../ui/parts.tsx'
import { href, usePlaces } from '../../ui/places.ts'
import { algorithmsOf, kindOf, type Key } from './key.ts'

const usages = [
  'ENCRYPT_DECRYPT',
  'SIGN_VERIFY',
  'GENERATE_VERIFY_MAC',
  'KEY_AGREEMENT',
  'ENCAPSULATE_DECAPSULATE',
] as const
const origins = ['AWS_KMS', 'EXTERNAL', 'EXTERNAL_KEY_STORE'] as const

/** What the key is, and what it can do. */
export function Cryptography({ shown: key }: { shown: Key }): ReactNode {
  const t = useT()
  const { time } = useDates()
  const places = usePlaces()
  // Of what a later server has, the name alone.
  const named = (names: readonly string[], prefix: string, name: string): string =>
    names.includes(name) ? t(`${prefix}.${name}` as MessageName) : name
  const kind = kindOf(key)
  const items: KeyValuePairsProps.Item[] = [
    { label: t('key.type'), value: t(`key.type.${kind}`) },
    { label: t('key.usage'), value: named(usages, 'key.usage', key.KeyUsage) },
    { label: t('key.spec'), value: <span className="mono">{key.KeySpec}</span> },
    {
      label: t('key.algorithms'),
      value: algorithmsOf(key).map(name => (
        <div key={name} className="mono">
          {name}
        </div>
      )),
    },
    { label: t('key.origin'), value: named(origins, 'key.origin', key.Origin) },
  ]
  if (key.CurrentKeyMaterialId !== undefined) {
    const label = t('key.materialId')
    items.push({ label, value: <Copy text={key.CurrentKeyMaterialId} label={label} /> })
  }
  if (key.ExpirationModel !== undefined) {
    const expires = key.ExpirationModel === 'KEY_MATERIAL_EXPIRES'
    items.push({
      label: t('key.expiration'),
      value: expires ? t('key.expiration.until', { time: time(key.ValidTo) }) : t('key.expiration.never'),
    })
  }
  if (key.CustomKeyStoreId !== undefined) {
    items.push(
      { label: t('key.store'), value: <Link href={href(places.keyStores)}>{key.CustomKeyStoreId}</Link> },
      { label: t('key.xksKeyId'), value: <span className="key-text">{key.XksKeyConfiguration?.Id ?? '–'}</span> },
    )
  }
  return (
    <Container header={<Header variant="h2">{t('key.tab.cryptography')}</Header>}>
      <KeyValuePairs columns={3} minColumnWidth={210} items={items} />
      <Box color="text-body-secondary" padding={{ top: 'm' }}>
        {t(`key.type.text.${kind}`)} {key.CustomKeyStoreId !== undefined && t('key.storeText')}
      </Box>
    </Container>
  )
}
