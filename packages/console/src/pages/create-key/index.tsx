import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import FormField from '@cloudscape-design/components/form-field'
import Input from '@cloudscape-design/components/input'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Wizard, { type WizardProps } from '@cloudscape-design/components/wizard'
import { useEffect, useRef, useState, type ReactNode } from 'react'
import { useLocation } from 'wouter'
import type { ApiError } from '../../api/client.ts'
import { useApi, useChange } from '../../api/hooks.ts'
import { useSession } from '../../api/session.ts'
import { useT } from '../../i18n/index.tsx'
import { useParameters } from '../../ui/address.ts'
import { ErrorAlert } from '../../ui/errors.tsx'
import { notify } from '../../ui/notices.tsx'
import { Page } from '../../ui/page.tsx'
import { Confirm, Copy } from '../../ui/parts.tsx'
import { usePlaces } from '../../ui/places.ts'
import { useKeyPolicyCheck } from '../../ui/policy-editor.tsx'
import { Configure, isConfigured, type StepProps } from './configure.tsx'
import { aliasName, aliasProblem, blank, changed, createKeyInput, policyOf, type Draft, type Origin } from './draft.ts'
import { isLabelled, Labels } from './labels.tsx'
import { Administrators, areAdministratorsRight, areUsersRight, Policy, Users } from './permissions.tsx'
import { Review } from './review.tsx'

/** A key that has been made, though its alias may not have been. */
interface Made {
  id: string
  arn: string
  origin: Origin
}

const steps = { configure: 0, labels: 1, administrators: 2, users: 3, policy: 4, review: 5 } as const

/** Step by step to a new key, in the order and the words of AWS's console. */
export default function CreateKey(): ReactNode {
  const t = useT()
  const places = usePlaces()
  const [, go] = useLocation()
  const { account } = useSession()
  const [parameters] = useParameters()
  const [start] = useState<Draft>(() => startingWith(parameters.get('store') ?? ''))
  const [draft, setDraft] = useState(start)
  const [made, setMade] = useState<Made>()
  const [isLeaving, setLeaving] = useState(false)
  const policy = policyOf(draft, account)
  const check = useKeyPolicyCheck(policy)

  const done = (key: Made, alias: string | undefined): void => {
    notify(alias === undefined ? t('create.doneWithout', { id: key.id }) : t('create.done', { alias, id: key.id }))
    go(key.origin === 'EXTERNAL' ? places.importMaterial(key.id) : places.key(key.id))
  }
  const giveAlias = useChange<{ key: Made; name: string }>(
    (api, { key, name }) => api.kms('CreateAlias', { AliasName: name, TargetKeyId: key.id }),
    { onSuccess: (_, { key, name }) => done(key, name) },
  )
  const create = useChange(api => api.kms('CreateKey', createKeyInput(draft, account)), {
    onSuccess({ KeyMetadata }) {
      const key = { id: KeyMetadata?.KeyId ?? '', arn: KeyMetadata?.Arn ?? '', origin: draft.origin }
      setMade(key)
      giveAlias.mutate({ key, name: aliasName(draft) })
    },
  })
  const isBusy = create.isPending || giveAlias.isPending || giveAlias.isSuccess
  const trail = [{ text: t('frame.customerKeys'), place: places.keys }]
  if (made && giveAlias.error) {
    return (
      <Page title={t('create.title')} trail={trail}>
        <AliasMissing
          made={made}
          draft={draft}
          error={giveAlias.error}
          isBusy={isBusy}
          onRetry={name => giveAlias.mutate({ key: made, name })}
          onGoOn={() => done(made, undefined)}
        />
      </Page>
    )
  }
  return (
    <Page title={t('create.title')} trail={trail} hasHeader={false}>
      <Steps
        draft={draft}
        setDraft={setDraft}
        check={check}
        isBusy={isBusy}
        error={create.error}
        onSubmit={() => create.mutate()}
        onCancel={() => (draft === start ? go(places.keys) : setLeaving(true))}
      />
      {isLeaving && (
        <Confirm
          title={t('create.leave')}
          confirmLabel={t('create.leaveConfirm')}
          onConfirm={() => go(places.keys)}
          onClose={() => setLeaving(false)}
        >
          {t('create.leaveText')}
        </Confirm>
      )}
    </Page>
  )
}

/** In a key store, if the wizard was opened from there. */
const startingWith = (storeId: string): Draft =>
  storeId === '' ? blank : changed(blank, { origin: 'EXTERNAL_KEY_STORE', storeId })

