import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Checkbox, { type CheckboxProps } from '@cloudscape-design/components/checkbox'
import ColumnLayout from '@cloudscape-design/components/column-layout'
import Container from '@cloudscape-design/components/container'
import FormField from '@cloudscape-design/components/form-field'
import Header from '@cloudscape-design/components/header'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import Select, { type SelectProps } from '@cloudscape-design/components/select'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Tabs from '@cloudscape-design/components/tabs'
import { zipSync } from 'fflate'
import { algorithmsFor, materialFile, opensslLines, parameterFiles, zipTime } from 'keyreeve-import'
import { useState, type ReactNode, type Ref } from 'react'
import { fromBase64 } from '../../api/base64.ts'
import { useSession } from '../../api/session.ts'
import { useDates, useLanguage, useT, type MessageName } from '../../i18n/index.tsx'
import { ErrorAlert } from '../../ui/errors.tsx'
import { Code, Countdown, download } from '../../ui/parts.tsx'
import { offlinePageFor } from './offline-page.ts'
import { tokenOf, type ParameterSet } from './parameter-sets.ts'
import { useTask, type Choice, type useParameters } from './use-parameters.ts'
import { WrapHere } from './wrap-here.tsx'

const zipName = 'ImportParameters.zip'
const bits = { RSA_4096: 4096, RSA_3072: 3072, RSA_2048: 2048 } as const
const wrappingKeySpecs = Object.keys(bits) as (keyof typeof bits)[] // It has no others.

/** What each is for. */
const notes: Readonly<Record<Choice['algorithm'], MessageName>> = {
  RSAES_OAEP_SHA_256: 'import.forSmall',
  RSA_AES_KEY_WRAP_SHA_256: 'import.forAll',
  RSAES_OAEP_SHA_1: 'import.forOld',
  RSA_AES_KEY_WRAP_SHA_1: 'import.forOld',
  RSAES_PKCS1_V1_5: 'import.forOldest',
}
const isLegacy = (algorithm: Choice['algorithm']): boolean =>
  algorithm === 'RSAES_PKCS1_V1_5' || algorithm.endsWith('SHA_1')

/** The algorithms that wrap material of this key, as far as the server takes them. */
function useAlgorithms(keySpec: string): (wrappingKeySpec: Choice['wrappingKeySpec']) => Choice['algorithm'][] {
  const { server } = useSession()
  return wrappingKeySpec =>
    algorithmsFor(keySpec, bits[wrappingKeySpec]).filter(
      algorithm => algorithm !== 'RSAES_PKCS1_V1_5' || server.Pkcs1v15 === 'allow',
    )
}

export function useChoice(keySpec: string): [Choice, (choice: Choice) => void] {
  const [algorithm = 'RSA_AES_KEY_WRAP_SHA_256'] = useAlgorithms(keySpec)('RSA_4096')
  return useState<Choice>({ wrappingKeySpec: 'RSA_4096', algorithm })
}

