import assert from 'node:assert/strict'
import { after, before, suite, test, type TestContext } from 'node:test'
import { start, type TestServer } from '../../packages/server/test/support/server.ts'
import { lacking, openShell, tellVersions, type Shell } from './support.ts'

// The pages under https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys.html, walked with the tools that
// they name: their commands as they stand, but for the key's id.

const skip = await lacking('bash', 'aws', 'openssl')

/** Encrypts a file by RSAES-OAEP, as "Encrypting key material with OpenSSL" says. */
const oaep = (hash: string, input: string, output: string): string =>
  `openssl pkeyutl -encrypt -in ${input} -out ${output} -inkey WrappingPublicKey.bin -keyform DER -pubin ` +
  `-pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:${hash}${hash === 'sha1' ? '' : ` -pkeyopt rsa_mgf1_md:${hash}`}`

const keyWrap = (hash: string): string => `
  openssl rand -out aes-key.bin 32
  openssl enc -id-aes256-wrap-pad -K "$(xxd -p < aes-key.bin | tr -d '\\n')" -iv A65959A6 \
    -in PlaintextKeyMaterial.bin -out key-material-wrapped.bin
  ${oaep(hash, 'aes-key.bin', 'aes-key-wrapped.bin')}
  cat aes-key-wrapped.bin key-material-wrapped.bin > EncryptedKeyMaterial.bin`

/** Commands that make EncryptedKeyMaterial.bin of PlaintextKeyMaterial.bin. */
const wrap = {
  RSAES_OAEP_SHA_256: oaep('sha256', 'PlaintextKeyMaterial.bin', 'EncryptedKeyMaterial.bin'),
  RSAES_OAEP_SHA_1: oaep('sha1', 'PlaintextKeyMaterial.bin', 'EncryptedKeyMaterial.bin'),
  RSA_AES_KEY_WRAP_SHA_256: keyWrap('sha256'),
  RSA_AES_KEY_WRAP_SHA_1: keyWrap('sha1'),
  // Of the page before 2023-10, when the service withdrew it.
  RSAES_PKCS1_V1_5:
    'openssl pkeyutl -encrypt -in PlaintextKeyMaterial.bin -out EncryptedKeyMaterial.bin -inkey WrappingPublicKey.bin ' +
    '-keyform DER -pubin -pkeyopt rsa_padding_mode:pkcs1',
} as const
type Algorithm = keyof typeof wrap
const algorithms = Object.keys(wrap) as Algorithm[] // The table has no others.

const newMaterial = 'openssl rand -out PlaintextKeyMaterial.bin 32'

/** Makes PlaintextKeyMaterial.bin of key.pem. */
const convert = 'openssl pkcs8 -topk8 -outform der -nocrypt -in key.pem -out PlaintextKeyMaterial.bin'

/** Fails unless the service shows the public half of key.pem, byte for byte. */
const sameKey = (keyId: string): string => `
  openssl pkey -in key.pem -pubout -out public.pem
  openssl pkey -pubin -in public.pem -outform der -out public.der
  aws kms get-public-key --key-id ${keyId} --query PublicKey --output text |
    openssl enc -d -base64 -A | cmp - public.der`

/** Fetches wrapping key and token, and decodes them into the files that the guide names. */
async function download(sh: Shell, keyId: string, algorithm: Algorithm, spec = 'RSA_2048'): Promise<void> {
  await sh.run(`
    aws kms get-parameters-for-import --key-id ${keyId} --wrapping-algorithm ${algorithm} --wrapping-key-spec ${spec} \
      --query '[PublicKey, ImportToken]' --output text > parameters.txt
    cut -f 1 parameters.txt > PublicKey.b64
    cut -f 2 parameters.txt > ImportToken.b64
    openssl enc -d -base64 -A -in PublicKey.b64 -out WrappingPublicKey.bin
    openssl enc -d -base64 -A -in ImportToken.b64 -out ImportToken.bin`)
}

/** The command that uploads what was downloaded and wrapped. */
const upload = (keyId: string, options = '--expiration-model KEY_MATERIAL_DOES_NOT_EXPIRE'): string =>
  `aws kms import-key-material --key-id ${keyId} --encrypted-key-material fileb://EncryptedKeyMaterial.bin ` +
  `--import-token fileb://ImportToken.bin ${options}`

