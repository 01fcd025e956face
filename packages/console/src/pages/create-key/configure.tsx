import Alert from '@cloudscape-design/components/alert'
import Checkbox from '@cloudscape-design/components/checkbox'
import Container from '@cloudscape-design/components/container'
import ExpandableSection from '@cloudscape-design/components/expandable-section'
import FormField from '@cloudscape-design/components/form-field'
import Header from '@cloudscape-design/components/header'
import Input from '@cloudscape-design/components/input'
import Link from '@cloudscape-design/components/link'
import RadioGroup from '@cloudscape-design/components/radio-group'
import Select from '@cloudscape-design/components/select'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Tiles from '@cloudscape-design/components/tiles'
import type { ReactNode } from 'react'
import { useKms } from '../../api/hooks.ts'
import { useT } from '../../i18n/index.tsx'
import { ErrorAlert } from '../../ui/errors.tsx'
import { href, usePlaces, useRegions } from '../../ui/places.ts'
import {
  specsFor,
  unfitMultiRegion,
  unfitOrigin,
  usagesOf,
  type Draft,
  type KeyType,
  type KeyUsage,
  type Origin,
} from './draft.ts'

export interface StepProps {
  draft: Draft
  onChange: (change: Partial<Draft>) => void
  /** Whether what is wrong is to be pointed out. */
  isTried: boolean
}

const types: readonly KeyType[] = ['symmetric', 'asymmetric']
const origins: readonly Origin[] = ['AWS_KMS', 'EXTERNAL', 'EXTERNAL_KEY_STORE']

/** Whether this step is as it must be. */
export const isConfigured = ({ origin, isAcknowledged, storeId, xksKeyId }: Draft): boolean =>
  (origin !== 'EXTERNAL' || isAcknowledged) &&
  (origin !== 'EXTERNAL_KEY_STORE' || (storeId !== '' && isXksKeyId(xksKeyId)))

const isXksKeyId = (text: string): boolean => /^[a-zA-Z0-9_.-]{1,128}$/.test(text.trim())

/** Step 1: what key it will be. None of this can be changed later. */
export function Configure({ draft, onChange, isTried }: StepProps): ReactNode {
  const t = useT()
  const { type, usage, spec } = draft
  const offered = specsFor(type, usage)
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">{t('create.configuration')}</Header>}>
        <SpaceBetween size="l">
          <FormField label={t('create.keyType')} stretch>
            <Tiles
              value={type}
              columns={2}
              items={types.map(value => ({
                value,
                label: t(`create.type.${value}`),
                description: t(`create.type.${value}.text`),
              }))}
              onChange={({ detail }) => onChange({ type: detail.value as KeyType })} // One of those above.
            />
          </FormField>
          <FormField label={t('create.keyUsage')} stretch>
            <RadioGroup
              value={usage}
              items={usagesOf[type].map(value => ({
                value,
                label: t(`create.usage.${value}`),
                description: t(`create.usage.${value}.${type}` as 'create.usage.ENCRYPT_DECRYPT.symmetric'), // Each has one.
              }))}
              onChange={({ detail }) => onChange({ usage: detail.value as KeyUsage })} // One of those above.
            />
          </FormField>
          {offered.length > 1 && (
            <FormField label={t('create.keySpec')} description={t('create.keySpecText')} stretch>
              <RadioGroup
                value={spec}
                items={offered.map(value => ({ value, label: value, description: t(`create.spec.${value}`) }))}
                onChange={({ detail }) => onChange({ spec: detail.value as Draft['spec'] })} // One of those above.
              />
            </FormField>
          )}
          <Advanced draft={draft} onChange={onChange} isTried={isTried} />
        </SpaceBetween>
      </Container>
      <Alert type="info" statusIconAriaLabel={t('common.info')}>
        {t('create.fixed')}
      </Alert>
    </SpaceBetween>
  )
}

