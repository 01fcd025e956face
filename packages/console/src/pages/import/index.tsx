import Alert from '@cloudscape-design/components/alert'
import Button from '@cloudscape-design/components/button'
import type { CheckboxProps } from '@cloudscape-design/components/checkbox'
import type { FileUploadProps } from '@cloudscape-design/components/file-upload'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Wizard from '@cloudscape-design/components/wizard'
import { useRef, useState, type ReactNode } from 'react'
import { useLocation } from 'wouter'
import { ApiError } from '../../api/client.ts'
import { toBase64 } from '../../api/base64.ts'
import { useChange, useKms } from '../../api/hooks.ts'
import type { KmsInput, KmsOutput } from '../../api/types.ts'
import { useT, type MessageName } from '../../i18n/index.tsx'
import { useParameters as useAddressParameters } from '../../ui/address.ts'
import { ErrorAlert } from '../../ui/errors.tsx'
import { Page } from '../../ui/page.tsx'
import { Loaded } from '../../ui/parts.tsx'
import { href, usePlaces } from '../../ui/places.ts'
import { momentOf } from './expiry.ts'
import { isBare } from './inspect.ts'
import { OutcomePage, prove, type Outcome } from './outcome.tsx'
import { ParametersStep, useChoice } from './parameters-step.tsx'
import { tokenOf, wrappedBy, type ParameterSet } from './parameter-sets.ts'
import { descriptionPattern, emptyDraft, UploadStep, useFindings, type Draft } from './upload-step.tsx'
import { readToken, readUpload } from './uploads.ts'
import { useParameters } from './use-parameters.ts'

type Metadata = NonNullable<KmsOutput<'DescribeKey'>['KeyMetadata']>

/** Brings key material into a key, in the steps of AWS's console. */
export default function ImportMaterial({ id }: { id: string }): ReactNode {
  const t = useT()
  const places = usePlaces()
  const [address] = useAddressParameters()
  const key = useKms('DescribeKey', { KeyId: id })
  const metadata = key.data?.KeyMetadata
  if (!metadata) {
    return (
      <ImportPage id={id}>
        <Loaded query={key}>{() => null}</Loaded>
      </ImportPage>
    )
  }
  const obstacle = obstacleOf(metadata)
  if (!obstacle) return <Steps key={address.toString()} id={id} metadata={metadata} />
  return (
    <ImportPage id={id}>
      <Alert
        type="warning"
        statusIconAriaLabel={t('common.warning')}
        header={t('import.notNow')}
        action={<Button href={href(places.key(id))}>{t('import.toKey')}</Button>}
      >
        {t(obstacle)}
      </Alert>
    </ImportPage>
  )
}

/** @param hasHeader false for the steps, which have headings of their own */
function ImportPage({
  id,
  hasHeader = true,
  children,
}: {
  id: string
  hasHeader?: boolean
  children: ReactNode
}): ReactNode {
  const t = useT()
  const places = usePlaces()
  const trail = [
    { text: t('frame.customerKeys'), place: places.keys },
    { text: id, place: places.key(id) },
    { text: t('import.material'), place: places.key(id, 'material') },
  ]
  return (
    <Page title={t('import.title')} trail={trail} hasHeader={hasHeader}>
      {children}
    </Page>
  )
}

/** Why nothing can be imported. */
function obstacleOf({ Origin, KeyState }: Metadata): MessageName | undefined {
  if (Origin !== 'EXTERNAL') return 'import.notExternal'
  if (KeyState === 'PendingDeletion' || KeyState === 'PendingReplicaDeletion') return 'import.pendingDeletion'
  return KeyState === 'Creating' ? 'import.creating' : undefined
}

/** What a server that answers every failure alike may have meant. */
const explanations: Readonly<Record<string, MessageName>> = {
  InvalidCiphertextException: 'import.whyCiphertext',
  IncorrectKeyMaterialException: 'import.whyMaterial',
  InvalidImportTokenException: 'import.whyToken',
  ExpiredImportTokenException: 'import.whyExpired',
}

