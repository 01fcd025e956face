import { useMemo } from 'react'
import type { FailedCondition, FailedElement, PolicyTrace, StatementTrace, Trace, TraceLayer } from '../api/types.ts'
import { useLanguage, useT, type Language, type Translate } from '../i18n/index.tsx'

/** A decision trace in the words of the page's language. The server says the same in English. */

export interface TraceWords {
  /** How a statement bears on the request. */
  statement: (of: StatementTrace) => string
  condition: (of: FailedCondition) => string
  /** What would let the request through, one way each; empty if it was. */
  waysOut: (trace: Trace) => string[]
}

export function useTraceWords(): TraceWords {
  const t = useT()
  const language = useLanguage()
  return useMemo(() => wordsIn(t, language), [t, language])
}

function wordsIn(t: Translate, language: Language): TraceWords {
  const all = new Intl.ListFormat(language, { type: 'conjunction' })
  const any = new Intl.ListFormat(language, { type: 'disjunction' })
  const quoted = (texts: readonly string[]): string[] => texts.map(text => t('access.quoted', { text }))
  const written = (values: readonly string[], resolved: readonly string[] | undefined, format: Intl.ListFormat) => {
    const text = format.format(quoted(values))
    return resolved ? t('access.resolved', { text, resolved: format.format(quoted(resolved)) }) : text
  }

  const element = ({ Element, Values, Resolved }: FailedElement): string => {
    if (Values.length === 0) return t('access.element.absent', { element: Element })
    const values = written(Values, Resolved, all)
    const isNegated = Element.startsWith('Not')
    return t(isNegated ? 'access.element.excepts' : 'access.element.lists', { element: Element, values })
  }

  const condition = ({ Operator, Key, Values, Resolved, Actual, Fault }: FailedCondition): string => {
    const name = `${Operator} ${Key}`
    const has =
      Actual.length === 0 ? t('access.has.none') : t('access.has.values', { values: all.format(quoted(Actual)) })
    if (Fault === 'ambiguous') return t('access.condition.ambiguous', { name })
    if (Fault === 'malformed') {
      return t('access.condition.malformed', { name, values: written(Values, Resolved, all), has })
    }
    if (Operator === 'Null') {
      const isAbsent = Values.some(value => value.toLowerCase() === 'true')
      return t(isAbsent ? 'access.condition.absent' : 'access.condition.present', { name, has })
    }
    return isNegatedOperator(Operator)
      ? t('access.condition.none', { name, values: written(Values, Resolved, any), has })
      : t('access.condition.wants', { name, values: written(Values, Resolved, any), has })
  }

  const conditions = (of: readonly FailedCondition[] = []): string => of.map(condition).join('; ')

  const statement = ({ Effect, Applies, Match, Failed, Conditions }: StatementTrace): string => {
    if (Failed) return t('access.statement.not', { why: element(Failed) })
    if (!Applies) return t('access.statement.not', { why: conditions(Conditions) })
    if (Effect === 'Deny') {
      return Conditions
        ? t('access.statement.deniesInDoubt', { why: conditions(Conditions) })
        : t('access.statement.denies')
    }
    return t(`access.statement.allows.${Match ?? 'direct'}`)
  }

  const waysOut = (trace: Trace): string[] => {
    if (trace.Decision === 'allow') return []
    const { Action: action, Principal: principal } = trace
    const denials = statementsOf(trace.Policies, isDenial)
    if (denials.length > 0) return denials.map(name => t('access.change.deny', name))
    // What limits comes first: whatever else allows it, these have to.
    for (const layer of ['boundary', 'session'] as const) {
      if (layerVerdict(trace, layer) !== 'lacks') continue
      return nearOrElse(trace, layer, t(`access.change.${layer}`, { action }))
    }
    const near = [...nearIn(trace, 'identity'), ...nearIn(trace, 'resource')]
    if (near.length > 0) return near
    // Of the other account's side nothing is known; nor can every action be allowed to other accounts at all.
    if (trace.Side !== undefined || action === 'kms:RetireGrant') return []
    const resource = layerVerdict(trace, 'resource')
    const isLeft = resource === 'none' || resource === 'delegates'
    return [
      ...(isLeft && layerVerdict(trace, 'identity') !== 'allows'
        ? [t('access.change.identity', { action, principal })]
        : []),
      ...(resource === 'lacks' || resource === 'delegates' ? [t('access.change.resource', { action, principal })] : []),
    ]
  }

  const nearIn = (trace: Trace, layer: TraceLayer): string[] =>
    trace.Policies.filter(({ Layer }) => Layer === layer).flatMap(({ Policy, Statements }) =>
      Statements.filter(isNear).map(({ Statement, Conditions }) =>
        t('access.change.condition', { statement: Statement, policy: Policy, conditions: conditions(Conditions) }),
      ),
    )
  const nearOrElse = (trace: Trace, layer: TraceLayer, other: string): string[] => {
    const near = nearIn(trace, layer)
    return near.length > 0 ? near : [other]
  }
  return { statement, condition, waysOut }
}

const isNegatedOperator = (operator: string): boolean => /^(?:\w+:)?(?:\w+Not|NotIp)/.test(operator)

export const isDenial = ({ Effect, Applies }: StatementTrace): boolean => Effect === 'Deny' && Applies
/** Would allow it, but for its conditions. */
export const isNear = ({ Effect, Applies, Conditions }: StatementTrace): boolean =>
  Effect === 'Allow' && !Applies && Conditions !== undefined

function statementsOf(
  policies: readonly PolicyTrace[],
  test: (of: StatementTrace) => boolean,
): { statement: string; policy: string }[] {
  return policies.flatMap(({ Policy, Statements }) =>
    Statements.filter(test).map(({ Statement }) => ({ statement: Statement, policy: Policy })),
  )
}

/** It was denied unjudged, since that would have taken too long. */
export const isUnjudged = ({ Decision, Policies, Omitted }: Trace): boolean =>
  Decision === 'explicit deny' && Policies.length === 0 && Omitted === undefined

/** What a layer says: `none` if there is no policy in it, `delegates` if it leaves the decision to the account. */
export type LayerVerdict = 'denies' | 'allows' | 'delegates' | 'lacks' | 'none'

export function layerVerdict({ Policies }: Pick<Trace, 'Policies'>, layer: TraceLayer): LayerVerdict {
  const policies = Policies.filter(({ Layer }) => Layer === layer)
  if (policies.length === 0) return 'none'
  const applying = policies.flatMap(({ Statements }) => Statements.filter(({ Applies }) => Applies))
  if (applying.some(isDenial)) return 'denies'
  if (applying.length === 0) return 'lacks'
  return applying.every(({ Match }) => Match === 'account') ? 'delegates' : 'allows'
}
