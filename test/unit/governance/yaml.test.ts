import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isPromotionError } from '../../../src/domain/errors.js'
import { parseYaml } from '../../../governance/yaml.js'

function refusal(text: string | Uint8Array): string {
  try {
    parseYaml(text, 'owners.yaml')
  } catch (error) {
    if (isPromotionError(error) && error.code === 'GOVERNANCE_INVALID') return error.message
    throw error
  }
  return 'read'
}

const bomb = `a: &a [x, x]\n${['b', 'c', 'd'].map((n) => `${n}: &${n} [*a, *a]`).join('\n')}\n`
const mebibyte = 1024 * 1024

describe('hostile YAML is refused with its place, and ends nothing', () => {
  test.each([
    ['an alias bomb', bomb, 'owners.yaml:1:7: a has an anchor'],
    ['an alias alone', 'a: 1\nb: *a\n', 'owners.yaml:2:4'],
    ['a tag', 'a: 1\nb: !!str 2\n', 'owners.yaml:2:10: b has a tag'],
    ['a non-specific tag', 'b: ! 2\n', 'b has a tag'],
    ['a tag that would run code elsewhere', 'a: !!js/function "x"\n', 'tag'],
    ['a merge key', 'a: 1\n<<: {b: 2}\n', 'owners.yaml:2:1: has a key that is "<<"'],
    ['a key that reaches the prototype', '__proto__: {x: 1}\n', 'has a key that is "__proto__"'],
    ['a duplicate key', 'a: 1\nb: 2\na: 3\n', 'owners.yaml:3:1: a stands here twice'],
    ['a duplicate key further down', 'x:\n  - a: 1\n    a: 2\n', 'x.0.a stands here twice'],
    ['a key that is no text', 'a: 1\n2: b\n', 'owners.yaml:2:1: has a key that is 2'],
    ['a key that is a list', '? [a]\n: b\n', 'has a key that is something else'],
    ['33 lists one in another', '['.repeat(33) + ']'.repeat(33), 'nested more than 32 levels'],
    ['a hundred thousand open braces', '{'.repeat(100_000), 'nested more than 32 levels'],
    ['a hundred thousand open lists', '['.repeat(100_000), 'nested more than 32 levels'],
    ['half a million dashes', '- '.repeat(mebibyte / 2), 'nested more than 32 levels'],
    ['half a million question marks', '? '.repeat(mebibyte / 2), 'nested more than 32 levels'],
    [
      'a staircase',
      Array.from({ length: 900 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
      'nested',
    ],
    ['a mebibyte of closing brackets', ']'.repeat(mebibyte), 'owners.yaml:1:1'],
    ['half a million lines', '\t\n'.repeat(mebibyte / 2), 'owners.yaml:'],
    ['300,000 entries', '- 1\n'.repeat(mebibyte / 4), 'more parts'],
    ['2 MiB', `a: ${'x'.repeat(2 * mebibyte)}`, 'is 2097155 bytes: at most 1048576'],
    ['a NUL', 'a: "x\0y"\n', 'owners.yaml:1:6: holds a control or invisible character'],
    ['an escaped NUL', 'a: "x\\0y"\n', 'owners.yaml:1:4: a is'],
    ['a bidirectional override', 'a: b\u202Ec\n', 'invisible character: "\\u{202e}"'],
    ['one in a comment', 'a: b # \u2066x\n', 'invisible character'],
    ['an escaped one', 'a: "\\u202E"\n', 'owners.yaml:1:4: a is "\\u{202e}"'],
    ['a zero-width space in a key', '"a\\u200b": 1\n', 'has a key that is "a\\u{200b}"'],
    ['a lone surrogate', 'a: "\\uD800"\n', 'a is'],
    ['a directive that turns back to YAML 1.1', '%YAML 1.1\n---\na: yes\n', 'directive'],
    ['a second document', 'a: 1\n---\nb: 2\n', 'owners.yaml:2:1'],
    ['infinity', 'a: .inf\n', 'a is Infinity'],
    ['not a number', 'a: .nan\n', 'a is NaN'],
    [
      'a number that JSON cannot hold',
      'a: 9007199254740993\n',
      'a number was expected that is exact',
    ],
    ['an open quote', 'a: "x\nb: 1\n', 'owners.yaml:'],
    ['a tab as indentation', 'a:\n\tb: 1\n', 'owners.yaml:2'],
  ])('%s', (_, text, expected) => {
    expect(refusal(text)).toContain(expected)
  })

  test('bytes that are not UTF-8', () => {
    expect(refusal(Uint8Array.of(0x61, 0x3a, 0x20, 0xc3, 0x28))).toContain('is not valid UTF-8')
  })

  test('every fault of a file is told at once', () => {
    expect(refusal('a: &x 1\nb: !!str 2\nb: 3\n').match(/owners\.yaml:/g)).toHaveLength(3)
  })
})

test('core words stay what they are in YAML 1.2', () => {
  const text = "a: yes\nb: 'no'\nc: 0o17\nd: 1e3\ne: ~\nf: [on, true]\n"
  expect(parseYaml(text, 'x.yaml').value).toEqual({
    a: 'yes',
    b: 'no',
    c: 15,
    d: 1000,
    e: null,
    f: ['on', true],
  })
})

test('32 levels are not too many', () => {
  expect(refusal('['.repeat(32) + ']'.repeat(32))).toBe('read')
})

test('an empty file is null', () => {
  expect(parseYaml('', 'x.yaml').value).toBeNull()
})

test('the place of a field is its own line, or that of the nearest part above', () => {
  const { place } = parseYaml('a: 1\nseats:\n  - id: x\n', 'x.yaml')
  expect(place(['seats', 0, 'id'])).toEqual({ line: 3, column: 5 })
  expect(place(['seats', 0, 'teams'])).toEqual({ line: 3, column: 5 })
  expect(place(['owns'])).toEqual({ line: 1, column: 1 })
})

describe('whatever the text', () => {
  test('what JSON says, YAML says too, or it is refused in our words', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const text = JSON.stringify(value)
        const outcome = refusal(text)
        const said = outcome === 'read' ? parseYaml(text, 'x').value : JSON.parse(text)
        expect(outcome).toMatch(/^(read|the governance set does not stand)/)
        expect(said).toEqual(JSON.parse(text))
      }),
      { numRuns: 500 },
    )
  })

  test('it ends, with a value or a refusal of ours', () => {
    const words = ['a: ', '- ', '? ', '&a ', '*a', '!!x ', '---\n', '...\n', '%YAML 1.1\n', '<<: ']
    const signs = '\n []{},"\'|>#:1x\t\u2028'.split('')
    const piece = fc.constantFrom(...words, ...signs)
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        expect(refusal(pieces.join(''))).toMatch(/^(read|the governance set does not stand)/)
      }),
      { numRuns: 3000 },
    )
  })
})
