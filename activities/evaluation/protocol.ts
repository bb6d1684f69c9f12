import type { Counts } from './metrics.js'

/** What the child is asked. It comes from the parent alone, so the child takes it as it is. */
export interface ScoringRequest {
  readonly model: { readonly path: string; readonly sha256: string }
  /** A private copy of the evaluation set, whose digest was compared while it was copied. */
  readonly set: { readonly path: string }
  readonly features: readonly string[]
  readonly label: string
  readonly positive: string
  readonly output: string
  readonly threshold: number
  readonly columns: readonly string[]
}

export const classOrderSources = ['model-labels', 'second-column', 'single-score'] as const

/** Which number of the model's output is the score, and how that is known. */
export interface ClassOrder {
  readonly source: (typeof classOrderSources)[number]
  readonly labels: readonly string[] | null
  readonly index: number
}

export interface CountedGroup {
  readonly group: string
  readonly counts: Counts
}

/** Only counts and sums leave the child, never a row. */
export interface Scoring {
  readonly rows: {
    readonly declared: number
    readonly read: number
    readonly scored: number
    readonly counted: number
  }
  readonly binding: 'matrix' | 'columns'
  readonly classOrder: ClassOrder
  readonly overall: Counts
  readonly twiceWins: number
  readonly squaredErrorSum: number
  readonly groups: readonly {
    readonly column: string
    readonly unknown: Counts
    readonly cells: readonly CountedGroup[]
  }[]
  readonly versions: { readonly onnxruntime: string; readonly duckdb: string }
}

export type ChildMessage =
  | { readonly kind: 'progress'; readonly rows: number }
  | { readonly kind: 'refused'; readonly code: string; readonly what: string }
  | { readonly kind: 'scored'; readonly scoring: Scoring }

/** Most groups a column may have, and longest name of one: more would be an identifier, not a group. */
export const mostGroups = 50
export const longestGroupName = 200
/** The most that a child may say in all, in bytes. */
export const longestReply = 4 * 1024 * 1024

/** The child did not keep to the protocol: its model may have taken it over. */
export class ProtocolBreach extends Error {
  override readonly name = 'ProtocolBreach'
}

const loneSurrogate = /\p{Surrogate}/u

type Members = Record<string, unknown>

function members(value: unknown, keys: readonly string[]): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ProtocolBreach('an object was expected')
  }
  const found = Object.keys(value)
  if (found.length !== keys.length || !keys.every((key) => Object.hasOwn(value, key))) {
    throw new ProtocolBreach(`exactly ${keys.join(', ')} were expected`)
  }
  return { ...value }
}

function list(value: unknown, longest: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length > longest) throw new ProtocolBreach('a list is wrong')
  return value
}

function text(value: unknown, longest: number): string {
  if (typeof value === 'string' && value.length <= longest && !loneSurrogate.test(value))
    return value
  throw new ProtocolBreach('a text is wrong')
}

function whole(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw new ProtocolBreach('a count is wrong')
}

function oneOf<T extends string>(value: unknown, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value)
  if (found === undefined) throw new ProtocolBreach(`one of ${allowed.join(', ')} was expected`)
  return found
}

function counts(value: unknown): Counts {
  const { tp, fp, tn, fn } = members(value, ['tp', 'fp', 'tn', 'fn'])
  return { tp: whole(tp), fp: whole(fp), tn: whole(tn), fn: whole(fn) }
}

function classOrder(value: unknown): ClassOrder {
  const { source, labels, index } = members(value, ['source', 'labels', 'index'])
  return {
    source: oneOf(source, classOrderSources),
    labels: labels === null ? null : list(labels, 2).map((label) => text(label, 200)),
    index: whole(index),
  }
}

function group(value: unknown): Scoring['groups'][number] {
  const { column, unknown, cells } = members(value, ['column', 'unknown', 'cells'])
  return {
    column: text(column, 100),
    unknown: counts(unknown),
    cells: list(cells, mostGroups).map((cell) => {
      const { group: name, counts: found } = members(cell, ['group', 'counts'])
      return { group: text(name, longestGroupName), counts: counts(found) }
    }),
  }
}

function scoring(value: unknown): Scoring {
  const keys = ['rows', 'binding', 'classOrder', 'overall', 'twiceWins', 'squaredErrorSum']
  const found = members(value, [...keys, 'groups', 'versions'])
  const rows = members(found['rows'], ['declared', 'read', 'scored', 'counted'])
  const versions = members(found['versions'], ['onnxruntime', 'duckdb'])
  const sum = found['squaredErrorSum']
  if (typeof sum !== 'number' || !Number.isFinite(sum)) throw new ProtocolBreach('a sum is wrong')
  return {
    rows: {
      declared: whole(rows['declared']),
      read: whole(rows['read']),
      scored: whole(rows['scored']),
      counted: whole(rows['counted']),
    },
    binding: oneOf(found['binding'], ['matrix', 'columns']),
    classOrder: classOrder(found['classOrder']),
    overall: counts(found['overall']),
    twiceWins: whole(found['twiceWins']),
    squaredErrorSum: sum,
    groups: list(found['groups'], 100).map(group),
    versions: {
      onnxruntime: text(versions['onnxruntime'], 40),
      duckdb: text(versions['duckdb'], 40),
    },
  }
}

/**
 * Reads one line that the child wrote, and nothing that it should not have written.
 *
 * @throws ProtocolBreach
 */
export function parseMessage(line: string): ChildMessage {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (cause) {
    throw new ProtocolBreach('a line is no JSON', { cause })
  }
  const kind = typeof value === 'object' && value !== null && 'kind' in value ? value.kind : null
  if (kind === 'progress') return { kind, rows: whole(members(value, ['kind', 'rows'])['rows']) }
  if (kind === 'refused') {
    const { code, what } = members(value, ['kind', 'code', 'what'])
    return { kind, code: text(code, 60), what: text(what, 500) }
  }
  if (kind === 'scored') {
    return { kind, scoring: scoring(members(value, ['kind', 'scoring'])['scoring']) }
  }
  throw new ProtocolBreach('a message of no known kind')
}
