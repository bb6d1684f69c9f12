import type { Finding, Outcome } from '../../src/schema/check.js'
import type { EvaluationClause } from '../../src/schema/governance.js'
import type { Disparity, GroupRule } from './disparities.js'
import { idPart, missed, quoted, unproven } from './findings.js'
import type { RateName } from './metrics.js'
import type { GroupReport, OverallMetric, Report } from './report.js'

/** Rows of unknown group that a column may have before it proves nothing. */
export const mostUnknown = 0.02

export interface Bound {
  readonly metric: OverallMetric
  readonly value: number | null
  readonly atLeast: number | null
  readonly atMost: number | null
  readonly outcome: 'inside' | 'outside' | 'inconclusive'
}

export interface Judgement {
  readonly outcome: Exclude<Outcome, 'error'>
  readonly findings: readonly Finding[]
  readonly bounds: readonly Bound[]
}

/** Two decimals, or as many more as it takes to be told apart from the limit. */
export function figure(value: number, limit: number): string {
  for (let digits = 2; digits < 16; digits += 1) {
    const shown = value.toFixed(digits)
    if (value === limit || Number(shown) !== Number(limit.toFixed(digits))) return shown
  }
  return String(value)
}

const metricNames: Record<OverallMetric, string> = {
  accuracy: 'Accuracy',
  auc: 'AUC',
  balancedAccuracy: 'Balanced accuracy',
  brier: 'Brier score',
}

function boundOf(
  metric: OverallMetric,
  value: number | null,
  atLeast: number | null,
  atMost: number | null,
): Bound {
  const bound = { metric, value, atLeast, atMost }
  if (value === null) return { ...bound, outcome: 'inconclusive' }
  const isInside = value >= (atLeast ?? -Infinity) && value <= (atMost ?? Infinity)
  return { ...bound, outcome: isInside ? 'inside' : 'outside' }
}

function boundsOf(clause: EvaluationClause, report: Report): Bound[] {
  const order: readonly OverallMetric[] = ['accuracy', 'auc', 'balancedAccuracy', 'brier']
  const asked: Partial<EvaluationClause['overall']> = clause.overall
  return order.flatMap((metric) => {
    const { atLeast = null, atMost = null } = asked[metric] ?? {}
    if (atLeast === null && atMost === null) return []
    return [boundOf(metric, report.overall.metrics[metric].value, atLeast, atMost)]
  })
}

function boundFinding(bound: Bound, report: Report): Finding[] {
  const { metric, value, atLeast, atMost } = bound
  const name = metricNames[metric]
  const id = `overall:${metric}`
  const where = `all ${report.rows.declared} rows`
  if (value === null) {
    const why = report.overall.metrics[metric].undefined ?? 'undefined'
    return [
      unproven({
        id: `overall-undefined:${metric}`,
        what: `${name} is not defined on this set: ${why}`,
        where,
        why: 'What is not defined can neither keep a bound nor miss it.',
        remedy: 'Use an evaluation set in which both labels occur.',
      }),
    ]
  }
  if (bound.outcome === 'inside') return []
  const isLow = atLeast !== null && value < atLeast
  const limit = (isLow ? atLeast : atMost) ?? 0
  return [
    missed({
      id,
      what: `${name} is ${figure(value, limit)}; the policy asks ${limit} or ${isLow ? 'more' : 'less'}`,
      where,
      why: 'On the set that the policy names, the model is not as good as its owners demand.',
      remedy: 'Train a better model; a bound is changed in the policy, by its owners.',
    }),
  ]
}

const doing: Record<RateName, string> = {
  selectionRate: 'selected at',
  truePositiveRate: 'found, where the label is positive, at',
  falsePositiveRate: 'selected, where the label is negative, at',
  accuracy: 'judged rightly at',
}

const nameOf = (group: readonly string[]) => group.map(quoted).join(' and ')

function rateText(report: GroupReport, group: readonly string[], metric: RateName): string {
  const cell = report.cells.find((one) => one.group === group)
  const rate = cell?.rates[metric]
  if (!rate || rate.value === null) return 'an undefined rate'
  return `${rate.value.toFixed(2)} (${rate.x} of ${rate.n})`
}

const isWorse = (a: Disparity, b: Disparity) =>
  a.kind === 'ratio' ? (a.value ?? 0) < (b.value ?? 0) : (a.value ?? 0) > (b.value ?? 0)

