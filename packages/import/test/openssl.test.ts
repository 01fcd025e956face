import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'
import { readMaterial, wrap } from '../src/index.ts'
import type { WrappingAlgorithm } from '../src/index.ts'
import { algorithms } from './unwrap.ts'

// The commands of https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys-encrypt-key-material.html, turned
// round, so that a tool which shares no code with us undoes what we did and makes what we read.

const run = promisify(execFile)

let folder: string
let version: string | undefined
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keyreeve-openssl-'))
  version = await run('openssl', ['version']).then(
    ({ stdout }) => /^OpenSSL (\d+)\./.exec(stdout)?.[1],
    () => undefined,
  )
})
after(() => rm(folder, { recursive: true }))

const file = (name: string): string => join(folder, name)
const openssl = (...args: string[]): Promise<unknown> => run('openssl', args)

/** Skips the test unless OpenSSL 3 or later is there. */
function isMissing(t: TestContext): boolean {
  const missing = version === undefined || Number(version) < 3
  if (missing) t.skip('wants the command openssl, version 3 or later')
  return missing
}

async function decrypt(block: Uint8Array, options: string[], output: string): Promise<Buffer> {
  await writeFile(file('block.bin'), block)
  const padding = options.flatMap(option => ['-pkeyopt', option])
  await openssl(
    'pkeyutl',
    '-decrypt',
    '-inkey',
    file('wrapping.pem'),
    '-in',
    file('block.bin'),
    '-out',
    file(output),
    ...padding,
  )
  return readFile(file(output))
}

const oaep = (hash: string): string[] => ['rsa_padding_mode:oaep', `rsa_oaep_md:${hash}`, `rsa_mgf1_md:${hash}`]

async function unwrapBoth(wrapped: Uint8Array, hash: string): Promise<Buffer> {
  const aesKey = await decrypt(wrapped.subarray(0, 384), oaep(hash), 'aes-key.bin')
  await writeFile(file('wrapped.bin'), wrapped.subarray(384))
  const key = ['-K', aesKey.toString('hex'), '-iv', 'A65959A6']
  await openssl('enc', '-d', '-id-aes256-wrap-pad', ...key, '-in', file('wrapped.bin'), '-out', file('material.bin'))
  return readFile(file('material.bin'))
}

const unwrappers: Record<WrappingAlgorithm, (wrapped: Uint8Array) => Promise<Buffer>> = {
  RSAES_OAEP_SHA_256: wrapped => decrypt(wrapped, oaep('sha256'), 'material.bin'),
  RSAES_OAEP_SHA_1: wrapped => decrypt(wrapped, oaep('sha1'), 'material.bin'),
  RSA_AES_KEY_WRAP_SHA_256: wrapped => unwrapBoth(wrapped, 'sha256'),
  RSA_AES_KEY_WRAP_SHA_1: wrapped => unwrapBoth(wrapped, 'sha1'),
  RSAES_PKCS1_V1_5: wrapped => decrypt(wrapped, ['rsa_padding_mode:pkcs1'], 'material.bin'),
}

function refusal(input: Uint8Array, keySpec: string): string {
  try {
    readMaterial(input, { keySpec })
  } catch (error) {
    return String(error)
  }
  return assert.fail('was read')
}

