import { continueAsNew, proxyActivities, sleep } from '@temporalio/workflow'
import type { Activities } from '../activities/activities.js'

const roundsPerRun = 500

/** At 30 s a round, the clean-up comes about once an hour. */
const roundsPerCleaning = 120

const { observeAliases: observe, collectSnapshots } = proxyActivities<Activities>({
  startToCloseTimeout: '10 minutes',
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds' },
})

/** Looks at every governed alias again and again, so that a move that nobody approved is seen, and clears away what is no longer needed. One run per installation. */
export async function observeAliases(everyMs: number): Promise<void> {
  for (let round = 0; round < roundsPerRun; round += 1) {
    await observe()
    if (round % roundsPerCleaning === 0) await collectSnapshots()
    await sleep(everyMs)
  }
  await continueAsNew<typeof observeAliases>(everyMs)
}
