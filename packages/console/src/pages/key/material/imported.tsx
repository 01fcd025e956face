import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Button, { type ButtonProps } from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import SpaceBetween from '@cloudscape-design/components/space-between'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import Table from '@cloudscape-design/components/table'
import { useState, type ReactNode } from 'react'
import { useChange, useKeyreeve } from '../../../api/hooks.ts'
import { useDates, useT, type MessageName } from '../../../i18n/index.tsx'
import { withParameters } from '../../../ui/address.ts'
import { notify } from '../../../ui/notices.tsx'
import { Confirm, Copy, Countdown, Empty, Loaded } from '../../../ui/parts.tsx'
import { href, usePlaces, useRegion } from '../../../ui/places.ts'
import { kindOf, type Key } from '../key.ts'
import { HowRotated, MaterialState, RotateOnDemand, useMaterials, type Material } from './rotations.tsx'
import { isReplica, whyNoDeletion, whyNoImport, whyNoRotation, type WhyNot } from './states.ts'
import '../../import/import.css'

/** Of a key with imported material: which it has, until when, and what can be done with it. */
export function ImportedMaterial({ shown: key }: { shown: Key }): ReactNode {
  return kindOf(key) === 'symmetric' ? <Symmetric shown={key} /> : <Single shown={key} />
}

function Symmetric({ shown: key }: { shown: Key }): ReactNode {
  const materials = useMaterials(key)
  return (
    <Loaded query={materials}>
      {found => {
        const current = found.find(({ KeyMaterialState }) => KeyMaterialState === 'CURRENT')
        const waiting = found.find(({ KeyMaterialState = '' }) => KeyMaterialState.startsWith('PENDING_'))
        const isReady = waiting?.KeyMaterialState === 'PENDING_ROTATION'
        return (
          <SpaceBetween size="l">
            <Current shown={key} current={current} waiting={waiting} />
            {found.length > 0 && <All shown={key} materials={found} />}
            {found.length > 0 && (
              <RotateOnDemand
                shown={key}
                materials={found}
                whyNot={whyNoRotation(key) ?? (isReady ? undefined : 'material.whyNothingWaits')}
                text={isReady ? 'material.ready' : waiting ? 'material.missingElsewhere' : 'material.nothingWaits'}
              />
            )}
          </SpaceBetween>
        )
      }}
    </Loaded>
  )
}

/** Asymmetric and HMAC keys have one material, for ever. */
function Single({ shown: key }: { shown: Key }): ReactNode {
  const isThere = key.ExpirationModel !== undefined
  const { ExpirationModel, ValidTo } = key
  return (
    <Current
      shown={key}
      current={
        isThere ? { ImportState: 'IMPORTED', ExpirationModel, ...(ValidTo !== undefined && { ValidTo }) } : undefined
      }
      waiting={undefined}
    />
  )
}

const disabledFor = (whyNot: string | undefined): Pick<ButtonProps, 'disabled' | 'disabledReason'> =>
  whyNot === undefined ? {} : { disabled: true, disabledReason: whyNot }

function Current({
  shown: key,
  current,
  waiting,
}: {
  shown: Key
  current: Material | undefined
  waiting: Material | undefined
}): ReactNode {
  const t = useT()
  const places = usePlaces()
  const [isDeleting, setDeleting] = useState(false)
  const isSymmetric = kindOf(key) === 'symmetric'
  const isThere = current?.ImportState === 'IMPORTED'
  const why = (reason: WhyNot): string | undefined => reason && t(reason)
  const wizard = places.importMaterial(key.KeyId)
  const noImport = why(whyNoImport(key))
  const noNew = why(
    whyNoImport(key) ?? (isReplica(key) ? 'material.whyReplica' : waiting && ('material.whyWaiting' as const)),
  )
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={t(isSymmetric ? 'material.textSymmetric' : 'material.text')}
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button onClick={() => setDeleting(true)} {...disabledFor(why(whyNoDeletion(key, isThere)))}>
                {t('material.delete')}
              </Button>
              <Button href={href(withParameters(wizard, { step: 'upload' }))} {...disabledFor(noImport)}>
                {t('material.upload')}
              </Button>
              {isSymmetric && current && (
                <Button href={href(withParameters(wizard, { type: 'new' }))} {...disabledFor(noNew)}>
                  {t('material.importNew')}
                </Button>
              )}
              <Button variant={isThere ? 'normal' : 'primary'} href={href(wizard)} {...disabledFor(noImport)}>
                {t(current ? 'material.reimport' : 'material.import')}
              </Button>
            </SpaceBetween>
          }
        >
          {t('material.title')}
        </Header>
      }
    >
      <SpaceBetween size="m">
        {!isThere && (
          <Alert
            type={current ? 'warning' : 'info'}
            statusIconAriaLabel={t(current ? 'common.warning' : 'common.info')}
          >
            {t(current ? 'material.gone' : isSymmetric ? 'material.none' : 'material.noneOrGone')}
          </Alert>
        )}
        {current && <Facts shown={key} material={current} />}
      </SpaceBetween>
      {isDeleting && <Delete shown={key} material={current} onClose={() => setDeleting(false)} />}
    </Container>
  )
}

