import { proxyActivities, upsertSearchAttributes } from '@temporalio/workflow'
import { defineSearchAttributeKey } from '@temporalio/common'
import { searchAttributes } from '../../src/contract.js'

const { nothing } = proxyActivities<{ nothing(): Promise<void> }>({ startToCloseTimeout: 30_000 })

const state = defineSearchAttributeKey(searchAttributes.state, 'KEYWORD')

/**
 * As many activities as a promotion has, none of which does anything.
 *
 * @param batches how many of them run side by side, batch after batch
 * @param notes how many events more it leaves, each a search attribute that is set
 */
export async function bare(batches: readonly number[], notes: number): Promise<void> {
  for (let note = 0; note < notes; note += 1) {
    upsertSearchAttributes([{ key: state, value: `note ${note}` }])
  }
  for (const size of batches) {
    await Promise.all(Array.from({ length: size }, () => nothing()))
  }
}
