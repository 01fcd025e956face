import assert from 'node:assert/strict'
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { test } from 'node:test'
import { envelope } from '../../src/attestation/envelope.ts'
import { verifyAttestation } from '../../src/attestation/document.ts'
import { AttestationError } from '../../src/attestation/error.ts'
import { derBitString, derInteger, derNull, derOid, derSequence } from '../../src/crypto/der.ts'
import { Prng } from '../protocol/prng.ts'
import {
  array,
  bytes,
  formOf,
  head,
  makeChain,
  makeDocument,
  map,
  moduleId,
  none,
  payloadOf,
  registers,
  sigStructure,
  text,
  uint,
  type DocumentForm,
} from '../support/attestation.ts'

const now = Date.UTC(2026, 0, 15, 12, 0, 0, 250)
const chain = makeChain(now)
const roots = chain.authorities.slice(0, 1)
const rsa = (modulusLength: number): KeyObject => generateKeyPairSync('rsa', { modulusLength }).publicKey
const publicKey = rsa(2048)

type Change = (form: DocumentForm) => unknown

function documentWith(change: Change): Buffer {
  const form = formOf(chain, publicKey, now)
  change(form)
  return makeDocument(form)
}

const put =
  (name: string, value: Buffer): Change =>
  ({ members }) =>
    members.set(name, value)
const drop =
  (name: string): Change =>
  ({ members }) =>
    members.delete(name)

const good = documentWith(() => {})
const goodPayload = payloadOf(formOf(chain, publicKey, now))

function refuse(document: Uint8Array, message: RegExp): void {
  assert.throws(
    () => verifyAttestation(document, roots, now),
    (error: unknown) => {
      assert.ok(error instanceof AttestationError, String(error))
      assert.match(error.message, message)
      return true
    },
  )
}

test('tells what a document vouches for', () => {
  const { publicKey: key, pcrs, ...rest } = verifyAttestation(good, roots, now)
  assert.deepEqual(rest, {
    moduleId,
    timestamp: now,
    imageSha384: 'a0'.repeat(48),
  })
  assert.deepEqual(
    [...pcrs],
    [...registers.entries()].map(([index, register]) => [index, register.toString('hex')]),
  )
  assert.ok(key.equals(publicKey))
})

test('tells user data and nonce', () => {
  const document = documentWith(form => {
    form.members.set('user_data', bytes(Buffer.from('user')))
    form.members.set('nonce', bytes(Buffer.from('once')))
  })
  const { userData, nonce } = verifyAttestation(document, roots, now)
  assert.deepEqual(
    [userData, nonce].map(value => Buffer.from(value ?? []).toString()),
    ['user', 'once'],
  )
})

const pcrsOf = (...values: [index: Buffer, register: Buffer][]): Change => put('pcrs', map(...values))
const register = bytes(Buffer.alloc(48))
const indefinite = ({ members }: DocumentForm): Buffer<ArrayBuffer> =>
  Buffer.concat([
    Buffer.of(0xbf),
    ...Array.from(members, ([name, value]) => Buffer.concat([text(name), value])),
    Buffer.of(0xff),
  ])

const accepted: [what: string, change: Change][] = [
  ['with tag 18', form => (form.prefix = Buffer.of(0xd2))],
  ['whose members have another order', form => (form.members = new Map([...form.members].toReversed()))],
  ['without user data', drop('user_data')],
  ['without nonce', drop('nonce')],
  ['whose members are a map of indefinite length, as hypervisors write it', form => (form.payload = indefinite(form))],
  ['with user data of no bytes', put('user_data', bytes(Buffer.alloc(0)))],
  ['with user data of 1024 bytes', put('user_data', bytes(Buffer.alloc(1024)))],
  ['with a nonce of no bytes', put('nonce', bytes(Buffer.alloc(0)))],
  ['with a nonce of 1024 bytes', put('nonce', bytes(Buffer.alloc(1024)))],
  ['with one register', pcrsOf([uint(0), register])],
  ['with 32 registers', pcrsOf(...Array.from({ length: 32 }, (_, index): [Buffer, Buffer] => [uint(index), register]))],
  [
    'with registers of 32, 48 and 64 bytes',
    pcrsOf(...[32, 48, 64].map((size, index): [Buffer, Buffer] => [uint(index), bytes(Buffer.alloc(size))])),
  ],
  ['with a key of 3072 bits', put('public_key', bytes(rsa(3072).export({ type: 'spki', format: 'der' })))],
  ['with a key of 4096 bits', put('public_key', bytes(rsa(4096).export({ type: 'spki', format: 'der' })))],
]
for (const [what, change] of accepted) {
  test(`accepts a document ${what}`, () => {
    assert.equal(verifyAttestation(documentWith(change), roots, now).moduleId, moduleId)
  })
}

