import { readFile } from 'node:fs/promises'

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')

/** The only code of that language in the README, so that tests run what people copy. */
export function example(language: string): string {
  const [code, ...others] = readme.split(`\n\`\`\`${language}\n`).slice(1)
  if (code === undefined || others.length > 0) throw new Error(`one example in ${language} expected`)
  return code.slice(0, code.indexOf('\n```') + 1)
}

/** The rows of the table below a heading, as cells without their code marks. */
export function table(heading: string): string[][] {
  const section = readme.slice(readme.indexOf(`${heading}\n`) + heading.length).trimStart()
  const [lines = ''] = section.split('\n\n')
  return lines
    .split('\n')
    .slice(2)
    .map(line =>
      line
        .split('|')
        .slice(1, -1)
        .map(cell => cell.trim().replaceAll('`', '')),
    )
}
