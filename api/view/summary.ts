import { deadlineOf } from '../../src/domain/decide.js'
import type { Phase, PromotionState } from '../../src/domain/promotion.js'
import { isoOf } from '../../src/domain/time.js'
import type { PromotionRecord } from '../../read-model/promotions.js'
import type { StateName, Summary } from '../schema/views.js'
import type { PersonOf } from './names.js'

/** The phase of a promotion that was requested; `none` never reaches a caller. */
export function stateNameOf(phase: Phase): StateName {
  return phase === 'none' ? 'snapshotting' : phase
}

const clocks = { blocked: 'mend', 'awaiting-sign-off': 'decide', promoting: 'use' } as const

export function deadlinesOf(state: PromotionState): Summary['deadlines'] {
  if (state.promoted) return [{ clock: 'approval', at: state.promoted.approvedUntil }]
  const at = deadlineOf(state)
  const { phase } = state
  if (at === null) return []
  return phase === 'blocked' || phase === 'awaiting-sign-off' || phase === 'promoting'
    ? [{ clock: clocks[phase], at: isoOf(at) }]
    : []
}

export function summaryOf({ id, state, waitingOn }: PromotionRecord, personOf: PersonOf): Summary {
  const { model, version, environment, sponsor } = state
  return {
    id,
    model,
    version,
    environment,
    state: stateNameOf(state.phase),
    tier: state.inForce.tier,
    policy: state.inForce.policy,
    requestedBy: personOf(state.requester),
    sponsor: sponsor === null ? null : personOf(sponsor),
    requestedAt: isoOf(state.requestedAt),
    since: isoOf(state.since),
    waitingOn: [...waitingOn],
    deadlines: deadlinesOf(state),
    development: state.development,
  }
}
