import { blockedBy } from '../src/domain/blocked-by.js'
import { evolve } from '../src/domain/evolve.js'
import { nothingYet, type PromotionState } from '../src/domain/promotion.js'
import { msOf } from '../src/domain/time.js'
import type { PromotionEvent } from '../src/schema/event.js'
import type { Leaf } from '../recorder/event-log.js'
import type { Interns } from './intern.js'

/** One event of a promotion as lists and pages need it; its whole body lies in the log. */
export interface TrailEntry {
  readonly seq: number
  readonly position: number
  readonly type: string
  readonly at: string
  readonly person: string | null
}

type EventOf<Type extends PromotionEvent['type']> = Extract<PromotionEvent, { type: Type }>

/** What people did and what was refused them: small, so that it is kept with its words' digests. */
export type ActEvent = EventOf<
  | 'requested'
  | 'signed-off'
  | 'sign-off-voided'
  | 'waived'
  | 'accepted'
  | 'withdrawn'
  | 'rerun-requested'
  | 'cancelled'
  | 'refused'
>

export interface PromotionRecord {
  readonly id: string
  readonly state: PromotionState
  /** Where the log holds the request: newer promotions have larger ones. */
  readonly position: number
  readonly trail: readonly TrailEntry[]
  readonly acts: readonly { readonly seq: number; readonly event: ActEvent }[]
  /** Teams and roles that could lead on, as they stood at the last event. */
  readonly waitingOn: readonly string[]
  /** Events of a kind or shape that this version does not know. */
  readonly unread: number
}

const actTypes: ReadonlySet<string> = new Set<ActEvent['type']>([
  'requested',
  'signed-off',
  'sign-off-voided',
  'waived',
  'accepted',
  'withdrawn',
  'rerun-requested',
  'cancelled',
  'refused',
])

function isAct(event: PromotionEvent): event is ActEvent {
  return actTypes.has(event.type)
}

/** Rules and memberships repeat in thousands of promotions: each is kept once. */
function shared(event: PromotionEvent, { rules, membership }: Interns): PromotionEvent {
  if (event.type !== 'requested' && event.type !== 'governance-observed') return event
  const parts = { rules: rules(event.body.rules), membership: membership(event.body.membership) }
  return event.type === 'requested'
    ? { ...event, body: { ...event.body, ...parts } }
    : { ...event, body: parts }
}

export function emptyRecord(id: string, position: number): PromotionRecord {
  const none = { trail: [], acts: [], waitingOn: [], unread: 0 }
  return { id, state: nothingYet, position, ...none }
}

/** Appends instead of copying: a promotion's trail is only ever read through its record. */
function added<T>(list: readonly T[], item: T): readonly T[] {
  return [...list, item]
}

/** The record after one more event; `event` is null where it could not be read. */
export function withEvent(
  record: PromotionRecord,
  leaf: Leaf,
  position: number,
  event: PromotionEvent | null,
  interns: Interns,
): PromotionRecord {
  const { seq, type, at, person } = leaf
  const trail = added(record.trail, { seq, position, type, at, person })
  if (event === null) {
    const state = { ...record.state, nextSeq: seq + 1 }
    return { ...record, state, trail, unread: record.unread + 1 }
  }
  const known = shared(event, interns)
  const state = { ...evolve(record.state, known), nextSeq: seq + 1 }
  const who = blockedBy(state, msOf(at)).flatMap((blocker) => blocker.who)
  return {
    ...record,
    position: known.type === 'requested' ? position : record.position,
    state,
    trail,
    acts: isAct(known) ? added(record.acts, { seq, event: known }) : record.acts,
    waitingOn: [...new Set(who)],
  }
}
