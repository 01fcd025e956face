import Button from '@cloudscape-design/components/button'
import Link from '@cloudscape-design/components/link'
import { useState, type ReactNode } from 'react'
import { useIam } from '../../api/hooks.ts'
import { useDates, useT } from '../../i18n/index.tsx'
import { Page } from '../../ui/page.tsx'
import { href, usePlaces } from '../../ui/places.ts'
import { AccessKeyStatus, LastUsed } from './access-keys.tsx'
import { CreateUser } from './create-user.tsx'
import { useIamList } from './iam.ts'
import { Cell, EntityTable } from './table.tsx'

export default function Users(): ReactNode {
  const t = useT()
  const { date } = useDates()
  const places = usePlaces()
  const list = useIamList('ListUsers', {}, 'Users')
  const [isCreating, setCreating] = useState(false)
  return (
    <Page title={t('identities.users')} trail={[]} hasHeader={false}>
      <EntityTable
        name="users"
        heading="h1"
        title={t('identities.users')}
        description={t('identities.usersText')}
        list={list}
        idOf={({ UserId = '' }) => UserId}
        search={({ UserName, Path, UserId }) => [UserName, Path, UserId]}
        empty={{ title: t('identities.noUsers'), text: t('identities.usersText') }}
        actions={
          <Button variant="primary" onClick={() => setCreating(true)}>
            {t('identities.createUser')}
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
            id: 'groups',
            header: t('identities.groups'),
            cell: ({ UserName = '' }) => <GroupsOf user={UserName} />,
          },
          {
            id: 'keys',
            header: t('identities.accessKeys'),
            cell: ({ UserName = '' }) => <AccessKeysOf user={UserName} />,
          },
          {
            id: 'created',
            header: t('identities.created'),
            cell: ({ CreateDate }) => date(CreateDate),
            sortingField: 'CreateDate',
          },
        ]}
      />
      {isCreating && <CreateUser onClose={() => setCreating(false)} />}
    </Page>
  )
}

function GroupsOf({ user }: { user: string }): ReactNode {
  const query = useIam('ListGroupsForUser', { UserName: user })
  return (
    <Cell query={query}>
      {({ Groups = [] }) => (Groups.length === 0 ? '–' : Groups.map(({ GroupName }) => GroupName).join(', '))}
    </Cell>
  )
}

/** The access keys of a user, and when each was last used. */
function AccessKeysOf({ user }: { user: string }): ReactNode {
  const t = useT()
  const query = useIam('ListAccessKeys', { UserName: user })
  return (
    <Cell query={query}>
      {({ AccessKeyMetadata = [] }) =>
        AccessKeyMetadata.length === 0
          ? '–'
          : AccessKeyMetadata.map(({ AccessKeyId: id = '', Status }) => (
              <div key={id}>
                <AccessKeyStatus status={Status} />
                {', '}
                {t('identities.lastUsed')}: <LastUsed id={id} />
              </div>
            ))
      }
    </Cell>
  )
}
