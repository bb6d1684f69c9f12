import { describe, expect, test } from 'vitest'
import {
  parseMessage,
  ProtocolBreach,
  type Scoring,
} from '../../../../activities/evaluation/protocol.js'
import { isConserved } from '../../../../activities/evaluation/report.js'
import { scoringOf, selecting } from './scorings.js'

const honest = scoringOf({ F: selecting(40, 100), M: selecting(60, 100) }, selecting(2, 4))
const line = (scoring: unknown) => JSON.stringify({ kind: 'scored', scoring })

test.each([
  ['no JSON', 'hello'],
  ['no object', '3'],
  ['no known kind', '{"kind":"promoted"}'],
  ['more than it should', '{"kind":"progress","rows":3,"note":"hi"}'],
  ['less than it should', '{"kind":"progress"}'],
  ['rows below 0', '{"kind":"progress","rows":-1}'],
  ['half a row', '{"kind":"progress","rows":0.5}'],
  ['a long reason', JSON.stringify({ kind: 'refused', code: 'x', what: 'x'.repeat(501) })],
  ['half a character', String.raw`{"kind":"refused","code":"x","what":"\ud800"}`],
  ['no scoring', line(null)],
  ['a figure too many', line({ ...honest, outcome: 'passed' })],
  ['a binding that nobody knows', line({ ...honest, binding: 'guess' })],
  ['a sum that is no number', line({ ...honest, squaredErrorSum: 'NaN' })],
  ['counts as text', line({ ...honest, overall: { ...honest.overall, tp: '50' } })],
  [
    'too many groups',
    line({ ...honest, groups: Array.from({ length: 101 }, () => honest.groups[0]) }),
  ],
])('a child that says %s is not listened to', (_, text) => {
  expect(() => parseMessage(text)).toThrow(ProtocolBreach)
})

test('what a child may say comes through as it was said', () => {
  expect(parseMessage(line(honest))).toEqual({ kind: 'scored', scoring: honest })
  expect(parseMessage('{"kind":"progress","rows":7}')).toEqual({ kind: 'progress', rows: 7 })
})

describe('counts that do not agree with each other are not believed', () => {
  const [group] = honest.groups
  const smaller = { ...honest.overall, tp: honest.overall.tp - 1, fp: honest.overall.fp + 1 }
  test.each<[string, Scoring]>([
    ['rows that were not scored', { ...honest, rows: { ...honest.rows, scored: 201 } }],
    ['rows that were not read', { ...honest, rows: { ...honest.rows, read: 201 } }],
    ['a whole that is not its groups', { ...honest, overall: smaller }],
    ['a column that was not asked', { ...honest, groups: [] }],
    ['another column', { ...honest, groups: group ? [{ ...group, column: 'race' }] : [] }],
    ['more right pairs than pairs', { ...honest, twiceWins: 2 * 102 * 102 + 1 }],
    ['errors beyond 1', { ...honest, squaredErrorSum: 300 }],
    ['no rows', scoringOf({})],
  ])('%s', (_, scoring) => {
    expect(isConserved(scoring, ['sex'])).toBe(false)
  })

  test('and those that do are', () => {
    expect(isConserved(honest, ['sex'])).toBe(true)
  })
})
