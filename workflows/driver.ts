import {
  CancellationScope,
  condition,
  continueAsNew,
  sleep,
  workflowInfo,
} from '@temporalio/workflow'
import type { Released } from '../activities/activities.js'
import { fromFailure } from '../src/failure.js'
import { concessionsInForce } from '../src/domain/decision.js'
import { deadlineOf } from '../src/domain/decide.js'
import { isEnded, type CheckState, type PromotionState } from '../src/domain/promotion.js'
import type { Chronicle } from './chronicle.js'
import type { Steps } from './steps.js'

/** Work that a state asks for, by a key that says which: the same key is never started twice. */
type Effects = ReadonlyMap<string, () => Promise<void>>

async function takeSnapshot(chronicle: Chronicle, steps: Steps): Promise<void> {
  const { promotion, model, version } = chronicle.state()
  try {
    const snapshot = await steps.copying.snapshot({ promotion, model, version })
    await chronicle.carryOut((at) => ({ kind: 'snapshotted', at, snapshot }))
  } catch (error) {
    const known = fromFailure(error)
    if (!known) throw error
    const { code, message: detail } = known
    await chronicle.carryOut((at) => ({ kind: 'fail', at, code, detail }))
  }
}

async function runCheck(chronicle: Chronicle, steps: Steps, check: CheckState): Promise<void> {
  const { promotion, snapshot } = chronicle.state()
  if (!snapshot) return
  const { modelDigest, signatureDigest } = snapshot
  const { attempt, clauseDigest } = check
  const input = {
    promotion,
    check: check.check,
    clauseDigest,
    attempt,
    modelDigest,
    signatureDigest,
  }
  const report = await steps.runCheck(input)
  await chronicle.carryOut((at) => ({ kind: 'check', at, attempt, report }))
}

/** Where the clocks of two machines differ, the facts may not have changed for this one yet: then it waits a little. */
async function settle(chronicle: Chronicle): Promise<void> {
  const before = chronicle.state()
  await chronicle.carryOut((at) => ({ kind: 'tick', at }))
  if (chronicle.state() === before) await sleep(1000)
}

async function takeIn(chronicle: Chronicle, result: Released): Promise<void> {
  // The release worker wrote into the promotion's stream by itself: what it wrote comes first.
  await chronicle.reload()
  switch (result.kind) {
    case 'governance-changed': {
      const { rules, membership } = result
      await chronicle.carryOut((at) => ({ kind: 'observed', at, rules, membership }))
      return
    }
    case 'champion-changed': {
      const { champion } = result
      await chronicle.carryOut((at) => ({ kind: 'champion', at, champion }))
      return
    }
    case 'unsettled':
      await settle(chronicle)
      return
    default:
      await chronicle.carryOut((at) => ({ kind: 'released', at, result }))
  }
}

function wanted(chronicle: Chronicle, steps: Steps): Effects {
  const state = chronicle.state()
  const effects = new Map<string, () => Promise<void>>()
  if (state.phase === 'snapshotting') {
    effects.set('snapshot', () => takeSnapshot(chronicle, steps))
  }
  if (state.phase === 'promoting') {
    effects.set('release', async () =>
      takeIn(chronicle, await steps.releasing.release(state.promotion)),
    )
  }
  if (!state.snapshot || isEnded(state.phase)) return effects
  for (const check of state.checks.filter(({ report }) => report === null)) {
    const key = `check ${check.check} ${check.clauseDigest} ${check.attempt}`
    effects.set(key, () => runCheck(chronicle, steps, check))
  }
  return effects
}

/** When the rules want to be asked again though nothing happened, in ms since the Unix epoch; null: never. */
function nextTick(state: PromotionState, at: number): number | null {
  const ends = concessionsInForce(state, at).map(({ until }) => until)
  const deadline = deadlineOf(state)
  const all = deadline === null ? ends : [...ends, deadline]
  return all.length > 0 ? Math.min(...all) : null
}

/** Runs the work that each state asks for, side by side, and drops what no state asks for any more. */
function createWork(chronicle: Chronicle, steps: Steps) {
  const running = new Map<string, CancellationScope>()
  let fault: unknown

  function start(key: string, work: () => Promise<void>): void {
    const scope = new CancellationScope()
    running.set(key, scope)
    const finish = () => {
      running.delete(key)
    }
    scope.run(work).then(finish, (error: unknown) => {
      finish()
      if (!scope.consideredCancelled) fault = error
    })
  }

  return {
    size: () => running.size,
    fault: () => fault,
    follow() {
      const effects = wanted(chronicle, steps)
      for (const [key, scope] of running) {
        // A release that began has marked the promotion, so no state drops it before it ended.
        if (!effects.has(key)) scope.cancel()
      }
      for (const [key, work] of effects) {
        if (!running.has(key)) start(key, work)
      }
    },
  }
}

/**
 * Carries a promotion to its end: starts what the state asks for, waits for people and for clocks.
 *
 * @param onChange called after each change, for what Temporal's own pages show
 * @param onContinue gives the arguments of the next run when the history has grown long
 */
export async function drive(
  chronicle: Chronicle,
  steps: Steps,
  onChange: (state: PromotionState) => void,
  isIdle: () => boolean,
): Promise<void> {
  const work = createWork(chronicle, steps)
  while (!isEnded(chronicle.state().phase)) {
    const seen = chronicle.state()
    onChange(seen)
    work.follow()
    const running = work.size()
    const wakes = () =>
      chronicle.state() !== seen || work.size() !== running || work.fault() !== undefined
    const isLong = () => workflowInfo().continueAsNewSuggested && work.size() === 0 && isIdle()
    const now = Date.now()
    const tick = nextTick(seen, now)
    const isWoken = await waitUntil(() => wakes() || isLong(), tick === null ? null : tick - now)
    if (work.fault() !== undefined) throw work.fault()
    if (!isWoken) await chronicle.carryOut((at) => ({ kind: 'tick', at }))
    else if (isLong() && !wakes()) await continueAsNew({ resume: seen.promotion })
  }
  onChange(chronicle.state())
  work.follow()
  await condition(() => work.size() === 0)
}

async function waitUntil(isTrue: () => boolean, withinMs: number | null): Promise<boolean> {
  if (withinMs !== null) return condition(isTrue, Math.max(1, withinMs))
  await condition(isTrue)
  return true
}
