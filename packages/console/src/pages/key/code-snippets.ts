import { callsFor, context, type Call, type Value } from './code-calls.ts'
import { algorithmsOf, kindOf, regionOf, type Key } from './key.ts'
import { cliLine, fileWord, quote, writtenWord } from './shell.ts'

/** Programs and configuration for one key at this endpoint. */

export const tools = [
  'cli',
  'javascript',
  'python',
  'go',
  'java',
  'terraform',
  'sops',
  'encryption-sdk',
  'openssl',
] as const
export type Tool = (typeof tools)[number]

interface Place {
  arn: string
  endpoint: string
  region: string
}

/** The text for a tool; undefined if it has no use for such a key. */
export function snippet(tool: Tool, key: Key, endpoint: string): string | undefined {
  const at = { arn: key.Arn, endpoint, region: regionOf(key.Arn) }
  const calls = callsFor(key)
  switch (tool) {
    case 'cli':
      return cli(calls, at)
    case 'javascript':
      return javascript(calls, at)
    case 'python':
      return python(calls, at)
    case 'go':
      return go(calls, at)
    case 'java':
      return java(calls, at)
    case 'terraform':
      return terraform(key, at)
    case 'sops':
      return kindOf(key) === 'symmetric' ? sops(at) : undefined
    case 'encryption-sdk':
      return kindOf(key) === 'symmetric' ? encryptionSdk(at) : undefined
    case 'openssl':
      return kindOf(key) === 'asymmetric' ? openssl(key, at) : undefined
  }
}

const lines = (...parts: (string | readonly string[])[]): string => parts.flat().join('\n')
const first = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1)
/** In the quotes that all languages but the shell have in common; nothing here needs more than JSON escapes. */
const text = (value: string): string => JSON.stringify(value)

const exports = ({ endpoint, region }: Place): string[] => [
  `export AWS_ENDPOINT_URL_KMS=${quote(endpoint)}`,
  `export AWS_REGION=${region} AWS_DEFAULT_REGION=${region}`,
]

function cli(calls: readonly Call[], at: Place): string {
  const decode = 'openssl enc -d -base64 -A'
  const blobOf = (value: Value): string | undefined => {
    if (value.is === 'text') return writtenWord(`printf %s ${quote(value.text)}`)
    if (value.is === 'file') return fileWord(value.name)
    return value.is === 'result' ? writtenWord(`printf %s "$RESULT" | ${decode}`) : undefined
  }
  const lineFor = ({ operation, members }: Call): string => {
    const input: Record<string, unknown> = {}
    const blobs: Record<string, string> = {}
    for (const [name, value] of members) {
      input[name] =
        value.is === 'key' ? at.arn : value.is === 'name' ? value.name : value.is === 'context' ? context : ''
      const blob = blobOf(value)
      if (blob !== undefined) blobs[name] = blob
    }
    return cliLine(operation, input, { blobs })
  }
  const blocks = calls.map((call, index) => {
    const line = `${lineFor(call)} \\\n  --query ${call.gives} --output text`
    if (index < calls.length - 1) return `RESULT=$(${line})`
    // What came in as text comes out as text; a secret had better stay base64.
    return call.gives === 'Plaintext' ? `${line} | ${decode}` : line
  })
  return [exports(at).join('\n'), ...blocks].join('\n\n')
}

const usesFile = (calls: readonly Call[]): boolean =>
  calls.some(({ members }) => members.some(([, value]) => value.is === 'file'))

