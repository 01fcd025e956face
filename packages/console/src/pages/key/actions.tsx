import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import ButtonDropdown, { type ButtonDropdownProps } from '@cloudscape-design/components/button-dropdown'
import FormField from '@cloudscape-design/components/form-field'
import Input from '@cloudscape-design/components/input'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Textarea from '@cloudscape-design/components/textarea'
import { useState, type ReactNode, type Ref } from 'react'
import { useChange } from '../../api/hooks.ts'
import { useDates, useT } from '../../i18n/index.tsx'
import { notify } from '../../ui/notices.tsx'
import { Confirm, useNow } from '../../ui/parts.tsx'
import { href, usePlaces } from '../../ui/places.ts'
import { isPendingDeletion, kindOf, shortAlias, type Key } from './key.ts'
import { LastUsed } from './overview.tsx'

export type MenuRef = ButtonDropdownProps.Ref

type Dialog = 'disable' | 'delete' | 'description'

/** The menu of what can be done with a key, and the dialogs that it opens. */
export function KeyActions({
  shown: key,
  title,
  aliases,
  ref,
  onEnable,
  onCancelDeletion,
}: {
  shown: Key
  title: string
  aliases: readonly string[]
  ref: Ref<MenuRef>
  onEnable: () => void
  onCancelDeletion: () => void
}): ReactNode {
  const t = useT()
  const places = usePlaces()
  const [dialog, setDialog] = useState<Dialog>()
  const close = (): void => setDialog(undefined)
  const state = key.KeyState
  const isDeleting = isPendingDeletion(key)
  const item = (id: string, text: string, whyNot: string | false, link?: string): ButtonDropdownProps.Item => ({
    id,
    text,
    ...(whyNot === false ? link !== undefined && { href: href(link) } : { disabled: true, disabledReason: whyNot }),
  })
  const ifDeleting = isDeleting && t('key.whyNot.deleting')
  const items: ButtonDropdownProps.Items = [
    item('enable', t('key.action.enable'), state !== 'Disabled' && t('key.whyNot.enable')),
    item('disable', t('key.action.disable'), !canBeDisabled(key) && t('key.whyNot.disable')),
    item('description', t('key.action.description'), ifDeleting),
    {
      text: t('key.action.add'),
      items: [
        item('alias', t('key.action.addAlias'), ifDeleting, places.key(key.KeyId, 'aliases')),
        item('tag', t('key.action.addTag'), ifDeleting, places.key(key.KeyId, 'tags')),
        item('grant', t('key.action.addGrant'), ifDeleting, places.key(key.KeyId, 'grants')),
      ],
    },
    ...(key.Origin === 'EXTERNAL'
      ? [
          {
            text: t('key.action.material'),
            items: [
              item('upload', t('key.action.upload'), ifDeleting, places.importMaterial(key.KeyId)),
              item('delete-material', t('key.action.deleteMaterial'), false, places.key(key.KeyId, 'material')),
            ],
          },
        ]
      : []),
    {
      text: t('key.action.deletion'),
      items: [
        item('delete', t('key.action.delete'), ifDeleting),
        item('cancel-deletion', t('key.action.cancelDeletion'), !isDeleting && t('key.whyNot.cancel')),
      ],
    },
  ]
  const choose = (id: string): void => {
    if (id === 'enable') onEnable()
    else if (id === 'cancel-deletion') onCancelDeletion()
    else if (id === 'disable' || id === 'delete' || id === 'description') setDialog(id)
  }
  return (
    <>
      <ButtonDropdown ref={ref} items={items} onItemClick={({ detail }) => choose(detail.id)}>
        {t('key.actions')}
      </ButtonDropdown>
      {dialog === 'disable' && <Disable shown={key} title={title} onClose={close} />}
      {dialog === 'description' && <Description shown={key} onClose={close} />}
      {dialog === 'delete' && (
        <ScheduleDeletion
          shown={key}
          title={title}
          aliases={aliases}
          onClose={close}
          onDisable={() => setDialog('disable')}
        />
      )}
    </>
  )
}

const canBeDisabled = ({ KeyState }: Key): boolean => KeyState === 'Enabled' || KeyState === 'Unavailable'

function Disable({ shown: key, title, onClose }: { shown: Key; title: string; onClose: () => void }): ReactNode {
  const t = useT()
  const disable = useChange(async api => await api.kms('DisableKey', { KeyId: key.KeyId }), {
    onSuccess() {
      notify(t('key.disable.done', { key: title }))
      onClose()
    },
  })
  return (
    <Confirm
      title={t('key.disable.title')}
      confirmLabel={t('key.action.disable')}
      isBusy={disable.isPending}
      error={disable.error}
      onConfirm={() => disable.mutate()}
      onClose={onClose}
    >
      <Box>{t('key.disable.text')}</Box>
    </Confirm>
  )
}

