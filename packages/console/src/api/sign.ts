import { toHex } from './base64.ts'

export interface Credentials {
  accessKeyId: string
  secretAccessKey: string
  /** Of temporary credentials. */
  sessionToken?: string | undefined
}

export interface Scope {
  region: string
  /** As the credential scope names it: `kms`, `iam`, `sts` or `keyreeve`. */
  service: string
  at: Date
}

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)

async function hmac(key: Uint8Array<ArrayBuffer>, text: string): Promise<Uint8Array<ArrayBuffer>> {
  const imported = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  return new Uint8Array(await crypto.subtle.sign('HMAC', imported, bytes(text)))
}

const sha256 = async (data: Uint8Array<ArrayBuffer>): Promise<string> =>
  toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', data)))

/**
 * The headers that sign a POST by AWS Signature Version 4, with Web Crypto. `Host` is signed, and sent by the browser.
 * Only in secure contexts: over HTTPS, or from a loopback address
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
 */
export async function sign(
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array<ArrayBuffer>,
  { accessKeyId, secretAccessKey, sessionToken }: Credentials,
  { region, service, at }: Scope,
): Promise<Record<string, string>> {
  const time = at.toISOString().replaceAll(/[-:]|\.\d+/g, '')
  const date = time.slice(0, 8)
  const sent: Record<string, string> = { ...headers, 'x-amz-date': time }
  if (sessionToken !== undefined) sent['x-amz-security-token'] = sessionToken
  const signed = Object.entries({ ...sent, host: url.host }).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const names = signed.map(([name]) => name).join(';')
  const lines = signed.map(([name, value]) => `${name}:${value.trim().replaceAll(/ +/g, ' ')}\n`).join('')
  const request = ['POST', url.pathname, '', lines, names, await sha256(body)].join('\n')
  const scope = `${date}/${region}/${service}/aws4_request`
  const text = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${await sha256(bytes(request))}`
  let key = bytes(`AWS4${secretAccessKey}`)
  for (const part of [date, region, service, 'aws4_request']) key = await hmac(key, part)
  const signature = toHex(await hmac(key, text))
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`
  return { ...sent, authorization }
}