function javascript(calls: readonly Call[], { arn, endpoint, region }: Place): string {
  const valueOf = (value: Value): string => {
    if (value.is === 'key') return text(arn)
    if (value.is === 'text') return `new TextEncoder().encode(${text(value.text)})`
    if (value.is === 'file') return `readFileSync(${text(value.name)})`
    if (value.is === 'context') return `{ purpose: ${text(context.purpose)} }`
    return value.is === 'name' ? text(value.name) : `${calls[0]?.variable}.${calls[0]?.gives}`
  }
  const names = calls.map(({ operation }) => `${operation}Command`).join(', ')
  return lines(
    `import { KMSClient, ${names} } from '@aws-sdk/client-kms'`,
    usesFile(calls) ? `import { readFileSync } from 'node:fs'` : [],
    '',
    `const kms = new KMSClient({ endpoint: ${text(endpoint)}, region: ${text(region)} })`,
    calls.flatMap(({ operation, variable, members }) => [
      '',
      `const ${variable} = await kms.send(`,
      `  new ${operation}Command({`,
      ...members.map(([name, value]) => `    ${name}: ${valueOf(value)},`),
      '  }),',
      ')',
    ]),
    calls.slice(-1).map(({ variable, gives, isBytes }) => {
      const shown = `${variable}.${gives}`
      if (!isBytes) return `console.log(${shown})`
      return `console.log(Buffer.from(${shown}).toString(${text(gives === 'Plaintext' ? 'utf8' : 'base64')}))`
    }),
    '',
  )
}

const snake = (name: string): string => name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase()

function python(calls: readonly Call[], { arn, endpoint, region }: Place): string {
  const valueOf = (value: Value): string => {
    if (value.is === 'key') return text(arn)
    if (value.is === 'text') return `b${text(value.text)}`
    if (value.is === 'file') return `open(${text(value.name)}, "rb").read()`
    if (value.is === 'context') return `{"purpose": ${text(context.purpose)}}`
    return value.is === 'name' ? text(value.name) : `${calls[0]?.variable}[${text(calls[0]?.gives ?? '')}]`
  }
  return lines(
    'import boto3',
    '',
    `kms = boto3.client("kms", endpoint_url=${text(endpoint)}, region_name=${text(region)})`,
    calls.flatMap(({ operation, variable, members }) => [
      '',
      `${variable} = kms.${snake(operation)}(`,
      ...members.map(([name, value]) => `    ${name}=${valueOf(value)},`),
      ')',
    ]),
    calls.slice(-1).map(({ variable, gives }) => `print(${variable}[${text(gives)}])`),
    '',
  )
}

function go(calls: readonly Call[], { arn, endpoint, region }: Place): string {
  const valueOf = (value: Value): string => {
    if (value.is === 'key') return `aws.String(${text(arn)})`
    if (value.is === 'text') return `[]byte(${text(value.text)})`
    if (value.is === 'file') return 'file'
    if (value.is === 'context') return `map[string]string{"purpose": ${text(context.purpose)}}`
    if (value.is === 'name') return `types.${value.type}(${text(value.name)})`
    return `${calls[0]?.variable}.${calls[0]?.gives}`
  }
  const hasNames = calls.some(({ members }) => members.some(([, value]) => value.is === 'name'))
  const fail = ['\tif err != nil {', '\t\tlog.Fatal(err)', '\t}']
  return lines(
    'package main',
    '',
    'import (',
    '\t"context"',
    '\t"fmt"',
    '\t"log"',
    usesFile(calls) ? '\t"os"' : [],
    '',
    '\t"github.com/aws/aws-sdk-go-v2/aws"',
    '\t"github.com/aws/aws-sdk-go-v2/config"',
    '\t"github.com/aws/aws-sdk-go-v2/service/kms"',
    hasNames ? '\t"github.com/aws/aws-sdk-go-v2/service/kms/types"' : [],
    ')',
    '',
    'func main() {',
    '\tctx := context.Background()',
    `\tcfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(${text(region)}))`,
    fail,
    '\tclient := kms.NewFromConfig(cfg, func(o *kms.Options) {',
    `\t\to.BaseEndpoint = aws.String(${text(endpoint)})`,
    '\t})',
    usesFile(calls) ? ['', '\tfile, err := os.ReadFile("peer-public.der")', ...fail] : [],
    calls.flatMap(({ operation, variable, members }) => [
      '',
      `\t${variable}, err := client.${operation}(ctx, &kms.${operation}Input{`,
      ...aligned(members.map(([name, value]) => [`${name}:`, `${valueOf(value)},`] as const)).map(
        line => `\t\t${line}`,
      ),
      '\t})',
      ...fail,
    ]),
    calls.slice(-1).map(({ variable, gives, isBytes }) => {
      const format = gives === 'Plaintext' ? '%s' : isBytes ? '%x' : '%t'
      return `\tfmt.Printf("${format}\\n", ${variable}.${gives})`
    }),
    '}',
    '',
  )
}