function Steps({ id, metadata }: { id: string; metadata: Metadata }): ReactNode {
  const t = useT()
  const places = usePlaces()
  const [, go] = useLocation()
  const [address] = useAddressParameters()
  const { KeyId: keyId = '', KeySpec: keySpec = '', CurrentKeyMaterialId, ExpirationModel } = metadata
  const isSymmetric = keySpec === 'SYMMETRIC_DEFAULT'
  const isReplica = metadata.MultiRegionConfiguration?.MultiRegionKeyType === 'REPLICA'
  const hasMaterial = isSymmetric ? CurrentKeyMaterialId !== undefined : ExpirationModel !== undefined
  const wantedMaterial = address.get('material') ?? undefined

  const parameters = useParameters({ KeyId: keyId, KeySpec: keySpec })
  const [choice, setChoice] = useChoice(keySpec)
  const [step, setStep] = useState(address.get('step') === 'upload' ? 1 : 0)
  const [isReady, setReady] = useState(address.get('step') === 'upload')
  const [isRefused, setRefused] = useState(false)
  const [draft, setDraft] = useState<Draft>(() => ({
    ...emptyDraft,
    importType: address.get('type') === 'new' ? 'NEW_KEY_MATERIAL' : undefined,
  }))
  const [isTried, setTried] = useState(false)
  const [outcome, setOutcome] = useState<Outcome>()
  const findings = useFindings(draft, keyId, keySpec)
  const readyBox = useRef<CheckboxProps.Ref>(null)
  const wrappedField = useRef<FileUploadProps.Ref>(null)
  const tokenField = useRef<FileUploadProps.Ref>(null)
  const { validTo, wrong: wrongExpiry } = momentOf(draft.expiry, Date.now())
  const isNew =
    (draft.importType ?? (hasMaterial ? 'EXISTING_KEY_MATERIAL' : 'NEW_KEY_MATERIAL')) === 'NEW_KEY_MATERIAL'

  const importing = useChange<void, Outcome>(
    async caller => {
      const { wrapped, token } = draft
      if (!wrapped?.upload || !token?.upload) throw new Error('Nothing to import.')
      const answer = await caller.kms('ImportKeyMaterial', {
        KeyId: keyId,
        EncryptedKeyMaterial: toBase64(wrapped.upload.bytes),
        ImportToken: toBase64(token.upload.bytes),
        ...(validTo
          ? { ExpirationModel: 'KEY_MATERIAL_EXPIRES', ValidTo: validTo.getTime() / 1000 }
          : { ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' }),
        ...(isSymmetric && settings()),
      })
      const proof = await prove(caller, keyId, wrappedBy(wrapped.upload.hash), answer.KeyMaterialId)
      return { materialId: answer.KeyMaterialId, validTo, isWaiting: isNew && hasMaterial, proof }
    },
    { onSuccess: setOutcome },
  )
  const settings = (): Partial<KmsInput<'ImportKeyMaterial'>> => ({
    ...(hasMaterial && { ImportType: isNew ? 'NEW_KEY_MATERIAL' : 'EXISTING_KEY_MATERIAL' }),
    ...(!isNew && wantedMaterial !== undefined && { KeyMaterialId: wantedMaterial }),
    ...(draft.description !== '' && { KeyMaterialDescription: draft.description }),
  })

  const change = (next: Partial<Draft>): void => {
    importing.reset()
    setDraft(before => ({ ...before, ...next }))
  }
  const takeFile = async (which: 'wrapped' | 'token', file: File | undefined): Promise<void> => {
    if (!file) return change({ [which]: undefined })
    change({ [which]: { file, upload: undefined }, dropped: undefined })
    const upload = await (which === 'wrapped' ? readUpload(file) : readToken(file))
    if (isBare(upload.bytes, keySpec)) {
      upload.bytes.fill(0)
      return change({ [which]: undefined, dropped: { which, name: file.name } })
    }
    // Another file may have been chosen meanwhile.
    setDraft(before => (before[which]?.file === file ? { ...before, [which]: { file, upload } } : before))
  }
  const takeWrapped = (encrypted: Uint8Array<ArrayBuffer>, set: ParameterSet): void => {
    const token = tokenOf(set)
    void takeFile('wrapped', new File([encrypted], 'EncryptedKeyMaterial.bin'))
    if (token) void takeFile('token', new File([token], set.names.token))
    setReady(true)
  }

  const goTo = (wanted: number): void => {
    if (wanted > 0 && !isReady) {
      setRefused(true)
      readyBox.current?.focus()
      return
    }
    setStep(wanted)
  }
  const submit = (): void => {
    setTried(true)
    if (!draft.wrapped?.upload || findings.wrapped?.severity === 'error') return wrappedField.current?.focus()
    if (!draft.token?.upload || findings.token?.severity === 'error') return tokenField.current?.focus()
    const isDescribed = draft.description.length <= 256 && descriptionPattern.test(draft.description)
    if (wrongExpiry === undefined && isDescribed && !importing.isPending) importing.mutate()
  }
  const again = (): void => {
    setOutcome(undefined)
    setDraft(emptyDraft)
    setStep(0)
    setReady(false)
    setRefused(false)
    setTried(false)
    importing.reset()
  }

  if (outcome) {
    return (
      <ImportPage id={id}>
        <OutcomePage keyId={keyId} outcome={outcome} onAgain={again} />
      </ImportPage>
    )
  }
  const why = importing.error instanceof ApiError ? explanations[importing.error.code] : undefined
  return (
    <ImportPage id={id} hasHeader={false}>
      <Wizard
        activeStepIndex={step}
        submitButtonText={t('import.submit')}
        isLoadingNextStep={importing.isPending}
        onNavigate={({ detail }) => goTo(detail.requestedStepIndex)}
        onSubmit={submit}
        secondaryActions={
          step === 0 && <Button onClick={() => go(places.key(keyId, 'material'))}>{t('import.skip')}</Button>
        }
        onCancel={() => go(places.key(keyId, 'material'))}
        steps={[
          {
            title: t('import.step1'),
            description: t('import.step1Text', { keyId, keySpec }),
            content: (
              <ParametersStep
                keyId={keyId}
                keySpec={keySpec}
                parameters={parameters}
                choice={choice}
                onChoice={setChoice}
                isReady={isReady}
                isRefused={isRefused}
                readyBox={readyBox}
                onReady={setReady}
                onWrapped={takeWrapped}
              />
            ),
          },
          {
            title: t('import.step2'),
            description: t('import.step2Text', { keyId, keySpec }),
            content: (
              <SpaceBetween size="l">
                <UploadStep
                  keyId={keyId}
                  isSymmetric={isSymmetric}
                  isReplica={isReplica}
                  hasMaterial={hasMaterial}
                  wantedMaterial={wantedMaterial}
                  draft={draft}
                  findings={findings}
                  isTried={isTried}
                  wrappedField={wrappedField}
                  tokenField={tokenField}
                  onFile={(which, file) => void takeFile(which, file)}
                  onDraft={change}
                />
                <ErrorAlert error={importing.error} />
                {why !== undefined && (
                  <Alert type="info" statusIconAriaLabel={t('common.info')} header={t('import.whyTitle')}>
                    {t(why)}
                  </Alert>
                )}
              </SpaceBetween>
            ),
          },
        ]}
      />
    </ImportPage>
  )
}
