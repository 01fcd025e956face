import Button from '@cloudscape-design/components/button'
import Link from '@cloudscape-design/components/link'
import { useState, type ReactNode } from 'react'
import { useChange, useIam } from '../../api/hooks.ts'
import { useDates, useT } from '../../i18n/index.tsx'
import { notify } from '../../ui/notices.tsx'
import { Page } from '../../ui/page.tsx'
import { href, usePlaces } from '../../ui/places.ts'
import { FormDialog, HalfMade } from './dialogs.tsx'
import { faultOfName, faultOfPath, NameField, PathField, PoliciesField } from './fields.tsx'
import { useIamList } from './iam.ts'
import { Cell, EntityTable } from './table.tsx'

export default function Groups(): ReactNode {
  const t = useT()
  const { date } = useDates()
  const places = usePlaces()
  const list = useIamList('ListGroups', {}, 'Groups')
  const [isCreating, setCreating] = useState(false)
  return (
    <Page title={t('identities.groups')} trail={[]} hasHeader={false}>
      <EntityTable
        name="groups"
        heading="h1"
        title={t('identities.groups')}
        description={t('identities.groupsText')}
        list={list}
        idOf={({ GroupId = '' }) => GroupId}
        search={({ GroupName, Path, GroupId }) => [GroupName, Path, GroupId]}
        empty={{ title: t('identities.noGroups') }}
        actions={
          <Button variant="primary" onClick={() => setCreating(true)}>
            {t('identities.createGroup')}
          </Button>
        }
        columns={[
          {
            id: 'name',
            header: t('identities.groupName'),
            cell: ({ GroupName = '' }) => <Link href={href(places.group(GroupName))}>{GroupName}</Link>,
            sortingField: 'GroupName',
            isRowHeader: true,
          },
          { id: 'path', header: t('identities.path'), cell: ({ Path }) => Path, sortingField: 'Path' },
          {
            id: 'members',
            header: t('identities.members'),
            cell: ({ GroupName = '' }) => <MemberCount group={GroupName} />,
          },
          {
            id: 'created',
            header: t('identities.created'),
            cell: ({ CreateDate }) => date(CreateDate),
            sortingField: 'CreateDate',
          },
        ]}
      />
      {isCreating && <CreateGroup onClose={() => setCreating(false)} />}
    </Page>
  )
}

function MemberCount({ group }: { group: string }): ReactNode {
  const query = useIam('GetGroup', { GroupName: group, MaxItems: 1000 })
  return <Cell query={query}>{({ Users = [], IsTruncated }) => `${Users.length}${IsTruncated ? '+' : ''}`}</Cell>
}

function CreateGroup({ onClose }: { onClose: () => void }): ReactNode {
  const t = useT()
  const places = usePlaces()
  const [name, setName] = useState('')
  const [path, setPath] = useState('')
  const [policies, setPolicies] = useState<string[]>([])
  const [isTried, setTried] = useState(false)
  const [isMade, setMade] = useState(false)
  const group = name.trim()
  const change = useChange(
    async api => {
      if (!isMade) await api.iam('CreateGroup', { GroupName: group, ...(path.trim() !== '' && { Path: path.trim() }) })
      setMade(true)
      for (const PolicyArn of policies) await api.iam('AttachGroupPolicy', { GroupName: group, PolicyArn })
    },
    {
      onSuccess() {
        notify(t('identities.groupCreated', { name: group }), {
          action: <Button href={href(places.group(group))}>{t('identities.viewGroup')}</Button>,
        })
        onClose()
      },
    },
  )
  return (
    <FormDialog
      title={t('identities.createGroup')}
      submitLabel={isMade ? t('common.retry') : t('identities.createGroup')}
      isBusy={change.isPending}
      error={change.error}
      onSubmit={() => {
        setTried(true)
        if (!faultOfName(name, 128) && !faultOfPath(path)) change.mutate()
      }}
      onClose={onClose}
    >
      <HalfMade isMade={isMade} name={group}>
        <NameField label={t('identities.groupName')} value={name} most={128} isTried={isTried} onChange={setName} />
        <PathField value={path} isTried={isTried} onChange={setPath} />
      </HalfMade>
      <PoliciesField chosen={policies} onChange={setPolicies} />
    </FormDialog>
  )
}
