import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import KeyValuePairs, { type KeyValuePairsProps } from '@cloudscape-design/components/key-value-pairs'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Tabs from '@cloudscape-design/components/tabs'
import { useState, type ReactNode } from 'react'
import { useLocation } from 'wouter'
import type { Api } from '../../api/client.ts'
import { useChange } from '../../api/hooks.ts'
import { useT } from '../../i18n/index.tsx'
import { useParameters, withParameters } from '../../ui/address.ts'
import { ErrorAlert } from '../../ui/errors.tsx'
import { notify } from '../../ui/notices.tsx'
import { href } from '../../ui/places.ts'
import { FormDialog, Removal } from './dialogs.tsx'
import { faultOfName, faultOfPath, NameField, PathField } from './fields.tsx'
import { nameIn, on, useIamList, type Holder, type List } from './iam.ts'

/** What there is to know of something, in columns. */
export function Facts({ items }: { items: KeyValuePairsProps.Item[] }): ReactNode {
  return <KeyValuePairs columns={3} items={items} />
}

/** Tabs that are part of the address, so that links and the way back find them. */
export function TabbedParts({
  place,
  label,
  parts,
}: {
  place: string
  label: string
  parts: readonly { id: string; label: string; content: ReactNode }[]
}): ReactNode {
  const [parameters] = useParameters()
  const [, go] = useLocation()
  const wanted = parameters.get('tab')
  const active = parts.find(({ id }) => id === wanted) ?? parts[0]
  const placeOf = (id: string): string => withParameters(place, { tab: id === parts[0]?.id ? undefined : id })
  return (
    <Tabs
      ariaLabel={label}
      activeTabId={active?.id ?? ''}
      tabs={parts.map(part => ({ ...part, href: href(placeOf(part.id)) }))}
      onChange={({ detail }) => go(placeOf(detail.activeTabId))}
    />
  )
}

/** What goes with something that is deleted, of one kind. */
interface Part {
  title: string
  list: List<unknown>
  names: readonly (string | undefined)[]
  remove: (api: Api, name: string | undefined) => Promise<unknown>
}

/** Whether all of it has been read, so that nothing goes that was not shown. */
export const isAllShown = (lists: readonly List<unknown>[]): boolean =>
  lists.every(({ isComplete, error }) => isComplete && !error)

/** Clears a user, a role or a group away as IAM wants it, part by part, and nothing that was not shown before. */
export function Deletion({
  holder,
  title,
  text,
  warning,
  parts = [],
  next,
  onClose,
}: {
  holder: Holder
  title: string
  text: string
  warning?: string
  /** Beside policies. */
  parts?: readonly Part[]
  /** Where to go when it is gone. */
  next: string
  onClose: () => void
}): ReactNode {
  const t = useT()
  const [, go] = useLocation()
  const { kind, name } = holder
  const inline = useIamList(`List${kind}Policies`, on(holder, {}), 'PolicyNames')
  const attached = useIamList(`ListAttached${kind}Policies`, on(holder, {}), 'AttachedPolicies')
  const all: readonly Part[] = [
    ...parts,
    {
      title: t('identities.goesInline'),
      list: inline,
      names: inline.items,
      remove: (api, PolicyName) => api.iam(`Delete${kind}Policy`, on(holder, { PolicyName })),
    },
    {
      title: t('identities.goesAttached'),
      list: attached,
      names: attached.items.map(({ PolicyArn }) => PolicyArn),
      remove: (api, PolicyArn) => api.iam(`Detach${kind}Policy`, on(holder, { PolicyArn })),
    },
  ]
  return (
    <Removal
      title={title}
      confirmLabel={t('common.delete')}
      phrase={name}
      isDisabled={!isAllShown(all.map(({ list }) => list))}
      remove={async api => {
        for (const { names, remove } of all) for (const one of names) await remove(api, one)
        await api.iam(`Delete${kind}`, on(holder, {}))
      }}
      onRemoved={() => {
        notify(t('identities.deleted', { name }))
        go(next)
      }}
      onClose={onClose}
    >
      <SpaceBetween size="s">
        <Box>{text}</Box>
        {warning !== undefined && (
          <Alert type="warning" statusIconAriaLabel={t('common.warning')}>
            {warning}
          </Alert>
        )}
        <Goes parts={all} />
      </SpaceBetween>
    </Removal>
  )
}

/** What goes with something, kind by kind. */
export function Goes({ parts }: { parts: readonly Omit<Part, 'remove'>[] }): ReactNode {
  const t = useT()
  const unread = parts.find(({ list }) => list.error)
  if (unread) return <ErrorAlert error={unread.list.error} retry={() => void unread.list.refetch()} />
  if (parts.some(({ list }) => !list.isComplete)) return <Box>{t('common.loading')}</Box>
  return parts
    .filter(({ names }) => names.length > 0)
    .map(({ title, names }) => (
      <div key={title}>
        <Box variant="strong">{title}</Box>
        <ul>
          {names.map(name => (
            <li key={name}>{nameIn(name ?? '')}</li>
          ))}
        </ul>
      </div>
    ))
}

/** Another name or path; who has it stays the same for all that names its id. */
export function Rename({
  kind,
  name,
  path,
  onRenamed,
  onClose,
}: Holder & {
  kind: 'User' | 'Group'
  path: string
  onRenamed: (name: string) => void
  onClose: () => void
}): ReactNode {
  const t = useT()
  const [newName, setNewName] = useState(name)
  const [newPath, setNewPath] = useState(path)
  const [isTried, setTried] = useState(false)
  const most = kind === 'User' ? 64 : 128
  const change = useChange(
    api =>
      api.iam(
        `Update${kind}`,
        on(
          { kind, name },
          { [`New${kind}Name`]: newName.trim(), ...(newPath.trim() !== '' && { NewPath: newPath.trim() }) },
        ),
      ),
    {
      onSuccess() {
        onClose()
        onRenamed(newName.trim())
      },
    },
  )
  return (
    <FormDialog
      title={t('identities.rename')}
      submitLabel={t('common.save')}
      isBusy={change.isPending}
      isDisabled={newName.trim() === name && newPath.trim() === path}
      error={change.error}
      onSubmit={() => {
        setTried(true)
        if (!faultOfName(newName, most) && !faultOfPath(newPath)) change.mutate()
      }}
      onClose={onClose}
    >
      <Box color="text-body-secondary">{t('identities.renameText')}</Box>
      <NameField
        label={t(kind === 'User' ? 'identities.userName' : 'identities.groupName')}
        value={newName}
        most={most}
        isTried={isTried}
        onChange={setNewName}
      />
      <PathField value={newPath} isTried={isTried} onChange={setNewPath} />
    </FormDialog>
  )
}
