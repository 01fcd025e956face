import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Alert from '@cloudscape-design/components/alert'
import type { ReactNode } from 'react'
import { useKeyreeve } from '../../api/hooks.ts'
import { useSession } from '../../api/session.ts'
import type { Trace } from '../../api/types.ts'
import { useDates, useT } from '../../i18n/index.tsx'
import { parseArn } from '../../ui/arns.ts'
import { withParameters } from '../../ui/address.ts'
import { Page } from '../../ui/page.tsx'
import { Copy, Loaded } from '../../ui/parts.tsx'
import { href, placesIn, usePlaces, useRegion } from '../../ui/places.ts'
import { TraceView } from '../../ui/trace.tsx'
import { ExplainForm } from './explain-form.tsx'

/** Why a request was denied, as it was judged then. */
export default function Denial({ requestId }: { requestId: string }): ReactNode {
  const t = useT()
  const places = usePlaces()
  const { time } = useDates()
  const query = useKeyreeve('ExplainRequest', { RequestId: requestId })
  const simulate = usePlaceToSimulate()
  const isUnknown = query.error?.code === 'NotFoundException'
  const place = query.data && simulate(query.data.Trace)
  return (
    <Page
      title={t('access.denial')}
      trail={[{ text: t('frame.simulator'), place: places.simulator }]}
      description={query.data && t('access.denial.text')}
      actions={
        <SpaceBetween direction="horizontal" size="xs">
          <Button href={href(withParameters(places.audit, { text: requestId }))}>{t('access.inAudit')}</Button>
          {place !== undefined && (
            <Button variant="primary" href={href(place)}>
              {t('access.simulateNow')}
            </Button>
          )}
        </SpaceBetween>
      }
    >
      <SpaceBetween size="l">
        {isUnknown ? (
          <Alert type="info" statusIconAriaLabel={t('common.info')} header={t('access.denial.unknown')}>
            <SpaceBetween size="xs">
              <Box color="inherit">{t('access.denial.unknownText', { requestId })}</Box>
              <ul className="trace-ways">
                <li>{t('access.denial.unknown.other')}</li>
                <li>{t('access.denial.unknown.old')}</li>
                <li>{t('access.denial.unknown.account')}</li>
                <li>{t('access.denial.unknown.many')}</li>
              </ul>
            </SpaceBetween>
          </Alert>
        ) : (
          <Loaded query={query}>
            {({ Operation, Time, Trace: trace }) => (
              <TraceView
                trace={trace}
                facts={[
                  { label: t('access.operation'), value: Operation },
                  { label: t('access.time'), value: time(Time) },
                  {
                    label: t('access.requestId'),
                    value: <Copy text={requestId} label={t('access.requestId')} />,
                  },
                ]}
              />
            )}
          </Loaded>
        )}
        {query.error && <ExplainForm />}
      </SpaceBetween>
    </Page>
  )
}

/** Where the same can be asked now: of principals of this account alone. */
function usePlaceToSimulate(): (trace: Trace) => string | undefined {
  const here = useRegion()
  const { account } = useSession()
  return ({ Principal, Action, Resource }) => {
    if (parseArn(Principal)?.account !== account || Action === 'kms:RetireGrant') return undefined
    const resource = parseArn(Resource)
    const isKey = resource?.service === 'kms' && resource.resource.startsWith('key/')
    const on = isKey ? { key: Resource } : Resource === '*' ? {} : { resource: Resource }
    const { simulator } = placesIn(isKey ? resource.region : here)
    return withParameters(simulator, { principal: Principal, action: Action, ...on })
  }
}
