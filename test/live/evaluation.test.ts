import { spawnSync } from 'node:child_process'
import { DuckDBInstance } from '@duckdb/node-api'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { evaluateModel } from '../../activities/evaluation/engine.js'
import { isolatedCommand } from '../../activities/evaluation/isolation.js'
import { canonicalJson } from '../../src/domain/canonical.js'
import { canonicalResult } from '../../src/schema/check.js'
import {
  candidate,
  clauseOf,
  evaluated,
  limits,
  peopleCsv,
  peopleHeader,
  peopleRows,
  quietRun,
  setAt,
  setOf,
} from '../unit/activities/evaluation/kit.js'
import * as models from '../unit/activities/evaluation/models.js'

const wide = { timeout: 60_000 }
const rate = z.object({ x: z.int(), n: z.int(), value: z.number().nullable() })
const rates = z.object({
  selectionRate: rate,
  truePositiveRate: rate,
  falsePositiveRate: rate,
  accuracy: rate,
})
const figures = z.object({
  set: z.object({ rows: z.int(), synthetic: z.boolean() }),
  rows: z.record(z.string(), z.int()),
  model: z.object({
    binding: z.string(),
    classOrder: z.object({ source: z.string(), index: z.int() }),
  }),
  overall: z.object({
    tp: z.int(),
    fp: z.int(),
    metrics: z.record(z.string(), z.object({ value: z.number().nullable() })),
  }),
  groups: z.array(
    z.object({
      columns: z.array(z.string()),
      unknown: z.object({ n: z.int() }),
      cells: z.array(z.object({ group: z.array(z.string()), n: z.int(), rates })),
      disparities: z.array(
        z.object({ metric: z.string(), kind: z.string(), value: z.number().nullable() }),
      ),
    }),
  ),
  champion: z.object({ modelDigest: z.string(), overall: z.object({ n: z.int() }) }).nullable(),
})

const metricsOf = (result: unknown) => figures.parse(result).overall.metrics

describe('the examples agree with scikit-learn', wide, () => {
  const grouping = z.object({
    groups: z.record(z.string(), z.record(z.string(), z.number())),
    spread: z.record(z.string(), z.object({ difference: z.number(), ratio: z.number() })),
  })
  const expectedFile = z.object({
    'diabetes-risk': z.record(
      z.string(),
      z.record(
        z.string(),
        z.object({
          rows: z.int(),
          overall: z.record(z.string(), z.number()),
          sex: grouping,
          age_band: grouping,
        }),
      ),
    ),
  })
  const unit = join(import.meta.dirname, '../unit/examples/expected-evaluation.json')
  const expected = expectedFile.parse(JSON.parse(readFileSync(unit, 'utf8')))['diabetes-risk']
  const examples = join(import.meta.dirname, '../../examples')
  const metrics = ['selectionRate', 'truePositiveRate', 'falsePositiveRate', 'accuracy'] as const
  const groups = (['sex', 'age_band'] as const).flatMap((column) =>
    metrics.map((metric) => ({ column, metric, minRows: 500 })),
  )
  const clause = {
    label: 'high_risk',
    features: ['age', 'bmi', 'bp', 's1', 's2', 's3', 's4', 's5', 's6'],
    output: 'probabilities',
    groups,
  }

  test.each([
    ['1', 'diabetes-open'],
    ['1', 'diabetes-held-out'],
    ['4', 'diabetes-open'],
    ['4', 'diabetes-held-out'],
  ])('version %s on %s, to 1e-9', async (version, name) => {
    const wanted = expected[version]?.[name]
    if (!wanted) throw new Error(`no expected figures of version ${version}`)
    const model = readFileSync(join(examples, 'registry/diabetes-risk', version, 'model.onnx'))
    const set = setAt(join(examples, 'evaluation-sets', `${name}-synthetic.csv`))
    const { result } = await evaluated(model, set, clause)
    const found = figures.parse(result)
    expect(found.set.rows).toBe(wanted.rows)
    const { metrics: overall } = found.overall
    expect(Object.keys(overall).toSorted()).toEqual(Object.keys(wanted.overall).toSorted())
    expect(furthest(found, wanted)).toBeLessThan(1e-9)
  })

  type Wanted = NonNullable<(typeof expected)[string]>[string]

  /** The largest distance of any figure from scikit-learn's; NaN, which is not below 1e-9, where one is missing. */
  function furthest(found: z.infer<typeof figures>, wanted: Wanted): number {
    const off = (value: number | null | undefined, known: number | undefined) =>
      Math.abs((value ?? Number.NaN) - (known ?? Number.NaN))
    const overall = Object.entries(wanted.overall).map(([metric, known]) =>
      off(found.overall.metrics[metric]?.value, known),
    )
    const grouped = (['sex', 'age_band'] as const).flatMap((column) => {
      const group = found.groups.find((one) => one.columns[0] === column)
      const { groups: known, spread } = wanted[column]
      const names = Object.keys(known)
      const cells = names.flatMap((name) => {
        const cell = group?.cells.find((one) => one.group[0] === name)
        const rateOff = metrics.map((metric) =>
          off(cell?.rates[metric].value, known[name]?.[metric]),
        )
        return [off(cell?.n, known[name]?.['rows']), ...rateOff]
      })
      const pairs = metrics.flatMap((metric) =>
        (['difference', 'ratio'] as const).map((kind) => {
          const pair = group?.disparities.find((one) => one.metric === metric && one.kind === kind)
          return off(pair?.value, spread[metric]?.[kind])
        }),
      )
      return [off(group?.cells.length, names.length)].concat(cells, pairs)
    })
    expect(grouped).toHaveLength(2 * (1 + 2 * 5 + 8))
    return Math.max(...overall, ...grouped)
  }
})

