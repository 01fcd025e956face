import Badge from '@cloudscape-design/components/badge'
import Box from '@cloudscape-design/components/box'
import Button, { type ButtonProps } from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import Link from '@cloudscape-design/components/link'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useRef, useState, type ReactNode } from 'react'
import { useChange, useIam } from '../../api/hooks.ts'
import { useT, type Translate } from '../../i18n/index.tsx'
import { notify } from '../../ui/notices.tsx'
import { Loaded } from '../../ui/parts.tsx'
import { href, usePlaces } from '../../ui/places.ts'
import { AddDialog, FormDialog, Removal } from './dialogs.tsx'
import { DocumentField, isDocument, firstDocument } from './document.tsx'
import { BoundaryField, faultOfName, NameField, PoliciesField } from './fields.tsx'
import { decodeDocument, isServicePolicy, nameIn, on, prettyDocument, useIamList, type Holder } from './iam.ts'
import { EntityTable } from './table.tsx'

/** The policies that somebody has, of its own and by reference. */
export function Policies({ holder }: { holder: Holder }): ReactNode {
  return (
    <SpaceBetween size="l">
      <AttachedPolicies holder={holder} />
      <InlinePolicies holder={holder} />
    </SpaceBetween>
  )
}

/** Whether the service or the account has a managed policy. */
export function PolicyType({ arn }: { arn: string }): ReactNode {
  const t = useT()
  return isServicePolicy(arn) ? (
    <Badge>{t('identities.serviceManaged')}</Badge>
  ) : (
    <Badge color="green">{t('identities.customerManaged')}</Badge>
  )
}

export function PolicyLink({ arn }: { arn: string }): ReactNode {
  const places = usePlaces()
  return <Link href={href(places.policy(arn))}>{nameIn(arn)}</Link>
}

/** What the summary of a user or a role says of its boundary. */
export const boundaryFact = (t: Translate, arn: string | undefined): { label: string; value: ReactNode } => ({
  label: t('identities.boundary'),
  value: arn ? <PolicyLink arn={arn} /> : t('identities.noBoundary'),
})

function AttachedPolicies({ holder }: { holder: Holder }): ReactNode {
  const t = useT()
  const list = useIamList(`ListAttached${holder.kind}Policies`, on(holder, {}), 'AttachedPolicies')
  const [isAttaching, setAttaching] = useState(false)
  const [detaching, setDetaching] = useState<string>()
  const button = useRef<ButtonProps.Ref>(null)
  const arns = list.items.map(({ PolicyArn = '' }) => PolicyArn)
  return (
    <>
      <EntityTable
        name="attached-policies"
        title={t('identities.attachedPolicies')}
        description={t('identities.attachedPoliciesText')}
        list={list}
        idOf={({ PolicyArn = '' }) => PolicyArn}
        empty={{ title: t('identities.nothingAttached') }}
        actions={
          <Button ref={button} onClick={() => setAttaching(true)}>
            {t('identities.attach')}
          </Button>
        }
        columns={[
          {
            id: 'name',
            header: t('identities.policy'),
            cell: ({ PolicyArn = '' }) => <PolicyLink arn={PolicyArn} />,
            sortingField: 'PolicyName',
            isRowHeader: true,
          },
          {
            id: 'type',
            header: t('identities.type'),
            cell: ({ PolicyArn = '' }) => <PolicyType arn={PolicyArn} />,
          },
          {
            id: 'actions',
            header: t('common.actions'),
            cell: ({ PolicyArn = '' }) => (
              <Button
                variant="inline-link"
                ariaLabel={t('identities.detachOne', { name: nameIn(PolicyArn) })}
                onClick={() => setDetaching(PolicyArn)}
              >
                {t('identities.detach')}
              </Button>
            ),
          },
        ]}
      />
      {isAttaching && (
        <AddDialog
          title={t('identities.attach')}
          add={(api, PolicyArn) => api.iam(`Attach${holder.kind}Policy`, on(holder, { PolicyArn }))}
          onAdded={count => notify(t('identities.attached', { count, name: holder.name }))}
          onClose={() => setAttaching(false)}
        >
          {(chosen, choose) => <PoliciesField chosen={chosen} except={arns} isOptional={false} onChange={choose} />}
        </AddDialog>
      )}
      {detaching !== undefined && (
        <Removal
          title={t('identities.detachTitle')}
          confirmLabel={t('identities.detach')}
          remove={api => api.iam(`Detach${holder.kind}Policy`, on(holder, { PolicyArn: detaching }))}
          onRemoved={() => notify(t('identities.detached', { name: nameIn(detaching) }))}
          onClose={() => setDetaching(undefined)}
          focus={button}
        >
          {t('identities.detachText', { policy: nameIn(detaching), name: holder.name })}
        </Removal>
      )}
    </>
  )
}

