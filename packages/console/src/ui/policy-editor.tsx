import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import FormField from '@cloudscape-design/components/form-field'
import Grid from '@cloudscape-design/components/grid'
import Link from '@cloudscape-design/components/link'
import LiveRegion from '@cloudscape-design/components/live-region'
import SpaceBetween from '@cloudscape-design/components/space-between'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import Textarea from '@cloudscape-design/components/textarea'
import { useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import { useApi } from '../api/hooks.ts'
import type { KeyreeveOperations, PolicyFinding } from '../api/types.ts'
import { useT } from '../i18n/index.tsx'
import { ErrorAlert } from './errors.tsx'
import { readJson, writeJson, type JsonProblem, type ReadJson } from './policy-json.ts'
import './policy.css'

export type Verdict = KeyreeveOperations['ValidateKeyPolicy'][1]

/** What is known of a policy text that is being written. */
export interface PolicyCheck {
  read: ReadJson
  /** Set if it is no JSON. */
  problem?: JsonProblem
  /** Of this very text; absent until it is there, or if nobody judges it. */
  verdict?: Verdict
  /** It could not be judged. */
  error?: Error
  isChecking: boolean
  /** Whether anybody says more of it than that it is JSON. */
  isJudged: boolean
  /** Nothing is known that would have it refused. */
  isAcceptable: boolean
  /** Whoever puts it could not put another one afterwards. */
  isLockOut: boolean
}

/** AWS's words for it; of a policy that is malformed, the verdict says the same code. */
const isOfLockOut = ({ Message }: PolicyFinding): boolean =>
  Message === 'The new key policy will not allow you to update the key policy in the future.'

/** What else would have it refused. */
export const refusalsOf = ({ verdict }: PolicyCheck): PolicyFinding[] =>
  (verdict?.Findings ?? []).filter(finding => finding.Severity === 'ERROR' && !isOfLockOut(finding))

/** Long enough that nothing is asked while somebody types. */
const pause = 400

/**
 * Judges a policy while it is written: whether it is JSON, and then what `validate` says of it.
 *
 * @param validate must be the same function from one rendering to the next
 */
export function usePolicyCheck(text: string, validate?: (text: string) => Promise<Verdict>): PolicyCheck {
  const read = useMemo(() => readJson(text), [text])
  const [judged, setJudged] = useState<{ text: string; verdict?: Verdict; error?: Error }>()
  const problem = 'problem' in read ? read.problem : undefined
  const isJson = problem === undefined
  useEffect(() => {
    if (!validate || !isJson) return undefined
    let isCurrent = true
    const keep = (found: { verdict?: Verdict; error?: Error }): void => {
      if (isCurrent) setJudged({ text, ...found })
    }
    const timer = setTimeout(() => {
      validate(text).then(
        verdict => keep({ verdict }),
        (error: unknown) => keep({ error: error as Error }), // Nothing else is thrown there.
      )
    }, pause)
    return () => {
      isCurrent = false
      clearTimeout(timer)
    }
  }, [text, validate, isJson])
  const { verdict, error } = judged?.text === text ? judged : {}
  return {
    read,
    ...(problem && { problem }),
    ...(verdict && { verdict }),
    ...(error && { error }),
    isChecking: validate !== undefined && isJson && !verdict && !error,
    isJudged: validate !== undefined,
    isAcceptable: isJson && verdict?.Valid !== false,
    isLockOut: verdict?.Findings.some(isOfLockOut) === true,
  }
}

/** The same for a key policy, judged by the server; `keyId` if it is for a key that is there already. */
export function useKeyPolicyCheck(text: string, keyId?: string): PolicyCheck {
  const api = useApi()
  const validate = useCallback(
    (policy: string) =>
      api.keyreeve('ValidateKeyPolicy', { Policy: policy, ...(keyId !== undefined && { KeyId: keyId }) }),
    [api, keyId],
  )
  return usePolicyCheck(text, validate)
}

/** A policy as JSON, with what is to be said of it beside it. */
export function PolicyEditor({
  value,
  onChange,
  check,
  label,
  description,
  errorText,
}: {
  value: string
  /** Without it, the text is only shown. */
  onChange?: (value: string) => void
  check: PolicyCheck
  label: string
  description?: ReactNode
  errorText?: string | undefined
}): ReactNode {
  const t = useT()
  const place = useRef<HTMLDivElement>(null)
  const { read, problem } = check
  const lineCount = value.split('\n').length

  const select = (from: number, to: number): void => {
    const area = place.current?.querySelector('textarea')
    if (!area) return
    area.focus()
    area.setSelectionRange(from, to)
    // All lines are shown, so that it is the text around it that has to be scrolled.
    const line = value.slice(0, from).split('\n').length
    area.closest('.policy-text')?.scrollTo({ top: (line / lineCount) * area.scrollHeight - 80 })
  }
  const problemText = problem && describeProblem(t, problem)
  const wrong = [problemText, errorText].filter(text => text !== undefined && text !== '').join(' ')
  const text = (
    <SpaceBetween size="xs">
      <FormField label={label} description={description} errorText={wrong} stretch>
        <div className="policy-text">
          <pre aria-hidden="true">{Array.from({ length: lineCount }, (_, index) => index + 1).join('\n')}</pre>
          <div>
            <Textarea
              value={value}
              rows={Math.max(lineCount, 6)}
              resize="none"
              readOnly={!onChange}
              spellcheck={false}
              autoComplete={false}
              disableBrowserAutocorrect
              nativeTextareaAttributes={{ wrap: 'off' }}
              onChange={({ detail }) => onChange?.(detail.value)}
            />
          </div>
        </div>
      </FormField>
      {onChange && (
        <SpaceBetween direction="horizontal" size="xs">
          <Button
            formAction="none"
            disabled={problem !== undefined}
            onClick={() => 'value' in read && onChange(writeJson(read.value))}
          >
            {t('policy.format')}
          </Button>
          {problem && (
            <Button formAction="none" onClick={() => select(problem.offset, problem.offset + 1)}>
              {t('policy.goToMistake')}
            </Button>
          )}
        </SpaceBetween>
      )}
    </SpaceBetween>
  )
  return (
    <div ref={place}>
      {check.isJudged ? (
        <Grid gridDefinition={[{ colspan: { default: 12, xs: 8 } }, { colspan: { default: 12, xs: 4 } }]}>
          {text}
          <Findings check={check} isNew={onChange !== undefined} onShow={select} />
        </Grid>
      ) : (
        text
      )}
    </div>
  )
}

export const describeProblem = (
  t: ReturnType<typeof useT>,
  { kind, line, column, found }: Pick<JsonProblem, 'kind' | 'line' | 'column' | 'found'>,
): string => t('policy.mistake', { line, column, what: t(`policy.json.${kind}`, { found }) })

const severities = { ERROR: 'error', WARNING: 'warning', SUGGESTION: 'info' } as const

/** What the server says of a policy, the worst first. */
function Findings({
  check,
  isNew,
  onShow,
}: {
  check: PolicyCheck
  /** Whether it is about to be put; of one that is there, it says nothing that the reader could not put it. */
  isNew: boolean
  /** Shows a statement. */
  onShow: (from: number, to: number) => void
}): ReactNode {
  const t = useT()
  const { verdict, error, isChecking, problem, read } = check
  const spans = 'statements' in read ? read.statements : []
  const order = Object.keys(severities)
  const shown = (verdict?.Findings ?? []).filter(finding => isNew || !isOfLockOut(finding))
  const findings = shown.toSorted((a, b) => order.indexOf(a.Severity) - order.indexOf(b.Severity))
  const count = (severity: PolicyFinding['Severity']): number =>
    findings.filter(finding => finding.Severity === severity).length
  if (problem) {
    return <StatusIndicator type="error">{t('policy.notJson')}</StatusIndicator>
  }
  return (
    <SpaceBetween size="s">
      <LiveRegion>
        {isChecking && <StatusIndicator type="in-progress">{t('policy.checking')}</StatusIndicator>}
        {verdict && findings.length === 0 && <StatusIndicator type="success">{t('policy.noFindings')}</StatusIndicator>}
        {findings.length > 0 && (
          <Box variant="strong">
            {t('policy.findings', {
              errors: count('ERROR'),
              warnings: count('WARNING'),
              suggestions: count('SUGGESTION'),
            })}
          </Box>
        )}
      </LiveRegion>
      {error && <ErrorAlert error={error} title={t('policy.notChecked')} />}
      {findings.map(({ Severity, Message, Statement, Sid }, index) => {
        const span = Statement === undefined ? undefined : spans[Statement]
        const name = Sid ?? (Statement === undefined ? undefined : t('policy.statement', { number: Statement + 1 }))
        return (
          <Box key={index}>
            <StatusIndicator type={severities[Severity]}>{t(`policy.severity.${Severity}`)}</StatusIndicator>
            <Box variant="span" color="text-body-secondary" margin={{ left: 'xs' }}>
              {name !== undefined && span && (
                <Link onFollow={() => onShow(...span)} ariaLabel={t('policy.showStatement', { name })}>
                  {name}
                </Link>
              )}
              {name !== undefined && !span && name}
            </Box>
            <div className="break-anywhere">{Message}</div>
          </Box>
        )
      })}
    </SpaceBetween>
  )
}

/** Says that whoever saves this could not change it again. */
export function LockOutWarning({ check }: { check: PolicyCheck }): ReactNode {
  const t = useT()
  if (!check.isLockOut) return null
  return (
    <Alert type="warning" statusIconAriaLabel={t('common.warning')} header={t('policy.lockOut')}>
      {t('policy.lockOutText')}
    </Alert>
  )
}
