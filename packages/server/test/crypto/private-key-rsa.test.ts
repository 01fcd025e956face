import assert from 'node:assert/strict'
import {
  checkPrimeSync,
  constants,
  createPrivateKey,
  generateKeyPairSync,
  generatePrimeSync,
  privateDecrypt,
  publicEncrypt,
} from 'node:crypto'
import { test } from 'node:test'
import { generateKeyPair } from '../../src/crypto/key-pair.ts'
import { readPrivateKey } from '../../src/crypto/private-key.ts'
import { element, elementsOf, encode, integer, octets, oid, sequence, twists } from '../support/der.ts'
import type { Element } from '../support/der.ts'

const kind = { kind: 'rsa', size: 256 } as const
const nothing = element(0x05)
const rsaEncryption = oid('1.2.840.113549.1.1.1', '2a864886f70d010101')

/** The numbers of RSAPrivateKey (RFC 8017 appendix A.1.2) in their order. */
interface Numbers {
  version: bigint
  n: bigint
  e: bigint
  d: bigint
  p: bigint
  q: bigint
  dp: bigint
  dq: bigint
  qInverse: bigint
}

/** Undefined if there is none. */
function inverse(value: bigint, modulus: bigint): bigint | undefined {
  let [a, b, x, y] = [((value % modulus) + modulus) % modulus, modulus, 1n, 0n]
  while (b !== 0n) [a, b, x, y] = [b, a % b, y, x - (a / b) * y]
  return a === 1n ? ((x % modulus) + modulus) % modulus : undefined
}

function common(a: bigint, b: bigint): bigint {
  return b === 0n ? a : common(b, a % b)
}

const totient = (p: bigint, q: bigint) => (p - 1n) * (q - 1n)
const period = (p: bigint, q: bigint) => totient(p, q) / common(p - 1n, q - 1n)

/** All that follows from two primes and a public exponent, which need not be what they should; 1 where nothing follows. */
function numbersOf(p: bigint, q: bigint, e = 65537n): Numbers {
  const d = inverse(e, period(p, q)) ?? 1n
  const others = { dp: d % (p - 1n), dq: d % (q - 1n), qInverse: inverse(q, p) ?? 1n }
  return { version: 0n, n: p * q, e, d, p, q, ...others }
}

/** The same with another private exponent, and what follows from it. */
const withExponent = (numbers: Numbers, d: bigint): Numbers => ({
  ...numbers,
  d,
  dp: d % (numbers.p - 1n),
  dq: d % (numbers.q - 1n),
})

function treeOf(numbers: Numbers, ...more: Element[]): Element {
  const { version, n, e, d, p, q, dp, dq, qInverse } = numbers
  const key = sequence(...[version, n, e, d, p, q, dp, dq, qInverse].map(integer), ...more)
  return sequence(integer(0n), sequence(rsaEncryption, nothing), octets([key]))
}

const bytesOf = (numbers: Numbers): Buffer => encode(treeOf(numbers))
const read = (encoded: Uint8Array) => readPrivateKey(kind, encoded)

/** The first prime of this size from a number on. */
function primeFrom(start: bigint, others: (prime: bigint) => boolean = () => true): bigint {
  let prime = start | 1n
  while (!checkPrimeSync(prime) || !others(prime)) prime += 2n
  return prime
}

function numberOf(jwk: Record<string, unknown>, name: string): bigint {
  return BigInt(`0x${Buffer.from(String(jwk[name]), 'base64url').toString('hex')}`)
}

const generated = generateKeyPairSync('rsa', { modulusLength: 2048 })
const canonical = generated.privateKey.export({ format: 'der', type: 'pkcs8' })
const spki = generated.publicKey.export({ format: 'der', type: 'spki' })
const jwk = { ...generated.privateKey.export({ format: 'jwk' }) }
const [p, q] = [numberOf(jwk, 'p'), numberOf(jwk, 'q')]
const good = numbersOf(p, q)

function accepts(encoded: Uint8Array): void {
  const before = Buffer.from(encoded)
  const pair = read(encoded)
  assert.ok(pair)
  assert.deepEqual(pair.privateKey, canonical)
  assert.deepEqual(pair.publicKey, spki)
  assert.ok(before.equals(encoded), 'what came in is as it was')
}

