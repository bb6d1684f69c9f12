import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { idPart, faultFinding } from '../../../../activities/evaluation/findings.js'
import { plainLog, plainText } from '../../../../activities/evaluation/plain-text.js'
import { canonicalJson } from '../../../../src/domain/canonical.js'
import { finding } from '../../../../src/schema/check.js'

test('no text from outside carries what a reader does not see', () => {
  expect(plainText('a\u202Eb\nc\u0000', 50)).toBe(String.raw`a\u{202e}b\u{a}c\u{0}`)
  expect(plainLog('one\ntwo\u001B[31m\r')).toBe('one\ntwo[31m')
})

test('any text is cut to its length, and can still be written down', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.integer({ min: 1, max: 90 }),
      (text, longest) => {
        const plain = plainText(text, longest)
        expect(plain.length).toBeLessThanOrEqual(longest)
        expect(() => canonicalJson(plain)).not.toThrow()
        expect(plain).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
      },
    ),
    { numRuns: 1000 },
  )
})

test('any column has a plain part of an id, and no two the same', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 100 }), (name) => {
      expect(idPart(name)).toMatch(/^[\w.-]{1,60}$/)
    }),
  )
  expect(idPart('sex')).toBe('sex')
  expect(idPart('a b')).not.toBe(idPart('a  b'))
})

test('a fault of any length is a finding that no waiver covers', () => {
  const made = faultFinding('model-load', 'x'.repeat(9000), 'y'.repeat(9000))
  expect(finding.safeParse(made).error).toBeUndefined()
  expect(made.waivable).toBe(false)
})
