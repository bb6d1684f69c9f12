import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { examples, policyNamed } from './tree.js'

const columns = 'age,sex,bmi,bp,s1,s2,s3,s4,s5,s6,age_band,high_risk'
const spread = z.object({ difference: z.number(), ratio: z.number() })
const grouping = z.object({
  groups: z.record(z.string(), z.object({ rows: z.int(), positives: z.int() })),
  spread: z.object({ selectionRate: spread, truePositiveRate: spread }),
})
const figures = z.object({
  rows: z.int(),
  overall: z.record(z.enum(['accuracy', 'auc', 'balancedAccuracy', 'brier']), z.number()),
  sex: grouping,
  age_band: grouping,
})
const expectedFile = z.record(
  z.string(),
  z.record(z.string(), z.record(z.enum(['diabetes-open', 'diabetes-held-out']), figures)),
)
const expected = expectedFile.parse(
  JSON.parse(readFileSync(join(import.meta.dirname, 'expected-evaluation.json'), 'utf8')),
)

function rowsOf(set: string): Map<string, string>[] {
  const file = join(examples, 'evaluation-sets', `${set}-synthetic.csv`)
  const [header = '', ...lines] = readFileSync(file, 'utf8').trimEnd().split('\n')
  expect(header).toBe(columns)
  const names = header.split(',')
  return lines.map((line) => {
    const cells = line.split(',')
    expect(cells).toHaveLength(names.length)
    return new Map(names.map((name, column) => [name, cells[column] ?? '']))
  })
}

describe.each(['diabetes-open', 'diabetes-held-out'] as const)('the set %s', (set) => {
  const rows = rowsOf(set)

  test('has 4,000 rows, each whole and plain', () => {
    expect(rows).toHaveLength(4000)
    const odd = rows.filter((row) => {
      const band = Number(row.get('age')) < 50 ? 'under-50' : '50-and-over'
      const words =
        /^(female|male)$/.test(row.get('sex') ?? '') &&
        /^(yes|no)$/.test(row.get('high_risk') ?? '')
      const numbers = ['age', 'bmi', 'bp', 's1', 's2', 's3', 's4', 's5', 's6']
      const plain = numbers.every((name) => /^\d+(\.\d+)?$/.test(row.get(name) ?? ''))
      return !words || !plain || row.get('age_band') !== band
    })
    expect(odd).toEqual([])
  })

  test('holds the groups that the expected figures were computed from', () => {
    const held = expected['diabetes-risk']?.['1']?.[set]
    for (const column of ['sex', 'age_band'] as const) {
      for (const [name, group] of Object.entries(held?.[column].groups ?? {})) {
        const members = rows.filter((row) => row.get(column) === name)
        const positives = members.filter((row) => row.get('high_risk') === 'yes')
        expect([members.length, positives.length]).toEqual([group.rows, group.positives])
      }
    }
    expect(held?.rows).toBe(4000)
  })
})

test('no real row stands behind two of training, open and held-out set', () => {
  const list = z.array(z.int().min(0).max(441))
  const source = z
    .object({ train: list, open: list, 'held-out': list })
    .parse(JSON.parse(readFileSync(join(examples, 'evaluation-sets/source-rows.json'), 'utf8')))
  const all = [...source.train, ...source.open, ...source['held-out']]
  expect(all).toHaveLength(442)
  expect(new Set(all).size).toBe(442)
})

const outside = (value: number, { atLeast = -Infinity, atMost = Infinity } = {}) =>
  value < atLeast || value > atMost

/** Which limits of the example policy the expected figures break; margins are left to the engine. */
function broken(policy: string, model: string, version: string): string[] {
  const clause = policyNamed(policy).checks.evaluation
  const held = expected[model]?.[version]?.['diabetes-held-out']
  if (!clause || !held) throw new Error(`no clause or no figures for ${model} ${version}`)
  const overall = Object.entries(held.overall).filter(([metric, value]) =>
    outside(value, Object.entries(clause.overall).find(([name]) => name === metric)?.[1]),
  )
  const spreads = new Map(
    (['sex', 'age_band'] as const).flatMap((column) =>
      Object.entries(held[column].spread).map(([metric, found]) => [`${column} ${metric}`, found]),
    ),
  )
  const groups = clause.groups.filter((rule) => {
    const found = spreads.get(`${rule.column} ${rule.metric}`)
    return (
      !found ||
      outside(found.difference, { atMost: rule.differenceAtMost }) ||
      outside(found.ratio, { atLeast: rule.ratioAtLeast })
    )
  })
  return [
    ...overall.map(([metric]) => metric),
    ...groups.map((rule) => `${rule.column} ${rule.metric}`),
  ]
}

describe('what the figures of Python say of the models', () => {
  test('version 4 ranks well and is refused for how it treats groups', () => {
    expect(broken('diabetes', 'diabetes-risk', '4')).toEqual([
      'sex selectionRate',
      'sex truePositiveRate',
      'age_band truePositiveRate',
    ])
  })

  test.each(['1', '2', '3'])('version %s would pass', (version) => {
    expect(broken('diabetes', 'diabetes-risk', version)).toEqual([])
  })

  test('ward-forecast would pass', () => {
    expect(broken('ward', 'ward-forecast', '1')).toEqual([])
  })
})