function InlinePolicies({ holder }: { holder: Holder }): ReactNode {
  const t = useT()
  const list = useIamList(`List${holder.kind}Policies`, on(holder, {}), 'PolicyNames')
  /** Its name; empty: a new one. */
  const [editing, setEditing] = useState<string>()
  const [deleting, setDeleting] = useState<string>()
  const button = useRef<ButtonProps.Ref>(null)
  return (
    <>
      <EntityTable
        name="inline-policies"
        title={t('identities.inlinePolicies')}
        description={t('identities.inlinePoliciesText')}
        list={list}
        idOf={name => name}
        empty={{ title: t('identities.nothingInline') }}
        actions={
          <Button ref={button} onClick={() => setEditing('')}>
            {t('identities.addInline')}
          </Button>
        }
        columns={[
          { id: 'name', header: t('identities.policy'), cell: name => name, isRowHeader: true },
          {
            id: 'actions',
            header: t('common.actions'),
            cell: name => (
              <SpaceBetween direction="horizontal" size="m">
                <Button
                  variant="inline-link"
                  ariaLabel={t('identities.editOne', { name })}
                  onClick={() => setEditing(name)}
                >
                  {t('identities.viewAndEdit')}
                </Button>
                <Button
                  variant="inline-link"
                  ariaLabel={t('identities.deleteOne', { name })}
                  onClick={() => setDeleting(name)}
                >
                  {t('common.delete')}
                </Button>
              </SpaceBetween>
            ),
          },
        ]}
      />
      {editing === '' && <InlineDialog holder={holder} onClose={() => setEditing(undefined)} />}
      {editing !== undefined && editing !== '' && (
        <EditInlineDialog holder={holder} name={editing} onClose={() => setEditing(undefined)} />
      )}
      {deleting !== undefined && (
        <Removal
          title={t('identities.deletePolicyTitle')}
          confirmLabel={t('common.delete')}
          phrase={deleting}
          remove={api => api.iam(`Delete${holder.kind}Policy`, on(holder, { PolicyName: deleting }))}
          onRemoved={() => notify(t('identities.deleted', { name: deleting }))}
          onClose={() => setDeleting(undefined)}
          focus={button}
        >
          {t('identities.deleteInlineText', { policy: deleting, name: holder.name })}
        </Removal>
      )}
    </>
  )
}

/** With what is there now, once it has come. */
function EditInlineDialog({ holder, name, onClose }: { holder: Holder; name: string; onClose: () => void }): ReactNode {
  const t = useT()
  const query = useIam(`Get${holder.kind}Policy`, on(holder, { PolicyName: name }))
  if (query.data) {
    const document = prettyDocument(decodeDocument(query.data.PolicyDocument))
    return <InlineDialog holder={holder} present={{ name, document }} onClose={onClose} />
  }
  return (
    <FormDialog
      title={t('identities.editInline', { name })}
      submitLabel={t('common.save')}
      size="large"
      isBusy={false}
      isDisabled
      error={null}
      onSubmit={onClose}
      onClose={onClose}
    >
      <Loaded query={query}>{() => null}</Loaded>
    </FormDialog>
  )
}

