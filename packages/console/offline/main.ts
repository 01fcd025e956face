import {
  algorithmsFor,
  checkValue,
  encryptedFile,
  ImportError,
  keyIdOf,
  materialId,
  readMaterial,
  readPublicKey,
  requireKeySpec,
  wrap,
  type MaterialFormat,
  type WrappingAlgorithm,
} from 'keyreeve-import'
import { textIn } from './text.ts'

/** A page for a machine without network: wraps material, and hands the file to the downloads. */

const given = document.body.dataset
const language = given['language'] || (navigator.language.startsWith('de') ? 'de' : 'en')
const text = textIn(language)
document.documentElement.lang = language
document.title = text.title
for (const element of document.querySelectorAll<HTMLElement>('[data-text]')) {
  element.textContent = text[element.dataset['text'] as keyof typeof text] // The template names no others.
}

const find = <E extends HTMLElement>(id: string): E => {
  const element = document.querySelector<E>(`#${id}`)
  if (!element) throw new Error(`The page has no ${id}.`)
  return element
}
const keySpecs = find<HTMLSelectElement>('key-spec')
const algorithms = find<HTMLSelectElement>('algorithm')
const formats = find<HTMLSelectElement>('format')
const materialFile = find<HTMLInputElement>('material')
const wrappingKeyFile = find<HTMLInputElement>('wrapping-key')
const pasted = find<HTMLTextAreaElement>('pasted')
const result = find('result')

const fill = (select: HTMLSelectElement, names: readonly string[], show = (name: string): string => name): void =>
  select.replaceChildren(...names.map(name => new Option(show(name), name)))

const list = (facts: readonly (readonly [label: string, value: string | undefined])[]): HTMLElement[] =>
  facts.flatMap(([label, value]) => (!value ? [] : [made('dt', label), made('dd', value)]))

function made(tag: string, content: string, style = ''): HTMLElement {
  const element = document.createElement(tag)
  element.textContent = content
  element.className = style
  return element
}

const hex = (bytes: ArrayBuffer): string =>
  Array.from(new Uint8Array(bytes), byte => byte.toString(16).padStart(2, '0')).join('')

const filledIn = given['wrappingKey']
  ? Uint8Array.from(atob(given['wrappingKey']), character => character.charCodeAt(0))
  : undefined
const importable = [
  'SYMMETRIC_DEFAULT',
  ...['224', '256', '384', '512'].map(size => `HMAC_${size}`),
  ...['2048', '3072', '4096'].map(size => `RSA_${size}`),
  ...['NIST_P256', 'NIST_P384', 'NIST_P521', 'SECG_P256K1', 'NIST_EDWARDS25519'].map(name => `ECC_${name}`),
]

fill(keySpecs, given['keySpec'] ? [given['keySpec']] : importable)
fill(formats, ['auto', 'raw', 'hex', 'base64', 'pem', 'der', 'jwk'], name =>
  name === 'auto'
    ? text.auto
    : name === 'raw'
      ? name
      : name.toUpperCase().replace('BASE64', 'base64').replace('HEX', 'hex'),
)
keySpecs.addEventListener('change', showKeySpec)
showKeySpec()
void showParameters()

function showKeySpec(): void {
  const { kind } = requireKeySpec(keySpecs.value)
  find('accepts').textContent = kind === 'secret' ? text.secret : text.privateKey
  // Under the largest wrapping key; what does not fit the one that is given is told when it is used.
  fill(algorithms, given['algorithm'] ? [given['algorithm']] : algorithmsFor(keySpecs.value, 4096))
}

async function showParameters(): Promise<void> {
  find('choices').hidden = filledIn !== undefined
  if (!filledIn) return
  const validTo = new Date(given['validTo'] ?? '')
  const expired = find('expired')
  expired.hidden = !(validTo.getTime() < Date.now())
  if (!expired.hidden) expired.textContent = text.expired
  const facts = list([
    [text.key, given['key']],
    [text.keySpec, keySpecs.value],
    [text.algorithm, algorithms.value],
    [text.wrappingKeyHash, hex(await crypto.subtle.digest('SHA-256', filledIn))],
    [text.validTo, given['validTo']],
  ])
  find('facts').replaceChildren(...facts)
}

document.querySelector('form')?.addEventListener('submit', event => {
  event.preventDefault()
  result.replaceChildren(made('p', text.working))
  void work().then(
    elements => result.replaceChildren(...elements),
    (error: unknown) => result.replaceChildren(made('p', explain(error), 'error')),
  )
})

const explain = (error: unknown): string =>
  error instanceof ImportError ? error.message : text.failed.replace('{reason}', String(error))

/** Wraps what was given. Whatever comes of it, the material is wiped, and the fields are empty. */
async function work(): Promise<HTMLElement[]> {
  const [keyFile] = wrappingKeyFile.files ?? []
  const wrappingKey = filledIn ?? (keyFile && new Uint8Array(await keyFile.arrayBuffer()))
  if (!wrappingKey) throw new ImportError(text.missingKey)
  readPublicKey(wrappingKey)
  const input = await takeInput()
  try {
    const keySpec = keySpecs.value
    const { material, notes } = readMaterial(input, { keySpec, format: formats.value as MaterialFormat }) // See above.
    try {
      const check = await checkValue(keySpec, material)
      const id =
        given['key'] && keySpec === 'SYMMETRIC_DEFAULT' ? await materialId(keyIdOf(given['key']), material) : undefined
      const size = text.bytes.replace('{count}', String(material.length))
      hand(await wrap(wrappingKey, algorithms.value as WrappingAlgorithm, material)) // See above.
      const facts = document.createElement('dl')
      facts.append(
        ...list([
          [text.length, size],
          ...(check ? [[text[check.kind === 'secret' ? 'secretHash' : check.kind], check.value] as const] : []),
          [text.materialId, id],
        ]),
      )
      return [
        made('p', text.done.replace('{file}', encryptedFile)),
        facts,
        ...notes.map(note => made('p', note)),
        made('p', text.next),
      ]
    } finally {
      material.fill(0)
    }
  } finally {
    input.fill(0)
  }
}

async function takeInput(): Promise<Uint8Array<ArrayBuffer>> {
  const [file] = materialFile.files ?? []
  if (file && pasted.value !== '') throw new ImportError(text.notBoth)
  if (!file && pasted.value === '') throw new ImportError(text.missing)
  const input = file ? new Uint8Array(await file.arrayBuffer()) : new TextEncoder().encode(pasted.value)
  materialFile.value = ''
  pasted.value = ''
  return input
}

function hand(bytes: Uint8Array<ArrayBuffer>): void {
  const url = URL.createObjectURL(new Blob([bytes]))
  const link = document.createElement('a')
  link.href = url
  link.download = encryptedFile
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
