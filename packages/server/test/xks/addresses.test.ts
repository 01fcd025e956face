import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAllowed, lookupAllowed } from '../../src/xks/addresses.ts'

const anywhere = [
  '93.184.216.34',
  '10.0.0.5',
  '172.16.9.9',
  '192.168.1.20',
  '100.64.0.1',
  '2606:2800:220:1::1',
  'fd12::5',
]
const throughNat64 = ['64:ff9b::808:808', '64:ff9b::a00:5']
const loopback = [
  '127.0.0.1',
  '127.8.9.10',
  '::1',
  '0:0:0:0:0:0:0:1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '64:ff9b::7f00:1',
]
const never = [
  '0.0.0.0',
  '0.1.2.3',
  '169.254.169.254',
  '169.254.0.1',
  '100.100.100.200',
  '192.0.0.192',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::ffff:0.0.0.0',
  '::ffff:169.254.169.254',
  '::ffff:a9fe:a9fe',
  'fe80::1',
  'febf::1',
  'ff02::1',
  'fd00:ec2::254',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b::0',
  '64:ff9b::e000:1',
  '64:ff9b::ffff:ffff',
  'fe80::1%eth0',
  'localhost',
  '',
]

for (const address of [...anywhere, ...throughNat64]) {
  test(`allows ${address}`, () =>
    assert.deepEqual(
      [false, true].map(allow => isAllowed(address, allow)),
      [true, true],
    ))
}
for (const address of loopback) {
  test(`allows ${address} if loopback is allowed`, () => {
    assert.deepEqual(
      [false, true].map(allow => isAllowed(address, allow)),
      [false, true],
    )
  })
}
for (const address of never) {
  test(`never allows ${address || 'nothing'}`, () => {
    assert.deepEqual(
      [false, true].map(allow => isAllowed(address, allow)),
      [false, false],
    )
  })
}

const found = (allowLoopback: boolean, all: boolean): Promise<unknown> =>
  new Promise((resolve, reject) => {
    lookupAllowed(allowLoopback)('localhost', { all, family: 4 }, (error, address, family) =>
      error ? reject(error) : resolve(family === undefined ? address : { address, family }),
    )
  })

test('a look-up finds no address that is not allowed, in either of its forms', async () => {
  const localhost = { address: '127.0.0.1', family: 4 }
  assert.deepEqual(await found(true, true), [localhost])
  assert.deepEqual(await found(true, false), localhost)
  await assert.rejects(found(false, true), /no allowed address/)
  await assert.rejects(found(false, false), /no allowed address/)
})

test('a look-up of what does not exist fails', async () => {
  const call = new Promise((_, reject) => {
    lookupAllowed(true)('does-not-exist.invalid', { all: true }, error => reject(error ?? new Error('found')))
  })
  await assert.rejects(call, { syscall: 'getaddrinfo' })
})
