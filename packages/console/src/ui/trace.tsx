import Alert from '@cloudscape-design/components/alert'
import Badge from '@cloudscape-design/components/badge'
import Box from '@cloudscape-design/components/box'
import Container from '@cloudscape-design/components/container'
import ExpandableSection from '@cloudscape-design/components/expandable-section'
import Header from '@cloudscape-design/components/header'
import Icon from '@cloudscape-design/components/icon'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import Link from '@cloudscape-design/components/link'
import LiveRegion from '@cloudscape-design/components/live-region'
import SpaceBetween from '@cloudscape-design/components/space-between'
import StatusIndicator, { type StatusIndicatorProps } from '@cloudscape-design/components/status-indicator'
import { useState, type ReactNode } from 'react'
import type { FailedCondition, PolicyTrace, StatementTrace, Trace, TraceLayer } from '../api/types.ts'
import { useT } from '../i18n/index.tsx'
import { nameIn, parseArn, usePlaceOf } from './arns.ts'
import { Code, Copy, Loaded } from './parts.tsx'
import { href, placesIn } from './places.ts'
import { useStatementSource } from './policy-source.ts'
import { isDenial, isNear, isUnjudged, layerVerdict, useTraceWords, type LayerVerdict } from './trace-text.ts'
import './trace.css'

/** A decision on top, what would have to change for another one, and below it every policy and grant that it was made from. */
export function TraceView({
  trace,
  facts = [],
}: {
  trace: Trace
  /** What else is known of the request. */
  facts?: readonly { label: string; value: ReactNode }[]
}): ReactNode {
  const t = useT()
  const words = useTraceWords()
  const { Principal, Action, Resource, Side, Omitted } = trace
  const ways = words.waysOut(trace)
  const layers = Side === 'owner' ? ownersLayers : Side === 'caller' ? callersLayers : allLayers
  return (
    <SpaceBetween size="m">
      <Verdict trace={trace} />
      <KeyValuePairs
        columns={3}
        items={[
          { label: t('access.principal'), value: <Named arn={Principal} label={t('access.principal')} /> },
          { label: t('access.action'), value: Action },
          { label: t('access.resource'), value: <Named arn={Resource} label={t('access.resource')} /> },
          ...facts,
        ]}
      />
      {ways.length > 0 && (
        <Container
          header={
            <Header
              variant="h3"
              {...(ways.length > 1 && {
                description: t(trace.Decision === 'explicit deny' ? 'access.change.all' : 'access.change.any'),
              })}
            >
              {t('access.change')}
            </Header>
          }
        >
          <ul className="trace-ways">
            {ways.map(way => (
              <li key={way}>{way}</li>
            ))}
          </ul>
        </Container>
      )}
      {!isUnjudged(trace) && (
        <Container header={<Header variant="h3">{t('access.how')}</Header>}>
          <div className="trace-layers">
            <Denials trace={trace} />
            {layers.map(layer => (
              <Layer key={layer} layer={layer} trace={trace} />
            ))}
            {Side !== 'caller' && isOnKey(trace) && <Grants trace={trace} />}
            {Side && <Box color="text-body-secondary">{t(`access.side.${Side}`)}</Box>}
            {Omitted !== undefined && <Box color="text-body-secondary">{t('access.omitted', { count: Omitted })}</Box>}
          </div>
        </Container>
      )}
    </SpaceBetween>
  )
}

const callersLayers: readonly TraceLayer[] = ['identity', 'boundary', 'session']
const ownersLayers: readonly TraceLayer[] = ['resource']
const allLayers = [...callersLayers, ...ownersLayers]

/** The server's sentence says it in English, whatever the language of the page. */
function Verdict({ trace }: { trace: Trace }): ReactNode {
  const t = useT()
  const { Decision, Reason } = trace
  const isAllowed = Decision === 'allow'
  return (
    <LiveRegion>
      <Alert
        type={isAllowed ? 'success' : 'error'}
        statusIconAriaLabel={isAllowed ? t('access.allowed') : t('access.denied')}
        header={t(isUnjudged(trace) ? 'access.verdict.unjudged' : `access.verdict.${Decision}`)}
      >
        <span lang="en">{Reason}</span>
      </Alert>
    </LiveRegion>
  )
}

function Named({ arn, label }: { arn: string; label: string }): ReactNode {
  const place = usePlaceOf()(arn)
  if (arn === '*') return arn
  if (place === undefined) return <Copy text={arn} label={label} />
  return (
    <span className="broken">
      <Link href={href(place)}>{arn}</Link> <Copy text={arn} label={label} isButton />
    </span>
  )
}

/** What nothing can outweigh comes first. */
function Denials({ trace }: { trace: Trace }): ReactNode {
  const t = useT()
  const policies = trace.Policies.flatMap(policy => {
    const denials = policy.Statements.filter(isDenial)
    return denials.length === 0 ? [] : [{ ...policy, Statements: denials }]
  })
  const isDenied = policies.length > 0
  return (
    <Section
      title={t('access.denials')}
      status={isDenied ? 'error' : 'success'}
      summary={t(isDenied ? 'access.denials.some' : 'access.denials.none')}
    >
      {policies.map((policy, index) => (
        <Policy key={`${index} ${policy.Policy}`} policy={policy} trace={trace} />
      ))}
    </Section>
  )
}

