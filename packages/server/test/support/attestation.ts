import { createDecipheriv, generateKeyPairSync, privateDecrypt, sign, type KeyObject } from 'node:crypto'
import assert from 'node:assert/strict'
import {
  childrenOf,
  contentOf,
  der,
  derBitString,
  derInteger,
  derNull,
  derOctetString,
  derOid,
  derSequence,
  derSet,
  parseDer,
} from '../../src/crypto/der.ts'

/** Attestation documents and the certificates under them, as AWS Nitro Enclaves make them, and in every wrong form. */

const second = 1000
const minute = 60 * second
const day = 24 * 60 * minute

// Certificates (RFC 5280)

export interface CertificateForm {
  name: string
  /** Of the subject. */
  key: KeyPair
  /** Epoch milliseconds, in whole seconds. */
  from: number
  to: number
  issuer: { name: string; key: KeyPair }
  isAuthority: boolean
  pathLength?: number
  /** First byte of KeyUsage, and its unused bits; undefined without that extension. */
  usage?: [byte: number, unused: number] | undefined
  /** More extensions. */
  extensions: Buffer[]
  /** Encoded, in place of version 3. */
  version: Buffer
  /** Of the signature. */
  hash: 'sha256' | 'sha384'
}

export interface KeyPair {
  publicKey: KeyObject
  privateKey: KeyObject
}

export const p384 = (): KeyPair => generateKeyPairSync('ec', { namedCurve: 'P-384' })
export const version3 = der(0xa0, derInteger(Uint8Array.of(2)))

export const basicConstraints = (isAuthority: boolean, pathLength?: number): Buffer =>
  extension(
    '2.5.29.19',
    true,
    derSequence(
      ...(isAuthority ? [der(0x01, Uint8Array.of(0xff))] : []),
      ...(pathLength === undefined ? [] : [derInteger(Uint8Array.of(pathLength))]),
    ),
  )

export const keyUsage = (byte: number, unused: number): Buffer =>
  extension('2.5.29.15', true, der(0x03, Uint8Array.of(unused, byte)))

export const extension = (oid: string, isCritical: boolean, value: Buffer): Buffer =>
  derSequence(derOid(oid), ...(isCritical ? [der(0x01, Uint8Array.of(0xff))] : []), derOctetString(value))

const nameOf = (commonName: string): Buffer =>
  derSequence(derSet(derSequence(derOid('2.5.4.3'), der(0x0c, Buffer.from(commonName)))))

const timeOf = (time: number): Buffer =>
  der(0x18, Buffer.from(`${new Date(time).toISOString().slice(0, 19).replace(/[-T:]/g, '')}Z`))

export function makeCertificate(form: CertificateForm): Buffer {
  const oid = form.hash === 'sha384' ? '1.2.840.10045.4.3.3' : '1.2.840.10045.4.3.2'
  const algorithm = derSequence(derOid(oid))
  const signed = derSequence(
    form.version,
    derInteger(Uint8Array.of(7)),
    algorithm,
    nameOf(form.issuer.name),
    derSequence(timeOf(form.from), timeOf(form.to)),
    nameOf(form.name),
    form.key.publicKey.export({ type: 'spki', format: 'der' }),
    der(
      0xa3,
      derSequence(
        basicConstraints(form.isAuthority, form.pathLength),
        ...(form.usage ? [keyUsage(...form.usage)] : []),
        ...form.extensions,
      ),
    ),
  )
  return derSequence(signed, algorithm, derBitString(sign(form.hash, signed, form.issuer.key.privateKey)))
}

/** From the root to the certificate that signs documents, as AWS's are in kinds, path lengths and usages. */
export type Links = 'root' | 'region' | 'zone' | 'instance' | 'leaf'

const keys: Record<Links, KeyPair> = { root: p384(), region: p384(), zone: p384(), instance: p384(), leaf: p384() }

export interface Chain {
  /** The root first. */
  authorities: Buffer[]
  leaf: Buffer
  leafKey: KeyPair
}

export function makeChain(now: number, changes: { [Link in Links]?: Partial<CertificateForm> } = {}): Chain {
  let issuer = { name: 'root', key: keys.root }
  const whole = Math.floor(now / second) * second
  const made = (Object.keys(keys) as Links[]).map((name, index) => {
    const form: CertificateForm = {
      name,
      key: keys[name],
      from: whole - (index === 0 ? 1000 * day : 60 * minute),
      to: whole + (index === 0 ? 1000 * day : 120 * minute),
      issuer,
      isAuthority: name !== 'leaf',
      usage: name === 'leaf' ? [0xc0, 6] : name === 'instance' ? [0x04, 2] : [0x86, 1],
      extensions: [extension('2.5.29.14', false, derOctetString(Buffer.alloc(20, index)))],
      version: version3,
      hash: 'sha384',
      ...(index > 0 && index < 4 && { pathLength: 3 - index }),
      ...changes[name],
    }
    issuer = { name: form.name, key: form.key }
    return makeCertificate(form)
  })
  const leaf = made.pop() ?? assert.fail()
  return { authorities: made, leaf, leafKey: keys.leaf }
}

