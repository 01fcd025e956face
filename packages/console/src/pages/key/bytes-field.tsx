import FileInput from '@cloudscape-design/components/file-input'
import FormField from '@cloudscape-design/components/form-field'
import SegmentedControl from '@cloudscape-design/components/segmented-control'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Textarea from '@cloudscape-design/components/textarea'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import { useState, type ReactNode } from 'react'
import { fromBase64 } from '../../api/base64.ts'
import { useT } from '../../i18n/index.tsx'
import { Code, download } from '../../ui/parts.tsx'
import { bytesOf, isReadable, rewritten, written, writtenForms, type Given, type WrittenForm } from './bytes.ts'

/** A file that is longer is not even read. */
const longestFile = 64 * 1024 * 1024

/** Takes bytes: typed as text, hexadecimal or base64, or a file. */
export function BytesField({
  label,
  description,
  given,
  most,
  isTried,
  onChange,
}: {
  label: string
  description?: string
  given: Given
  /** Bytes; more are an error. Undefined: as many as a file of 64 MiB has. */
  most?: number | undefined
  /** Whether to say so if there are none. */
  isTried: boolean
  onChange: (given: Given) => void
}): ReactNode {
  const t = useT()
  const [isTooLong, setTooLong] = useState(false)
  const bytes = bytesOf(given)
  const choose = async (file: File | undefined): Promise<void> => {
    setTooLong(file !== undefined && file.size > longestFile)
    if (!file || file.size > longestFile) onChange({ form: 'file' })
    else onChange({ form: 'file', file: { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) } })
  }
  const count = bytes?.length ?? 0
  const wrong = isTooLong
    ? t('key.bytes.fileTooLong')
    : bytes === undefined && given.form !== 'file'
      ? t(`key.bytes.not.${given.form}`)
      : most !== undefined && count > most
        ? t('key.bytes.tooMany', { count, most })
        : isTried && count === 0
          ? t('key.bytes.missing')
          : ''
  const limits = most === undefined ? t('key.bytes.count', { count }) : t('key.bytes.limits', { count, most })
  const forms = [...writtenForms, 'file'] as const
  return (
    <FormField stretch label={label} description={description} errorText={wrong} constraintText={limits}>
      <SpaceBetween size="xs">
        <SegmentedControl
          label={t('key.bytes.form', { label })}
          selectedId={given.form}
          options={forms.map(id => ({ id, text: t(`key.bytes.${id}`) }))}
          onChange={({ detail }) => {
            setTooLong(false)
            onChange(rewritten(given, detail.selectedId as Given['form'])) // The ids above.
          }}
        />
        {given.form === 'file' ? (
          <SpaceBetween direction="horizontal" size="xs" alignItems="center">
            <FileInput
              value={[]}
              ariaLabel={t('key.bytes.chooseFor', { label })}
              onChange={({ detail }) => void choose(detail.value[0])}
            >
              {t('key.bytes.choose')}
            </FileInput>
            <Box>{given.file ? given.file.name : t('key.bytes.noFile')}</Box>
          </SpaceBetween>
        ) : (
          <div className={given.form === 'text' ? undefined : 'mono'}>
            <Textarea
              value={given.text}
              rows={3}
              ariaLabel={label}
              spellcheck={false}
              autoComplete={false}
              onChange={({ detail }) => onChange({ form: given.form, text: detail.value })}
            />
          </div>
        )}
      </SpaceBetween>
    </FormField>
  )
}

/** Shows bytes of an answer, in the form that one likes. */
export function BytesShown({
  label,
  base64,
  fileName,
}: {
  label: string
  base64: string
  fileName: string
}): ReactNode {
  const t = useT()
  const bytes = fromBase64(base64)
  const isText = isReadable(bytes)
  const [chosen, setChosen] = useState<WrittenForm>()
  const form = chosen ?? (isText ? 'text' : 'base64')
  const options = writtenForms.map(id => ({
    id,
    text: t(`key.bytes.${id}`),
    disabled: id === 'text' && !isText,
    ...(id === 'text' && !isText && { disabledReason: t('key.bytes.noText') }),
  }))
  return (
    <SpaceBetween size="xs">
      <Box variant="awsui-key-label">{`${label} (${t('key.bytes.count', { count: bytes.length })})`}</Box>
      <SpaceBetween direction="horizontal" size="xs">
        <SegmentedControl
          label={t('key.bytes.form', { label })}
          selectedId={form}
          options={options}
          onChange={({ detail }) => setChosen(detail.selectedId as WrittenForm)} // The ids above.
        />
        <Button
          iconName="download"
          ariaLabel={t('key.bytes.download', { label })}
          onClick={() => download(fileName, bytes)}
        >
          {t('common.download')}
        </Button>
      </SpaceBetween>
      <Code text={written(bytes, form) ?? ''} label={label} />
    </SpaceBetween>
  )
}
