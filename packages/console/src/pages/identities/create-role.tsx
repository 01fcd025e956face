import Button from '@cloudscape-design/components/button'
import ExpandableSection from '@cloudscape-design/components/expandable-section'
import FormField from '@cloudscape-design/components/form-field'
import Input from '@cloudscape-design/components/input'
import Select from '@cloudscape-design/components/select'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useState, type ReactNode } from 'react'
import { useChange } from '../../api/hooks.ts'
import { useSession } from '../../api/session.ts'
import { useT } from '../../i18n/index.tsx'
import { notify } from '../../ui/notices.tsx'
import { href, usePlaces } from '../../ui/places.ts'
import { FormDialog, HalfMade } from './dialogs.tsx'
import {
  BoundaryField,
  changedTags,
  faultOfName,
  faultOfPath,
  NameField,
  Optional,
  PathField,
  PoliciesField,
  TagsField,
  type Tags,
} from './fields.tsx'
import { documentOf, faultOfTrust, newTrust, TrustField } from './trust.tsx'

/** Makes a role and whatever was asked for with it. */
export function CreateRole({ onClose }: { onClose: () => void }): ReactNode {
  const t = useT()
  const places = usePlaces()
  const { account } = useSession()
  const [name, setName] = useState('')
  const [path, setPath] = useState('')
  const [description, setDescription] = useState('')
  const [trust, setTrust] = useState(() => newTrust(account))
  const [policies, setPolicies] = useState<string[]>([])
  const [boundary, setBoundary] = useState('')
  const [duration, setDuration] = useState(3600)
  const [tags, setTags] = useState<Tags>([])
  const [isTagged, setTagged] = useState(true)
  const [isTried, setTried] = useState(false)
  const [isMade, setMade] = useState(false)
  const role = name.trim()
  const change = useChange(
    async api => {
      if (!isMade) {
        const { Tags } = changedTags([], tags)
        await api.iam('CreateRole', {
          RoleName: role,
          AssumeRolePolicyDocument: documentOf(trust),
          MaxSessionDuration: duration,
          ...(path.trim() !== '' && { Path: path.trim() }),
          ...(description.trim() !== '' && { Description: description.trim() }),
          ...(boundary !== '' && { PermissionsBoundary: boundary }),
          ...(Tags.length > 0 && { Tags }),
        })
        setMade(true)
      }
      for (const PolicyArn of policies) await api.iam('AttachRolePolicy', { RoleName: role, PolicyArn })
    },
    {
      onSuccess() {
        notify(t('identities.roleCreated', { name: role }), {
          action: <Button href={href(places.role(role))}>{t('identities.viewRole')}</Button>,
        })
        onClose()
      },
    },
  )
  return (
    <FormDialog
      title={t('identities.createRole')}
      submitLabel={isMade ? t('common.retry') : t('identities.createRole')}
      size="large"
      isBusy={change.isPending}
      isDisabled={!isTagged}
      error={change.error}
      onSubmit={() => {
        setTried(true)
        if (!faultOfName(name, 64) && !faultOfPath(path) && !faultOfTrust(trust)) change.mutate()
      }}
      onClose={onClose}
    >
      <HalfMade isMade={isMade} name={role}>
        <SpaceBetween size="m">
          <NameField label={t('identities.roleName')} value={name} most={64} isTried={isTried} onChange={setName} />
          <FormField label={<Optional label={t('identities.description')} />}>
            <Input value={description} autoComplete={false} onChange={({ detail }) => setDescription(detail.value)} />
          </FormField>
          <TrustField trust={trust} isTried={isTried} onChange={setTrust} />
        </SpaceBetween>
      </HalfMade>
      <PoliciesField chosen={policies} onChange={setPolicies} />
      {!isMade && (
        <ExpandableSection headerText={t('identities.more')}>
          <SpaceBetween size="m">
            <PathField value={path} isTried={isTried} onChange={setPath} />
            <DurationField value={duration} onChange={setDuration} />
            <BoundaryField value={boundary} onChange={setBoundary} />
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
      )}
    </FormDialog>
  )
}

const hour = 3600

/** How long sessions of a role may be, in seconds: whole hours up to twelve, or what it is already. */
export function DurationField({ value, onChange }: { value: number; onChange: (value: number) => void }): ReactNode {
  const t = useT()
  const usual = Array.from({ length: 12 }, (_, index) => (index + 1) * hour)
  const options = [...new Set([...usual, value])]
    .toSorted((a, b) => a - b)
    .map(seconds => ({ value: String(seconds), label: t('identities.hours', { hours: seconds / hour }) }))
  return (
    <FormField label={t('identities.maxSession')} description={t('identities.maxSessionText')}>
      <Select
        options={options}
        selectedOption={options.find(option => option.value === String(value)) ?? null}
        onChange={({ detail }) => onChange(Number(detail.selectedOption.value))}
        expandToViewport
      />
    </FormField>
  )
}
