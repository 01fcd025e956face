import type { trace } from '../operations/keyreeve/trace.ts'
import type { Infer } from '../protocol/shape.ts'

/** A decision and everything that it was made from, for people. */

export type Trace = Infer<typeof trace>
type Layer = Trace['Policies'][number]['Layer']

/** Text in a colour, or as it is. */
export type Paint = (style: 'good' | 'bad' | 'faint' | 'strong', text: string) => string

const styles = { good: 32, bad: 31, faint: 2, strong: 1 } as const

/** For a terminal, unless its user wants none (https://no-color.org). */
export function painter(
  { isTTY }: { readonly isTTY?: boolean },
  { NO_COLOR: refusal }: Readonly<Record<string, string | undefined>>,
): Paint {
  if (!isTTY || refusal) return (_, text) => text
  return (style, text) => `\u001B[${styles[style]}m${text}\u001B[0m`
}

/**
 * What a terminal shows as it is. Names, values and encryption contexts are what somebody has chosen who may want to command
 * the terminal of whoever reads why he was denied.
 */
// To find control characters is what this is for.
// oxlint-disable-next-line no-control-regex
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g

export const printable = (text: string): string =>
  text.replace(controls, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)

const layerNames: Readonly<Record<Layer, string>> = {
  session: 'Session policies',
  boundary: 'Permissions boundary',
  identity: 'Identity policies',
  resource: 'Policy of the resource',
}
const layersOf: Readonly<Record<'caller' | 'owner' | 'both', readonly Layer[]>> = {
  both: ['resource', 'identity', 'boundary', 'session'],
  caller: ['identity', 'boundary', 'session'],
  owner: ['resource'],
}

const sideNotes: Readonly<Record<'caller' | 'owner', string>> = {
  caller: 'The resource belongs to another account, which alone sees its policy and grants.',
  owner: 'The caller belongs to another account, which alone sees its policies.',
}

/** Decision and reason first, then each layer with each of its statements, then grants. */
export function traceLines(
  of: Trace,
  paint: Paint,
  facts: readonly (readonly [name: string, text: string])[] = [],
): string[] {
  const { Decision, Reason, Side, Omitted } = of
  const isAllowed = Decision === 'allow'
  const about = [['Principal', of.Principal], ['Action', of.Action], ['Resource', of.Resource], ...facts] as const
  const width = Math.max(...about.map(([name]) => name.length))
  return [
    `${paint(isAllowed ? 'good' : 'bad', verdicts[Decision])} ${printable(Reason)}`,
    '',
    ...about.map(([name, text]) => `${`${name}:`.padEnd(width + 1)} ${printable(text)}`),
    ...layersOf[Side ?? 'both'].flatMap(layer => ['', ...layerLines(of, layer, paint)]),
    ...(Side === 'caller' ? [] : ['', ...grantLines(of, paint)]),
    ...(Side ? ['', sideNotes[Side]] : []),
    ...(Omitted === undefined ? [] : ['', `${Omitted} statements or grants that matter less are not shown.`]),
  ]
}

const verdicts: Readonly<Record<Trace['Decision'], string>> = {
  allow: 'Allowed.',
  'explicit deny': 'Denied explicitly.',
  'implicit deny': 'Denied.',
}

function layerLines({ Policies }: Trace, layer: Layer, paint: Paint): string[] {
  const policies = Policies.filter(({ Layer }) => Layer === layer)
  if (policies.length === 0) return [paint('strong', `${layerNames[layer]}: none`)]
  return [
    paint('strong', layerNames[layer]),
    ...policies.flatMap(({ Policy, Statements }) => [
      `  ${printable(Policy)}${Statements.length === 0 ? ': no statements' : ''}`,
      ...Statements.map(({ Statement, Effect, Applies, Text }) => {
        const line = `${Effect.padEnd(5)} ${printable(Statement)}: ${printable(Text)}`
        return `    ${paint(Applies ? (Effect === 'Allow' ? 'good' : 'bad') : 'faint', line)}`
      }),
    ]),
  ]
}

function grantLines({ Grants }: Trace, paint: Paint): string[] {
  if (Grants.length === 0) return [paint('strong', 'Grants to this principal: none')]
  return [
    paint('strong', 'Grants to this principal'),
    ...Grants.map(({ GrantId, Allows, Failed = '' }) =>
      paint(Allows ? 'good' : 'faint', `  ${GrantId}: ${Allows ? 'allows it' : printable(Failed)}`),
    ),
  ]
}