function Facts({ shown: key, material }: { shown: Key; material: Material }): ReactNode {
  const t = useT()
  const imported = useImportDates(key)
  const id = material.KeyMaterialId
  const date = imported(id)
  return (
    <KeyValuePairs
      columns={3}
      items={[
        ...(id === undefined
          ? []
          : [
              {
                label: t('material.id'),
                value: (
                  <span className="mono">
                    <Copy text={id} label={t('material.id')} />
                  </span>
                ),
              },
              { label: t('material.state'), value: <MaterialState state={material.KeyMaterialState} /> },
            ]),
        { label: t('material.importState'), value: <ImportState material={material} /> },
        { label: t('material.expirationModel'), value: <ExpirationModel material={material} /> },
        { label: t('material.validTo'), value: <ValidTo material={material} /> },
        { label: t('material.imported'), value: date },
        ...(id === undefined
          ? []
          : [{ label: t('material.description'), value: material.KeyMaterialDescription ?? '–' }]),
      ]}
    />
  )
}

function ImportState({ material }: { material: Material }): ReactNode {
  const t = useT()
  return material.ImportState === 'IMPORTED' ? (
    <StatusIndicator type="success">{t('material.IMPORTED')}</StatusIndicator>
  ) : (
    <StatusIndicator type="pending">{t('material.PENDING_IMPORT')}</StatusIndicator>
  )
}

function ExpirationModel({ material: { ExpirationModel: model } }: { material: Material }): ReactNode {
  const t = useT()
  if (model === undefined) return '–'
  return t(model === 'KEY_MATERIAL_EXPIRES' ? 'material.expires' : 'material.doesNotExpire')
}

function ValidTo({ material: { ValidTo: end, ExpirationModel: model } }: { material: Material }): ReactNode {
  const t = useT()
  const { time } = useDates()
  if (end === undefined) return model === undefined ? '–' : t('common.never')
  return (
    <>
      {time(end)} (<Countdown until={new Date(end * 1000)} over={t('material.expired')} />)
    </>
  )
}

/** When each material came last: KMS does not tell, but the audit log does. */
function useImportDates({ KeyId }: Key): (materialId: string | undefined) => string {
  const t = useT()
  const { time } = useDates()
  const region = useRegion()
  const log = useKeyreeve('LookupEvents', {
    KeyId,
    Region: region,
    EventName: 'ImportKeyMaterial',
    ErrorCode: 'none',
    Limit: 50,
  })
  if (log.error) return () => t('material.importedUntold')
  if (!log.data) return () => '…'
  const { Events: events } = log.data
  return materialId => {
    const event = events.find(({ Record }) => materialId === undefined || importedIn(Record) === materialId)
    return time(event?.EventTime)
  }
}

function importedIn(record: string): unknown {
  const { responseElements } = JSON.parse(record) as { responseElements?: { keyMaterialId?: unknown } | null } // CloudTrail's form.
  return responseElements?.keyMaterialId
}

