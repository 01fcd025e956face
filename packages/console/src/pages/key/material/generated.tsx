import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import FormField from '@cloudscape-design/components/form-field'
import Header from '@cloudscape-design/components/header'
import Input from '@cloudscape-design/components/input'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import Modal from '@cloudscape-design/components/modal'
import RadioGroup from '@cloudscape-design/components/radio-group'
import SpaceBetween from '@cloudscape-design/components/space-between'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import Table from '@cloudscape-design/components/table'
import { useState, type ReactNode } from 'react'
import { useChange, useKms } from '../../../api/hooks.ts'
import { useDates, useT } from '../../../i18n/index.tsx'
import { ErrorAlert } from '../../../ui/errors.tsx'
import { notify } from '../../../ui/notices.tsx'
import { Copy, Countdown, Empty, Loaded } from '../../../ui/parts.tsx'
import type { Key } from '../key.ts'
import { HowRotated, MaterialState, RotateOnDemand, useMaterials, type Material } from './rotations.tsx'
import { whyNoRotation } from './states.ts'

/** Of a symmetric key whose material KMS has made: when it rotates, and when it has. */
export function GeneratedMaterial({ shown: key }: { shown: Key }): ReactNode {
  const materials = useMaterials(key)
  return (
    <SpaceBetween size="l">
      <AutomaticRotation shown={key} />
      <Loaded query={materials}>
        {found => (
          <SpaceBetween size="l">
            <RotateOnDemand shown={key} materials={found} whyNot={whyNoRotation(key)} text="material.rotateFreshText" />
            <History materials={found} />
          </SpaceBetween>
        )}
      </Loaded>
    </SpaceBetween>
  )
}

function AutomaticRotation({ shown: key }: { shown: Key }): ReactNode {
  const t = useT()
  const { time } = useDates()
  const status = useKms('GetKeyRotationStatus', { KeyId: key.KeyId })
  const [isEditing, setEditing] = useState(false)
  const whyNot = whyNoRotation(key)
  const isOn = status.data?.KeyRotationEnabled === true
  const period = status.data?.RotationPeriodInDays
  const next = status.data?.NextRotationDate
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={t('material.automaticText')}
          actions={
            <Button
              ariaLabel={t('material.editAutomatic')}
              onClick={() => setEditing(true)}
              {...(whyNot !== undefined && { disabled: true, disabledReason: t(whyNot) })}
              {...(whyNot === undefined && !status.data && { disabled: true })}
            >
              {t('common.edit')}
            </Button>
          }
        >
          {t('material.automaticRotation')}
        </Header>
      }
    >
      <Loaded query={status}>
        {() => (
          <KeyValuePairs
            columns={3}
            items={[
              {
                label: t('material.status'),
                value: (
                  <StatusIndicator type={isOn ? 'success' : 'stopped'}>
                    {t(isOn ? 'material.on' : 'material.off')}
                  </StatusIndicator>
                ),
              },
              {
                label: t('material.period'),
                value: period === undefined ? '–' : t('material.days', { count: period }),
              },
              {
                label: t('material.next'),
                value:
                  next === undefined ? (
                    '–'
                  ) : (
                    <>
                      {time(next)} (<Countdown until={new Date(next * 1000)} over={t('material.due')} />)
                    </>
                  ),
              },
            ]}
          />
        )}
      </Loaded>
      {isEditing && (
        <EditRotation keyId={key.KeyId} wasOn={isOn} wasPeriod={period ?? 365} onClose={() => setEditing(false)} />
      )}
    </Container>
  )
}

const [shortest, longest] = [90, 2560]

function EditRotation({
  keyId,
  wasOn,
  wasPeriod,
  onClose,
}: {
  keyId: string
  wasOn: boolean
  wasPeriod: number
  onClose: () => void
}): ReactNode {
  const t = useT()
  const [isOn, setOn] = useState(wasOn)
  const [period, setPeriod] = useState(String(wasPeriod))
  const days = Number(period)
  const isWrong = isOn && !(Number.isInteger(days) && days >= shortest && days <= longest)
  const save = useChange(
    async api =>
      await (isOn
        ? api.kms('EnableKeyRotation', { KeyId: keyId, RotationPeriodInDays: days })
        : api.kms('DisableKeyRotation', { KeyId: keyId })),
    {
      onSuccess() {
        notify(isOn ? t('material.turnedOn', { count: days }) : t('material.turnedOff'))
        onClose()
      },
    },
  )
  return (
    <Modal
      visible
      header={t('material.editAutomatic')}
      closeAriaLabel={t('common.close')}
      onDismiss={onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={onClose}>
              {t('common.cancel')}
            </Button>
            <Button variant="primary" loading={save.isPending} disabled={isWrong} onClick={() => save.mutate()}>
              {t('common.save')}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        <FormField label={t('material.automaticRotation')}>
          <RadioGroup
            value={isOn ? 'on' : 'off'}
            onChange={({ detail }) => setOn(detail.value === 'on')}
            items={[
              { value: 'on', label: t('material.on'), description: t('material.onText') },
              { value: 'off', label: t('material.off'), description: t('material.offText') },
            ]}
          />
        </FormField>
        {isOn && (
          <FormField
            label={t('material.periodInDays')}
            constraintText={t('material.periodRange', { shortest, longest })}
            errorText={isWrong ? t('material.periodWrong', { shortest, longest }) : ''}
          >
            <Input
              value={period}
              type="number"
              inputMode="numeric"
              onChange={({ detail }) => setPeriod(detail.value)}
            />
          </FormField>
        )}
        <ErrorAlert error={save.error} />
      </SpaceBetween>
    </Modal>
  )
}

function History({ materials }: { materials: readonly Material[] }): ReactNode {
  const t = useT()
  const { time } = useDates()
  return (
    <Table
      header={
        <Header variant="h2" counter={`(${materials.length})`} description={t('material.historyText')}>
          {t('material.history')}
        </Header>
      }
      ariaLabels={{ tableLabel: t('material.history') }}
      items={materials.toReversed()}
      trackBy="KeyMaterialId"
      wrapLines
      columnDefinitions={[
        {
          id: 'id',
          header: t('material.id'),
          isRowHeader: true,
          cell: ({ KeyMaterialId = '' }) => (
            <span className="mono">
              <Copy text={KeyMaterialId} label={t('material.id')} />
            </span>
          ),
        },
        {
          id: 'state',
          header: t('material.state'),
          cell: ({ KeyMaterialState }) => <MaterialState state={KeyMaterialState} />,
        },
        { id: 'date', header: t('material.rotationDate'), cell: ({ RotationDate }) => time(RotationDate) },
        {
          id: 'type',
          header: t('material.rotationType'),
          cell: item => <HowRotated type={item.RotationType} />,
        },
      ]}
      empty={<Empty title={t('material.noHistory')} />}
    />
  )
}
