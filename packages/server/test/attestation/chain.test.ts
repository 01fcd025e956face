import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { parseRoots, verifyChain } from '../../src/attestation/chain.ts'
import { AttestationError } from '../../src/attestation/error.ts'
import { der, derBitString, derInteger, derNull, derOctetString, derSequence } from '../../src/crypto/der.ts'
import { Prng } from '../protocol/prng.ts'
import {
  basicConstraints,
  extension,
  keyUsage,
  makeChain,
  p384,
  pem,
  type CertificateForm,
  type Chain,
  type Links,
} from '../support/attestation.ts'

const now = Date.UTC(2026, 0, 15, 12)
const second = 1000
const hour = 3600 * second
const chain = makeChain(now)
const [root = assert.fail(), region = assert.fail(), zone = assert.fail(), instance = assert.fail()] = chain.authorities

const verify = (
  { leaf, authorities }: Pick<Chain, 'leaf' | 'authorities'>,
  at = now,
  roots = authorities.slice(0, 1),
) => verifyChain(leaf, authorities, roots, at)

function refuse(message: RegExp, ...given: Parameters<typeof verify>): void {
  assert.throws(
    () => verify(...given),
    (error: unknown) => {
      assert.ok(error instanceof AttestationError, String(error))
      assert.match(error.message, message)
      return true
    },
  )
}

const changed = (link: Links, change: Partial<CertificateForm>): Chain => makeChain(now, { [link]: change })
const links: Links[] = ['root', 'region', 'zone', 'instance', 'leaf']
const authorities = links.slice(0, 4)

test('gives the key of the certificate at the end of a chain', () => {
  assert.ok(verify(chain).equals(chain.leafKey.publicKey))
})

test('accepts a chain without authorities between root and certificate', () => {
  const key = p384()
  const direct = makeChain(now, { root: { key }, leaf: { issuer: { name: 'root', key } } })
  verify({ ...direct, authorities: direct.authorities.slice(0, 1) })
})

test('accepts any of several roots', () => {
  verify(chain, now, [makeChain(now, { root: { key: p384() } }).authorities[0] ?? root, root])
})

test('accepts other extensions that are not critical', () => {
  const extensions = [extension('2.5.29.31', false, derNull()), extension('1.2.3', false, derOctetString(Buffer.of(1)))]
  for (const link of links) verify(changed(link, { extensions }))
})

// Roots

const other = makeChain(now, { root: { key: p384() } })
const withSecondRoot = makeChain(now, { root: { to: now + 5000 * hour } })
const wrongRoots: [what: string, chain: Pick<Chain, 'leaf' | 'authorities'>, roots: Buffer[]][] = [
  ['no root is known', chain, []],
  ['another root is known', chain, other.authorities.slice(0, 1)],
  ['a root with the same name and key, but other dates, is known', chain, withSecondRoot.authorities.slice(0, 1)],
  ['only the second authority is known', chain, [region]],
  ['the root is left out', { ...chain, authorities: chain.authorities.slice(1) }, [root]],
  ['the root comes last', { ...chain, authorities: chain.authorities.toReversed() }, [root]],
  ['the root has a byte behind it', { ...chain, authorities: [Buffer.concat([root, Buffer.of(0)]), region] }, [root]],
  ['the root is in PEM', { ...chain, authorities: [Buffer.from(pem(root)), region, zone, instance] }, [root]],
]
for (const [what, given, roots] of wrongRoots) {
  test(`refuses a chain when ${what}`, () => refuse(/root certificate is not known/, given, now, roots))
}

test('refuses a chain without authorities, and one of more than eight', () => {
  refuse(/too short, too long/, { leaf: chain.leaf, authorities: [] }, now, [root])
  refuse(/too short, too long/, { leaf: chain.leaf, authorities: Array.from({ length: 9 }, () => root) }, now, [root])
})

// Order and links

