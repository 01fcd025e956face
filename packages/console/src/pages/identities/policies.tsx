import Button from '@cloudscape-design/components/button'
import FormField from '@cloudscape-design/components/form-field'
import Input from '@cloudscape-design/components/input'
import Link from '@cloudscape-design/components/link'
import Select from '@cloudscape-design/components/select'
import ExpandableSection from '@cloudscape-design/components/expandable-section'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useMemo, useState, type ReactNode } from 'react'
import { useChange } from '../../api/hooks.ts'
import { useDates, useT } from '../../i18n/index.tsx'
import { notify } from '../../ui/notices.tsx'
import { Page } from '../../ui/page.tsx'
import { href, usePlaces } from '../../ui/places.ts'
import { FormDialog } from './dialogs.tsx'
import { DocumentField, isDocument, firstDocument } from './document.tsx'
import {
  changedTags,
  faultOfName,
  faultOfPath,
  NameField,
  Optional,
  PathField,
  TagsField,
  type Tags,
} from './fields.tsx'
import { isServicePolicy, useIamList } from './iam.ts'
import { PolicyType } from './permissions.tsx'
import { EntityTable } from './table.tsx'

const kinds = ['all', 'customer', 'service'] as const
type Kind = (typeof kinds)[number]

export default function Policies(): ReactNode {
  const t = useT()
  const { date } = useDates()
  const places = usePlaces()
  const all = useIamList('ListPolicies', {}, 'Policies')
  const [kind, setKind] = useState<Kind>('all')
  const [isCreating, setCreating] = useState(false)
  const items = useMemo(
    () => all.items.filter(({ Arn = '' }) => kind === 'all' || isServicePolicy(Arn) === (kind === 'service')),
    [all.items, kind],
  )
  const names = {
    all: t('identities.allPolicies'),
    customer: t('identities.customerManaged'),
    service: t('identities.serviceManaged'),
  }
  return (
    <Page title={t('identities.policies')} trail={[]} hasHeader={false}>
      <EntityTable
        name="policies"
        heading="h1"
        title={t('identities.policies')}
        description={t('identities.policiesText')}
        list={{ ...all, items }}
        idOf={({ Arn = '' }) => Arn}
        search={({ PolicyName, Arn }) => [PolicyName, Arn]}
        filter={
          <Select
            ariaLabel={t('identities.type')}
            options={kinds.map(value => ({ value, label: names[value] }))}
            selectedOption={{ value: kind, label: names[kind] }}
            onChange={({ detail }) => setKind(detail.selectedOption.value as Kind)} // The values above.
          />
        }
        empty={{ title: t('identities.noPolicies') }}
        actions={
          <Button variant="primary" onClick={() => setCreating(true)}>
            {t('identities.createPolicy')}
          </Button>
        }
        columns={[
          {
            id: 'name',
            header: t('identities.policyName'),
            cell: ({ PolicyName, Arn = '' }) => <Link href={href(places.policy(Arn))}>{PolicyName}</Link>,
            sortingField: 'PolicyName',
            isRowHeader: true,
          },
          {
            id: 'type',
            header: t('identities.type'),
            cell: ({ Arn = '' }) => <PolicyType arn={Arn} />,
            sortingComparator: (a, b) => Number(isServicePolicy(a.Arn ?? '')) - Number(isServicePolicy(b.Arn ?? '')),
          },
          {
            id: 'attached',
            header: t('identities.attachments'),
            cell: ({ AttachmentCount = 0 }) => AttachmentCount,
            sortingField: 'AttachmentCount',
          },
          {
            id: 'limits',
            header: t('identities.boundaryUses'),
            cell: ({ PermissionsBoundaryUsageCount = 0 }) => PermissionsBoundaryUsageCount,
            sortingField: 'PermissionsBoundaryUsageCount',
          },
          {
            id: 'updated',
            header: t('identities.updated'),
            cell: ({ UpdateDate }) => date(UpdateDate),
            sortingField: 'UpdateDate',
          },
        ]}
      />
      {isCreating && <CreatePolicy onClose={() => setCreating(false)} />}
    </Page>
  )
}

function CreatePolicy({ onClose }: { onClose: () => void }): ReactNode {
  const t = useT()
  const places = usePlaces()
  const [name, setName] = useState('')
  const [path, setPath] = useState('')
  const [description, setDescription] = useState('')
  const [document, setDocument] = useState(firstDocument)
  const [tags, setTags] = useState<Tags>([])
  const [isTagged, setTagged] = useState(true)
  const [isTried, setTried] = useState(false)
  const policy = name.trim()
  const change = useChange(
    api => {
      const { Tags } = changedTags([], tags)
      return api.iam('CreatePolicy', {
        PolicyName: policy,
        PolicyDocument: document,
        ...(path.trim() !== '' && { Path: path.trim() }),
        ...(description.trim() !== '' && { Description: description.trim() }),
        ...(Tags.length > 0 && { Tags }),
      })
    },
    {
      onSuccess({ Policy: { Arn = '' } = {} }) {
        notify(t('identities.policyCreated', { name: policy }), {
          action: <Button href={href(places.policy(Arn))}>{t('identities.viewPolicy')}</Button>,
        })
        onClose()
      },
    },
  )
  return (
    <FormDialog
      title={t('identities.createPolicy')}
      submitLabel={t('identities.createPolicy')}
      size="large"
      isBusy={change.isPending}
      isDisabled={!isTagged}
      error={change.error}
      onSubmit={() => {
        setTried(true)
        if (!faultOfName(name, 128) && !faultOfPath(path) && isDocument(document)) change.mutate()
      }}
      onClose={onClose}
    >
      <NameField label={t('identities.policyName')} value={name} most={128} isTried={isTried} onChange={setName} />
      <FormField label={<Optional label={t('identities.description')} />}>
        <Input value={description} autoComplete={false} onChange={({ detail }) => setDescription(detail.value)} />
      </FormField>
      <DocumentField label={t('identities.document')} value={document} onChange={setDocument} />
      <ExpandableSection headerText={t('identities.more')}>
        <SpaceBetween size="m">
          <PathField value={path} isTried={isTried} onChange={setPath} />
          <FormField stretch label={<Optional label={t('identities.tags')} />}>
            <TagsField
              tags={tags}
              onChange={(next, fits) => {
                setTags(next)
                setTagged(fits)
              }}
            />
          </FormField>
        </SpaceBetween>
      </ExpandableSection>
    </FormDialog>
  )
}