test('reads what OpenSSL writes, in memory of its own', () => {
  accepts(canonical)
  const pair = read(canonical)
  assert.equal(pair?.privateKey.buffer.byteLength, pair?.privateKey.length)
})

test('reads what is built by hand, which is what OpenSSL writes', () => {
  assert.deepEqual(bytesOf(good), canonical)
  accepts(bytesOf(good))
})

test('gives the same bytes for private exponents modulo phi and modulo lambda, and any between', () => {
  const step = period(p, q)
  const phi = inverse(65537n, totient(p, q))
  assert.ok(phi !== undefined)
  accepts(bytesOf(withExponent(good, phi)))
  for (let d = good.d; d < good.n; d += step) {
    accepts(bytesOf(withExponent(good, d)))
    if (d > good.d + 4n * step) break
  }
})

test('gives the same bytes with the primes in either order', () => {
  assert.ok(p > q)
  const swapped = bytesOf(numbersOf(q, p))
  assert.notDeepEqual(swapped, canonical)
  accepts(swapped)
})

test('reads a key with attributes, which it drops', () => {
  // As Windows writes it: KeyUsage, digitalSignature.
  const usage = sequence(oid('2.5.29.15', '551d0f'), element(0x31, [element(0x03, '0780')]))
  const tree = treeOf(good)
  accepts(encode(element(0x30, [...(tree.content as Element[]), element(0xa0, [usage])])))
  accepts(encode(element(0x30, [...(tree.content as Element[]), element(0xa0)])))
})

test('gives a key that decrypts', () => {
  const pair = read(canonical)
  assert.ok(pair)
  const padding = constants.RSA_PKCS1_OAEP_PADDING
  const block = publicEncrypt({ key: pair.publicKey, format: 'der', type: 'spki', padding }, Buffer.from('hello'))
  const key = createPrivateKey({ key: pair.privateKey, format: 'der', type: 'pkcs8' })
  assert.equal(privateDecrypt({ key, padding }, block).toString(), 'hello')
})

for (const [what, e] of [
  ['2^16 + 1', 2n ** 16n + 1n],
  ['more than 2^16', 2n ** 16n + 3n],
  ['256 bits', 2n ** 256n - 1n],
] as const) {
  test(`reads a key with a public exponent of ${what}`, () => {
    // The first one from there that goes with these primes.
    let exponent = e
    const step = e === 2n ** 256n - 1n ? -2n : 2n
    while (inverse(exponent, period(p, q)) === undefined) exponent += step
    const encoded = bytesOf(numbersOf(p, q, exponent))
    assert.deepEqual(read(encoded)?.privateKey, encoded)
  })
}

for (const [what, exponent] of [
  ['1', 1n],
  ['2^16 - 1', 2n ** 16n - 1n],
  ['2^256 + 1', 2n ** 256n + 1n],
  ['the size of the modulus', 2n ** 2040n + 1n],
] as const) {
  test(`refuses a public exponent of ${what}`, () => {
    let e = exponent
    while (inverse(e, period(p, q)) === undefined) e += e < 2n ** 16n ? -2n : 2n
    const numbers = numbersOf(p, q, e)
    assert.equal((numbers.e * numbers.d) % period(p, q), 1n)
    assert.equal(read(bytesOf(numbers)), undefined)
  })
}

for (const exponent of [3, 17, 257]) {
  test(`refuses a key that OpenSSL makes with the public exponent ${exponent}`, () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: exponent })
    assert.equal(read(privateKey.export({ format: 'der', type: 'pkcs8' })), undefined)
  })
}

// Of two primes less 1. An e and a d that are both small need primes with nearly everything in common: found by search.
const factor =
  0x3969d32c4e2600bae7c7a96bbfcb8c44be768e0087ba9aa7716fed982e22a7475d2ee99e3670410923508d252b27029d516604179d57ba612bdf44d0440f3d9ac1a23c4251bba5e84d5e03240e98fc4da54f5f760e2279798ae4eb473fc483fa26453a2744697343abc7ba45fca878cdc00e7d5e5f04e4accba79c44b915dn

