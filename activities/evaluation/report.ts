import type { EvaluationClause } from '../../src/schema/governance.js'
import {
  cellOf,
  type Disparity,
  disparitiesOf,
  type GroupCell,
  type GroupRule,
} from './disparities.js'
import { aucOf, balancedAccuracy, type Counts, type Rates, ratesOf, rowsOf } from './metrics.js'
import type { ClassOrder, Scoring } from './protocol.js'

export type OverallMetric = 'accuracy' | 'auc' | 'balancedAccuracy' | 'brier'

export interface Overall extends Counts {
  readonly n: number
  readonly positives: number
  readonly negatives: number
  readonly rates: Rates
  readonly metrics: Readonly<
    Record<OverallMetric, { readonly value: number | null; readonly undefined?: string }>
  >
}

export interface GroupReport {
  readonly columns: readonly string[]
  /** Rows of which the group is not known: in the whole, in no group. */
  readonly unknown: Counts & { readonly n: number; readonly fraction: number }
  readonly cells: readonly GroupCell[]
  readonly rules: readonly GroupRule[]
  readonly disparities: readonly Disparity[]
}

/** What the counts say, before anything is held against a bound. */
export interface Report {
  readonly rows: Scoring['rows']
  readonly binding: Scoring['binding']
  readonly classOrder: ClassOrder
  readonly overall: Overall
  readonly groups: readonly GroupReport[]
  readonly versions: Scoring['versions']
}

function overallOf({ overall: counts, twiceWins, squaredErrorSum }: Scoring): Overall {
  const n = rowsOf(counts)
  const positives = counts.tp + counts.fn
  const negatives = counts.fp + counts.tn
  const missing = positives === 0 ? 'no positives' : 'no negatives'
  const known = (value: number | null) =>
    value === null ? { value, undefined: missing } : { value }
  return {
    n,
    positives,
    negatives,
    tp: counts.tp,
    fp: counts.fp,
    tn: counts.tn,
    fn: counts.fn,
    rates: ratesOf(counts),
    metrics: {
      accuracy: { value: (counts.tp + counts.tn) / n },
      auc: known(aucOf({ twiceWins, positives, negatives })),
      balancedAccuracy: known(balancedAccuracy(counts)),
      brier: { value: squaredErrorSum / n },
    },
  }
}

function rulesFor(clause: EvaluationClause, column: string): GroupRule[] {
  return clause.groups
    .filter((rule) => rule.column === column)
    .map((rule) => ({
      metric: rule.metric,
      minRows: rule.minRows,
      differenceAtMost: rule.differenceAtMost ?? null,
      ratioAtLeast: rule.ratioAtLeast ?? null,
    }))
}

/** Derives every figure from the child's counts, so that anybody can derive them again. */
export function reportOf(scoring: Scoring, clause: EvaluationClause): Report {
  const groups = scoring.groups.map(({ column, unknown, cells: counted }) => {
    const rules = rulesFor(clause, column)
    const cells = counted.map(({ group, counts }) => cellOf([group], counts))
    const n = rowsOf(unknown)
    return {
      columns: [column],
      unknown: { ...unknown, n, fraction: n / scoring.rows.declared },
      cells,
      rules,
      disparities: rules.flatMap((rule) => disparitiesOf(cells, rule)),
    }
  })
  const { rows, binding, classOrder, versions } = scoring
  return { rows, binding, classOrder, overall: overallOf(scoring), groups, versions }
}

function added(counts: readonly Counts[]): Counts {
  const sum = (key: keyof Counts) => counts.reduce((total, one) => total + one[key], 0)
  return { tp: sum('tp'), fp: sum('fp'), tn: sum('tn'), fn: sum('fn') }
}

const isSame = (a: Counts, b: Counts) =>
  a.tp === b.tp && a.fp === b.fp && a.tn === b.tn && a.fn === b.fn

/**
 * Whether the child's counts agree with each other and with the question: it may have been taken over by its
 * model, and must not get figures past us whose groups are not those of the whole.
 */
export function isConserved(scoring: Scoring, columns: readonly string[]): boolean {
  const { overall, groups, twiceWins, squaredErrorSum, rows } = scoring
  const { declared, read, scored, counted } = rows
  const pairs = (overall.tp + overall.fn) * (overall.fp + overall.tn)
  return (
    declared > 0 &&
    [read, scored, counted, rowsOf(overall)].every((count) => count === declared) &&
    groups.map(({ column }) => column).join('\n') === columns.join('\n') &&
    groups.every(({ unknown, cells }) =>
      isSame(added([unknown, ...cells.map(({ counts }) => counts)]), overall),
    ) &&
    twiceWins <= 2 * pairs &&
    squaredErrorSum >= 0 &&
    squaredErrorSum <= declared * 1.001
  )
}
