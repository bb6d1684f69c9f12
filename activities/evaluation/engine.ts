import { resolve } from 'node:path'
import type { Digest, Json } from '../../src/domain/canonical.js'
import type { Finding } from '../../src/schema/check.js'
import type { EvaluationClause } from '../../src/schema/governance.js'
import type { CheckAnswer, CheckRun, ModelFiles } from '../check.js'
import type { Fault } from './faults.js'
import { faultFinding, unproven } from './findings.js'
import { judge, type Judgement } from './gate.js'
import { findOnnx } from './onnx.js'
import { plainText } from './plain-text.js'
import type { ScoringRequest } from './protocol.js'
import { isConserved, type Report, reportOf } from './report.js'
import { type ChildLimits, type ChildNotes, runChild } from './run-child.js'
import { copySet } from './set-copy.js'
import { figuresOf, summaryOf } from './result.js'

/** The set that the policy names, and where its bytes lie on this machine. */
export interface EvaluationSet {
  readonly id: string
  readonly kind: 'open' | 'held-out'
  readonly digest: Digest
  readonly path: string
  readonly synthetic: boolean
}

export interface EvaluationContext {
  readonly set: EvaluationSet
  /** What is live now; null where nothing is. Read only where the policy compares with it. */
  readonly champion?: { readonly modelDigest: Digest; readonly files: ModelFiles } | null
  readonly limits: ChildLimits
}

/** Facts about this run on this host, which have no place in a canonical result. */
export interface EvaluationNotes {
  readonly candidate: ChildNotes | null
  readonly champion: ChildNotes | null
}

export interface Evaluation {
  readonly answer: CheckAnswer
  readonly notes: EvaluationNotes
}

export interface Subject {
  readonly file: string
  readonly digest: Digest
}

interface Failed {
  readonly kind: 'fault'
  readonly finding: Finding
  readonly subject: Subject | null
  readonly notes: ChildNotes | null
}

interface Evaluated {
  readonly kind: 'evaluated'
  readonly report: Report
  readonly subject: Subject
  readonly notes: ChildNotes
}

const engine = { name: 'countersign-evaluation', version: '1' }

function failed(fault: Fault, what: string, where: string | null): Failed {
  return { kind: 'fault', finding: faultFinding(fault, what, where), subject: null, notes: null }
}

const columnsOf = (clause: EvaluationClause) => [
  ...new Set(clause.groups.map(({ column }) => column)),
]

/** One model on the set. Whatever goes wrong is an answer; only an abort throws. */
async function scoreModel(
  files: ModelFiles,
  clause: EvaluationClause,
  setPath: string,
  limits: ChildLimits,
  run: CheckRun,
): Promise<Failed | Evaluated> {
  const found = await findOnnx(files)
  const [path] = found
  const entry = files.manifest.find((one) => one.path === path)
  if (!entry) return failed('onnx-missing', 'The candidate holds no ONNX model', null)
  if (found.length > 1) {
    return failed(
      'onnx-several',
      `The candidate holds ${found.length} ONNX models: ${found.join(', ')}`,
      null,
    )
  }
  const subject: Subject = { file: entry.path, digest: `sha256:${entry.sha256}` }
  const { features, label, positive, output, threshold } = clause
  const request: ScoringRequest = {
    model: { path: resolve(files.localPath(entry.path)), sha256: entry.sha256 },
    set: { path: setPath },
    features,
    label,
    positive,
    output,
    threshold,
    columns: columnsOf(clause),
  }
  const { answer, notes } = await runChild(request, limits, run)
  if (answer.kind === 'fault') {
    return { ...failed(answer.fault, answer.what, entry.path), subject, notes }
  }
  if (!isConserved(answer.scoring, request.columns)) {
    const what = 'The counts do not add up to the rows of the set'
    return { ...failed('rows-lost', what, entry.path), subject, notes }
  }
  return { kind: 'evaluated', report: reportOf(answer.scoring, clause), subject, notes }
}

function championFinding(finding: Finding): Finding {
  return unproven({
    id: 'champion-not-scored',
    what: `The champion could not be scored: ${finding.what}`,
    where: 'champion',
    why: 'The policy asks for a comparison with what is live now, and there is none.',
    remedy: finding.remedy,
  })
}

const setFacts = ({ id, kind, digest, synthetic }: EvaluationSet) => ({
  id,
  kind,
  digest,
  synthetic,
})

/** The same value without types that only the compiler knows; the canonical writer proves that it is JSON. */
const asJson = (value: unknown): Json => JSON.parse(JSON.stringify(value))

