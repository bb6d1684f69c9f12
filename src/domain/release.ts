import { isOverdue } from './clocks.js'
import type { PromotionState } from './promotion.js'
import { settled } from './standing.js'

/**
 * Why the alias may not be moved now, in words; null where it may. What was begun before may be begun again, so that
 * a release that was cut off can be finished or undone.
 *
 * @param at the present, in ms since the Unix epoch
 */
export function releaseFault(state: PromotionState, at: number): string | null {
  if (state.releasing) return null
  if (state.phase !== 'promoting') return `the promotion is ${state.phase}`
  if (isOverdue(state, at)) return 'the time to use the decision has run out'
  return settled(state, at).length > 0 ? 'the facts no longer carry the decision' : null
}
