import { msOf } from '../../src/domain/time.js'
import type { Projection } from '../../read-model/projection.js'
import type { PromotionRecord } from '../../read-model/promotions.js'

export interface ListFilter {
  readonly model?: string | undefined
  readonly version?: string | undefined
  readonly state?: string | undefined
  readonly environment?: string | undefined
  /** A team or a role, as `waitingOn` of a summary names it. */
  readonly waitingOn?: string | undefined
  readonly requestedBy?: string | undefined
  /** Requested at or after, and before. */
  readonly since?: string | undefined
  readonly until?: string | undefined
}

function isWithin({ state }: PromotionRecord, { since, until }: ListFilter): boolean {
  return (
    (since === undefined || state.requestedAt >= msOf(since)) &&
    (until === undefined || state.requestedAt < msOf(until))
  )
}

function matches(record: PromotionRecord, filter: ListFilter): boolean {
  const { state } = record
  const wanted = [
    [filter.model, state.model],
    [filter.version, state.version],
    [filter.state, state.phase],
    [filter.environment, state.environment],
  ] as const
  return (
    wanted.every(([want, have]) => want === undefined || want === have) &&
    (filter.waitingOn === undefined || record.waitingOn.includes(filter.waitingOn)) &&
    (filter.requestedBy === undefined ||
      filter.requestedBy === state.requester ||
      filter.requestedBy === state.sponsor) &&
    isWithin(record, filter)
  )
}

/** The shortest list that surely holds all that match, oldest first. */
function candidates(projection: Projection, filter: ListFilter): readonly string[] {
  const lists: (readonly string[])[] = [projection.order]
  if (filter.model !== undefined) lists.push(projection.byModel.get(filter.model) ?? [])
  if (filter.requestedBy !== undefined) {
    lists.push(projection.byRequester.get(filter.requestedBy) ?? [])
  }
  return lists.reduce((best, list) => (list.length < best.length ? list : best))
}

/** Cursors are positions in the log, so that a page stays the same while newer promotions arrive. */
export function cursorOf(record: PromotionRecord): string {
  return Buffer.from(`p${record.position}`, 'utf8').toString('base64url')
}

/** Undefined where a cursor is none of ours. */
export function positionOf(cursor: string): number | undefined {
  const [, digits] = /^p(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString('utf8')) ?? []
  return digits === undefined ? undefined : Number(digits)
}

/** One page, newest first. `next` is null on the last one. */
export function pageOf(
  projection: Projection,
  filter: ListFilter,
  isVisible: (record: PromotionRecord) => boolean,
  page: { readonly before: number; readonly limit: number },
): { readonly records: readonly PromotionRecord[]; readonly next: string | null } {
  const found: PromotionRecord[] = []
  const ids = candidates(projection, filter)
  for (let at = ids.length - 1; at >= 0 && found.length <= page.limit; at -= 1) {
    const record = projection.promotions.get(ids[at] ?? '')
    if (!record || record.position >= page.before) continue
    if (matches(record, filter) && isVisible(record)) found.push(record)
  }
  const records = found.slice(0, page.limit)
  const last = records.at(-1)
  return { records, next: found.length > page.limit && last ? cursorOf(last) : null }
}