test('refuses a private exponent of half the bits of the modulus or less', () => {
  const numbers = numbersOf(2n * factor * 7495n + 1n, 2n * factor * 6624n + 1n, 66017n)
  assert.ok(checkPrimeSync(numbers.p) && checkPrimeSync(numbers.q))
  assert.equal(numbers.d.toString(2).length, 1022)
  assert.equal((numbers.e * numbers.d) % period(numbers.p, numbers.q), 1n)
  assert.equal(read(bytesOf(numbers)), undefined)
})

test('refuses a Carmichael number for a prime, though all that it encrypts decrypts', () => {
  // (6k + 1)(12k + 1)(18k + 1), each of them prime (Chernick).
  const k = 0x38974e200bc6eec468d67e2dd891ecdf5afde6939ffbc9dbf1bf4ee72e96890a29878420814f953d52b56n
  const factors = [6n * k + 1n, 12n * k + 1n, 18n * k + 1n]
  for (const prime of factors) assert.ok(checkPrimeSync(prime))
  const composite = factors.reduce((product, prime) => product * prime)
  for (const numbers of [numbersOf(composite, p), numbersOf(p, composite)]) {
    assert.equal(numbers.n.toString(2).length, 2048)
    assert.equal(read(bytesOf(numbers)), undefined)
  }
})

test('refuses a product of two primes for a prime', () => {
  const product = () => [1, 2].reduce(value => value * generatePrimeSync(512, { bigint: true }), 1n)
  let numbers = numbersOf(product(), q)
  while (numbers.n < 2n ** 2047n || numbers.d === 1n) numbers = numbersOf(product(), q)
  assert.equal(read(bytesOf(numbers)), undefined)
})

test('refuses one prime taken twice', () => {
  const numbers = numbersOf(p, p)
  assert.equal(numbers.n.toString(2).length, 2048)
  assert.equal(read(bytesOf(numbers)), undefined)
})

test('refuses primes so close that Fermat finds them', () => {
  for (const distance of [2n, 2n ** 923n]) {
    const numbers = numbersOf(
      primeFrom(p),
      primeFrom(p + distance, prime => common(prime - 1n, 65537n) === 1n),
    )
    assert.equal(numbers.n.toString(2).length, 2048)
    assert.ok(inverse(numbers.e, period(numbers.p, numbers.q)) !== undefined)
    assert.equal(read(bytesOf(numbers)), undefined)
  }
})

test('refuses primes of unequal sizes', () => {
  const numbers = numbersOf(generatePrimeSync(1152, { bigint: true }), generatePrimeSync(896, { bigint: true }))
  assert.equal(numbers.n.toString(2).length, 2048)
  assert.equal(read(bytesOf(numbers)), undefined)
})

test('refuses a prime of a bit more than half of the modulus', () => {
  const longer = primeFrom((11n << 1024n) / 10n)
  const shorter = primeFrom((11n << 1023n) / 10n)
  for (const numbers of [numbersOf(longer, shorter), numbersOf(shorter, longer)]) {
    assert.equal(numbers.n.toString(2).length, 2048)
    assert.equal(read(bytesOf(numbers)), undefined)
  }
})

test('refuses a private exponent above the modulus, though it is as long', () => {
  const numbers = numbersOf(primeFrom((72n << 1024n) / 100n), primeFrom((71n << 1024n) / 100n))
  assert.ok(read(bytesOf(numbers)))
  let { d } = numbers
  while (d <= numbers.n) d += period(numbers.p, numbers.q)
  assert.equal(d.toString(2).length, 2048)
  assert.equal(read(bytesOf(withExponent(numbers, d))), undefined)
})

test('refuses a modulus of a bit less', () => {
  const numbers = numbersOf(primeFrom((11n << 1023n) / 10n), primeFrom((12n << 1023n) / 10n))
  assert.equal(numbers.n.toString(2).length, 2047)
  assert.equal(read(bytesOf(numbers)), undefined)
})

