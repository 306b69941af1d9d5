import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { createLog, createPostgresFilter, isTellingOfNext, readableJsonLine } from './log'

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

test('what Next says is told, its cursor and its advice about middleware.ts are not', () => {
  const lines = [
    '✓ Ready in 357ms',
    '\u001B[?25h',
    '',
    '⚠ The "middleware" file convention is deprecated. Please use "proxy" instead.',
    '  To migrate automatically, run:',
    '  npx @next/codemod@canary middleware-to-proxy .',
    '  Learn more: https://nextjs.org/docs/messages/middleware-to-proxy',
    '\u001B[31m⨯\u001B[39m Error: x',
  ]
  expect(lines.filter(isTellingOfNext)).toEqual(['✓ Ready in 357ms', '\u001B[31m⨯\u001B[39m Error: x'])
})
