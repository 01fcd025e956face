import Button, { type ButtonProps } from '@cloudscape-design/components/button'
import ButtonDropdown from '@cloudscape-design/components/button-dropdown'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import Link from '@cloudscape-design/components/link'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useRef, useState, type ReactNode } from 'react'
import { useLocation } from 'wouter'
import { useIam } from '../../api/hooks.ts'
import { useSession } from '../../api/session.ts'
import { useDates, useT } from '../../i18n/index.tsx'
import { withParameters } from '../../ui/address.ts'
import { Page } from '../../ui/page.tsx'
import { Copy, Loaded } from '../../ui/parts.tsx'
import { href, usePlaces } from '../../ui/places.ts'
import { AccessKeys } from './access-keys.tsx'
import { AddDialog, Removal } from './dialogs.tsx'
import { GroupsField } from './fields.tsx'
import { useIamList } from './iam.ts'
import { Boundary, boundaryFact, Policies, PolicyLink } from './permissions.tsx'
import { Deletion, Facts, Rename, TabbedParts } from './parts.tsx'
import { Cell, EntityTable } from './table.tsx'
import { TagsTable } from './tags.tsx'

export default function User({ name }: { name: string }): ReactNode {
  const t = useT()
  const { time } = useDates()
  const places = usePlaces()
  const [, go] = useLocation()
  const query = useIam('GetUser', { UserName: name })
  const [dialog, setDialog] = useState<'rename' | 'delete'>()
  const close = (): void => setDialog(undefined)
  const holder = { kind: 'User', name } as const
  const user = query.data?.User
  const simulator = withParameters(places.simulator, { principal: user?.Arn })
  return (
    <Page
      title={name}
      trail={[{ text: t('identities.users'), place: places.users }]}
      actions={
        <SpaceBetween direction="horizontal" size="xs">
          {user && <Button href={href(simulator)}>{t('identities.whatMayUser')}</Button>}
          <ButtonDropdown
            items={[
              { id: 'rename', text: t('identities.rename') },
              { id: 'delete', text: t('identities.deleteUser') },
            ]}
            onItemClick={({ detail }) => setDialog(detail.id === 'rename' ? 'rename' : 'delete')}
          >
            {t('common.actions')}
          </ButtonDropdown>
        </SpaceBetween>
      }
    >
      <SpaceBetween size="l">
        <Container header={<Header variant="h2">{t('identities.summary')}</Header>}>
          <Loaded query={query}>
            {({ User: { Arn = '', UserId = '', Path, CreateDate, PermissionsBoundary: limit } = {} }) => (
              <Facts
                items={[
                  { label: 'ARN', value: <Copy text={Arn} label="ARN" /> },
                  { label: t('identities.userId'), value: UserId },
                  { label: t('identities.path'), value: Path },
                  { label: t('identities.created'), value: time(CreateDate) },
                  boundaryFact(t, limit?.PermissionsBoundaryArn),
                ]}
              />
            )}
          </Loaded>
        </Container>
        <TabbedParts
          place={places.user(name)}
          label={name}
          parts={[
            {
              id: 'permissions',
              label: t('identities.permissions'),
              content: (
                <SpaceBetween size="l">
                  <Policies holder={holder} />
                  <GroupPolicies user={name} />
                  <Loaded query={query}>
                    {({ User: of }) => (
                      <Boundary holder={holder} arn={of?.PermissionsBoundary?.PermissionsBoundaryArn} />
                    )}
                  </Loaded>
                </SpaceBetween>
              ),
            },
            { id: 'access-keys', label: t('identities.accessKeys'), content: <AccessKeys user={name} /> },
            { id: 'groups', label: t('identities.groups'), content: <Memberships user={name} /> },
            { id: 'tags', label: t('identities.tags'), content: <UserTags user={name} /> },
          ]}
        />
      </SpaceBetween>
      {dialog === 'rename' && (
        <Rename
          kind="User"
          name={name}
          path={user?.Path ?? '/'}
          onRenamed={renamed => go(places.user(renamed), { replace: true })}
          onClose={close}
        />
      )}
      {dialog === 'delete' && <DeleteUser name={name} onClose={close} />}
    </Page>
  )
}

function UserTags({ user }: { user: string }): ReactNode {
  const list = useIamList('ListUserTags', { UserName: user }, 'Tags')
  return (
    <TagsTable
      list={list}
      tag={(api, Tags) => api.iam('TagUser', { UserName: user, Tags })}
      untag={(api, TagKeys) => api.iam('UntagUser', { UserName: user, TagKeys })}
    />
  )
}