// Refusals: the message around the payload

const withHeader =
  (...header: number[]): Change =>
  form => {
    form.header = Buffer.from(header)
    form.signed = sigStructure(form.header)
  }
const padded = (size: number): Change => put('user_data', bytes(Buffer.alloc(size)))
const es384 = Buffer.of(0xa1, 0x01, 0x38, 0x22)

const wrongMessages: [what: string, wrong: Buffer | Change, message: RegExp][] = [
  ['of no bytes', Buffer.alloc(0), /not the CBOR/],
  ['of one byte', Buffer.of(0x84), /not the CBOR/],
  ['that is null', none, /no COSE_Sign1/],
  ['that is its payload', goodPayload, /no COSE_Sign1|not the CBOR/],
  ['with tag 17', form => (form.prefix = Buffer.of(0xd1)), /not the CBOR/],
  ['with tag 98, COSE_Sign', form => (form.prefix = Buffer.of(0xd8, 98)), /not the CBOR/],
  ['with tag 18 in two bytes', form => (form.prefix = Buffer.of(0xd8, 18)), /not the CBOR/],
  ['with tag 18 twice', form => (form.prefix = Buffer.of(0xd2, 0xd2)), /not the CBOR/],
  ['that says that it is CBOR', form => (form.prefix = Buffer.of(0xd9, 0xd9, 0xf7)), /not the CBOR/],
  ['with a byte behind it', Buffer.concat([good, Buffer.of(0)]), /not the CBOR/],
  ['with a break behind it', Buffer.concat([good, Buffer.of(0xff)]), /not the CBOR/],
  ['twice', Buffer.concat([good, good]), /not the CBOR/],
  ['without its last byte', good.subarray(0, -1), /not the CBOR/],
  ['of three parts', Buffer.concat([Buffer.of(0x83), good.subarray(1, -98)]), /no COSE_Sign1/],
  ['of five parts', Buffer.concat([Buffer.of(0x85), good.subarray(1), none]), /no COSE_Sign1/],
  ['of indefinite length', Buffer.concat([Buffer.of(0x9f), good.subarray(1), Buffer.of(0xff)]), /not the CBOR/],
  ['whose length is not minimal', Buffer.concat([Buffer.of(0x98, 4), good.subarray(1)]), /not the CBOR/],
  ['whose first part is a map', Buffer.concat([Buffer.of(0x84), es384, good.subarray(6)]), /not the CBOR/],
  ['whose first part is an empty map', Buffer.concat([Buffer.of(0x84), map(), good.subarray(6)]), /not ES384/],
  ['whose payload is text', Buffer.concat([good.subarray(0, 7), text('payload'), good.subarray(-98)]), /the payload/],
  ['with detached payload', Buffer.concat([good.subarray(0, 7), none, good.subarray(-98)]), /the payload/],
  ['of nested arrays', Buffer.alloc(262_144, 0x81), /not the CBOR/],
  ['of nested maps', Buffer.alloc(262_144, 0xa1), /not the CBOR/],
  ['that promises more items than there are', Buffer.of(0x9b, 0, 0, 0, 1, 0, 0, 0, 0), /not the CBOR/],
  ['that promises more bytes than there are', Buffer.of(0x84, 0x5a, 0xff, 0xff, 0xff, 0xff), /not the CBOR/],
  ['signed by ES256', withHeader(0xa1, 0x01, 0x26), /not ES384/],
  ['signed by ES512', withHeader(0xa1, 0x01, 0x38, 0x23), /not ES384/],
  ['signed by EdDSA', withHeader(0xa1, 0x01, 0x27), /not ES384/],
  ['without algorithm', withHeader(0xa0), /not ES384/],
  ['with an empty protected header', withHeader(), /not ES384/],
  ['with a second protected header', withHeader(0xa2, 0x01, 0x38, 0x22, 0x04, 0x40), /not ES384/],
  ['with the algorithm in a longer form', withHeader(0xa1, 0x01, 0x39, 0x00, 0x22), /not ES384/],
  ['with a protected header of indefinite length', withHeader(0xbf, 0x01, 0x38, 0x22, 0xff), /not ES384/],
  ['with an unprotected header', form => (form.unprotected = map([uint(4), bytes(Buffer.of(1))])), /unprotected/],
  ['with null in place of the unprotected header', form => (form.unprotected = none), /unprotected/],
  ['with bytes in place of the unprotected header', form => (form.unprotected = bytes(Buffer.of(0xa0))), /unprotected/],
  [
    'with an unprotected header of indefinite length',
    form => (form.unprotected = Buffer.of(0xbf, 0xff)),
    /not the CBOR/,
  ],
  ['with a payload of no bytes', form => (form.payload = Buffer.alloc(0)), /the payload/],
  ['with a payload of 16385 bytes', padded(16_385 - goodPayload.length - 2), /the payload/],
  ['of 262145 bytes', padded(262_145 - good.length - 4), /the payload/],
  ['with a signature of 95 bytes', form => (form.signature = Buffer.alloc(95, 1)), /the signature/],
  ['with a signature of 97 bytes', form => (form.signature = Buffer.alloc(97, 1)), /the signature/],
  ['with a signature of no bytes', form => (form.signature = Buffer.alloc(0)), /the signature/],
  [
    'with a signature in DER',
    form => (form.signature = sign('sha384', form.signed(goodPayload), chain.leafKey.privateKey)),
    /the signature/,
  ],
  ['with a signature of zeros', form => (form.signature = Buffer.alloc(96)), /signature is wrong/],
  ['with a signature of ones', form => (form.signature = Buffer.alloc(96, 0xff)), /signature is wrong/],
  ['signed for another purpose', form => (form.signed = sigStructure(es384, 'CounterSignature')), /signature is wrong/],
  ['signed with another header', form => (form.signed = sigStructure(Buffer.of(0xa0))), /signature is wrong/],
  ['whose payload alone is signed', form => (form.signed = payload => payload), /signature is wrong/],
  [
    'signed by another key',
    form => (form.chain = { ...chain, leafKey: generateKeyPairSync('ec', { namedCurve: 'P-384' }) }),
    /signature is wrong/,
  ],
]
for (const [what, wrong, message] of wrongMessages) {
  test(`refuses a document ${what}`, () => refuse(Buffer.isBuffer(wrong) ? wrong : documentWith(wrong), message))
}