function faultAnswer({ finding, subject }: Failed, context: EvaluationContext): CheckAnswer {
  return {
    outcome: 'error',
    findings: [finding],
    inputs: { 'evaluation-set': context.set.digest },
    result: asJson({
      v: 'countersign-evaluation/1',
      provenance: 'computed',
      subject,
      set: setFacts(context.set),
      fault: { code: finding.id.slice('evaluation/'.length), what: finding.what },
    }),
    summary: plainText(`Not evaluated: ${finding.what}`, 300),
    engine,
  }
}

interface Compared {
  readonly judgement: Judgement
  /** The champion on the same set; null where the policy compares with none, or there is none. */
  readonly champion: { readonly modelDigest: Digest; readonly scored: Failed | Evaluated } | null
}

function championFacts({ champion }: Compared) {
  if (champion?.scored.kind !== 'evaluated') return null
  const { subject, report } = champion.scored
  return { modelDigest: champion.modelDigest, subject, overall: report.overall }
}

function answerFor(
  { report, subject }: Evaluated,
  compared: Compared,
  clause: EvaluationClause,
  context: EvaluationContext,
): CheckAnswer {
  const { judgement, champion } = compared
  const lost = champion?.scored.kind === 'fault' ? [championFinding(champion.scored.finding)] : []
  const isOpen = judgement.outcome === 'passed' && lost.length > 0
  const outcome = isOpen ? 'inconclusive' : judgement.outcome
  const findings = [...judgement.findings, ...lost]
  return {
    outcome,
    findings,
    inputs: {
      'evaluation-set': context.set.digest,
      ...(champion ? { champion: champion.modelDigest } : {}),
    },
    result: asJson({
      v: 'countersign-evaluation/1',
      provenance: 'computed',
      subject,
      set: { ...setFacts(context.set), rows: report.rows.declared },
      ...figuresOf(report, judgement, clause),
      champion: championFacts(compared),
    }),
    summary: summaryOf(report, findings, outcome, context.set),
    engine,
  }
}

async function onCopy(
  files: ModelFiles,
  clause: EvaluationClause,
  context: EvaluationContext,
  setPath: string,
  run: CheckRun,
): Promise<Evaluation> {
  const { limits } = context
  const candidate = await scoreModel(files, clause, setPath, limits, run)
  if (candidate.kind === 'fault') {
    const notes = { candidate: candidate.notes, champion: null }
    return { answer: faultAnswer(candidate, context), notes }
  }
  const asked = clause.comparesChampion ? context.champion : null
  const scored = asked ? await scoreModel(asked.files, clause, setPath, limits, run) : null
  const champion = asked && scored ? { modelDigest: asked.modelDigest, scored } : null
  const judgement = judge(candidate.report, clause)
  const answer = answerFor(candidate, { judgement, champion }, clause, context)
  return { answer, notes: { candidate: candidate.notes, champion: scored?.notes ?? null } }
}

function refused(fault: Fault, what: string, context: EvaluationContext): Evaluation {
  const answer = faultAnswer(failed(fault, what, context.set.id), context)
  return { answer, notes: { candidate: null, champion: null } }
}

/**
 * Runs the candidate on the policy's evaluation set and holds its figures against the policy. Whatever the
 * model or the set does is an answer; the notes say what this host enforced.
 *
 * @throws the abort's reason, once the signal is aborted
 */
export async function evaluateModel(
  files: ModelFiles,
  clause: EvaluationClause,
  context: EvaluationContext,
  run: CheckRun,
): Promise<Evaluation> {
  if (clause.features.includes(clause.label)) {
    return refused('label-is-feature', `The label '${clause.label}' is among the features`, context)
  }
  run.onProgress('evaluation: reading the evaluation set')
  const copy = await copySet(context.set.path, run).catch(() => null)
  run.signal.throwIfAborted()
  if (!copy) {
    return refused('set-missing', `The evaluation set '${context.set.id}' cannot be read`, context)
  }
  try {
    if (copy.digest !== context.set.digest) {
      const what = `The evaluation set '${context.set.id}' has the digest ${copy.digest}; the policy names ${context.set.digest}`
      return refused('set-digest-mismatch', what, context)
    }
    return await onCopy(files, clause, context, copy.path, run)
  } finally {
    await copy.remove()
  }
}

/** The evaluation as every check answers; see `evaluateModel` for what the host enforced. */
export async function checkEvaluation(
  files: ModelFiles,
  clause: EvaluationClause,
  context: EvaluationContext,
  run: CheckRun,
): Promise<CheckAnswer> {
  return (await evaluateModel(files, clause, context, run)).answer
}
