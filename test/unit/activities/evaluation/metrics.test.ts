import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  aucOf,
  balancedAccuracy,
  rankCount,
  ratesOf,
  squaredErrorSum,
  wilson,
} from '../../../../activities/evaluation/metrics.js'

describe('what cannot be divided is null with a reason, never 0', () => {
  test.each([
    ['truePositiveRate', { tp: 0, fp: 3, tn: 4, fn: 0 }, 'no positives'],
    ['falsePositiveRate', { tp: 3, fp: 0, tn: 0, fn: 4 }, 'no negatives'],
    ['selectionRate', { tp: 0, fp: 0, tn: 0, fn: 0 }, 'no rows'],
    ['accuracy', { tp: 0, fp: 0, tn: 0, fn: 0 }, 'no rows'],
  ] as const)('%s of %j', (name, counts, reason) => {
    expect(ratesOf(counts)[name]).toEqual({
      x: 0,
      n: 0,
      value: null,
      undefined: reason,
      interval: null,
    })
  })

  test.each([
    [{ tp: 0, fp: 1, tn: 1, fn: 0 }, null],
    [{ tp: 1, fp: 0, tn: 0, fn: 1 }, null],
    [{ tp: 3, fp: 1, tn: 1, fn: 1 }, 0.625],
  ])('balanced accuracy of %j is %s', (counts, value) => {
    expect(balancedAccuracy(counts)).toBe(value)
  })

  test('AUC without positives or without negatives', () => {
    expect(aucOf({ twiceWins: 0, positives: 0, negatives: 9 })).toBeNull()
    expect(aucOf({ twiceWins: 0, positives: 9, negatives: 0 })).toBeNull()
  })
})

test('a rate carries its counts', () => {
  const rates = ratesOf({ tp: 6, fp: 2, tn: 10, fn: 2 })
  expect(rates.selectionRate).toMatchObject({ x: 8, n: 20, value: 0.4 })
  expect(rates.truePositiveRate).toMatchObject({ x: 6, n: 8, value: 0.75 })
  expect(rates.falsePositiveRate).toMatchObject({ x: 2, n: 12 })
  expect(rates.accuracy).toMatchObject({ x: 16, n: 20, value: 0.8 })
})

// Newcombe 1998, Statistics in Medicine 17:857, table I, method 3: given there to four digits.
test.each([
  [81, 263, 0.2553, 0.3662],
  [15, 148, 0.0624, 0.1605],
  [0, 20, 0, 0.1611],
  [1, 29, 0.0061, 0.1718],
])('the Wilson interval of %i in %i', (x, n, low, high) => {
  const [found, above] = wilson(x, n)
  expect(found).toBeCloseTo(low, 4)
  expect(above).toBeCloseTo(high, 4)
})

test('the Wilson interval holds the share and lies between 0 and 1', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e6 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (n, share) => {
        const x = Math.round(share * n)
        const [low, high] = wilson(x, n)
        expect(low).toBeGreaterThanOrEqual(0)
        expect(low).toBeLessThanOrEqual(x / n)
        expect(high).toBeGreaterThanOrEqual(x / n)
        expect(high).toBeLessThanOrEqual(1)
      },
    ),
  )
})

/** Few different scores, so that there are many ties. */
const scored = fc.array(
  fc.record({
    score: fc.integer({ min: 0, max: 6 }).map((n) => n / 6),
    label: fc.integer({ min: 0, max: 1 }),
  }),
  { maxLength: 60 },
)

function columns(rows: readonly { score: number; label: number }[]) {
  return [
    Float64Array.from(rows, (row) => row.score),
    Uint8Array.from(rows, (row) => row.label),
  ] as const
}

test('AUC is the share of pairs in the right order, ties counted half', () => {
  fc.assert(
    fc.property(scored, (rows) => {
      const positives = rows.filter((row) => row.label === 1)
      const negatives = rows.filter((row) => row.label === 0)
      const wins = positives.flatMap((one) =>
        negatives.map((other) => 1 + Math.sign(one.score - other.score)),
      )
      const twiceWins = wins.reduce((sum, win) => sum + win, 0)
      expect(rankCount(...columns(rows))).toEqual({
        twiceWins,
        positives: positives.length,
        negatives: negatives.length,
      })
    }),
    { numRuns: 500 },
  )
})

test('AUC does not depend on the order of the rows', () => {
  fc.assert(
    fc.property(scored, (rows) => {
      expect(rankCount(...columns(rows.toReversed()))).toEqual(rankCount(...columns(rows)))
    }),
  )
})

test('a perfect and a perfectly wrong order, and all ties', () => {
  const labels = Uint8Array.of(0, 0, 1)
  const auc = (...scores: number[]) => aucOf(rankCount(Float64Array.from(scores), labels))
  expect(auc(0.1, 0.2, 0.3)).toBe(1)
  expect(auc(0.3, 0.2, 0.1)).toBe(0)
  expect(auc(0.5, 0.5, 0.5)).toBe(0.5)
})

test('squared errors are summed without losing the small ones', () => {
  const scores = Float64Array.from({ length: 1_000_001 }, (_, row) => (row === 0 ? 1 : 1e-9))
  const labels = new Uint8Array(1_000_001)
  expect(squaredErrorSum(scores, labels)).toBe(1 + 1e-12)
})
