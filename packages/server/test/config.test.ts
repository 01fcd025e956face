import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  ConfigError,
  flagOf,
  loadConfig,
  nearest,
  options,
  optionsHelp,
  variableOf,
  type Config,
} from '../src/config.ts'

interface Given {
  argv?: string[]
  environment?: Record<string, string>
  files?: Record<string, string>
}

function load({ argv = [], environment = {}, files = {} }: Given): Config {
  return loadConfig(argv, { HOME: '/home/ann', ...environment }, path => {
    const text = files[path]
    if (text === undefined) throw new Error('no such file')
    return Buffer.from(text)
  })
}

/** Options in a file. */
const yaml = (text: string): Given => ({ argv: ['--config', 'k.yaml'], files: { 'k.yaml': text } })

test('starts with nothing given', () => {
  const { regions, ...config } = load({})
  assert.deepEqual(config, {
    config: undefined,
    host: '127.0.0.1',
    port: 4599,
    allowPlainHttp: false,
    hosts: [],
    basePath: '',
    tls: { certificate: undefined, key: undefined },
    data: '/home/ann/.local/share/keyreeve',
    root: { keyFile: '/home/ann/.local/share/keyreeve.root.key', passphrase: undefined },
    account: '000000000000',
    bootstrap: undefined,
    wrapping: { pkcs1v15: 'allow', poolSize: 4 },
    xks: { ca: undefined, port: 443, timeout: 1000, allowLoopback: false },
    oidc: { ca: undefined, allowLoopback: false },
    quotas: 'off',
    attestation: { roots: undefined },
    adminHost: '127.0.0.1',
    adminPort: undefined,
    log: 'info',
  })
  assert.equal(regions[0], 'us-east-1')
  assert.equal(new Set(regions).size, 36)
})

test('cannot be changed afterwards', () => {
  const config = load({})
  for (const object of [config, config.tls, config.root, config.regions]) assert.ok(Object.isFrozen(object))
})

const port = ({ argv, environment, file }: { argv?: string[]; environment?: Record<string, string>; file?: string }) =>
  load({
    argv: [...(argv ?? []), ...(file === undefined ? [] : ['--config=k.yaml'])],
    ...(environment && { environment }),
    files: { 'k.yaml': file ?? '' },
  }).port

test('takes a flag before a variable, a variable before the file, the file before the default', () => {
  const argv = ['--port', '1']
  const environment = { KEYREEVE_PORT: '2' }
  const file = 'port: 3'
  assert.equal(port({ argv, environment, file }), 1)
  assert.equal(port({ environment, file }), 2)
  assert.equal(port({ file }), 3)
  assert.equal(port({}), 4599)
})

