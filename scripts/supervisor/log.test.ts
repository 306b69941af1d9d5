import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { createLog, createPostgresFilter, readableJsonLine } from './log'

test('every line stands behind the name of its part, without colours outside a terminal', () => {
  const output = new PassThrough()
  const log = createLog(output, {} as NodeJS.ProcessEnv)
  log('postgres', 'listening')
  log('app', 'ready')
  expect(String(output.read())).toBe('postgres   | listening\napp        | ready\n')
})

test('a log line in JSON is told in words; other lines stay as they are', () => {
  const line = '{"time":"2026-11-20T18:00:00.000Z","level":"warning","event":"slot_lost","slot":"a","retries":2}'
  expect(readableJsonLine(line)).toBe('WARNING slot_lost slot=a retries=2')
  expect(readableJsonLine('{"level":"info","event":"listening"}')).toBe('listening')
  expect(readableJsonLine('Error: x')).toBe('Error: x')
  expect(readableJsonLine('{broken')).toBe('{broken')
})

test('an error of the database is told with what explains it, its daily work is not', () => {
  const isTelling = createPostgresFilter()
  const lines = [
    'LOG:  starting',
    'DETAIL:  of the start',
    'ERROR:  duplicate key',
    'DETAIL:  Key (id)',
    '\tcontinued',
    'LOG:  checkpoint',
  ]
  expect(lines.filter(isTelling)).toEqual(['ERROR:  duplicate key', 'DETAIL:  Key (id)', '\tcontinued'])
})
