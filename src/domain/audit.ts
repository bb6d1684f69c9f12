import type { PromotionEvent } from '../schema/event.js'
import type { ActCommand } from '../schema/statement.js'
import { digestOfJson } from './canonical.js'
import { decide, type DomainCommand } from './decide.js'
import { evolve } from './evolve.js'
import { releaseFault } from './release.js'
import { nothingYet, type PromotionState } from './promotion.js'
import { msOf } from './time.js'

/** What the rules make of a recorded stream. */
export type Audit =
  | { readonly kind: 'sound'; readonly state: PromotionState }
  /** The first event that the rules would not have given; `seq` counts from 0. */
  | { readonly kind: 'unsound'; readonly seq: number; readonly detail: string }

/** The act that an event claims somebody did; null for events that nobody's statement stands behind. */
export function actOf(event: PromotionEvent): ActCommand | null {
  switch (event.type) {
    case 'signed-off': {
      const { signed, level: _, ...body } = event.body
      return { act: 'sign-off', body, signed }
    }
    case 'waived': {
      const { signed, ...body } = event.body
      return { act: 'waiver', body, signed }
    }
    case 'accepted': {
      const { signed, ...body } = event.body
      return { act: 'acceptance', body, signed }
    }
    case 'withdrawn': {
      const { signed, ...body } = event.body
      return { act: 'withdrawal', body, signed }
    }
    case 'rerun-requested': {
      const { signed, ...body } = event.body
      return { act: 'rerun', body, signed }
    }
    case 'cancelled': {
      const { signed, ...body } = event.body
      return { act: 'cancel', body, signed }
    }
    default:
      return null
  }
}

function endBehind(event: PromotionEvent, at: number): DomainCommand {
  if (event.type === 'failed') return { kind: 'fail', at, ...event.body }
  if (event.type !== 'promoted') return { kind: 'tick', at }
  return { kind: 'released', at, result: { kind: 'moved', ...event.body } }
}

const asItCame: ReadonlySet<PromotionEvent['type']> = new Set([
  'refused',
  'refusals-counted',
  'release-started',
  'release-stopped',
  'run-revived',
])

/** The command that must have led to an event; null for what is recorded as it came, outside the rules. */
function commandBehind(event: PromotionEvent): DomainCommand | null {
  const at = msOf(event.at)
  const command = actOf(event)
  if (command) return { kind: 'act', at, command }
  if (asItCame.has(event.type)) return null
  switch (event.type) {
    case 'requested':
      return { kind: 'open', at, request: event.body }
    case 'snapshotted':
      return { kind: 'snapshotted', at, snapshot: event.body }
    case 'check-completed':
      return { kind: 'check', at, ...event.body }
    case 'governance-observed':
      return { kind: 'observed', at, ...event.body }
    case 'champion-observed':
      return { kind: 'champion', at, ...event.body }
    default:
      return endBehind(event, at)
  }
}

/**
 * Asks the rules again for every recorded event: each must be what they give for the command behind it, in the state
 * before it. So a stream that was written past the rules is found, whoever wrote it.
 * Signatures, attestations and the governance set are proven elsewhere; here only the rules speak.
 */
export function audit(events: readonly PromotionEvent[]): Audit {
  let state = nothingYet
  let next = 0
  for (let event = events[next]; event; event = events[next]) {
    const given = rulesGive(state, event)
    if (typeof given === 'string') return { kind: 'unsound', seq: next, detail: given }
    for (const expected of given) {
      const recorded = events[next]
      // The writer may have been stopped between the events of one command; what follows is then judged by itself.
      if (!recorded) break
      if (digestOfJson(recorded) !== digestOfJson(expected)) {
        const detail = `recorded ${recorded.type} where the rules give ${expected.type}`
        return { kind: 'unsound', seq: next, detail }
      }
      state = evolve(state, recorded)
      next += 1
    }
  }
  return { kind: 'sound', state }
}

/** The release worker writes its own steps: it may begin only what may be released, and stop only what it began. */
function releaseStepFault(state: PromotionState, event: PromotionEvent): string | null {
  if (event.type === 'release-started') return releaseFault(state, msOf(event.at))
  if (event.type !== 'release-stopped' || state.releasing) return null
  return 'no release was begun that could stop'
}

function rulesGive(
  state: PromotionState,
  event: PromotionEvent,
): readonly PromotionEvent[] | string {
  const command = commandBehind(event)
  if (!command) return releaseStepFault(state, event) ?? [event]
  const decision = decide(state, command)
  if (decision.kind !== 'events') return `the rules would not have given ${event.type}`
  return decision.events.length > 0 ? decision.events : `nothing led to ${event.type}`
}