// Refusals: the members

const wrongTypes: [what: string, value: Buffer][] = [
  ['null', none],
  ['undefined', Buffer.of(0xf7)],
  ['false', Buffer.of(0xf4)],
  ['a number', uint(1)],
  ['a negative number', head(1, 0)],
  ['a floating-point number', Buffer.of(0xf9, 0x3c, 0x00)],
  ['text', text('SHA384')],
  ['bytes', bytes(Buffer.from('SHA384'))],
  ['an array', array()],
  ['a map', map()],
  ['tagged', Buffer.concat([Buffer.of(0xc1), uint(1)])],
]
/** The types that a member may have beside its own. */
const tolerated: Record<string, string[]> = {
  module_id: ['text'],
  timestamp: ['a number'],
  digest: ['text'],
  pcrs: [],
  certificate: [],
  cabundle: [],
  public_key: [],
  user_data: ['null', 'bytes'],
  nonce: ['null', 'bytes'],
}
for (const [name, types] of Object.entries(tolerated)) {
  test(`refuses a document with ${name} of another type`, () => {
    for (const [what, value] of wrongTypes) {
      if (!types.includes(what)) refuse(documentWith(put(name, value)), /./)
    }
  })
  if (types.includes('null')) continue
  test(`refuses a document without ${name}`, () => {
    refuse(documentWith(drop(name)), new RegExp(name))
  })
}

