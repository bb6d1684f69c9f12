import type { Recorded } from '../activities/activities.js'
import { digestOfJson } from '../src/domain/canonical.js'
import { evolve, fold } from '../src/domain/evolve.js'
import { nothingYet, type PromotionState } from '../src/domain/promotion.js'
import type { PromotionEvent } from '../src/schema/event.js'
import type { SignedStatement } from '../src/schema/statement.js'
import type { Steps } from './steps.js'

/** The promotion as this run knows it. The log is the truth: what others wrote there is folded in. */
export interface Ledger {
  readonly state: () => PromotionState
  /** Records events as the next ones of the stream, and evolves over what came back. */
  readonly append: (
    events: readonly PromotionEvent[],
    proof: SignedStatement | null,
  ) => Promise<Recorded>
  readonly reload: () => Promise<void>
  /** Counts one more refusal that is not recorded, and says how many there were in all. */
  readonly countRefusal: () => number
  /** Work waits for the work before it, in the order in which it came. */
  readonly inLine: <T>(work: () => Promise<T>) => Promise<T>
}

function createLine(): Ledger['inLine'] {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const turn = last.then(work)
    last = turn.catch(() => undefined)
    return turn
  }
}

/** @param steps asked at each call, since the deployment's timing is only known once the run has begun */
export function createLedger(promotion: string, steps: () => Steps): Ledger {
  let state: PromotionState = nothingYet
  let uncounted = 0

  const reload = async () => {
    state = fold((await steps().quick.readEvents(promotion)).events)
  }

  return {
    state: () => state,
    reload,
    countRefusal() {
      uncounted += 1
      return state.refusals + uncounted
    },
    inLine: createLine(),
    async append(events, proof) {
      const { inForce: rules, membership } = state
      const recorded = await steps().quick.record({
        promotion,
        expectedSeq: state.nextSeq,
        events,
        proof,
        decidedBy: digestOfJson({ rules, membership }),
      })
      if (recorded.kind === 'recorded') state = recorded.events.reduce(evolve, state)
      if (events.some(({ type }) => type === 'refusals-counted')) uncounted = 0
      if (recorded.kind === 'conflict') await reload()
      return recorded
    },
  }
}
