import Button from '@cloudscape-design/components/button'
import ButtonDropdown from '@cloudscape-design/components/button-dropdown'
import Container from '@cloudscape-design/components/container'
import FormField from '@cloudscape-design/components/form-field'
import Header from '@cloudscape-design/components/header'
import Input from '@cloudscape-design/components/input'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useState, type ReactNode } from 'react'
import { endpointText } from '../../api/client.ts'
import { useChange, useIam } from '../../api/hooks.ts'
import { useSession } from '../../api/session.ts'
import { useDates, useT } from '../../i18n/index.tsx'
import { withParameters } from '../../ui/address.ts'
import { notify } from '../../ui/notices.tsx'
import { Page } from '../../ui/page.tsx'
import { Code, Copy, Loaded } from '../../ui/parts.tsx'
import { href, usePlaces, useRegion } from '../../ui/places.ts'
import { DurationField } from './create-role.tsx'
import { FormDialog } from './dialogs.tsx'
import { Optional } from './fields.tsx'
import { decodeDocument, prettyDocument, useIamList } from './iam.ts'
import { Deletion, Facts, TabbedParts } from './parts.tsx'
import { Boundary, boundaryFact, Policies } from './permissions.tsx'
import { TagsTable } from './tags.tsx'
import { documentOf, faultOfTrust, newTrust, TrustField, type Trust } from './trust.tsx'

export default function Role({ name }: { name: string }): ReactNode {
  const t = useT()
  const { time } = useDates()
  const places = usePlaces()
  const query = useIam('GetRole', { RoleName: name })
  const [dialog, setDialog] = useState<'edit' | 'delete'>()
  const close = (): void => setDialog(undefined)
  const holder = { kind: 'Role', name } as const
  const role = query.data?.Role
  const simulator = withParameters(places.simulator, { principal: role?.Arn })
  return (
    <Page
      title={name}
      trail={[{ text: t('identities.roles'), place: places.roles }]}
      actions={
        <SpaceBetween direction="horizontal" size="xs">
          {role && <Button href={href(simulator)}>{t('identities.whatMayRole')}</Button>}
          <ButtonDropdown
            items={[
              { id: 'edit', text: t('identities.editRole'), disabled: !role },
              { id: 'delete', text: t('identities.deleteRole') },
            ]}
            onItemClick={({ detail }) => setDialog(detail.id === 'edit' ? 'edit' : 'delete')}
          >
            {t('common.actions')}
          </ButtonDropdown>
        </SpaceBetween>
      }
    >
      <SpaceBetween size="l">
        <Container header={<Header variant="h2">{t('identities.summary')}</Header>}>
          <Loaded query={query}>
            {({ Role: of }) => (
              <Facts
                items={[
                  { label: 'ARN', value: <Copy text={of?.Arn ?? ''} label="ARN" /> },
                  { label: t('identities.roleId'), value: of?.RoleId },
                  { label: t('identities.path'), value: of?.Path },
                  { label: t('identities.description'), value: of?.Description || '–' },
                  {
                    label: t('identities.maxSession'),
                    value: t('identities.hours', { hours: (of?.MaxSessionDuration ?? 0) / 3600 }),
                  },
                  { label: t('identities.created'), value: time(of?.CreateDate) },
                  boundaryFact(t, of?.PermissionsBoundary?.PermissionsBoundaryArn),
                ]}
              />
            )}
          </Loaded>
        </Container>
        <TabbedParts
          place={places.role(name)}
          label={name}
          parts={[
            {
              id: 'permissions',
              label: t('identities.permissions'),
              content: (
                <SpaceBetween size="l">
                  <Policies holder={holder} />
                  <Loaded query={query}>
                    {({ Role: of }) => (
                      <Boundary holder={holder} arn={of?.PermissionsBoundary?.PermissionsBoundaryArn} />
                    )}
                  </Loaded>
                </SpaceBetween>
              ),
            },
            {
              id: 'trust',
              label: t('identities.trust'),
              content: (
                <Loaded query={query}>
                  {({ Role: of }) => (
                    <TrustPolicy
                      role={name}
                      arn={of?.Arn ?? ''}
                      document={decodeDocument(of?.AssumeRolePolicyDocument)}
                    />
                  )}
                </Loaded>
              ),
            },
            { id: 'tags', label: t('identities.tags'), content: <RoleTags role={name} /> },
          ]}
        />
      </SpaceBetween>
      {dialog === 'edit' && role && (
        <EditRole
          name={name}
          description={role.Description ?? ''}
          duration={role.MaxSessionDuration ?? 3600}
          onClose={close}
        />
      )}
      {dialog === 'delete' && <DeleteRole name={name} onClose={close} />}
    </Page>
  )
}

