import { join } from 'node:path'
import { z } from 'zod'
import { attest, predicateTypes } from '../evidence/attestation.js'
import { digestOf, type Digest, type Json } from '../src/domain/canonical.js'
import { isPromotionError, PromotionError } from '../src/domain/errors.js'
import { fold } from '../src/domain/evolve.js'
import type { CanonicalResult, CheckReport, Finding } from '../src/schema/check.js'
import { evaluationClause, provenanceClause, scanClause } from '../src/schema/governance.js'
import { digest, personId, slug } from '../src/schema/ids.js'
import type { CheckInput } from './activities.js'
import type { CheckAnswer, CheckRun, ModelFiles } from './check.js'
import type { WorkerDeps } from './deps.js'
import { checkEvaluation } from './evaluation/engine.js'
import { checkProvenance } from './provenance/engine.js'
import { checkScan } from './scan/engine.js'
import { snapshotFiles } from './snapshot-files.js'
import { takeSnapshot } from './snapshot/take.js'
import { readPromotion } from './streams.js'

const clauseRecord = z.discriminatedUnion('check', [
  z.strictObject({
    check: z.literal('provenance'),
    clause: provenanceClause,
    inputs: z.array(
      z.strictObject({ id: slug, key: digest.nullable(), person: personId.nullable() }),
    ),
  }),
  z.strictObject({ check: z.literal('scan'), clause: scanClause, inputs: z.strictObject({}) }),
  z.strictObject({
    check: z.literal('evaluation'),
    clause: evaluationClause,
    inputs: z.strictObject({
      set: z
        .strictObject({
          id: slug,
          kind: z.enum(['open', 'held-out']),
          digest,
          file: z.string(),
          owner: slug,
          synthetic: z.boolean(),
        })
        .optional(),
    }),
  }),
])

type ClauseRecord = z.infer<typeof clauseRecord>
type RecordOf<Check extends ClauseRecord['check']> = Extract<ClauseRecord, { check: Check }>

async function readClause(deps: WorkerDeps, clauseDigest: Digest): Promise<ClauseRecord> {
  const text = await deps.evidence.get(clauseDigest)
  if (text !== null) return clauseRecord.parse(JSON.parse(text))
  const remedy = 'restore the evidence store from a backup'
  throw new PromotionError('EVIDENCE_MISSING', `clause ${clauseDigest} is missing`, { remedy })
}

async function provenance(
  deps: WorkerDeps,
  { clause, inputs }: RecordOf<'provenance'>,
  files: ModelFiles,
  promotion: string,
  run: CheckRun,
): Promise<CheckAnswer> {
  const { keys } = await deps.governance.current()
  const pems = new Map([...keys.values()].map((pem) => [digestOf(pem), pem]))
  const signers = inputs.map(({ id, key, person }) => {
    const publicKeyPem = key === null ? undefined : pems.get(key)
    if (publicKeyPem !== undefined) return { id, person, publicKeyPem }
    const message = `the key of signer ${id} is no longer in the governance set`
    throw new PromotionError('GOVERNANCE_INVALID', message)
  })
  const [requested] = await readPromotion(deps.log, promotion)
  const origin = requested?.type === 'requested' ? requested.body.origin : null
  const lineage = origin ? { runId: origin.run?.id ?? null } : null
  return checkProvenance(files, clause, { signers, lineage }, run)
}

/** A private copy of what is live, to compare with; null where nothing is. */
async function championFiles(deps: WorkerDeps, promotion: string, run: CheckRun) {
  const { champion, model } = fold(await readPromotion(deps.log, promotion))
  if (!champion) return null
  const { registry, snapshots: store } = deps
  const snapshot = await takeSnapshot({
    registry,
    store,
    model,
    version: champion.version,
    checkpointId: `${promotion}-champion`,
    signal: run.signal,
    onProgress: ({ bytes }) => run.onProgress(`reading the champion, ${bytes} bytes`),
  })
  if (champion.modelDigest !== null && champion.modelDigest !== snapshot.modelDigest) {
    const message = `version ${champion.version}, which is live, holds other bytes than were approved`
    throw new PromotionError('SNAPSHOT_UNSTABLE', message)
  }
  const files = await snapshotFiles(store, snapshot, run.signal)
  return { modelDigest: snapshot.modelDigest, files }
}

