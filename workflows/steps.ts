import { ActivityFailure, CancellationScope, proxyActivities } from '@temporalio/workflow'
import type { Activities, CheckInput, ReleaseActivities, Timing } from '../activities/activities.js'
import { releaseTaskQueue } from '../src/contract.js'
import type { CheckReport } from '../src/schema/check.js'
import { fromFailure } from '../src/failure.js'

/** Tried until it succeeds: the log, the registry or the worker may be away for as long as it takes. */
const forEver = { initialInterval: 200, backoffCoefficient: 2, maximumInterval: 10_000 } as const

/** The activities with the limits that belong to each: a run waits for an outage, never gives up on it. */
export function stepsWith(timing: Timing) {
  const { heartbeatMs } = timing
  const quick = proxyActivities<Activities>({
    startToCloseTimeout: 30_000,
    // A worker that died is then found out by its silence, while somebody waits for the answer.
    heartbeatTimeout: heartbeatMs,
    retry: forEver,
  })
  const copying = proxyActivities<Activities>({
    startToCloseTimeout: timing.snapshotMs,
    heartbeatTimeout: heartbeatMs,
    retry: forEver,
  })
  const releasing = proxyActivities<ReleaseActivities>({
    taskQueue: releaseTaskQueue,
    startToCloseTimeout: timing.releaseMs,
    heartbeatTimeout: heartbeatMs,
    retry: forEver,
  })
  return {
    quick,
    copying,
    releasing,
    runCheck: (input: CheckInput) => runCheck(input, timing, quick),
  }
}

export type Steps = ReturnType<typeof stepsWith>

type Quick = ReturnType<typeof proxyActivities<Activities>>

/**
 * A check as activity; one that breaks three times is an attested `error`, never a run that hangs. A log that is away
 * is no fault of the check: then it waits and runs again.
 */
async function runCheck(input: CheckInput, timing: Timing, quick: Quick): Promise<CheckReport> {
  const { runCheck: attempt } = proxyActivities<Activities>({
    startToCloseTimeout: timing.checkMs[input.check],
    heartbeatTimeout: timing.heartbeatMs,
    retry: { ...forEver, maximumAttempts: 3 },
  })
  for (;;) {
    try {
      return await attempt.executeWithOptions(
        { summary: `${input.check}, attempt ${input.attempt}` },
        [input],
      )
    } catch (error) {
      if (!(error instanceof ActivityFailure) || CancellationScope.current().consideredCancelled) {
        throw error
      }
      const known = fromFailure(error)
      if (known?.code !== 'LOG_UNAVAILABLE') {
        return quick.reportError(input, known?.message ?? `the check broke: ${error.retryState}`)
      }
      await quick.readEvents(input.promotion)
    }
  }
}