/** As gofmt sets the values of a struct below each other. */
function aligned(pairs: readonly (readonly [name: string, value: string])[]): string[] {
  const width = Math.max(...pairs.map(([name]) => name.length))
  return pairs.map(([name, value]) => `${name.padEnd(width)} ${value}`)
}

function java(calls: readonly Call[], { arn, endpoint, region }: Place): string {
  const valueOf = (value: Value): string => {
    if (value.is === 'key') return text(arn)
    if (value.is === 'text') return `SdkBytes.fromUtf8String(${text(value.text)})`
    if (value.is === 'file') return `SdkBytes.fromByteArray(Files.readAllBytes(Path.of(${text(value.name)})))`
    if (value.is === 'context') return `Map.of("purpose", ${text(context.purpose)})`
    return value.is === 'name' ? text(value.name) : `${calls[0]?.variable}.${first(calls[0]?.gives ?? '')}()`
  }
  const has = (kind: Value['is']): boolean => calls.some(({ members }) => members.some(([, { is }]) => is === kind))
  return lines(
    'import java.net.URI;',
    usesFile(calls) ? ['import java.nio.file.Files;', 'import java.nio.file.Path;'] : [],
    has('context') ? 'import java.util.Map;' : [],
    has('text') || has('file') ? 'import software.amazon.awssdk.core.SdkBytes;' : [],
    'import software.amazon.awssdk.regions.Region;',
    'import software.amazon.awssdk.services.kms.KmsClient;',
    '',
    'public class Example {',
    '    public static void main(String[] args) throws Exception {',
    '        try (var kms = KmsClient.builder()',
    `                .endpointOverride(URI.create(${text(endpoint)}))`,
    `                .region(Region.of(${text(region)}))`,
    '                .build()) {',
    calls.flatMap(({ operation, variable, members }) => [
      `            var ${variable} = kms.${first(operation)}(request -> request`,
      ...members.map(([name, value], index) => {
        const end = index === members.length - 1 ? ');' : ''
        return `                .${first(name)}(${valueOf(value)})${end}`
      }),
    ]),
    calls.slice(-1).map(({ variable, gives, isBytes }) => {
      const suffix = isBytes && gives === 'Plaintext' ? '.asUtf8String()' : ''
      return `            System.out.println(${variable}.${first(gives)}()${suffix});`
    }),
    '        }',
    '    }',
    '}',
    '',
  )
}

function terraform(key: Key, { arn, endpoint, region }: Place): string {
  const isReplica = key.MultiRegionConfiguration?.MultiRegionKeyType === 'REPLICA'
  const isExternal = key.Origin === 'EXTERNAL'
  const resource =
    key.Origin === 'EXTERNAL_KEY_STORE' || key.CustomKeyStoreId !== undefined
      ? 'aws_kms_key'
      : `aws_kms${isReplica ? '_replica' : ''}${isExternal ? '_external' : ''}_key`
  return lines(
    'provider "aws" {',
    `  region = ${text(region)}`,
    '',
    '  endpoints {',
    `    kms = ${text(endpoint)}`,
    `    iam = ${text(endpoint)}`,
    `    sts = ${text(endpoint)}`,
    '  }',
    '}',
    '',
    'data "aws_kms_key" "this" {',
    `  key_id = ${text(arn)}`,
    '}',
    '',
    '# To manage the key as it is from now on:',
    '#   terraform plan -generate-config-out=key.tf',
    'import {',
    `  to = ${resource}.this`,
    `  id = ${text(key.KeyId)}`,
    '}',
    '',
  )
}

