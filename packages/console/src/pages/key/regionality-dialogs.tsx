import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Checkbox from '@cloudscape-design/components/checkbox'
import FormField from '@cloudscape-design/components/form-field'
import Input from '@cloudscape-design/components/input'
import Multiselect from '@cloudscape-design/components/multiselect'
import RadioGroup from '@cloudscape-design/components/radio-group'
import Select from '@cloudscape-design/components/select'
import { useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { useChange } from '../../api/hooks.ts'
import { useT } from '../../i18n/index.tsx'
import { notify } from '../../ui/notices.tsx'
import { Confirm } from '../../ui/parts.tsx'
import { regionOf, type Key } from './key.ts'

const options = (regions: readonly string[]) => regions.map(region => ({ value: region, label: region }))

/** Makes replicas of a primary key. */
export function Replicate({
  shown: key,
  free,
  onClose,
}: {
  shown: Key
  /** Regions without one. */
  free: readonly string[]
  onClose: () => void
}): ReactNode {
  const t = useT()
  const [regions, setRegions] = useState<readonly string[]>([])
  const [description, setDescription] = useState(key.Description ?? '')
  const [policy, setPolicy] = useState('same')
  const [hasTags, setHasTags] = useState(true)
  const client = useQueryClient()
  const replicate = useChange(
    async api => {
      const Policy = policy === 'same' ? (await api.kms('GetKeyPolicy', { KeyId: key.KeyId })).Policy : undefined
      const tags = hasTags ? ((await api.kms('ListResourceTags', { KeyId: key.KeyId })).Tags ?? []) : []
      const made: string[] = []
      try {
        for (const region of regions) {
          await api.kms('ReplicateKey', {
            KeyId: key.KeyId,
            ReplicaRegion: region,
            Description: description,
            ...(Policy !== undefined && { Policy }),
            ...(tags.length > 0 && { Tags: tags }),
          })
          made.push(region)
        }
      } finally {
        // Also when a later one fails: these are there, and are not tried again.
        setRegions(regions.filter(region => !made.includes(region)))
        if (made.length > 0) notify(t('key.regions.replicated', { regions: made.join(', ') }))
      }
    },
    { onSuccess: onClose },
  )
  return (
    <Confirm
      title={t('key.regions.replicate')}
      confirmLabel={t('key.regions.replicate')}
      isBusy={replicate.isPending}
      isDisabled={regions.length === 0}
      error={replicate.error}
      onConfirm={() => replicate.mutate(undefined, { onError: () => void client.invalidateQueries() })}
      onClose={onClose}
    >
      <Box>{t('key.regions.replicateText')}</Box>
      {key.Origin === 'EXTERNAL' && (
        <Alert type="info" statusIconAriaLabel={t('common.info')}>
          {t('key.regions.replicateImported')}
        </Alert>
      )}
      <FormField label={t('key.regions.where')}>
        <Multiselect
          options={options(free)}
          selectedOptions={options(regions)}
          filteringType={free.length > 8 ? 'auto' : 'none'}
          placeholder={t('key.regions.choose')}
          deselectAriaLabel={({ label = '' }) => t('key.regions.leaveOut', { region: label })}
          onChange={({ detail }) => setRegions(detail.selectedOptions.map(({ value = '' }) => value))}
        />
      </FormField>
      <FormField label={t('key.description')}>
        <Input value={description} onChange={({ detail }) => setDescription(detail.value)} />
      </FormField>
      <FormField label={t('key.tab.policy')}>
        <RadioGroup
          value={policy}
          items={[
            { value: 'same', label: t('key.regions.samePolicy'), description: t('key.regions.samePolicyText') },
            {
              value: 'default',
              label: t('key.regions.defaultPolicy'),
              description: t('key.regions.defaultPolicyText'),
            },
          ]}
          onChange={({ detail }) => setPolicy(detail.value)}
        />
      </FormField>
      <Checkbox checked={hasTags} onChange={({ detail }) => setHasTags(detail.checked)}>
        {t('key.regions.sameTags')}
      </Checkbox>
    </Confirm>
  )
}

/** Makes a replica the primary key. */
export function ChangePrimary({
  shown: key,
  replicas,
  onClose,
}: {
  shown: Key
  /** Regions that have one. */
  replicas: readonly string[]
  onClose: () => void
}): ReactNode {
  const t = useT()
  const [region, setRegion] = useState(replicas[0] ?? '')
  const change = useChange(
    async api => await api.kms('UpdatePrimaryRegion', { KeyId: key.KeyId, PrimaryRegion: region }),
    {
      onSuccess() {
        notify(t('key.regions.changed', { region }))
        onClose()
      },
    },
  )
  return (
    <Confirm
      title={t('key.regions.change')}
      confirmLabel={t('key.regions.change')}
      isBusy={change.isPending}
      error={change.error}
      onConfirm={() => change.mutate()}
      onClose={onClose}
    >
      <Box>{t('key.regions.changeText', { region: regionOf(key.Arn) })}</Box>
      <FormField label={t('key.regions.newPrimary')}>
        <Select
          options={options(replicas)}
          selectedOption={{ value: region, label: region }}
          onChange={({ detail }) => setRegion(detail.selectedOption.value ?? '')}
        />
      </FormField>
    </Confirm>
  )
}
