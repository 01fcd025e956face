import Button from '@cloudscape-design/components/button'
import ColumnLayout from '@cloudscape-design/components/column-layout'
import Container from '@cloudscape-design/components/container'
import ExpandableSection from '@cloudscape-design/components/expandable-section'
import Form from '@cloudscape-design/components/form'
import FormField from '@cloudscape-design/components/form-field'
import Header from '@cloudscape-design/components/header'
import Input from '@cloudscape-design/components/input'
import RadioGroup from '@cloudscape-design/components/radio-group'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useMutation } from '@tanstack/react-query'
import { useEffect, useRef, useState, type FormEvent, type ReactNode } from 'react'
import type { ApiError } from '../../api/client.ts'
import { useApi } from '../../api/hooks.ts'
import type { Trace } from '../../api/types.ts'
import { useT } from '../../i18n/index.tsx'
import { useParameters } from '../../ui/address.ts'
import { ErrorAlert } from '../../ui/errors.tsx'
import { Page } from '../../ui/page.tsx'
import { Code } from '../../ui/parts.tsx'
import { useRegion } from '../../ui/places.ts'
import { TraceView } from '../../ui/trace.tsx'
import { conditionKeys, isOnKey, kmsActions } from './actions.ts'
import { simulateCommand, type SimulateInput } from './command.ts'
import { ExplainForm } from './explain-form.tsx'
import { KeyInput, ListedInput, PrincipalInput } from './inputs.tsx'
import { filled, lists, Pairs, record, type Pair } from './pairs.tsx'

type Target = 'key' | 'resource' | 'none'

interface Question {
  principal: string
  action: string
  target: Target
  key: string
  resource: string
  context: readonly Pair[]
  conditions: readonly Pair[]
  tags: readonly Pair[]
}

/** Asks what would be decided if somebody did something. The address holds who, what and on what, so that it can be shared. */
export default function Simulator(): ReactNode {
  const [parameters] = useParameters()
  const region = useRegion()
  const text = parameters.toString()
  // Another link to this page starts anew; what the page itself notes in its address does not.
  const asked = useRef<string>(undefined)
  const origin = useRef(text)
  if (text !== asked.current) origin.current = text
  return (
    <SimulatorOf
      key={`${region} ${origin.current}`}
      parameters={parameters}
      onAsked={noted => void (asked.current = noted)}
    />
  )
}

