import { rulesOf } from './decision.js'
import type { PromotionState } from './promotion.js'

/** Every clock in ms: the stricter of the pinned set and the one in force. */
export function clocksOf(state: PromotionState) {
  const clocks = rulesOf(state).map((rules) => rules.clocks)
  const least = (name: keyof (typeof clocks)[number]) =>
    Math.min(...clocks.map((clock) => clock[name]))
  return {
    decideMs: least('decideMs'),
    useMs: least('useMs'),
    mendWithinMs: least('mendWithinMs'),
    approvalHoldsMs: least('approvalHoldsMs'),
  }
}

/**
 * When a clock of the present phase runs out, in ms since the Unix epoch; null where none runs.
 * A deadline never approves.
 */
export function deadlineOf(state: PromotionState): number | null {
  const clocks = clocksOf(state)
  if (state.phase === 'blocked') return state.since + clocks.mendWithinMs
  if (state.phase === 'promoting' && !state.releasing) return state.since + clocks.useMs
  const { phase, askedAt } = state
  return phase !== 'awaiting-sign-off' || askedAt === null ? null : askedAt + clocks.decideMs
}

/** Whether the clock of the present phase has run out, though nobody may have recorded it yet. */
export function isOverdue(state: PromotionState, at: number): boolean {
  const deadline = deadlineOf(state)
  return deadline !== null && at >= deadline
}