describe('the figures are those of the set, however it is written', wide, () => {
  const groups = [{ column: 'sex', metric: 'selectionRate' as const, minRows: 10 }]
  const known = {
    accuracy: 28 / 40,
    balancedAccuracy: (16 / 20 + 12 / 20) / 2,
  }

  test('an honest model passes with the counts that were drawn', async () => {
    const answer = await evaluated(models.honest(), peopleCsv(), { groups })
    expect(answer.findings).toEqual([])
    expect(answer.outcome).toBe('passed')
    const found = figures.parse(answer.result)
    expect(found.rows).toEqual({ declared: 40, read: 40, scored: 40, counted: 40 })
    expect(found.overall).toMatchObject({ tp: 16, fp: 8 })
    expect(found.overall.metrics['accuracy']?.value).toBe(known.accuracy)
    expect(found.overall.metrics['balancedAccuracy']?.value).toBe(known.balancedAccuracy)
    expect(answer.summary).toMatch(/^AUC 0\.\d{3}, accuracy 0\.700 on 40 synthetic rows$/)
  })

  test('the same inputs give the same bytes, and they are a canonical result', async () => {
    const [first, second] = [
      await evaluated(models.honest(), peopleCsv(), { groups }),
      await evaluated(models.honest(), peopleCsv(), { groups }),
    ]
    expect(canonicalJson(second.result)).toBe(canonicalJson(first.result))
    expect(second).toEqual(first)
    const { outcome, engine, inputs, findings, result } = first
    const whole = {
      v: 'countersign-result/1',
      check: 'evaluation',
      clauseDigest: setOf('').digest,
      modelDigest: setOf('').digest,
      outcome,
      engine,
      inputs,
      findings,
      result,
    }
    expect(canonicalResult.safeParse(whole).error).toBeUndefined()
  })

  test('columns in another order are bound by name', async () => {
    const rows = peopleRows().map((row) => {
      const [a, b, ...rest] = row.split(',')
      return [...rest, b, a].join(',')
    })
    const swapped = await evaluated(models.honest(), peopleCsv(rows, 'ill,sex,colour,b,a'))
    const plain = await evaluated(models.honest())
    expect(metricsOf(swapped.result)).toEqual(metricsOf(plain.result))
    const misnamed = await evaluated(models.honest(), peopleCsv(undefined, 'b,a,ill,sex,colour'))
    expect(metricsOf(misnamed.result)).not.toEqual(metricsOf(plain.result))
  })

  test('inputs of their own, in the model’s order and types, are bound by name', async () => {
    const clause = { features: ['a', 'b', 'colour'] }
    const answer = await evaluated(models.oneInputPerFeature(), peopleCsv(), clause)
    expect(answer.findings).toEqual([])
    expect(figures.parse(answer.result).model.binding).toBe('columns')
    expect(metricsOf(answer.result)['accuracy']?.value).toBe(known.accuracy)
  })

  test('line ends, quotes and a byte order mark change nothing', async () => {
    const rows = peopleRows().map((row) => row.replace(/[FM]/, '"$&"'))
    const text = `\uFEFF${peopleCsv(rows, '"a","b",ill,sex,colour').replaceAll('\n', '\r\n')}`
    const answer = await evaluated(models.honest(), text, { groups })
    const plain = await evaluated(models.honest(), peopleCsv(), { groups })
    expect(figures.parse(answer.result).groups).toEqual(figures.parse(plain.result).groups)
  })

  test('Parquet gives the same figures as CSV, whole numbers as labels included', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'parquet-')), 'set')
    const csv = setOf(peopleCsv())
    const connection = await (await DuckDBInstance.create()).connect()
    await connection.run(
      `COPY (SELECT * REPLACE (CASE ill WHEN 'yes' THEN 1.0::DOUBLE ELSE 0.0 END AS ill) FROM read_csv('${csv.path}')) TO '${path}' (FORMAT parquet)`,
    )
    connection.closeSync()
    const parquet = await evaluated(models.honest(), setAt(path), { groups, positive: '1' })
    const plain = await evaluated(models.honest(), csv, { groups })
    expect(figures.parse(parquet.result).overall).toEqual(figures.parse(plain.result).overall)
    expect(figures.parse(parquet.result).groups).toEqual(figures.parse(plain.result).groups)
  })

  test('the favourable class is taken where the model says that it is', async () => {
    const clause = { output: 'probabilities' }
    const second = await evaluated(models.twoClasses(['no', 'yes']), peopleCsv(), clause)
    const first = await evaluated(models.twoClasses(['yes', 'no']), peopleCsv(), clause)
    const unnamed = await evaluated(models.twoClasses(), peopleCsv(), clause)
    const order = (answer: typeof first) => figures.parse(answer.result).model.classOrder
    expect(order(second)).toMatchObject({ source: 'model-labels', index: 1 })
    expect(order(first)).toMatchObject({ source: 'model-labels', index: 0 })
    expect(order(unnamed)).toMatchObject({ source: 'second-column', index: 1 })
    expect(metricsOf(unnamed.result)).toEqual(metricsOf(second.result))
    const auc = (answer: typeof first) => metricsOf(answer.result)['auc']?.value ?? Number.NaN
    expect(auc(first) + auc(second)).toBeCloseTo(1, 12)
  })
})

