import { cancellationSignal, Context, heartbeat } from '@temporalio/activity'
import { toFailure } from '../src/failure.js'
import type { Activities, ReleaseActivities } from './activities.js'
import type { CheckRun } from './check.js'
import { collectSnapshots } from './collect-snapshots.js'
import type { ReleaseDeps, WorkerDeps } from './deps.js'
import { observeAliases } from './observe-aliases.js'
import { openPromotion } from './open-promotion.js'
import { record } from './record.js'
import { release } from './release.js'
import { reportError, runCheck } from './run-check.js'
import { reviveRuns } from './revive-runs.js'
import { snapshotOnce } from './snapshot-once.js'
import { readPromotion } from './streams.js'

async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw toFailure(error)
  }
}

/** Beats on its own as well: an engine that thinks for a while without a word is not dead. */
async function beating<T>(work: (run: CheckRun) => Promise<T>): Promise<T> {
  const everyMs = Math.max(200, (Context.current().info.heartbeatTimeoutMs ?? 10_000) / 4)
  let what = 'begun'
  const timer = setInterval(() => heartbeat(what), everyMs)
  const onProgress = (progress: string) => {
    what = progress
  }
  try {
    return await translated(() => work({ signal: cancellationSignal(), onProgress }))
  } finally {
    clearInterval(timer)
  }
}

/** Everything that the worker does on the queue `countersign`. */
export function createActivities(deps: WorkerDeps): Activities {
  return {
    openPromotion: (request) =>
      beating(() => {
        const { workflowExecution } = Context.current().info
        return openPromotion(deps, request, workflowExecution?.workflowId ?? '')
      }),
    record: (input) => beating(() => record(deps, input)),
    readEvents: (promotion) =>
      beating(async () => ({
        timing: deps.timing,
        events: await readPromotion(deps.log, promotion),
      })),
    snapshot: (input) => beating((run) => snapshotOnce(deps, input, run)),
    runCheck: (input) => beating((run) => runCheck(deps, input, run)),
    reportError: (input, reason) => beating(() => reportError(deps, input, reason)),
    observeAliases: () => beating(() => observeAliases(deps)),
    reviveRuns: () => beating(() => reviveRuns(deps)),
    collectSnapshots: () => beating(() => collectSnapshots(deps, Date.now())),
  }
}

/** The one activity of the queue `countersign-release`. */
export function createReleaseActivities(deps: ReleaseDeps): ReleaseActivities {
  return { release: (promotion) => beating((run) => release(deps, promotion, run)) }
}
