import Alert from '@cloudscape-design/components/alert'
import Badge from '@cloudscape-design/components/badge'
import Box from '@cloudscape-design/components/box'
import Button, { type ButtonProps } from '@cloudscape-design/components/button'
import Checkbox from '@cloudscape-design/components/checkbox'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import Link from '@cloudscape-design/components/link'
import Modal from '@cloudscape-design/components/modal'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useRef, useState, type ReactNode } from 'react'
import { useLocation } from 'wouter'
import { useChange, useIam } from '../../api/hooks.ts'
import { useDates, useT } from '../../i18n/index.tsx'
import { notify } from '../../ui/notices.tsx'
import { Page } from '../../ui/page.tsx'
import { Code, Copy, Loaded } from '../../ui/parts.tsx'
import { href, usePlaces } from '../../ui/places.ts'
import { FormDialog, Removal } from './dialogs.tsx'
import { DocumentField, isDocument } from './document.tsx'
import {
  decodeDocument,
  isServicePolicy,
  nameIn,
  on,
  prettyDocument,
  useIamList,
  type Holder,
  type List,
} from './iam.ts'
import { Facts, Goes, isAllShown, TabbedParts } from './parts.tsx'
import { PolicyType } from './permissions.tsx'
import { EntityTable } from './table.tsx'
import { TagsTable } from './tags.tsx'

export default function Policy({ arn }: { arn: string }): ReactNode {
  const t = useT()
  const { time } = useDates()
  const places = usePlaces()
  const name = nameIn(arn)
  const query = useIam('GetPolicy', { PolicyArn: arn })
  const [isDeleting, setDeleting] = useState(false)
  const isService = isServicePolicy(arn)
  const standard = query.data?.Policy?.DefaultVersionId
  return (
    <Page
      title={name}
      trail={[{ text: t('identities.policies'), place: places.policies }]}
      actions={!isService && <Button onClick={() => setDeleting(true)}>{t('identities.deletePolicy')}</Button>}
    >
      <SpaceBetween size="l">
        <Container header={<Header variant="h2">{t('identities.summary')}</Header>}>
          <Loaded query={query}>
            {({ Policy: of }) => (
              <Facts
                items={[
                  { label: 'ARN', value: <Copy text={arn} label="ARN" /> },
                  { label: t('identities.type'), value: <PolicyType arn={arn} /> },
                  { label: t('identities.description'), value: of?.Description || '–' },
                  { label: t('identities.defaultVersion'), value: of?.DefaultVersionId },
                  { label: t('identities.created'), value: time(of?.CreateDate) },
                  { label: t('identities.updated'), value: time(of?.UpdateDate) },
                ]}
              />
            )}
          </Loaded>
        </Container>
        <TabbedParts
          place={places.policy(arn)}
          label={name}
          parts={[
            {
              id: 'document',
              label: t('identities.document'),
              content: (
                <Loaded query={query}>
                  {() => <DefaultDocument arn={arn} version={standard ?? ''} isService={isService} />}
                </Loaded>
              ),
            },
            {
              id: 'versions',
              label: t('identities.versions'),
              content: <Versions arn={arn} standard={standard} isService={isService} />,
            },
            { id: 'attached', label: t('identities.attachedTo'), content: <AttachedTo arn={arn} /> },
            ...(isService ? [] : [{ id: 'tags', label: t('identities.tags'), content: <PolicyTags arn={arn} /> }]),
          ]}
        />
      </SpaceBetween>
      {isDeleting && <DeletePolicy arn={arn} onClose={() => setDeleting(false)} />}
    </Page>
  )
}

/** The document of one version. */
const useVersion = (arn: string, version: string | undefined) =>
  useIam('GetPolicyVersion', { PolicyArn: arn, VersionId: version ?? '' }, { enabled: version !== undefined })

function DefaultDocument({ arn, version, isService }: { arn: string; version: string; isService: boolean }): ReactNode {
  const t = useT()
  const query = useVersion(arn, version)
  const [isEditing, setEditing] = useState(false)
  const document = prettyDocument(decodeDocument(query.data?.PolicyVersion?.Document))
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={t('identities.documentOf', { version })}
          actions={
            !isService && query.data && <Button onClick={() => setEditing(true)}>{t('identities.editDocument')}</Button>
          }
        >
          {t('identities.document')}
        </Header>
      }
    >
      <Loaded query={query}>{() => <Code text={document} label={t('identities.document')} />}</Loaded>
      {isEditing && <CreateVersion arn={arn} document={document} onClose={() => setEditing(false)} />}
    </Container>
  )
}

