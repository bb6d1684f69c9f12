import { expect, test } from 'vitest'
import { isReadyLine, shownLine } from '../../../src/main/dev/lines.js'

const info = JSON.stringify({ level: 30, msg: 'request done' })
const fault = JSON.stringify({ level: 50, msg: 'no disk', remedy: 'free some' })

test.each<[string, string, 'stdout' | 'stderr', string | null]>([
  ['what is only information', info, 'stdout', null],
  ['plain talk on stdout', 'listening', 'stdout', null],
  ['JSON that is no log record', '{"ready":true}', 'stdout', null],
  ['an empty line', '  ', 'stderr', null],
])('%s stays in the log file', (_, line, stream, expected) => {
  expect(shownLine(line, stream)).toBe(expected)
})

test.each<[string, string, 'stdout' | 'stderr', string]>([
  ['an error with its remedy', fault, 'stdout', 'no disk: free some'],
  ['a plain line on stderr', 'cannot start', 'stderr', 'cannot start'],
  ['half a record, as a crash leaves it', '{"level":50,', 'stderr', '{"level":50,'],
])('%s is shown', (_, line, stream, expected) => {
  expect(shownLine(line, stream)).toBe(expected)
})

test('a quiet line is not shown, and talk is where it is asked for', () => {
  expect(shownLine('NOTICE: x', 'stderr', { quiet: [/^NOTICE/] })).toBeNull()
  expect(shownLine('Building … 10 s', 'stdout', { showsOutput: true })).toBe('Building … 10 s')
})

test('no control or bidirectional character of a child reaches the terminal', () => {
  expect(shownLine('a\u001B[2Jb\u202Ec', 'stderr')).toBe('a\uFFFD[2Jb\uFFFDc')
})

test('a process says that it is ready by one line of JSON', () => {
  expect(isReadyLine('{"ready":true,"process":"recorder"}')).toBe(true)
  expect(isReadyLine('{"ready":"true"}')).toBe(false)
  expect(isReadyLine('ready')).toBe(false)
})