describe('nothing undefined ever looks fair', wide, () => {
  const groups = [
    { column: 'sex', metric: 'truePositiveRate' as const, differenceAtMost: 0.1, minRows: 10 },
  ]
  const ids = async (rows: readonly string[]) => {
    const { outcome, findings } = await evaluated(models.honest(), peopleCsv(rows), { groups })
    return [outcome, ...findings.map((finding) => finding.id)]
  }

  test('a single group', async () => {
    const rows = peopleRows().map((row) => row.replace(',M,', ',F,'))
    expect(await ids(rows)).toEqual(['inconclusive', 'evaluation/group-single:sex'])
  })

  test('a group without positives', async () => {
    const rows = peopleRows().map((row) => row.replace(',yes,M,', ',no,M,'))
    const found = await ids(rows)
    expect(found).toEqual(['inconclusive', 'evaluation/group-undefined:sex:truePositiveRate'])
  })

  test('a group of which too few are known', async () => {
    const rows = peopleRows().filter((row, index) => !row.includes(',M,') || index < 24)
    expect(await ids(rows)).toEqual(['inconclusive', 'evaluation/group-small:sex'])
  })

  test.each(['', '?', '" "'])('people whose group is %j', async (unknown) => {
    const rows = peopleRows().map((row, index) =>
      index % 20 === 0 ? row.replace(/[FM]/, unknown) : row,
    )
    expect(await ids(rows)).toEqual(['inconclusive', 'evaluation/group-unknown:sex'])
  })

  test('a set without positives', async () => {
    const rows = peopleRows().map((row) => row.replace(',yes,', ',no,'))
    const overall = { accuracy: {}, auc: { atLeast: 0.1 }, balancedAccuracy: {}, brier: {} }
    const answer = await evaluated(models.honest(), peopleCsv(rows), { overall })
    expect(answer.outcome).toBe('inconclusive')
    expect(metricsOf(answer.result)['auc']?.value).toBeNull()
    expect(answer.findings[0]?.what).toBe('AUC is not defined on this set: no positives')
  })
})

