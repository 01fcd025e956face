import Alert from '@cloudscape-design/components/alert'
import Button from '@cloudscape-design/components/button'
import Checkbox from '@cloudscape-design/components/checkbox'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { ReactNode } from 'react'
import { useSession } from '../../api/session.ts'
import { useT } from '../../i18n/index.tsx'
import { LockOutWarning, PolicyEditor, type PolicyCheck } from '../../ui/policy-editor.tsx'
import { AccountList, isAccount, isPrincipalArn, PrincipalPicker } from '../../ui/policy-principals.tsx'
import type { StepProps } from './configure.tsx'
import { generatedPolicy, policyOf, type Draft } from './draft.ts'

const areArns = (texts: readonly string[]): boolean => texts.every(text => text === '' || isPrincipalArn(text))

export const areAdministratorsRight = ({ typedAdministrators }: Draft): boolean => areArns(typedAdministrators)
export const areUsersRight = ({ typedUsers, accounts }: Draft, own: string): boolean =>
  areArns(typedUsers) && accounts.every(text => text === '' || (isAccount(text) && text !== own))

/** Step 3: who may manage the key, though not use it. */
export function Administrators({ draft, onChange, isTried }: StepProps): ReactNode {
  const t = useT()
  return (
    <SpaceBetween size="l">
      <Container>
        <PrincipalPicker
          label={t('create.administrators')}
          chosen={draft.administrators}
          onChange={administrators => onChange({ administrators })}
          typed={draft.typedAdministrators}
          onType={typedAdministrators => onChange({ typedAdministrators })}
          isTried={isTried}
        />
      </Container>
      <Container header={<Header variant="h2">{t('create.deletion')}</Header>}>
        <Checkbox checked={draft.mayDelete} onChange={({ detail }) => onChange({ mayDelete: detail.checked })}>
          {t('create.mayDelete')}
        </Checkbox>
      </Container>
    </SpaceBetween>
  )
}

/** Step 4: who may use the key. */
export function Users({ draft, onChange, isTried }: StepProps): ReactNode {
  const t = useT()
  const { account } = useSession()
  return (
    <SpaceBetween size="l">
      <Container>
        <PrincipalPicker
          label={t('create.users')}
          chosen={draft.users}
          onChange={users => onChange({ users })}
          typed={draft.typedUsers}
          onType={typedUsers => onChange({ typedUsers })}
          isTried={isTried}
        />
      </Container>
      <Container>
        <AccountList
          texts={draft.accounts}
          onChange={accounts => onChange({ accounts })}
          isTried={isTried}
          own={account}
        />
      </Container>
    </SpaceBetween>
  )
}

/** Step 5: the policy that follows, and what somebody makes of it. */
export function Policy({
  draft,
  onChange,
  isTried,
  check,
}: StepProps & {
  check: PolicyCheck
}): ReactNode {
  const t = useT()
  const { account } = useSession()
  const { edited } = draft
  const generated = generatedPolicy(draft, account)
  const reset = <Button onClick={() => onChange({ edited: undefined })}>{t('create.resetPolicy')}</Button>
  return (
    <SpaceBetween size="l">
      {edited && edited.from !== generated && (
        <Alert type="warning" statusIconAriaLabel={t('common.warning')} action={reset}>
          {t('create.policyStale')}
        </Alert>
      )}
      <LockOutWarning check={check} />
      <Container
        header={
          <Header
            variant="h2"
            description={t(edited ? 'create.policyEdited' : 'create.policyGenerated')}
            actions={edited && edited.from === generated && reset}
          >
            {t('create.policy')}
          </Header>
        }
      >
        <PolicyEditor
          value={policyOf(draft, account)}
          label={t('create.policyJson')}
          check={check}
          errorText={isTried && check.verdict?.Valid === false ? t('create.policyRefused') : ''}
          onChange={text =>
            onChange({ edited: text === generated ? undefined : { text, from: edited?.from ?? generated } })
          }
        />
      </Container>
    </SpaceBetween>
  )
}