const read: [title: string, given: Given, member: (config: Config) => unknown, value: unknown][] = [
  ['a flag with a space', { argv: ['--log', 'debug'] }, config => config.log, 'debug'],
  ['a flag with an equals sign', { argv: ['--log=debug'] }, config => config.log, 'debug'],
  ['a value with an equals sign', { argv: ['--data=/a=b'] }, config => config.data, '/a=b'],
  ['a switch without value', { argv: ['--allow-plain-http', '--host', '::'] }, config => config.host, '::'],
  ['a switch that says no', { argv: ['--allow-plain-http=no'] }, config => config.allowPlainHttp, false],
  ['a switch by variable', { environment: { KEYREEVE_ALLOW_PLAIN_HTTP: 'true' } }, c => c.allowPlainHttp, true],
  ['port 0', { argv: ['--port=0'] }, config => config.port, 0],
  ['a group by flag', { argv: ['--wrapping-pool-size=0'] }, config => config.wrapping.poolSize, 0],
  [
    'a group by variable',
    { environment: { KEYREEVE_WRAPPING_PKCS1V15: 'refuse' } },
    c => c.wrapping.pkcs1v15,
    'refuse',
  ],
  ['a group by file', yaml('wrapping:\n  pkcs1v15: refuse\n'), config => config.wrapping.pkcs1v15, 'refuse'],
  ['an account with leading zeros by file', yaml('account: 000000000012'), config => config.account, '000000000012'],
  ['a list with commas', { argv: ['--hosts=kms.test, a.test'] }, config => config.hosts, ['kms.test', 'a.test']],
  ['a list in YAML', yaml('hosts:\n  - kms.test\n  - a.test\n'), config => config.hosts, ['kms.test', 'a.test']],
  ['a list in YAML with commas', yaml('hosts: kms.test,a.test'), config => config.hosts, ['kms.test', 'a.test']],
  ['a list without its repetitions', { argv: ['--regions=eu-west-1,eu-west-1'] }, c => c.regions, ['eu-west-1']],
  ['an empty file', yaml(''), config => config.port, 4599],
  ['a file named by variable', { environment: { KEYREEVE_CONFIG: 'k' }, files: { k: 'port: 3' } }, c => c.port, 3],
  ['a base path', { argv: ['--base-path=/kms/v1'] }, config => config.basePath, '/kms/v1'],
  ['a base path of nothing but the root', { argv: ['--base-path=/'] }, config => config.basePath, ''],
  ['the data folder of XDG', { environment: { XDG_DATA_HOME: '/xdg' } }, config => config.data, '/xdg/keyreeve'],
  ['no relative XDG', { environment: { XDG_DATA_HOME: 'x' } }, c => c.data, '/home/ann/.local/share/keyreeve'],
  ['a root key beside the data', { argv: ['--data=/srv/kms/'] }, config => config.root.keyFile, '/srv/kms.root.key'],
  ['a root key elsewhere', { argv: ['--root-key-file=/media/key'] }, config => config.root.keyFile, '/media/key'],
  ['an administration port', { argv: ['--admin-port=9000'] }, config => config.adminPort, 9000],
  ['an empty variable as none', { environment: { KEYREEVE_PORT: '' } }, config => config.port, 4599],
  ['loopback without TLS', { argv: ['--host=127.1.2.3'] }, config => config.host, '127.1.2.3'],
  ['IPv6 loopback without TLS', { argv: ['--host=::1'] }, config => config.host, '::1'],
  [
    'the world with TLS',
    { argv: ['--host=0.0.0.0', '--tls-certificate=c.pem', '--tls-key=k.pem'] },
    config => config.tls,
    { certificate: 'c.pem', key: 'k.pem' },
  ],
  ["tests' own variable as nothing", { environment: { KEYREEVE_VECTORS: '/v' } }, config => config.port, 4599],
  [
    "the command line's variable for its clients as nothing",
    { environment: { KEYREEVE_ENDPOINT: 'http://127.0.0.1:1' } },
    config => config.port,
    4599,
  ],
  [
    "Kubernetes' variables for a Service of the same name as nothing",
    {
      environment: {
        KEYREEVE_SERVICE_HOST: '10.0.0.1',
        KEYREEVE_SERVICE_PORT: '4599',
        KEYREEVE_SERVICE_PORT_HTTP: '4599',
        KEYREEVE_PORT: 'tcp://10.0.0.1:4599',
        KEYREEVE_PORT_4599_TCP: 'tcp://10.0.0.1:4599',
        KEYREEVE_PORT_4599_TCP_PROTO: 'tcp',
        KEYREEVE_PORT_4599_TCP_PORT: '4599',
        KEYREEVE_PORT_4599_TCP_ADDR: '10.0.0.1',
      },
    },
    config => config.port,
    4599,
  ],
]
for (const [title, given, member, value] of read) {
  test(`reads ${title}`, () => assert.deepEqual(member(load(given)), value))
}

const passphrases: [title: string, given: Given][] = [
  ['its variable', { environment: { KEYREEVE_ROOT_PASSPHRASE: 'sésame' } }],
  [
    'the file of a variable',
    { environment: { KEYREEVE_ROOT_PASSPHRASE_FILE: '/run/p' }, files: { '/run/p': 'sésame\n' } },
  ],
  [
    'a file without newline',
    { environment: { KEYREEVE_ROOT_PASSPHRASE_FILE: '/run/p' }, files: { '/run/p': 'sésame' } },
  ],
  [
    'the file that the file names',
    { argv: ['--config=k'], files: { k: 'root: { passphraseFile: /run/p }', '/run/p': 'sésame\r\n' } },
  ],
]
for (const [title, given] of passphrases) {
  test(`reads a passphrase from ${title}`, () => assert.equal(load(given).root.passphrase?.toString(), 'sésame'))
}

