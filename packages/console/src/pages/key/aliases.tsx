import Autosuggest from '@cloudscape-design/components/autosuggest'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import FormField from '@cloudscape-design/components/form-field'
import Header from '@cloudscape-design/components/header'
import Input from '@cloudscape-design/components/input'
import Link from '@cloudscape-design/components/link'
import SpaceBetween from '@cloudscape-design/components/space-between'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import Table from '@cloudscape-design/components/table'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { allPages, useApi, useChange, useKms } from '../../api/hooks.ts'
import type { KmsInput, KmsOutput } from '../../api/types.ts'
import { useDates, useT } from '../../i18n/index.tsx'
import { ErrorAlert } from '../../ui/errors.tsx'
import { notify } from '../../ui/notices.tsx'
import { Confirm, Copy, Empty, Loading } from '../../ui/parts.tsx'
import { href, usePlaces, useRegion } from '../../ui/places.ts'
import { isPendingDeletion, shortAlias, type Key } from './key.ts'

type Alias = NonNullable<KmsOutput<'ListAliases'>['Aliases']>[number]
type Dialog = 'create' | 'move' | 'delete'

/** The names that lead to the key. */
export function Aliases({ shown: key }: { shown: Key }): ReactNode {
  const t = useT()
  const { time } = useDates()
  const [selected, setSelected] = useState<string>()
  const [dialog, setDialog] = useState<Dialog>()
  // A key has 50 at most.
  const query = useKms('ListAliases', { KeyId: key.KeyId, Limit: 100 })
  const aliases = query.data?.Aliases ?? []
  const chosen = aliases.find(({ AliasName }) => AliasName === selected)
  const close = (): void => setDialog(undefined)
  if (query.error && !query.data) {
    return <ErrorAlert error={query.error} title={t('key.aliases.notShown')} retry={() => void query.refetch()} />
  }
  return (
    <>
      <Table
        items={aliases}
        trackBy="AliasName"
        loading={query.isPending}
        loadingText={t('common.loading')}
        selectionType="single"
        selectedItems={chosen ? [chosen] : []}
        onSelectionChange={({ detail }) => setSelected(detail.selectedItems[0]?.AliasName)}
        wrapLines
        ariaLabels={{
          tableLabel: t('key.tab.aliases'),
          selectionGroupLabel: t('key.aliases.select'),
          itemSelectionLabel: (_, { AliasName = '' }) => t('key.aliases.selectOne', { alias: AliasName }),
        }}
        header={
          <Header
            variant="h2"
            counter={`(${aliases.length})`}
            description={t('key.aliases.text')}
            actions={
              <SpaceBetween direction="horizontal" size="xs">
                <Button disabled={!chosen} onClick={() => setDialog('delete')}>
                  {t('common.delete')}
                </Button>
                <Button disabled={isPendingDeletion(key)} onClick={() => setDialog('move')}>
                  {t('key.aliases.move')}
                </Button>
                <Button disabled={isPendingDeletion(key)} onClick={() => setDialog('create')}>
                  {t('key.aliases.create')}
                </Button>
              </SpaceBetween>
            }
          >
            {t('key.tab.aliases')}
          </Header>
        }
        empty={<Empty title={t('key.aliases.none')} text={t('key.aliases.noneText')} />}
        columnDefinitions={[
          {
            id: 'name',
            header: t('key.aliases.name'),
            minWidth: 180,
            cell: ({ AliasName = '' }) => AliasName,
            isRowHeader: true,
          },
          {
            id: 'arn',
            header: t('key.aliases.arn'),
            minWidth: 260,
            cell: ({ AliasArn = '' }) => <Copy text={AliasArn} label={t('key.aliases.arn')} />,
          },
          { id: 'created', header: t('key.created'), minWidth: 170, cell: ({ CreationDate }) => time(CreationDate) },
          {
            id: 'changed',
            header: t('key.aliases.changed'),
            minWidth: 170,
            cell: ({ LastUpdatedDate }) => time(LastUpdatedDate),
          },
        ]}
      />
      {dialog === 'create' && <Create shown={key} onClose={close} />}
      {dialog === 'move' && <Move shown={key} own={aliases} onClose={close} />}
      {dialog === 'delete' && chosen && <Delete alias={chosen} onClose={close} />}
    </>
  )
}

/** Why it cannot be the name of an alias, without `alias/` in front; undefined if it can. */
function faultIn(name: string): 'empty' | 'characters' | 'reserved' | 'long' | undefined {
  if (name === '') return 'empty'
  if (!/^[\w/-]+$/.test(name)) return 'characters'
  if (name === 'aws' || name.startsWith('aws/')) return 'reserved'
  return name.length > 250 ? 'long' : undefined
}

