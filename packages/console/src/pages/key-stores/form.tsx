import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Checkbox from '@cloudscape-design/components/checkbox'
import FileInput from '@cloudscape-design/components/file-input'
import FormField from '@cloudscape-design/components/form-field'
import Input from '@cloudscape-design/components/input'
import Modal from '@cloudscape-design/components/modal'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent, type ReactNode } from 'react'
import { useApi } from '../../api/hooks.ts'
import { useT, type MessageName } from '../../i18n/index.tsx'
import { ErrorAlert } from '../../ui/errors.tsx'
import type { KeyStore } from './words.tsx'

interface Fields {
  name: string
  endpoint: string
  path: string
  accessKeyId: string
  secret: string
}
type FieldName = keyof Fields

/** What the service accepts (constraints of CreateCustomKeyStore), and what is said of anything else. */
const rules: Readonly<Record<FieldName, { isGood: (value: string) => boolean; message: MessageName }>> = {
  name: { isGood: value => value.length >= 1 && value.length <= 256, message: 'stores.wrongName' },
  endpoint: {
    isGood: value => value.length <= 128 && /^https:\/\/[a-zA-Z0-9.-]+$/.test(value),
    message: 'stores.wrongEndpoint',
  },
  path: {
    isGood: value => value.length <= 128 && /^(\/[a-zA-Z0-9/_-]+)?\/kms\/xks\/v1$/.test(value),
    message: 'stores.wrongPath',
  },
  accessKeyId: { isGood: value => /^[A-Z2-7]{20,30}$/.test(value), message: 'stores.wrongKeyId' },
  secret: { isGood: value => /^[a-zA-Z0-9/+=]{43,64}$/.test(value), message: 'stores.wrongSecret' },
}

