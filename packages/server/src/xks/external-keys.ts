import { hash } from 'node:crypto'
import { isOuterLayer, type OuterLayer } from '../keys/ciphertext.ts'
import type { KeyStoreProxy } from '../keys/key-store.ts'
import { encodeBase64 } from '../protocol/base64.ts'
import { KmsError } from '../protocol/errors.ts'
import { JsonError, JsonString, parseJson, type Json } from '../protocol/json.ts'
import { blob, decodeObject, integer, list, oneOf, optional, string, structure, type Shape } from '../protocol/shape.ts'
import { sign } from '../protocol/sigv4.ts'
import { failureNamed, ProxyFailure } from './failures.ts'
import { ExchangeFailure, Transport, type ProxySettings } from './transport.ts'

/**
 * What an external key store proxy does for us: AWS's External Key Store (XKS) Proxy API Specification, version 1.0
 * (https://github.com/aws/aws-kms-xksproxy-api-spec). Every call throws ProxyFailure.
 */
export interface ExternalKeys {
  /** Whether the proxy answers, accepts the credential, and has a key manager that works. */
  checkHealth: (call: ProxyCall) => Promise<void>
  describeKey: (call: ProxyCall, xksKeyId: string) => Promise<ExternalKey>
  /** `plaintext` is at most 4300 bytes, `additional` at most 8192. */
  encrypt: (call: ProxyCall, xksKeyId: string, plaintext: Uint8Array, additional: Uint8Array) => Promise<OuterLayer>
  /** As many bytes as the ciphertext has. */
  decrypt: (call: ProxyCall, xksKeyId: string, layer: OuterLayer, additional: Uint8Array) => Promise<Buffer>
}

/** Whom to ask, as whom, and on whose behalf. */
export interface ProxyCall {
  proxy: Pick<KeyStoreProxy, 'uriEndpoint' | 'uriPath' | 'accessKeyId'>
  /** The secret access key, in ASCII; the caller wipes it once the call is over. */
  secret: Uint8Array
  /** Of the key store. */
  region: string
  /** Epoch milliseconds. */
  now: number
  /** The specification's requestMetadata. */
  metadata: {
    awsPrincipalArn?: string
    kmsKeyArn?: string
    kmsOperation: string
    kmsRequestId: string
  }
}

/** What the proxy says of an external key; words of its choice, fit to be shown. */
export interface ExternalKey {
  keySpec: string
  keyUsage: readonly string[]
  keyStatus: string
}

/** The most additional data that every proxy takes, in bytes. */
export const mostAdditional = 8192

const word = string(1, 64, { text: '[A-Za-z0-9_-]+', test: value => /^[A-Za-z0-9_-]+$/.test(value) })
const name = string()

const healthStatus = structure({
  xksProxyFleetSize: integer(),
  xksProxyVendor: name,
  xksProxyModel: name,
  ekmVendor: name,
  ekmFleetDetails: list(
    structure({ id: name, model: name, healthStatus: oneOf(['ACTIVE', 'DEGRADED', 'UNAVAILABLE']) }),
    1,
    10,
  ),
})
const keyMetadata = structure({ keySpec: word, keyUsage: list(word, 0, 10), keyStatus: word })
const encrypted = structure({
  ciphertext: blob(),
  ciphertextMetadata: optional(blob()),
  initializationVector: blob(),
  authenticationTag: blob(),
  // Not optional, for it is asked for.
  ciphertextDataIntegrityValue: blob(32, 32),
})
const decrypted = structure({ plaintext: blob() })

/**
 * @param report gets what failed, for the operator: where, which call, how, and why as far as this side can tell; nothing
 * that the proxy said beside the status and the name of its error
 */