/** What comes with the groups that a user is in. */
function GroupPolicies({ user }: { user: string }): ReactNode {
  const t = useT()
  const places = usePlaces()
  const list = useIamList('ListGroupsForUser', { UserName: user }, 'Groups')
  return (
    <EntityTable
      name="group-policies"
      title={t('identities.fromGroups')}
      description={t('identities.fromGroupsText')}
      list={list}
      idOf={({ GroupId = '' }) => GroupId}
      empty={{ title: t('identities.inNoGroup') }}
      columns={[
        {
          id: 'name',
          header: t('identities.group'),
          cell: ({ GroupName = '' }) => <Link href={href(places.group(GroupName))}>{GroupName}</Link>,
          isRowHeader: true,
        },
        {
          id: 'attached',
          header: t('identities.attachedPolicies'),
          cell: ({ GroupName = '' }) => <AttachedTo group={GroupName} />,
        },
        {
          id: 'inline',
          header: t('identities.inlinePolicies'),
          cell: ({ GroupName = '' }) => <InlineOf group={GroupName} />,
        },
      ]}
    />
  )
}

function AttachedTo({ group }: { group: string }): ReactNode {
  const query = useIam('ListAttachedGroupPolicies', { GroupName: group })
  return (
    <Cell query={query}>
      {({ AttachedPolicies = [] }) =>
        AttachedPolicies.length === 0
          ? '–'
          : AttachedPolicies.map(({ PolicyArn = '' }) => (
              <div key={PolicyArn}>
                <PolicyLink arn={PolicyArn} />
              </div>
            ))
      }
    </Cell>
  )
}

function InlineOf({ group }: { group: string }): ReactNode {
  const query = useIam('ListGroupPolicies', { GroupName: group })
  return <Cell query={query}>{({ PolicyNames = [] }) => PolicyNames.join(', ') || '–'}</Cell>
}

/** The groups that a user is in. */
function Memberships({ user }: { user: string }): ReactNode {
  const t = useT()
  const places = usePlaces()
  const list = useIamList('ListGroupsForUser', { UserName: user }, 'Groups')
  const [isAdding, setAdding] = useState(false)
  const [leaving, setLeaving] = useState<string>()
  const button = useRef<ButtonProps.Ref>(null)
  return (
    <>
      <EntityTable
        name="memberships"
        title={t('identities.groups')}
        list={list}
        idOf={({ GroupId = '' }) => GroupId}
        empty={{ title: t('identities.inNoGroup') }}
        actions={
          <Button ref={button} onClick={() => setAdding(true)}>
            {t('identities.addToGroups')}
          </Button>
        }
        columns={[
          {
            id: 'name',
            header: t('identities.group'),
            cell: ({ GroupName = '' }) => <Link href={href(places.group(GroupName))}>{GroupName}</Link>,
            sortingField: 'GroupName',
            isRowHeader: true,
          },
          { id: 'path', header: t('identities.path'), cell: ({ Path }) => Path },
          {
            id: 'actions',
            header: t('common.actions'),
            cell: ({ GroupName = '' }) => (
              <Button
                variant="inline-link"
                ariaLabel={t('identities.leaveOne', { name: GroupName })}
                onClick={() => setLeaving(GroupName)}
              >
                {t('common.remove')}
              </Button>
            ),
          },
        ]}
      />
      {isAdding && (
        <AddDialog
          title={t('identities.addToGroups')}
          add={(api, GroupName) => api.iam('AddUserToGroup', { GroupName, UserName: user })}
          onClose={() => setAdding(false)}
        >
          {(chosen, choose) => (
            <GroupsField
              chosen={chosen}
              except={list.items.map(({ GroupName = '' }) => GroupName)}
              isOptional={false}
              onChange={choose}
            />
          )}
        </AddDialog>
      )}
      {leaving !== undefined && (
        <Removal
          title={t('identities.leaveTitle')}
          confirmLabel={t('common.remove')}
          remove={api => api.iam('RemoveUserFromGroup', { GroupName: leaving, UserName: user })}
          onClose={() => setLeaving(undefined)}
          focus={button}
        >
          {t('identities.leaveText', { user, group: leaving })}
        </Removal>
      )}
    </>
  )
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_users_remove.html
function DeleteUser({ name, onClose }: { name: string; onClose: () => void }): ReactNode {
  const t = useT()
  const places = usePlaces()
  const { server } = useSession()
  const input = { UserName: name }
  const keys = useIamList('ListAccessKeys', input, 'AccessKeyMetadata')
  const groups = useIamList('ListGroupsForUser', input, 'Groups')
  return (
    <Deletion
      holder={{ kind: 'User', name }}
      title={t('identities.deleteUser')}
      text={t('identities.deleteUserText', { name })}
      {...(server.UserName === name && { warning: t('identities.deleteSelf') })}
      parts={[
        {
          title: t('identities.goesAccessKeys'),
          list: keys,
          names: keys.items.map(({ AccessKeyId }) => AccessKeyId),
          remove: (api, AccessKeyId) => api.iam('DeleteAccessKey', { ...input, AccessKeyId }),
        },
        {
          title: t('identities.goesGroups'),
          list: groups,
          names: groups.items.map(({ GroupName }) => GroupName),
          remove: (api, GroupName) => api.iam('RemoveUserFromGroup', { ...input, GroupName }),
        },
      ]}
      next={places.users}
      onClose={onClose}
    />
  )
}
