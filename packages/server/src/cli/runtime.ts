import { readFileSync } from 'node:fs'

/** What a process is like that would hold keys. */
export interface Runtime {
  /** Such as `v26.10.0`. */
  readonly version: string
  /** Flags of Node itself. */
  readonly execArgv: readonly string[]
  /** NODE_OPTIONS. */
  readonly nodeOptions: string
  /** Text of /proc/self/limits, where there is one. */
  readonly limits: string | undefined
}

export function thisRuntime(): Runtime {
  return {
    version: process.version,
    execArgv: process.execArgv,
    nodeOptions: process.env['NODE_OPTIONS'] ?? '',
    limits: process.platform === 'linux' ? readLimits() : undefined,
  }
}

function readLimits(): string | undefined {
  try {
    return readFileSync('/proc/self/limits', 'latin1')
  } catch {
    return undefined // A container may hide it.
  }
}

/**
 * Refuses to hold keys in a process that others could look into, or on a Node with known holes (C12).
 *
 * @returns a warning, if there is one to give
 * @throws Error, as a sentence for the operator
 */
export function requireSafeRuntime({ version, execArgv, nodeOptions, limits }: Runtime): string | undefined {
  if (!isSafeVersion(version)) {
    throw new Error(
      `Node ${version} lacks security fixes that Keyreeve needs. Use 26.5.1 or later, or 24.18.1 or later.`,
    )
  }
  const inspector = [...execArgv, ...nodeOptions.split(/\s+/)].find(flag => /^["']?--inspect/.test(flag))
  if (inspector !== undefined) {
    throw new Error(`Whoever reaches the inspector can read every key. Start Node without ${inspector}.`)
  }
  const [, soft] = limits === undefined ? [] : (/^Max core file size +(\S+)/m.exec(limits) ?? [])
  if (soft === undefined || soft === '0') return undefined
  return `A crash would write the memory, keys and all, to disk: core dumps are on (${soft} bytes). Run: ulimit -c 0`
}

/** 24.18.1 and later of 24, 26.5.1 and later. */
function isSafeVersion(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.replace('v', '').split('.').map(Number.parseFloat)
  if (major === 24) return minor > 18 || (minor === 18 && patch >= 1)
  if (major === 26) return minor > 5 || (minor === 5 && patch >= 1)
  return major > 26
}