export function openExternalKeys(
  settings: ProxySettings,
  report: (failure: Readonly<Record<string, string | number>>) => void,
): ExternalKeys & { close: () => void } {
  const transport = new Transport(settings)

  async function ask<T>(call: ProxyCall, path: string, question: object, shape: Shape<T>): Promise<T> {
    const { proxy, metadata } = call
    let status = 0
    try {
      const reply = await transport.post(signed(call, path, question, settings.port))
      status = reply.status
      const members = membersOf(reply.body)
      if (status === 200) return decodeObject(shape, members)
      const errorName = members.get('errorName')
      throw new ProxyFailure(errorName instanceof JsonString ? failureNamed(errorName.text()) : 'invalidResponse')
    } catch (error) {
      // What our own readers say of a bad answer is meant for a caller who has sent it.
      const isMalformed = error instanceof KmsError || error instanceof JsonError
      const failure = isMalformed ? new ProxyFailure('invalidResponse') : error
      if (failure instanceof ProxyFailure) {
        report({
          proxy: proxy.uriEndpoint,
          path,
          operation: metadata.kmsOperation,
          requestId: metadata.kmsRequestId,
          failure: failure.failure,
          ...(status !== 0 && { status }),
          ...(failure instanceof ExchangeFailure && { reason: failure.reason }),
        })
      }
      throw failure
    }
  }

  return {
    async checkHealth(call) {
      const { ekmFleetDetails } = await ask(call, '/health', {}, healthStatus)
      if (ekmFleetDetails.every(manager => manager.healthStatus === 'UNAVAILABLE')) throw new ProxyFailure('unhealthy')
    },

    describeKey: (call, xksKeyId) => ask(call, `/keys/${xksKeyId}/metadata`, {}, keyMetadata),

    async encrypt(call, xksKeyId, plaintext, additional) {
      const question = {
        plaintext: encodeBase64(plaintext),
        encryptionAlgorithm: 'AES_GCM',
        additionalAuthenticatedData: encodeBase64(additional),
        ciphertextDataIntegrityValueAlgorithm: 'SHA_256',
      }
      const answer = await ask(call, `/keys/${xksKeyId}/encrypt`, question, encrypted)
      const layer = {
        iv: answer.initializationVector,
        tag: answer.authenticationTag,
        metadata: answer.ciphertextMetadata ?? new Uint8Array(),
        ciphertext: answer.ciphertext,
      }
      const sound = isOuterLayer(layer) && layer.ciphertext.length === plaintext.length
      if (!sound || !integrityValue(layer, additional).equals(answer.ciphertextDataIntegrityValue)) {
        throw new ProxyFailure('invalidResponse')
      }
      return layer
    },

    async decrypt(call, xksKeyId, { iv, tag, metadata, ciphertext }, additional) {
      const question = {
        ciphertext: encodeBase64(ciphertext),
        ...(metadata.length > 0 && { ciphertextMetadata: encodeBase64(metadata) }),
        encryptionAlgorithm: 'AES_GCM',
        additionalAuthenticatedData: encodeBase64(additional),
        initializationVector: encodeBase64(iv),
        authenticationTag: encodeBase64(tag),
      }
      const { plaintext } = await ask(call, `/keys/${xksKeyId}/decrypt`, question, decrypted)
      if (plaintext.length !== ciphertext.length) throw new ProxyFailure('invalidResponse')
      return Buffer.from(plaintext.buffer, plaintext.byteOffset, plaintext.length)
    },

    close: () => transport.close(),
  }
}

/** Signed are host and date, as the specification has it, and with them the body. */
function signed({ proxy, secret, region, now, metadata }: ProxyCall, path: string, question: object, port: number) {
  const host = proxy.uriEndpoint.replace(/^https:\/\//, '').toLowerCase()
  const hostHeader = port === 443 ? host : `${host}:${port}`
  const target = proxy.uriPath + path
  const body = Buffer.from(JSON.stringify({ requestMetadata: metadata, ...question }))
  const signature = sign(
    { method: 'POST', target, rawHeaders: ['host', hostHeader], body },
    { accessKeyId: proxy.accessKeyId, secret },
    { now: new Date(now), region, service: 'kms-xks-proxy' },
  )
  const headers = {
    host: hostHeader,
    'content-type': 'application/json',
    'content-length': String(body.length),
    ...signature,
  }
  return { host, path: target, headers, body }
}

function membersOf(body: Buffer): Map<string, Json> {
  const json = parseJson(body)
  if (json instanceof Map) return json
  throw new ProxyFailure('invalidResponse')
}

/** Appendix C of the specification. */
function integrityValue({ iv, tag, metadata, ciphertext }: OuterLayer, additional: Uint8Array): Buffer {
  return hash('sha256', Buffer.concat([additional, metadata, iv, ciphertext, tag]), 'buffer')
}
