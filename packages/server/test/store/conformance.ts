import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import type { AuditEntry, Commit, CommitResult, Engine, Row, Seen } from '../../src/store/store.ts'

/** An engine on a fresh, empty store. */
export interface Fixture {
  readonly engine: Engine
  /** Closes the engine if it is open, and opens the same store again. */
  readonly reopen: () => Promise<Engine>
  /** Closes the engine if it is open, and removes the store. */
  readonly destroy: () => Promise<void>
}

/** A row with the columns that matter to a test, and something in all others. */
export function row(columns: Partial<Row> = {}): Row {
  const filled = { kind: 'key', id: 'a', ref: null, due: null, version: 1, body: randomBytes(30).toString('base64') }
  return { ...filled, mac: randomBytes(32), ...columns }
}

export function commit(parts: Partial<Commit>): Commit {
  return { seen: [], puts: [], removes: [], entries: [], erase: false, ...parts }
}

export function entry(record: string, at = 1_700_000_000_000): AuditEntry {
  return { at, record }
}

/** Rows as plain objects, however an engine makes them. */
export function plain(found: Row): Row
export function plain(found: Row | undefined): Row | undefined
export function plain(found: Row | undefined): Row | undefined {
  return found && { ...found, mac: Buffer.from(found.mac) }
}

/** Everything in a store, as far as these kinds go. */
export async function contents(engine: Engine, kinds: readonly string[]) {
  const pages = await Promise.all(kinds.map(kind => engine.page(kind, '', undefined, 100_000)))
  const entries = await engine.entries(0, 100_000)
  return { rows: pages.flat().map(found => plain(found)), entries: entries.map(found => ({ ...found })) }
}

const ids = (rows: readonly Row[]): string[] => rows.map(({ id }) => id)
const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