function SimulatorOf({
  parameters,
  onAsked,
}: {
  parameters: URLSearchParams
  onAsked: (parameters: string) => void
}): ReactNode {
  const t = useT()
  const api = useApi()
  const region = useRegion()
  const [, setParameters] = useParameters()
  const [question, setQuestion] = useState(() => questionOf(parameters))
  const [isTried, setTried] = useState(false)
  const simulation = useMutation<{ Trace: Trace }, ApiError, SimulateInput>({
    mutationFn: input => api.keyreeve('SimulateAccess', input),
  })
  const missing = isMissing(question)
  const ask = (): void => {
    setTried(true)
    if (missing.size > 0) return
    const { principal, action, target, key, resource } = trimmed(question)
    const noted = {
      principal,
      action,
      ...(target === 'key' && { key }),
      ...(target === 'resource' && { resource }),
    }
    onAsked(new URLSearchParams(noted).toString())
    setParameters(noted)
    simulation.mutate(inputOf(question))
  }
  // Who follows a link that says all wants to know at once.
  const isAsked = useRef(false)
  useEffect(() => {
    if (isAsked.current || !parameters.has('principal') || missing.size > 0) return
    isAsked.current = true
    ask()
  })
  const set = (changed: Partial<Question>): void => setQuestion({ ...question, ...changed })
  const errorOf = (name: Missing): string => (isTried && missing.has(name) ? t('access.missing') : '')
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    ask()
  }
  const { principal, action, target, key, resource, context, conditions, tags } = question
  const more = [context, conditions, tags].reduce((sum, pairs) => sum + filled(pairs).length, 0)
  const command = simulation.variables && simulateCommand(simulation.variables, region)
  return (
    <Page title={t('frame.simulator')} trail={[]} description={t('access.simulator.text')}>
      <SpaceBetween size="l">
        <form onSubmit={submit}>
          <Form
            actions={
              <Button variant="primary" formAction="submit" loading={simulation.isPending}>
                {t('access.simulate')}
              </Button>
            }
          >
            <Container header={<Header variant="h2">{t('access.question')}</Header>}>
              <SpaceBetween size="m">
                <ColumnLayout columns={2}>
                  <FormField
                    label={t('access.principal')}
                    constraintText={t('access.principal.constraint')}
                    errorText={errorOf('principal')}
                  >
                    <PrincipalInput value={principal} onChange={value => set({ principal: value })} />
                  </FormField>
                  <FormField
                    label={t('access.action')}
                    constraintText={t('access.action.constraint')}
                    errorText={errorOf('action')}
                  >
                    <ListedInput value={action} listed={kmsActions} onChange={value => set({ action: value })} />
                  </FormField>
                </ColumnLayout>
                <ColumnLayout columns={2}>
                  <FormField
                    label={t('access.target')}
                    errorText={isTried && missing.has('target') ? t('access.target.needsKey') : ''}
                  >
                    <RadioGroup
                      value={target}
                      items={[
                        { value: 'key', label: t('access.target.key') },
                        {
                          value: 'resource',
                          label: t('access.target.resource'),
                          description: t('access.target.resource.text'),
                        },
                        { value: 'none', label: t('access.target.none'), description: t('access.target.none.text') },
                      ]}
                      // The values are those above.
                      onChange={({ detail }) => set({ target: detail.value as Target })}
                    />
                  </FormField>
                  {target === 'key' && (
                    <FormField
                      label={t('access.key')}
                      constraintText={t('access.key.constraint', { region })}
                      errorText={errorOf('key')}
                    >
                      <KeyInput value={key} onChange={value => set({ key: value })} />
                    </FormField>
                  )}
                  {target === 'resource' && (
                    <FormField label={t('access.resourceArn')} errorText={errorOf('resource')}>
                      <Input
                        value={resource}
                        spellcheck={false}
                        placeholder="arn:aws:kms:us-east-1:000000000000:alias/example"
                        onChange={({ detail }) => set({ resource: detail.value })}
                      />
                    </FormField>
                  )}
                </ColumnLayout>
                <ExpandableSection headerText={more === 0 ? t('access.more') : t('access.more.count', { count: more })}>
                  <SpaceBetween size="m">
                    <Pairs
                      label={t('access.context')}
                      description={t('access.context.text')}
                      pairs={context}
                      onChange={pairs => set({ context: pairs })}
                      nameLabel={t('access.name')}
                      addLabel={t('access.context.add')}
                      empty={t('access.context.none')}
                    />
                    <Pairs
                      label={t('access.conditions')}
                      description={t('access.conditions.text')}
                      pairs={conditions}
                      onChange={pairs => set({ conditions: pairs })}
                      nameLabel={t('access.conditionKey')}
                      addLabel={t('access.conditions.add')}
                      empty={t('access.conditions.none')}
                      listed={conditionKeys}
                    />
                    <Pairs
                      label={t('access.tags')}
                      description={t('access.tags.text')}
                      pairs={tags}
                      onChange={pairs => set({ tags: pairs })}
                      nameLabel={t('access.name')}
                      addLabel={t('access.tags.add')}
                      empty={t('access.tags.none')}
                    />
                  </SpaceBetween>
                </ExpandableSection>
              </SpaceBetween>
            </Container>
          </Form>
        </form>
        <ErrorAlert error={simulation.error} title={t('access.simulateFailed')} />
        {simulation.data && (
          <section aria-label={t('access.result')}>
            <SpaceBetween size="m">
              <TraceView trace={simulation.data.Trace} />
              {command !== undefined && (
                <ExpandableSection headerText={t('access.command')}>
                  <Code text={command} label={t('access.command')} />
                </ExpandableSection>
              )}
            </SpaceBetween>
          </section>
        )}
        <ExplainForm />
      </SpaceBetween>
    </Page>
  )
}

function questionOf(parameters: URLSearchParams): Question {
  const of = (name: string): string => parameters.get(name) ?? ''
  const action = of('action')
  const isKeyless = action !== '' && of('key') === '' && !isOnKey(action)
  return {
    principal: of('principal'),
    action,
    target: of('resource') !== '' ? 'resource' : isKeyless ? 'none' : 'key',
    key: of('key'),
    resource: of('resource'),
    context: [],
    conditions: [],
    tags: [],
  }
}

/** As the command line takes it, an action without a service is one of KMS. */
function trimmed(question: Question): Question {
  const action = question.action.trim()
  return {
    ...question,
    principal: question.principal.trim(),
    action: action === '' || action.includes(':') ? action : `kms:${action}`,
    key: question.key.trim(),
    resource: question.resource.trim(),
  }
}

type Missing = 'principal' | 'action' | 'target' | 'key' | 'resource'

function isMissing(question: Question): ReadonlySet<Missing> {
  const { principal, action, target, key, resource } = trimmed(question)
  const missing = new Set<Missing>()
  if (principal === '') missing.add('principal')
  if (action === '') missing.add('action')
  if (target === 'none' && isOnKey(action)) missing.add('target')
  if (target === 'key' && key === '') missing.add('key')
  if (target === 'resource' && resource === '') missing.add('resource')
  return missing
}

function inputOf(question: Question): SimulateInput {
  const { principal, action, target, key, resource, context, conditions, tags } = trimmed(question)
  const [EncryptionContext, Conditions, RequestTags] = [record(context), lists(conditions), record(tags)]
  return {
    PrincipalArn: principal,
    Action: action,
    ...(target === 'key' && { KeyId: key }),
    ...(target === 'resource' && { ResourceArn: resource }),
    ...(EncryptionContext && { EncryptionContext }),
    ...(Conditions && { Conditions }),
    ...(RequestTags && { RequestTags }),
  }
}
