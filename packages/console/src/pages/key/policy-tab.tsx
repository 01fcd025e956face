import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Checkbox from '@cloudscape-design/components/checkbox'
import Container from '@cloudscape-design/components/container'
import CopyToClipboard from '@cloudscape-design/components/copy-to-clipboard'
import Header from '@cloudscape-design/components/header'
import Modal from '@cloudscape-design/components/modal'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Table from '@cloudscape-design/components/table'
import { useState, type ReactNode } from 'react'
import { ApiError } from '../../api/client.ts'
import { useChange, useKms } from '../../api/hooks.ts'
import { useSession } from '../../api/session.ts'
import { useT } from '../../i18n/index.tsx'
import { ErrorAlert } from '../../ui/errors.tsx'
import { notify } from '../../ui/notices.tsx'
import { Confirm, download, Empty, Loaded } from '../../ui/parts.tsx'
import { Diff } from '../../ui/policy-diff.tsx'
import {
  LockOutWarning,
  PolicyEditor,
  refusalsOf,
  useKeyPolicyCheck,
  type PolicyCheck,
} from '../../ui/policy-editor.tsx'
import { readJson, writeJson, type Json } from '../../ui/policy-json.ts'
import {
  AccountList,
  isAccount,
  isPrincipalArn,
  PrincipalPicker,
  principalOf,
  usePrincipalColumns,
} from '../../ui/policy-principals.tsx'
import { changeShape, readShape, type ConsoleShape, type KeyKind } from '../../ui/policy-shape.ts'
import { Statements } from '../../ui/policy-statements.tsx'

/** Who may do what with a key, as its own policy says: in forms or words, and as JSON. */
export function PolicyTab({ keyId }: { keyId: string }): ReactNode {
  const policy = useKms('GetKeyPolicy', { KeyId: keyId, PolicyName: 'default' })
  return (
    <SpaceBetween size="m">
      {/* What was read before stays, but it may have become another one. */}
      {policy.data && <ErrorAlert error={policy.error} retry={() => void policy.refetch()} />}
      <Loaded query={policy}>{({ Policy = '' }) => <PolicyOf keyId={keyId} text={Policy} />}</Loaded>
    </SpaceBetween>
  )
}

function PolicyOf({ keyId, text }: { keyId: string; text: string }): ReactNode {
  const t = useT()
  const [isJson, setJson] = useState(false)
  /** What the policy was when somebody began to edit it, and what they have made of it. */
  const [edited, setEdited] = useState<{ from: string; text: string }>()
  const [isReviewing, setReviewing] = useState(false)
  const check = useKeyPolicyCheck(edited?.text ?? text, keyId)
  const switchView = <Button onClick={() => setJson(!isJson)}>{t(isJson ? 'policy.toForms' : 'policy.toJson')}</Button>
  if (!isJson) {
    return (
      <SpaceBetween size="l">
        <Header variant="h2" actions={switchView}>
          {t('policy.title')}
        </Header>
        <DefaultView keyId={keyId} text={text} />
      </SpaceBetween>
    )
  }
  const actions = edited ? (
    <SpaceBetween direction="horizontal" size="xs">
      <Button variant="link" onClick={() => setEdited(undefined)}>
        {t('common.cancel')}
      </Button>
      <Button
        variant="primary"
        loading={check.isChecking}
        disabled={check.problem !== undefined || edited.text === edited.from}
        onClick={() => setReviewing(true)}
      >
        {t('policy.review')}
      </Button>
    </SpaceBetween>
  ) : (
    <SpaceBetween direction="horizontal" size="xs">
      <CopyToClipboard
        variant="icon"
        textToCopy={text}
        copyButtonAriaLabel={t('common.copy', { label: t('policy.json') })}
        copySuccessText={t('common.copied')}
        copyErrorText={t('common.notCopied')}
      />
      {switchView}
      <Button iconName="download" onClick={() => download(`key-policy-${keyId}.json`, text, 'application/json')}>
        {t('common.download')}
      </Button>
      <Button onClick={() => setEdited({ from: text, text })}>{t('common.edit')}</Button>
    </SpaceBetween>
  )
  return (
    <Container
      header={
        <Header variant="h2" actions={actions}>
          {t('policy.title')}
        </Header>
      }
    >
      <PolicyEditor
        value={edited?.text ?? text}
        label={t('policy.json')}
        check={check}
        {...(edited && { onChange: (next: string) => setEdited({ ...edited, text: next }) })}
      />
      {edited && isReviewing && (
        <SaveDialog
          keyId={keyId}
          edited={edited}
          current={text}
          check={check}
          onClose={() => setReviewing(false)}
          onSaved={() => {
            setReviewing(false)
            setEdited(undefined)
          }}
        />
      )}
    </Container>
  )
}

