import Button, { type ButtonProps } from '@cloudscape-design/components/button'
import ButtonDropdown from '@cloudscape-design/components/button-dropdown'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import Link from '@cloudscape-design/components/link'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useRef, useState, type ReactNode } from 'react'
import { useLocation } from 'wouter'
import { useIam } from '../../api/hooks.ts'
import { useDates, useT } from '../../i18n/index.tsx'
import { Page } from '../../ui/page.tsx'
import { Copy, Loaded } from '../../ui/parts.tsx'
import { href, usePlaces } from '../../ui/places.ts'
import { AddDialog, Removal } from './dialogs.tsx'
import { UsersField } from './fields.tsx'
import { useIamList } from './iam.ts'
import { Deletion, Facts, Rename, TabbedParts } from './parts.tsx'
import { Policies } from './permissions.tsx'
import { EntityTable } from './table.tsx'

export default function Group({ name }: { name: string }): ReactNode {
  const t = useT()
  const { time } = useDates()
  const places = usePlaces()
  const [, go] = useLocation()
  const query = useIam('GetGroup', { GroupName: name, MaxItems: 1 })
  const [dialog, setDialog] = useState<'rename' | 'delete'>()
  const close = (): void => setDialog(undefined)
  return (
    <Page
      title={name}
      trail={[{ text: t('identities.groups'), place: places.groups }]}
      actions={
        <ButtonDropdown
          items={[
            { id: 'rename', text: t('identities.rename') },
            { id: 'delete', text: t('identities.deleteGroup') },
          ]}
          onItemClick={({ detail }) => setDialog(detail.id === 'rename' ? 'rename' : 'delete')}
        >
          {t('common.actions')}
        </ButtonDropdown>
      }
    >
      <SpaceBetween size="l">
        <Container header={<Header variant="h2">{t('identities.summary')}</Header>}>
          <Loaded query={query}>
            {({ Group: { Arn = '', GroupId = '', Path, CreateDate } = {} }) => (
              <Facts
                items={[
                  { label: 'ARN', value: <Copy text={Arn} label="ARN" /> },
                  { label: t('identities.groupId'), value: GroupId },
                  { label: t('identities.path'), value: Path },
                  { label: t('identities.created'), value: time(CreateDate) },
                ]}
              />
            )}
          </Loaded>
        </Container>
        <TabbedParts
          place={places.group(name)}
          label={name}
          parts={[
            { id: 'members', label: t('identities.members'), content: <Members group={name} /> },
            {
              id: 'permissions',
              label: t('identities.permissions'),
              content: <Policies holder={{ kind: 'Group', name }} />,
            },
          ]}
        />
      </SpaceBetween>
      {dialog === 'rename' && (
        <Rename
          kind="Group"
          name={name}
          path={query.data?.Group?.Path ?? '/'}
          onRenamed={renamed => go(places.group(renamed), { replace: true })}
          onClose={close}
        />
      )}
      {dialog === 'delete' && <DeleteGroup name={name} onClose={close} />}
    </Page>
  )
}

function Members({ group }: { group: string }): ReactNode {
  const t = useT()
  const { date } = useDates()
  const places = usePlaces()
  const list = useIamList('GetGroup', { GroupName: group }, 'Users')
  const [isAdding, setAdding] = useState(false)
  const [removing, setRemoving] = useState<string>()
  const button = useRef<ButtonProps.Ref>(null)
  return (
    <>
      <EntityTable
        name="members"
        title={t('identities.members')}
        description={t('identities.membersText')}
        list={list}
        idOf={({ UserId = '' }) => UserId}
        search={({ UserName, Path }) => [UserName, Path]}
        empty={{ title: t('identities.noMembers') }}
        actions={
          <Button ref={button} onClick={() => setAdding(true)}>
            {t('identities.addUsers')}
          </Button>
        }
        columns={[
          {
            id: 'name',
            header: t('identities.userName'),
            cell: ({ UserName = '' }) => <Link href={href(places.user(UserName))}>{UserName}</Link>,
            sortingField: 'UserName',
            isRowHeader: true,
          },
          { id: 'path', header: t('identities.path'), cell: ({ Path }) => Path, sortingField: 'Path' },
          {
            id: 'created',
            header: t('identities.created'),
            cell: ({ CreateDate }) => date(CreateDate),
            sortingField: 'CreateDate',
          },
          {
            id: 'actions',
            header: t('common.actions'),
            cell: ({ UserName = '' }) => (
              <Button
                variant="inline-link"
                ariaLabel={t('identities.removeOne', { name: UserName })}
                onClick={() => setRemoving(UserName)}
              >
                {t('common.remove')}
              </Button>
            ),
          },
        ]}
      />
      {isAdding && (
        <AddDialog
          title={t('identities.addUsers')}
          add={(api, UserName) => api.iam('AddUserToGroup', { GroupName: group, UserName })}
          onClose={() => setAdding(false)}
        >
          {(chosen, choose) => (
            <UsersField chosen={chosen} except={list.items.map(({ UserName = '' }) => UserName)} onChange={choose} />
          )}
        </AddDialog>
      )}
      {removing !== undefined && (
        <Removal
          title={t('identities.leaveTitle')}
          confirmLabel={t('common.remove')}
          remove={api => api.iam('RemoveUserFromGroup', { GroupName: group, UserName: removing })}
          onClose={() => setRemoving(undefined)}
          focus={button}
        >
          {t('identities.leaveText', { user: removing, group })}
        </Removal>
      )}
    </>
  )
}

/** Its members stay. */
function DeleteGroup({ name, onClose }: { name: string; onClose: () => void }): ReactNode {
  const t = useT()
  const places = usePlaces()
  const members = useIamList('GetGroup', { GroupName: name }, 'Users')
  return (
    <Deletion
      holder={{ kind: 'Group', name }}
      title={t('identities.deleteGroup')}
      text={t('identities.deleteGroupText', { name })}
      parts={[
        {
          title: t('identities.goesMembers'),
          list: members,
          names: members.items.map(({ UserName }) => UserName),
          remove: (api, UserName) => api.iam('RemoveUserFromGroup', { GroupName: name, UserName }),
        },
      ]}
      next={places.groups}
      onClose={onClose}
    />
  )
}