function Steps({
  draft,
  setDraft,
  check,
  isBusy,
  error,
  onSubmit,
  onCancel,
}: {
  draft: Draft
  setDraft: (change: (draft: Draft) => Draft) => void
  check: ReturnType<typeof useKeyPolicyCheck>
  isBusy: boolean
  error: ApiError | null
  onSubmit: () => void
  onCancel: () => void
}): ReactNode {
  const t = useT()
  const api = useApi()
  const { account } = useSession()
  const place = useRef<HTMLDivElement>(null)
  const [step, setStep] = useState(0)
  /** The steps whose mistakes are pointed out; renewed each time that somebody wants to go on. */
  const [tried, setTried] = useState<readonly number[]>([])
  const [isAsking, setAsking] = useState(false)
  const [taken, setTaken] = useState<string>()

  const isRight = (asked: number): boolean => {
    switch (asked) {
      case steps.configure:
        return isConfigured(draft)
      case steps.labels:
        return isLabelled(draft)
      case steps.administrators:
        return areAdministratorsRight(draft)
      case steps.users:
        return areUsersRight(draft, account)
      case steps.policy:
        return check.isAcceptable
      default:
        return true
    }
  }
  /** Whether a key has this alias. Where it may not be asked, CreateAlias will tell. */
  const isTaken = async (name: string): Promise<boolean> => {
    setAsking(true)
    try {
      await api.kms('DescribeKey', { KeyId: name })
      return true
    } catch {
      return false
    } finally {
      setAsking(false)
    }
  }
  const goTo = async (wanted: number): Promise<void> => {
    for (let passed = step; passed < wanted; passed += 1) {
      let isFree = true
      if (passed === steps.labels && isRight(passed)) {
        const name = aliasName(draft)
        isFree = !(await isTaken(name))
        setTaken(isFree ? undefined : name)
      }
      if (isFree && isRight(passed)) continue
      setTried([...tried, passed])
      setStep(passed)
      return
    }
    setStep(wanted)
  }
  // Who is refused is brought to what is wrong.
  useEffect(() => {
    place.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
  }, [tried])

  const propsOf = (of: number): StepProps => ({
    draft,
    onChange: change => setDraft(before => changed(before, change)),
    isTried: tried.includes(of),
  })
  const isUnknown = error?.code === 'NetworkError'
  const all: WizardProps.Step[] = [
    {
      title: t('create.step.configure'),
      description: t('create.step.configure.text'),
      content: <Configure {...propsOf(steps.configure)} />,
    },
    {
      title: t('create.step.labels'),
      description: t('create.step.labels.text'),
      content: <Labels {...propsOf(steps.labels)} taken={taken} />,
    },
    {
      title: t('create.step.administrators'),
      description: t('create.step.administrators.text'),
      isOptional: true,
      content: <Administrators {...propsOf(steps.administrators)} />,
    },
    {
      title: t('create.step.users'),
      description: t('create.step.users.text'),
      isOptional: true,
      content: <Users {...propsOf(steps.users)} />,
    },
    {
      title: t('create.step.policy'),
      description: t('create.step.policy.text'),
      isOptional: true,
      content: <Policy {...propsOf(steps.policy)} check={check} />,
    },
    {
      title: t('create.step.review'),
      content: (
        <Review draft={draft} check={check} onEdit={setStep}>
          {isUnknown && (
            <Alert type="warning" statusIconAriaLabel={t('common.warning')}>
              {t('create.mayBeMade')}
            </Alert>
          )}
          <ErrorAlert error={error} title={t('create.failed')} />
        </Review>
      ),
    },
  ]
  const isJudging = check.isChecking && (step === steps.policy || step === steps.review)
  return (
    <div ref={place}>
      <Wizard
        steps={all}
        activeStepIndex={step}
        allowSkipTo
        submitButtonText={t('create.finish')}
        isLoadingNextStep={isAsking || isBusy || isJudging}
        onNavigate={({ detail }) => void goTo(detail.requestedStepIndex)}
        onCancel={onCancel}
        onSubmit={() => {
          if (check.isAcceptable) {
            onSubmit()
            return
          }
          setTried([...tried, steps.policy])
          setStep(steps.policy)
        }}
      />
    </div>
  )
}

/** The key is there, its alias is not: it must not be forgotten for that. */
function AliasMissing({
  made,
  draft,
  error,
  isBusy,
  onRetry,
  onGoOn,
}: {
  made: Made
  draft: Draft
  error: ApiError
  isBusy: boolean
  onRetry: (name: string) => void
  onGoOn: () => void
}): ReactNode {
  const t = useT()
  const [alias, setAlias] = useState(draft.alias)
  const named = { ...draft, alias }
  const problem = aliasProblem(named)
  return (
    <Container>
      <SpaceBetween size="l">
        <Alert type="warning" statusIconAriaLabel={t('common.warning')} header={t('create.aliasMissing')}>
          {t('create.aliasMissingText')}
        </Alert>
        <Box>
          <Copy text={made.arn} label={t('create.arn')} />
        </Box>
        <ErrorAlert error={error} />
        <FormField
          label={t('create.alias')}
          constraintText={t('create.aliasForm')}
          errorText={problem && t(`create.alias.${problem}`)}
        >
          <Input
            value={alias}
            autoFocus
            spellcheck={false}
            autoComplete={false}
            onChange={({ detail }) => setAlias(detail.value)}
          />
        </FormField>
        <SpaceBetween direction="horizontal" size="xs">
          <Button variant="primary" loading={isBusy} disabled={!!problem} onClick={() => onRetry(aliasName(named))}>
            {t('create.aliasRetry')}
          </Button>
          <Button disabled={isBusy} onClick={onGoOn}>
            {t('create.aliasGoOn')}
          </Button>
        </SpaceBetween>
      </SpaceBetween>
    </Container>
  )
}