/** Makes an external key store whose proxy has a public endpoint, or changes one. */
export function StoreForm({
  store,
  onSaved,
  onClose,
}: {
  /** The one that is changed. */
  store?: KeyStore
  onSaved: (store: KeyStore) => void
  onClose: () => void
}): ReactNode {
  const t = useT()
  const api = useApi()
  const client = useQueryClient()
  const proxy = store?.XksProxyConfiguration
  const before: Fields = {
    name: store?.CustomKeyStoreName ?? '',
    endpoint: proxy?.UriEndpoint ?? 'https://',
    path: proxy?.UriPath ?? '/kms/xks/v1',
    accessKeyId: '',
    secret: '',
  }
  const [fields, setFields] = useState(before)
  const [isReplacing, setReplacing] = useState(!store)
  const [isTried, setTried] = useState(false)
  const [isBusy, setBusy] = useState(false)
  const [isFileWrong, setFileWrong] = useState(false)
  const [error, setError] = useState<Error>()
  // Only while nobody uses it can a store be led to another host.
  const isEndpointFixed = store !== undefined && store.ConnectionState !== 'DISCONNECTED'

  const set = (changes: Partial<Fields>): void => setFields(current => ({ ...current, ...changes }))
  const values = mapFields(fields, value => value.trim())
  const asked: FieldName[] = ['name', 'endpoint', 'path', ...(isReplacing ? (['accessKeyId', 'secret'] as const) : [])]
  const errorText = (name: FieldName): string =>
    isTried && !rules[name].isGood(values[name]) ? t(rules[name].message) : ''

  const fill = async (file: File | undefined): Promise<void> => {
    const found = file && parseConfiguration(await file.text())
    setFileWrong(!found)
    if (!found) return
    setReplacing(true)
    set(found)
  }
  const save = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    setTried(true)
    if (isBusy || !asked.every(name => rules[name].isGood(values[name]))) return
    setBusy(true)
    setError(undefined)
    try {
      // Not as a change that react-query would remember: the secret is in it.
      const credential = isReplacing && {
        XksProxyAuthenticationCredential: { AccessKeyId: values.accessKeyId, RawSecretAccessKey: values.secret },
      }
      const saved: KeyStore = { ...store, CustomKeyStoreName: values.name }
      if (store) {
        const { CustomKeyStoreId } = store
        await api.kms('UpdateCustomKeyStore', {
          CustomKeyStoreId,
          ...(values.name !== before.name && { NewCustomKeyStoreName: values.name }),
          ...(values.endpoint !== before.endpoint && { XksProxyUriEndpoint: values.endpoint }),
          ...(values.path !== before.path && { XksProxyUriPath: values.path }),
          ...credential,
        })
      } else {
        const { CustomKeyStoreId } = await api.kms('CreateCustomKeyStore', {
          CustomKeyStoreName: values.name,
          CustomKeyStoreType: 'EXTERNAL_KEY_STORE',
          XksProxyConnectivity: 'PUBLIC_ENDPOINT',
          XksProxyUriEndpoint: values.endpoint,
          XksProxyUriPath: values.path,
          ...credential,
        })
        saved.CustomKeyStoreId = CustomKeyStoreId
      }
      set({ secret: '' })
      await client.invalidateQueries()
      onSaved(saved)
    } catch (failure) {
      setError(failure as Error) // Nothing else is thrown here.
    } finally {
      setBusy(false)
    }
  }
  return (
    <Modal
      visible
      size="large"
      header={store ? t('stores.editTitle', { name: before.name }) : t('stores.createTitle')}
      closeAriaLabel={t('common.close')}
      onDismiss={onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={onClose}>
              {t('common.cancel')}
            </Button>
            <Button variant="primary" form="key-store" formAction="submit" loading={isBusy}>
              {store ? t('common.save') : t('stores.create')}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <form id="key-store" noValidate onSubmit={event => void save(event)}>
        <SpaceBetween size="m">
          <FormField label={t('stores.name')} constraintText={t('stores.nameText')} errorText={errorText('name')}>
            <Input value={fields.name} autoComplete={false} onChange={({ detail }) => set({ name: detail.value })} />
          </FormField>
          <FormField
            label={t('stores.endpoint')}
            description={t('stores.connectivityText')}
            constraintText={t(isEndpointFixed ? 'stores.onlyDisconnected' : 'stores.endpointText')}
            errorText={errorText('endpoint')}
          >
            <Input
              value={fields.endpoint}
              readOnly={isEndpointFixed}
              inputMode="url"
              spellcheck={false}
              autoComplete={false}
              onChange={({ detail }) => set({ endpoint: detail.value })}
            />
          </FormField>
          <FormField
            label={t('stores.fileLabel')}
            description={t('stores.fileText')}
            errorText={isFileWrong ? t('stores.fileWrong') : ''}
          >
            <FileInput value={[]} accept=".json,application/json" onChange={({ detail }) => void fill(detail.value[0])}>
              {t('stores.file')}
            </FileInput>
          </FormField>
          <FormField label={t('stores.path')} constraintText={t('stores.pathText')} errorText={errorText('path')}>
            <Input
              value={fields.path}
              spellcheck={false}
              autoComplete={false}
              onChange={({ detail }) => set({ path: detail.value })}
            />
          </FormField>
          {store && (
            <Checkbox
              checked={isReplacing}
              description={t('stores.newCredentialText', { id: proxy?.AccessKeyId ?? '' })}
              onChange={({ detail }) => {
                setReplacing(detail.checked)
                set({ accessKeyId: '', secret: '' })
              }}
            >
              {t('stores.newCredential')}
            </Checkbox>
          )}
          {isReplacing && (
            <SpaceBetween size="m">
              <FormField
                label={t('stores.accessKeyId')}
                description={t('stores.credentialText')}
                constraintText={t('stores.keyIdText')}
                errorText={errorText('accessKeyId')}
              >
                <Input
                  value={fields.accessKeyId}
                  spellcheck={false}
                  autoComplete={false}
                  onChange={({ detail }) => set({ accessKeyId: detail.value })}
                />
              </FormField>
              <FormField
                label={t('stores.secret')}
                constraintText={t('stores.secretText')}
                errorText={errorText('secret')}
              >
                <Input
                  value={fields.secret}
                  type="password"
                  autoComplete="new-password"
                  onChange={({ detail }) => set({ secret: detail.value })}
                />
              </FormField>
            </SpaceBetween>
          )}
          <ErrorAlert error={error} />
        </SpaceBetween>
      </form>
    </Modal>
  )
}

const mapFields = (fields: Fields, change: (value: string) => string): Fields => ({
  name: change(fields.name),
  endpoint: change(fields.endpoint),
  path: change(fields.path),
  accessKeyId: change(fields.accessKeyId),
  secret: change(fields.secret),
})

/** What proxies write for the console of AWS, in the members of CreateCustomKeyStore; undefined for anything else. */
function parseConfiguration(text: string): Pick<Fields, 'path' | 'accessKeyId' | 'secret'> | undefined {
  try {
    const { XksProxyUriPath: path, XksProxyAuthenticationCredential: credential } = JSON.parse(text) as Configuration
    const { AccessKeyId: accessKeyId, RawSecretAccessKey: secret } = credential ?? {}
    const isText = [path, accessKeyId, secret].every(value => typeof value === 'string')
    return isText ? { path: String(path), accessKeyId: String(accessKeyId), secret: String(secret) } : undefined
  } catch {
    return undefined
  }
}

/** As far as it is what it should be. */
interface Configuration {
  XksProxyUriPath?: unknown
  XksProxyAuthenticationCredential?: { AccessKeyId?: unknown; RawSecretAccessKey?: unknown }
}
