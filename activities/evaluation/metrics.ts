/** How the decisions at the threshold agree with the labels, in rows. */
export interface Counts {
  readonly tp: number
  readonly fp: number
  readonly tn: number
  readonly fn: number
}

/** A share `x` of `n`. With nothing to divide by, the value is null and says why; it is never 0. */
export interface Rate {
  readonly x: number
  readonly n: number
  readonly value: number | null
  readonly undefined?: string
  /** 95 % Wilson score interval; null where the rate is. */
  readonly interval: readonly [number, number] | null
}

export type RateName = 'selectionRate' | 'truePositiveRate' | 'falsePositiveRate' | 'accuracy'
export type Rates = Readonly<Record<RateName, Rate>>

export const rowsOf = ({ tp, fp, tn, fn }: Counts) => tp + fp + tn + fn

/** Two-sided 95 % quantile of the normal distribution. */
const z95 = 1.959963984540054

/** The Wilson score interval of x of n at 95 %; finite also where x is 0 or n. */
export function wilson(x: number, n: number): readonly [number, number] {
  const share = x / n
  const z2 = z95 * z95
  const centre = share + z2 / (2 * n)
  const spread = z95 * Math.sqrt((share * (1 - share)) / n + z2 / (4 * n * n))
  const scale = 1 + z2 / n
  // At the ends the exact bound is 0 or 1; subtracting would leave a rounding error there.
  const low = x === 0 ? 0 : (centre - spread) / scale
  const high = x === n ? 1 : (centre + spread) / scale
  return [low, high]
}

export function rateOf(x: number, n: number, whenEmpty: string): Rate {
  if (n === 0) return { x, n, value: null, undefined: whenEmpty, interval: null }
  return { x, n, value: x / n, interval: wilson(x, n) }
}

export function ratesOf(counts: Counts): Rates {
  const { tp, fp, tn, fn } = counts
  const rows = rowsOf(counts)
  return {
    selectionRate: rateOf(tp + fp, rows, 'no rows'),
    truePositiveRate: rateOf(tp, tp + fn, 'no positives'),
    falsePositiveRate: rateOf(fp, fp + tn, 'no negatives'),
    accuracy: rateOf(tp + tn, rows, 'no rows'),
  }
}

/** The mean of sensitivity and specificity; null unless both kinds of label occur. */
export function balancedAccuracy({ tp, fp, tn, fn }: Counts): number | null {
  if (tp + fn === 0 || fp + tn === 0) return null
  return (tp / (tp + fn) + tn / (fp + tn)) / 2
}

/** What the area under the ROC curve is made of, in whole numbers, so that it can be added up again. */
export interface RankCount {
  /** Twice the pairs in which the positive scores higher, plus once the pairs that tie. */
  readonly twiceWins: number
  readonly positives: number
  readonly negatives: number
}

/**
 * Counts the pairs of one positive and one negative that the scores order rightly; ties count half.
 * Exact up to about 67 million rows of each label, where the pairs leave the safe integers.
 *
 * @param labels 1 for a positive row, 0 for a negative one, in the order of `scores`
 */
export function rankCount(scores: Float64Array, labels: Uint8Array): RankCount {
  const positives = scores.filter((_, row) => labels[row] === 1).toSorted()
  const negatives = scores.filter((_, row) => labels[row] !== 1).toSorted()
  let below = 0
  let notAbove = 0
  let twiceWins = 0
  for (const score of positives) {
    while (below < negatives.length && (negatives[below] ?? Infinity) < score) below += 1
    while (notAbove < negatives.length && (negatives[notAbove] ?? Infinity) <= score) notAbove += 1
    twiceWins += below + notAbove
  }
  return { twiceWins, positives: positives.length, negatives: negatives.length }
}

/** The area under the ROC curve; null unless both kinds of label occur. */
export function aucOf({ twiceWins, positives, negatives }: RankCount): number | null {
  if (positives === 0 || negatives === 0) return null
  return twiceWins / (2 * positives * negatives)
}

/** The squared distances of scores from labels, summed in row order with Neumaier's compensation. */
export function squaredErrorSum(scores: Float64Array, labels: Uint8Array): number {
  let sum = 0
  let lost = 0
  for (const [row, score] of scores.entries()) {
    const distance = score - (labels[row] ?? 0)
    const term = distance * distance
    const next = sum + term
    lost += Math.abs(sum) >= Math.abs(term) ? sum - next + term : term - next + sum
    sum = next
  }
  return sum + lost
}