function Section({
  title,
  status,
  summary,
  children,
}: {
  title: string
  status: StatusIndicatorProps.Type
  summary: string
  children?: ReactNode
}): ReactNode {
  return (
    <section className="trace-layer">
      <div className="trace-layer-head">
        <Box variant="h4" tagOverride="h4">
          {title}
        </Box>
        <StatusIndicator type={status}>{summary}</StatusIndicator>
      </div>
      {children}
    </section>
  )
}

const statuses: Readonly<Record<LayerVerdict, StatusIndicatorProps.Type>> = {
  denies: 'error',
  allows: 'success',
  delegates: 'info',
  lacks: 'stopped',
  none: 'stopped',
}

function Layer({ layer, trace }: { layer: TraceLayer; trace: Trace }): ReactNode {
  const t = useT()
  const verdict = layerVerdict(trace, layer)
  const limits = layer === 'boundary' || layer === 'session'
  const policies = trace.Policies.filter(({ Layer: its }) => its === layer)
  return (
    <Section
      title={t(layer === 'resource' && isOnKey(trace) ? 'access.layer.key' : `access.layer.${layer}`)}
      status={verdict === 'lacks' && limits ? 'error' : statuses[verdict]}
      summary={t(verdict === 'none' ? `access.layer.${layer}.none` : `access.layer.${verdict}`)}
    >
      {policies.map((policy, index) => (
        <Policy key={`${index} ${policy.Policy}`} policy={policy} trace={trace} />
      ))}
    </Section>
  )
}

const isOnKey = ({ Resource }: Trace): boolean => parseArn(Resource)?.resource.startsWith('key/') === true

/** Those that have a part in the decision, or nearly; the others folded. */
function Policy({ policy: { Policy: name, Statements }, trace }: { policy: PolicyTrace; trace: Trace }): ReactNode {
  const t = useT()
  const matters = (of: StatementTrace): boolean => of.Applies || isNear(of)
  const shown = Statements.filter(matters)
  const others = Statements.filter(statement => !matters(statement))
  const list = (statements: readonly StatementTrace[]): ReactNode => (
    <ul className="trace-statements">
      {statements.map((statement, index) => (
        <li key={`${index} ${statement.Statement}`}>
          <Statement of={statement} policy={name} trace={trace} />
        </li>
      ))}
    </ul>
  )
  return (
    <div>
      <PolicyName name={name} trace={trace} />
      {Statements.length === 0 && <Box color="text-body-secondary">{t('access.policy.empty')}</Box>}
      {shown.length > 0 && list(shown)}
      {others.length > 0 && (
        <ExpandableSection
          variant="inline"
          defaultExpanded={shown.length === 0 && others.length <= 3}
          headerText={t('access.policy.others', { count: others.length })}
        >
          {list(others)}
        </ExpandableSection>
      )}
    </div>
  )
}

function PolicyName({ name, trace: { Principal, Resource } }: { name: string; trace: Trace }): ReactNode {
  const t = useT()
  const placeOf = usePlaceOf()
  const principal = parseArn(Principal)
  const [, inline, holder] = /^inline policy (\S+) of (\S+)$/.exec(name) ?? []
  const isOwn = holder !== undefined && principal !== undefined && nameIn(principal) === holder
  const place =
    name === 'the key policy'
      ? placeOf(Resource)
      : name.startsWith('arn:')
        ? placeOf(name)
        : isOwn && placeOf(Principal)
  const text =
    name === 'the key policy'
      ? t('access.policy.key')
      : inline !== undefined && holder !== undefined
        ? t('access.policy.inline', { name: inline, holder })
        : name === 'the session policy'
          ? t('access.policy.session')
          : name
  return <Box variant="strong">{place ? <Link href={href(place)}>{text}</Link> : text}</Box>
}

function Statement({ of, policy, trace }: { of: StatementTrace; policy: string; trace: Trace }): ReactNode {
  const t = useT()
  const words = useTraceWords()
  const [isOpen, setOpen] = useState(false)
  const { Statement: name, Effect, Applies } = of
  const type = Applies ? (Effect === 'Allow' ? 'success' : 'error') : isNear(of) ? 'warning' : 'stopped'
  const label = /^\d+$/.test(name) ? t('access.statement.number', { number: name }) : name
  return (
    <>
      <div className="trace-statement">
        <Badge color={!Applies ? 'grey' : Effect === 'Allow' ? 'green' : 'red'}>{Effect}</Badge>
        <Box variant="span" fontWeight="bold">
          {label}
        </Box>
        <Says type={type}>{words.statement(of)}</Says>
      </div>
      <ExpandableSection
        variant="footer"
        headerText={t('access.statement.details')}
        headerAriaLabel={t('access.statement.detailsOf', { statement: label, policy })}
        expanded={isOpen}
        onChange={({ detail }) => setOpen(detail.expanded)}
      >
        {isOpen && (
          <SpaceBetween size="s">
            <Facts of={of} trace={trace} />
            <Source policy={policy} statement={name} trace={trace} />
          </SpaceBetween>
        )}
      </ExpandableSection>
    </>
  )
}