const many = Array.from({ length: 9 }, () => bytes(roots[0] ?? Buffer.alloc(0)))
const replaced = (from: Buffer, to: Buffer): Buffer => {
  const at = goodPayload.indexOf(from)
  assert.ok(at > 0)
  return Buffer.concat([goodPayload.subarray(0, at), to, goodPayload.subarray(at + from.length)])
}
const sha384 = text('SHA384')

const wrongMembers: [what: string, change: Change, message: RegExp][] = [
  ['with an empty module_id', put('module_id', text('')), /module_id/],
  ['with a module_id that is not UTF-8', put('module_id', Buffer.of(0x62, 0xc3, 0x28)), /not the CBOR/],
  [
    'with a long module_id that is not UTF-8',
    put('module_id', Buffer.of(0x78, 0x18, ...Buffer.alloc(24, 0xff))),
    /CBOR/,
  ],
  ['with timestamp 0', put('timestamp', uint(0)), /timestamp/],
  ['with a timestamp above 2^53', put('timestamp', Buffer.of(0x1b, ...Buffer.alloc(8, 0xff))), /CBOR/],
  ['with a timestamp of more bytes than it needs', put('timestamp', Buffer.of(0x1b, 0, 0, 0, 0, 0, 0, 0, 1)), /CBOR/],
  ['with digest SHA256', put('digest', text('SHA256')), /digest/],
  ['with digest sha384', put('digest', text('sha384')), /digest/],
  ['without registers', pcrsOf(), /pcrs/],
  ['without register 0', pcrsOf([uint(1), register]), /pcrs/],
  ['with register 32', pcrsOf([uint(0), register], [uint(32), register]), /pcrs/],
  ['with register -1', pcrsOf([uint(0), register], [head(1, 0), register]), /CBOR/],
  ['with register "1"', pcrsOf([uint(0), register], [text('1'), register]), /pcrs/],
  ['with register 0.0', pcrsOf([Buffer.of(0xf9, 0, 0), register]), /CBOR/],
  ['with register 0 twice', pcrsOf([uint(0), register], [uint(0), register]), /CBOR/],
  ['with 33 registers', pcrsOf(...Array.from({ length: 33 }, (_, i): [Buffer, Buffer] => [uint(i), register])), /pcrs/],
  ...[0, 31, 33, 47, 49, 63, 65].map((size): [string, Change, RegExp] => [
    `with a register of ${size} bytes`,
    pcrsOf([uint(0), bytes(Buffer.alloc(size))]),
    /pcrs/,
  ]),
  ['with a register that is text', pcrsOf([uint(0), text('0'.repeat(48))]), /pcrs/],
  ['with a register that is null', pcrsOf([uint(0), none]), /pcrs/],
  ['with registers of indefinite length', put('pcrs', Buffer.of(0xbf, 0, ...register, 0xff)), /CBOR/],
  ['with a certificate of no bytes', put('certificate', bytes(Buffer.alloc(0))), /certificate/],
  ['with a certificate of 1025 bytes', put('certificate', bytes(Buffer.alloc(1025))), /certificate/],
  ['with a bundle of no certificates', put('cabundle', array()), /too short, too long/],
  ['with a bundle of nine certificates', put('cabundle', array(...many)), /too short, too long/],
  ['with a bundle of indefinite length', put('cabundle', Buffer.concat([Buffer.of(0x9f, 0xff)])), /CBOR/],
  ['with an empty certificate in the bundle', put('cabundle', array(bytes(Buffer.alloc(0)))), /cabundle/],
  ['with 1025 bytes in the bundle', put('cabundle', array(bytes(Buffer.alloc(1025)))), /cabundle/],
  ['with text in the bundle', put('cabundle', array(text('root'))), /cabundle/],
  ['with an array in the bundle', put('cabundle', array(array())), /cabundle/],
  ['with a bundle of very many', put('cabundle', array(...Array.from({ length: 300 }, () => none))), /CBOR/],
  ['with public_key of no bytes', put('public_key', bytes(Buffer.alloc(0))), /public_key/],
  ['with public_key of 1025 bytes', put('public_key', bytes(Buffer.alloc(1025))), /public_key/],
  ['with user_data of 1025 bytes', put('user_data', bytes(Buffer.alloc(1025))), /user_data/],
  ['with a nonce of 1025 bytes', put('nonce', bytes(Buffer.alloc(1025))), /nonce/],
  ['with a member that is not known', put('nitrotpm_pcrs', map()), /unknown member/],
  ['with an empty name of a member', put('', none), /unknown member/],
  ['with a name that differs in case', put('Nonce', none), /unknown member/],
  ['with the member __proto__', put('__proto__', map()), /unknown member/],
  ['with a member that has a number for a name', form => (form.payload = map([uint(1), none])), /unknown member/],
  ['with a member that has an array for a name', form => (form.payload = map([array(text('nonce')), none])), /unknown/],
  [
    'with a member twice',
    form => (form.payload = Buffer.of(0xaa, ...goodPayload.subarray(1), ...text('nonce'), 0xf6)),
    /CBOR/,
  ],
  ['with more bytes behind the members', form => (form.payload = Buffer.concat([goodPayload, none])), /CBOR/],
  ['with fewer members than promised', form => (form.payload = Buffer.of(0xaa, ...goodPayload.subarray(1))), /CBOR/],
  ['whose members have no end', form => (form.payload = indefinite(form).subarray(0, -1)), /CBOR/],
  ['whose members end twice', form => (form.payload = Buffer.concat([indefinite(form), Buffer.of(0xff)])), /CBOR/],
  ['whose members end within a pair', form => (form.payload = Buffer.of(0xbf, ...text('nonce'), 0xff)), /./],
  ['whose definite map ends early', form => (form.payload = Buffer.of(0xa1, 0xff)), /CBOR/],
  ['with a break for a value', form => (form.payload = Buffer.of(0xa1, ...text('nonce'), 0xff)), /./],
  ['whose payload is an array of indefinite length', form => (form.payload = Buffer.of(0x9f, 0xff)), /no map/],
  ['whose payload is text', form => (form.payload = text('payload')), /no map/],
  [
    'whose payload has a tag',
    form => (form.payload = Buffer.concat([Buffer.of(0xd9, 0xd9, 0xf7), goodPayload])),
    /CBOR/,
  ],
  [
    'with text of indefinite length',
    form => (form.payload = replaced(sha384, Buffer.of(0x7f, ...sha384, 0xff))),
    /CBOR/,
  ],
  [
    'with text of a length that is not minimal',
    form => (form.payload = replaced(sha384, Buffer.of(0x78, 6, ...sha384.subarray(1)))),
    /CBOR/,
  ],
]
for (const [what, change, message] of wrongMembers) {
  test(`refuses a document ${what}`, () => refuse(documentWith(change), message))
}

