import Alert, { type AlertProps } from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useEffect, useRef, type ReactNode } from 'react'
import type { Api } from '../../api/client.ts'
import { fromBase64 } from '../../api/base64.ts'
import { useKms } from '../../api/hooks.ts'
import { useDates, useT, type MessageName } from '../../i18n/index.tsx'
import { Copy, Countdown, KeyState, Loaded } from '../../ui/parts.tsx'
import { href, usePlaces } from '../../ui/places.ts'
import { hashOf, type Wrapped } from './parameter-sets.ts'

/** What an import has brought. */
export interface Outcome {
  materialId: string | undefined
  validTo: Date | undefined
  /** Of new material for a key that has some: it waits for its rotation. */
  isWaiting: boolean
  proof: Proof
}

/** Whether the server has what was wrapped in this tab; `elsewhere`: it was wrapped in another place. */
export type Proof = 'same' | 'different' | 'untold' | 'elsewhere'

/**
 * Holds what the server says of the material against what was computed before it was wrapped.
 *
 * @param wrapped undefined if it was wrapped elsewhere
 */
export async function prove(
  api: Api,
  keyId: string,
  wrapped: Wrapped | undefined,
  materialId: string | undefined,
): Promise<Proof> {
  if (!wrapped) return 'elsewhere'
  if (wrapped.materialId !== undefined) return wrapped.materialId === materialId ? 'same' : 'different'
  if (wrapped.check?.kind !== 'public key') return 'untold'
  try {
    const { PublicKey = '' } = await api.kms('GetPublicKey', { KeyId: keyId })
    return (await hashOf(fromBase64(PublicKey))) === wrapped.check.value ? 'same' : 'different'
  } catch {
    // Imported it is; who may not read the public half cannot compare it.
    return 'untold'
  }
}

const proofs: Readonly<Record<Proof, { type: 'success' | 'error' | 'info'; header: MessageName; text: MessageName }>> =
  {
    same: { type: 'success', header: 'import.same', text: 'import.sameText' },
    different: { type: 'error', header: 'import.different', text: 'import.differentText' },
    untold: { type: 'info', header: 'import.imported', text: 'import.untold' },
    elsewhere: { type: 'success', header: 'import.imported', text: 'import.elsewhere' },
  }

export function OutcomePage({
  keyId,
  outcome,
  onAgain,
}: {
  keyId: string
  outcome: Outcome
  onAgain: () => void
}): ReactNode {
  const t = useT()
  const places = usePlaces()
  const { time } = useDates()
  const key = useKms('DescribeKey', { KeyId: keyId })
  const { type, header, text } = proofs[outcome.proof]
  const result = useRef<AlertProps.Ref>(null)
  useEffect(() => result.current?.focus(), [])
  return (
    <SpaceBetween size="l">
      <Alert ref={result} type={type} statusIconAriaLabel={t(`common.${type}`)} header={t(header)}>
        {t(text)}
      </Alert>
      {outcome.isWaiting && (
        <Alert
          type="info"
          statusIconAriaLabel={t('common.info')}
          header={t('import.waits')}
          action={<Button href={href(places.key(keyId, 'material'))}>{t('import.toRotation')}</Button>}
        >
          {t('import.waitsText')}
        </Alert>
      )}
      <Container header={<Header variant="h2">{t('import.material')}</Header>}>
        <Loaded query={key}>
          {({ KeyMetadata }) => (
            <KeyValuePairs
              columns={3}
              items={[
                { label: t('import.keyState'), value: <KeyState state={KeyMetadata?.KeyState} /> },
                {
                  label: t('import.expiry'),
                  value: outcome.validTo ? (
                    <>
                      {time(outcome.validTo.getTime() / 1000)} (
                      <Countdown until={outcome.validTo} over={t('import.expired')} />)
                    </>
                  ) : (
                    t('import.neverExpires')
                  ),
                },
                ...(outcome.materialId === undefined
                  ? []
                  : [
                      {
                        label: t('import.materialId'),
                        value: (
                          <span className="mono">
                            <Copy text={outcome.materialId} label={t('import.materialId')} />
                          </span>
                        ),
                      },
                    ]),
              ]}
            />
          )}
        </Loaded>
      </Container>
      <Box float="right">
        <SpaceBetween direction="horizontal" size="xs">
          <Button onClick={onAgain}>{t('import.again')}</Button>
          <Button variant="primary" href={href(places.key(keyId, 'material'))}>
            {t('import.toKey')}
          </Button>
        </SpaceBetween>
      </Box>
    </SpaceBetween>
  )
}
