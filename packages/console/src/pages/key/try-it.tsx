import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Checkbox from '@cloudscape-design/components/checkbox'
import Container from '@cloudscape-design/components/container'
import ExpandableSection from '@cloudscape-design/components/expandable-section'
import FormField from '@cloudscape-design/components/form-field'
import Header from '@cloudscape-design/components/header'
import Input from '@cloudscape-design/components/input'
import Select from '@cloudscape-design/components/select'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useState, type FormEvent, type ReactNode } from 'react'
import { ApiError, endpointText } from '../../api/client.ts'
import { useApi } from '../../api/hooks.ts'
import { useT } from '../../i18n/index.tsx'
import { Code } from '../../ui/parts.tsx'
import { BytesField } from './bytes-field.tsx'
import { algorithmsOf, regionOf, type Key } from './key.ts'
import { areComplete, PairEditor } from './pair-editor.tsx'
import { Answer, type Answered } from './try-it-answer.tsx'
import { hashOf, messageTypesOf, operationsOf, type ByteMember, type Operation } from './try-it-operations.ts'
import { emptyWish, givenFor, hashIn, inputOf, isSize, isWhole, lineOf, mostIn, type Wish } from './try-it-request.ts'
import { useCall } from './use-call.ts'

/** What one operation makes and another one takes: it is filled in there. Nothing of it is secret. */
const handedOn: readonly ByteMember[] = ['CiphertextBlob', 'Signature', 'Mac', 'SharedSecretCiphertextBlob']

/** Real calls with the key. What they were given and gave is in this part of the page alone, and gone with it. */
export function TryIt({ shown: key }: { shown: Key }): ReactNode {
  const t = useT()
  const api = useApi()
  const operations = operationsOf(key)
  const [name, setName] = useState(operations[0]?.name)
  const [wish, setWish] = useState(() => emptyWish(key))
  const [isTried, setTried] = useState(false)
  const [answered, setAnswered] = useState<Answered>()
  const { run, isBusy, error, forget } = useCall()
  const operation = operations.find(one => one.name === name)
  if (!operation) return null

  const change = (changed: Partial<Wish>): void => setWish(before => ({ ...before, ...changed }))
  const choose = (next: string): void => {
    setName(operations.find(one => one.name === next)?.name)
    setTried(false)
    setAnswered(undefined)
    forget()
  }
  const isReady = isWhole(operation, wish, key)
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    setTried(true)
    if (!isReady || isBusy) return
    setAnswered(undefined)
    await run(async () => {
      const input = await inputOf(operation, wish, key)
      // The type of the input follows from the name, which only the table of operations knows here.
      const answer = await sayingNo(operation, api.kms(operation.name, input as never))
      setAnswered({ operation, input, answer })
      const filled = handedOn.flatMap(member => {
        const text = answer[member]
        return typeof text === 'string' ? [[member, { form: 'base64', text }]] : []
      })
      if (filled.length > 0)
        setWish(before => ({ ...before, bytes: { ...before.bytes, ...Object.fromEntries(filled) } }))
    })
  }
  const next = answered && operations.find(one => takesFrom(one, answered))
  return (
    <SpaceBetween size="m">
      {key.KeyState !== 'Enabled' && (
        <Alert type="info" statusIconAriaLabel={t('common.info')}>
          {t('key.try.notNow')}
        </Alert>
      )}
      <form onSubmit={event => void submit(event)}>
        <Container
          header={
            <Header variant="h2" description={t('key.try.text')}>
              {t('key.tab.try')}
            </Header>
          }
        >
          <SpaceBetween size="m">
            <FormField label={t('key.try.operation')} description={t(`key.try.text.${operation.name}`)}>
              <Select
                options={operations.map(one => ({ value: one.name, label: one.name }))}
                selectedOption={{ value: operation.name, label: operation.name }}
                onChange={({ detail }) => choose(detail.selectedOption.value ?? '')}
              />
            </FormField>
            {operation.choices.some(choice => choice !== 'context') && (
              <Choices shown={key} operation={operation} wish={wish} isTried={isTried} onChange={change} />
            )}
            {operation.inputs.map(member => (
              <BytesField
                key={`${operation.name} ${member}`}
                label={member}
                description={t(`key.try.member.${member}`)}
                given={givenFor(wish, member)}
                most={mostIn(operation, wish, member, key)}
                isTried={isTried}
                onChange={given => change({ bytes: { ...wish.bytes, [member]: given } })}
              />
            ))}
            {operation.choices.includes('context') && (
              <FormField
                stretch
                label={t('key.context')}
                description={t('key.try.contextText')}
                errorText={!areComplete(wish.context) && isTried && t('key.pairs.wrong')}
              >
                <PairEditor pairs={wish.context} onChange={context => change({ context })} />
              </FormField>
            )}
            <Button variant="primary" formAction="submit" loading={isBusy}>
              {operation.name}
            </Button>
            <ExpandableSection headerText={t('key.try.line')} defaultExpanded>
              {isReady ? (
                <SpaceBetween size="xs">
                  <Code
                    text={lineOf(operation, wish, key, { endpoint: endpointText, region: regionOf(key.Arn) })}
                    label={t('key.try.line')}
                  />
                  <Box color="text-body-secondary" fontSize="body-s">
                    {t('key.try.lineText')}
                  </Box>
                </SpaceBetween>
              ) : (
                <Box color="text-body-secondary">{t('key.try.lineLater')}</Box>
              )}
            </ExpandableSection>
          </SpaceBetween>
        </Container>
      </form>
      <div role="status">
        <Answer answered={answered} error={error} keyId={key.KeyId} />
      </div>
      {next && (
        <Box>
          {t('key.try.handedOn')}{' '}
          <Button variant="inline-link" onClick={() => choose(next.name)}>
            {t('key.try.goOn', { operation: next.name })}
          </Button>
        </Box>
      )}
    </SpaceBetween>
  )
}

