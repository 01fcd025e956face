import Alert from '@cloudscape-design/components/alert'
import Container from '@cloudscape-design/components/container'
import ExpandableSection from '@cloudscape-design/components/expandable-section'
import Header from '@cloudscape-design/components/header'
import SpaceBetween from '@cloudscape-design/components/space-between'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import type { ReactNode } from 'react'
import { endpointText, type ApiError } from '../../api/client.ts'
import { useT } from '../../i18n/index.tsx'
import { ErrorAlert } from '../../ui/errors.tsx'
import { Code } from '../../ui/parts.tsx'
import { BytesShown } from './bytes-field.tsx'
import type { Operation } from './try-it-operations.ts'

export interface Answered {
  operation: Operation
  input: Record<string, unknown>
  answer: Record<string, unknown>
}

/** What came of a call: in words where it says yes or no, its bytes, and the JSON of both sides. */
export function Answer({
  answered,
  error,
  keyId,
}: {
  answered: Answered | undefined
  error: ApiError | undefined
  keyId: string
}): ReactNode {
  const t = useT()
  if (error) return <ErrorAlert error={error} />
  if (!answered) return null
  const { operation, input, answer } = answered
  return (
    <Container header={<Header variant="h2">{t('key.try.answer', { operation: operation.name })}</Header>}>
      <SpaceBetween size="m">
        <Verdict answered={answered} />
        {operation.outputs.map(member => {
          const base64 = answer[member]
          if (typeof base64 !== 'string') return null
          return <BytesShown key={member} label={member} base64={base64} fileName={`${keyId}-${member}.bin`} />
        })}
        <ExpandableSection headerText={t('key.try.json')}>
          <SpaceBetween size="s">
            <Code text={requestText(operation, input)} label={t('key.try.request')} />
            <Code text={JSON.stringify(answer, null, 2)} label={t('key.try.response')} />
          </SpaceBetween>
        </ExpandableSection>
      </SpaceBetween>
    </Container>
  )
}

const requestText = (operation: Operation, input: Record<string, unknown>): string =>
  [
    `POST ${endpointText}/`,
    'Content-Type: application/x-amz-json-1.1',
    `X-Amz-Target: TrentService.${operation.name}`,
    '',
    JSON.stringify(input, null, 2),
  ].join('\n')

function Verdict({ answered: { operation, answer } }: { answered: Answered }): ReactNode {
  const t = useT()
  const { name } = operation
  if (name !== 'Verify' && name !== 'VerifyMac') {
    return <StatusIndicator type="success">{t('key.try.done')}</StatusIndicator>
  }
  const isGood = (name === 'Verify' ? answer['SignatureValid'] : answer['MacValid']) === true
  return (
    <Alert
      type={isGood ? 'success' : 'error'}
      statusIconAriaLabel={isGood ? t('common.success') : t('common.error')}
      header={t(`key.try.${name}.${isGood ? 'yes' : 'no'}`)}
    >
      {t(`key.try.${name}.${isGood ? 'yesText' : 'noText'}`)}
    </Alert>
  )
}
