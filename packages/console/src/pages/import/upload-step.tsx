import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Checkbox from '@cloudscape-design/components/checkbox'
import ColumnLayout from '@cloudscape-design/components/column-layout'
import Container from '@cloudscape-design/components/container'
import DatePicker from '@cloudscape-design/components/date-picker'
import FileUpload, { type FileUploadProps } from '@cloudscape-design/components/file-upload'
import FormField from '@cloudscape-design/components/form-field'
import Header from '@cloudscape-design/components/header'
import Input from '@cloudscape-design/components/input'
import RadioGroup from '@cloudscape-design/components/radio-group'
import SpaceBetween from '@cloudscape-design/components/space-between'
import TimeInput from '@cloudscape-design/components/time-input'
import { keyIdOf } from 'keyreeve-import'
import { type ReactNode, type Ref } from 'react'
import { useDates, useLanguage, useT, type Translate } from '../../i18n/index.tsx'
import { Countdown, useNow } from '../../ui/parts.tsx'
import { useRegion } from '../../ui/places.ts'
import { isPossible, momentOf, timeZone, type Expiry } from './expiry.ts'
import { inspect, type Finding, type Upload } from './inspect.ts'
import { isExpired, useParameterSets, wrappedBy, type ParameterSet } from './parameter-sets.ts'

export type ImportType = 'NEW_KEY_MATERIAL' | 'EXISTING_KEY_MATERIAL'

/** What is filled in for the upload. */
export interface Draft {
  wrapped: { file: File; upload: Upload | undefined } | undefined
  token: { file: File; upload: Upload | undefined } | undefined
  expiry: Expiry
  description: string
  /** Undefined: the server's own choice, which is the only one. */
  importType: ImportType | undefined
  /** A file that was taken away at once, since it held bare material. */
  dropped: { which: 'wrapped' | 'token'; name: string } | undefined
}

export const emptyDraft: Draft = {
  wrapped: undefined,
  token: undefined,
  expiry: { isOn: false, date: '', time: '00:00' },
  description: '',
  importType: undefined,
  dropped: undefined,
}

/** What is wrong with the files of a draft, held against all that this tab knows. */
export function useFindings(draft: Draft, keyId: string, keySpec: string): ReturnType<typeof inspect> {
  const region = useRegion()
  const sets = useParameterSets()
  const now = useNow(10_000)
  return inspect(
    { wrapped: draft.wrapped?.upload, token: draft.token?.upload },
    { keyId, region, keySpec, now, sets, wrappedBy, isExpired },
  )
}

export const descriptionPattern = /^[a-zA-Z0-9:/_\s.-]*$/

const inWords = (finding: Finding | undefined, severity: Finding['severity'], t: Translate): string =>
  finding?.severity === severity ? t(finding.text, finding.values) : ''

