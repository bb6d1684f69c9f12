import {
  ActivityFailure,
  continueAsNew,
  isCancellation,
  log,
  proxyActivities,
  sleep,
} from '@temporalio/workflow'
import type { Activities } from '../activities/activities.js'

const roundsPerRun = 500

/** At 30 s a round, the clean-up comes about once an hour. */
const roundsPerCleaning = 120

const limits = {
  startToCloseTimeout: '10 minutes',
  // A worker that died over it is found out by its silence, not after ten minutes.
  heartbeatTimeout: '30 seconds',
} as const

const { observeAliases: observe } = proxyActivities<Activities>({
  ...limits,
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds' },
})

/** Not tried for ever: nobody would look at the aliases meanwhile. */
const { collectSnapshots, reviveRuns } = proxyActivities<Activities>({
  ...limits,
  retry: { initialInterval: '1 second', maximumAttempts: 3 },
})

/** What fails this round is tried again in a later one. */
async function unlessBroken(round: () => Promise<unknown>): Promise<void> {
  try {
    await round()
  } catch (error) {
    if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error
    log.warn('a round of the observer broke off', { reason: String(error.cause) })
  }
}

/** Looks at every governed alias again and again, so that a move that nobody approved is seen; gives runs that died a new one, and clears away what is no longer needed. One run per installation. */
export async function observeAliases(everyMs: number): Promise<void> {
  for (let round = 0; round < roundsPerRun; round += 1) {
    await unlessBroken(observe)
    await unlessBroken(reviveRuns)
    if (round % roundsPerCleaning === 0) await unlessBroken(collectSnapshots)
    await sleep(everyMs)
  }
  await continueAsNew<typeof observeAliases>(everyMs)
}
