import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { formOf, makeChain, makeDocument, pem } from '../../packages/server/test/support/attestation.ts'
import { start } from '../../packages/server/test/support/server.ts'
import { lacking, makeFolder, openShell, tellVersions } from './support.ts'

// What an enclave does that has no SDK of AWS: it makes an RSA key, has it attested, and opens the answer, which is CMS
// EnvelopedData, with openssl.

const skip = await lacking('bash', 'openssl')

suite('answers for enclaves with openssl', { skip }, () => {
  for (const bits of [2048, 4096]) {
    test(`openssl cms opens what is answered for an RSA key of ${bits} bits`, async t => {
      await tellVersions(t, 'openssl')
      const chain = makeChain(Date.now())
      const roots = join(await makeFolder(t), 'roots.pem')
      await writeFile(roots, pem(chain.authorities[0] ?? assert.fail()))
      const server = await start(['--attestation-roots', roots])
      t.after(() => server.stop())
      const kms = server.client()

      const sh = await openShell(t)
      await sh.run(`openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:${bits} -out key.pem`)
      const publicKey = createPublicKey(await sh.run('openssl pkey -in key.pem -pubout'))
      const document = makeDocument(formOf(chain, publicKey, Date.now()))
      const Recipient = { KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_256', AttestationDocument: document } as const
      const opened = async (envelope: Uint8Array = new Uint8Array()): Promise<string> => {
        await sh.write('envelope.ber', envelope)
        return await sh.run('openssl cms -decrypt -inform DER -in envelope.ber -inkey key.pem | xxd -p | tr -d "\\n"')
      }

      const { KeyMetadata } = await kms.createKey({})
      const KeyId = KeyMetadata?.KeyId ?? ''
      const Plaintext = Buffer.from('what only the enclave may see')
      const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext })
      const decrypted = await kms.decrypt({ CiphertextBlob, Recipient })
      assert.equal(await opened(decrypted.CiphertextForRecipient), Plaintext.toString('hex'))

      const made = await kms.generateDataKey({ KeyId, KeySpec: 'AES_256', Recipient })
      const dataKey = await opened(made.CiphertextForRecipient)
      const { Plaintext: same = new Uint8Array() } = await kms.decrypt({ CiphertextBlob: made.CiphertextBlob })
      assert.equal(dataKey, Buffer.from(same).toString('hex'))
    })
  }
})
