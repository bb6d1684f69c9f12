import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { matchesPattern } from '../../../src/domain/policy.js'
import { ownersLint, policyLint } from '../../../governance/lint.js'
import { loadGovernance } from '../../../governance/load.js'
import { overlaps } from '../../../governance/pattern.js'
import { edit, exampleSet, seal } from './folder.js'

async function findingsAfter(edits: readonly (readonly [string, string, string])[]) {
  const folder = exampleSet()
  for (const [file, from, to] of edits) edit(folder, file, from, to)
  seal(folder)
  const { set } = await loadGovernance(folder)
  return [...ownersLint(set), ...policyLint(set)].map(
    ({ level, where, what }) => `${level}: ${where} ${what}`,
  )
}

const diabetes = 'policies/diabetes.yaml'

describe('lint refuses', () => {
  test.each([
    [
      'a governed model that nobody owns',
      [['policies/ward.yaml', 'models: [ward-*]', 'models: [w*]']],
      'error: models w* is governed by a policy, but nobody owns all of it',
    ],
    [
      'a seat that its requester empties',
      [
        [diabetes, 'teams: [clinical-safety]', 'teams: [platform]'],
        ['owners.yaml', 'scopes: [operate, govern]', 'scopes: [request, sign]'],
      ],
      'error: policy diabetes seat clinical-safety cannot be filled when the request comes from per_f53960dc',
    ],
    [
      'a seat that the model signer empties',
      [
        [diabetes, 'teams: [clinical-safety]', 'teams: [platform]'],
        ['owners.yaml', 'members: [per_f53960dc]', 'members: [per_7c1e90a2]'],
        ['owners.yaml', 'scopes: [request]', 'scopes: [sign]'],
      ],
      'seat clinical-safety cannot be filled when the request comes from mac_8a35e1f0 for per_7c1e90a2',
    ],
    [
      'a quorum larger than its team',
      [[diabetes, 'teams: [clinical-safety]', 'teams: [clinical-safety]\n    quorum: 3']],
      'seat clinical-safety cannot be filled',
    ],
    [
      'two seats that share their only people',
      [[diabetes, 'teams: [clinical-safety]', 'teams: [model-risk]\n    quorum: 2']],
      'cannot be filled',
    ],
    [
      'a member of a seat who may not sign',
      [['owners.yaml', 'scopes: [sign, audit]', 'scopes: [audit]']],
      'error: person per_41f8d3b6 sits in a team that fills a seat, but has no scope sign',
    ],
    [
      'a team without a backup',
      [['owners.yaml', '    backup: clinical-safety\n', '']],
      'error: team model-risk has no backup',
    ],
    [
      'two policies for one model',
      [
        ['policies/ward.yaml', 'models: [ward-*]', 'models: ["*-risk"]'],
        ['policies/ward.yaml', 'risks: [low]', 'risks: [low, high]'],
      ],
      'error: policy diabetes may match the same model as policy ward: diabetes-* and *-risk',
    ],
    [
      'a risk that no model has',
      [[diabetes, 'risks: [high]', 'risks: [extreme]']],
      'error: policy diabetes asks for risk extreme',
    ],
    [
      'a threshold that everything meets',
      [[diabetes, 'accuracy: { atLeast: 0.6 }', 'accuracy: { atLeast: 0 }']],
      'error: policy diabetes checks.evaluation.overall.accuracy is always met',
    ],
    [
      'a threshold that nothing meets',
      [[diabetes, 'auc: { atLeast: 0.7 }', 'auc: { atLeast: 70 }']],
      'auc can never be met',
    ],
    ['an empty threshold', [[diabetes, 'auc: { atLeast: 0.7 }', 'auc: {}']], 'auc has no bound'],
    [
      'a group without a limit',
      [[diabetes, '        ratioAtLeast: 0.8\n', '']],
      '(selectionRate by sex) is always met',
    ],
    [
      'a clock that is 0',
      [[diabetes, 'use: 2 days', 'use: 0']],
      'error: policy diabetes clocks.use is 0',
    ],
  ] as const)('%s', async (_, edits, expected) => {
    expect((await findingsAfter(edits)).join('\n')).toContain(expected)
  })
})

test('the example set has warnings, and no error', async () => {
  const { set } = await loadGovernance('examples/governance')
  const found = [...ownersLint(set), ...policyLint(set)]
  expect(found.filter(({ level }) => level === 'error')).toEqual([])
  expect(found.map(({ where }) => where)).toContain('team platform')
})

test('policies for different risks do not meet', async () => {
  const found = await findingsAfter([
    ['policies/ward.yaml', 'models: [ward-*]', 'models: ["ward-*", "diabetes-*"]'],
  ])
  expect(found.filter((one) => one.includes('may match the same model'))).toEqual([])
})

describe('patterns overlap exactly where some name matches both', () => {
  test.each([
    ['a', 'a', true],
    ['a', 'b', false],
    ['a*', '*b', true],
    ['a*c', 'ab*', true],
    ['a*c', 'b*', false],
    ['*', '', true],
    ['a**', 'a', true],
    ['ab*', 'a', false],
  ])('%s and %s: %s', (one, other, expected) => {
    expect(overlaps(one, other)).toBe(expected)
    expect(overlaps(other, one)).toBe(expected)
  })

  test('as an exhaustive search over short names finds', () => {
    const names = ['']
    for (let at = 0; at < 63; at += 1) names.push(...['a', 'b'].map((c) => `${names[at]}${c}`))
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 3 })
    fc.assert(
      fc.property(pattern, pattern, (one, other) => {
        const found = names.some((name) => matchesPattern(one, name) && matchesPattern(other, name))
        expect(overlaps(one, other)).toBe(found)
      }),
      { numRuns: 2000 },
    )
  })
})
