import { join } from 'node:path'
import { Client, Connection, WorkflowExecutionAlreadyStartedError } from '@temporalio/client'
import type { WorkerDeps } from '../../activities/deps.js'
import { rememberGovernance } from '../../activities/governance-in-force.js'
import { createActivities } from '../../activities/index.js'
import { createSnapshotStore } from '../../activities/snapshot/store.js'
import { loadConfig, type Config } from '../config.js'
import { observeAliasesId, observeAliasesType, taskQueue } from '../contract.js'
import { isPromotionError } from '../domain/errors.js'
import { readPrivateKey } from './installation.js'
import { recorderFor, sharedParts } from './parts.js'
import { runUntilStopped } from './process.js'
import { createRunKeeper } from './run-keeper.js'
import { serve } from './run-worker.js'
import { temporalConnection } from './temporal/connect.js'
import { timingOf } from './timing.js'
import { bundleWorkflows } from './workflow-bundle.js'

const evaluationMemoryMb = 4096
const dayMs = 24 * 3_600_000

async function watchAliases(client: Client, config: Config): Promise<void> {
  try {
    await client.workflow.start(observeAliasesType, {
      workflowId: observeAliasesId,
      taskQueue,
      args: [config.observeAliasMs],
      staticSummary: 'Looks at every governed alias again and again',
    })
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error
  }
}

/** The API knows people only from the recorded set. An invalid one is said, and followed once it is mended. */
async function recordGovernance(deps: WorkerDeps): Promise<void> {
  try {
    const { set } = await deps.governance.current()
    await rememberGovernance(deps, set)
  } catch (error) {
    if (!isPromotionError(error)) throw error
    process.stderr.write(`worker: ${error.message}\n`)
  }
}

await runUntilStopped('worker', async () => {
  const config = loadConfig()
  const recorder = await recorderFor(config, 'worker')
  const attestation = readPrivateKey(config.home, 'attestation')
  const timing = timingOf(config)
  const { connectionOptions, namespace } = temporalConnection(config.temporal)
  const connection = Connection.lazy(connectionOptions)
  const client = new Client({ connection, namespace })
  const deps: WorkerDeps = {
    runs: createRunKeeper(client),
    ...sharedParts(config, recorder),
    texts: recorder,
    notes: recorder,
    snapshots: createSnapshotStore({ dir: join(config.home, 'snapshots') }),
    evaluationSets: config.evaluationSets,
    attestation: { key: attestation.key, keyid: `attestation:${attestation.keyId}` },
    timing,
    snapshotKeepMs: config.snapshotKeepDays * dayMs,
    evaluationLimits: {
      deadlineMs: Math.max(1000, timing.checkMs.evaluation - 5000),
      memoryMb: evaluationMemoryMb,
    },
  }
  await recordGovernance(deps)
  const workflowBundle = await bundleWorkflows()
  const worker = await serve(config.temporal, {
    taskQueue,
    workflowBundle,
    activities: { ...createActivities(deps) },
  })
  await watchAliases(client, config)
  return {
    async close() {
      await worker.close()
      await connection.close()
    },
  }
})