// Refusals: the recipient's key

const spkiOf = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' })
const modulus = (() => {
  const jwk = publicKey.export({ format: 'jwk' })
  return Buffer.from(jwk.n ?? '', 'base64url')
})()
const rsaSpki = (n: Buffer, e: Buffer, ...parameters: Buffer[]): Buffer =>
  derSequence(
    derSequence(derOid('1.2.840.113549.1.1.1'), ...(parameters.length > 0 ? parameters : [derNull()])),
    derBitString(derSequence(derInteger(n), derInteger(e))),
  )
const exponent = Buffer.of(1, 0, 1)
const evenModulus = Buffer.from(modulus)
evenModulus[255] = 0xfe
const goodSpki = spkiOf(publicKey)

const wrongKeys: [what: string, spki: Buffer][] = [
  ['of 1024 bits', spkiOf(rsa(1024))],
  ['of 2040 bits', rsaSpki(Buffer.concat([Buffer.of(0xff), modulus.subarray(2)]), exponent)],
  ['of 4104 bits', rsaSpki(Buffer.concat([Buffer.of(0xff), modulus, modulus]), exponent)],
  ['with an even modulus', rsaSpki(evenModulus, exponent)],
  ['with exponent 1, which encrypts nothing', rsaSpki(modulus, Buffer.of(1))],
  ['with exponent 3', rsaSpki(modulus, Buffer.of(3))],
  ['with an even exponent', rsaSpki(modulus, Buffer.of(1, 0, 2))],
  ['with an exponent of 65 bits', rsaSpki(modulus, Buffer.from('01'.repeat(9), 'hex'))],
  ['with an exponent of 2048 bits', rsaSpki(modulus, modulus)],
  [
    'without parameters',
    derSequence(
      derSequence(derOid('1.2.840.113549.1.1.1')),
      derBitString(derSequence(derInteger(modulus), derInteger(exponent))),
    ),
  ],
  ['for RSA-PSS only', spkiOf(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey)],
  ['on P-256', spkiOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey)],
  ['on P-384', spkiOf(chain.leafKey.publicKey)],
  ['of X25519', spkiOf(generateKeyPairSync('x25519').publicKey)],
  ['in PKCS #1', publicKey.export({ type: 'pkcs1', format: 'der' })],
  ['in PEM', Buffer.from(publicKey.export({ type: 'spki', format: 'pem' }))],
  ['with a byte behind it', Buffer.concat([goodSpki, Buffer.of(0)])],
  ['without its last byte', goodSpki.subarray(0, -1)],
  ['of random bytes', new Prng(1).bytes(294)],
]
for (const [what, spki] of wrongKeys) {
  test(`refuses a document with a key ${what}`, () => {
    refuse(documentWith(put('public_key', bytes(spki))), /public_key is no RSA key/)
  })
}

