#!/usr/bin/env -S node --disable-sigusr1 --disable-proto=delete --disallow-code-generation-from-strings
import module from 'node:module'
import { join } from 'node:path'

// Before anything else is loaded, so that all of it is kept compiled. In a folder of this user alone: whoever can write to
// it can run code as this user, which rules out the temporary folder that is Node's own choice.
const { XDG_CACHE_HOME: xdg, HOME: home } = process.env
const caches = xdg?.startsWith('/') ? xdg : home && join(home, '.cache')
if (caches) {
  const folder = join(caches, 'keyreeve')
  module.enableCompileCache?.(folder)
  // Threads started later read it from here.
  process.env['NODE_COMPILE_CACHE'] ??= folder
}

const { runCommandLine } = await import('./command-line.ts')
process.exitCode = await runCommandLine(process.argv.slice(2))
