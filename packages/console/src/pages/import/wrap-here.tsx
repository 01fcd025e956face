import Alert, { type AlertProps } from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Button, { type ButtonProps } from '@cloudscape-design/components/button'
import Checkbox from '@cloudscape-design/components/checkbox'
import FileUpload, { type FileUploadProps } from '@cloudscape-design/components/file-upload'
import FormField from '@cloudscape-design/components/form-field'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import LiveRegion from '@cloudscape-design/components/live-region'
import Select from '@cloudscape-design/components/select'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Textarea from '@cloudscape-design/components/textarea'
import {
  checkValue,
  ImportError,
  materialId,
  parameterNames,
  readMaterial,
  requireKeySpec,
  wrap,
  type CheckValue,
  type MaterialFormat,
} from 'keyreeve-import'
import { useEffect, useRef, useState, type ReactNode } from 'react'
import { fromBase64 } from '../../api/base64.ts'
import { useT, type MessageName } from '../../i18n/index.tsx'
import { ErrorAlert } from '../../ui/errors.tsx'
import { download } from '../../ui/parts.tsx'
import { keepWrapped, type ParameterSet } from './parameter-sets.ts'
import { useTask } from './use-parameters.ts'
import './import.css'

/** What may be shown of material; its bytes are elsewhere. */
interface Shown {
  length: number
  notes: readonly string[]
  check: CheckValue | undefined
  /** The file with the only other copy, if the material was made here. */
  backup?: string
}

const formats: readonly MaterialFormat[] = ['auto', 'raw', 'hex', 'base64', 'pem', 'der', 'jwk']
const checkNames: Readonly<Record<CheckValue['kind'], MessageName>> = {
  kcv: 'import.checkKcv',
  'public key': 'import.checkPublicKey',
  secret: 'import.checkSecret',
}

/** More than any file with a key, in bytes. */
const largestFile = 64 * 1024

