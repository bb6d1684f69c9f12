import type { ActAnswer, OpenAnswer } from '../src/contract.js'
import type { ActCommand, PromotionRequest } from '../src/schema/statement.js'

/** Which run is meant. */
export interface PromotionRef {
  readonly promotion: string
  readonly model: string
  readonly version: string
  readonly environment: string
}

export type Started =
  | { readonly kind: 'started' }
  /** Another run holds that model, version and environment; `promotion` is null where it does not say which. */
  | { readonly kind: 'under-way'; readonly promotion: string | null }

/** What the routes need of whatever carries promotions out. Every call may be sent again. */
export interface Promotions {
  /** Starts the run, or finds the one of the same promotion. @throws PromotionError `WORKER_UNAVAILABLE`, `MALFORMED` */
  start(request: PromotionRequest): Promise<Started>
  /** Waits until the request was decided and recorded. @throws PromotionError `WORKER_UNAVAILABLE`, `WRONG_STATE` */
  open(ref: PromotionRef): Promise<OpenAnswer>
  /** @throws PromotionError `WORKER_UNAVAILABLE`, `WRONG_STATE` (the run has ended), `MALFORMED` */
  act(ref: PromotionRef, command: ActCommand): Promise<ActAnswer>
  /** The history as JSON text, as other tools read it; null where it is gone. @throws PromotionError `WORKER_UNAVAILABLE` */
  history(ref: PromotionRef): Promise<string | null>
  /** Whether whatever carries them out answers. */
  isReachable(): Promise<boolean>
}
