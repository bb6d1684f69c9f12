import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  createTerminal,
  forTerminal,
  hasColour,
  jsonForTerminal,
  table,
} from '../../../cli/terminal.js'

const hostile = [
  '\u001B[2J\u001B[H',
  '\u001B]0;title\u0007',
  '\u001B]8;;http://evil.example\u0007click\u001B]8;;\u0007',
  '\u009B31m',
  'safe\rPASSED',
  'a\nb',
  'a\bb\u007F',
  '\u202Egpj.exe',
  '\u2066x\u2069',
  'a\u200Bb\uFEFF',
  '\u2028next',
  '\uD800',
  '\u{E0041}\u{E0042}',
  '\uE000',
  '\0',
]

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'binary' }).map((text) => `${text}\u202E\u001B[31m`),
  fc.constantFrom(...hostile),
)

const moves = /[\p{C}\p{Zl}\p{Zp}]/u

function written(say: (terminal: ReturnType<typeof createTerminal>) => void, isColoured = false) {
  const parts: string[] = []
  say(createTerminal({ write: (text: string) => parts.push(text) }, isColoured))
  return parts.join('')
}

describe('nothing that a server says moves the cursor or turns the text around', () => {
  test.each(hostile)('%j', (text) => {
    expect(forTerminal(text)).not.toMatch(moves)
    expect(forTerminal(text)).toContain('\\u{')
  })

  test('of any text, one line becomes one line', () => {
    fc.assert(
      fc.property(anyText, anyText, (one, other) => {
        const line = written((terminal) => terminal.line(one, { style: 'red', text: other }))
        expect(line.endsWith('\n')).toBe(true)
        expect(line.slice(0, -1)).not.toMatch(moves)
      }),
      { numRuns: 2000 },
    )
  })

  test('with colour, the only escapes are our own', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const line = written((terminal) => terminal.line({ style: 'green', text }), true)
        expect(line.startsWith('\u001B[32m')).toBe(true)
        expect(line.endsWith('\u001B[39m\n')).toBe(true)
        expect(line.slice('\u001B[32m'.length, -'\u001B[39m\n'.length)).not.toMatch(moves)
      }),
    )
  })

  test('JSON holds none either, and reads back as the same value', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ text: anyText, other: fc.jsonValue() })), (value) => {
        const text = jsonForTerminal(value)
        expect(text.replaceAll('\n', '')).not.toMatch(moves)
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
      }),
      { numRuns: 1000 },
    )
  })

  test('a cell cannot break out of its table', () => {
    const text = written((terminal) =>
      table(terminal, [
        ['a\nb', 'x'],
        ['longer one', 'y'],
      ]),
    )
    expect(text).toBe('a\\u{a}b     x\nlonger one  y\n')
  })
})

test('what people write in other scripts stays as it is', () => {
  for (const text of ['Ünïcode', '日本語', 'Здравствуйте', 'été', '🙂']) {
    expect(forTerminal(text)).toBe(text)
  }
})

test.each([
  ['a terminal', { isTTY: true }, {}, true],
  ['a pipe', {}, {}, false],
  ['NO_COLOR', { isTTY: true }, { NO_COLOR: '1' }, false],
  ['an empty NO_COLOR', { isTTY: true }, { NO_COLOR: '' }, true],
  ['a dumb terminal', { isTTY: true }, { TERM: 'dumb' }, false],
])('colour for %s: %s', (_, sink, env, expected) => {
  expect(hasColour({ ...sink, write: () => true }, env)).toBe(expected)
})
