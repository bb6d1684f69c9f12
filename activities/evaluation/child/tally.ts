import type { Counts } from '../metrics.js'
import { type CountedGroup, longestGroupName, mostGroups } from '../protocol.js'
import { Refusal } from './refusal.js'
import type { Value } from './table.js'

interface Tally {
  tp: number
  fp: number
  tn: number
  fn: number
}

export const emptyTally = (): Tally => ({ tp: 0, fp: 0, tn: 0, fn: 0 })

export function addTo(tally: Tally, isPositive: boolean, isSelected: boolean) {
  if (isPositive) tally[isSelected ? 'tp' : 'fn'] += 1
  else tally[isSelected ? 'fp' : 'tn'] += 1
}

export interface ColumnTally {
  readonly column: string
  readonly unknown: Tally
  readonly cells: Map<string, Tally>
}

export function columnTally(column: string): ColumnTally {
  return { column, unknown: emptyTally(), cells: new Map() }
}

/** Where a row of this group is counted. @throws Refusal `groups-too-many`, `group-name` */
export function cellFor({ column, unknown, cells }: ColumnTally, value: Value | undefined): Tally {
  if (value === null || value === undefined) return unknown
  const group = String(value)
  const known = cells.get(group)
  if (known) return known
  if (group.length > longestGroupName) {
    const what = `Column '${column}' has a value of ${group.length} characters`
    throw new Refusal('group-name', what)
  }
  if (cells.size >= mostGroups) {
    throw new Refusal('groups-too-many', `Column '${column}' has more than ${mostGroups} values`)
  }
  const fresh = emptyTally()
  cells.set(group, fresh)
  return fresh
}

const copy = ({ tp, fp, tn, fn }: Tally): Counts => ({ tp, fp, tn, fn })

/** In the order of the names' code units, whatever order the rows came in. */
export function countedGroups({ cells }: ColumnTally): CountedGroup[] {
  return [...cells]
    .toSorted(([a], [b]) => (a < b ? -1 : Number(a > b)))
    .map(([group, tally]) => ({ group, counts: copy(tally) }))
}
