import { describe, expect, test } from 'vitest'
import { figure, judge } from '../../../../activities/evaluation/gate.js'
import type { Counts } from '../../../../activities/evaluation/metrics.js'
import { reportOf } from '../../../../activities/evaluation/report.js'
import { finding } from '../../../../src/schema/check.js'
import type { EvaluationClause } from '../../../../src/schema/governance.js'
import { clauseOf } from './kit.js'
import { scoringOf, selecting } from './scorings.js'

const unbounded = { accuracy: {}, auc: {}, balancedAccuracy: {}, brier: {} }
const ratio = { column: 'sex', metric: 'selectionRate' as const, ratioAtLeast: 0.8, minRows: 100 }

function judged(
  groups: Readonly<Record<string, Counts>>,
  changes: Partial<EvaluationClause> = { overall: unbounded, groups: [ratio] },
  unknown?: Counts,
) {
  const clause = clauseOf(changes)
  const scoring = scoringOf(groups, unknown)
  const asked = clause.groups.length > 0 ? scoring : { ...scoring, groups: [] }
  const { outcome, findings, bounds } = judge(reportOf(asked, clause), clause)
  for (const one of findings) expect(finding.safeParse(one).error).toBeUndefined()
  return { outcome, ids: findings.map((one) => one.id), first: findings[0]?.what, bounds }
}

describe('a missed bound fails', () => {
  test('a ratio, told so that a manager can read it', () => {
    const found = judged({ F: selecting(62, 200), M: selecting(124, 200) })
    expect(found).toMatchObject({
      outcome: 'failed',
      ids: ['evaluation/group-ratio:sex:selectionRate'],
      first:
        "'F' are selected at 0.31 (62 of 200), 'M' at 0.62 (124 of 200): ratio 0.50, the policy asks 0.8 or more",
    })
  })

  test('a difference, with the worst pair named and the others counted', () => {
    const rule = { column: 'sex', metric: 'accuracy' as const, differenceAtMost: 0.1, minRows: 100 }
    const groups = {
      A: { tp: 90, fp: 10, tn: 90, fn: 10 },
      B: { tp: 70, fp: 30, tn: 70, fn: 30 },
      C: { tp: 60, fp: 40, tn: 60, fn: 40 },
    }
    const found = judged(groups, { overall: unbounded, groups: [rule] })
    expect(found.outcome).toBe('failed')
    expect(found.first).toMatch(/^'C' are judged rightly at 0\.60 .*'A' at 0\.90 /)
    expect(found.first).toMatch(
      /difference 0\.30, the policy asks 0\.1 or less \(2 pairs of groups/,
    )
  })

  test.each([
    ['accuracy', { atLeast: 0.6 }, 'Accuracy is 0.50; the policy asks 0.6 or more'],
    ['brier', { atMost: 0.2 }, 'Brier score is 0.25; the policy asks 0.2 or less'],
    ['auc', { atLeast: 0.5001 }, 'AUC is 0.5000; the policy asks 0.5001 or more'],
  ] as const)('%s of the whole set', (metric, bound, what) => {
    const overall = { ...unbounded, [metric]: bound }
    const found = judged({ F: selecting(100, 200) }, { overall, groups: [] })
    expect(found).toMatchObject({ outcome: 'failed', first: what })
    expect(found.ids).toEqual([`evaluation/overall:${metric}`])
  })

  test('and no doubt elsewhere softens it', () => {
    const groups = { F: selecting(62, 200), M: selecting(124, 200), X: selecting(2, 4) }
    const found = judged(groups)
    expect(found.outcome).toBe('failed')
    expect(found.ids).toContain('evaluation/group-small:sex')
  })
})

describe('what is not shown is inconclusive', () => {
  test('a group that is too small neither passes nor fails', () => {
    const far = judged({ F: selecting(98, 98), M: selecting(20, 200) })
    const near = judged({ F: selecting(50, 98), M: selecting(100, 200) })
    expect([far.outcome, near.outcome]).toEqual(['inconclusive', 'inconclusive'])
    expect(far.first).toBe("'F' has 98; the policy asks 100 rows or more")
  })

  test('nobody is selected in any group', () => {
    const found = judged({ F: selecting(0, 200), M: selecting(0, 200) })
    expect(found).toMatchObject({
      outcome: 'inconclusive',
      ids: ['evaluation/group-undefined:sex:selectionRate'],
    })
  })

  test('a difference of 0 and 0 is a difference', () => {
    const rule = {
      column: 'sex',
      metric: 'selectionRate' as const,
      differenceAtMost: 0.1,
      minRows: 9,
    }
    const groups = { F: selecting(0, 200), M: selecting(0, 200) }
    expect(judged(groups, { overall: unbounded, groups: [rule] }).outcome).toBe('passed')
  })

  test.each([
    [8, 'passed'],
    [10, 'inconclusive'],
  ])('%i of 400 rows whose group is not known: %s', (unknown, outcome) => {
    const half = (400 - unknown) / 2
    const groups = { F: selecting(half / 2, half), M: selecting(half / 2, half) }
    expect(judged(groups, undefined, selecting(0, unknown)).outcome).toBe(outcome)
  })

  test('one group, or none', () => {
    expect(judged({ F: selecting(100, 200) }).ids).toEqual(['evaluation/group-single:sex'])
    expect(judged({}, undefined, selecting(1, 4)).ids).toContain('evaluation/group-single:sex')
  })

  test('a policy that asks nothing', () => {
    const found = judged({ F: selecting(10, 90) }, { overall: unbounded, groups: [] })
    expect(found).toMatchObject({ outcome: 'inconclusive', ids: ['evaluation/nothing-asked'] })
  })
})

test('a bound that is met exactly is met', () => {
  const found = judged({ F: selecting(80, 200), M: selecting(100, 200) })
  expect(found).toMatchObject({ outcome: 'passed', ids: [] })
  const overall = { ...unbounded, accuracy: { atLeast: 0.5, atMost: 0.5 } }
  expect(judged({ F: selecting(80, 200) }, { overall, groups: [] }).outcome).toBe('passed')
})

test.each([
  [0.5, 0.8, '0.50'],
  [0.7996, 0.8, '0.7996'],
  [0.8, 0.8, '0.80'],
  [0.799999, 0.8, '0.799999'],
])('%d against %d is shown as %s', (value, limit, shown) => {
  expect(figure(value, limit)).toBe(shown)
})
