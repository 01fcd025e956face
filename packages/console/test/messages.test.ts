import { IntlMessageFormat } from 'intl-messageformat'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { de } from '../src/i18n/de/index.ts'
import { en } from '../src/i18n/en/index.ts'

type Elements = ReturnType<IntlMessageFormat['getAst']>

/** Names of all values that a text wants, with those within its plurals and choices. */
function argumentsOf(elements: Elements): Set<string> {
  const found = new Set<string>()
  for (const element of elements) {
    if ('value' in element && element.type !== 0) found.add(element.value)
    for (const { value } of 'options' in element ? Object.values(element.options) : []) {
      for (const name of argumentsOf(value)) found.add(name)
    }
  }
  return found
}

const wants = (text: string, language: string): string[] =>
  [...argumentsOf(new IntlMessageFormat(text, language).getAst())].toSorted()

test('every text is there in both languages, can be read, and wants the same values', () => {
  assert.deepEqual(Object.keys(de).toSorted(), Object.keys(en).toSorted())
  assert.ok(Object.keys(en).length > 80)
  for (const [name, text] of Object.entries(en)) {
    const german = de[name as keyof typeof en] // The names are the same, as was just seen.
    assert.notEqual(text.trim(), '', name)
    assert.notEqual(german.trim(), '', name)
    assert.deepEqual(wants(german, 'de'), wants(text, 'en'), name)
  }
})