test('accepts the key that the wrong ones are made of', () => {
  assert.deepEqual(rsaSpki(modulus, exponent), goodSpki)
})

test('accepts no key that nothing can be encrypted under', () => {
  const { n = '' } = rsa(4096).export({ format: 'jwk' })
  const spki = rsaSpki(Buffer.from(n, 'base64url'), Buffer.alloc(8, 0xff))
  const { publicKey: key } = verifyAttestation(documentWith(put('public_key', bytes(spki))), roots, now)
  assert.ok(envelope(key, Buffer.from('secret')).length > 512)
})

// Refusals: changes

test('refuses a document whose signature has one wrong bit, in any byte', () => {
  for (let at = good.length - 96; at < good.length; at++) {
    const wrong = Buffer.from(good)
    wrong[at] = (wrong[at] ?? 0) ^ (1 << (at % 8))
    refuse(wrong, /signature is wrong/)
  }
})

test('refuses a document with any bit of the other bytes changed (every eleventh)', () => {
  for (let bit = 0; bit < (good.length - 96) * 8; bit += 89) {
    const wrong = Buffer.from(good)
    const at = bit >> 3
    wrong[at] = (wrong[at] ?? 0) ^ (1 << (bit & 7))
    refuse(wrong, /./)
  }
})

test('refuses 2,000 documents with random changes', () => {
  const prng = new Prng(20_260_115)
  for (let round = 0; round < 2000; round++) {
    let wrong = Buffer.from(good)
    for (let count = prng.below(3); count >= 0; count--) {
      const at = prng.below(wrong.length)
      const size = prng.below(9)
      const inserted = prng.chance(50) ? prng.bytes(size) : good.subarray(prng.below(good.length)).subarray(0, size)
      wrong = Buffer.concat([wrong.subarray(0, at), inserted, wrong.subarray(at + prng.below(9))])
    }
    if (!wrong.equals(good)) refuse(wrong, /./)
  }
})

test('refuses every beginning of a document', () => {
  for (let size = 0; size < good.length; size += 7) refuse(good.subarray(0, size), /./)
})
