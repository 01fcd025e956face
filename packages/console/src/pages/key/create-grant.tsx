import Alert from '@cloudscape-design/components/alert'
import Autosuggest from '@cloudscape-design/components/autosuggest'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Checkbox from '@cloudscape-design/components/checkbox'
import ColumnLayout from '@cloudscape-design/components/column-layout'
import FormField from '@cloudscape-design/components/form-field'
import Input from '@cloudscape-design/components/input'
import Modal from '@cloudscape-design/components/modal'
import RadioGroup from '@cloudscape-design/components/radio-group'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { useApi, useIam } from '../../api/hooks.ts'
import type { KmsInput } from '../../api/types.ts'
import { useT } from '../../i18n/index.tsx'
import { ErrorAlert } from '../../ui/errors.tsx'
import { Code, Copy } from '../../ui/parts.tsx'
import { kindOf, type Key } from './key.ts'
import { areComplete, PairEditor, recordOf, type Pair } from './pair-editor.tsx'
import { useCall } from './use-call.ts'

type Operation = NonNullable<KmsInput<'CreateGrant'>['Operations']>[number]

/** What can be granted (https://docs.aws.amazon.com/kms/latest/developerguide/grants.html#terms-grant-operations). */
const onAnyKey: readonly Operation[] = ['DescribeKey', 'RetireGrant', 'CreateGrant']
const onSymmetricKeys: readonly Operation[] = [
  'Encrypt',
  'Decrypt',
  'GenerateDataKey',
  'GenerateDataKeyWithoutPlaintext',
  'GenerateDataKeyPair',
  'GenerateDataKeyPairWithoutPlaintext',
  'ReEncryptFrom',
  'ReEncryptTo',
]
const onOtherKeys: Readonly<Record<string, readonly Operation[]>> = {
  ENCRYPT_DECRYPT: ['Encrypt', 'Decrypt', 'GetPublicKey', 'ReEncryptFrom', 'ReEncryptTo'],
  SIGN_VERIFY: ['Sign', 'Verify', 'GetPublicKey'],
  KEY_AGREEMENT: ['DeriveSharedSecret', 'GetPublicKey'],
  ENCAPSULATE_DECAPSULATE: ['Encapsulate', 'Decapsulate', 'GetPublicKey'],
  GENERATE_VERIFY_MAC: ['GenerateMac', 'VerifyMac'],
}

const grantable = (key: Key): readonly Operation[] => [
  ...(kindOf(key) === 'symmetric' ? onSymmetricKeys : (onOtherKeys[key.KeyUsage] ?? [])),
  ...onAnyKey,
]

type Constraint = 'none' | 'EncryptionContextEquals' | 'EncryptionContextSubset'

interface Made {
  id: string
  token: string
}

