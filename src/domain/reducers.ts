import type { PromotionEvent, PromotionEventType } from '../schema/event.js'
import type { PromotionState } from './promotion.js'

/** The event of one type. */
export type EventOf<Type extends PromotionEventType> = Extract<PromotionEvent, { type: Type }>

/** For every event what it does to the state: an event that nobody answers for does not compile. */
export type Reducers = {
  readonly [Type in PromotionEventType]: (
    state: PromotionState,
    event: EventOf<Type>,
  ) => PromotionState
}
