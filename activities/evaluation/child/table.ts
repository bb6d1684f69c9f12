import type { DuckDBDataChunk } from '@duckdb/node-api'
import type { ScoringRequest } from '../protocol.js'
import { type Column, columnNamed, openSet, type SetFile, withConnection } from './database.js'
import { Refusal } from './refusal.js'

/** How the model takes a feature. */
export type FeatureKind = 'number' | 'text'

/** What the database hands over for a number, a text, or nothing. */
export type Value = string | number | null

/** Some rows, column by column. A group value is null where it is not known. */
export interface Batch {
  readonly rows: number
  readonly features: readonly (readonly Value[])[]
  readonly labels: readonly Value[]
  readonly groups: readonly (readonly Value[])[]
}

export interface Table {
  /** Rows as the database counts them, before any is read. */
  readonly declared: number
  batches(): AsyncGenerator<Batch, void>
}

const missing = ({ text }: Column) => `(${text} IS NULL OR trim(${text}) IN ('', '?'))`
const asNumber = ({ text }: Column) => `TRY_CAST(${text} AS DOUBLE)`
const countOf = (condition: string) => `count(*) FILTER (WHERE ${condition})`

interface Columns {
  readonly features: readonly Column[]
  readonly label: Column
  readonly groups: readonly Column[]
}

function columnsOf(set: SetFile, request: ScoringRequest): Columns {
  const named = (name: string) => columnNamed(set, name)
  return {
    features: request.features.map(named),
    label: named(request.label),
    groups: request.columns.map(named),
  }
}

const noNumber = (column: Column) =>
  `NOT ${missing(column)} AND NOT coalesce(isfinite(${asNumber(column)}), false)`

function assertComplete(columns: Columns, counts: readonly number[]) {
  const [labels = 0, ...features] = counts
  if (labels > 0) {
    throw new Refusal('label-missing', `'${columns.label.name}' has no value in ${labels} rows`)
  }
  for (const [index, { name }] of columns.features.entries()) {
    const empty = features[2 * index] ?? 0
    const wrong = features[2 * index + 1] ?? 0
    if (empty > 0) {
      throw new Refusal('value-missing', `Feature '${name}' has no value in ${empty} rows`)
    }
    if (wrong > 0) {
      throw new Refusal('value-not-a-number', `Feature '${name}' is no number in ${wrong} rows`)
    }
  }
}

/** Counts the rows, and refuses the set where a row could not be scored or counted as it stands. */
async function audit(set: SetFile, columns: Columns, kinds: readonly FeatureKind[]) {
  const faults = columns.features.flatMap((column, index) => [
    countOf(missing(column)),
    kinds[index] === 'number' ? countOf(noNumber(column)) : '0',
  ])
  const wanted = ['count(*)', countOf(missing(columns.label)), ...faults].join(', ')
  return withConnection(set.database, async (connection) => {
    const answer = await connection.runAndReadAll(`SELECT ${wanted} FROM ${set.source}`)
    const [declared = 0, ...counts] = (answer.getRows()[0] ?? []).map(Number)
    if (declared === 0) throw new Refusal('set-empty', 'The evaluation set has no rows')
    assertComplete(columns, counts)
    return declared
  })
}

function batchOf(chunk: DuckDBDataChunk, features: number, groups: number): Batch {
  const column = (index: number) =>
    chunk
      .getColumnValues(index)
      .map((value) => (typeof value === 'number' || typeof value === 'string' ? value : null))
  return {
    rows: chunk.rowCount,
    features: Array.from({ length: features }, (_, index) => column(index)),
    labels: column(features),
    groups: Array.from({ length: groups }, (_, index) => column(features + 1 + index)),
  }
}

/**
 * Opens the evaluation set for one pass over its rows, in the order of the file.
 *
 * @throws Refusal when a column is missing, or a feature or label has no usable value
 */
export async function openTable(
  request: ScoringRequest,
  kinds: readonly FeatureKind[],
): Promise<Table> {
  const set = await openSet(request.set.path)
  const columns = columnsOf(set, request)
  const declared = await audit(set, columns, kinds)
  const wanted = [
    ...columns.features.map((column, index) =>
      kinds[index] === 'number' ? asNumber(column) : column.text,
    ),
    columns.label.text,
    ...columns.groups.map(
      (column) => `CASE WHEN ${missing(column)} THEN NULL ELSE ${column.text} END`,
    ),
  ].join(', ')

  async function* batches(): AsyncGenerator<Batch, void> {
    const connection = await set.database.connect()
    try {
      const stream = await connection.stream(`SELECT ${wanted} FROM ${set.source}`)
      for (;;) {
        const chunk = await stream.fetchChunk()
        if (!chunk || chunk.rowCount === 0) return
        yield batchOf(chunk, columns.features.length, columns.groups.length)
      }
    } finally {
      connection.closeSync()
    }
  }
  return { declared, batches }
}