/** Asks for a grant, makes it, and shows its token, which is told this once. */
export function CreateGrant({ shown: key, onClose }: { shown: Key; onClose: () => void }): ReactNode {
  const t = useT()
  const api = useApi()
  const client = useQueryClient()
  const { run, isBusy, error } = useCall()
  const [name, setName] = useState('')
  const [grantee, setGrantee] = useState('')
  const [retiring, setRetiring] = useState('')
  const [operations, setOperations] = useState<readonly Operation[]>([])
  const [constraint, setConstraint] = useState<Constraint>('none')
  const [pairs, setPairs] = useState<readonly Pair[]>([])
  const [isTried, setTried] = useState(false)
  const [made, setMade] = useState<Made>()
  const known = usePrincipals()

  const isNameWrong = name !== '' && !/^[\w:/-]{1,256}$/.test(name)
  const lacksOperation = operations.every(operation => operation === 'CreateGrant')
  const isLimited = constraint !== 'none'
  const isContextWrong = isLimited && (pairs.length === 0 || !areComplete(pairs))
  const create = async (): Promise<void> => {
    setTried(true)
    if (isNameWrong || grantee.trim() === '' || lacksOperation || isContextWrong) return
    await run(async () => {
      const { GrantId = '', GrantToken = '' } = await api.kms('CreateGrant', {
        KeyId: key.KeyId,
        GranteePrincipal: grantee.trim(),
        ...(retiring.trim() !== '' && { RetiringPrincipal: retiring.trim() }),
        Operations: [...operations],
        ...(isLimited && { Constraints: { [constraint]: recordOf(pairs) ?? {} } }),
        ...(name !== '' && { Name: name }),
      })
      setMade({ id: GrantId, token: GrantToken })
      await client.invalidateQueries()
    })
  }
  if (made) return <ShowToken made={made} onClose={onClose} />
  const suggest = (value: string, set: (value: string) => void, label: string): ReactNode => (
    <Autosuggest
      value={value}
      options={known}
      placeholder="arn:aws:iam::111122223333:user/alice"
      ariaLabel={label}
      enteredTextLabel={text => t('key.aliases.use', { value: text })}
      onChange={({ detail }) => set(detail.value)}
    />
  )
  return (
    <Modal
      visible
      size="large"
      header={t('key.grants.create')}
      closeAriaLabel={t('common.close')}
      onDismiss={onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={onClose}>
              {t('common.cancel')}
            </Button>
            <Button variant="primary" loading={isBusy} onClick={() => void create()}>
              {t('key.grants.create')}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        <FormField
          stretch
          label={t('key.grants.grantee')}
          description={t('key.grants.granteeText')}
          errorText={isTried && grantee.trim() === '' && t('key.grants.granteeMissing')}
        >
          {suggest(grantee, setGrantee, t('key.grants.grantee'))}
        </FormField>
        <FormField
          stretch
          label={
            <>
              {t('key.grants.retiring')} <i>– {t('common.optional')}</i>
            </>
          }
          description={t('key.grants.retiringText')}
        >
          {suggest(retiring, setRetiring, t('key.grants.retiring'))}
        </FormField>
        <FormField
          stretch
          label={t('key.grants.operations')}
          description={t('key.grants.operationsText')}
          errorText={isTried && lacksOperation && t('key.grants.operationsMissing')}
        >
          <ColumnLayout columns={2}>
            {grantable(key).map(operation => (
              <Checkbox
                key={operation}
                controlId={`grant-${operation}`}
                checked={operations.includes(operation)}
                onChange={({ detail }) =>
                  setOperations(
                    detail.checked ? [...operations, operation] : operations.filter(other => other !== operation),
                  )
                }
              >
                {operation}
              </Checkbox>
            ))}
          </ColumnLayout>
        </FormField>
        {kindOf(key) === 'symmetric' && (
          <>
            <FormField stretch label={t('key.grants.constraints')} description={t('key.grants.constraintsText')}>
              <RadioGroup
                value={constraint}
                items={[
                  { value: 'none', label: t('key.grants.unlimited') },
                  { value: 'EncryptionContextEquals', label: t('key.grants.equals') },
                  { value: 'EncryptionContextSubset', label: t('key.grants.subset') },
                ]}
                onChange={({ detail }) => setConstraint(detail.value as Constraint)} // The values above.
              />
            </FormField>
            {isLimited && (
              <FormField stretch label={t('key.context')} errorText={isTried && isContextWrong && t('key.pairs.wrong')}>
                <PairEditor pairs={pairs} most={8} onChange={setPairs} />
              </FormField>
            )}
          </>
        )}
        <FormField
          stretch
          label={
            <>
              {t('key.grants.name')} <i>– {t('common.optional')}</i>
            </>
          }
          description={t('key.grants.nameText')}
          errorText={isNameWrong && t('key.grants.nameWrong')}
        >
          <Input value={name} spellcheck={false} onChange={({ detail }) => setName(detail.value)} />
        </FormField>
        <ErrorAlert error={error} />
      </SpaceBetween>
    </Modal>
  )
}

function ShowToken({ made: { id, token }, onClose }: { made: Made; onClose: () => void }): ReactNode {
  const t = useT()
  return (
    <Modal
      visible
      header={t('key.grants.made')}
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
      <SpaceBetween size="m">
        <Alert type="info" statusIconAriaLabel={t('common.info')}>
          {t('key.grants.tokenText')}
        </Alert>
        <FormField label={t('key.grants.id')}>
          <Copy text={id} label={t('key.grants.id')} />
        </FormField>
        <Code text={token} label={t('key.grants.token')} />
      </SpaceBetween>
    </Modal>
  )
}

/** Users and roles of the account, as far as one may see them. */
function usePrincipals(): { value: string; description: string }[] {
  const users = useIam('ListUsers', { MaxItems: 200 })
  const roles = useIam('ListRoles', { MaxItems: 200 })
  const t = useT()
  return [
    ...(users.data?.Users ?? []).map(({ Arn = '' }) => ({ value: Arn, description: t('key.grants.user') })),
    ...(roles.data?.Roles ?? []).map(({ Arn = '' }) => ({ value: Arn, description: t('key.grants.role') })),
  ]
}