const refusals: [title: string, given: Given, message: RegExp][] = [
  ['an unknown flag', { argv: ['--frobnicate'] }, /^There is no option --frobnicate\.$/],
  ['a misspelt flag', { argv: ['--prot', '1'] }, /^There is no option --prot\. Did you mean --port\?$/],
  ['a flag cut short', { argv: ['--tls-cert=x'] }, /Did you mean --tls-certificate\?$/],
  ['a flag in its spelling for files', { argv: ['--basePath=/x'] }, /Did you mean --base-path\?$/],
  ['an argument that is no flag', { argv: ['serve'] }, /^Unexpected argument serve/],
  ['a short flag', { argv: ['-p', '1'] }, /^Unexpected argument -p/],
  ['a flag without value', { argv: ['--port'] }, /^--port needs a value\.$/],
  ['a flag before a flag', { argv: ['--port', '--log=debug'] }, /^--port needs a value\.$/],
  ['a flag twice', { argv: ['--port=1', '--port=2'] }, /^--port is there twice\.$/],
  ['a secret as a flag', { argv: ['--root-passphrase=x'] }, /^--root-passphrase would show it .*_FILE\.$/],
  [
    'a misspelt variable',
    { environment: { KEYREEVE_PROT: '1' } },
    /^There is no variable .* Did you mean KEYREEVE_PORT\?$/,
  ],
  ['a variable in lower case', { environment: { keyreeve_port: '1' } }, /Did you mean KEYREEVE_PORT\?$/],
  ['an unknown variable, even empty', { environment: { KEYREEVE_FROBNICATE: '' } }, /^There is no variable/],
  [
    'a file for what is no secret',
    { environment: { KEYREEVE_PORT_FILE: '/p' } },
    /^There is no variable KEYREEVE_PORT_FILE/,
  ],
  ['an unknown key in the file', yaml('frobnicate: 1'), /^k\.yaml: there is no option frobnicate\.$/],
  [
    'a misspelt key in the file',
    yaml('tls: { kei: x }'),
    /^k\.yaml: there is no option tls\.kei\. Did you mean tls\.key\?$/,
  ],
  ['a passphrase in the file', yaml('root: { passphrase: x }'), /Did you mean root\.passphraseFile\?$/],
  ['a file that names another', yaml('config: x'), /^k\.yaml: there is no option config\.$/],
  ['a prototype in the file', yaml('__proto__: { port: 1 }'), /^k\.yaml: there is no option __proto__\.$/],
  ['a group without options', yaml('tls: x'), /^k\.yaml: tls is a group of options/],
  ['a key without value', yaml('host:'), /^host in k\.yaml must be a host name/],
  ['a list for what is none', yaml('port: [1, 2]'), /^k\.yaml: port must be port\.$/],
  ['a list of lists', yaml('hosts: [[a]]'), /^k\.yaml: hosts must be list of host\.$/],
  ['a file that is a list', yaml('- port'), /^k\.yaml must hold options/],
  ['a key twice', yaml('port: 1\nport: 2'), /^k\.yaml: Map keys must be unique at line 2, column 1\.$/],
  ['broken YAML', yaml('port: "1'), /^k\.yaml: .* at line 1/],
  ['a missing file', { argv: ['--config=none'] }, /^--config names none, which cannot be read: no such file$/],
  ['a port beyond 65535', { argv: ['--port=65536'] }, /^--port must be a number from 0 to 65535, not "65536"\.$/],
  ['a negative port', { argv: ['--port=-1'] }, /^--port must be a number/],
  ['a port in hexadecimal', { argv: ['--port=0x10'] }, /^--port must be a number/],
  ['an empty port', { argv: ['--port='] }, /^--port must be a number/],
  ['a fraction', yaml('wrapping: { poolSize: 1.5 }'), /^wrapping\.poolSize in k\.yaml must be a number/],
  ['a switch of something else', yaml('allowPlainHttp: maybe'), /must be yes or no, not "maybe"\.$/],
  ['a word off the list', { argv: ['--log=loud'] }, /^--log must be info or debug or silent, not "loud"\.$/],
  [
    'an account of 11 digits',
    { environment: { KEYREEVE_ACCOUNT: '00000000000' } },
    /^KEYREEVE_ACCOUNT must be 12 digits/,
  ],
  ['what is no Region', { argv: ['--regions=us-east-1,mars'] }, /^--regions must be a Region/],
  ['no Region', { argv: ['--regions='] }, /^--regions must be a Region/],
  [
    'a host with a port',
    { argv: ['--hosts=kms.test:443'] },
    /^--hosts must be a host name or an IP address, without port/,
  ],
  ['a base path that ends in a slash', { argv: ['--base-path=/kms/'] }, /^--base-path must be such as \/kms/],
  ['a base path with dots', { argv: ['--base-path=/a/../b'] }, /^--base-path must be/],
  ['a relative base path', { argv: ['--base-path=kms'] }, /^--base-path must be/],
  ['a certificate without key', { argv: ['--tls-certificate=c'] }, /^tls\.certificate and tls\.key go together/],
  ['a key without certificate', { argv: ['--tls-key=k'] }, /^tls\.certificate and tls\.key go together/],
  ['the world without TLS', { argv: ['--host=0.0.0.0'] }, /^On 0\.0\.0\.0 others could read .* allowPlainHttp\.$/],
  ['a name without TLS', { argv: ['--host=kms.test'] }, /^On kms\.test others could read/],
  ['a name that only looks like loopback', { argv: ['--host=127.kms.test'] }, /^On 127\.kms\.test others could read/],
  ['a root key inside the data', { argv: ['--data=/d', '--root-key-file=/d/x/../key'] }, /must not lie inside data/],
  ['data in no folder of its own', { argv: ['--data=/srv/..'] }, /^data must name a folder of its own\.$/],
  ['no home', { environment: { HOME: '' } }, /^Set data: without HOME/],
  [
    'a passphrase twice',
    { environment: { KEYREEVE_ROOT_PASSPHRASE: 'x', KEYREEVE_ROOT_PASSPHRASE_FILE: '/p' } },
    /^Set KEYREEVE_ROOT_PASSPHRASE or KEYREEVE_ROOT_PASSPHRASE_FILE, not both\.$/,
  ],
  [
    'an empty passphrase file',
    { environment: { KEYREEVE_ROOT_PASSPHRASE_FILE: '/p' }, files: { '/p': '\n' } },
    /^KEYREEVE_ROOT_PASSPHRASE_FILE names \/p, which is empty\.$/,
  ],
  [
    'a missing passphrase file',
    { environment: { KEYREEVE_ROOT_PASSPHRASE_FILE: '/p' } },
    /^KEYREEVE_ROOT_PASSPHRASE_FILE names \/p, which cannot be read/,
  ],
]
for (const [title, given, message] of refusals) {
  test(`refuses ${title}`, () => {
    assert.throws(
      () => load(given),
      error => error instanceof ConfigError && message.test(error.message),
    )
  })
}

test('names each option as a flag and a variable of its own', () => {
  const names = Object.keys(options)
  assert.equal(new Set(names.map(flagOf)).size, names.length)
  assert.equal(flagOf('wrapping.poolSize'), '--wrapping-pool-size')
  assert.equal(variableOf('wrapping.pkcs1v15'), 'KEYREEVE_WRAPPING_PKCS1V15')
})

test('explains each option in the help, and a secret only by its file', () => {
  const help = optionsHelp()
  for (const [name, option] of Object.entries(options)) {
    assert.ok(help.includes(option.help), name)
    assert.equal(help.includes(`${flagOf(name)} `), name !== 'root.passphrase', name)
  }
  assert.match(help, /KEYREEVE_ROOT_PASSPHRASE_FILE/)
})

test('suggests only what is near', () => {
  assert.equal(nearest('hots', ['host', 'hosts', 'port']), 'host')
  assert.equal(nearest('LOG', ['log']), 'log')
  assert.equal(nearest('cat', ['dog']), undefined)
  assert.equal(nearest('cat', []), undefined)
})