/** The wrapped material and its token go back to the server, with how long it shall keep the material. */
export function UploadStep({
  keyId,
  isSymmetric,
  isReplica,
  hasMaterial,
  wantedMaterial,
  draft,
  findings,
  isTried,
  wrappedField,
  tokenField,
  onFile,
  onDraft,
}: {
  keyId: string
  isSymmetric: boolean
  isReplica: boolean
  /** Whether the key has ever had material. */
  hasMaterial: boolean
  /** The ID of the very material that shall come back. */
  wantedMaterial: string | undefined
  draft: Draft
  findings: ReturnType<typeof inspect>
  /** Whether somebody wanted to import already: then what is missing is said. */
  isTried: boolean
  wrappedField: Ref<FileUploadProps.Ref>
  tokenField: Ref<FileUploadProps.Ref>
  onFile: (which: 'wrapped' | 'token', file: File | undefined) => void
  onDraft: (change: Partial<Draft>) => void
}): ReactNode {
  const t = useT()
  const wrong = (which: 'wrapped' | 'token'): string => {
    if (draft.dropped?.which === which) return t('import.findBare', { name: draft.dropped.name })
    return inWords(findings[which], 'error', t) || (isTried && !draft[which] ? t('import.missing') : '')
  }
  return (
    <SpaceBetween size="l">
      <Container
        header={
          <Header variant="h2" description={t('import.filesText')}>
            {t('import.files')}
          </Header>
        }
      >
        <SpaceBetween size="l">
          <ColumnLayout columns={2}>
            <FormField label={t('import.wrappedFile')} description={t('import.wrappedFileText')} stretch>
              <FileUpload
                ref={wrappedField}
                value={draft.wrapped ? [draft.wrapped.file] : []}
                showFileSize
                ariaRequired
                errorText={wrong('wrapped')}
                warningText={inWords(findings.wrapped, 'warning', t)}
                onChange={({ detail }) => onFile('wrapped', detail.value[0])}
              />
            </FormField>
            <FormField label={t('import.tokenFile')} description={t('import.tokenFileText')} stretch>
              <FileUpload
                ref={tokenField}
                value={draft.token ? [draft.token.file] : []}
                showFileSize
                ariaRequired
                errorText={wrong('token')}
                warningText={inWords(findings.token, 'warning', t)}
                onChange={({ detail }) => onFile('token', detail.value[0])}
              />
            </FormField>
          </ColumnLayout>
          {findings.set && !findings.token && <KnownSet set={findings.set} keyId={keyId} />}
        </SpaceBetween>
      </Container>
      <ExpiryOption expiry={draft.expiry} isTried={isTried} onChange={expiry => onDraft({ expiry })} />
      {isSymmetric && (
        <Container header={<Header variant="h2">{t('import.material')}</Header>}>
          <SpaceBetween size="l">
            {hasMaterial && (
              <FormField label={t('import.type')}>
                <RadioGroup
                  value={draft.importType ?? 'EXISTING_KEY_MATERIAL'}
                  onChange={({ detail }) => onDraft({ importType: detail.value as ImportType })} // The values below.
                  items={[
                    {
                      value: 'EXISTING_KEY_MATERIAL',
                      label: t('import.existing'),
                      description:
                        wantedMaterial === undefined
                          ? t('import.existingText')
                          : t('import.existingOne', { id: wantedMaterial }),
                    },
                    {
                      value: 'NEW_KEY_MATERIAL',
                      label: t('import.new'),
                      description: t(isReplica ? 'import.newOnReplica' : 'import.newText'),
                      disabled: isReplica,
                    },
                  ]}
                />
              </FormField>
            )}
            <FormField
              label={
                <>
                  {t('import.description')} <i>– {t('common.optional')}</i>
                </>
              }
              constraintText={t('import.descriptionRules')}
              errorText={
                draft.description.length > 256 || !descriptionPattern.test(draft.description)
                  ? t('import.descriptionWrong')
                  : ''
              }
            >
              <Input value={draft.description} onChange={({ detail }) => onDraft({ description: detail.value })} />
            </FormField>
          </SpaceBetween>
        </Container>
      )}
      {!isSymmetric && (
        <Alert type="info" statusIconAriaLabel={t('common.info')}>
          {t('import.sameOnly')}
        </Alert>
      )}
    </SpaceBetween>
  )
}

function KnownSet({ set, keyId }: { set: ParameterSet; keyId: string }): ReactNode {
  const t = useT()
  if (keyIdOf(set.keyArn) !== keyId) return null
  return (
    <Box color="text-body-secondary">
      {t('import.knownSet', { spec: set.wrappingKeySpec, algorithm: set.algorithm })}{' '}
      <Countdown until={new Date(set.validTo)} over={t('import.expired')} />
    </Box>
  )
}

function ExpiryOption({
  expiry,
  isTried,
  onChange,
}: {
  expiry: Expiry
  isTried: boolean
  onChange: (expiry: Expiry) => void
}): ReactNode {
  const t = useT()
  const language = useLanguage()
  const { time } = useDates()
  const now = useNow(10_000)
  const { validTo, wrong } = momentOf(expiry, now)
  const isShown = isTried || expiry.date !== ''
  const error = wrong !== undefined && isShown ? t(wrong) : ''
  return (
    <Container
      header={
        <Header variant="h2" description={t('import.expiryText')}>
          {t('import.expiry')}
        </Header>
      }
    >
      <SpaceBetween size="m">
        <Checkbox checked={expiry.isOn} onChange={({ detail }) => onChange({ ...expiry, isOn: detail.checked })}>
          {t('import.doesExpire')}
        </Checkbox>
        {expiry.isOn && (
          <SpaceBetween size="s">
            <SpaceBetween direction="horizontal" size="m">
              <FormField
                label={t('import.expiryDate')}
                constraintText="YYYY/MM/DD"
                errorText={wrong === 'import.expiryNoTime' ? '' : error}
              >
                <DatePicker
                  value={expiry.date}
                  placeholder="YYYY/MM/DD"
                  isDateEnabled={day => isPossible(day, now)}
                  onChange={({ detail }) => onChange({ ...expiry, date: detail.value })}
                />
              </FormField>
              <FormField
                label={t('import.expiryTime')}
                constraintText={t('import.expiryZone', { zone: timeZone(language) })}
                errorText={wrong === 'import.expiryNoTime' ? error : ''}
              >
                <TimeInput
                  value={expiry.time}
                  format="hh:mm"
                  placeholder="hh:mm"
                  onChange={({ detail }) => onChange({ ...expiry, time: detail.value })}
                />
              </FormField>
            </SpaceBetween>
            {validTo && (
              <Box>
                {t('import.expiryMoment', { time: time(validTo.getTime() / 1000) })}{' '}
                <Countdown until={validTo} over={t('import.expired')} />
              </Box>
            )}
          </SpaceBetween>
        )}
      </SpaceBetween>
    </Container>
  )
}