const wrongOrders: [what: string, authorities: Buffer[], leaf?: Buffer][] = [
  ['two authorities have changed places', [root, zone, region, instance]],
  ['an authority is missing', [root, region, instance]],
  ['the last authority is missing', [root, region, zone]],
  ['an authority is there twice', [root, region, region, zone, instance]],
  ['the root comes again at the end', [root, region, zone, instance, root]],
  ['the root is there twice', [root, root, region, zone, instance]],
  ['the certificate is among the authorities', [root, region, zone, instance, chain.leaf]],
  ['an authority is of another root', [root, ...other.authorities.slice(1)]],
  ['an authority is the certificate', [root, region, zone, instance], instance],
]
for (const [what, given, leaf = chain.leaf] of wrongOrders) {
  test(`refuses a chain where ${what}`, () => refuse(/./, { authorities: given, leaf }, now, [root]))
}

for (const link of links.slice(1)) {
  test(`refuses a chain where ${link} is signed by another key`, () => {
    const issuer = links[links.indexOf(link) - 1] ?? 'root'
    refuse(/not issued/, changed(link, { issuer: { name: issuer, key: p384() } }))
  })

  test(`refuses a chain where ${link} names another issuer`, () => {
    const good = makeChain(now)
    const issuer = links[links.indexOf(link) - 1] ?? 'root'
    const renamed = makeChain(now, { [issuer]: { name: 'renamed' } })
    const certificates = [...good.authorities, good.leaf]
    certificates[links.indexOf(issuer)] = [...renamed.authorities, renamed.leaf][links.indexOf(issuer)] ?? assert.fail()
    const leaf = certificates.pop() ?? assert.fail()
    refuse(/not issued/, { leaf, authorities: certificates })
  })
}

// Time

for (const link of links) {
  test(`the clock decides whether ${link} is valid: both ends of its time are included`, () => {
    const [from, to] = [now - second, now + second]
    const timed = changed(link, { from, to })
    for (const at of [from, now, to, to + 999]) verify(timed, at)
    for (const at of [from - 1, to + 1000, 0, Number.NaN]) refuse(/not valid at this time/, timed, at)
  })

  test(`refuses a chain where ${link} ends before it begins`, () => {
    refuse(/not valid at this time/, changed(link, { from: now + second, to: now - second }))
  })
}

// What a certificate may do

for (const link of authorities) {
  const wrong: [what: string, change: Partial<CertificateForm>, message: RegExp][] = [
    ['is no authority', { isAuthority: false }, /may issue others/],
    ['has no key usage', { usage: undefined }, /may issue others/],
    ['may not sign certificates', { usage: [0x82, 1] }, /may issue others/],
    ['may only sign data', { usage: [0x80, 7] }, /may issue others/],
    ['may only sign revocation lists', { usage: [0x02, 1] }, /may issue others/],
  ]
  for (const [what, change, message] of wrong) {
    test(`refuses a chain where ${link} ${what}`, () => refuse(message, changed(link, change)))
  }
}

test('refuses a chain that is longer than one of its authorities allows', () => {
  for (const [index, link] of authorities.entries()) {
    const followers = 3 - index
    verify(changed(link, { pathLength: followers }))
    verify(changed(link, { pathLength: 100 }))
    for (let pathLength = 0; pathLength < followers; pathLength++) {
      refuse(/longer than/, changed(link, { pathLength }))
    }
  }
})

const wrongLeaves: [what: string, change: Partial<CertificateForm>][] = [
  ['is an authority', { isAuthority: true }],
  ['has a path length', { pathLength: 0 }],
  ['has no key usage', { usage: undefined }],
  ['may sign certificates only', { usage: [0x04, 2] }],
  ['may agree on keys only', { usage: [0x08, 3] }],
]
for (const [what, change] of wrongLeaves) {
  test(`refuses a chain whose certificate ${what}`, () => refuse(/may sign documents/, changed('leaf', change)))
}

// What a certificate is

