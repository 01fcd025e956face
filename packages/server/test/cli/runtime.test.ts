import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requireSafeRuntime, thisRuntime, type Runtime } from '../../src/cli/runtime.ts'

const safe: Runtime = { version: 'v26.10.0', execArgv: [], nodeOptions: '', limits: undefined }

for (const version of ['v24.18.1', 'v24.18.2', 'v24.19.0', 'v26.5.1', 'v26.6.0', 'v26.10.0', 'v28.0.0']) {
  test(`C12: takes Node ${version}`, () => {
    assert.equal(requireSafeRuntime({ ...safe, version }), undefined)
  })
}

const old = ['v18.20.8', 'v20.19.5', 'v22.22.0', 'v24.0.0', 'v24.9.0', 'v24.18.0', 'v25.9.0', 'v26.0.0', 'v26.5.0']
for (const version of old) {
  test(`C12: refuses Node ${version}, and says which to use`, () => {
    assert.throws(() => requireSafeRuntime({ ...safe, version }), {
      message: `Node ${version} lacks security fixes that Keyreeve needs. Use 26.5.1 or later, or 24.18.1 or later.`,
    })
  })
}

const inspected: [Partial<Runtime>, string][] = [
  [{ execArgv: ['--inspect'] }, '--inspect'],
  [{ execArgv: ['--disable-sigusr1', '--inspect-brk=127.0.0.1:9229'] }, '--inspect-brk=127.0.0.1:9229'],
  [{ execArgv: ['--inspect-wait'] }, '--inspect-wait'],
  [{ nodeOptions: '--no-warnings  --inspect=0' }, '--inspect=0'],
  [{ nodeOptions: '"--inspect"' }, '"--inspect"'],
]
for (const [given, flag] of inspected) {
  test(`C12: refuses the inspector: ${JSON.stringify(given)}`, () => {
    assert.throws(() => requireSafeRuntime({ ...safe, ...given }), {
      message: `Whoever reaches the inspector can read every key. Start Node without ${flag}.`,
    })
  })
}

const limits = (soft: string): string => `Limit                     Soft Limit           Hard Limit           Units     
Max stack size            8388608              unlimited            bytes     
Max core file size        ${soft.padEnd(20)} unlimited            bytes     
`
test('C12: warns if a crash would write the memory to disk', () => {
  for (const soft of ['unlimited', '1024']) {
    assert.equal(
      requireSafeRuntime({ ...safe, limits: limits(soft) }),
      `A crash would write the memory, keys and all, to disk: core dumps are on (${soft} bytes). Run: ulimit -c 0`,
    )
  }
  assert.equal(requireSafeRuntime({ ...safe, limits: limits('0') }), undefined)
  assert.equal(requireSafeRuntime({ ...safe, limits: 'nothing of that kind' }), undefined)
})

test('C12: these tests run on a Node that the server takes', () => {
  const { limits: found, ...runtime } = thisRuntime()
  assert.equal(requireSafeRuntime({ ...runtime, execArgv: [], nodeOptions: '', limits: undefined }), undefined)
  if (process.platform === 'linux') assert.match(found ?? '', /^Max core file size /m)
})
