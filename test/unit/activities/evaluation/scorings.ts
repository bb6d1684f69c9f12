import type { Counts } from '../../../../activities/evaluation/metrics.js'
import type { Scoring } from '../../../../activities/evaluation/protocol.js'

const none: Counts = { tp: 0, fp: 0, tn: 0, fn: 0 }
const sum = (all: readonly Counts[], key: keyof Counts) =>
  all.reduce((total, counts) => total + counts[key], 0)

/** What a child would answer whose rows fall into these groups of the column `sex`. */
export function scoringOf(
  groups: Readonly<Record<string, Counts>>,
  unknown: Counts = none,
): Scoring {
  const all = [...Object.values(groups), unknown]
  const overall = {
    tp: sum(all, 'tp'),
    fp: sum(all, 'fp'),
    tn: sum(all, 'tn'),
    fn: sum(all, 'fn'),
  }
  const rows = overall.tp + overall.fp + overall.tn + overall.fn
  return {
    rows: { declared: rows, read: rows, scored: rows, counted: rows },
    binding: 'matrix',
    classOrder: { source: 'single-score', labels: null, index: 0 },
    overall,
    twiceWins: (overall.tp + overall.fn) * (overall.fp + overall.tn),
    squaredErrorSum: rows / 4,
    groups: [
      {
        column: 'sex',
        unknown,
        cells: Object.entries(groups).map(([group, counts]) => ({ group, counts })),
      },
    ],
    versions: { onnxruntime: '1.30.0', duckdb: 'v1.5.6' },
  }
}

/** `selected` of `n` rows are selected, half of them rightly; half of all rows are positive. */
export const selecting = (selected: number, n: number): Counts => ({
  tp: selected / 2,
  fp: selected / 2,
  tn: (n - selected) / 2,
  fn: (n - selected) / 2,
})
