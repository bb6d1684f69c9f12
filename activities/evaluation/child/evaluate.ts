import { version as duckdbVersion } from '@duckdb/node-api'
import { env, type Tensor } from 'onnxruntime-node'
import { rankCount, rowsOf, squaredErrorSum } from '../metrics.js'
import type { ClassOrder, Scoring, ScoringRequest } from '../protocol.js'
import { loadModel, type Model } from './model.js'
import { Refusal } from './refusal.js'
import { assertLabels, classOrderOf, columnsOf, scoresOf } from './scores.js'
import { type Batch, openTable, type Table } from './table.js'
import { addTo, cellFor, columnTally, countedGroups, emptyTally } from './tally.js'

const bytesOf = ({ data }: Tensor) =>
  ArrayBuffer.isView(data) ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : null

/** Two answers to the same rows must be the same bytes, or the evaluation could not be repeated. */
function assertSteady(first: Tensor, second: Tensor) {
  const [a, b] = [bytesOf(first), bytesOf(second)]
  if (a && b && a.equals(b)) return
  throw new Refusal('model-unsteady', 'The model answered the same rows differently')
}

/** What is kept of each row: enough for ranks and squared errors, nothing of its features. */
interface Kept {
  readonly scores: Float64Array
  readonly labels: Uint8Array
}

function createCounter(request: ScoringRequest, kept: Kept) {
  const overall = emptyTally()
  const columns = request.columns.map(columnTally)
  const seen = new Set<string>()
  let scored = 0

  function count(batch: Batch, scores: Float64Array) {
    if (scored + batch.rows > kept.scores.length) throw new Refusal('rows-lost', 'Rows were added')
    for (const [row, score] of scores.entries()) {
      const label = String(batch.labels[row])
      const isPositive = label === request.positive
      const isSelected = score >= request.threshold
      // Two are right and a third is refused; more need not be kept.
      if (seen.size < 3) seen.add(label)
      kept.scores[scored] = score
      kept.labels[scored] = Number(isPositive)
      addTo(overall, isPositive, isSelected)
      for (const [index, column] of columns.entries()) {
        addTo(cellFor(column, batch.groups[index]?.[row]), isPositive, isSelected)
      }
      scored += 1
    }
  }
  return { overall, columns, seen, count, scored: () => scored }
}

type Counter = ReturnType<typeof createCounter>

function assertConserved({ declared, read, scored }: Record<string, number>, counter: Counter) {
  const counted = [
    rowsOf(counter.overall),
    ...counter.columns.map(({ unknown, cells }) =>
      [unknown, ...cells.values()].reduce((sum, tally) => sum + rowsOf(tally), 0),
    ),
  ]
  if ([read, scored, ...counted].some((rows) => rows !== declared)) {
    const what = `${declared} rows stand in the set, ${read} were read, ${scored} scored`
    throw new Refusal('rows-lost', `${what}, ${counted.join(' and ')} counted`)
  }
}

interface Scored {
  readonly read: number
  readonly order: ClassOrder
}

async function scoreAll(
  model: Model,
  table: Table,
  request: ScoringRequest,
  counter: Counter,
  onRows: (rows: number) => void,
): Promise<Scored> {
  let read = 0
  let order: ClassOrder | null = null
  for await (const batch of table.batches()) {
    read += batch.rows
    const output = await model.run(batch)
    const columns = columnsOf(output, batch.rows, request.output)
    if (!order) assertSteady(output, await model.run(batch))
    order ??= classOrderOf(model.survey.labels, columns, request.positive)
    counter.count(batch, scoresOf(output, columns, request, order.index))
    onRows(counter.scored())
  }
  if (!order) throw new Refusal('rows-lost', `Of ${table.declared} rows none was read`)
  return { read, order }
}

/**
 * Scores the evaluation set with the model and counts what the policy asks about.
 *
 * @throws Refusal when the model or the set does not allow it
 */
export async function evaluate(
  request: ScoringRequest,
  onRows: (rows: number) => void,
): Promise<Scoring> {
  const model = await loadModel(request)
  const table = await openTable(request, model.binding.features)
  const kept = {
    scores: new Float64Array(table.declared),
    labels: new Uint8Array(table.declared),
  }
  const counter = createCounter(request, kept)
  const { read, order } = await scoreAll(model, table, request, counter, onRows)
  const rows = { declared: table.declared, read, scored: counter.scored() }
  assertLabels(counter.seen, request.positive, order)
  assertConserved(rows, counter)
  return {
    rows: { ...rows, counted: rowsOf(counter.overall) },
    binding: model.binding.kind,
    classOrder: order,
    overall: counter.overall,
    twiceWins: rankCount(kept.scores, kept.labels).twiceWins,
    squaredErrorSum: squaredErrorSum(kept.scores, kept.labels),
    groups: counter.columns.map((tally) => ({
      column: tally.column,
      unknown: tally.unknown,
      cells: countedGroups(tally),
    })),
    versions: { onnxruntime: env.versions.node ?? env.versions.common, duckdb: duckdbVersion() },
  }
}