function sops(at: Place): string {
  return lines(
    '# .sops.yaml',
    'creation_rules:',
    `  - kms: ${text(at.arn)}`,
    '',
    '# In the shell:',
    ...exports(at).map(line => `#   ${line}`),
    '#   sops encrypt secrets.yaml > secrets.enc.yaml',
    '#   sops decrypt secrets.enc.yaml',
    '',
  )
}

function encryptionSdk(at: Place): string {
  const keys = `--wrapping-keys key=${quote(at.arn)}`
  const rest = `--encryption-context purpose=${context.purpose} --suppress-metadata`
  return lines(
    exports(at),
    '',
    `aws-encryption-cli --encrypt --input secret.txt --output secret.txt.encrypted \\\n  ${keys} \\\n  ${rest}`,
    '',
    `aws-encryption-cli --decrypt --input secret.txt.encrypted --output secret.txt.decrypted \\\n  ${keys} \\\n  ${rest}`,
    '',
  )
}

/** What others do with the public key alone; openssl 3, for ML-DSA and ML-KEM 3.5. */
function openssl(key: Key, at: Place): string {
  const fetch = `${cliLine('GetPublicKey', { KeyId: at.arn }, {})} \\\n  --query PublicKey --output text | openssl enc -d -base64 -A \\\n  | openssl pkey -pubin -inform DER -out public.pem`
  return lines(exports(at), '', '# The public key', fetch, '', publicUse(key), '')
}

function publicUse(key: Key): string[] {
  const algorithm = algorithmsOf(key)[0] ?? ''
  const hash = /SHA_(\d+)$/.exec(algorithm)?.[1] ?? ''
  switch (key.KeyUsage) {
    case 'ENCRYPT_DECRYPT': {
      const padding = `-pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha${hash} -pkeyopt rsa_mgf1_md:sha${hash}`
      return [
        `# Encrypts for the key, for Decrypt with ${algorithm}`,
        `openssl pkeyutl -encrypt -pubin -inkey public.pem -in secret.txt -out secret.bin \\\n  ${padding}`,
      ]
    }
    case 'SIGN_VERIFY': {
      const title = `# Verifies what Sign made with ${algorithm} and MessageType RAW`
      if (algorithm.startsWith('RSASSA') || algorithm.startsWith('ECDSA')) {
        const isPss = algorithm.startsWith('RSASSA_PSS')
        const padding = isPss ? ' -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest' : ''
        return [title, `openssl dgst -sha${hash} -verify public.pem${padding} -signature message.sig message.txt`]
      }
      const inputs = '-rawin -in message.txt -sigfile message.sig'
      return [title, `openssl pkeyutl -verify -pubin -inkey public.pem ${inputs}`]
    }
    case 'KEY_AGREEMENT':
      return [
        '# The other side: a key of its own, and the same secret that DeriveSharedSecret gives',
        `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-${/\d+$/.exec(key.KeySpec)?.[0] ?? ''} -out peer.pem`,
        'openssl pkey -in peer.pem -pubout -outform DER -out peer-public.der',
        'openssl pkeyutl -derive -inkey peer.pem -peerkey public.pem | openssl enc -base64 -A',
      ]
    case 'GENERATE_VERIFY_MAC':
      return []
    case 'ENCAPSULATE_DECAPSULATE':
      return [
        '# A secret, and what lets the key find it with Decapsulate',
        'openssl pkeyutl -encap -pubin -inkey public.pem -secret secret.bin -out ciphertext.bin',
      ]
  }
}