/** What every engine must do. */
export function conformance(name: string, open: () => Promise<Fixture>): void {
  describe(name, () => {
    function test(title: string, body: (fixture: Fixture) => Promise<void>): void {
      it(title, async () => {
        const fixture = await open()
        try {
          await body(fixture)
        } finally {
          await fixture.destroy()
        }
      })
    }

    async function put(engine: Engine, ...rows: Row[]): Promise<void> {
      assert.equal(await engine.commit(commit({ puts: rows })), 'committed')
    }

    async function expectRow(engine: Engine, expected: Row): Promise<void> {
      assert.deepEqual(plain(await engine.get(expected.kind, expected.id)), plain(expected))
    }

    describe('rows', () => {
      test('gives back nothing for a row that is not there', async ({ engine }) => {
        await put(engine, row({ kind: 'key', id: 'a' }))
        assert.equal(await engine.get('key', 'b'), undefined)
        assert.equal(await engine.get('alias', 'a'), undefined)
        assert.equal(await engine.get('key', 'A'), undefined)
        assert.equal(await engine.get('key', 'a '), undefined)
      })

      const columns: [what: string, columns: Partial<Row>][] = [
        ['no ref and no due time', { ref: null, due: null }],
        ['an empty ref, which is not none', { ref: '' }],
        ['due at the epoch, which is not never', { due: 0 }],
        ['due before the epoch', { due: -1 }],
        ['the largest due time', { due: Number.MAX_SAFE_INTEGER }],
        ['an empty id and kind', { kind: '', id: '' }],
        ['a body with every kind of character', { body: '\0\u0001"\\%_\'é\uD7FF\uE000\uFFFD\uFFFF😀\u{10FFFF}\r\n' }],
        ['an empty body', { body: '' }],
        ['a body of 300 KB', { body: 'x'.repeat(300_000) }],
        ['a MAC of zeroes', { mac: new Uint8Array(32) }],
        ['a MAC of high bytes', { mac: new Uint8Array(32).fill(0xff) }],
        [
          'a MAC that is a part of a larger buffer',
          { mac: Buffer.from(Uint8Array.from(Array(96).keys())).subarray(32, 64) },
        ],
        ['names with odd characters', { kind: "k'\0%", id: "i'\0%_😀", ref: "r'\0%_😀" }],
      ]
      for (const [what, values] of columns) {
        test(`gives back a row as it was: ${what}`, async ({ engine, reopen }) => {
          const stored = row(values)
          await put(engine, stored)
          await expectRow(engine, stored)
          await expectRow(await reopen(), stored)
        })
      }

      test('replaces every column of a row', async ({ engine, reopen }) => {
        await put(engine, row({ ref: 'r1', due: 1, body: 'long '.repeat(2_000) }))
        const second = row({ ref: null, due: null, version: 2, body: 'short' })
        await put(engine, second)
        await expectRow(engine, second)
        const third = row({ ref: 'r3', due: 3, version: 3, body: 'longer '.repeat(3_000) })
        await put(engine, third)
        await expectRow(engine, third)
        await expectRow(await reopen(), third)
      })

      test('removes a row, and starts again at version 1', async ({ engine, reopen }) => {
        await put(engine, row(), row({ id: 'b' }))
        assert.equal(await engine.commit(commit({ removes: [{ kind: 'key', id: 'a', version: 1 }] })), 'committed')
        assert.equal(await engine.get('key', 'a'), undefined)
        const again = row()
        await put(engine, again)
        await expectRow(engine, again)
        const reopened = await reopen()
        await expectRow(reopened, again)
        assert.equal((await reopened.get('key', 'b'))?.version, 1)
      })

      test('keeps kinds apart', async ({ engine }) => {
        const rows = ['key', 'alias', 'ke', ''].map(kind => row({ kind, id: 'ya' }))
        await put(engine, ...rows, row({ kind: 'key', id: 'a' }), row({ kind: 'k', id: 'eya' }))
        for (const stored of rows) await expectRow(engine, stored)
      })

      test('reads what was acknowledged, at once', async ({ engine }) => {
        for (let version = 1; version <= 50; version++) {
          const stored = row({ version })
          await put(engine, stored)
          await expectRow(engine, stored)
        }
      })

      test('commits what it was given, though the caller changes it afterwards', async ({ engine }) => {
        const stored = row({ mac: Buffer.alloc(32, 1) })
        const puts = [stored]
        const entries = [entry('{}')]
        const result = engine.commit(commit({ puts, entries }))
        stored.mac.fill(2)
        puts.push(row({ id: 'b' }))
        entries.length = 0
        assert.equal(await result, 'committed')
        assert.deepEqual(Buffer.from((await engine.get('key', 'a'))?.mac ?? []), Buffer.alloc(32, 1))
        assert.equal(await engine.get('key', 'b'), undefined)
        assert.equal((await engine.entries(0, 10)).length, 1)
      })
    })

    describe('conflicts', () => {
      // The store has a at version 2, nothing called b, and gone was removed at version 1.
      const conflicts: [what: string, parts: Partial<Commit>][] = [
        ['a version that was seen has moved', { seen: [{ kind: 'key', id: 'a', version: 1 }] }],
        ['a version that was seen has not been reached', { seen: [{ kind: 'key', id: 'a', version: 3 }] }],
        ['a row that was not there is', { seen: [{ kind: 'key', id: 'a', version: 0 }] }],
        ['a row that was there never was', { seen: [{ kind: 'key', id: 'b', version: 1 }] }],
        ['a row that was there is gone', { seen: [{ kind: 'key', id: 'gone', version: 1 }] }],
        [
          'one of many that were seen has moved',
          {
            seen: [
              { kind: 'key', id: 'b', version: 0 },
              { kind: 'key', id: 'a', version: 2 },
              { kind: 'key', id: 'gone', version: 1 },
            ],
          },
        ],
        ['a new row exists', { puts: [row({ id: 'a', version: 1 })] }],
        ['a row to replace has moved', { puts: [row({ id: 'a', version: 2 })] }],
        ['a row to replace is not as far', { puts: [row({ id: 'a', version: 4 })] }],
        ['a row to replace is missing', { puts: [row({ id: 'b', version: 2 })] }],
        ['a row to replace is gone', { puts: [row({ id: 'gone', version: 2 })] }],
        ['a row to remove is missing', { removes: [{ kind: 'key', id: 'b', version: 1 }] }],
        ['a row to remove is gone', { removes: [{ kind: 'key', id: 'gone', version: 1 }] }],
        ['a row to remove has moved', { removes: [{ kind: 'key', id: 'a', version: 1 }] }],
        ['a row that must not be there to remove is', { removes: [{ kind: 'key', id: 'a', version: 0 }] }],
      ]
      for (const erase of [false, true]) {
        for (const [what, parts] of conflicts) {
          test(`refuses all of a commit if ${what}${erase ? ', erasing' : ''}`, async ({ engine, reopen }) => {
            await put(engine, row({ id: 'a' }), row({ id: 'gone' }), row({ id: 'bystander' }))
            await put(engine, row({ id: 'a', version: 2 }))
            await engine.commit(commit({ removes: [{ kind: 'key', id: 'gone', version: 1 }], entries: [entry('{}')] }))
            const before = await contents(engine, ['key'])
            const attempt: Commit = {
              seen: parts.seen ?? [],
              puts: [row({ id: 'new' }), ...(parts.puts ?? []), row({ id: 'newer' })],
              removes: [{ kind: 'key', id: 'bystander', version: 1 }, ...(parts.removes ?? [])],
              entries: [entry('{"refused":true}')],
              erase,
            }
            assert.equal(await engine.commit(attempt), 'conflict')
            assert.deepEqual(await contents(engine, ['key']), before)
            assert.equal(await engine.commit(commit({ entries: [entry('{"next":true}')] })), 'committed')
            assert.equal((await engine.entries(0, 10)).at(-1)?.sequence, 2)
            assert.deepEqual((await contents(await reopen(), ['key'])).rows, before.rows)
          })
        }
      }

      test('commits if everything seen is still so', async ({ engine }) => {
        await put(engine, row({ id: 'a' }), row({ id: 'b' }))
        const seen: Seen[] = [
          { kind: 'key', id: 'a', version: 1 },
          { kind: 'key', id: 'c', version: 0 },
          { kind: 'key', id: 'b', version: 1 },
        ]
        assert.equal(await engine.commit(commit({ seen })), 'committed')
        const puts = [row({ id: 'a', version: 2 }), row({ id: 'c' })]
        const removes = [{ kind: 'key', id: 'b', version: 1 }]
        assert.equal(await engine.commit(commit({ seen, puts, removes })), 'committed')
        assert.deepEqual(ids(await engine.page('key', '', undefined, 10)), ['a', 'c'])
      })

      test('has nothing to do to remove a row that is not there, if that is what was seen', async ({ engine }) => {
        assert.equal(await engine.commit(commit({ removes: [{ kind: 'key', id: 'a', version: 0 }] })), 'committed')
        await put(engine, row())
      })

      test('knows versions again after it was opened again', async ({ engine, reopen }) => {
        await put(engine, row())
        await put(engine, row({ version: 2 }))
        const reopened = await reopen()
        assert.equal(await reopened.commit(commit({ puts: [row({ version: 2 })] })), 'conflict')
        assert.equal(await reopened.commit(commit({ seen: [{ kind: 'key', id: 'a', version: 2 }] })), 'committed')
        await put(reopened, row({ version: 3 }))
      })
    })

    describe('what cannot be stored', () => {
      const loneSurrogate = 'a\uD800'
      const refusals: [what: string, parts: Partial<Commit>][] = [
        ['a kind without UTF-8 form', { puts: [row({ kind: loneSurrogate })] }],
        ['an id without UTF-8 form', { puts: [row({ id: loneSurrogate })] }],
        ['a ref without UTF-8 form', { puts: [row({ ref: loneSurrogate })] }],
        ['a body without UTF-8 form', { puts: [row({ body: loneSurrogate })] }],
        ['a due time that is no whole number', { puts: [row({ due: 1.5 })] }],
        ['a due time that is no number', { puts: [row({ due: NaN })] }],
        ['version 0', { puts: [row({ version: 0 })] }],
        ['half a version', { puts: [row({ version: 1.5 })] }],
        ['a short MAC', { puts: [row({ mac: new Uint8Array(31) })] }],
        ['a long MAC', { puts: [row({ mac: new Uint8Array(33) })] }],
        ['a record without UTF-8 form', { entries: [entry(loneSurrogate)] }],
        ['a record at no time', { entries: [entry('{}', NaN)] }],
        ['a row twice', { puts: [row({ version: 1 }), row({ version: 2 })] }],
        ['a row both written and removed', { puts: [row()], removes: [{ kind: 'key', id: 'a', version: 0 }] }],
      ]
      for (const [what, parts] of refusals) {
        test(`refuses ${what}, and goes on`, async ({ engine }) => {
          const attempt = commit({ ...parts, puts: [...(parts.puts ?? []), row({ id: 'bystander' })] })
          await assert.rejects(engine.commit(attempt), TypeError)
          assert.deepEqual(await contents(engine, ['key', loneSurrogate, 'a\uFFFD']), { rows: [], entries: [] })
          await put(engine, row())
        })
      }
    })

    describe('commits made together', () => {
      test('are judged in order, each seeing the ones before', async ({ engine }) => {
        const versions = [1, 2, 3, 4, 5]
        const results = versions.map(version => engine.commit(commit({ puts: [row({ version })] })))
        assert.deepEqual(await Promise.all(results), Array(5).fill('committed'))
        assert.equal((await engine.get('key', 'a'))?.version, 5)
      })

      test('are refused or accepted each on its own', async ({ engine, reopen }) => {
        const first = row({ id: 'a', body: 'first' })
        const results = [
          commit({ puts: [first], entries: [entry('{"n":1}')] }),
          commit({ puts: [row({ id: 'a', body: 'second' }), row({ id: 'b' })], entries: [entry('{"n":2}')] }),
          commit({
            seen: [{ kind: 'key', id: 'a', version: 1 }],
            puts: [row({ id: 'c' })],
            entries: [entry('{"n":3}')],
          }),
          commit({ removes: [{ kind: 'key', id: 'a', version: 1 }], entries: [entry('{"n":4}')] }),
          commit({
            seen: [{ kind: 'key', id: 'a', version: 1 }],
            puts: [row({ id: 'd' })],
            entries: [entry('{"n":5}')],
          }),
          commit({ puts: [first], entries: [entry('{"n":6}')] }),
        ].map(attempt => engine.commit(attempt))
        const expected = ['committed', 'conflict', 'committed', 'committed', 'conflict', 'committed']
        assert.deepEqual(await Promise.all(results), expected)
        const reopened = await reopen()
        assert.deepEqual(ids(await reopened.page('key', '', undefined, 10)), ['a', 'c'])
        assert.deepEqual(
          (await reopened.entries(0, 10)).map(({ sequence, record }) => [sequence, record]),
          [1, 3, 4, 6].map((n, index) => [index + 1, `{"n":${n}}`]),
        )
      })

      test('let only one of 64 callers make a row', async ({ engine }) => {
        const rows = Array.from({ length: 64 }, (_, n) => row({ body: `by ${n}` }))
        const results = await Promise.all(rows.map(stored => engine.commit(commit({ puts: [stored] }))))
        assert.equal(results.filter(result => result === 'committed').length, 1)
        await expectRow(engine, rows[results.indexOf('committed')]!)
      })

      test('lose none of 64 concurrent increments of one row', async ({ engine, reopen }) => {
        await put(engine, row({ body: '0' }))
        async function increment(): Promise<void> {
          let result: CommitResult
          do {
            const { version, body } = (await engine.get('key', 'a'))!
            const puts = [row({ version: version + 1, body: String(Number(body) + 1) })]
            result = await engine.commit(commit({ puts, entries: [entry(`{"from":${body}}`)] }))
          } while (result === 'conflict')
        }
        await Promise.all(Array.from({ length: 64 }, increment))
        const reopened = await reopen()
        const { version, body } = (await reopened.get('key', 'a'))!
        assert.deepEqual({ version, body }, { version: 65, body: '64' })
        assert.deepEqual(
          (await reopened.entries(0, 100)).map(({ record }) => record),
          Array.from({ length: 64 }, (_, n) => `{"from":${n}}`),
        )
      })

      test('land as a whole, many rows at once', async ({ engine, reopen }) => {
        const rows = Array.from({ length: 500 }, (_, n) => row({ id: `many/${n}`, body: 'x'.repeat(n * 7) }))
        await put(engine, ...rows)
        const attempt = commit({
          puts: rows.map(({ id }) => row({ id, version: 2 })),
          seen: [{ kind: 'key', id: 'many/499', version: 2 }],
        })
        assert.equal(await engine.commit(attempt), 'conflict')
        const reopened = await reopen()
        for (const stored of rows) await expectRow(reopened, stored)
      })
    })

    describe('erasing', () => {
      test('commits and refuses as ever', async ({ engine, reopen }) => {
        const erasing = (parts: Partial<Commit>) => engine.commit(commit({ ...parts, erase: true }))
        assert.equal(await erasing({ puts: [row({ kind: 'material' }), row()] }), 'committed')
        assert.equal(await erasing({ puts: [row({ kind: 'material' })] }), 'conflict')
        assert.equal(await erasing({ puts: [row({ version: 2 })] }), 'committed')
        assert.equal(await erasing({ removes: [{ kind: 'material', id: 'a', version: 1 }] }), 'committed')
        assert.equal(await erasing({ removes: [{ kind: 'material', id: 'a', version: 1 }] }), 'conflict')
        const reopened = await reopen()
        assert.equal(await reopened.get('material', 'a'), undefined)
        assert.equal((await reopened.get('key', 'a'))?.version, 2)
      })

      test('commits and refuses as ever, among others', async ({ engine }) => {
        const results = Array.from({ length: 40 }, (_, n) =>
          engine.commit(commit({ puts: [row({ version: 1 + (n >> 1) })], erase: n % 3 === 0 })),
        )
        const expected = Array.from({ length: 40 }, (_, n) => (n % 2 === 0 ? 'committed' : 'conflict'))
        assert.deepEqual(await Promise.all(results), expected)
      })
    })

    describe('looking rows up by ref', () => {
      test('finds all rows of the kind with that ref, by id', async ({ engine, reopen }) => {
        const names = ['b', 'a', 'ab', 'é', '😀', '\uFFFF', '']
        await put(engine, ...names.map(id => row({ id, ref: 'r' })))
        await put(engine, row({ id: 'other', ref: 'R' }), row({ id: 'none' }), row({ kind: 'alias', ref: 'r' }))
        const expected = names.toSorted(byBytes)
        assert.deepEqual(ids(await engine.byRef('key', 'r', undefined, 100)), expected)
        assert.deepEqual(ids(await (await reopen()).byRef('key', 'r', undefined, 100)), expected)
      })

      test('finds them page by page', async ({ engine }) => {
        await put(engine, ...['c', 'a', 'd', 'b'].map(id => row({ id, ref: 'r' })), row({ id: 'bb', ref: 's' }))
        assert.deepEqual(ids(await engine.byRef('key', 'r', undefined, 3)), ['a', 'b', 'c'])
        assert.deepEqual(ids(await engine.byRef('key', 'r', 'b', 3)), ['c', 'd'])
        assert.deepEqual(ids(await engine.byRef('key', 'r', 'bb', 1)), ['c'])
        assert.deepEqual(ids(await engine.byRef('key', 'r', 'd', 3)), [])
        assert.deepEqual(ids(await engine.byRef('key', 'r', '', 0)), [])
      })

      test('tells no ref from an empty one', async ({ engine }) => {
        await put(engine, row({ id: 'empty', ref: '' }), row({ id: 'none', ref: null }))
        assert.deepEqual(ids(await engine.byRef('key', '', undefined, 100)), ['empty'])
        assert.deepEqual(ids(await engine.byRef('key', 'null', undefined, 100)), [])
      })

      test('takes a ref as it is, with no wildcards', async ({ engine }) => {
        await put(engine, row({ id: '1', ref: 'a%' }), row({ id: '2', ref: 'ab' }), row({ id: '3', ref: 'a\0b' }))
        assert.deepEqual(ids(await engine.byRef('key', 'a%', undefined, 100)), ['1'])
        assert.deepEqual(ids(await engine.byRef('key', 'a_', undefined, 100)), [])
        assert.deepEqual(ids(await engine.byRef('key', 'a', undefined, 100)), [])
        assert.deepEqual(ids(await engine.byRef('key', 'a\0b', undefined, 100)), ['3'])
      })

      test('follows a row whose ref changes, or that goes', async ({ engine }) => {
        await put(engine, row({ id: 'a', ref: 'old' }), row({ id: 'b', ref: 'old' }))
        await put(engine, row({ id: 'a', ref: 'new', version: 2 }))
        assert.deepEqual(ids(await engine.byRef('key', 'old', undefined, 100)), ['b'])
        assert.deepEqual(ids(await engine.byRef('key', 'new', undefined, 100)), ['a'])
        await put(engine, row({ id: 'a', ref: null, version: 3 }))
        assert.deepEqual(ids(await engine.byRef('key', 'new', undefined, 100)), [])
        await engine.commit(commit({ removes: [{ kind: 'key', id: 'b', version: 1 }] }))
        assert.deepEqual(ids(await engine.byRef('key', 'old', undefined, 100)), [])
      })
    })

    describe('what is due', () => {
      test('comes soonest first, of any kind, up to now', async ({ engine, reopen }) => {
        await put(
          engine,
          row({ id: 'later', due: 1_001 }),
          row({ id: 'now', due: 1_000 }),
          row({ kind: 'alias', id: 'sooner', due: 999 }),
          row({ id: 'never', due: null }),
          row({ id: 'first', due: -5 }),
        )
        assert.deepEqual(ids(await engine.due(1_000, 10)), ['first', 'sooner', 'now'])
        assert.deepEqual(ids(await engine.due(1_000, 2)), ['first', 'sooner'])
        assert.deepEqual(ids(await engine.due(-6, 10)), [])
        assert.deepEqual(ids(await (await reopen()).due(1_001, 10)), ['first', 'sooner', 'now', 'later'])
      })

      test('follows a row whose time changes, or that goes', async ({ engine }) => {
        await put(engine, row({ id: 'a', due: 1 }), row({ id: 'b', due: 2 }), row({ id: 'c', due: 3 }))
        await put(engine, row({ id: 'a', due: 4, version: 2 }), row({ id: 'b', due: null, version: 2 }))
        await engine.commit(commit({ removes: [{ kind: 'key', id: 'c', version: 1 }] }))
        assert.deepEqual(ids(await engine.due(3, 10)), [])
        assert.deepEqual(ids(await engine.due(4, 10)), ['a'])
      })
    })

    describe('pages', () => {
      const odd = ['', '\0', '%', '_', 'a', 'a\0', 'a\0b', 'a%', 'a%b', 'a_', 'a_b', 'aa', 'aB', 'ab', 'abc', 'a/', 'b']
      const far = ['é', 'e\u0301', '\u007F', '\u0080', '\uD7FF', '\uE000', '\uFFFD', '\uFFFF', '\uFFFFa', '😀', '😀a']
      const last = ['a\uFFFF', 'a\uFFFFb', 'a😀', 'a\u{10FFFF}', 'a\u{10FFFF}\u{10FFFF}', '\u{10FFFF}', '\u{10FFFF}a']
      const names = [...odd, ...far, ...last].toSorted(byBytes)

      test('hold exactly the ids with the prefix, after the one before, by their bytes', async ({ engine }) => {
        await put(engine, ...names.toReversed().map(id => row({ id })), row({ kind: 'alias' }), row({ kind: 'kez' }))
        for (const prefix of names) {
          for (const after of [undefined, 'A', 'zz', ...names]) {
            const expected = names.filter(
              id => id.startsWith(prefix) && (after === undefined || byBytes(id, after) > 0),
            )
            const found = ids(await engine.page('key', prefix, after, 100))
            assert.deepEqual(found, expected, `prefix ${JSON.stringify(prefix)} after ${JSON.stringify(after)}`)
          }
        }
      })

      test('go through everything, in steps', async ({ engine }) => {
        await put(engine, ...names.map(id => row({ id })))
        for (const limit of [1, 2, 7]) {
          const found: string[] = []
          let page: string[]
          do {
            page = ids(await engine.page('key', '', found.at(-1), limit))
            found.push(...page)
          } while (page.length === limit)
          assert.deepEqual(found, names)
        }
      })

      test('may be empty', async ({ engine }) => {
        assert.deepEqual(await engine.page('key', '', undefined, 10), [])
        await put(engine, row())
        assert.deepEqual(await engine.page('key', '', undefined, 0), [])
        assert.deepEqual(await engine.page('key', 'b', undefined, 10), [])
        assert.deepEqual(await engine.page('key', 'a', 'a', 10), [])
        assert.deepEqual(await engine.page('alias', '', undefined, 10), [])
      })

      test('give whole rows', async ({ engine }) => {
        const stored = row({ ref: 'r', due: 5 })
        await put(engine, stored)
        const expected = [plain(stored)]
        assert.deepEqual((await engine.page('key', '', undefined, 1)).map(plain), expected)
        assert.deepEqual((await engine.byRef('key', 'r', undefined, 100)).map(plain), expected)
        assert.deepEqual((await engine.due(5, 1)).map(plain), expected)
      })
    })

    describe('audit entries', () => {
      test('are numbered from 1, in order, across commits', async ({ engine, reopen }) => {
        await engine.commit(commit({ entries: [entry('{"n":1}', 5), entry('{"n":2}', 5)] }))
        await engine.commit(commit({ entries: [] }))
        await engine.commit(commit({ entries: [entry('{"n":3}', 4)] }))
        const reopened = await reopen()
        await reopened.commit(commit({ entries: [entry('{"n":4}', 6)] }))
        assert.deepEqual(
          (await reopened.entries(0, 10)).map(found => ({ ...found })),
          [
            { sequence: 1, at: 5, record: '{"n":1}' },
            { sequence: 2, at: 5, record: '{"n":2}' },
            { sequence: 3, at: 4, record: '{"n":3}' },
            { sequence: 4, at: 6, record: '{"n":4}' },
          ],
        )
      })

      test('come after a number, up to a limit', async ({ engine }) => {
        assert.deepEqual(await engine.entries(0, 10), [])
        await engine.commit(commit({ entries: Array.from({ length: 20 }, (_, n) => entry(`{"n":${n + 1}}`)) }))
        const numbers = async (after: number, limit: number) =>
          (await engine.entries(after, limit)).map(({ sequence }) => sequence)
        assert.deepEqual(await numbers(0, 3), [1, 2, 3])
        assert.deepEqual(await numbers(3, 3), [4, 5, 6])
        assert.deepEqual(await numbers(18, 3), [19, 20])
        assert.deepEqual(await numbers(20, 3), [])
        assert.deepEqual(await numbers(0, 0), [])
      })

      test('come before a number, newest first, up to a limit', async ({ engine, reopen }) => {
        assert.deepEqual(await engine.entriesBefore(10, 10, 1_000), [])
        await engine.commit(commit({ entries: Array.from({ length: 20 }, (_, n) => entry(`{"n":${n + 1}}`, n)) }))
        const numbers = async (before: number, limit: number) =>
          (await engine.entriesBefore(before, limit, 1_000)).map(({ sequence }) => sequence)
        assert.deepEqual(await numbers(Number.MAX_SAFE_INTEGER, 3), [20, 19, 18])
        assert.deepEqual(await numbers(21, 1), [20])
        assert.deepEqual(await numbers(18, 2), [17, 16])
        assert.deepEqual(await numbers(3, 10), [2, 1])
        assert.deepEqual(await numbers(1, 10), [])
        assert.deepEqual(await numbers(-1, 10), [])
        assert.deepEqual(await numbers(10, 0), [])
        assert.deepEqual(
          (await (await reopen()).entriesBefore(3, 10, 1_000)).map(found => ({ ...found })),
          [
            { sequence: 2, at: 1, record: '{"n":2}' },
            { sequence: 1, at: 0, record: '{"n":1}' },
          ],
        )
      })

      test('come before a number up to the one that fills the room, and one at least', async ({ engine }) => {
        const records = ['"1"', `"${'é'.repeat(500)}"`, '"3"', '"4"', '"5"']
        await engine.commit(commit({ entries: records.map(record => entry(record)) }))
        const numbers = async (before: number, room: number) =>
          (await engine.entriesBefore(before, 10, room)).map(({ sequence }) => sequence)
        assert.deepEqual(await numbers(10, 0), [5])
        assert.deepEqual(await numbers(10, 3), [5])
        assert.deepEqual(await numbers(10, 4), [5, 4])
        assert.deepEqual(await numbers(10, 10), [5, 4, 3, 2])
        assert.deepEqual(await numbers(3, 502), [2])
        assert.deepEqual(await numbers(3, 503), [2, 1])
      })

      test('are kept as they are', async ({ engine, reopen }) => {
        const records = ['{"text":"é😀\\u0000 \'%"}', `{"long":"${'x'.repeat(200_000)}"}`]
        await engine.commit(commit({ entries: records.map(record => entry(record)) }))
        assert.deepEqual(
          (await (await reopen()).entries(0, 10)).map(({ record }) => record),
          records,
        )
      })

      test('tell when the newest was made', async ({ engine, reopen }) => {
        assert.equal(await engine.lastEntryAt(), undefined)
        await engine.commit(commit({ entries: [entry('{}', 7), entry('{}', 1_700_000_000_123)] }))
        assert.equal(await engine.lastEntryAt(), 1_700_000_000_123)
        assert.equal(await (await reopen()).lastEntryAt(), 1_700_000_000_123)
      })
    })

    describe('store-wide values', () => {
      const names = ['store-id', '', '__proto__', 'constructor', 'a\0b', 'a', '😀', "'; DROP TABLE meta; --"]

      test('are set once, and stay', async ({ engine, reopen }) => {
        for (const name of names) {
          assert.equal(await engine.meta(name), undefined)
          assert.equal(await engine.initMeta(name, `first ${name}`), true)
          assert.equal(await engine.meta(name), `first ${name}`)
          assert.equal(await engine.initMeta(name, 'second'), false)
        }
        const reopened = await reopen()
        for (const name of names) {
          assert.equal(await reopened.initMeta(name, 'third'), false)
          assert.equal(await reopened.meta(name), `first ${name}`)
        }
      })

      test('are set by one of many', async ({ engine }) => {
        const values = Array.from({ length: 20 }, (_, n) => `value ${n}`)
        const results = await Promise.all(values.map(value => engine.initMeta('name', value)))
        assert.deepEqual(results.filter(Boolean), [true])
        assert.equal(await engine.meta('name'), values[results.indexOf(true)])
      })
    })

    describe('closing', () => {
      test('waits for the commits under way, which then last', async ({ engine, reopen }) => {
        const commits = Array.from({ length: 50 }, (_, n) => engine.commit(commit({ puts: [row({ id: `${n}` })] })))
        const meta = engine.initMeta('name', 'value')
        await engine.close()
        assert.deepEqual(await Promise.all(commits), Array(50).fill('committed'))
        assert.equal(await meta, true)
        const reopened = await reopen()
        assert.equal((await reopened.page('key', '', undefined, 100)).length, 50)
        assert.equal(await reopened.meta('name'), 'value')
      })

      test('refuses everything afterwards, and may be repeated', async ({ engine, reopen }) => {
        await put(engine, row())
        const closed = engine.close()
        await assert.rejects(engine.commit(commit({ puts: [row({ id: 'late' })] })))
        await closed
        await engine.close()
        await assert.rejects(engine.commit(commit({ puts: [row({ id: 'later' })] })))
        await assert.rejects(engine.initMeta('late', 'value'))
        await assert.rejects(engine.get('key', 'a'))
        await assert.rejects(engine.page('key', '', undefined, 10))
        await assert.rejects(engine.entries(0, 10))
        await assert.rejects(engine.entriesBefore(10, 10, 10))
        await assert.rejects(engine.meta('late'))
        const reopened = await reopen()
        assert.deepEqual(ids(await reopened.page('key', '', undefined, 10)), ['a'])
        assert.equal(await reopened.meta('late'), undefined)
      })

      test('is no failure', async ({ engine }) => {
        let hasFailed = false
        void engine.failed.then(() => (hasFailed = true))
        await engine.close()
        await new Promise(setImmediate)
        assert.equal(hasFailed, false)
      })
    })
  })
}