function disparityFinding(
  report: GroupReport,
  rule: GroupRule,
  kind: Disparity['kind'],
): Finding[] {
  const limit = kind === 'ratio' ? rule.ratioAtLeast : rule.differenceAtMost
  const outside = report.disparities.filter(
    (one) =>
      one.metric === rule.metric &&
      one.kind === kind &&
      one.limit === limit &&
      one.outcome === 'outside',
  )
  const [first, ...others] = outside
  if (!first || limit === null) return []
  const worst = others.reduce((a, b) => (isWorse(b, a) ? b : a), first)
  const column = report.columns.join(' and ')
  const [low, high] = [worst.a, worst.b].map((group) => rateText(report, group, rule.metric))
  const asks = kind === 'ratio' ? `${limit} or more` : `${limit} or less`
  const pairs = outside.length > 1 ? ` (${outside.length} pairs of groups miss it)` : ''
  return [
    missed({
      id: `group-${kind}:${idPart(column)}:${rule.metric}`,
      what: `${nameOf(worst.a)} are ${doing[rule.metric]} ${low}, ${nameOf(worst.b)} at ${high}: ${kind} ${figure(worst.value ?? 0, limit)}, the policy asks ${asks}${pairs}`,
      where: `column ${quoted(column)}`,
      why: 'The model treats people differently by group, further than its owners allow.',
      remedy: 'Look at the training data and labels of the worse treated group, and train again.',
    }),
  ]
}

function doubts(report: GroupReport): Finding[] {
  const column = report.columns.join(' and ')
  const part = idPart(column)
  const where = `column ${quoted(column)}`
  const found: Finding[] = []
  const { unknown, cells, rules, disparities } = report
  if (unknown.fraction > mostUnknown) {
    found.push(
      unproven({
        id: `group-unknown:${part}`,
        what: `Of ${unknown.n} rows (${(100 * unknown.fraction).toFixed(1)} %) the group is not known`,
        where,
        why: 'People whose group is not known may be the ones who are treated worse.',
        remedy: `Complete the column; up to ${100 * mostUnknown} % may be unknown.`,
      }),
    )
  }
  if (cells.length < 2) {
    found.push(
      unproven({
        id: `group-single:${part}`,
        what: `The set knows ${cells.length === 0 ? 'no group' : `one group only, ${nameOf(cells[0]?.group ?? [])}`}`,
        where,
        why: 'With nobody to compare with, nothing is shown about fairness.',
        remedy: 'Use an evaluation set in which every group occurs.',
      }),
    )
  }
  const minRows = Math.max(...rules.map((rule) => rule.minRows))
  const small = cells.filter((cell) => cell.n < minRows)
  if (small.length > 0) {
    const named = small.slice(0, 4).map((cell) => `${nameOf(cell.group)} has ${cell.n}`)
    const more = small.length > 4 ? ` and ${small.length - 4} more groups` : ''
    found.push(
      unproven({
        id: `group-small:${part}`,
        what: `${named.join(', ')}${more}; the policy asks ${minRows} rows or more`,
        where,
        why: 'The rates of few rows are mostly chance, in either direction.',
        remedy: 'Collect more rows of these groups for the evaluation set.',
      }),
    )
  }
  for (const metric of new Set(rules.map((rule) => rule.metric))) {
    const pair = disparities.find((one) => one.metric === metric && isUndefined(one, rules))
    if (pair) found.push(undefinedFinding(pair, part, where))
  }
  return found
}

/** An undefined ratio matters only where the policy bounds ratios: 0 against 0 has a difference. */
function isUndefined(one: Disparity, rules: readonly GroupRule[]): boolean {
  if (one.value !== null) return false
  if (one.kind === 'difference') return true
  return rules.some((rule) => rule.metric === one.metric && rule.ratioAtLeast !== null)
}

function undefinedFinding(pair: Disparity, part: string, where: string): Finding {
  return unproven({
    id: `group-undefined:${part}:${pair.metric}`,
    what: `The ${pair.kind} of ${nameOf(pair.a)} and ${nameOf(pair.b)} in ${pair.metric} is not defined: ${pair.undefined ?? ''}`,
    where,
    why: 'A rate of nothing is no proof of fairness.',
    remedy: 'Use an evaluation set with enough positive and negative rows in every group.',
  })
}

function nothingAsked(): Finding {
  return unproven({
    id: 'nothing-asked',
    what: 'The policy bounds no metric and compares no groups',
    where: 'policy, checks.evaluation',
    why: 'A check that asks nothing shows nothing.',
    remedy: 'Give the policy at least one bound.',
  })
}

/** Holds the figures against the policy. A missed bound fails, whatever else is in doubt. */
export function judge(report: Report, clause: EvaluationClause): Judgement {
  const bounds = boundsOf(clause, report)
  const isIdle = bounds.length === 0 && clause.groups.length === 0
  const findings = [
    ...bounds.flatMap((bound) => boundFinding(bound, report)),
    ...report.groups.flatMap((group) =>
      group.rules.flatMap((rule) => [
        ...disparityFinding(group, rule, 'difference'),
        ...disparityFinding(group, rule, 'ratio'),
      ]),
    ),
    ...report.groups.flatMap(doubts),
    ...(isIdle ? [nothingAsked()] : []),
  ]
  const isMissed =
    bounds.some((bound) => bound.outcome === 'outside') ||
    report.groups.some(({ disparities }) => disparities.some((one) => one.outcome === 'outside'))
  const outcome = isMissed ? 'failed' : findings.length > 0 ? 'inconclusive' : 'passed'
  return { outcome, findings, bounds }
}