/** Reads material, wraps it and forgets it; only what is wrapped leaves this component. */
export function WrapHere({
  keyId,
  keySpec,
  take,
  onWrapped,
}: {
  keyId: string
  keySpec: string
  /** Gives a set of import parameters to wrap for. */
  take: () => Promise<ParameterSet>
  onWrapped: (encrypted: Uint8Array<ArrayBuffer>, set: ParameterSet) => void
}): ReactNode {
  const t = useT()
  const { kind, min } = requireKeySpec(keySpec)
  const material = useRef<Uint8Array<ArrayBuffer>>(undefined)
  const [shown, setShown] = useState<Shown>()
  const [file, setFile] = useState<File>()
  const [pasted, setPasted] = useState('')
  const [format, setFormat] = useState<MaterialFormat>('auto')
  const [isStored, setStored] = useState(false)
  const [doneSize, setDoneSize] = useState<number>()
  const task = useTask()
  const fileField = useRef<FileUploadProps.Ref>(null)
  const wrapButton = useRef<ButtonProps.Ref>(null)
  const doneAlert = useRef<AlertProps.Ref>(null)

  // What had the focus goes when the next thing comes: so that takes it.
  useEffect(() => {
    if (shown) wrapButton.current?.focus()
  }, [shown])
  useEffect(() => {
    if (doneSize !== undefined) doneAlert.current?.focus()
  }, [doneSize])

  const forget = (): void => {
    material.current?.fill(0)
    material.current = undefined
    setShown(undefined)
    setFile(undefined)
    setPasted('')
    setStored(false)
  }
  useEffect(
    () => () => {
      material.current?.fill(0)
      material.current = undefined
    },
    [],
  )

  const hold = async (read: { material: Uint8Array<ArrayBuffer>; notes: string[] }, backup?: string): Promise<void> => {
    forget()
    setDoneSize(undefined)
    material.current = read.material
    const length = read.material.length
    try {
      const check = await checkValue(keySpec, read.material)
      setShown({ length, notes: read.notes, check, ...(backup !== undefined && { backup }) })
    } catch (error) {
      forget()
      throw error
    }
  }
  /** Wipes `input`. */
  const readFrom = async (input: Uint8Array<ArrayBuffer>, as: MaterialFormat): Promise<void> => {
    try {
      await hold(readMaterial(input, { keySpec, format: as }))
    } finally {
      input.fill(0)
    }
  }
  const readFile = (chosen: File | undefined, as: MaterialFormat): void => {
    setFile(chosen)
    task.clear()
    if (!chosen) return
    task.run(async () => {
      if (chosen.size > largestFile) throw new ImportError(t('import.fileTooLarge'))
      await readFrom(new Uint8Array(await chosen.arrayBuffer()), as)
    })
  }
  const readPasted = (): void => task.run(async () => await readFrom(new TextEncoder().encode(pasted), format))
  const generate = (): void =>
    task.run(async () => {
      const fresh = crypto.getRandomValues(new Uint8Array(min))
      const { token } = parameterNames(keyId, new Date())
      const backup = `${token.replace('importToken', 'keyMaterial')}.bin`
      download(backup, fresh)
      await hold({ material: fresh, notes: [] }, backup)
    })
  const wrapIt = (): void =>
    task.run(async () => {
      const set = await take()
      const bytes = material.current
      if (!bytes) return
      const encrypted = await wrap(fromBase64(set.wrappingKey), set.algorithm, bytes)
      const id = keySpec === 'SYMMETRIC_DEFAULT' ? await materialId(keyId, bytes) : undefined
      await keepWrapped(encrypted, {
        tokenHash: set.tokenHash,
        ...(id !== undefined && { materialId: id }),
        ...(shown?.check && { check: shown.check }),
      })
      forget()
      setDoneSize(encrypted.length)
      onWrapped(encrypted, set)
    })

  const discard = (): void => {
    forget()
    // It is not there before the next frame.
    requestAnimationFrame(() => fileField.current?.focus())
  }

  const formatOptions = formats.map(value => ({
    value,
    label: value === 'auto' ? t('import.formatAuto') : value === 'raw' ? t('import.formatRaw') : value.toUpperCase(),
  }))
  return (
    <SpaceBetween size="m">
      <Box>{t('import.hereText')}</Box>
      {!shown && (
        <SpaceBetween size="m">
          <FormField
            label={t('import.materialFile')}
            description={t(kind === 'secret' ? 'import.materialSecret' : 'import.materialKey')}
            stretch
          >
            <FileUpload
              ref={fileField}
              value={file ? [file] : []}
              showFileSize
              onChange={({ detail }) => readFile(detail.value[0], format)}
            />
          </FormField>
          <FormField
            label={t('import.materialText')}
            secondaryControl={
              <Button onClick={readPasted} disabled={pasted.trim() === ''} loading={task.isBusy}>
                {t('import.read')}
              </Button>
            }
          >
            <div className="mono">
              <Textarea
                value={pasted}
                rows={3}
                spellcheck={false}
                autoComplete={false}
                disableBrowserAutocorrect
                onChange={({ detail }) => setPasted(detail.value)}
              />
            </div>
          </FormField>
          <FormField label={t('import.format')}>
            <Select
              options={formatOptions}
              selectedOption={formatOptions.find(({ value }) => value === format) ?? null}
              onChange={({ detail }) => {
                const chosen = formats.find(value => value === detail.selectedOption.value) ?? 'auto'
                setFormat(chosen)
                if (file) readFile(file, chosen)
              }}
            />
          </FormField>
          {kind === 'secret' && (
            <FormField label={t('import.orGenerate')} description={t('import.generateText')}>
              <Button iconName="add-plus" onClick={generate} loading={task.isBusy}>
                {t('import.generate')}
              </Button>
            </FormField>
          )}
        </SpaceBetween>
      )}
      <ErrorAlert error={task.error} {...(task.error instanceof ImportError && { title: t('import.notRead') })} />
      <LiveRegion>
        {shown && (
          <SpaceBetween size="m">
            <KeyValuePairs
              columns={3}
              items={[
                {
                  label: t('import.kind'),
                  value: t(kind === 'secret' ? 'import.kindSecret' : 'import.kindKey', { keySpec }),
                },
                { label: t('import.length'), value: t('import.bytes', { count: shown.length }) },
                shown.check
                  ? {
                      label: t(checkNames[shown.check.kind]),
                      value: <span className="mono check-value">{shown.check.value}</span>,
                    }
                  : { label: t('import.check'), value: t('import.noCheck') },
              ]}
            />
            {shown.notes.map(note => (
              <Box key={note} color="text-body-secondary">
                {note}
              </Box>
            ))}
          </SpaceBetween>
        )}
        {doneSize !== undefined && (
          <Alert ref={doneAlert} type="success" statusIconAriaLabel={t('common.success')} header={t('import.wrapped')}>
            {t('import.wrappedText', { count: doneSize })}
          </Alert>
        )}
      </LiveRegion>
      {shown?.backup !== undefined && (
        <Alert type="warning" statusIconAriaLabel={t('common.warning')} header={t('import.backup')}>
          <SpaceBetween size="s">
            <Box color="inherit">{t('import.backupText', { file: shown.backup })}</Box>
            <Checkbox checked={isStored} onChange={({ detail }) => setStored(detail.checked)}>
              {t('import.backupStored')}
            </Checkbox>
          </SpaceBetween>
        </Alert>
      )}
      {shown && (
        <SpaceBetween direction="horizontal" size="xs">
          <Button
            ref={wrapButton}
            variant="primary"
            loading={task.isBusy}
            onClick={wrapIt}
            {...(shown.backup !== undefined &&
              !isStored && { disabled: true, disabledReason: t('import.backupFirst') })}
          >
            {t('import.wrap')}
          </Button>
          <Button onClick={discard}>{t('import.discard')}</Button>
        </SpaceBetween>
      )}
    </SpaceBetween>
  )
}