/** Characters, as the API has it. */
const longestDescription = 8192

function Description({ shown: key, onClose }: { shown: Key; onClose: () => void }): ReactNode {
  const t = useT()
  const [text, setText] = useState(key.Description ?? '')
  const count = Array.from(text).length
  const update = useChange(
    async api => await api.kms('UpdateKeyDescription', { KeyId: key.KeyId, Description: text }),
    {
      onSuccess() {
        notify(t('key.describe.done'))
        onClose()
      },
    },
  )
  return (
    <Confirm
      title={t('key.action.description')}
      confirmLabel={t('common.save')}
      isBusy={update.isPending}
      isDisabled={count > longestDescription}
      error={update.error}
      onConfirm={() => update.mutate()}
      onClose={onClose}
    >
      <FormField
        label={t('key.description')}
        description={t('key.describe.text')}
        constraintText={t('key.describe.limit', { count, most: longestDescription })}
        errorText={count > longestDescription && t('key.describe.tooLong')}
      >
        <Textarea value={text} rows={4} onChange={({ detail }) => setText(detail.value)} />
      </FormField>
    </Confirm>
  )
}

/** Days of the waiting period. */
const [shortestWait, longestWait] = [7, 30]

function ScheduleDeletion({
  shown: key,
  title,
  aliases,
  onClose,
  onDisable,
}: {
  shown: Key
  title: string
  aliases: readonly string[]
  onClose: () => void
  onDisable: () => void
}): ReactNode {
  const t = useT()
  const { time } = useDates()
  const now = useNow(10_000)
  const [wait, setWait] = useState(String(longestWait))
  const days = /^\d+$/.test(wait) ? Number(wait) : 0
  const isValid = days >= shortestWait && days <= longestWait
  const replicas = key.MultiRegionConfiguration?.ReplicaKeys?.length ?? 0
  const isPrimary = key.MultiRegionConfiguration?.MultiRegionKeyType === 'PRIMARY'
  const waitsForReplicas = isPrimary && replicas > 0
  const schedule = useChange(
    async api => await api.kms('ScheduleKeyDeletion', { KeyId: key.KeyId, PendingWindowInDays: days }),
    {
      onSuccess({ DeletionDate }) {
        const values = { key: title, time: time(DeletionDate) }
        notify(DeletionDate === undefined ? t('key.delete.waits', values) : t('key.delete.done', values))
        onClose()
      },
    },
  )
  const when = time(now / 1000 + days * 86_400)
  return (
    <Confirm
      title={t('key.action.delete')}
      confirmLabel={t('key.action.delete')}
      phrase={aliases[0] === undefined ? key.KeyId.slice(-8) : shortAlias(aliases[0])}
      isBusy={schedule.isPending}
      isDisabled={!isValid}
      error={schedule.error}
      onConfirm={() => schedule.mutate()}
      onClose={onClose}
    >
      <Alert type="warning" statusIconAriaLabel={t('common.warning')} header={t('key.delete.warning')}>
        <SpaceBetween size="xs">
          <Box color="inherit">{t(`key.delete.lost.${kindOf(key)}`)}</Box>
          {key.Origin === 'EXTERNAL' && <Box color="inherit">{t('key.delete.lostImported')}</Box>}
          {aliases.length > 0 && <Box color="inherit">{t('key.delete.lostAliases', { count: aliases.length })}</Box>}
        </SpaceBetween>
      </Alert>
      <Box>
        {t('key.delete.lastUsed')} <LastUsed keyId={key.KeyId} />
      </Box>
      {canBeDisabled(key) && (
        <Box>
          {t('key.delete.insteadText')}{' '}
          <Button variant="inline-link" onClick={onDisable}>
            {t('key.delete.instead')}
          </Button>
        </Box>
      )}
      <FormField
        label={t('key.delete.wait')}
        description={t('key.delete.waitText')}
        constraintText={t('key.delete.waitLimits', { least: shortestWait, most: longestWait })}
        errorText={!isValid && t('key.delete.waitWrong', { least: shortestWait, most: longestWait })}
      >
        <Input
          value={wait}
          type="number"
          inputMode="numeric"
          nativeInputAttributes={{ min: shortestWait, max: longestWait }}
          onChange={({ detail }) => setWait(detail.value)}
        />
      </FormField>
      {isValid && (
        <Box variant="strong">
          {waitsForReplicas
            ? t('key.delete.afterReplicas', { count: replicas, days })
            : t('key.delete.when', { time: when })}
        </Box>
      )}
    </Confirm>
  )
}
