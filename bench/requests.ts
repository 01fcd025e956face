import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { sign } from '../packages/server/src/protocol/sigv4.ts'
import type { Keyreeve } from './servers.ts'

/** Bodies by operation; several hundred of each, no two alike, over a few keys. */
export interface Bodies {
  readonly Encrypt: readonly object[]
  readonly Decrypt: readonly object[]
  readonly GenerateDataKey: readonly object[]
  readonly GetParametersForImport: readonly object[]
}
export type Operation = keyof Bodies

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
  return {
    Encrypt: encrypt,
    Decrypt: decrypt,
    GenerateDataKey: each((KeyId, index) => ({ KeyId, EncryptionContext: { n: `${index}` }, KeySpec: 'AES_256' })),
    GetParametersForImport: [
      {
        KeyId: await createKey(server, { Origin: 'EXTERNAL' }),
        WrappingAlgorithm: 'RSAES_OAEP_SHA_256',
        WrappingKeySpec: 'RSA_4096',
      },
    ],
  }
}

/** Requests that are good for five minutes, as bytes of HTTP. */
export function signAll(server: Keyreeve, operation: string, inputs: readonly object[]): Buffer[] {
  return inputs.map(input => {
    const body = JSON.stringify(input)
    const headers = Object.entries(headersOf(server, operation, body))
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
