import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** One module, its text twice, each time with something replaced by spaces, so that offsets agree. */
export interface Source {
  /** From the root of the repository, such as `packages/server/src/app.ts`. */
  path: string
  /** Without comments. */
  uncommented: string
  /** Without comments and without the contents of strings, templates and regular expressions. */
  code: string
}

const root = fileURLToPath(new URL('../../../../', import.meta.url))

/** Every TypeScript module below a folder of the repository, if there is such a folder. */
export function sourcesIn(folder: string): Source[] {
  if (!existsSync(root + folder)) return []
  return readdirSync(root + folder, { recursive: true, encoding: 'utf8' })
    .map(name => `${folder}/${name.replaceAll('\\', '/')}`)
    .filter(path => /\.[mc]?tsx?$/.test(path))
    .toSorted()
    .map(path => sourceOf(path, readFileSync(root + path, 'utf8')))
}

const comment = /\/\/.*|\/\*[^]*?\*\//y
// Neither reaches over the end of a line. What seems to is something else, such as an apostrophe in JSX.
const string = /'(?:[^'\\\n]|\\[^])*'|"(?:[^"\\\n]|\\[^])*"/y
const regularExpression = /\/(?:[^\\/[\n]|\\.|\[(?:[^\\\]\n]|\\.)*\])+\/[a-z]*/y
/** The rest of a template up to its end or to its next expression. */
const templateText = /(?:[^\\`$]|\\[^]|\$(?!\{))*(?:`|\$\{)/y
const word = /[\w$]+/y
const space = /\s+/y

/** After these a slash begins a regular expression; after other words, and what closes or ends a value, it divides. */
const keywords = new Set(['return', 'typeof', 'case', 'in', 'of', 'delete', 'void', 'throw', 'else', 'await', 'yield'])
const isValue = (token: string): boolean => (/[\w$]$/.test(token) ? !keywords.has(token) : /[)\]}'"`/]$/.test(token))

const blank = (text: string): string => text.replaceAll(/[^\n]/g, ' ')

/** Enough of a scanner for TypeScript to know what is code. */
export function sourceOf(path: string, text: string): Source {
  let uncommented = ''
  let code = ''
  let previous = ''
  /** For each template that is open, how many braces are open in its current expression. */
  const templates: number[] = []
  const match = (pattern: RegExp): string => {
    pattern.lastIndex = code.length
    return pattern.exec(text)?.[0] ?? ''
  }
  const plain = (token: string): void => {
    uncommented += token
    code += token
  }
  const literal = (token: string, opening: number, closing: number): void => {
    const end = token.length - closing
    uncommented += token
    code += token.slice(0, opening) + blank(token.slice(opening, end)) + token.slice(end)
    previous = token
  }
  const template = (): void => {
    const rest = match(templateText)
    if (rest.endsWith('${')) templates.push(0)
    literal(rest, 0, rest.endsWith('${') ? 2 : 1)
  }
  while (code.length < text.length) {
    const character = text.charAt(code.length)
    let token: string
    if ((token = match(comment))) {
      uncommented += blank(token)
      code += blank(token)
    } else if ((token = match(string)) || (!isValue(previous) && (token = match(regularExpression)))) {
      literal(token, 1, 1)
    } else if ((token = match(space))) {
      plain(token)
    } else if (character === '`' || (character === '}' && templates.at(-1) === 0)) {
      if (character === '}') templates.pop()
      plain(character)
      template()
    } else {
      const depth = templates.length - 1
      if (depth >= 0 && character === '{') templates[depth]! += 1
      if (depth >= 0 && character === '}') templates[depth]! -= 1
      previous = match(word) || character
      plain(previous)
    }
  }
  return { path, uncommented, code }
}

/** A module that another one asks for. */
export interface Import {
  specifier: string
  /** Gone when the code runs. */
  isType: boolean
}

export function importsOf({ uncommented, code }: Source): Import[] {
  const statement =
    /\b(?:import|export)\s+(type\s)?(?:[\w$*{}\s,]+?\sfrom\s*)?(['"])([^'"\n]+)\2|\bimport\s*\(\s*(['"])([^'"\n]+)\4/g
  return [...uncommented.matchAll(statement)]
    .filter(({ index, 0: { length } }) => /^\w/.test(code.slice(index, index + length)))
    .map(([, type, , specifier = '', , dynamic]) => ({ specifier: dynamic ?? specifier, isType: type !== undefined }))
}