/** A policy is changed by another version. */
function CreateVersion({
  arn,
  document: present,
  onClose,
}: {
  arn: string
  document: string
  onClose: () => void
}): ReactNode {
  const t = useT()
  const [document, setDocument] = useState(present)
  const [isDefault, setDefault] = useState(true)
  const change = useChange(
    api => api.iam('CreatePolicyVersion', { PolicyArn: arn, PolicyDocument: document, SetAsDefault: isDefault }),
    {
      onSuccess({ PolicyVersion: { VersionId = '' } = {} }) {
        notify(t('identities.versionCreated', { version: VersionId, name: nameIn(arn) }))
        onClose()
      },
    },
  )
  return (
    <FormDialog
      title={t('identities.createVersion')}
      submitLabel={t('identities.createVersion')}
      size="large"
      isBusy={change.isPending}
      error={change.error}
      onSubmit={() => {
        if (isDocument(document)) change.mutate()
      }}
      onClose={onClose}
    >
      <DocumentField label={t('identities.document')} value={document} onChange={setDocument} />
      <Checkbox
        checked={isDefault}
        description={t('identities.setAsDefaultText')}
        onChange={({ detail }) => setDefault(detail.checked)}
      >
        {t('identities.setAsDefault')}
      </Checkbox>
    </FormDialog>
  )
}

function Versions({
  arn,
  standard,
  isService,
}: {
  arn: string
  standard: string | undefined
  isService: boolean
}): ReactNode {
  const t = useT()
  const { time } = useDates()
  const list = useIamList('ListPolicyVersions', { PolicyArn: arn }, 'Versions')
  const newest = useVersion(arn, standard)
  const [viewing, setViewing] = useState<string>()
  const [promoting, setPromoting] = useState<string>()
  const [deleting, setDeleting] = useState<string>()
  const [isCreating, setCreating] = useState(false)
  const button = useRef<ButtonProps.Ref>(null)
  return (
    <>
      <EntityTable
        name="versions"
        title={t('identities.versions')}
        description={t('identities.versionsText')}
        list={list}
        idOf={({ VersionId = '' }) => VersionId}
        empty={{ title: t('identities.noVersions') }}
        actions={
          !isService && (
            <Button ref={button} disabled={!newest.data} onClick={() => setCreating(true)}>
              {t('identities.createVersion')}
            </Button>
          )
        }
        columns={[
          {
            id: 'id',
            header: t('identities.version'),
            cell: ({ VersionId, IsDefaultVersion }) => (
              <SpaceBetween direction="horizontal" size="xs">
                <span>{VersionId}</span>
                {IsDefaultVersion && <Badge color="green">{t('identities.default')}</Badge>}
              </SpaceBetween>
            ),
            sortingComparator: (a, b) => numberOf(b.VersionId) - numberOf(a.VersionId),
            isRowHeader: true,
          },
          { id: 'created', header: t('identities.created'), cell: ({ CreateDate }) => time(CreateDate) },
          {
            id: 'actions',
            header: t('common.actions'),
            cell: ({ VersionId: id = '', IsDefaultVersion }) => (
              <SpaceBetween direction="horizontal" size="m">
                <Button
                  variant="inline-link"
                  ariaLabel={t('identities.viewOne', { name: id })}
                  onClick={() => setViewing(id)}
                >
                  {t('identities.view')}
                </Button>
                {!IsDefaultVersion && (
                  <Button
                    variant="inline-link"
                    ariaLabel={t('identities.promoteOne', { version: id })}
                    onClick={() => setPromoting(id)}
                  >
                    {t('identities.setAsDefault')}
                  </Button>
                )}
                {!IsDefaultVersion && (
                  <Button
                    variant="inline-link"
                    ariaLabel={t('identities.deleteOne', { name: id })}
                    onClick={() => setDeleting(id)}
                  >
                    {t('common.delete')}
                  </Button>
                )}
              </SpaceBetween>
            ),
          },
        ]}
      />
      {viewing !== undefined && <ViewVersion arn={arn} version={viewing} onClose={() => setViewing(undefined)} />}
      {isCreating && (
        <CreateVersion
          arn={arn}
          document={prettyDocument(decodeDocument(newest.data?.PolicyVersion?.Document))}
          onClose={() => setCreating(false)}
        />
      )}
      {promoting !== undefined && (
        <Removal
          title={t('identities.promoteOne', { version: promoting })}
          confirmLabel={t('identities.setAsDefault')}
          remove={api => api.iam('SetDefaultPolicyVersion', { PolicyArn: arn, VersionId: promoting })}
          onRemoved={() => notify(t('identities.promoted', { version: promoting }))}
          onClose={() => setPromoting(undefined)}
          focus={button}
        >
          {t('identities.promoteText', { version: promoting })}
        </Removal>
      )}
      {deleting !== undefined && (
        <Removal
          title={t('identities.deleteVersion', { version: deleting })}
          confirmLabel={t('common.delete')}
          remove={api => api.iam('DeletePolicyVersion', { PolicyArn: arn, VersionId: deleting })}
          onRemoved={() => notify(t('identities.deleted', { name: deleting }))}
          onClose={() => setDeleting(undefined)}
          focus={button}
        >
          {t('identities.deleteVersionText')}
        </Removal>
      )}
    </>
  )
}

