import { promotionWorkflowId } from '../src/contract.js'
import { fold } from '../src/domain/evolve.js'
import { isEnded, type PromotionState } from '../src/domain/promotion.js'
import type { WorkerDeps } from './deps.js'
import { readPromotion } from './streams.js'

/** The runs that Temporal has, as far as a promotion needs them. */
export interface RunKeeper {
  /** The promotions that a run is under way for. It may lag behind by a moment. */
  underWay(): Promise<ReadonlySet<string>>
  /** Starts a run that goes on from the log; false where one has that workflow id already. */
  resume(workflowId: string, promotion: string): Promise<boolean>
}

/** Asked again by every round, so what ended is remembered for as long as the process lives. */
const knownToHaveEnded = new Set<string>()

async function revive(
  { runs }: WorkerDeps,
  promotion: string,
  state: PromotionState,
): Promise<boolean> {
  const workflowId = promotionWorkflowId(state.environment, state.model, state.version)
  if (state.phase === 'none' || workflowId === undefined) return false
  return runs.resume(workflowId, promotion)
}

/**
 * Finds promotions that the log says are open though no run is under way for them (terminated, reset, or broken), and
 * starts one that goes on from the log. A run that is there is left alone, so a retry is safe.
 *
 * @returns the promotions that were given a new run
 * @throws PromotionError `LOG_UNAVAILABLE`
 */
export async function reviveRuns(deps: WorkerDeps): Promise<readonly string[]> {
  const known = await deps.evidence.promotions()
  const underWay = await deps.runs.underWay()
  const revived: string[] = []
  for (const promotion of known.filter((one) => !underWay.has(one))) {
    if (knownToHaveEnded.has(promotion)) continue
    const state = fold(await readPromotion(deps.log, promotion))
    if (isEnded(state.phase)) knownToHaveEnded.add(promotion)
    else if (await revive(deps, promotion, state)) revived.push(promotion)
  }
  return revived
}
