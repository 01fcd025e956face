/** Something that happened. Fields never hold bodies, headers, tokens or anything else that a caller sent or got. */
export interface LogEvent {
  readonly level: 'debug' | 'info' | 'error'
  readonly event: string
  readonly [field: string]: unknown
}

export type Log = (event: LogEvent) => void

export const logLevels = ['info', 'debug', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

/** Writes one line of JSON an event to stderr: stdout is left to what the command line answers. */
export function openLog(
  level: LogLevel,
  write: (line: string) => void = line => void process.stderr.write(line),
  now: () => Date = () => new Date(),
): Log {
  if (level === 'silent') return () => {}
  return event => {
    if (event.level === 'debug' && level !== 'debug') return
    write(`${JSON.stringify({ time: now().toISOString(), ...event })}\n`)
  }
}