/** @param options such as the key spec */
async function createKey(sh: Shell, options = ''): Promise<string> {
  return await sh.run(`aws kms create-key --origin EXTERNAL ${options} --query KeyMetadata.KeyId --output text`)
}

/** A key that holds the material in PlaintextKeyMaterial.bin for ever. */
async function importedKey(sh: Shell): Promise<string> {
  const keyId = await createKey(sh)
  await sh.run(newMaterial)
  await download(sh, keyId, 'RSAES_OAEP_SHA_256')
  await sh.run(wrap.RSAES_OAEP_SHA_256)
  await sh.run(upload(keyId))
  return keyId
}

interface KeyMetadata {
  Arn: string
  KeyState: string
  Enabled: boolean
  Origin: string
  ExpirationModel?: string
  ValidTo?: string | number
  CurrentKeyMaterialId?: string
}

async function describe(sh: Shell, keyId: string): Promise<KeyMetadata> {
  return await sh.json(`aws kms describe-key --key-id ${keyId} --query KeyMetadata`)
}

/** Version 1 of the CLI prints times in epoch seconds, version 2 as ISO 8601. */
const milliseconds = (time: string | number | undefined): number =>
  typeof time === 'number' ? time * 1000 : Date.parse(time ?? '')

const minute = 60_000
const day = 24 * 60 * minute

/** A time that far from now, in whole seconds, as the guide writes it: 2026-11-21T19:00:00Z. */
const later = (distance: number): string => new Date(Date.now() + distance).toISOString().replace(/\.\d+/, '')