const colors = {
  success: 'text-status-success',
  error: 'text-status-error',
  warning: 'text-status-warning',
  stopped: 'text-status-inactive',
} as const
const icons = {
  success: 'status-positive',
  error: 'status-negative',
  warning: 'status-warning',
  stopped: 'status-stopped',
} as const

/** As status indicators are, but broken between words. */
function Says({ type, children }: { type: keyof typeof colors; children: ReactNode }): ReactNode {
  return (
    <Box variant="span" color={colors[type]}>
      <Icon name={icons[type]} /> {children}
    </Box>
  )
}

/** What the statement wants beside what the request has. */
function Facts({ of: { Failed, Conditions = [], Match }, trace }: { of: StatementTrace; trace: Trace }): ReactNode {
  const t = useT()
  if (Failed) {
    const { Element, Values, Resolved } = Failed
    const has = Element.endsWith('Action')
      ? trace.Action
      : Element.endsWith('Resource')
        ? trace.Resource
        : trace.Principal
    return <Compared rows={[{ name: Element, wanted: Resolved ?? Values, has: [has], written: Resolved && Values }]} />
  }
  if (Conditions.length > 0) return <Compared rows={Conditions.map(rowOf)} />
  return Match && <Box>{t(`access.match.${Match}`, { principal: trace.Principal })}</Box>
}

interface Comparison {
  name: string
  wanted: readonly string[]
  /** Before variables were replaced. */
  written: readonly string[] | undefined
  has: readonly string[]
  fault?: FailedCondition['Fault']
}

const rowOf = ({ Operator, Key, Values, Resolved, Actual, Fault }: FailedCondition): Comparison => ({
  name: `${Operator} ${Key}`,
  wanted: Resolved ?? Values,
  written: Resolved && Values,
  has: Actual,
  ...(Fault && { fault: Fault }),
})

function Compared({ rows }: { rows: readonly Comparison[] }): ReactNode {
  const t = useT()
  return (
    <div className="trace-table" role="group" aria-label={t('access.compared')} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t('access.compared.name')}</th>
            <th scope="col">{t('access.compared.wanted')}</th>
            <th scope="col">{t('access.compared.has')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, wanted, written, has, fault }, index) => (
            <tr key={`${index} ${name}`}>
              <th scope="row">{name}</th>
              <td>
                <Values values={wanted} />
                {written && (
                  <Box color="text-body-secondary" fontSize="body-s">
                    {t('access.compared.written')} <Values values={written} />
                  </Box>
                )}
              </td>
              <td>
                <Values values={has} />
                {fault && (
                  <Box color="text-status-error" fontSize="body-s">
                    {t(`access.fault.${fault}`)}
                  </Box>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Values({ values }: { values: readonly string[] }): ReactNode {
  const t = useT()
  if (values.length === 0) return <i>{t('access.compared.nothing')}</i>
  return values.map((value, index) => (
    <span key={`${index} ${value}`}>
      {index > 0 && ', '}
      <code className="broken">{value === '' ? '""' : value}</code>
    </span>
  ))
}

function Source({ policy, statement, trace }: { policy: string; statement: string; trace: Trace }): ReactNode {
  const t = useT()
  const query = useStatementSource(trace, policy, statement)
  return (
    <div>
      <Box variant="awsui-key-label">{t('access.source')}</Box>
      <Loaded query={query}>
        {text =>
          text === null ? (
            <Box color="text-body-secondary">{t('access.source.gone')}</Box>
          ) : (
            <Code text={text} label={t('access.source')} />
          )
        }
      </Loaded>
    </div>
  )
}

function Grants({ trace }: { trace: Trace }): ReactNode {
  const t = useT()
  const { Grants: grants, Resource } = trace
  const isAllowed = grants.some(({ Allows }) => Allows)
  const key = parseArn(Resource)
  const summary =
    grants.length === 0 ? 'access.grants.none' : isAllowed ? 'access.layer.allows' : ('access.layer.lacks' as const)
  return (
    <Section title={t('access.grants')} status={isAllowed ? 'success' : 'stopped'} summary={t(summary)}>
      {grants.length > 0 && (
        <ul className="trace-statements">
          {grants.map(({ GrantId, Allows, Failed }) => (
            <li key={GrantId}>
              <div className="trace-statement">
                <span className="broken">
                  {key ? (
                    <Link href={href(placesIn(key.region).key(nameIn(key), 'grants'))}>{GrantId}</Link>
                  ) : (
                    GrantId
                  )}{' '}
                </span>
                <Says type={Allows ? 'success' : 'stopped'}>
                  {Allows ? t('access.statement.allows.direct') : <span lang="en">{Failed}</span>}
                </Says>
              </div>
            </li>
          ))}
        </ul>
      )}
    </Section>
  )
}
