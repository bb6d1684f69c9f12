import { blockedBy } from '../../src/domain/blocked-by.js'
import { rulesOf } from '../../src/domain/decision.js'
import type { PromotionState } from '../../src/domain/promotion.js'
import { isoOf } from '../../src/domain/time.js'
import type { PromotionRecord } from '../../read-model/promotions.js'
import type { AliasView, Blocker, DecisionView, Detail } from '../schema/views.js'
import { checkViewOf } from './checks.js'
import { refusalsOf } from './decisions.js'
import type { PersonOf } from './names.js'
import { seatViewsOf } from './seats.js'
import { summaryOf } from './summary.js'

export function blockersOf(state: PromotionState, at: number): Blocker[] {
  return blockedBy(state, at).map(({ condition, who, since, remedy }) => ({
    condition,
    who: [...who],
    since: isoOf(since),
    remedy,
  }))
}

export interface DetailParts {
  readonly record: PromotionRecord
  readonly decisions: DecisionView[]
  readonly alias: AliasView | null
  readonly caller: string
  readonly personOf: PersonOf
  /** The present, in ms since the Unix epoch. */
  readonly at: number
}

/** All of one promotion, as DESIGN.md's surfaces name it. */
export function detailOf(parts: DetailParts): Detail {
  const { record, decisions, alias, caller, personOf, at } = parts
  const { state } = record
  const allowed = Math.min(...rulesOf(state).map(({ limits }) => limits.reruns))
  return {
    ...summaryOf(record, personOf),
    governance: { pinned: state.pinned.governance, inForce: state.inForce.governance },
    snapshot: state.snapshot,
    checks: state.checks.map((one) => checkViewOf(state, one, at)),
    seats: seatViewsOf(state, at, caller, personOf),
    decisions,
    blockedBy: blockersOf(state, at),
    refusals: refusalsOf(record, personOf),
    champion: state.champion,
    alias,
    reruns: { used: state.reruns, allowed },
    end: state.end,
    promoted: state.promoted,
    unreadEvents: record.unread,
  }
}