/** Of `v12`. */
const numberOf = (version = 'v0'): number => Number.parseInt(version.slice(1), 10)

function ViewVersion({ arn, version, onClose }: { arn: string; version: string; onClose: () => void }): ReactNode {
  const t = useT()
  const query = useVersion(arn, version)
  return (
    <Modal
      visible
      size="large"
      header={t('identities.documentOf', { version })}
      closeAriaLabel={t('common.close')}
      onDismiss={onClose}
      footer={
        <Box float="right">
          <Button variant="primary" onClick={onClose}>
            {t('common.close')}
          </Button>
        </Box>
      }
    >
      <Loaded query={query}>
        {({ PolicyVersion: { Document } = {} }) => (
          <Code text={prettyDocument(decodeDocument(Document))} label={t('identities.document')} />
        )}
      </Loaded>
    </Modal>
  )
}

interface Use extends Holder {
  /** Whether the policy gives its rights or limits those that others give. */
  isBoundary: boolean
}

/** Who has a policy, and whom it limits. */
function useUses(arn: string): List<Use> {
  const of = (PolicyUsageFilter: 'PermissionsPolicy' | 'PermissionsBoundary') =>
    ({ PolicyArn: arn, PolicyUsageFilter }) as const
  const [attached, limited] = [of('PermissionsPolicy'), of('PermissionsBoundary')]
  const lists = [
    useIamList('ListEntitiesForPolicy', attached, 'PolicyUsers'),
    useIamList('ListEntitiesForPolicy', attached, 'PolicyRoles'),
    useIamList('ListEntitiesForPolicy', attached, 'PolicyGroups'),
    useIamList('ListEntitiesForPolicy', limited, 'PolicyUsers'),
    useIamList('ListEntitiesForPolicy', limited, 'PolicyRoles'),
  ] as const
  const [users, roles, groups, limitedUsers, limitedRoles] = lists
  const use = (kind: Holder['kind'], name: string | undefined, isBoundary = false): Use => ({
    kind,
    name: name ?? '',
    isBoundary,
  })
  return {
    items: [
      ...users.items.map(({ UserName }) => use('User', UserName)),
      ...roles.items.map(({ RoleName }) => use('Role', RoleName)),
      ...groups.items.map(({ GroupName }) => use('Group', GroupName)),
      ...limitedUsers.items.map(({ UserName }) => use('User', UserName, true)),
      ...limitedRoles.items.map(({ RoleName }) => use('Role', RoleName, true)),
    ],
    isLoading: lists.some(({ isLoading }) => isLoading),
    isComplete: lists.every(({ isComplete }) => isComplete),
    error: lists.find(({ error }) => error)?.error ?? null,
    // Three of them are the same request, and so are the others.
    refetch: () => [users.refetch(), limitedUsers.refetch()],
  }
}

const keyOf = ({ kind, name, isBoundary }: Use): string => `${kind}/${name}/${isBoundary}`

