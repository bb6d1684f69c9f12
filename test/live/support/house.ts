import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TestWorkflowEnvironment } from '@temporalio/testing'
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker'
import { createActivities, createReleaseActivities } from '../../../activities/index.js'
import type { SharedDeps } from '../../../activities/deps.js'
import { aliasWriterOf, registryOf } from '../../../activities/registry/open.js'
import { createSnapshotStore } from '../../../activities/snapshot/store.js'
import { signerFromPem } from '../../../evidence/dsse.js'
import { createFileEvidenceStore } from '../../../evidence/store.js'
import { createGovernanceReader } from '../../../governance/reader.js'
import { createRecorderClient } from '../../../recorder/client.js'
import { startRecorder } from '../../../recorder/start-recorder.js'
import { loadTokens } from '../../../recorder/tokens.js'
import { releaseTaskQueue, taskQueue } from '../../../src/contract.js'
import { defineSearchAttributeKey } from '@temporalio/common'
import { loadInstallation, readPrivateKey } from '../../../src/main/installation.js'
import { findTemporal } from '../../../src/main/temporal/find.js'
import { searchAttributeTypes } from '../../../src/main/temporal/search-attributes.js'
import { bundleWorkflows } from '../../../src/main/workflow-bundle.js'

const attributeTypes = { Keyword: 'KEYWORD', KeywordList: 'KEYWORD_LIST' } as const

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

async function startTemporal() {
  Runtime.install({ shutdownSignals: [], logger: new DefaultLogger('ERROR') })
  const { path } = await findTemporal(process.env, () => undefined)
  return TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path },
      ip: '127.0.0.1',
      searchAttributes: Object.entries(searchAttributeTypes).map(([name, type]) =>
        defineSearchAttributeKey(name, attributeTypes[type]),
      ),
      log: { format: 'pretty', level: 'error' },
    },
  })
}

/** A folder of its own with a copy of the examples' registry and governance set. */
function furnish() {
  const home = mkdtempSync(join(tmpdir(), 'countersign-house-'))
  cpSync('examples/registry', join(home, 'registry'), { recursive: true })
  cpSync('examples/governance', join(home, 'governance'), { recursive: true })
  return home
}

/** All of Countersign but the API, in this process: a real Temporal server, a real recorder, real stores, both workers. */
export async function openHouse() {
  const home = furnish()
  const temporal = await startTemporal()
  const installation = loadInstallation(home, true)
  const tokens = await loadTokens(home)
  const recorder = await startRecorder({ dir: home, port: 0, tokens })
  const logFor = (role: string) => {
    const token = tokens.find((one) => one.role === role)?.token ?? ''
    return createRecorderClient({ url: recorder.url, token })
  }
  const governance = createGovernanceReader(join(home, 'governance'))
  const evidence = createFileEvidenceStore(join(home, 'evidence'))
  const registry = registryOf(join(home, 'registry'))
  const shared = (log: SharedDeps['log']): SharedDeps => ({
    log,
    evidence,
    registry,
    governance,
    installation: {
      id: installation.id,
      development: true,
      apiKey: installation.publicKeys.api.key,
      attestationKey: installation.publicKeys.attestation.key,
    },
  })
  const log = logFor('worker')
  const attestation = readPrivateKey(home, 'attestation')
  const activities = createActivities({
    ...shared(log),
    texts: log,
    notes: log,
    snapshots: createSnapshotStore({ dir: join(home, 'snapshots') }),
    evaluationSets: 'examples/evaluation-sets',
    attestation: { key: attestation.key, keyid: `attestation:${attestation.keyId}` },
    timing: {
      heartbeatMs: 2000,
      checkMs: { provenance: 30_000, scan: 30_000, evaluation: 60_000 },
      snapshotMs: 60_000,
      releaseMs: 60_000,
    },
    snapshotKeepMs: 60_000,
    evaluationLimits: { deadlineMs: 30_000, memoryMb: 4096 },
  })
  const workflowBundle = await bundleWorkflows()
  const connection = temporal.nativeConnection
  const startWorkers = async () => {
    const workers = await Promise.all([
      Worker.create({ connection, taskQueue, workflowBundle, activities: { ...activities } }),
      Worker.create({
        connection,
        taskQueue: releaseTaskQueue,
        activities: {
          ...createReleaseActivities({
            ...shared(logFor('release')),
            aliases: aliasWriterOf(join(home, 'registry')),
          }),
        },
      }),
    ])
    const running = workers.map((worker) => worker.run())
    return async () => {
      for (const worker of workers) worker.shutdown()
      await Promise.all(running)
    }
  }
  const stopWorkers = await startWorkers()
  const apiSigner = {
    key: readPrivateKey(home, 'api').key,
    keyid: `api:${readPrivateKey(home, 'api').keyId}`,
  }
  const boPem = readFileSync('examples/keys/EXAMPLE-ONLY-bo.key', 'utf8')
  return {
    home,
    temporal,
    client: temporal.client,
    log,
    texts: logFor('api'),
    evidence,
    registry,
    installation,
    apiSigner,
    boSigner: signerFromPem('person', boPem),
    workflowBundle,
    async close() {
      await stopWorkers()
      await temporal.teardown()
      await recorder.close()
      rmSync(home, { recursive: true, force: true })
    },
  }
}

export type House = Awaited<ReturnType<typeof openHouse>>