suite('with the openssl command', () => {
  test('every algorithm is undone by it', async t => {
    if (isMissing(t)) return
    await openssl('genpkey', '-algorithm', 'rsa', '-pkeyopt', 'rsa_keygen_bits:3072', '-out', file('wrapping.pem'))
    const wrapping = ['pkey', '-in', file('wrapping.pem'), '-pubout']
    await openssl(...wrapping, '-outform', 'der', '-out', file('WrappingPublicKey.bin'))
    const publicKey = await readFile(file('WrappingPublicKey.bin'))
    for (const algorithm of algorithms) {
      const material = randomBytes(32)
      const unwrapped = await unwrappers[algorithm](await wrap(publicKey, algorithm, material))
      assert.deepEqual(unwrapped, material, algorithm)
    }
    const privateKey = randomBytes(1217)
    const wrapped = await wrap(publicKey, 'RSA_AES_KEY_WRAP_SHA_256', privateKey)
    assert.deepEqual(await unwrappers.RSA_AES_KEY_WRAP_SHA_256(wrapped), privateKey)
  })

  const made: [keySpec: string, ...command: string[]][] = [
    ['RSA_2048', 'genpkey', '-algorithm', 'rsa', '-pkeyopt', 'rsa_keygen_bits:2048'],
    ['RSA_2048', 'genrsa', '-traditional', '2048'],
    ['ECC_NIST_P256', 'genpkey', '-algorithm', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
    ['ECC_NIST_P521', 'ecparam', '-name', 'secp521r1', '-genkey'],
    ['ECC_SECG_P256K1', 'ecparam', '-name', 'secp256k1', '-genkey', '-noout'],
    ['ECC_NIST_EDWARDS25519', 'genpkey', '-algorithm', 'ed25519'],
  ]
  for (const [keySpec, ...command] of made) {
    test(`what "openssl ${command.join(' ')}" makes is read as its own "pkcs8 -topk8" converts it`, async t => {
      if (isMissing(t)) return
      await openssl(...command.slice(0, 1), '-out', file('key.pem'), ...command.slice(1))
      const convert = ['pkcs8', '-topk8', '-nocrypt', '-outform', 'der', '-in', file('key.pem')]
      await openssl(...convert, '-out', file('key.der'))
      const der = await readFile(file('key.der'))
      for (const input of [await readFile(file('key.pem')), der]) {
        assert.deepEqual(Buffer.from(readMaterial(input, { keySpec }).material), der)
      }
    })
  }

  const others: [what: string, message: RegExp, command: string][] = [
    [
      'an encrypted key',
      /^This private key is encrypted with a passphrase\. Decrypt it first: openssl pkcs8 /,
      'genpkey -algorithm ec -pkeyopt ec_paramgen_curve:P-256 -aes256 -pass pass:secret',
    ],
    [
      'a certificate',
      /^This is a public key or a certificate\. /,
      'req -x509 -newkey ed25519 -noenc -subj /CN=nobody -keyout other.pem',
    ],
    [
      'a key of three primes',
      /^This RSA key has more than two primes/,
      'genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_primes:3',
    ],
    [
      'a key on another curve',
      /^This EC key is on a curve that KMS does not have\. Use /,
      'genpkey -algorithm ec -pkeyopt ec_paramgen_curve:brainpoolP256r1',
    ],
    [
      'a key whose curve is spelt out',
      /named_curve/,
      'genpkey -algorithm ec -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit',
    ],
    [
      'a key for another algorithm',
      /^This key is for an algorithm that cannot be imported/,
      'genpkey -algorithm x25519',
    ],
  ]
  for (const [what, message, command] of others) {
    test(`${what} that it makes is refused, with what to do about it`, async t => {
      if (isMissing(t)) return
      const [verb = '', ...options] = command.replace('other.pem', file('other.pem')).split(' ')
      await openssl(verb, '-out', file('other'), ...options)
      const input = await readFile(file('other'))
      assert.throws(() => readMaterial(input, { keySpec: 'ECC_NIST_P256' }), { name: 'ImportError', message })
    })
  }

  test('what "ssh-keygen" makes is refused, and read once converted as the refusal says', async t => {
    const path = file('ssh')
    const made = await run('ssh-keygen', ['-q', '-t', 'ecdsa', '-b', '384', '-N', '', '-f', path]).catch(
      () => undefined,
    )
    if (!made) return t.skip('wants the command ssh-keygen')
    const keySpec = 'ECC_NIST_P384'
    const [, advised = ''] = /: (ssh-keygen .*?) copy\. /.exec(refusal(await readFile(path), keySpec)) ?? []
    assert.equal(advised, 'ssh-keygen -p -N "" -m PKCS8 -f')
    const [command = '', ...options] = advised.split(' ').map(word => word.replace('""', ''))
    await run(command, [...options, path])
    assert.equal(readMaterial(await readFile(path), { keySpec }).material.length, 185)
    return undefined
  })

  test('what "openssl rand" makes is read, as bytes, hex and base64', async t => {
    if (isMissing(t)) return
    for (const [format, size] of [
      [[], 32],
      [['-hex'], 65],
      [['-base64'], 45],
    ] as const) {
      await openssl('rand', ...format, '-out', file('random'), '32')
      const input = await readFile(file('random'))
      assert.equal(input.length, size)
      assert.equal(readMaterial(input).material.length, 32)
    }
  })
})
