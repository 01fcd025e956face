import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Checkbox from '@cloudscape-design/components/checkbox'
import Container from '@cloudscape-design/components/container'
import Form from '@cloudscape-design/components/form'
import FormField from '@cloudscape-design/components/form-field'
import Header from '@cloudscape-design/components/header'
import Input from '@cloudscape-design/components/input'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useEffect, useState, type FormEvent, type ReactNode } from 'react'
import { useLocation } from 'wouter'
import { signInWithKey, signInWithLink } from '../api/session.ts'
import { useT } from '../i18n/index.tsx'
import { ErrorAlert } from '../ui/errors.tsx'
import { Loading } from '../ui/parts.tsx'

/** The page for those who are not signed in. */
export function SignIn(): ReactNode {
  const t = useT()
  useEffect(() => {
    document.title = `${t('signIn.title')} – Keyreeve`
  }, [t])
  return (
    <main className="sign-in">
      <div className="sign-in-mark">
        <img src="icon.svg" alt="" width="40" height="40" />
        <Box variant="h1" fontSize="heading-xl">
          {t('signIn.title')}
        </Box>
      </div>
      <SpaceBetween size="m">
        <Container header={<Header variant="h2">{t('signIn.withKey')}</Header>}>
          <SpaceBetween size="m">
            <Box color="text-body-secondary">{t('signIn.text')}</Box>
            <SignInForm />
          </SpaceBetween>
        </Container>
        <Box color="text-body-secondary" fontSize="body-s">
          {t('signIn.where')}
        </Box>
        <Box color="text-body-secondary" fontSize="body-s">
          {t('frame.notAffiliated')}
        </Box>
      </SpaceBetween>
    </main>
  )
}

/** Takes an access key, and with it signs in. */
export function SignInForm({ onSignedIn }: { onSignedIn?: () => void }): ReactNode {
  const t = useT()
  const [accessKeyId, setAccessKeyId] = useState('')
  const [secretAccessKey, setSecretAccessKey] = useState('')
  const [isTemporary, setTemporary] = useState(false)
  const [sessionToken, setSessionToken] = useState('')
  const [isTried, setTried] = useState(false)
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<Error>()

  if (!window.isSecureContext) {
    return (
      <Alert type="error" header={t('signIn.insecure')} statusIconAriaLabel={t('common.error')}>
        {t('signIn.insecureText')}
      </Alert>
    )
  }
  const missing = (value: string): string => (isTried && value.trim() === '' ? t('signIn.missing') : '')
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    setTried(true)
    const token = isTemporary ? sessionToken.trim() : undefined
    if (accessKeyId.trim() === '' || secretAccessKey.trim() === '' || token === '') return
    setBusy(true)
    setError(undefined)
    try {
      const key = { accessKeyId: accessKeyId.trim(), secretAccessKey: secretAccessKey.trim(), sessionToken: token }
      await signInWithKey(key)
      setSecretAccessKey('')
      onSignedIn?.()
    } catch (failure) {
      setError(failure as Error) // Nothing else is thrown here.
    } finally {
      setBusy(false)
    }
  }
  return (
    <form onSubmit={event => void submit(event)}>
      <Form
        actions={
          <Button variant="primary" formAction="submit" loading={isBusy}>
            {t('signIn.submit')}
          </Button>
        }
      >
        <SpaceBetween size="m">
          <FormField label={t('signIn.accessKeyId')} errorText={missing(accessKeyId)}>
            <Input
              value={accessKeyId}
              autoFocus
              name="access-key-id"
              autoComplete="username"
              spellcheck={false}
              onChange={({ detail }) => setAccessKeyId(detail.value)}
            />
          </FormField>
          <FormField label={t('signIn.secretAccessKey')} errorText={missing(secretAccessKey)}>
            <Input
              value={secretAccessKey}
              type="password"
              name="secret-access-key"
              autoComplete="current-password"
              onChange={({ detail }) => setSecretAccessKey(detail.value)}
            />
          </FormField>
          <Checkbox checked={isTemporary} onChange={({ detail }) => setTemporary(detail.checked)}>
            {t('signIn.temporary')}
          </Checkbox>
          {isTemporary && (
            <FormField label={t('signIn.sessionToken')} errorText={missing(sessionToken)}>
              <Input
                value={sessionToken}
                type="password"
                autoComplete={false}
                onChange={({ detail }) => setSessionToken(detail.value)}
              />
            </FormField>
          )}
          <ErrorAlert error={error} />
        </SpaceBetween>
      </Form>
    </form>
  )
}

/** The codes that this page has tried: each works once, and React may run an effect twice. */
const tried = new Map<string, Promise<unknown>>()

/** What a one-time link opens. The code leaves the address, and with it the history, at once. */
export function SignInWithLink({ code }: { code: string }): ReactNode {
  const t = useT()
  const [, go] = useLocation()
  const [error, setError] = useState<Error>()
  useEffect(() => {
    const signIn = tried.get(code) ?? signInWithLink(code)
    tried.set(code, signIn)
    signIn.then(
      () => go('/', { replace: true }),
      (failure: unknown) => setError(failure as Error), // Nothing else is thrown there.
    )
  }, [code, go])
  if (!error) return <Loading />
  return (
    <main className="sign-in">
      <SpaceBetween size="m">
        <ErrorAlert error={error} title={t('signIn.linkFailed')} />
        <Button variant="primary" onClick={() => go('/', { replace: true })}>
          {t('signIn.withKey')}
        </Button>
      </SpaceBetween>
    </main>
  )
}