export const pem = (certificate: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`

// CBOR (RFC 8949): every value is given encoded, so that wrong ones can be written too.

export function head(major: number, value: number): Buffer {
  if (value < 24) return Buffer.of((major << 5) | value)
  const size = value < 0x100 ? 0 : value < 0x10000 ? 1 : value < 0x100000000 ? 2 : 3
  const bytes = Buffer.alloc(1 + 2 ** size)
  bytes[0] = (major << 5) | (24 + size)
  if (size === 3) bytes.writeBigUInt64BE(BigInt(value), 1)
  else bytes.writeUIntBE(value, 1, 2 ** size)
  return bytes
}

export const uint = (value: number): Buffer => head(0, value)
export const bytes = (value: Uint8Array): Buffer => Buffer.concat([head(2, value.length), value])
export const text = (value: string): Buffer => Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)])
export const array = (...items: Buffer[]): Buffer => Buffer.concat([head(4, items.length), ...items])
export const map = (...pairs: Buffer[][]): Buffer => Buffer.concat([head(5, pairs.length), ...pairs.flat()])
export const none = Buffer.of(0xf6)

// Documents

export interface DocumentForm {
  chain: Chain
  /** Members of the payload, encoded. */
  members: Map<string, Buffer>
  /** In place of the map of the members. */
  payload?: Buffer
  /** Encoded. */
  header: Buffer
  unprotected: Buffer
  /** What is signed, from the payload. */
  signed: (payload: Buffer) => Buffer
  /** In place of the signature. */
  signature?: Buffer
  prefix: Buffer
}

export const es384 = Buffer.of(0xa1, 0x01, 0x38, 0x22)
export const sigStructure =
  (header: Buffer = es384, context = 'Signature1') =>
  (payload: Buffer): Buffer =>
    array(text(context), bytes(header), bytes(Buffer.alloc(0)), bytes(payload))

/** Registers 0 to 15, the first three other than zero. */
export const registers = Array.from({ length: 16 }, (_, index) => Buffer.alloc(48, index < 3 ? 0xa0 + index : 0))

export const moduleId = 'i-0123456789abcdef0-enc0123456789abcdef'

export function formOf(chain: Chain, publicKey: KeyObject, now: number): DocumentForm {
  const members = new Map([
    ['module_id', text(moduleId)],
    ['digest', text('SHA384')],
    ['timestamp', uint(now)],
    ['pcrs', map(...registers.map((register, index) => [uint(index), bytes(register)]))],
    ['certificate', bytes(chain.leaf)],
    ['cabundle', array(...chain.authorities.map(bytes))],
    ['public_key', bytes(publicKey.export({ type: 'spki', format: 'der' }))],
    ['user_data', none],
    ['nonce', none],
  ])
  return { chain, members, header: es384, unprotected: map(), signed: sigStructure(), prefix: Buffer.alloc(0) }
}

export const payloadOf = ({ members }: DocumentForm): Buffer =>
  map(...Array.from(members, ([name, value]) => [text(name), value]))

export function makeDocument(form: DocumentForm): Buffer {
  const payload = form.payload ?? payloadOf(form)
  const { privateKey } = form.chain.leafKey
  const signature =
    form.signature ?? sign('sha384', form.signed(payload), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  return Buffer.concat([form.prefix, array(bytes(form.header), form.unprotected, bytes(payload), bytes(signature))])
}

// Envelopes

/**
 * What an envelope holds: read as the AWS Nitro Enclaves SDK for C reads it, part by part, some with indefinite lengths,
 * some without.
 */
export function openEnvelope(envelope: Uint8Array, privateKey: KeyObject): Buffer {
  let rest = Buffer.from(envelope)
  const take = (expected: Uint8Array): void => {
    assert.deepEqual(rest.subarray(0, expected.length), Buffer.from(expected))
    rest = rest.subarray(expected.length)
  }
  const element = (tag: number): Buffer => {
    const size =
      [0, 1, 2, 3].find(count => (count === 0 ? (rest[1] ?? 0) < 0x80 : rest[1] === (0x80 | count))) ?? assert.fail()
    const length = size === 0 ? rest.readUInt8(1) : rest.readUIntBE(2, size)
    const found = rest.subarray(0, 2 + size + length)
    assert.equal(found[0], tag)
    rest = rest.subarray(found.length)
    return found
  }
  const opens = (tag: number): void => take(Uint8Array.of(tag, 0x80))

  opens(0x30)
  take(derOid('1.2.840.113549.1.7.3')) // id-envelopedData
  opens(0xa0)
  opens(0x30)
  take(derInteger(Uint8Array.of(2)))
  const [recipient, ...otherRecipients] = childrenOf(parseDer(element(0x31)), 0x31)
  opens(0x30)
  take(derOid('1.2.840.113549.1.7.1')) // id-data
  const [cipher, iv] = childrenOf(parseDer(element(0x30)))
  opens(0xa0)
  const content = contentOf(parseDer(element(0x04)), 0x04)
  take(Buffer.alloc(10))
  assert.equal(rest.length, 0)

  assert.equal(otherRecipients.length, 0)
  const [version, identifier, algorithm, encryptedKey, ...more] = childrenOf(recipient)
  assert.equal(more.length, 0)
  assert.deepEqual(version?.bytes, derInteger(Uint8Array.of(2)))
  assert.equal(contentOf(identifier, 0x80).length, 32)
  const sha256 = derSequence(derOid('2.16.840.1.101.3.4.2.1'), derNull())
  const mgf1 = derSequence(derOid('1.2.840.113549.1.1.8'), sha256)
  const oaep = derSequence(derOid('1.2.840.113549.1.1.7'), derSequence(der(0xa0, sha256), der(0xa1, mgf1)))
  assert.deepEqual(Buffer.from(algorithm?.bytes ?? []), oaep)
  assert.deepEqual(Buffer.from(cipher?.bytes ?? []), derOid('2.16.840.1.101.3.4.1.42'))

  const key = privateDecrypt({ key: privateKey, oaepHash: 'sha256' }, contentOf(encryptedKey, 0x04))
  assert.equal(key.length, 32)
  const decipher = createDecipheriv('aes-256-cbc', key, contentOf(iv, 0x04))
  return Buffer.concat([decipher.update(content), decipher.final()])
}