const version = (number: number): Buffer => der(0xa0, derInteger(Uint8Array.of(number)))
const keyOf = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve })
const wrongForms: [what: string, change: Partial<CertificateForm>, message: RegExp][] = [
  ['version 1', { version: version(0) }, /not accepted/],
  ['version 2', { version: version(1) }, /not accepted/],
  ['version 4', { version: version(3) }, /not accepted/],
  ['no version', { version: Buffer.alloc(0) }, /./],
  ['a signature over SHA-256', { hash: 'sha256' }, /not accepted/],
  ['a key on P-256', { key: keyOf('P-256') }, /not accepted/],
  ['a key on P-521', { key: keyOf('P-521') }, /not accepted/],
  ['a key on secp256k1', { key: keyOf('secp256k1') }, /not accepted/],
  [
    'a key on P-384 with explicit parameters',
    { key: generateKeyPairSync('ec', { namedCurve: 'P-384', paramEncoding: 'explicit' }) },
    /not accepted/,
  ],
  ['an RSA key', { key: generateKeyPairSync('rsa', { modulusLength: 2048 }) }, /not accepted/],
  ['a critical extension that is not known', { extensions: [extension('1.2.3', true, derNull())] }, /not accepted/],
  ['critical name constraints', { extensions: [extension('2.5.29.30', true, derSequence())] }, /not accepted/],
  ['critical policies', { extensions: [extension('2.5.29.32', true, derSequence())] }, /not accepted/],
  ['critical uses of its key', { extensions: [extension('2.5.29.37', true, derSequence())] }, /not accepted/],
  ['basic constraints twice', { extensions: [basicConstraints(true)] }, /cannot be read/],
  ['key usage twice', { extensions: [keyUsage(0x84, 2)] }, /cannot be read/],
  [
    'an extension twice that is not known',
    { extensions: [extension('1.2.3', false, derNull()), extension('1.2.3', false, derNull())] },
    /cannot be read/,
  ],
  ['an extension without value', { extensions: [derSequence(derOctetString(Buffer.of(1)))] }, /cannot be read/],
  ['key usage with bits too many', { usage: [0xc4, 0] }, /cannot be read/],
  ['key usage with unused bits that are set', { usage: [0xc4, 3] }, /cannot be read/],
]
for (const [what, change, message] of wrongForms) {
  test(`refuses a chain with ${what} at any place`, () => {
    for (const link of links) refuse(message, changed(link, change))
  })
}

test('refuses basic constraints of a form that DER does not have', () => {
  const truth = der(0x01, Uint8Array.of(0xff))
  const forms = [
    derSequence(der(0x01, Uint8Array.of(0x01))),
    derSequence(der(0x01, Uint8Array.of(0x00))),
    derSequence(truth, derInteger(Uint8Array.of(9)), derInteger(Uint8Array.of(9))),
    derSequence(truth, der(0x02, Uint8Array.of(0xff))),
    derSequence(truth, der(0x02, Uint8Array.of(0x00, 0x05))),
    derSequence(derInteger(Uint8Array.of(9)), truth),
    Buffer.concat([derSequence(truth), derNull()]),
    derNull(),
  ]
  for (const form of forms) {
    const [made = assert.fail()] = changed('root', { extensions: [] }).authorities
    const [from, to] = [basicConstraints(true), extension('2.5.29.19', true, form)]
    // Only the form is in question: the root's own signature is not looked at, so it may be wrong.
    refuse(/cannot be read/, { ...chain, authorities: [rewritten(made, from, to), region, zone, instance] })
  }
  const [made = assert.fail()] = chain.authorities
  verify({ ...chain, authorities: [rewritten(made, keyUsage(0x86, 1), keyUsage(0x06, 1)), region, zone, instance] })
})

/** A certificate with one extension in place of another, not signed again. */
function rewritten(certificate: Buffer, from: Buffer, to: Buffer): Buffer {
  const at = certificate.indexOf(from)
  assert.ok(at > 0)
  return relengthened(
    Buffer.concat([certificate.subarray(0, at), to, certificate.subarray(at + from.length)]),
    at,
    to.length - from.length,
  )
}