/** The answer; or, where the server says no to what was asked by an error, that. */
async function sayingNo(operation: Operation, call: Promise<unknown>): Promise<Record<string, unknown>> {
  try {
    return (await call) as Record<string, unknown> // Answers are objects.
  } catch (failure) {
    if (operation.no === undefined || !(failure instanceof ApiError) || failure.code !== operation.no) throw failure
    return { __type: failure.code, message: failure.message }
  }
}

const takesFrom = (operation: Operation, { operation: made }: Answered): boolean =>
  operation.name !== made.name &&
  operation.inputs.some(member => handedOn.includes(member) && made.outputs.includes(member))

const pairSpecs = [
  'ECC_NIST_P256',
  'ECC_NIST_P384',
  'ECC_NIST_P521',
  'ECC_SECG_P256K1',
  'ECC_NIST_EDWARDS25519',
  'RSA_2048',
  'RSA_3072',
  'RSA_4096',
  'ML_KEM_512',
  'ML_KEM_768',
  'ML_KEM_1024',
]

const option = (value: string) => ({ value, label: value })

function Choices({
  shown: key,
  operation,
  wish,
  isTried,
  onChange,
}: {
  shown: Key
  operation: Operation
  wish: Wish
  isTried: boolean
  onChange: (changed: Partial<Wish>) => void
}): ReactNode {
  const t = useT()
  const { choices } = operation
  const algorithms = algorithmsOf(key)
  const types = messageTypesOf(wish.algorithm)
  const isNumber = !wish.size.startsWith('AES_')
  const bytesOption = { value: 'bytes', label: t('key.try.sizeBytes') }
  const hash = hashOf(wish.algorithm)
  return (
    <SpaceBetween size="m">
      {choices.some(choice => choice.endsWith('Algorithm')) && (
        <FormField label={t('key.try.algorithm')}>
          <Select
            options={algorithms.map(option)}
            selectedOption={option(wish.algorithm)}
            onChange={({ detail }) => {
              const algorithm = detail.selectedOption.value ?? ''
              const allowed = messageTypesOf(algorithm)
              const messageType = allowed.includes(wish.messageType) ? wish.messageType : (allowed[0] ?? 'RAW')
              onChange({ algorithm, messageType })
            }}
          />
        </FormField>
      )}
      {choices.includes('SigningAlgorithm') && (
        <FormField label={t('key.try.messageType')} description={t(`key.try.messageType.${wish.messageType}`)}>
          <Select
            options={types.map(option)}
            selectedOption={option(wish.messageType)}
            onChange={({ detail }) =>
              onChange({ messageType: types.find(type => type === detail.selectedOption.value) ?? 'RAW' })
            }
          />
        </FormField>
      )}
      {choices.includes('SigningAlgorithm') && wish.messageType === 'DIGEST' && hash && (
        <Checkbox
          checked={hashIn(operation, wish) !== undefined}
          description={t('key.try.hashText')}
          onChange={({ detail }) => onChange({ isHashed: detail.checked })}
        >
          {t('key.try.hash', { hash })}
        </Checkbox>
      )}
      {choices.includes('size') && (
        <FormField label={t('key.try.size')}>
          <Select
            options={[option('AES_256'), option('AES_128'), bytesOption]}
            selectedOption={isNumber ? bytesOption : option(wish.size)}
            onChange={({ detail }) => {
              const value = detail.selectedOption.value ?? ''
              onChange({ size: value === bytesOption.value ? '64' : value })
            }}
          />
        </FormField>
      )}
      {choices.includes('size') && isNumber && (
        <FormField
          label={t('key.try.sizeBytes')}
          errorText={isTried && !isSize(wish.size) && t('key.try.sizeWrong')}
          constraintText={t('key.try.sizeLimits')}
        >
          <Input
            value={wish.size}
            type="number"
            inputMode="numeric"
            onChange={({ detail }) => onChange({ size: detail.value })}
          />
        </FormField>
      )}
      {choices.includes('pair') && (
        <FormField label={t('key.try.pairSpec')}>
          <Select
            options={pairSpecs.map(option)}
            selectedOption={option(wish.pairSpec)}
            onChange={({ detail }) => onChange({ pairSpec: detail.selectedOption.value ?? '' })}
          />
        </FormField>
      )}
    </SpaceBetween>
  )
}
