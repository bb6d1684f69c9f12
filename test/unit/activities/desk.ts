import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { WorkerDeps } from '../../../activities/deps.js'
import { openPromotion } from '../../../activities/open-promotion.js'
import { registryOf } from '../../../activities/registry/open.js'
import { createSnapshotStore } from '../../../activities/snapshot/store.js'
import { keyFingerprint, type Signer } from '../../../evidence/dsse.js'
import { createFileEvidenceStore } from '../../../evidence/store.js'
import { promotionIdOf, signStatement, statementOf } from '../../../evidence/statement.js'
import { createGovernanceReader } from '../../../governance/reader.js'
import { createMemoryLog } from '../../../recorder/memory-log.js'
import { promotionWorkflowId } from '../../../src/contract.js'
import { digestOf } from '../../../src/domain/canonical.js'
import type { Act, RequestBody } from '../../../src/schema/statement.js'
import type { Json } from '../../../src/domain/canonical.js'
import { exampleSet } from '../governance/folder.js'

export const mira = 'per_7c1e90a2'
export const ana = 'per_b04d6f31'
export const installation = 'ins_test0001'

function newKey(
  role: string,
): Signer & { readonly publicKey: WorkerDeps['installation']['apiKey'] } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return { key: privateKey, keyid: `${role}:${keyFingerprint(publicKey)}`, publicKey }
}

/** The worker's parts with a log in memory, and the examples as registry and governance set. */
export function openDesk(more: Partial<WorkerDeps> = {}) {
  const home = mkdtempSync(join(tmpdir(), 'countersign-desk-'))
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  const governanceFolder = exampleSet()
  const log = createMemoryLog()
  const api = newKey('api')
  const attestation = newKey('attestation')
  const deps: WorkerDeps = {
    runs: { underWay: async () => new Set(), resume: async () => false },
    log,
    texts: log,
    notes: log,
    evidence: createFileEvidenceStore(join(home, 'evidence')),
    registry: registryOf('examples/registry'),
    governance: createGovernanceReader(governanceFolder),
    installation: {
      id: installation,
      development: true,
      apiKey: api.publicKey,
      attestationKey: attestation.publicKey,
    },
    snapshots: createSnapshotStore({ dir: join(home, 'snapshots') }),
    snapshotKeepMs: 60_000,
    evaluationSets: 'examples/evaluation-sets',
    attestation,
    timing: {
      heartbeatMs: 2000,
      checkMs: { provenance: 1000, scan: 1000, evaluation: 1000 },
      snapshotMs: 1000,
      releaseMs: 1000,
    },
    evaluationLimits: { deadlineMs: 30_000, memoryMb: 4096 },
    ...more,
  }
  return { deps, log, api, governanceFolder }
}

export type Desk = ReturnType<typeof openDesk>

let keys = 0

export function signedBy(
  signer: Signer,
  act: Act,
  promotion: `prm_${string}`,
  body: Json,
  person: string,
  nonce: string,
) {
  const parts = { installation, promotion, act, body, person, nonce, development: true } as const
  return signStatement(signer, statementOf({ ...parts, now: Date.now() }))
}

/** A request as the API makes it, and the id of the run that it belongs to. */
export function requestFor(desk: Desk, more: Partial<RequestBody> = {}, person: string = mira) {
  keys += 1
  const key = `key-number-${keys}`
  const body: RequestBody = {
    model: 'ward-forecast',
    version: '1',
    environment: 'production',
    reason: digestOf('because'),
    sponsor: null,
    ...more,
  }
  const promotion = promotionIdOf(installation, person, key)
  const signed = signedBy(desk.api, 'request', promotion, body, person, key)
  const { environment, model, version } = body
  const workflowId = promotionWorkflowId(environment, model, version) ?? ''
  return { promotion, workflowId, input: { body, signed } }
}

/** The facts of a request that is allowed. */
export async function factsOf(desk: Desk, { input, workflowId }: ReturnType<typeof requestFor>) {
  const opening = await openPromotion(desk.deps, input, workflowId)
  if (opening.kind === 'refused') throw new Error(opening.detail)
  return opening.request
}
