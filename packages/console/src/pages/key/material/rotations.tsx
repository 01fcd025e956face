import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import StatusIndicator, { type StatusIndicatorProps } from '@cloudscape-design/components/status-indicator'
import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import type { ApiError } from '../../../api/client.ts'
import { allPages, useApi, useChange } from '../../../api/hooks.ts'
import type { KmsInput, KmsOutput } from '../../../api/types.ts'
import { useT, type MessageName } from '../../../i18n/index.tsx'
import { notify } from '../../../ui/notices.tsx'
import { Confirm } from '../../../ui/parts.tsx'
import { useRegion } from '../../../ui/places.ts'
import type { Key } from '../key.ts'
import type { WhyNot } from './states.ts'

/** One material of a key, as ListKeyRotations tells of it. */
export type Material = NonNullable<KmsOutput<'ListKeyRotations'>['Rotations']>[number]

/** All that a symmetric key has ever had, and what waits. */
export function useMaterials({ KeyId }: Key): UseQueryResult<readonly Material[], ApiError> {
  const api = useApi()
  const region = useRegion()
  const first: KmsInput<'ListKeyRotations'> = { KeyId, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' }
  return useQuery<readonly Material[], ApiError>({
    queryKey: ['kms', region, 'ListKeyRotations', first, 'all'],
    async queryFn() {
      const pages = await allPages(
        async (input: KmsInput<'ListKeyRotations'>) => await api.kms('ListKeyRotations', input),
        first,
        ({ NextMarker }) => (NextMarker === undefined ? undefined : { ...first, Marker: NextMarker }),
      )
      return pages.flatMap(({ Rotations = [] }) => Rotations)
    },
  })
}

const states: Readonly<Record<string, { type: StatusIndicatorProps.Type; text: MessageName }>> = {
  CURRENT: { type: 'success', text: 'material.CURRENT' },
  NON_CURRENT: { type: 'stopped', text: 'material.NON_CURRENT' },
  PENDING_ROTATION: { type: 'pending', text: 'material.PENDING_ROTATION' },
  PENDING_MULTI_REGION_IMPORT_AND_ROTATION: {
    type: 'pending',
    text: 'material.PENDING_MULTI_REGION_IMPORT_AND_ROTATION',
  },
}

export function MaterialState({ state }: { state: string | undefined }): ReactNode {
  const t = useT()
  const known = state === undefined ? undefined : states[state]
  if (!known) return state ?? '–'
  return <StatusIndicator type={known.type}>{t(known.text)}</StatusIndicator>
}

export function HowRotated({ type }: { type: string | undefined }): ReactNode {
  const t = useT()
  if (type === undefined) return '–'
  return type === 'AUTOMATIC' ? t('material.automatic') : t('material.onDemand')
}

/** AWS's limit. */
const mostRotations = 25

/** Makes other material current now: what was imported and waits, or fresh one. */
export function RotateOnDemand({
  shown: key,
  materials,
  whyNot,
  text,
}: {
  shown: Key
  materials: readonly Material[]
  whyNot: WhyNot
  /** What would happen, or what is missing for it. */
  text: MessageName
}): ReactNode {
  const t = useT()
  const [isAsking, setAsking] = useState(false)
  const done = materials.filter(({ RotationType: type }) => type === 'ON_DEMAND').length
  const isOver = done >= mostRotations
  const reason = isOver ? t('material.whyLimit', { most: mostRotations }) : whyNot && t(whyNot)
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={t('material.rotateText')}
          actions={
            <Button
              onClick={() => setAsking(true)}
              {...(reason !== undefined && { disabled: true, disabledReason: reason })}
            >
              {t('material.rotate')}
            </Button>
          }
        >
          {t('material.onDemandRotation')}
        </Header>
      }
    >
      <Box>{t(text)}</Box>
      <Box color="text-body-secondary">{t('material.rotations', { done, most: mostRotations })}</Box>
      {isAsking && <AskRotation keyId={key.KeyId} origin={key.Origin} onClose={() => setAsking(false)} />}
    </Container>
  )
}

function AskRotation({ keyId, origin, onClose }: { keyId: string; origin: string; onClose: () => void }): ReactNode {
  const t = useT()
  const rotate = useChange(async api => await api.kms('RotateKeyOnDemand', { KeyId: keyId }), {
    onSuccess() {
      notify(t('material.rotated'))
      onClose()
    },
  })
  return (
    <Confirm
      title={t('material.rotateTitle')}
      confirmLabel={t('material.rotate')}
      isBusy={rotate.isPending}
      error={rotate.error}
      onConfirm={() => rotate.mutate()}
      onClose={onClose}
    >
      {t(origin === 'EXTERNAL' ? 'material.rotateImported' : 'material.rotateFresh')}
    </Confirm>
  )
}
