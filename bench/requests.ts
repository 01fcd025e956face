import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { sign } from '../packages/server/src/protocol/sigv4.ts'
import type { Keyreeve } from './servers.ts'

/** What is measured: an operation, or one with keys of one spec. */
export const operations = [
  'Encrypt',
  'Decrypt',
  'GenerateDataKey',
  'Sign-ECC_NIST_P256',
  'Sign-RSA_2048',
  'Sign-RSA_4096',
  'GetParametersForImport',
  'CreateKey-RSA_4096',
] as const
export type Operation = (typeof operations)[number]

/** Bodies of requests; of what is called often several hundred, no two alike, over a few keys. */
export type Bodies = Readonly<Record<Operation, readonly object[]>>

const region = 'us-east-1'
const keys = 16
const bodies = 512

/** Makes keys and ciphertexts to send. */
export async function prepare(server: Keyreeve): Promise<Bodies> {
  const made: string[] = []
  for (let key = 0; key < keys; key++) made.push(await createKey(server, {}))
  const each = <T>(make: (KeyId: string, index: number) => T): T[] =>
    Array.from({ length: bodies }, (_, index) => make(made[index % keys] ?? '', index))
  const encrypt = each(KeyId => ({ KeyId, Plaintext: randomBytes(32).toString('base64') }))
  const decrypt: object[] = []
  for (const body of encrypt) {
    const { CiphertextBlob } = await call(server, 'Encrypt', body)
    decrypt.push({ CiphertextBlob })
  }
  const sign = async (KeySpec: string, SigningAlgorithm: string): Promise<object[]> => {
    const KeyId = await createKey(server, { KeySpec, KeyUsage: 'SIGN_VERIFY' })
    return each(() => ({ KeyId, Message: randomBytes(32).toString('base64'), SigningAlgorithm }))
  }
  return {
    Encrypt: encrypt,
    Decrypt: decrypt,
    GenerateDataKey: each((KeyId, index) => ({ KeyId, EncryptionContext: { n: `${index}` }, KeySpec: 'AES_256' })),
    'Sign-ECC_NIST_P256': await sign('ECC_NIST_P256', 'ECDSA_SHA_256'),
    'Sign-RSA_2048': await sign('RSA_2048', 'RSASSA_PSS_SHA_256'),
    'Sign-RSA_4096': await sign('RSA_4096', 'RSASSA_PSS_SHA_256'),
    GetParametersForImport: [
      {
        KeyId: await createKey(server, { Origin: 'EXTERNAL' }),
        WrappingAlgorithm: 'RSAES_OAEP_SHA_256',
        WrappingKeySpec: 'RSA_4096',
      },
    ],
    'CreateKey-RSA_4096': [{ KeySpec: 'RSA_4096', KeyUsage: 'SIGN_VERIFY' }],
  }
}

/** Requests that are good for five minutes, as bytes of HTTP. */
export function signAll(server: Keyreeve, operation: Operation, inputs: readonly object[]): Buffer[] {
  const [name = ''] = operation.split('-')
  return inputs.map(input => {
    const body = JSON.stringify(input)
    const headers = Object.entries(headersOf(server, name, body))
    const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`)
    return Buffer.from(`POST / HTTP/1.1\r\n${lines.join('')}\r\n${body}`)
  })
}

async function createKey(server: Keyreeve, input: object): Promise<string> {
  const { KeyMetadata } = await call(server, 'CreateKey', input)
  return (KeyMetadata as { KeyId: string }).KeyId // As the API has it.
}

async function call(server: Keyreeve, operation: string, input: object): Promise<Record<string, unknown>> {
  const body = JSON.stringify(input)
  const headers = headersOf(server, operation, body)
  const answer = await fetch(`http://127.0.0.1:${server.port}/`, { method: 'POST', headers, body })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${operation} has answered ${answer.status}: ${text}`)
  return JSON.parse(text) as Record<string, unknown>
}

/** The headers that the AWS SDK for JavaScript sends, of which it signs all but the user agent. */
function headersOf({ port, credentials }: Keyreeve, operation: string, body: string): Record<string, string> {
  const signed = {
    host: `127.0.0.1:${port}`,
    'content-type': 'application/x-amz-json-1.1',
    'content-length': String(Buffer.byteLength(body)),
    'x-amz-target': `TrentService.${operation}`,
    'x-amz-user-agent': 'aws-sdk-js/3.1164.0',
    'x-amz-content-sha256': createHash('sha256').update(body).digest('hex'),
    'amz-sdk-invocation-id': randomUUID(),
    'amz-sdk-request': 'attempt=1; max=3',
  }
  const request = { method: 'POST', target: '/', rawHeaders: Object.entries(signed).flat(), body: Buffer.from(body) }
  return {
    ...signed,
    'user-agent': 'aws-sdk-js/3.1164.0 ua/2.1 os/linux lang/js md/nodejs#26.10.0 api/kms#3.1164.0 m/E',
    ...sign(request, credentials, { now: new Date(), region, service: 'kms' }),
  }
}