/** All lengths of the elements around a place, adapted. */
function relengthened(bytes: Buffer, place: number, difference: number): Buffer {
  const tag = bytes.readUInt8(0)
  const size = bytes.readUInt8(1) < 0x80 ? 0 : bytes.readUInt8(1) & 0x7f
  const start = 2 + size
  const length = size === 0 ? bytes.readUInt8(1) : bytes.readUIntBE(2, size)
  const end = start + length + difference
  let at = start
  const parts: Buffer[] = []
  while (at < end) {
    const inner = bytes.subarray(at)
    const innerSize = inner.readUInt8(1) < 0x80 ? 0 : inner.readUInt8(1) & 0x7f
    const innerLength = 2 + innerSize + (innerSize === 0 ? inner.readUInt8(1) : inner.readUIntBE(2, innerSize))
    const holds = place > at && place < at + innerLength
    const whole = holds ? innerLength + difference : innerLength
    parts.push(holds ? relengthened(inner.subarray(0, whole), place - at, difference) : inner.subarray(0, whole))
    at += whole
  }
  return der(tag, ...parts)
}

test('refuses a certificate with any bit changed (every seventh)', () => {
  for (const [index, certificate] of [...chain.authorities, chain.leaf].entries()) {
    for (let bit = 0; bit < certificate.length * 8; bit += 53) {
      const wrong = Buffer.from(certificate)
      wrong[bit >> 3] = (wrong[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const given = [...chain.authorities, chain.leaf].with(index, wrong)
      const leaf = given.pop() ?? assert.fail()
      refuse(/./, { leaf, authorities: given }, now, [root])
    }
  }
})

test('refuses bytes that are no certificate', () => {
  const prng = new Prng(7)
  const junk = [
    Buffer.alloc(0),
    Buffer.of(0x30, 0),
    Buffer.of(0x30, 0x80, 0, 0),
    derSequence(derSequence(), derSequence(), derBitString(Buffer.alloc(0))),
    derSequence(derNull(), derNull(), derNull()),
    Buffer.concat([chain.leaf, Buffer.of(0)]),
    chain.leaf.subarray(0, -1),
    Buffer.from(pem(chain.leaf)),
    ...Array.from({ length: 100 }, () => prng.bytes(prng.below(600))),
  ]
  for (const leaf of junk) refuse(/cannot be read|not accepted/, { ...chain, leaf })
})

// Roots as files

test('reads one root, or several, out of PEM with text between', () => {
  assert.deepEqual(
    parseRoots(pem(root)).map(bytes => Buffer.from(bytes)),
    [root],
  )
  const [another = assert.fail()] = other.authorities
  const text = `# Nitro\n${pem(root)}\r\nsubject=CN=root\n${pem(another).replaceAll('\n', '\r\n')}`
  assert.deepEqual(
    parseRoots(text).map(bytes => Buffer.from(bytes)),
    [root, another],
  )
})

test('reads a root that is not valid yet, or no longer', () => {
  for (const form of [{ to: now - hour }, { from: now + hour }]) {
    assert.equal(parseRoots(pem(changed('root', form).authorities[0] ?? root)).length, 1)
  }
})

const wrongFiles: [what: string, text: string, message: RegExp][] = [
  ['nothing', '', /no certificate in it/],
  ['a key', p384().publicKey.export({ type: 'spki', format: 'pem' }).toString(), /no certificate in it/],
  ['DER', root.toString('latin1'), /no certificate in it/],
  ['a certificate without its end', pem(root).slice(0, -30), /cannot be read/],
  ['a second certificate without its end', pem(root) + pem(root).slice(0, 200), /cannot be read/],
  ['a certificate with a line missing', pem(root).replace(/\n.{64}\n/, '\n'), /cannot be read/],
  ['a certificate that is no authority', pem(chain.leaf), /may issue others/],
  [
    'an authority without key usage',
    pem(changed('root', { usage: undefined }).authorities[0] ?? root),
    /may issue others/,
  ],
  [
    'a certificate with another kind of key',
    pem(changed('root', { key: keyOf('P-256') }).authorities[0] ?? root),
    /not accepted/,
  ],
]
for (const [what, text, message] of wrongFiles) {
  test(`refuses a file of roots with ${what}`, () => {
    assert.throws(() => parseRoots(text), { name: 'AttestationError', message })
  })
}