function AttachedTo({ arn }: { arn: string }): ReactNode {
  const t = useT()
  const places = usePlaces()
  const list = useUses(arn)
  const [detaching, setDetaching] = useState<Holder>()
  const kinds = { User: t('identities.user'), Role: t('identities.role'), Group: t('identities.group') }
  const placeOf = { User: places.user, Role: places.role, Group: places.group }
  return (
    <>
      <EntityTable
        name="uses"
        title={t('identities.attachedTo')}
        description={t('identities.attachedToText')}
        list={list}
        idOf={keyOf}
        search={({ name }) => [name]}
        empty={{ title: t('identities.attachedNowhere') }}
        columns={[
          {
            id: 'name',
            header: t('identities.name'),
            cell: ({ kind, name }) => <Link href={href(placeOf[kind](name))}>{name}</Link>,
            sortingField: 'name',
            isRowHeader: true,
          },
          { id: 'kind', header: t('identities.type'), cell: ({ kind }) => kinds[kind], sortingField: 'kind' },
          {
            id: 'use',
            header: t('identities.use'),
            cell: ({ isBoundary }) => t(isBoundary ? 'identities.asBoundary' : 'identities.asPermissions'),
            sortingField: 'isBoundary',
          },
          {
            id: 'actions',
            header: t('common.actions'),
            cell: use =>
              use.isBoundary ? (
                '–'
              ) : (
                <Button
                  variant="inline-link"
                  ariaLabel={t('identities.detachFrom', { name: use.name })}
                  onClick={() => setDetaching(use)}
                >
                  {t('identities.detach')}
                </Button>
              ),
          },
        ]}
      />
      {detaching && (
        <Removal
          title={t('identities.detachTitle')}
          confirmLabel={t('identities.detach')}
          remove={api => api.iam(`Detach${detaching.kind}Policy`, on(detaching, { PolicyArn: arn }))}
          onClose={() => setDetaching(undefined)}
        >
          {t('identities.detachText', { policy: nameIn(arn), name: detaching.name })}
        </Removal>
      )}
    </>
  )
}

function PolicyTags({ arn }: { arn: string }): ReactNode {
  const list = useIamList('ListPolicyTags', { PolicyArn: arn }, 'Tags')
  return (
    <TagsTable
      list={list}
      tag={(api, Tags) => api.iam('TagPolicy', { PolicyArn: arn, Tags })}
      untag={(api, TagKeys) => api.iam('UntagPolicy', { PolicyArn: arn, TagKeys })}
    />
  )
}

/** Takes it from those who have it, then deletes it with its versions. Nobody loses a limit by that. */
function DeletePolicy({ arn, onClose }: { arn: string; onClose: () => void }): ReactNode {
  const t = useT()
  const places = usePlaces()
  const [, go] = useLocation()
  const name = nameIn(arn)
  const uses = useUses(arn)
  const versions = useIamList('ListPolicyVersions', { PolicyArn: arn }, 'Versions')
  const limited = uses.items.filter(({ isBoundary }) => isBoundary)
  const attached = uses.items.filter(({ isBoundary }) => !isBoundary)
  return (
    <Removal
      title={t('identities.deletePolicyTitle')}
      confirmLabel={t('common.delete')}
      phrase={name}
      isDisabled={!isAllShown([uses, versions]) || limited.length > 0}
      // https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_manage-delete.html
      remove={async api => {
        for (const use of attached) await api.iam(`Detach${use.kind}Policy`, on(use, { PolicyArn: arn }))
        for (const { VersionId, IsDefaultVersion } of versions.items) {
          if (!IsDefaultVersion) await api.iam('DeletePolicyVersion', { PolicyArn: arn, VersionId })
        }
        await api.iam('DeletePolicy', { PolicyArn: arn })
      }}
      onRemoved={() => {
        notify(t('identities.deleted', { name }))
        go(places.policies)
      }}
      onClose={onClose}
    >
      <SpaceBetween size="s">
        {limited.length > 0 && (
          <Alert type="error" statusIconAriaLabel={t('common.error')} header={t('identities.isBoundary')}>
            {t('identities.isBoundaryText', { names: limited.map(use => use.name).join(', ') })}
          </Alert>
        )}
        <Box>{t('identities.deletePolicyText', { name })}</Box>
        <Goes
          parts={[
            { title: t('identities.goesDetached'), list: uses, names: attached.map(use => use.name) },
            {
              title: t('identities.versions'),
              list: versions,
              names: versions.items.map(({ VersionId }) => VersionId),
            },
          ]}
        />
      </SpaceBetween>
    </Removal>
  )
}
