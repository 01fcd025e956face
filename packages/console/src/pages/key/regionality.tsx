import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import Link from '@cloudscape-design/components/link'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Table from '@cloudscape-design/components/table'
import { useState, type ReactNode } from 'react'
import { useKms } from '../../api/hooks.ts'
import { useT } from '../../i18n/index.tsx'
import { Copy, Empty, KeyState } from '../../ui/parts.tsx'
import { href, placesIn, useRegions } from '../../ui/places.ts'
import { regionOf, type Key } from './key.ts'
import { ChangePrimary, Replicate } from './regionality-dialogs.tsx'

interface Member {
  region: string
  arn: string
  isPrimary: boolean
}

/** In which Regions the key is, and what makes it be in more of them. */
export function Regionality({ shown: key }: { shown: Key }): ReactNode {
  const t = useT()
  if (key.MultiRegion !== true) {
    return (
      <Container header={<Header variant="h2">{t('key.tab.regionality')}</Header>}>
        <Box variant="strong">{t('key.regionality.single')}</Box>
        <Box color="text-body-secondary">{t('key.regions.singleText', { region: regionOf(key.Arn) })}</Box>
      </Container>
    )
  }
  return <Family shown={key} />
}

function Family({ shown: key }: { shown: Key }): ReactNode {
  const t = useT()
  const { regions } = useRegions()
  const [dialog, setDialog] = useState<'replicate' | 'primary'>()
  const { MultiRegionKeyType, PrimaryKey, ReplicaKeys = [] } = key.MultiRegionConfiguration ?? {}
  const isPrimary = MultiRegionKeyType === 'PRIMARY'
  const here = regionOf(key.Arn)
  const members: Member[] = [PrimaryKey, ...ReplicaKeys].map((member, index) => ({
    region: member?.Region ?? '',
    arn: member?.Arn ?? '',
    isPrimary: index === 0,
  }))
  const related = members.filter(({ region }) => region !== here)
  const free = regions.filter(region => members.every(member => member.region !== region))
  const replicas = related.filter(({ region }) => isPrimary && regions.includes(region)).map(({ region }) => region)
  const isUsable = key.KeyState === 'Enabled'
  const whyNot = !isPrimary ? t('key.regions.onlyPrimary') : !isUsable ? t('key.regions.onlyEnabled') : undefined
  const close = (): void => setDialog(undefined)
  const whyNoReplica = whyNot ?? (free.length === 0 ? t('key.regions.noneFree') : undefined)
  const whyNoChange = whyNot ?? (replicas.length === 0 ? t('key.regions.noReplica') : undefined)
  return (
    <>
      <Table
        items={related}
        trackBy="region"
        wrapLines
        ariaLabels={{ tableLabel: t('key.regions.related') }}
        header={
          <Header
            variant="h2"
            counter={`(${related.length})`}
            description={isPrimary ? t('key.regions.primaryText') : t('key.regions.replicaText')}
            actions={
              <SpaceBetween direction="horizontal" size="xs">
                <Button
                  disabled={whyNoChange !== undefined}
                  disabledReason={whyNoChange ?? ''}
                  onClick={() => setDialog('primary')}
                >
                  {t('key.regions.change')}
                </Button>
                <Button
                  disabled={whyNoReplica !== undefined}
                  disabledReason={whyNoReplica ?? ''}
                  onClick={() => setDialog('replicate')}
                >
                  {t('key.regions.replicate')}
                </Button>
              </SpaceBetween>
            }
          >
            {t('key.regions.related')}
          </Header>
        }
        empty={<Empty title={t('key.regions.none')} text={t('key.regions.noneText')} />}
        columnDefinitions={[
          {
            id: 'region',
            header: t('key.region'),
            isRowHeader: true,
            minWidth: 130,
            cell: ({ region }) =>
              regions.includes(region) ? (
                <Link href={href(placesIn(region).key(key.KeyId, 'regionality'))}>{region}</Link>
              ) : (
                region
              ),
          },
          {
            id: 'kind',
            header: t('key.regionality'),
            minWidth: 160,
            cell: member => t(member.isPrimary ? 'key.regionality.primary' : 'key.regionality.replica'),
          },
          {
            id: 'state',
            header: t('key.status'),
            minWidth: 150,
            cell: ({ region }) => (regions.includes(region) ? <StateIn region={region} keyId={key.KeyId} /> : '–'),
          },
          {
            id: 'arn',
            header: t('key.arn'),
            minWidth: 260,
            cell: ({ arn, region }) => <Copy text={arn} label={t('key.regions.arnIn', { region })} />,
          },
        ]}
      />
      {dialog === 'replicate' && <Replicate shown={key} free={free} onClose={close} />}
      {dialog === 'primary' && <ChangePrimary shown={key} replicas={replicas} onClose={close} />}
    </>
  )
}

function StateIn({ region, keyId }: { region: string; keyId: string }): ReactNode {
  const t = useT()
  const { data, error } = useKms('DescribeKey', { KeyId: keyId }, { region })
  if (error && !data) return t('key.notAllowed')
  return <KeyState state={data?.KeyMetadata?.KeyState} />
}
