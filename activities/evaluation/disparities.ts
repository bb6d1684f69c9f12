import { type Counts, type RateName, ratesOf, rowsOf, type Rates } from './metrics.js'

/** One group: the values of its columns, in the order of the columns. */
export interface GroupCell extends Counts {
  readonly group: readonly string[]
  readonly n: number
  readonly rates: Rates
}

export interface GroupRule {
  readonly metric: RateName
  readonly minRows: number
  readonly differenceAtMost: number | null
  readonly ratioAtLeast: number | null
}

export type PairOutcome = 'inside' | 'outside' | 'inconclusive' | 'no-limit'

/** Two groups compared by one rate. `a` is the one with the lower rate. */
export interface Disparity {
  readonly metric: RateName
  readonly kind: 'difference' | 'ratio'
  readonly a: readonly string[]
  readonly b: readonly string[]
  readonly value: number | null
  readonly undefined?: string
  readonly limit: number | null
  readonly outcome: PairOutcome
  /** Why the pair proves nothing; null where it does. */
  readonly reason: string | null
}

export function cellOf(group: readonly string[], counts: Counts): GroupCell {
  const { tp, fp, tn, fn } = counts
  return { group, n: rowsOf(counts), tp, fp, tn, fn, rates: ratesOf(counts) }
}

interface Compared {
  readonly value: number | null
  readonly undefined?: string
}

function difference(low: number | null, high: number | null): Compared {
  if (low === null || high === null) return { value: null, undefined: 'a rate is undefined' }
  return { value: high - low }
}

function ratio(low: number | null, high: number | null): Compared {
  if (low === null || high === null) return { value: null, undefined: 'a rate is undefined' }
  if (high === 0) return { value: null, undefined: 'both rates are 0' }
  return { value: low / high }
}

interface Judged {
  readonly outcome: PairOutcome
  readonly reason: string | null
}

const judged = (outcome: PairOutcome, reason: string | null): Judged => ({ outcome, reason })

function judge(compared: Compared, within: ((value: number) => boolean) | null, small: boolean) {
  if (compared.value === null) return judged('inconclusive', compared.undefined ?? 'undefined')
  if (small) return judged('inconclusive', 'a group has too few rows')
  if (within === null) return judged('no-limit', null)
  return judged(within(compared.value) ? 'inside' : 'outside', null)
}

function compare(first: GroupCell, second: GroupCell, rule: GroupRule): Disparity[] {
  const rate = (cell: GroupCell) => cell.rates[rule.metric].value
  const [a, b] = (rate(first) ?? 0) <= (rate(second) ?? 0) ? [first, second] : [second, first]
  const small = Math.min(a.n, b.n) < rule.minRows
  const { differenceAtMost: most, ratioAtLeast: least } = rule
  const gap = difference(rate(a), rate(b))
  const share = ratio(rate(a), rate(b))
  const pair = { metric: rule.metric, a: a.group, b: b.group }
  const gapJudged = judge(gap, most === null ? null : (value) => value <= most, small)
  const shareJudged = judge(share, least === null ? null : (value) => value >= least, small)
  return [
    { ...pair, kind: 'difference', ...gap, limit: most, ...gapJudged },
    { ...pair, kind: 'ratio', ...share, limit: least, ...shareJudged },
  ]
}

/** Every pair of groups by the rule's rate: its difference and its ratio, in the order of the groups. */
export function disparitiesOf(cells: readonly GroupCell[], rule: GroupRule): Disparity[] {
  return cells.flatMap((first, index) =>
    cells.slice(index + 1).flatMap((second) => compare(first, second, rule)),
  )
}