async function evaluation(
  deps: WorkerDeps,
  { clause, inputs }: RecordOf<'evaluation'>,
  files: ModelFiles,
  promotion: string,
  run: CheckRun,
): Promise<CheckAnswer> {
  const { set } = inputs
  const { comparesChampion } = clause
  if (!set) throw new PromotionError('GOVERNANCE_INVALID', `no evaluation set ${clause.set}`)
  const path = join(deps.evaluationSets, set.file)
  const { id, kind, synthetic } = set
  const context = {
    set: { id, kind, digest: set.digest, path, synthetic },
    champion: comparesChampion ? await championFiles(deps, promotion, run) : null,
    limits: deps.evaluationLimits,
  }
  return checkEvaluation(files, clause, context, run)
}

async function answerOf(deps: WorkerDeps, input: CheckInput, run: CheckRun): Promise<CheckAnswer> {
  const record = await readClause(deps, input.clauseDigest)
  const files = await snapshotFiles(deps.snapshots, input, run.signal)
  if (record.check === 'scan') return checkScan(files, record.clause, run)
  if (record.check === 'evaluation') return evaluation(deps, record, files, input.promotion, run)
  return provenance(deps, record, files, input.promotion, run)
}

function namedBy(answer: CheckAnswer): CheckReport['named'] {
  const person = z.looseObject({ signerPerson: personId }).safeParse(answer.result)
  return person.success ? [{ person: person.data.signerPerson, role: 'model-signer' }] : []
}

/** Stores result and attestation by digest and says what the run needs of them. */
async function keep(
  deps: WorkerDeps,
  input: CheckInput,
  answer: CheckAnswer,
): Promise<CheckReport> {
  const { check, clauseDigest, modelDigest, attempt, promotion } = input
  const { evidence, attestation, installation } = deps
  const result: CanonicalResult = {
    v: 'countersign-result/1',
    check,
    outcome: answer.outcome,
    engine: answer.engine,
    clauseDigest,
    modelDigest,
    inputs: answer.inputs,
    findings: answer.findings.slice(0, 1000),
    result: JSON.parse(JSON.stringify(answer.result)) satisfies Json,
  }
  const resultDigest = await evidence.put(result)
  const briefs = answer.findings.map(({ id, severity, waivable }) => ({ id, severity, waivable }))
  const claims = {
    check,
    outcome: answer.outcome,
    clauseDigest,
    resultDigest,
    findings: briefs.slice(0, 100),
    findingCount: briefs.length,
    named: namedBy(answer),
    summary: answer.summary.slice(0, 300),
  }
  const envelope = attest(attestation, {
    name: check,
    modelDigest,
    predicateType: predicateTypes.check,
    predicate: { ...claims, promotion, attempt, development: installation.development },
  })
  const attestationDigest = await evidence.put(envelope)
  const name = `check-${check}-${clauseDigest.slice('sha256:'.length, 'sha256:'.length + 12)}-${attempt}`
  await evidence.attach(promotion, name, attestationDigest)
  return { ...claims, attestationDigest }
}

/**
 * Runs one check on the private copy of the candidate. It writes only by digest, so a retry is safe.
 *
 * @throws PromotionError `EVIDENCE_MISSING`, `GOVERNANCE_INVALID`, `LOG_UNAVAILABLE`; the abort's reason
 */
export async function runCheck(
  deps: WorkerDeps,
  input: CheckInput,
  run: CheckRun,
): Promise<CheckReport> {
  try {
    return await keep(deps, input, await answerOf(deps, input, run))
  } catch (error) {
    if (run.signal.aborted || !isPromotionError(error) || error.code === 'LOG_UNAVAILABLE') {
      throw error
    }
    return reportError(deps, input, error.message)
  }
}

/** A check that could not be carried out: an attested `error` with its reason. */
export async function reportError(
  deps: WorkerDeps,
  input: CheckInput,
  reason: string,
): Promise<CheckReport> {
  const what = `The check could not be carried out: ${reason}`.slice(0, 500)
  const finding: Finding = {
    id: `${input.check}/not-carried-out`,
    severity: 'high',
    what,
    where: null,
    why: 'What was not examined is not known to be safe.',
    remedy: 'Mend the cause, then run the check again.',
    waivable: false,
  }
  return keep(deps, input, {
    outcome: 'error',
    findings: [finding],
    inputs: {},
    result: null,
    summary: what.slice(0, 300),
    engine: { name: 'countersign', version: '1' },
  })
}
