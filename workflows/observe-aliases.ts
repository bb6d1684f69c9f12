import { continueAsNew, proxyActivities, sleep } from '@temporalio/workflow'
import type { Activities } from '../activities/activities.js'

const roundsPerRun = 500

const { observeAliases: observe } = proxyActivities<Activities>({
  startToCloseTimeout: '2 minutes',
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds' },
})

/** Looks at every governed alias again and again, so that a move that nobody approved is seen. One run per installation. */
export async function observeAliases(everyMs: number): Promise<void> {
  for (let round = 0; round < roundsPerRun; round += 1) {
    await observe()
    await sleep(everyMs)
  }
  await continueAsNew<typeof observeAliases>(everyMs)
}