describe('hostile names stay names', wide, () => {
  const hostile = `"'); DROP TABLE x; --<script>\u202E\u0007`

  test('of columns and of groups', async () => {
    const quote = (text: string) => `"${text.replaceAll('"', '""')}"`
    const rows = peopleRows().map((row) =>
      row.replace(/[FM]/, (sex) => quote(`${sex}${hostile}\n=1+1`)),
    )
    const header = peopleHeader.replace('sex', quote(hostile)).replace('a', quote(`a${hostile}`))
    const groups = [
      { column: hostile, metric: 'selectionRate' as const, ratioAtLeast: 0.8, minRows: 30 },
    ]
    const clause = { groups, features: [`a${hostile}`, 'b'] }
    const { findings, result, summary } = await evaluated(
      models.honest(),
      peopleCsv(rows, header),
      clause,
    )
    const names = figures.parse(result).groups[0]?.cells.map((cell) => cell.group[0])
    expect(names).toEqual([`F${hostile}\n=1+1`, `M${hostile}\n=1+1`])
    expect(findings.map((finding) => finding.id)).toEqual([
      expect.stringMatching(/^evaluation\/group-small:[0-9a-f]{16}$/),
    ])
    expect(JSON.stringify([findings, summary])).not.toMatch(/\u202E|\\u0007|\\n/)
    expect(findings[0]?.what).toContain('\\u{202e}')
  })
})

describe('the champion', wide, () => {
  const set = setOf(peopleCsv())
  const modelDigest = setOf('champion').digest
  const run = async (champion: Uint8Array, comparesChampion = true) => {
    const files = candidate({ 'm.onnx': champion })
    const context = { champion: { modelDigest, files } }
    return evaluated(models.honest(), set, { comparesChampion }, context)
  }

  test('that cannot be scored leaves the answer open', async () => {
    const { outcome, findings } = await run(models.margins())
    expect(outcome).toBe('inconclusive')
    expect(findings.map((finding) => finding.id)).toEqual(['evaluation/champion-not-scored'])
  })

  test('is scored on the same set, and its digest is among the inputs', async () => {
    const { outcome, inputs, result } = await run(models.honest())
    expect(outcome).toBe('passed')
    expect(inputs).toEqual({ 'evaluation-set': set.digest, champion: modelDigest })
    expect(figures.parse(result).champion).toMatchObject({ modelDigest, overall: { n: 40 } })
  })

  test('is left alone where the policy does not compare', async () => {
    const { inputs, result } = await run(models.honest(), false)
    expect(inputs).toEqual({ 'evaluation-set': set.digest })
    expect(figures.parse(result).champion).toBeNull()
  })
})

test('the child has no environment, and no network where that is said', wide, async () => {
  const { command, args, notes } = await isolatedCommand(limits)
  const script = `console.log(JSON.stringify([Object.keys(process.env), os.networkInterfaces()]))`
  const { stdout } = spawnSync(command, [...args.slice(0, -1), '-e', script], { env: {} })
  const [environment, network] = z
    .tuple([z.array(z.string()), z.record(z.string(), z.unknown())])
    .parse(JSON.parse(stdout.toString()))
  expect(environment).toEqual([])
  expect(notes.network === 'enforced' ? Object.keys(network) : []).toEqual([])
})

test('what this host enforced is told beside the answer, never in it', wide, async () => {
  const files = candidate({ 'model.onnx': models.honest() })
  const context = { set: setOf(peopleCsv()), limits }
  const { answer, notes } = await evaluateModel(files, clauseOf(), context, quietRun())
  expect(notes.candidate?.network).toMatch(/^(not-)?enforced$/)
  expect(notes.candidate?.memory).toMatch(/^(not-)?enforced$/)
  expect(canonicalJson(answer.result)).not.toContain('enforced')
})
