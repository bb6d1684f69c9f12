import type { Finding, Outcome } from '../../src/schema/check.js'
import type { EvaluationClause } from '../../src/schema/governance.js'
import type { Judgement } from './gate.js'
import { plainText } from './plain-text.js'
import type { Report } from './report.js'

/** The figures of a canonical result: all that was counted, derived and asked, and nothing about this run. */
export function figuresOf(report: Report, judgement: Judgement, clause: EvaluationClause) {
  const { rows, binding, classOrder, overall, groups, versions } = report
  return {
    rows,
    model: { binding, output: clause.output, classOrder },
    asked: {
      label: clause.label,
      positive: clause.positive,
      threshold: clause.threshold,
      features: clause.features,
      confidence: 0.95,
    },
    overall,
    bounds: judgement.bounds,
    groups,
    versions,
  }
}

const shown = (value: number | null) => (value === null ? 'undefined' : value.toFixed(3))

/** One line for lists: the figures, on what, and the first thing that stands in the way. */
export function summaryOf(
  report: Report,
  findings: readonly Finding[],
  outcome: Outcome,
  set: { readonly synthetic: boolean },
): string {
  const { auc, accuracy } = report.overall.metrics
  const rows = `${report.rows.declared} ${set.synthetic ? 'synthetic ' : ''}rows`
  const figures = `AUC ${shown(auc.value)}, accuracy ${shown(accuracy.value)} on ${rows}`
  const [first] = findings
  const more = findings.length > 1 ? ` (and ${findings.length - 1} more)` : ''
  return plainText(first ? `${figures}; ${outcome}: ${first.what}${more}` : figures, 300)
}