/** What changes, once more, before it takes effect. */
function SaveDialog({
  keyId,
  edited,
  current,
  check,
  onClose,
  onSaved,
}: {
  keyId: string
  edited: { from: string; text: string }
  current: string
  check: PolicyCheck
  onClose: () => void
  onSaved: () => void
}): ReactNode {
  const t = useT()
  const [isBypassed, setBypassed] = useState(false)
  // Somebody else may have saved since the page was read.
  const fresh = useKms('GetKeyPolicy', { KeyId: keyId, PolicyName: 'default' }, { refetchInterval: 5_000 })
  const before = fresh.data?.Policy ?? current
  const save = useChange(
    api =>
      api.kms('PutKeyPolicy', {
        KeyId: keyId,
        PolicyName: 'default',
        Policy: edited.text,
        ...(isBypassed && { BypassPolicyLockoutSafetyCheck: true }),
      }),
    {
      onSuccess() {
        notify(t('policy.saved'))
        onSaved()
      },
    },
  )
  const { isLockOut } = check
  const refusals = refusalsOf(check)
  return (
    <Modal
      visible
      size="large"
      header={t('policy.reviewTitle')}
      closeAriaLabel={t('common.close')}
      onDismiss={onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={onClose}>
              {t('common.cancel')}
            </Button>
            <Button
              variant="primary"
              loading={save.isPending}
              disabled={isLockOut ? !isBypassed : !check.isAcceptable}
              onClick={() => save.mutate()}
            >
              {t('common.save')}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        <div>{t('policy.reviewText')}</div>
        {before !== edited.from && (
          <Alert type="warning" statusIconAriaLabel={t('common.warning')}>
            {t('policy.reviewMoved')}
          </Alert>
        )}
        {before === edited.text ? (
          t('policy.unchanged')
        ) : (
          <Diff before={before} after={edited.text} label={t('policy.diff')} />
        )}
        {refusals.length > 0 && (
          <Alert type="error" statusIconAriaLabel={t('common.error')} header={t('policy.refused')}>
            {refusals.map(({ Message }, index) => (
              <div key={index}>{Message}</div>
            ))}
          </Alert>
        )}
        {isLockOut && (
          <SpaceBetween size="s">
            <LockOutWarning check={check} />
            <Checkbox
              checked={isBypassed}
              description={t('policy.bypassText')}
              onChange={({ detail }) => setBypassed(detail.checked)}
            >
              {t('policy.bypass')}
            </Checkbox>
          </SpaceBetween>
        )}
        <ErrorAlert error={save.error} />
      </SpaceBetween>
    </Modal>
  )
}

type Change = (shape: ConsoleShape) => ConsoleShape

function DefaultView({ keyId, text }: { keyId: string; text: string }): ReactNode {
  const t = useT()
  const { account: caller } = useSession()
  const key = useKms('DescribeKey', { KeyId: keyId })
  const read = readJson(text)
  if ('problem' in read) return t('policy.noJson')
  const account = key.data?.KeyMetadata?.AWSAccountId ?? caller
  const shape = readShape(read.value, account)
  if (!shape) {
    return (
      <SpaceBetween size="m">
        <Box color="text-body-secondary">{t('policy.inWords')}</Box>
        <Statements policy={read.value} kind="key" />
      </SpaceBetween>
    )
  }
  return (
    <SpaceBetween size="l">
      <Loaded query={key}>
        {({ KeyMetadata: metadata }) => {
          const kind = {
            spec: metadata?.KeySpec ?? '',
            usage: metadata?.KeyUsage ?? '',
            origin: metadata?.Origin ?? '',
            isMultiRegion: metadata?.MultiRegion === true,
          }
          return <Forms keyId={keyId} account={account} kind={kind} shape={shape} />
        }}
      </Loaded>
      {shape.others.length > 0 && (
        <>
          <Header variant="h3" description={t('policy.otherStatementsText')}>
            {t('policy.otherStatements')}
          </Header>
          <Statements policy={read.value} kind="key" only={shape.others} />
        </>
      )}
    </SpaceBetween>
  )
}

/** Saves a change of the forms, made to the policy as it is by then. */
function useShapeChange(keyId: string, account: string, kind: KeyKind, onSaved: () => void) {
  const t = useT()
  return useChange<Change>(
    async (api, change) => {
      const { Policy = '' } = await api.kms('GetKeyPolicy', { KeyId: keyId, PolicyName: 'default' })
      const read = readJson(Policy)
      const policy: Json = 'value' in read ? read.value : null
      const shape = readShape(policy, account)
      if (!shape) throw new ApiError('ConflictException', t('policy.moved'), 'PutKeyPolicy')
      const next = writeJson(changeShape(policy, kind, change(shape)))
      return await api.kms('PutKeyPolicy', { KeyId: keyId, PolicyName: 'default', Policy: next })
    },
    {
      onSuccess() {
        notify(t('policy.saved'))
        onSaved()
      },
    },
  )
}

type Opened =
  | 'addAdministrators'
  | 'addUsers'
  | 'addAccounts'
  | 'deletion'
  | { remove: Listed; items: readonly string[] }
type Listed = 'administrators' | 'users' | 'accounts'

function Forms({
  keyId,
  account,
  kind,
  shape,
}: {
  keyId: string
  account: string
  kind: KeyKind
  shape: ConsoleShape
}): ReactNode {
  const t = useT()
  const [opened, setOpened] = useState<Opened>()
  const close = (): void => {
    save.reset()
    setOpened(undefined)
  }
  const save = useShapeChange(keyId, account, kind, () => setOpened(undefined))
  const dialog = { isBusy: save.isPending, error: save.error, onClose: close }
  const removal = {
    administrators: 'policy.removeAdministrators',
    users: 'policy.removeUsers',
    accounts: 'policy.removeAccounts',
  } as const
  return (
    <SpaceBetween size="l">
      <Principals
        title={t('policy.administrators')}
        description={t('policy.administratorsText')}
        empty={<Empty title={t('policy.noAdministrators')} text={t('policy.noAdministratorsText')} />}
        arns={shape.administrators}
        onAdd={() => setOpened('addAdministrators')}
        onRemove={items => setOpened({ remove: 'administrators', items })}
      />
      {shape.administrators.length > 0 && (
        <Container
          header={
            <Header variant="h3" actions={<Button onClick={() => setOpened('deletion')}>{t('common.edit')}</Button>}>
              {t('policy.deletion')}
            </Header>
          }
        >
          {t(shape.mayDelete ? 'policy.deletionAllowed' : 'policy.deletionNot')}
        </Container>
      )}
      <Principals
        title={t('policy.users')}
        description={t('policy.usersText')}
        empty={<Empty title={t('policy.noUsers')} text={t('policy.noUsersText')} />}
        arns={shape.users}
        onAdd={() => setOpened('addUsers')}
        onRemove={items => setOpened({ remove: 'users', items })}
      />
      <Principals
        title={t('policy.otherAccounts')}
        description={t('policy.otherAccountsText')}
        empty={<Empty title={t('policy.noAccounts')} />}
        arns={shape.accounts}
        onAdd={() => setOpened('addAccounts')}
        onRemove={items => setOpened({ remove: 'accounts', items })}
      />
      {opened === 'addAdministrators' && (
        <AddPrincipals
          {...dialog}
          title={t('policy.addAdministrators')}
          label={t('policy.administrators')}
          present={shape.administrators}
          onAdd={arns => save.mutate(old => ({ ...old, administrators: joined(old.administrators, arns) }))}
        />
      )}
      {opened === 'addUsers' && (
        <AddPrincipals
          {...dialog}
          title={t('policy.addUsers')}
          label={t('policy.users')}
          present={shape.users}
          onAdd={arns => save.mutate(old => ({ ...old, users: joined(old.users, arns) }))}
        />
      )}
      {opened === 'addAccounts' && (
        <AddAccounts
          {...dialog}
          own={account}
          onAdd={accounts => save.mutate(old => ({ ...old, accounts: joined(old.accounts, accounts) }))}
        />
      )}
      {opened === 'deletion' && (
        <Confirm
          {...dialog}
          title={t('policy.deletion')}
          confirmLabel={t(shape.mayDelete ? 'policy.forbidDeletion' : 'policy.allowDeletion')}
          onConfirm={() => save.mutate(old => ({ ...old, mayDelete: !shape.mayDelete }))}
        >
          {t(shape.mayDelete ? 'policy.forbidDeletionText' : 'policy.allowDeletionText')}
        </Confirm>
      )}
      {typeof opened === 'object' && (
        <Confirm
          {...dialog}
          title={t(removal[opened.remove])}
          confirmLabel={t('common.remove')}
          onConfirm={() => {
            const { remove, items } = opened
            save.mutate(old => ({ ...old, [remove]: old[remove].filter(item => !items.includes(item)) }))
          }}
        >
          <div>{t('policy.removeText', { count: opened.items.length })}</div>
          <ul>
            {opened.items.map(item => (
              <li key={item} className="break-anywhere">
                {item}
              </li>
            ))}
          </ul>
        </Confirm>
      )}
    </SpaceBetween>
  )
}

const joined = (...lists: (readonly string[])[]): string[] => [...new Set(lists.flat())]

/** Those whom a part of the policy names. */
function Principals({
  title,
  description,
  empty,
  arns,
  onAdd,
  onRemove,
}: {
  title: string
  description: string
  empty: ReactNode
  /** Or numbers of accounts. */
  arns: readonly string[]
  onAdd: () => void
  onRemove: (arns: readonly string[]) => void
}): ReactNode {
  const t = useT()
  const columns = usePrincipalColumns()
  const [selected, setSelected] = useState<readonly string[]>([])
  const items = arns.map(arn => principalOf(t, arn))
  // Whoever has been removed is selected no more.
  const chosen = items.filter(({ arn }) => selected.includes(arn))
  return (
    <Table
      items={items}
      trackBy="arn"
      columnDefinitions={columns.filter(({ id }) => id === 'name' || items.some(({ kind }) => kind !== 'other'))}
      sortingDisabled
      empty={empty}
      selectionType="multi"
      selectedItems={chosen}
      onSelectionChange={({ detail }) => setSelected(detail.selectedItems.map(({ arn }) => arn))}
      ariaLabels={{
        tableLabel: title,
        selectionGroupLabel: title,
        allItemsSelectionLabel: () => t('policy.chooseAll'),
        itemSelectionLabel: (_, { name, kind }) => t('policy.choose', { kind: t(`policy.type.${kind}`), name }),
      }}
      header={
        <Header
          variant="h3"
          counter={`(${arns.length})`}
          description={description}
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button
                disabled={chosen.length === 0}
                ariaLabel={`${t('common.remove')}: ${title}`}
                onClick={() => onRemove(chosen.map(({ arn }) => arn))}
              >
                {t('common.remove')}
              </Button>
              <Button ariaLabel={`${t('common.add')}: ${title}`} onClick={onAdd}>
                {t('common.add')}
              </Button>
            </SpaceBetween>
          }
        >
          {title}
        </Header>
      }
    />
  )
}