function InlineDialog({
  holder,
  present,
  onClose,
}: {
  holder: Holder
  /** Undefined: it is made. */
  present?: { name: string; document: string }
  onClose: () => void
}): ReactNode {
  const t = useT()
  const [name, setName] = useState(present?.name ?? '')
  const [document, setDocument] = useState(present?.document ?? firstDocument)
  const [isTried, setTried] = useState(false)
  const change = useChange(
    api => api.iam(`Put${holder.kind}Policy`, on(holder, { PolicyName: name.trim(), PolicyDocument: document })),
    {
      onSuccess() {
        notify(t('identities.saved', { name: name.trim() }))
        onClose()
      },
    },
  )
  return (
    <FormDialog
      title={present ? t('identities.editInline', { name: present.name }) : t('identities.addInline')}
      submitLabel={present ? t('common.save') : t('identities.addInline')}
      size="large"
      isBusy={change.isPending}
      error={change.error}
      onSubmit={() => {
        setTried(true)
        if (!faultOfName(name, 128) && isDocument(document)) change.mutate()
      }}
      onClose={onClose}
    >
      {!present && (
        <NameField label={t('identities.policyName')} value={name} most={128} isTried={isTried} onChange={setName} />
      )}
      <DocumentField label={t('identities.document')} value={document} onChange={setDocument} />
    </FormDialog>
  )
}

/** What limits a user or a role, whatever its policies allow. */
export function Boundary({
  holder,
  arn,
}: {
  holder: Holder & { kind: 'User' | 'Role' }
  arn: string | undefined
}): ReactNode {
  const t = useT()
  const [isChanging, setChanging] = useState(false)
  const [isRemoving, setRemoving] = useState(false)
  const button = useRef<ButtonProps.Ref>(null)
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={t('identities.boundaryText')}
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              {arn !== undefined && <Button onClick={() => setRemoving(true)}>{t('identities.removeBoundary')}</Button>}
              <Button ref={button} onClick={() => setChanging(true)}>
                {arn === undefined ? t('identities.setBoundary') : t('identities.changeBoundary')}
              </Button>
            </SpaceBetween>
          }
        >
          {t('identities.boundary')}
        </Header>
      }
    >
      {arn === undefined ? (
        <Box color="text-body-secondary">{t('identities.noBoundary')}</Box>
      ) : (
        <SpaceBetween direction="horizontal" size="xs">
          <PolicyLink arn={arn} />
          <PolicyType arn={arn} />
        </SpaceBetween>
      )}
      {isChanging && <BoundaryDialog holder={holder} present={arn ?? ''} onClose={() => setChanging(false)} />}
      {isRemoving && (
        <Removal
          title={t('identities.removeBoundary')}
          confirmLabel={t('common.remove')}
          remove={api => api.iam(`Delete${holder.kind}PermissionsBoundary`, on(holder, {}))}
          onClose={() => setRemoving(false)}
          focus={button}
        >
          {t('identities.removeBoundaryText', { name: holder.name })}
        </Removal>
      )}
    </Container>
  )
}

function BoundaryDialog({
  holder,
  present,
  onClose,
}: {
  holder: Holder & { kind: 'User' | 'Role' }
  present: string
  onClose: () => void
}): ReactNode {
  const t = useT()
  const [arn, setArn] = useState(present)
  const change = useChange(
    api => api.iam(`Put${holder.kind}PermissionsBoundary`, on(holder, { PermissionsBoundary: arn })),
    { onSuccess: onClose },
  )
  return (
    <FormDialog
      title={t('identities.boundary')}
      submitLabel={t('common.save')}
      isBusy={change.isPending}
      isDisabled={arn === '' || arn === present}
      error={change.error}
      onSubmit={() => change.mutate()}
      onClose={onClose}
    >
      <BoundaryField value={arn} onChange={setArn} />
    </FormDialog>
  )
}