function All({ shown: key, materials }: { shown: Key; materials: readonly Material[] }): ReactNode {
  const t = useT()
  const { time } = useDates()
  const places = usePlaces()
  const [deleting, setDeleting] = useState<Material>()
  const noImport = whyNoImport(key)
  const shortId = (id: string): string => `${id.slice(0, 8)}…`
  return (
    <>
      <Table
        header={
          <Header variant="h2" counter={`(${materials.length})`} description={t('material.allText')}>
            {t('material.all')}
          </Header>
        }
        ariaLabels={{ tableLabel: t('material.all') }}
        items={materials.toReversed()}
        trackBy="KeyMaterialId"
        wrapLines
        stickyColumns={{ last: 1 }}
        columnDefinitions={[
          {
            id: 'id',
            header: t('material.id'),
            isRowHeader: true,
            cell: ({ KeyMaterialId = '' }) => (
              <span className="mono" title={KeyMaterialId}>
                {shortId(KeyMaterialId)}
              </span>
            ),
          },
          {
            id: 'state',
            header: t('material.stateShort'),
            width: 200,
            cell: ({ KeyMaterialState }) => <MaterialState state={KeyMaterialState} />,
          },
          {
            id: 'import',
            header: t('material.importState'),
            minWidth: 150,
            cell: material => <ImportState material={material} />,
          },
          { id: 'validTo', header: t('material.validTo'), cell: material => <ValidTo material={material} /> },
          {
            id: 'rotation',
            header: t('material.rotationDate'),
            cell: ({ RotationDate, RotationType }) =>
              RotationDate === undefined ? (
                '–'
              ) : (
                <>
                  {time(RotationDate)} (<HowRotated type={RotationType} />)
                </>
              ),
          },
          {
            id: 'description',
            header: t('material.description'),
            cell: ({ KeyMaterialDescription }) => KeyMaterialDescription ?? '–',
          },
          {
            id: 'actions',
            header: t('common.actions'),
            minWidth: 190,
            cell: material => {
              const { KeyMaterialId = '' } = material
              const noDeletion = whyNoDeletion(key, material.ImportState === 'IMPORTED')
              return (
                <SpaceBetween direction="horizontal" size="xs">
                  <Button
                    variant="inline-link"
                    href={href(
                      withParameters(places.importMaterial(key.KeyId), { type: 'existing', material: KeyMaterialId }),
                    )}
                    ariaLabel={t('material.reimportOne', { id: KeyMaterialId })}
                    {...disabledFor(noImport && t(noImport))}
                  >
                    {t('material.reimport')}
                  </Button>
                  <Button
                    variant="inline-link"
                    onClick={() => setDeleting(material)}
                    ariaLabel={t('material.deleteOne', { id: KeyMaterialId })}
                    {...disabledFor(noDeletion && t(noDeletion))}
                  >
                    {t('common.delete')}
                  </Button>
                </SpaceBetween>
              )
            },
          },
        ]}
        empty={<Empty title={t('material.none')} />}
      />
      {deleting && <Delete shown={key} material={deleting} onClose={() => setDeleting(undefined)} />}
    </>
  )
}

/** Asks first; what is deleted can only be put back by who has a copy. */
function Delete({
  shown: key,
  material,
  onClose,
}: {
  shown: Key
  material: Material | undefined
  onClose: () => void
}): ReactNode {
  const t = useT()
  const id = material?.KeyMaterialId
  const isWaiting = material?.KeyMaterialState?.startsWith('PENDING_') === true
  const remove = useChange(
    async api =>
      await api.kms('DeleteImportedKeyMaterial', {
        KeyId: key.KeyId,
        ...(id !== undefined && { KeyMaterialId: id }),
      }),
    {
      onSuccess() {
        notify(t('material.deleted'))
        onClose()
      },
    },
  )
  const text: MessageName = isWaiting
    ? 'material.deleteWaiting'
    : key.KeyState === 'PendingDeletion' || key.KeyState === 'PendingReplicaDeletion'
      ? 'material.deleteWhileDeleting'
      : 'material.deleteText'
  return (
    <Confirm
      title={t('material.deleteTitle')}
      confirmLabel={t('material.delete')}
      phrase={t('material.deletePhrase')}
      isBusy={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      <Alert type="warning" statusIconAriaLabel={t('common.warning')}>
        {t(text)}
      </Alert>
      {id !== undefined && (
        <Box>
          {t('material.id')}: <span className="mono check-value">{id}</span>
        </Box>
      )}
    </Confirm>
  )
}