/** Wrapping key and import token are chosen and downloaded, and material is wrapped here or elsewhere. */
export function ParametersStep({
  keyId,
  keySpec,
  parameters,
  choice,
  onChoice,
  isReady,
  isRefused,
  readyBox,
  onReady,
  onWrapped,
}: {
  keyId: string
  keySpec: string
  parameters: ReturnType<typeof useParameters>
  choice: Choice
  onChoice: (choice: Choice) => void
  isReady: boolean
  /** Whether somebody wanted to go on without the check box. */
  isRefused: boolean
  readyBox: Ref<CheckboxProps.Ref>
  onReady: (isReady: boolean) => void
  /** Something was wrapped in this tab. */
  onWrapped: (encrypted: Uint8Array<ArrayBuffer>, set: ParameterSet) => void
}): ReactNode {
  const t = useT()
  const language = useLanguage()
  const algorithmsOf = useAlgorithms(keySpec)
  const [hasPage, setPage] = useState(false)
  const task = useTask()
  const [newest] = parameters.downloaded

  const fetchAndDownload = async (): Promise<void> => {
    const set = await parameters.fetch(choice)
    const page = hasPage ? await offlinePageFor(set, language) : undefined
    download(zipName, pack(set, page), 'application/zip')
  }
  const specOptions = wrappingKeySpecs.map(value => ({
    value,
    label: value,
    ...(value === 'RSA_4096' && { description: t('import.recommended') }),
  }))
  const algorithmOptions = algorithmsOf(choice.wrappingKeySpec).map((value): SelectProps.Option => ({
    value,
    label: value,
    description: t(notes[value]),
    ...(isLegacy(value) && { labelTag: t('import.legacy') }),
  }))
  const chooseSpec = (value: string | undefined): void => {
    const wrappingKeySpec = wrappingKeySpecs.find(name => name === value) ?? choice.wrappingKeySpec
    const fitting = algorithmsOf(wrappingKeySpec)
    onChoice({
      wrappingKeySpec,
      algorithm: fitting.find(name => name === choice.algorithm) ?? fitting[0] ?? choice.algorithm,
    })
  }
  const chooseAlgorithm = (value: string | undefined): void => {
    const algorithm = algorithmsOf(choice.wrappingKeySpec).find(name => name === value)
    if (algorithm) onChoice({ ...choice, algorithm })
  }
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">{t('import.parameters')}</Header>}>
        <SpaceBetween size="l">
          <ColumnLayout columns={2}>
            <FormField label={t('import.wrappingKeySpec')} description={t('import.wrappingKeySpecText')}>
              <Select
                options={specOptions}
                selectedOption={specOptions.find(({ value }) => value === choice.wrappingKeySpec) ?? null}
                onChange={({ detail }) => chooseSpec(detail.selectedOption.value)}
              />
            </FormField>
            <FormField label={t('import.wrappingAlgorithm')} description={t('import.wrappingAlgorithmText')}>
              <Select
                options={algorithmOptions}
                selectedOption={algorithmOptions.find(({ value }) => value === choice.algorithm) ?? null}
                onChange={({ detail }) => chooseAlgorithm(detail.selectedOption.value)}
                triggerVariant="option"
              />
            </FormField>
          </ColumnLayout>
          <Checkbox
            checked={hasPage}
            onChange={({ detail }) => setPage(detail.checked)}
            description={t('import.withPageText')}
          >
            {t('import.withPage')}
          </Checkbox>
          <Button
            variant={newest ? 'normal' : 'primary'}
            iconName="download"
            loading={task.isBusy}
            onClick={() => task.run(fetchAndDownload)}
          >
            {t('import.download')}
          </Button>
          <ErrorAlert error={task.error} />
          {newest && <Fetched set={newest} others={parameters.downloaded.length - 1} />}
        </SpaceBetween>
      </Container>
      <Container header={<Header variant="h2">{t('import.wrapping')}</Header>}>
        <Tabs
          ariaLabel={t('import.ways')}
          tabs={[
            {
              id: 'openssl',
              label: t('import.wayOpenssl'),
              content: <OpenSsl set={newest} keySpec={keySpec} />,
            },
            {
              id: 'here',
              label: t('import.wayHere'),
              content: (
                <WrapHere keyId={keyId} keySpec={keySpec} take={() => parameters.take(choice)} onWrapped={onWrapped} />
              ),
            },
            { id: 'offline', label: t('import.wayOffline'), content: <AirGapped /> },
          ]}
        />
      </Container>
      <Container>
        <FormField errorText={isRefused && !isReady ? t('import.notReady') : ''}>
          <Checkbox ref={readyBox} checked={isReady} onChange={({ detail }) => onReady(detail.checked)}>
            {t('import.ready')}
          </Checkbox>
        </FormField>
      </Container>
    </SpaceBetween>
  )
}

function pack(set: ParameterSet, page: string | undefined): Uint8Array<ArrayBuffer> {
  const now = new Date(set.fetchedAt)
  const parameters = {
    ...set,
    wrappingKey: fromBase64(set.wrappingKey),
    token: tokenOf(set) ?? new Uint8Array(),
    validTo: new Date(set.validTo),
  }
  return new Uint8Array(zipSync(parameterFiles(parameters, zipName, now, page), { level: 0, mtime: zipTime(now) }))
}

/** What was downloaded last, and for how long it is good. */
function Fetched({ set, others }: { set: ParameterSet; others: number }): ReactNode {
  const t = useT()
  const { time } = useDates()
  return (
    <Alert type="success" statusIconAriaLabel={t('common.success')} header={t('import.fetched')}>
      <SpaceBetween size="s">
        <KeyValuePairs
          columns={3}
          minColumnWidth={220}
          items={[
            { label: t('import.spec'), value: set.wrappingKeySpec },
            { label: t('import.algorithm'), value: set.algorithm },
            {
              label: t('import.expires'),
              value: (
                <>
                  <Countdown until={new Date(set.validTo)} over={t('import.expired')} /> ({time(set.validTo / 1000)})
                </>
              ),
            },
          ]}
        />
        <Box color="inherit" fontSize="body-s">
          {t('import.belong', { wrappingKey: set.names.wrappingKey, token: set.names.token })}
          {others > 0 && ` ${t('import.earlier', { count: others })}`}
        </Box>
      </SpaceBetween>
    </Alert>
  )
}

function OpenSsl({ set, keySpec }: { set: ParameterSet | undefined; keySpec: string }): ReactNode {
  const t = useT()
  if (!set) return <Box color="text-body-secondary">{t('import.opensslFirst')}</Box>
  const file = materialFile(keySpec)
  return (
    <SpaceBetween size="s">
      <Box>{t(file === 'key.pem' ? 'import.opensslKey' : 'import.opensslSecret', { file, zip: zipName })}</Box>
      <Code
        label={t('import.opensslLines')}
        text={opensslLines(keySpec, set.algorithm, set.names.wrappingKey).join('\n')}
      />
    </SpaceBetween>
  )
}

function AirGapped(): ReactNode {
  const t = useT()
  return (
    <SpaceBetween size="s">
      <Box>{t('import.offlineText')}</Box>
      <ol>
        <li>{t('import.offline1')}</li>
        <li>{t('import.offline2')}</li>
        <li>{t('import.offline3')}</li>
      </ol>
    </SpaceBetween>
  )
}
