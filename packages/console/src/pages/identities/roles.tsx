import Button from '@cloudscape-design/components/button'
import Link from '@cloudscape-design/components/link'
import { useState, type ReactNode } from 'react'
import { useDates, useT } from '../../i18n/index.tsx'
import { Page } from '../../ui/page.tsx'
import { href, usePlaces } from '../../ui/places.ts'
import { CreateRole } from './create-role.tsx'
import { useIamList } from './iam.ts'
import { EntityTable } from './table.tsx'
import { trustedIn } from './trust.tsx'

export default function Roles(): ReactNode {
  const t = useT()
  const { date } = useDates()
  const places = usePlaces()
  const list = useIamList('ListRoles', {}, 'Roles')
  const [isCreating, setCreating] = useState(false)
  return (
    <Page title={t('identities.roles')} trail={[]} hasHeader={false}>
      <EntityTable
        name="roles"
        heading="h1"
        title={t('identities.roles')}
        description={t('identities.rolesText')}
        list={list}
        idOf={({ RoleId = '' }) => RoleId}
        search={({ RoleName, Path, RoleId, Description }) => [RoleName, Path, RoleId, Description]}
        empty={{ title: t('identities.noRoles') }}
        actions={
          <Button variant="primary" onClick={() => setCreating(true)}>
            {t('identities.createRole')}
          </Button>
        }
        columns={[
          {
            id: 'name',
            header: t('identities.roleName'),
            cell: ({ RoleName = '' }) => <Link href={href(places.role(RoleName))}>{RoleName}</Link>,
            sortingField: 'RoleName',
            isRowHeader: true,
          },
          { id: 'path', header: t('identities.path'), cell: ({ Path }) => Path, sortingField: 'Path' },
          {
            id: 'trusted',
            header: t('identities.trusted'),
            cell: ({ AssumeRolePolicyDocument }) =>
              trustedIn(AssumeRolePolicyDocument).map(name => <div key={name}>{name}</div>),
          },
          {
            id: 'description',
            header: t('identities.description'),
            cell: ({ Description = '' }) => Description || '–',
            sortingField: 'Description',
          },
          {
            id: 'created',
            header: t('identities.created'),
            cell: ({ CreateDate }) => date(CreateDate),
            sortingField: 'CreateDate',
          },
        ]}
      />
      {isCreating && <CreateRole onClose={() => setCreating(false)} />}
    </Page>
  )
}