function Advanced({ draft, onChange, isTried }: StepProps): ReactNode {
  const t = useT()
  const { regions } = useRegions()
  const { origin, isAcknowledged, isMultiRegion } = draft
  const unfitRegions = unfitMultiRegion(draft)
  return (
    <ExpandableSection
      headerText={t('create.advanced')}
      headingTagOverride="h3"
      defaultExpanded={origin !== 'AWS_KMS' || isMultiRegion}
    >
      <SpaceBetween size="l">
        <FormField label={t('create.origin')} description={t('create.originText')} stretch>
          <RadioGroup
            value={origin}
            items={origins.map(value => {
              const unfit = unfitOrigin(draft, value)
              return {
                value,
                label: t(`create.origin.${value}`),
                description: t(unfit ? `create.unfit.${unfit}` : `create.origin.${value}.text`),
                disabled: unfit !== undefined,
              }
            })}
            onChange={({ detail }) => onChange({ origin: detail.value as Origin })} // One of those above.
          />
        </FormField>
        {origin === 'EXTERNAL' && (
          <FormField stretch errorText={isTried && !isAcknowledged ? t('create.notAcknowledged') : ''}>
            <Checkbox
              checked={isAcknowledged}
              nativeInputAttributes={{ 'aria-invalid': isTried && !isAcknowledged }}
              onChange={({ detail }) => onChange({ isAcknowledged: detail.checked })}
              description={t('create.acknowledgeText')}
            >
              {t('create.acknowledge')}
            </Checkbox>
          </FormField>
        )}
        {origin === 'EXTERNAL_KEY_STORE' && <KeyStore draft={draft} onChange={onChange} isTried={isTried} />}
        <FormField
          label={t('create.regionality')}
          description={regions.length === 1 ? t('create.oneRegion') : t('create.regionalityText')}
          stretch
        >
          <RadioGroup
            value={String(isMultiRegion)}
            items={[
              { value: 'false', label: t('create.singleRegion'), description: t('create.singleRegionText') },
              {
                value: 'true',
                label: t('create.multiRegion'),
                description: t(unfitRegions ? `create.unfit.${unfitRegions}` : 'create.multiRegionText'),
                disabled: unfitRegions !== undefined,
              },
            ]}
            onChange={({ detail }) => onChange({ isMultiRegion: detail.value === 'true' })}
          />
        </FormField>
      </SpaceBetween>
    </ExpandableSection>
  )
}

function KeyStore({ draft, onChange, isTried }: StepProps): ReactNode {
  const t = useT()
  const places = usePlaces()
  const stores = useKms('DescribeCustomKeyStores', { Limit: 1000 })
  const { storeId, xksKeyId } = draft
  const options = (stores.data?.CustomKeyStores ?? []).map(
    ({ CustomKeyStoreId: id = '', CustomKeyStoreName: name = id, ConnectionState: state = '' }) => ({
      value: id,
      label: name,
      description: id,
      tags: [state],
      disabled: state !== 'CONNECTED',
      disabledReason: t('create.storeNotConnected', { state }),
    }),
  )
  const chosen = options.find(({ value }) => value === storeId)
  const unfit = chosen?.disabled === true ? chosen.disabledReason : ''
  return (
    <SpaceBetween size="m">
      <ErrorAlert error={stores.error} retry={() => void stores.refetch()} />
      <FormField
        label={t('create.store')}
        description={
          <>
            {t('create.storeText')} <Link href={href(places.keyStores)}>{t('frame.keyStores')}</Link>
          </>
        }
        errorText={isTried && storeId === '' ? t('create.storeMissing') : ''}
        warningText={unfit}
      >
        <Select
          selectedOption={chosen ?? (storeId === '' ? null : { value: storeId, label: storeId })}
          options={options}
          placeholder={t('create.storeChoose')}
          statusType={stores.isPending ? 'loading' : 'finished'}
          loadingText={t('common.loading')}
          empty={t('create.noStores')}
          onChange={({ detail }) => onChange({ storeId: detail.selectedOption.value ?? '' })}
        />
      </FormField>
      <FormField
        label={t('create.xksKeyId')}
        description={t('create.xksKeyIdText')}
        constraintText={t('create.xksKeyIdForm')}
        errorText={isTried && !isXksKeyId(xksKeyId) ? t('create.xksKeyIdWrong') : ''}
      >
        <Input
          value={xksKeyId}
          spellcheck={false}
          autoComplete={false}
          onChange={({ detail }) => onChange({ xksKeyId: detail.value })}
        />
      </FormField>
    </SpaceBetween>
  )
}