interface DialogProps {
  isBusy: boolean
  error: Error | null
  onClose: () => void
}

function AddPrincipals({
  title,
  label,
  present,
  onAdd,
  ...dialog
}: DialogProps & {
  title: string
  label: string
  /** ARNs of those who are there. */
  present: readonly string[]
  onAdd: (arns: readonly string[]) => void
}): ReactNode {
  const t = useT()
  const [chosen, setChosen] = useState<readonly string[]>([])
  const [typed, setTyped] = useState<readonly string[]>([])
  const arns = [...chosen, ...typed.filter(text => text !== '')]
  return (
    <AddDialog
      {...dialog}
      title={title}
      missing={arns.length === 0 ? t('policy.addNobody') : undefined}
      isRight={arns.every(isPrincipalArn)}
      onAdd={() => onAdd(arns)}
    >
      {isTried => (
        <PrincipalPicker
          label={label}
          chosen={chosen}
          onChange={setChosen}
          typed={typed}
          onType={setTyped}
          isTried={isTried}
          leftOut={present}
        />
      )}
    </AddDialog>
  )
}

function AddAccounts({
  own,
  onAdd,
  ...dialog
}: DialogProps & { own: string; onAdd: (accounts: readonly string[]) => void }): ReactNode {
  const t = useT()
  const [texts, setTexts] = useState<readonly string[]>([''])
  const accounts = texts.filter(text => text !== '')
  return (
    <AddDialog
      {...dialog}
      title={t('policy.otherAccounts')}
      missing={accounts.length === 0 ? t('policy.addNoAccount') : undefined}
      isRight={accounts.every(account => isAccount(account) && account !== own)}
      onAdd={() => onAdd(accounts)}
    >
      {isTried => <AccountList texts={texts} onChange={setTexts} isTried={isTried} own={own} />}
    </AddDialog>
  )
}

function AddDialog({
  title,
  missing,
  isRight,
  isBusy,
  error,
  onAdd,
  onClose,
  children,
}: DialogProps & {
  title: string
  /** What is said if there is nothing to add. */
  missing: string | undefined
  isRight: boolean
  onAdd: () => void
  children: (isTried: boolean) => ReactNode
}): ReactNode {
  const t = useT()
  const [isTried, setTried] = useState(false)
  return (
    <Modal
      visible
      size="large"
      header={title}
      closeAriaLabel={t('common.close')}
      onDismiss={onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={onClose}>
              {t('common.cancel')}
            </Button>
            <Button
              variant="primary"
              loading={isBusy}
              onClick={() => {
                setTried(true)
                if (missing === undefined && isRight) onAdd()
              }}
            >
              {t('common.add')}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        {children(isTried)}
        {isTried && missing !== undefined && (
          <Alert type="error" statusIconAriaLabel={t('common.error')}>
            {missing}
          </Alert>
        )}
        <ErrorAlert error={error} />
      </SpaceBetween>
    </Modal>
  )
}
