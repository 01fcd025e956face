import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import ExpandableSection from '@cloudscape-design/components/expandable-section'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import Link from '@cloudscape-design/components/link'
import Modal from '@cloudscape-design/components/modal'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { ReactNode } from 'react'
import type { AuditEvent } from '../../api/types.ts'
import { useDates, useT } from '../../i18n/index.tsx'
import { withParameters } from '../../ui/address.ts'
import { usePlaceOf } from '../../ui/arns.ts'
import { Code, Copy } from '../../ui/parts.tsx'
import { href, usePlaces } from '../../ui/places.ts'
import { isDenied, principalOf, recordOf, resourcesOf } from './record.ts'

/** One event: what people ask of it first, and the record as it is in the log. */
export function EventDetail({ event, onClose }: { event: AuditEvent; onClose: () => void }): ReactNode {
  const t = useT()
  const { time } = useDates()
  const places = usePlaces()
  const placeOf = usePlaceOf()
  const record = recordOf(event)
  const principal = principalOf(event)
  const resources = resourcesOf(event)
  const { requestID, errorMessage, userIdentity: { accessKeyId } = {} } = record
  const linked = (arn: string): ReactNode => {
    const place = placeOf(arn)
    return place === undefined ? arn : <Link href={href(place)}>{arn}</Link>
  }
  const copied = (text: string | undefined, label: string): ReactNode =>
    text === undefined ? '–' : <Copy text={text} label={label} />
  return (
    <Modal
      visible
      size="large"
      header={`${event.EventName} – ${time(event.EventTime)}`}
      closeAriaLabel={t('common.close')}
      onDismiss={onClose}
      footer={
        <Box float="right">
          <Button variant="primary" onClick={onClose}>
            {t('common.close')}
          </Button>
        </Box>
      }
    >
      <SpaceBetween size="l">
        {event.ErrorCode !== undefined && (
          <Alert
            type="error"
            statusIconAriaLabel={t('common.error')}
            header={event.ErrorCode}
            action={
              isDenied(event) &&
              requestID !== undefined && <Button href={href(places.denial(requestID))}>{t('error.why')}</Button>
            }
          >
            <span className="broken" lang="en">
              {errorMessage ?? t('error.noDetails')}
            </span>
          </Alert>
        )}
        <KeyValuePairs
          columns={2}
          items={[
            {
              label: t('audit.principal'),
              value: principal === undefined ? t('audit.service') : <Wrapped>{linked(principal)}</Wrapped>,
            },
            {
              label: t('audit.resources'),
              value:
                resources.length === 0
                  ? '–'
                  : resources.map(arn => (
                      <div key={arn} className="broken">
                        {linked(arn)}
                      </div>
                    )),
            },
            { label: t('audit.operation'), value: `${event.EventName} (${event.EventSource})` },
            { label: t('audit.kind'), value: t(event.ReadOnly ? 'audit.kind.read' : 'audit.kind.write') },
            { label: t('audit.region'), value: record.awsRegion ?? '–' },
            { label: t('audit.accessKey'), value: copied(accessKeyId, t('audit.accessKey')) },
            { label: t('audit.sourceIp'), value: <Wrapped>{record.sourceIPAddress ?? '–'}</Wrapped> },
            { label: t('audit.userAgent'), value: <Wrapped>{record.userAgent ?? '–'}</Wrapped> },
            { label: t('audit.requestId'), value: copied(requestID, t('audit.requestId')) },
            { label: t('audit.eventId'), value: copied(event.EventId, t('audit.eventId')) },
          ]}
        />
        <SpaceBetween direction="horizontal" size="xs">
          {principal !== undefined && (
            <Button href={href(withParameters(places.audit, { principal }))} onFollow={onClose}>
              {t('audit.ofPrincipal')}
            </Button>
          )}
          <Button href={href(withParameters(places.audit, { operation: event.EventName }))} onFollow={onClose}>
            {t('audit.ofOperation')}
          </Button>
        </SpaceBetween>
        <ExpandableSection headerText={t('audit.json')}>
          <Code text={JSON.stringify(JSON.parse(event.Record), null, 2)} label={t('audit.json')} />
        </ExpandableSection>
      </SpaceBetween>
    </Modal>
  )
}

function Wrapped({ children }: { children: ReactNode }): ReactNode {
  return <span className="broken">{children}</span>
}