function RoleTags({ role }: { role: string }): ReactNode {
  const list = useIamList('ListRoleTags', { RoleName: role }, 'Tags')
  return (
    <TagsTable
      list={list}
      tag={(api, Tags) => api.iam('TagRole', { RoleName: role, Tags })}
      untag={(api, TagKeys) => api.iam('UntagRole', { RoleName: role, TagKeys })}
    />
  )
}

/** Who may assume the role, and how that is done. */
function TrustPolicy({ role, arn, document }: { role: string; arn: string; document: string }): ReactNode {
  const t = useT()
  const region = useRegion()
  const [isEditing, setEditing] = useState(false)
  return (
    <SpaceBetween size="l">
      <Container
        header={
          <Header
            variant="h2"
            description={t('identities.trustText')}
            actions={<Button onClick={() => setEditing(true)}>{t('identities.editTrust')}</Button>}
          >
            {t('identities.trustPolicy')}
          </Header>
        }
      >
        <Code text={prettyDocument(document)} label={t('identities.trustPolicy')} />
      </Container>
      <Container
        header={
          <Header variant="h2" description={t('identities.howToAssumeText')}>
            {t('identities.howToAssume')}
          </Header>
        }
      >
        <Code
          label={t('identities.howToAssume')}
          text={`aws sts assume-role --role-arn '${arn}' --role-session-name "$USER" \\\n  --endpoint-url ${endpointText} --region ${region}`}
        />
      </Container>
      {isEditing && <EditTrust role={role} document={document} onClose={() => setEditing(false)} />}
    </SpaceBetween>
  )
}

function EditTrust({ role, document, onClose }: { role: string; document: string; onClose: () => void }): ReactNode {
  const t = useT()
  const { account } = useSession()
  const [trust, setTrust] = useState<Trust>(() => ({
    ...newTrust(account),
    by: 'json',
    document: prettyDocument(document),
  }))
  const [isTried, setTried] = useState(false)
  const change = useChange(
    api => api.iam('UpdateAssumeRolePolicy', { RoleName: role, PolicyDocument: documentOf(trust) }),
    {
      onSuccess() {
        notify(t('identities.saved', { name: t('identities.trustPolicy') }))
        onClose()
      },
    },
  )
  return (
    <FormDialog
      title={t('identities.editTrust')}
      submitLabel={t('common.save')}
      size="large"
      isBusy={change.isPending}
      error={change.error}
      onSubmit={() => {
        setTried(true)
        if (!faultOfTrust(trust)) change.mutate()
      }}
      onClose={onClose}
    >
      <TrustField trust={trust} isTried={isTried} onChange={setTrust} />
    </FormDialog>
  )
}

function EditRole({
  name,
  description,
  duration,
  onClose,
}: {
  name: string
  description: string
  duration: number
  onClose: () => void
}): ReactNode {
  const t = useT()
  const [newDescription, setDescription] = useState(description)
  const [newDuration, setDuration] = useState(duration)
  const change = useChange(
    api => api.iam('UpdateRole', { RoleName: name, Description: newDescription, MaxSessionDuration: newDuration }),
    { onSuccess: onClose },
  )
  return (
    <FormDialog
      title={t('identities.editRole')}
      submitLabel={t('common.save')}
      isBusy={change.isPending}
      error={change.error}
      onSubmit={() => change.mutate()}
      onClose={onClose}
    >
      <FormField label={<Optional label={t('identities.description')} />}>
        <Input value={newDescription} autoComplete={false} onChange={({ detail }) => setDescription(detail.value)} />
      </FormField>
      <DurationField value={newDuration} onChange={setDuration} />
    </FormDialog>
  )
}

function DeleteRole({ name, onClose }: { name: string; onClose: () => void }): ReactNode {
  const t = useT()
  const places = usePlaces()
  return (
    <Deletion
      holder={{ kind: 'Role', name }}
      title={t('identities.deleteRole')}
      text={t('identities.deleteRoleText', { name })}
      next={places.roles}
      onClose={onClose}
    />
  )
}
