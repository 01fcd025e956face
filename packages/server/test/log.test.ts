import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openLog, type LogLevel } from '../src/log.ts'

function written(level: LogLevel): string[] {
  const lines: string[] = []
  const log = openLog(
    level,
    line => void lines.push(line),
    () => new Date(0),
  )
  log({ level: 'debug', event: 'looked' })
  log({ level: 'info', event: 'started', port: 4599 })
  log({ level: 'error', event: 'failed', reason: 'a\nb' })
  return lines
}

const looked = '{"time":"1970-01-01T00:00:00.000Z","level":"debug","event":"looked"}\n'
const started = '{"time":"1970-01-01T00:00:00.000Z","level":"info","event":"started","port":4599}\n'
const failed = '{"time":"1970-01-01T00:00:00.000Z","level":"error","event":"failed","reason":"a\\nb"}\n'

test('logs each event as one line of JSON', () => assert.deepEqual(written('debug'), [looked, started, failed]))
test('leaves out details unless asked for them', () => assert.deepEqual(written('info'), [started, failed]))
test('logs nothing when told so', () => assert.deepEqual(written('silent'), []))