function Create({ shown: key, onClose }: { shown: Key; onClose: () => void }): ReactNode {
  const t = useT()
  const [name, setName] = useState('')
  const [isTried, setTried] = useState(false)
  const bare = shortAlias(name.trim())
  const fault = faultIn(bare)
  const create = useChange(
    async api => await api.kms('CreateAlias', { AliasName: `alias/${bare}`, TargetKeyId: key.KeyId }),
    {
      onSuccess() {
        notify(t('key.aliases.created', { alias: bare }))
        onClose()
      },
    },
  )
  const confirm = (): void => {
    setTried(true)
    if (fault === undefined && !create.isPending) create.mutate()
  }
  return (
    <Confirm
      title={t('key.aliases.create')}
      confirmLabel={t('key.aliases.create')}
      isBusy={create.isPending}
      error={create.error}
      onConfirm={confirm}
      onClose={onClose}
    >
      <FormField
        label={t('key.aliases.name')}
        description={t('key.aliases.nameText')}
        constraintText={t('key.aliases.nameLimits')}
        errorText={fault !== undefined && (isTried || fault !== 'empty') && t(`key.aliases.fault.${fault}`)}
      >
        <Input
          value={name}
          spellcheck={false}
          autoComplete={false}
          onChange={({ detail }) => setName(detail.value)}
          onKeyDown={({ detail }) => detail.key === 'Enter' && confirm()}
        />
      </FormField>
    </Confirm>
  )
}

function Delete({ alias: { AliasName: name = '' }, onClose }: { alias: Alias; onClose: () => void }): ReactNode {
  const t = useT()
  const remove = useChange(async api => await api.kms('DeleteAlias', { AliasName: name }), {
    onSuccess() {
      notify(t('key.aliases.deleted', { alias: name }))
      onClose()
    },
  })
  return (
    <Confirm
      title={t('key.aliases.delete')}
      confirmLabel={t('common.delete')}
      isBusy={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      <Box>{t('key.aliases.deleteText', { alias: name })}</Box>
    </Confirm>
  )
}

/** How many of all aliases are offered; others can be typed. */
const mostOffered = 2_000

function Move({ shown: key, own, onClose }: { shown: Key; own: readonly Alias[]; onClose: () => void }): ReactNode {
  const t = useT()
  const region = useRegion()
  const places = usePlaces()
  const api = useApi()
  const [typed, setTyped] = useState('')
  const all = useQuery({
    queryKey: ['kms', region, 'ListAliases', 'all'],
    async queryFn() {
      let count = 0
      const pages = await allPages<KmsInput<'ListAliases'>, KmsOutput<'ListAliases'>>(
        async input => await api.kms('ListAliases', input),
        { Limit: 100 },
        ({ Aliases = [], NextMarker }) => {
          count += Aliases.length
          return NextMarker === undefined || count >= mostOffered ? undefined : { Limit: 100, Marker: NextMarker }
        },
      )
      return pages.flatMap(({ Aliases = [] }) => Aliases)
    },
  })
  const name = typed.trim() === '' ? undefined : `alias/${shortAlias(typed.trim())}`
  const isOwn = own.some(({ AliasName }) => AliasName === name)
  const isWhole = name !== undefined && faultIn(shortAlias(name)) === undefined
  const current = useKms('DescribeKey', { KeyId: name ?? '' }, { enabled: isWhole && !isOwn })
  const now = isWhole && !isOwn ? (current.data?.KeyMetadata as Key | undefined) : undefined // As in index.tsx.
  const fits = now?.KeyUsage === key.KeyUsage
  const move = useChange(async api => await api.kms('UpdateAlias', { AliasName: name ?? '', TargetKeyId: key.KeyId }), {
    onSuccess() {
      notify(t('key.aliases.moved', { alias: name ?? '' }))
      onClose()
    },
  })
  const options = (all.data ?? [])
    .filter(({ TargetKeyId, AliasName = '' }) => TargetKeyId !== key.KeyId && !AliasName.startsWith('alias/aws/'))
    .map(({ AliasName = '', TargetKeyId }) => ({ value: AliasName, description: TargetKeyId ?? '' }))
  return (
    <Confirm
      title={t('key.aliases.move')}
      confirmLabel={t('key.aliases.move')}
      isBusy={move.isPending}
      isDisabled={!isWhole || isOwn || (now !== undefined && !fits)}
      error={move.error}
      onConfirm={() => move.mutate()}
      onClose={onClose}
    >
      <Box>{t('key.aliases.moveText')}</Box>
      <FormField label={t('key.aliases.which')} errorText={isOwn && t('key.aliases.isOwn')}>
        <Autosuggest
          value={typed}
          options={options}
          statusType={all.isPending ? 'loading' : 'finished'}
          loadingText={t('common.loading')}
          empty={t('key.aliases.noOthers')}
          enteredTextLabel={value => t('key.aliases.use', { value })}
          onChange={({ detail }) => setTyped(detail.value)}
        />
      </FormField>
      {isWhole && !isOwn && current.isFetching && !now && <Loading />}
      {isWhole && !isOwn && <ErrorAlert error={current.error} title={t('key.aliases.unknown')} />}
      {now && (
        <Box>
          {t('key.aliases.now')} <Link href={href(places.key(now.KeyId))}>{now.KeyId}</Link>
          <StatusIndicator type={fits ? 'info' : 'error'}>
            {fits ? t('key.aliases.fits') : t('key.aliases.doesNotFit')}
          </StatusIndicator>
        </Box>
      )}
    </Confirm>
  )
}
