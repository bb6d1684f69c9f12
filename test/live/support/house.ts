import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Client } from '@temporalio/client'
import { Worker } from '@temporalio/worker'
import type { Timing } from '../../../activities/activities.js'
import type { ReleaseDeps, SharedDeps, WorkerDeps } from '../../../activities/deps.js'
import { createActivities, createReleaseActivities } from '../../../activities/index.js'
import { aliasWriterOf, registryOf } from '../../../activities/registry/open.js'
import { createSnapshotStore } from '../../../activities/snapshot/store.js'
import { signerFromPem } from '../../../evidence/dsse.js'
import { createFileEvidenceStore } from '../../../evidence/store.js'
import { createGovernanceReader } from '../../../governance/reader.js'
import { createRecorderClient } from '../../../recorder/client.js'
import { startRecorder } from '../../../recorder/start-recorder.js'
import { loadTokens } from '../../../recorder/tokens.js'
import { releaseTaskQueue, taskQueue } from '../../../src/contract.js'
import { loadInstallation, readPrivateKey } from '../../../src/main/installation.js'
import { createRunKeeper } from '../../../src/main/run-keeper.js'
import { bundleWorkflows } from '../../../src/main/workflow-bundle.js'
import { createGovernanceFolder, type Lab } from './governance.js'
import { createRegistryFolder } from './registry.js'
import { startTemporal } from './temporal.js'

/** Where the examples' people are in the owners file. */
export const people = {
  mira: 'per_7c1e90a2',
  ana: 'per_b04d6f31',
  bo: 'per_e92a57c8',
  chi: 'per_41f8d3b6',
  dev: 'per_96c05ae7',
  eli: 'per_2db7814f',
  gus: 'per_f53960dc',
} as const

export interface HouseOptions {
  /** Models of their own for single tests, each with its policy. */
  readonly labs?: readonly Lab[]
  /** Dynamic configuration of Temporal's server. */
  readonly temporalSettings?: readonly string[]
  readonly timing?: Partial<Timing>
  /** The folder below which it lies; the system's temporary one unless given. */
  readonly under?: string
  /** How many releases may run at one moment; one, as in the release process, unless given. */
  readonly releases?: number
}

const usualTiming: Timing = {
  heartbeatMs: 2000,
  checkMs: { provenance: 30_000, scan: 30_000, evaluation: 60_000 },
  snapshotMs: 60_000,
  releaseMs: 60_000,
}

/** The recorder of one house, reached by each role with its own token. */
async function openRecorder(home: string) {
  const tokens = await loadTokens(home)
  const recorder = await startRecorder({ dir: home, port: 0, tokens })
  const logFor = (role: string) => {
    const token = tokens.find((one) => one.role === role)?.token ?? ''
    return createRecorderClient({ url: recorder.url, token })
  }
  return { recorder, logFor }
}

/** What worker and release worker are given; each reads the governance folder for itself, as two processes do. */
function furnish(
  home: string,
  logFor: Awaited<ReturnType<typeof openRecorder>>['logFor'],
  timing: Timing,
  client: Client,
) {
  const installation = loadInstallation(home, true)
  const evidence = createFileEvidenceStore(join(home, 'evidence'))
  const registry = registryOf(join(home, 'registry'))
  const shared = (log: SharedDeps['log']): SharedDeps => ({
    log,
    evidence,
    registry,
    governance: createGovernanceReader(join(home, 'governance')),
    installation: {
      id: installation.id,
      development: true,
      apiKey: installation.publicKeys.api.key,
      attestationKey: installation.publicKeys.attestation.key,
    },
  })
  const log = logFor('worker')
  const attestation = readPrivateKey(home, 'attestation')
  const workerDeps: WorkerDeps = {
    runs: createRunKeeper(client),
    ...shared(log),
    texts: log,
    notes: log,
    snapshots: createSnapshotStore({ dir: join(home, 'snapshots') }),
    evaluationSets: 'examples/evaluation-sets',
    attestation: { key: attestation.key, keyid: `attestation:${attestation.keyId}` },
    timing,
    snapshotKeepMs: 60 * 60_000,
    evaluationLimits: { deadlineMs: 30_000, memoryMb: 4096 },
  }
  const releaseDeps: ReleaseDeps = {
    ...shared(logFor('release')),
    aliases: aliasWriterOf(join(home, 'registry')),
  }
  const api = readPrivateKey(home, 'api')
  const apiSigner = { key: api.key, keyid: `api:${api.keyId}` }
  return { installation, workerDeps, releaseDeps, apiSigner }
}

/** All of Countersign but the API, in this process: a real Temporal server, a real recorder, real stores, both workers. */
export async function openHouse(options: HouseOptions = {}) {
  const { labs = [], temporalSettings, timing, releases = 1, under = tmpdir() } = options
  const home = mkdtempSync(join(under, 'countersign-house-'))
  const registryFolder = createRegistryFolder(home, labs)
  const governanceFolder = createGovernanceFolder(home, labs)
  const temporal = await startTemporal(temporalSettings)
  const { recorder, logFor } = await openRecorder(home)
  const parts = furnish(home, logFor, { ...usualTiming, ...timing }, temporal.client)
  const { workerDeps, releaseDeps } = parts
  const workflowBundle = await bundleWorkflows()
  const connection = temporal.nativeConnection

  const startWorkers = async () => {
    const workers = await Promise.all([
      Worker.create({
        connection,
        taskQueue,
        workflowBundle,
        activities: { ...createActivities(workerDeps) },
      }),
      Worker.create({
        connection,
        taskQueue: releaseTaskQueue,
        activities: { ...createReleaseActivities(releaseDeps) },
        maxConcurrentActivityTaskExecutions: releases,
      }),
    ])
    const running = workers.map((worker) => worker.run())
    return async () => {
      for (const worker of workers) worker.shutdown()
      await Promise.all(running)
    }
  }
  const stopWorkers = await startWorkers()
  const boPem = readFileSync('examples/keys/EXAMPLE-ONLY-bo.key', 'utf8')
  return {
    ...parts,
    home,
    temporal,
    client: temporal.client,
    log: workerDeps.log,
    texts: logFor('api'),
    evidence: workerDeps.evidence,
    registry: workerDeps.registry,
    registryFolder,
    governanceFolder,
    boSigner: signerFromPem('person', boPem),
    workflowBundle,
    async close() {
      registryFolder.comeBack()
      await stopWorkers()
      await temporal.teardown()
      await recorder.close()
      rmSync(home, { recursive: true, force: true })
    },
  }
}

export type House = Awaited<ReturnType<typeof openHouse>>