test('refuses keys of other sizes', () => {
  for (const modulusLength of [1024, 2040, 2056]) {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength })
    assert.equal(read(privateKey.export({ format: 'der', type: 'pkcs8' })), undefined)
  }
  for (const size of [384, 512]) assert.equal(readPrivateKey({ kind: 'rsa', size }, canonical), undefined)
})

const other = primeFrom(q + 2n ** 1000n)
const wrongs: Readonly<Record<string, Partial<Numbers>>> = {
  'a modulus of others': { n: p * other },
  'a modulus that is too large by two': { n: good.n + 2n },
  'an even modulus': { n: good.n - 1n },
  'a modulus of 0': { n: 0n },
  'an even public exponent': { e: 65538n },
  'a public exponent of 0': { e: 0n },
  'the public exponent of another key': { e: 65539n },
  'a wrong private exponent': { d: good.d + 2n },
  'a private exponent of 0': { d: 0n },
  'a private exponent of 1': { d: 1n, dp: 1n, dq: 1n },
  'a private exponent above the modulus': { d: good.d + totient(p, q) * 2n },
  'the prime of another key': { p: other },
  'the other prime of another key': { q: other },
  'a prime of 0': { p: 0n },
  'a prime of 1': { p: good.n, q: 1n },
  'the modulus and 1 for primes': { p: 1n, q: good.n },
  'a wrong exponent for the first prime': { dp: good.dp + 2n },
  'a wrong exponent for the second prime': { dq: good.dq + 2n },
  'an exponent for the first prime that is too large': { dp: good.dp + p - 1n },
  'an exponent for the second prime that is too large': { dq: good.dq + q - 1n },
  'the exponents for the primes exchanged': { dp: good.dq, dq: good.dp },
  'the primes exchanged and nothing else': { p: q, q: p },
  'a wrong coefficient': { qInverse: good.qInverse + 1n },
  'a coefficient that is too large': { qInverse: good.qInverse + p },
  'a coefficient of 0': { qInverse: 0n },
  'the coefficient of the other prime': { qInverse: inverse(p, q) ?? 0n },
  'version 1, of more than two primes': { version: 1n },
  'version 2': { version: 2n },
}
for (const [what, wrong] of Object.entries(wrongs)) {
  test(`refuses ${what}`, () => assert.equal(read(bytesOf({ ...good, ...wrong })), undefined))
}

test('refuses three primes (RFC 8017 version 1), with either version', () => {
  // Node makes no such keys; the third prime is a factor of the modulus here.
  const [a, b, c] = [683, 683, 682].map(size => generatePrimeSync(size, { bigint: true }))
  assert.ok(a !== undefined && b !== undefined && c !== undefined)
  const lambda = [a, b, c].reduce((sum, prime) => (sum * (prime - 1n)) / common(sum, prime - 1n), 1n)
  const d = inverse(65537n, lambda) ?? 1n
  const numbers = { ...withExponent(numbersOf(a, b), d), n: a * b * c }
  const third = sequence(sequence(integer(c), integer(d % (c - 1n)), integer(inverse(a * b, c) ?? 1n)))
  for (const version of [0n, 1n]) {
    assert.equal(read(encode(treeOf({ ...numbers, version }, third))), undefined)
    assert.equal(read(encode(treeOf({ ...good, version }, third))), undefined)
    assert.equal(read(encode(treeOf({ ...good, version }, sequence()))), undefined)
  }
})

test('refuses a tenth number, and numbers of another key behind', () => {
  assert.equal(read(encode(treeOf(good, integer(0n)))), undefined)
  assert.equal(read(encode(treeOf(good, sequence(...[good.n, good.e].map(integer))))), undefined)
})

const inner = encode(treeOf(good).content[2] as Element).subarray(4)
const algorithms: Readonly<Record<string, Element>> = {
  'without parameters': sequence(rsaEncryption),
  'with parameters other than NULL': sequence(rsaEncryption, sequence()),
  'with NULL that has content': sequence(rsaEncryption, element(0x05, '00')),
  'with more than parameters': sequence(rsaEncryption, nothing, nothing),
  'of RSASSA-PSS': sequence(oid('1.2.840.113549.1.1.10', '2a864886f70d01010a'), nothing),
  'of RSAES-OAEP': sequence(oid('1.2.840.113549.1.1.7', '2a864886f70d010107'), nothing),
  'of RSA in X.500': sequence(oid('2.5.8.1.1', '55080101'), nothing),
  'of another algorithm': sequence(oid('1.2.840.10045.2.1', '2a8648ce3d0201'), nothing),
}
for (const [what, algorithm] of Object.entries(algorithms)) {
  test(`refuses an algorithm ${what}`, () => {
    assert.equal(read(encode(sequence(integer(0n), algorithm, octets(inner)))), undefined)
  })
}

