import { createHash } from 'node:crypto'
import { assert, jsonValue, property, string, uint8Array } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalJson, digestOf, digestOfJson } from '../../../src/domain/canonical.js'

/** A number from the bits that RFC 8785, appendix B, gives. */
function fromBits(hex: string): number {
  return Buffer.from(hex, 'hex').readDoubleBE()
}

describe('canonical JSON', () => {
  // RFC 8785, appendix B.
  test.each([
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['ffefffffffffffff', '-1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['c340000000000000', '-9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['44b52d02c7e14af7', '1.0000000000000001e+23'],
    ['444b1ae4d6e2ef4e', '999999999999999700000'],
    ['444b1ae4d6e2ef4f', '999999999999999900000'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555553', '333333333.3333332'],
    ['41b3de4355555557', '333333333.33333343'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ])('writes the number of bits %s as %s', (bits, text) => {
    expect(canonicalJson(fromBits(bits))).toBe(text)
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'refuses %d',
    (number) => {
      expect(() => canonicalJson(number)).toThrow(TypeError)
    },
  )

  test('writes strings as RFC 8785 does in its example', () => {
    const text = '€$\u000F\u000aA\'\u0042\u0022\u005c\\"/'
    expect(canonicalJson({ string: text })).toBe('{"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}')
  })

  test('sorts keys by their UTF-16 code units, as in RFC 8785, section 3.2.3', () => {
    const value = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\u{1f600}': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    }
    const order = [...canonicalJson(value).matchAll(/:"([^"]*)"/g)].map(([, text]) => text)
    expect(order).toEqual([
      'Carriage Return',
      'One',
      'Control',
      'Latin Small Letter O With Diaeresis',
      'Euro Sign',
      'Emoji: Grinning Face',
      'Hebrew Letter Dalet With Dagesh',
    ])
  })

  test.each([['\ud800'], ['\udc00a'], ['a\ud83d']])('refuses a lone surrogate: %j', (text) => {
    expect(() => canonicalJson(text)).toThrow(TypeError)
    expect(() => canonicalJson({ [text]: 1 })).toThrow(TypeError)
  })

  test('leaves out what is undefined, and knows null, true, false and empty values', () => {
    expect(canonicalJson({ b: [true, false, null], a: undefined, c: {}, d: [] })).toBe(
      '{"b":[true,false,null],"c":{},"d":[]}',
    )
  })

  test('reads back as what was written, whatever the order of the keys', () => {
    assert(
      property(jsonValue({ noUnicodeString: false }), (value) => {
        const text = canonicalJson(value)
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
        expect(canonicalJson(JSON.parse(text))).toBe(text)
      }),
    )
  })
})

test('digests are SHA-256 as Node computes it, of bytes and of UTF-8', () => {
  const sha256 = (input: Uint8Array | string) =>
    `sha256:${createHash('sha256').update(input).digest('hex')}`
  assert(property(uint8Array({ maxLength: 300 }), (bytes) => digestOf(bytes) === sha256(bytes)))
  assert(property(string({ unit: 'grapheme' }), (text) => digestOf(text) === sha256(text)))
  expect(digestOfJson({ b: 1, a: 2 })).toBe(sha256('{"a":2,"b":1}'))
})
