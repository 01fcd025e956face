import { flagOf, options, variableOf, type Option } from '../packages/server/src/config.ts'

/** docs/configuration.md: the table of options, in all their forms. */
export function configurationPage(): string {
  return [
    '# Configuration',
    '',
    'Written by `npm run docs` from the table of options; a test compares. A flag wins over a variable, a variable over the',
    'YAML file that `--config` names, the file over the default. An unknown flag, a misspelt `KEYREEVE_` variable and an',
    'unknown line of the file are errors. Secrets have no flag: they come from a variable, or from the file that the',
    '`_FILE` variable (in YAML: the option with `File` behind it) names.',
    '',
    '| YAML | flag | variable | type | default | |',
    '| --- | --- | --- | --- | --- | --- |',
    ...Object.entries<Option>(options).map(row),
    '',
    'Dots group options in the file:',
    '',
    '```yaml',
    'port: 4599',
    'tls:',
    '  certificate: /etc/keyreeve/tls.crt',
    '  key: /etc/keyreeve/tls.key',
    'wrapping:',
    '  pkcs1v15: refuse',
    '```',
    '',
  ].join('\n')
}

function row([name, { form, type, shown, help }]: [string, Option]): string {
  const isSecret = form === 'secret'
  const cells = [
    name === 'config' ? '' : `\`${name}\``,
    isSecret ? 'none' : `\`${flagOf(name)}\``,
    isSecret ? `\`${variableOf(name)}\`, \`${variableOf(name)}_FILE\`` : `\`${variableOf(name)}\``,
    type,
    name === 'regions' ? "AWS's commercial Regions" : shown === '' ? '' : `\`${shown}\``,
    help,
  ]
  return `| ${cells.join(' | ')} |`
}
