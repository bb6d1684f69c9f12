import { assert, integer, property } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isoOf, msOf } from '../../../src/domain/time.js'

const fourDigitYears = integer({
  min: Date.parse('0000-01-01T00:00:00.000Z'),
  max: Date.parse('9999-12-31T23:59:59.999Z'),
})

describe('moments', () => {
  test('are written and read as Date does, in every year of four digits', () => {
    assert(
      property(fourDigitYears, (ms) => {
        const iso = new Date(ms).toISOString()
        return isoOf(ms) === iso && msOf(iso) === ms
      }),
      { numRuns: 20_000 },
    )
  })

  test.each([
    ['1970-01-01T00:00:00.000Z', 0],
    ['1969-12-31T23:59:59.999Z', -1],
    ['2000-02-29T12:00:00.001Z', 951_825_600_001],
    ['1900-03-01T00:00:00.000Z', -2_203_891_200_000],
  ])('%s is %d ms', (iso, ms) => {
    expect(msOf(iso)).toBe(ms)
    expect(isoOf(ms)).toBe(iso)
  })

  test.each(['', '2026-11-22', '2026-11-22T20:29:00Z', '2026-11-22T20:29:00.000+01:00', ' 2026'])(
    'are refused when written as %j',
    (text) => {
      expect(() => msOf(text)).toThrow(RangeError)
    },
  )
})