test('refuses PKCS #8 of other versions, or with a public key', () => {
  const publicKey = element(0x81, Buffer.concat([Buffer.alloc(1), encode(sequence(integer(good.n), integer(good.e)))]))
  const algorithm = sequence(rsaEncryption, nothing)
  accepts(encode(sequence(integer(0n), algorithm, octets(inner))))
  for (const version of [1n, 2n, 256n]) {
    assert.equal(read(encode(sequence(integer(version), algorithm, octets(inner)))), undefined)
  }
  for (const version of [0n, 1n]) {
    assert.equal(read(encode(sequence(integer(version), algorithm, octets(inner), publicKey))), undefined)
  }
})

test('refuses RSASSA-PSS keys, PKCS #1, encrypted PKCS #8, PEM text, JWK text and public keys', () => {
  const { privateKey } = generated
  const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey
  const encryption = { cipher: 'aes-256-cbc', passphrase: 'correct horse battery' }
  for (const encoded of [
    pss.export({ format: 'der', type: 'pkcs8' }),
    privateKey.export({ format: 'der', type: 'pkcs1' }),
    privateKey.export({ format: 'der', type: 'pkcs8', ...encryption }),
    Buffer.from(privateKey.export({ format: 'pem', type: 'pkcs8' })),
    Buffer.from(privateKey.export({ format: 'pem', type: 'pkcs1' })),
    Buffer.from(canonical.toString('base64')),
    Buffer.from(JSON.stringify(jwk)),
    spki,
  ]) {
    assert.equal(read(encoded), undefined)
  }
})

for (const twist of Object.keys(twists)) {
  test(`refuses every element of a key with ${twist} instead`, () => {
    const tree = treeOf(good)
    const accepted = elementsOf(tree).filter(([, at]) => {
      const encoded = encode(tree, at, twist)
      // Nothing has no content, and no twist by itself.
      return !encoded.equals(canonical) && read(encoded) !== undefined
    })
    assert.deepEqual(
      accepted.map(([place]) => place),
      [],
    )
  })
}

test('refuses a key that is cut anywhere', () => {
  for (let length = 0; length < canonical.length; length++) {
    assert.equal(read(canonical.subarray(0, length)), undefined, `${length} bytes`)
  }
})

test('refuses a key with one bit flipped in any of its bytes', () => {
  for (let index = 0; index < canonical.length; index++) {
    const flipped = Buffer.from(canonical)
    flipped[index]! ^= 1 << ((index * 5) % 8)
    assert.equal(read(flipped), undefined, `byte ${index}`)
  }
})

test('keys of 4096 bits: OpenSSL verifies with public exponents of 64 bits, but no more', () => {
  const kind = { kind: 'rsa', size: 512 } as const
  const { privateKey } = generateKeyPair(kind)
  const pair = readPrivateKey(kind, privateKey)
  assert.deepEqual(pair?.privateKey, privateKey)
  const jwk = { ...createPrivateKey({ key: privateKey, format: 'der', type: 'pkcs8' }).export({ format: 'jwk' }) }
  const [p, q] = [numberOf(jwk, 'p'), numberOf(jwk, 'q')]
  const exponentFrom = (start: bigint): bigint =>
    inverse(start, period(p, q)) === undefined ? exponentFrom(start + 2n) : start
  assert.ok(readPrivateKey(kind, bytesOf(numbersOf(p, q, exponentFrom(2n ** 63n + 1n)))))
  assert.equal(readPrivateKey(kind, bytesOf(numbersOf(p, q, exponentFrom(2n ** 64n + 1n)))), undefined)
})
