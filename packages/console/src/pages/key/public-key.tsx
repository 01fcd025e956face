import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useEffect, useState, type ReactNode } from 'react'
import { fromBase64, toHex } from '../../api/base64.ts'
import { useKms } from '../../api/hooks.ts'
import { useT } from '../../i18n/index.tsx'
import { Code, Copy, download, Empty, Loaded } from '../../ui/parts.tsx'
import type { Bytes } from './bytes.ts'
import type { Key } from './key.ts'

/** The public half of the key, in the forms that others want it in. */
export function PublicKey({ shown: key }: { shown: Key }): ReactNode {
  const t = useT()
  const isReadable = key.KeyState === 'Enabled'
  const query = useKms('GetPublicKey', { KeyId: key.KeyId }, { enabled: isReadable })
  return (
    <Container header={<Header variant="h2">{t('key.tab.public-key')}</Header>}>
      {isReadable ? (
        <Loaded query={query}>
          {({ PublicKey: base64 = '' }) => <Forms key={base64} shown={key} der={fromBase64(base64)} />}
        </Loaded>
      ) : (
        <Empty title={t('key.public.notNow')} text={t('key.public.notNowText')} />
      )}
    </Container>
  )
}

/** SubjectPublicKeyInfo as PEM (RFC 7468 section 13). */
export function pemOf(der: Bytes): string {
  const lines = btoa(String.fromCharCode(...der)).replaceAll(/.{64}(?=.)/g, '$&\n')
  return `-----BEGIN PUBLIC KEY-----\n${lines}\n-----END PUBLIC KEY-----\n`
}

type ImportParameters = RsaHashedImportParams | EcKeyImportParams | Algorithm

/** As Web Crypto wants to be told of keys of such a spec; of the others it knows nothing. */
function parametersOf(spec: string): ImportParameters | undefined {
  if (spec.startsWith('RSA_')) return { name: 'RSA-OAEP', hash: 'SHA-256' }
  const curve = /^ECC_NIST_P(256|384|521)$/.exec(spec)?.[1]
  if (curve !== undefined) return { name: 'ECDSA', namedCurve: `P-${curve}` }
  return spec === 'ECC_NIST_EDWARDS25519' ? { name: 'Ed25519' } : undefined
}

/** A JSON Web Key (RFC 7517) with what makes out the key alone; undefined if the browser knows no such keys. */
async function jwkOf(der: Bytes, spec: string): Promise<string | undefined> {
  const parameters = parametersOf(spec)
  if (!parameters) return undefined
  try {
    const key = await crypto.subtle.importKey('spki', der, parameters, true, [])
    // What else there is says what the key was read as here: of KMS that would be wrong.
    const { kty, crv, x, y, n, e } = await crypto.subtle.exportKey('jwk', key)
    return `${JSON.stringify({ kty, crv, x, y, n, e }, null, 2)}\n`
  } catch {
    return undefined
  }
}

function Forms({ shown: { KeyId, KeySpec }, der }: { shown: Key; der: Bytes }): ReactNode {
  const t = useT()
  const [made, setMade] = useState<{ fingerprint: string; jwk: string | undefined }>()
  const base64 = pemOf(der)
  useEffect(() => {
    let isCurrent = true
    const bytes = fromBase64(base64.replaceAll(/-----.*-----|\n/g, ''))
    const make = async () => ({
      fingerprint: toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))),
      jwk: await jwkOf(bytes, KeySpec),
    })
    void make().then(now => isCurrent && setMade(now))
    return () => void (isCurrent = false)
  }, [base64, KeySpec])
  const jwk = made?.jwk
  return (
    <SpaceBetween size="m">
      <KeyValuePairs
        columns={1}
        items={[
          { label: t('key.spec'), value: <span className="mono">{KeySpec}</span> },
          {
            label: t('key.public.fingerprint'),
            value: made ? <Copy text={made.fingerprint} label={t('key.public.fingerprint')} /> : '–',
          },
        ]}
      />
      <Code text={base64} label={t('key.public.pem')} />
      <SpaceBetween direction="horizontal" size="xs">
        <Button iconName="download" onClick={() => download(`${KeyId}.pem`, base64, 'application/x-pem-file')}>
          {t('key.public.downloadPem')}
        </Button>
        <Button iconName="download" onClick={() => download(`${KeyId}.der`, der)}>
          {t('key.public.downloadDer')}
        </Button>
        {jwk !== undefined && (
          <Button iconName="download" onClick={() => download(`${KeyId}.jwk.json`, jwk, 'application/jwk+json')}>
            {t('key.public.downloadJwk')}
          </Button>
        )}
      </SpaceBetween>
    </SpaceBetween>
  )
}