// Two at a time: most of it is the AWS CLI starting.
suite('import with the AWS CLI and openssl', { skip, concurrency: 2 }, () => {
  let server: TestServer
  before(async () => {
    server = await start()
  })
  after(() => server.stop())

  const shell = (t: TestContext): Promise<Shell> =>
    openShell(t, { address: server.address, credentials: server.app.credentials })

  test('the guide from its first step to its last', async t => {
    await tellVersions(t, 'aws', 'openssl')
    const sh = await shell(t)

    // Step 1: create a KMS key without key material.
    const { KeyMetadata: created } = await sh.json<{ KeyMetadata: KeyMetadata & { KeyId: string } }>(
      'aws kms create-key --origin EXTERNAL --description "made outside"',
    )
    const { KeyId: keyId, Arn: arn } = created
    assert.equal(arn, `arn:aws:kms:us-east-1:000000000000:key/${keyId}`)
    assert.equal(created.Origin, 'EXTERNAL')
    assert.equal(created.KeyState, 'PendingImport')
    assert.equal(created.Enabled, false)
    assert.equal(created.ExpirationModel, undefined)
    await sh.run(`aws kms create-alias --alias-name alias/ImportedKey --target-key-id ${keyId}`)
    assert.equal((await describe(sh, 'alias/ImportedKey')).Arn, arn)

    // Step 2: download the wrapping public key and import token.
    const parameters = 'aws kms get-parameters-for-import --wrapping-algorithm RSAES_OAEP_SHA_256'
    const answer = await sh.json<Record<string, string | number>>(
      `${parameters} --wrapping-key-spec RSA_3072 --key-id ${arn}`,
    )
    assert.deepEqual(Object.keys(answer).toSorted(), ['ImportToken', 'KeyId', 'ParametersValidTo', 'PublicKey'])
    assert.equal(answer['KeyId'], arn)
    const untilDeadline = milliseconds(answer['ParametersValidTo']) - Date.now()
    assert.ok(untilDeadline > day - minute && untilDeadline <= day, `the token is valid for ${untilDeadline} ms`)
    await sh.write('PublicKey.b64', String(answer['PublicKey']))
    await sh.write('ImportToken.b64', String(answer['ImportToken']))
    await sh.run(`
      openssl enc -d -base64 -A -in PublicKey.b64 -out WrappingPublicKey.bin
      openssl enc -d -base64 -A -in ImportToken.b64 -out ImportToken.bin`)
    const text = await sh.run('openssl pkey -pubin -inform DER -in WrappingPublicKey.bin -noout -text')
    assert.match(text, /Public-Key: \(3072 bit\)/)

    // Step 3: encrypt the key material.
    await sh.run(newMaterial)
    await sh.run(wrap.RSAES_OAEP_SHA_256)

    // Step 4: import the key material.
    const validTo = later(30 * day)
    const imported = await sh.json(upload(keyId, `--expiration-model KEY_MATERIAL_EXPIRES --valid-to ${validTo}`))
    assert.equal(imported['KeyId'], arn)
    assert.match(String(imported['KeyMaterialId']), /^[0-9a-f]{64}$/)
    const described = await describe(sh, keyId)
    assert.equal(described.KeyState, 'Enabled')
    assert.equal(described.ExpirationModel, 'KEY_MATERIAL_EXPIRES')
    assert.equal(milliseconds(described.ValidTo), Date.parse(validTo))
    assert.equal(described.CurrentKeyMaterialId, imported['KeyMaterialId'])

    // The key in use, with the commands of the reference's examples.
    await sh.write('ExamplePlaintextFile', 'plain\0text\n')
    await sh.run(`
      aws kms encrypt --key-id alias/ImportedKey --plaintext fileb://ExamplePlaintextFile \
        --encryption-context Department=IT,Purpose=Test --output text --query CiphertextBlob |
        openssl enc -d -base64 -A -out ExampleEncryptedFile`)
    const decrypt = (context: string): string =>
      `aws kms decrypt --ciphertext-blob fileb://ExampleEncryptedFile --encryption-context ${context} --key-id ${keyId}`
    const decryptToFile = `
      ${decrypt('Purpose=Test,Department=IT')} --output text --query Plaintext |
        openssl enc -d -base64 -A -out ExamplePlaintextOutput
      cmp ExamplePlaintextFile ExamplePlaintextOutput`
    await sh.run(decryptToFile)
    await sh.refusal('InvalidCiphertextException', decrypt('Department=IT'))

    // Deleting imported key material.
    const deleted = await sh.json(`aws kms delete-imported-key-material --key-id ${keyId}`)
    assert.deepEqual(deleted, imported)
    const text1 = await sh.refusal('KMSInvalidStateException', decrypt('Department=IT,Purpose=Test'))
    assert.equal(text1, `${arn} is pending import.`)
    const without = await describe(sh, keyId)
    assert.equal(without.KeyState, 'PendingImport')
    assert.equal(without.ExpirationModel, undefined)
    assert.equal(without.ValidTo, undefined)
    assert.equal(without.CurrentKeyMaterialId, imported['KeyMaterialId'])

    // Reimporting: other material is refused, the same is taken, and old ciphertexts open again.
    await sh.run('cp PlaintextKeyMaterial.bin Original.bin')
    await sh.run(newMaterial)
    await sh.run(wrap.RSAES_OAEP_SHA_256)
    await sh.refusal('IncorrectKeyMaterialException', upload(keyId))
    assert.equal((await describe(sh, keyId)).KeyState, 'PendingImport')
    await sh.run('mv Original.bin PlaintextKeyMaterial.bin')
    await download(sh, keyId, 'RSAES_OAEP_SHA_256', 'RSA_4096')
    await sh.run(wrap.RSAES_OAEP_SHA_256)
    assert.deepEqual(await sh.json(upload(keyId)), imported)
    const again = await describe(sh, keyId)
    assert.equal(again.ExpirationModel, 'KEY_MATERIAL_DOES_NOT_EXPIRE')
    assert.equal(again.ValidTo, undefined)
    await sh.run(decryptToFile)
  })

  test('takes the same material however it is wrapped', async t => {
    const sh = await shell(t)
    const keyId = await importedKey(sh)
    const { CurrentKeyMaterialId: materialId } = await describe(sh, keyId)
    for (const [algorithm, spec] of [
      ...algorithms.map(name => [name, 'RSA_2048'] as const),
      ['RSAES_OAEP_SHA_1', 'RSA_3072'],
      ['RSA_AES_KEY_WRAP_SHA_256', 'RSA_3072'],
      ['RSAES_PKCS1_V1_5', 'RSA_4096'],
      ['RSA_AES_KEY_WRAP_SHA_1', 'RSA_4096'],
    ] as const) {
      await download(sh, keyId, algorithm, spec)
      await sh.run(wrap[algorithm])
      // The id is a function of the material, and other material would be refused: all of its bytes have arrived.
      const imported = await sh.json(upload(keyId))
      assert.equal(imported['KeyMaterialId'], materialId, `${algorithm} with ${spec}`)
    }
  })

  // "Encrypting key material with OpenSSL" makes keys so, and converts them.
  const pairs: [
    title: string,
    key: { spec: string; generate: string; signing: string; digest: string; ways: [Algorithm, wrappingKey: string][] },
  ][] = [
    [
      'an RSA key',
      {
        spec: 'RSA_2048',
        generate: 'openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem',
        signing: 'RSASSA_PKCS1_V1_5_SHA_256',
        digest: 'sha256',
        ways: [
          ['RSA_AES_KEY_WRAP_SHA_256', 'RSA_4096'],
          ['RSA_AES_KEY_WRAP_SHA_1', 'RSA_2048'],
        ],
      },
    ],
    [
      'a key on P-256, as ecparam writes it',
      {
        spec: 'ECC_NIST_P256',
        generate: 'openssl ecparam -name prime256v1 -genkey -out key.pem',
        signing: 'ECDSA_SHA_256',
        digest: 'sha256',
        ways: [
          ['RSAES_OAEP_SHA_256', 'RSA_2048'],
          ['RSA_AES_KEY_WRAP_SHA_256', 'RSA_2048'],
        ],
      },
    ],
    [
      'a key on P-521',
      {
        spec: 'ECC_NIST_P521',
        generate: 'openssl ecparam -name secp521r1 -genkey -noout -out key.pem',
        signing: 'ECDSA_SHA_512',
        digest: 'sha512',
        ways: [
          ['RSAES_OAEP_SHA_256', 'RSA_4096'],
          ['RSAES_OAEP_SHA_1', 'RSA_3072'],
          ['RSA_AES_KEY_WRAP_SHA_256', 'RSA_2048'],
        ],
      },
    ],
  ]
  for (const [title, { spec, generate, signing, digest, ways }] of pairs) {
    test(`takes ${title}, which then signs for its owner`, async t => {
      const sh = await shell(t)
      const keyId = await createKey(sh, `--key-spec ${spec} --key-usage SIGN_VERIFY`)
      await sh.run(`${generate}\n${convert}`)
      for (const [algorithm, wrappingKey] of ways) {
        await download(sh, keyId, algorithm, wrappingKey)
        await sh.run(wrap[algorithm])
        assert.deepEqual(Object.keys(await sh.json(upload(keyId))), ['KeyId'], `${algorithm} with ${wrappingKey}`)
      }
      await sh.run(sameKey(keyId))
      await sh.write('message.txt', 'signed by the service\n')
      const verified = await sh.run(`
        aws kms sign --key-id ${keyId} --message fileb://message.txt --signing-algorithm ${signing} \
          --query Signature --output text | openssl enc -d -base64 -A -out message.sig
        openssl dgst -${digest} -verify public.pem -signature message.sig message.txt`)
      assert.equal(verified, 'Verified OK')
      // Another key of that spec is another key.
      await sh.run(`${generate}\n${convert}\n${wrap[ways.at(-1)![0]]}`)
      await sh.refusal('IncorrectKeyMaterialException', upload(keyId))
    })
  }

  test('takes an Ed25519 key', async t => {
    const sh = await shell(t)
    const keyId = await createKey(sh, '--key-spec ECC_NIST_EDWARDS25519 --key-usage SIGN_VERIFY')
    await sh.run(`openssl genpkey -algorithm ed25519 -out key.pem\n${convert}`)
    for (const algorithm of ['RSAES_OAEP_SHA_256', 'RSA_AES_KEY_WRAP_SHA_256'] as const) {
      await download(sh, keyId, algorithm)
      await sh.run(wrap[algorithm])
      await sh.run(upload(keyId))
    }
    await sh.run(sameKey(keyId))
    await sh.write('message.txt', 'signed by the service\n')
    const verified = await sh.run(`
      aws kms sign --key-id ${keyId} --message fileb://message.txt --signing-algorithm ED25519_SHA_512 \
        --query Signature --output text | openssl enc -d -base64 -A -out message.sig
      openssl pkeyutl -verify -pubin -inkey public.pem -rawin -in message.txt -sigfile message.sig`)
    assert.equal(verified, 'Signature Verified Successfully')
  })

  test('takes an HMAC secret, whose MACs openssl computes too', async t => {
    const sh = await shell(t)
    const keyId = await createKey(sh, '--key-spec HMAC_256 --key-usage GENERATE_VERIFY_MAC')
    await sh.run(newMaterial)
    for (const algorithm of algorithms) {
      await download(sh, keyId, algorithm)
      await sh.run(wrap[algorithm])
      assert.deepEqual(Object.keys(await sh.json(upload(keyId))), ['KeyId'], algorithm)
    }
    await sh.write('message.txt', 'authenticated by the service\n')
    await sh.run(`
      aws kms generate-mac --key-id ${keyId} --message fileb://message.txt --mac-algorithm HMAC_SHA_256 \
        --query Mac --output text | openssl enc -d -base64 -A -out service.mac
      openssl mac -binary -digest SHA256 -macopt "hexkey:$(xxd -p < PlaintextKeyMaterial.bin | tr -d '\\n')" \
        -in message.txt -out owner.mac HMAC
      cmp service.mac owner.mac`)
    await sh.run(newMaterial)
    await sh.run(wrap.RSAES_PKCS1_V1_5)
    await sh.refusal('InvalidCiphertextException', upload(keyId))
  })

  test('refuses private keys that are not PKCS #8, of another kind, or that do not fit', async t => {
    const sh = await shell(t)
    const keyId = await createKey(sh, '--key-spec ECC_NIST_P256 --key-usage KEY_AGREEMENT')
    await download(sh, keyId, 'RSA_AES_KEY_WRAP_SHA_256')
    for (const make of [
      'openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out PlaintextKeyMaterial.bin',
      'openssl ecparam -name prime256v1 -genkey -noout -outform der -out PlaintextKeyMaterial.bin',
      `openssl ecparam -name secp384r1 -genkey -out key.pem\n${convert}`,
      'openssl ecparam -name prime256v1 -genkey | openssl ec -pubout -outform der -out PlaintextKeyMaterial.bin',
    ]) {
      await sh.run(`${make}\n${wrap.RSA_AES_KEY_WRAP_SHA_256}`)
      await sh.refusal('InvalidCiphertextException', upload(keyId))
    }
    const parameters = (key: string, algorithm: Algorithm): string =>
      `aws kms get-parameters-for-import --key-id ${key} --wrapping-algorithm ${algorithm} --wrapping-key-spec RSA_2048`
    await sh.refusal('UnsupportedOperationException', parameters(keyId, 'RSAES_PKCS1_V1_5'))
    for (const spec of ['ECC_NIST_P521', 'RSA_2048']) {
      const large = await createKey(sh, `--key-spec ${spec} --key-usage SIGN_VERIFY`)
      await sh.refusal('UnsupportedOperationException', parameters(large, 'RSAES_OAEP_SHA_256'))
    }
  })

  test('refuses material that was wrapped by another algorithm than it was asked for', async t => {
    const sh = await shell(t)
    const keyId = await createKey(sh)
    await sh.run(newMaterial)
    for (const [asked, used, code] of [
      ['RSAES_OAEP_SHA_256', 'RSAES_OAEP_SHA_1', 'InvalidCiphertextException'],
      ['RSAES_OAEP_SHA_1', 'RSAES_PKCS1_V1_5', 'InvalidCiphertextException'],
      ['RSAES_PKCS1_V1_5', 'RSAES_OAEP_SHA_256', 'InvalidCiphertextException'],
      ['RSA_AES_KEY_WRAP_SHA_256', 'RSA_AES_KEY_WRAP_SHA_1', 'InvalidCiphertextException'],
      ['RSA_AES_KEY_WRAP_SHA_1', 'RSAES_OAEP_SHA_1', 'ValidationException'],
      ['RSAES_OAEP_SHA_256', 'RSA_AES_KEY_WRAP_SHA_256', 'ValidationException'],
    ] as const) {
      await download(sh, keyId, asked)
      await sh.run(wrap[used])
      const text = await sh.refusal(code, upload(keyId))
      if (code === 'ValidationException') assert.equal(text, 'Invalid encrypted key size.')
    }
    assert.equal((await describe(sh, keyId)).KeyState, 'PendingImport')
  })

  test('refuses what does not belong together, or is not 256 bits', async t => {
    const sh = await shell(t)
    const keyId = await createKey(sh)
    await sh.run(newMaterial)

    // The token of another key.
    await download(sh, await createKey(sh), 'RSAES_OAEP_SHA_256')
    await sh.run(wrap.RSAES_OAEP_SHA_256)
    await sh.refusal('InvalidImportTokenException', upload(keyId))

    // The token of another wrapping key.
    await download(sh, keyId, 'RSAES_OAEP_SHA_256')
    await sh.refusal('InvalidCiphertextException', upload(keyId))

    // A token that was changed under way.
    await sh.run(`
      cp ImportToken.bin Good.bin
      printf 'x' | dd of=ImportToken.bin bs=1 seek=100 conv=notrunc status=none`)
    await sh.run(wrap.RSAES_OAEP_SHA_256)
    await sh.refusal('InvalidImportTokenException', upload(keyId))

    // The base64 text of the token, which the guide says to decode.
    await sh.run('cp ImportToken.b64 ImportToken.bin')
    await sh.refusal('InvalidImportTokenException', upload(keyId))

    await sh.run('cp Good.bin ImportToken.bin; openssl rand -out PlaintextKeyMaterial.bin 16')
    await sh.run(wrap.RSAES_OAEP_SHA_256)
    await sh.refusal('InvalidCiphertextException', upload(keyId))

    await sh.run('openssl rand -hex 32 > PlaintextKeyMaterial.bin')
    await sh.run(wrap.RSAES_OAEP_SHA_256)
    await sh.refusal('InvalidCiphertextException', upload(keyId))

    assert.equal((await describe(sh, keyId)).KeyState, 'PendingImport')
    await sh.run(newMaterial)
    await sh.run(wrap.RSAES_OAEP_SHA_256)
    await sh.run(upload(keyId))
    assert.equal((await describe(sh, keyId)).KeyState, 'Enabled')
  })

  test('hands out parameters to a key id or ARN of a key for import, and to nothing else', async t => {
    const sh = await shell(t)
    const keyId = await createKey(sh)
    await sh.run(`aws kms create-alias --alias-name alias/refused --target-key-id ${keyId}`)
    const parameters = (key: string, algorithm = 'RSAES_OAEP_SHA_256', spec = 'RSA_2048'): string =>
      `aws kms get-parameters-for-import --key-id ${key} --wrapping-algorithm ${algorithm} --wrapping-key-spec ${spec}`

    await sh.refusal('InvalidArnException', parameters('alias/refused'))
    await sh.refusal('InvalidArnException', parameters('arn:aws:kms:us-east-1:000000000000:alias/refused'))
    const ours = await sh.run('aws kms create-key --query KeyMetadata.Arn --output text')
    assert.equal(
      await sh.refusal('UnsupportedOperationException', parameters(ours)),
      `${ours} origin is AWS_KMS which is not valid for this operation.`,
    )
    assert.match(
      await sh.refusal('ValidationException', parameters(keyId, 'RSAES_OAEP_SHA_512')),
      /^1 validation error detected: Value 'RSAES_OAEP_SHA_512' at 'wrappingAlgorithm' failed to satisfy constraint: Member must satisfy enum value set: \[/,
    )
    await sh.refusal('ValidationException', parameters(keyId, 'RSAES_OAEP_SHA_256', 'RSA_1024'))
    await sh.refusal('UnsupportedOperationException', parameters(keyId, 'SM2PKE', 'SM2'))
    await sh.run(`aws kms schedule-key-deletion --key-id ${keyId} --pending-window-in-days 7`)
    assert.match(await sh.refusal('KMSInvalidStateException', parameters(keyId)), / is pending deletion\.$/)
  })

  test('understands every form of a time that the CLI takes', async t => {
    const sh = await shell(t)
    const keyId = await importedKey(sh)
    const at = Date.parse(later(20 * day))
    const zulu = new Date(at).toISOString()
    const inBerlin = new Date(at + 120 * minute).toISOString()
    const midnight = Math.ceil(at / day) * day
    for (const [form, expected] of [
      [zulu.replace('.000Z', 'Z'), at],
      [inBerlin.replace('.000Z', '+02:00'), at],
      [zulu.replace('.000Z', ''), at],
      [new Date(midnight).toISOString().slice(0, 10), midnight],
      [String(at / 1000), at],
    ] as const) {
      await sh.run(upload(keyId, `--expiration-model KEY_MATERIAL_EXPIRES --valid-to '${form}'`))
      const { ValidTo, ExpirationModel } = await describe(sh, keyId)
      assert.equal(ExpirationModel, 'KEY_MATERIAL_EXPIRES')
      assert.equal(milliseconds(ValidTo), expected, form)
    }
    // Without a model the material expires.
    await sh.run(upload(keyId, `--valid-to ${later(10 * day)}`))
    assert.equal((await describe(sh, keyId)).ExpirationModel, 'KEY_MATERIAL_EXPIRES')
  })

  test('refuses expiration that makes no sense, and keeps the token good', async t => {
    const sh = await shell(t)
    const keyId = await createKey(sh)
    await sh.run(newMaterial)
    await download(sh, keyId, 'RSA_AES_KEY_WRAP_SHA_256')
    await sh.run(wrap.RSA_AES_KEY_WRAP_SHA_256)
    const expires = '--expiration-model KEY_MATERIAL_EXPIRES'
    for (const options of [
      '',
      expires,
      `${expires} --valid-to ${later(-minute)}`,
      `${expires} --valid-to ${later(366 * day)}`,
      `--expiration-model KEY_MATERIAL_DOES_NOT_EXPIRE --valid-to ${later(day)}`,
      '--expiration-model KEY_MATERIAL_ROTS',
    ]) {
      await sh.refusal('ValidationException', upload(keyId, options))
    }
    assert.equal(
      await sh.refusal('ValidationException', upload(keyId, expires)),
      'A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES',
    )
    await sh.run(upload(keyId, `${expires} --valid-to ${later(364 * day)}`))
  })

  test('loses the key at its time, and takes it back', async t => {
    // A server of its own: its clock is turned.
    const own = await start()
    t.after(() => own.stop())
    const sh = await openShell(t, { address: own.address, credentials: own.app.credentials })
    const keyId = await importedKey(sh)
    const encrypt = `aws kms encrypt --key-id ${keyId} --plaintext fileb://PlaintextKeyMaterial.bin`
    await sh.run(upload(keyId, `--valid-to ${later(2 * minute)}`))
    await sh.run(encrypt)
    // Less than what the signatures of a client, whose clock stays, may be late.
    own.clock.advance(3 * minute)
    assert.match(await sh.refusal('KMSInvalidStateException', encrypt), / is pending import\.$/)
    const expired = await describe(sh, keyId)
    assert.equal(expired.KeyState, 'PendingImport')
    assert.equal(expired.ValidTo, undefined)
    await sh.run(upload(keyId))
    await sh.run(encrypt)
  })

  test('rotates to new imported material, and still opens what the old one encrypted', async t => {
    const sh = await shell(t)
    if (!('ImportType' in (await sh.json('aws kms import-key-material --generate-cli-skeleton input')))) {
      return t.skip('wants an AWS CLI that knows --import-type: pip install --upgrade awscli')
    }
    const keyId = await importedKey(sh)
    const rotate = `aws kms rotate-key-on-demand --key-id ${keyId}`
    assert.match(await sh.refusal('KMSInvalidStateException', rotate), /^No available key material pending rotation/)
    await sh.run('cp PlaintextKeyMaterial.bin Old.bin')
    const encrypt = (output: string): string => `
      aws kms encrypt --key-id ${keyId} --plaintext fileb://Old.bin --output text --query CiphertextBlob |
        openssl enc -d -base64 -A -out ${output}`
    const decrypt = (input: string): string => `aws kms decrypt --ciphertext-blob fileb://${input}`
    const materialOf = (input: string): Promise<string> =>
      sh.run(`${decrypt(input)} --query KeyMaterialId --output text`)
    const { Arn: arn, CurrentKeyMaterialId: first = '' } = await describe(sh, keyId)
    await sh.run(encrypt('Before.bin'))

    await sh.refusal(
      'IncorrectKeyMaterialException',
      upload(keyId, '--import-type NEW_KEY_MATERIAL --valid-to ' + later(day)),
    )
    await sh.run(newMaterial)
    await sh.run(wrap.RSAES_OAEP_SHA_256)
    const forEver = '--expiration-model KEY_MATERIAL_DOES_NOT_EXPIRE'
    await sh.refusal('IncorrectKeyMaterialException', upload(keyId, forEver))
    const { KeyMaterialId: second } = await sh.json<{ KeyMaterialId: string }>(
      upload(keyId, `${forEver} --import-type NEW_KEY_MATERIAL --key-material-description "second one"`),
    )
    assert.notEqual(second, first)
    assert.equal((await describe(sh, keyId)).CurrentKeyMaterialId, first)

    const rotations = (options = ''): Promise<Record<string, string | number>[]> =>
      sh.json(`aws kms list-key-rotations --key-id ${keyId} ${options} --query Rotations`)
    const all = '--include-key-material ALL_KEY_MATERIAL'
    assert.deepEqual(await rotations(), [])
    const about = { KeyId: arn, ImportState: 'IMPORTED', ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' }
    const described = { ...about, KeyMaterialId: second, KeyMaterialDescription: 'second one' }
    assert.deepEqual(await rotations(all), [
      { ...about, KeyMaterialId: first, KeyMaterialState: 'CURRENT' },
      { ...described, KeyMaterialState: 'PENDING_ROTATION' },
    ])

    await sh.run(rotate)
    assert.equal((await describe(sh, keyId)).CurrentKeyMaterialId, second)
    const [rotation, ...others] = await rotations()
    assert.deepEqual(others, [])
    const { RotationDate: rotatedAt, ...rest } = rotation ?? {}
    assert.deepEqual(rest, { ...described, KeyMaterialState: 'CURRENT', RotationType: 'ON_DEMAND' })
    assert.ok(Math.abs(milliseconds(rotatedAt) - Date.now()) < minute, `rotated at ${rotatedAt}`)
    assert.equal((await rotations(all))[0]?.['KeyMaterialState'], 'NON_CURRENT')

    await sh.run(encrypt('After.bin'))
    assert.equal(await materialOf('Before.bin'), first)
    assert.equal(await materialOf('After.bin'), second)

    // Without its first material the key decrypts nothing, until that is back.
    await sh.run(`aws kms delete-imported-key-material --key-id ${keyId} --key-material-id ${first}`)
    await sh.refusal('KMSInvalidStateException', decrypt('After.bin'))
    assert.deepEqual(
      (await rotations(all)).map(({ ImportState, KeyMaterialState }) => [KeyMaterialState, ImportState]),
      [
        ['NON_CURRENT', 'PENDING_IMPORT'],
        ['CURRENT', 'IMPORTED'],
      ],
    )
    await sh.refusal('IncorrectKeyMaterialException', upload(keyId, `${forEver} --key-material-id ${first}`))
    await sh.run('cp Old.bin PlaintextKeyMaterial.bin')
    await sh.run(wrap.RSAES_OAEP_SHA_256)
    await sh.run(upload(keyId, `${forEver} --import-type EXISTING_KEY_MATERIAL --key-material-id ${first}`))
    assert.equal(await materialOf('Before.bin'), first)
    assert.equal(await materialOf('After.bin'), second)
  })
})
