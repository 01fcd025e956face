import Box from '@cloudscape-design/components/box'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import SpaceBetween from '@cloudscape-design/components/space-between'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import type { ReactNode } from 'react'
import { useLanguage, useT, type MessageName, type Translate } from '../i18n/index.tsx'
import { isObject, listOf, statementsOf, writeJson, type Json } from './policy-json.ts'
import './policy.css'

/** The statements of a policy in words: who may do what, on what, and when. */
export function Statements({
  policy,
  kind,
  only,
}: {
  policy: Json
  /** In the policy of a key, `*` is that key alone; policies of identities name nobody. */
  kind: 'key' | 'identity'
  /** Numbers from 0 of those that are shown; all, if there are none. */
  only?: readonly number[]
}): ReactNode {
  const t = useT()
  const statements = statementsOf(policy).map((statement, index) => ({ statement, index }))
  return (
    <SpaceBetween size="m">
      {statements
        .filter(({ index }) => only?.includes(index) ?? true)
        .map(({ statement, index }) => {
          const { Sid: sid } = statement
          const title = typeof sid === 'string' && sid !== '' ? sid : t('policy.statement', { number: index + 1 })
          return (
            <Container key={index} header={<Header variant="h3">{title}</Header>}>
              <Statement statement={statement} kind={kind} />
            </Container>
          )
        })}
    </SpaceBetween>
  )
}

function Statement({ statement, kind }: { statement: { [name: string]: Json }; kind: 'key' | 'identity' }): ReactNode {
  const t = useT()
  const isDenial = statement['Effect'] === 'Deny'
  const listed = (name: string, one: (item: Json) => string): ReactNode => {
    const not = statement[`Not${name}`]
    const items = listOf(not ?? statement[name]).map(one)
    if (items.length === 0) return t('policy.nothing')
    return <Lines lines={items} {...(not !== undefined && { head: t('policy.allBut') })} />
  }
  const list = new Intl.ListFormat(useLanguage(), { type: 'disjunction', style: 'short' })
  const conditions = describeConditions(t, list, statement['Condition'])
  return (
    <KeyValuePairs
      columns={2}
      items={[
        {
          label: t('policy.effect'),
          value: (
            <StatusIndicator type={isDenial ? 'stopped' : 'success'}>
              {t(isDenial ? 'policy.denied' : 'policy.allowed')}
            </StatusIndicator>
          ),
        },
        ...(kind === 'key' ? [{ label: t('policy.who'), value: <Principals statement={statement} /> }] : []),
        {
          label: t('policy.what'),
          value: listed('Action', action => (action === 'kms:*' ? t('policy.everyAction') : textOf(action))),
        },
        {
          label: t('policy.on'),
          value: listed('Resource', resource =>
            resource === '*' ? t(kind === 'key' ? 'policy.thisKey' : 'policy.everything') : textOf(resource),
          ),
        },
        ...(conditions.length > 0 ? [{ label: t('policy.when'), value: <Lines lines={conditions} /> }] : []),
      ]}
    />
  )
}

function Lines({ lines, head }: { lines: readonly string[]; head?: string }): ReactNode {
  return (
    <Box>
      {head !== undefined && <div>{head}</div>}
      {lines.map((line, index) => (
        <div key={index} className="break-anywhere">
          {line}
        </div>
      ))}
    </Box>
  )
}

function Principals({ statement }: { statement: { [name: string]: Json } }): ReactNode {
  const t = useT()
  const not = statement['NotPrincipal']
  const principal = not ?? statement['Principal']
  const names = isObject(principal)
    ? Object.values(principal)
        .flatMap(listOf)
        .map(name => describePrincipal(t, textOf(name)))
    : listOf(principal).map(name => describePrincipal(t, textOf(name)))
  if (names.length === 0) return t('policy.nobody')
  return <Lines lines={names} {...(not !== undefined && { head: t('policy.everyoneBut') })} />
}

/** Who a principal of a policy is. */
export function describePrincipal(t: Translate, text: string): string {
  if (text === '*') return t('policy.everyone')
  const [, account] = /^(?:arn:[\w-]+:iam::)?(\d{12})(?::root)?$/.exec(text) ?? []
  if (account !== undefined) return t('policy.account', { account })
  if (/^(AIDA|AROA)[A-Z0-9]+$/.test(text)) return t('policy.gone', { id: text })
  return text
}

const operators: Readonly<Record<string, MessageName>> = {
  StringEquals: 'policy.is',
  StringEqualsIgnoreCase: 'policy.is',
  StringLike: 'policy.isLike',
  StringNotEquals: 'policy.isNot',
  StringNotEqualsIgnoreCase: 'policy.isNot',
  StringNotLike: 'policy.isNotLike',
  ArnEquals: 'policy.isLike',
  ArnLike: 'policy.isLike',
  ArnNotEquals: 'policy.isNotLike',
  ArnNotLike: 'policy.isNotLike',
  NumericEquals: 'policy.is',
  NumericNotEquals: 'policy.isNot',
  NumericLessThan: 'policy.isLess',
  NumericLessThanEquals: 'policy.isAtMost',
  NumericGreaterThan: 'policy.isMore',
  NumericGreaterThanEquals: 'policy.isAtLeast',
  DateEquals: 'policy.is',
  DateNotEquals: 'policy.isNot',
  DateLessThan: 'policy.isBefore',
  DateLessThanEquals: 'policy.isAtMost',
  DateGreaterThan: 'policy.isAfter',
  DateGreaterThanEquals: 'policy.isAtLeast',
  Bool: 'policy.is',
  BinaryEquals: 'policy.is',
  IpAddress: 'policy.isIn',
  NotIpAddress: 'policy.isNotIn',
}

/** One line for each condition key; all must hold. */
function describeConditions(t: Translate, list: Intl.ListFormat, condition: Json | undefined): string[] {
  if (!isObject(condition)) return []
  return Object.entries(condition).flatMap(([name, block]) =>
    isObject(block)
      ? Object.entries(block).map(([key, value]) => {
          const values = listOf(value).map(textOf)
          return describeCondition(t, name, key, values[0] === 'true', list.format(values))
        })
      : [],
  )
}

function describeCondition(t: Translate, name: string, key: string, isTrue: boolean, values: string): string {
  if (name === 'Null') return t(isTrue ? 'policy.isAbsent' : 'policy.isThere', { key })
  const [, quantifier, base = '', ifExists] = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(name) ?? []
  const phrase = Object.hasOwn(operators, base) ? operators[base] : undefined
  if (!phrase) return `${name} ${key} ${values}`
  const subject =
    quantifier === undefined ? key : t(quantifier === 'ForAllValues' ? 'policy.eachOf' : 'policy.someOf', { key })
  const text = t(phrase, { key: subject, values })
  return ifExists === undefined ? text : t('policy.ifThere', { text })
}

const textOf = (value: Json): string => (typeof value === 'string' ? value : writeJson(value))
