import { checkEvaluation } from '../../activities/evaluation/engine.js'
import type { CheckAnswer, CheckRun, ModelFiles } from '../../activities/check.js'
import { localModelFiles } from '../../activities/local-files.js'
import { checkProvenance } from '../../activities/provenance/engine.js'
import { checkScan } from '../../activities/scan/engine.js'
import { loadGovernance, type LoadedGovernance } from '../../governance/load.js'
import { evaluationSetPath } from '../../governance/sets.js'
import { policyFor } from '../../src/domain/policy.js'
import type { Finding } from '../../src/schema/check.js'
import type { EvaluationClause, PolicyFile } from '../../src/schema/governance.js'
import { checkName, type CheckName } from '../../src/schema/statement.js'
import { exitCodes, type ExitCode } from '../exit-codes.js'
import { CommandFailure, usageFault } from '../failure.js'
import { bold, dim, word } from '../say.js'
import type { Session } from '../session.js'

export interface CheckOptions {
  readonly policy?: string
  readonly model?: string
  readonly environment?: string
  readonly only?: string
  readonly governance?: string
  readonly evaluationSets?: string
}

interface Place {
  readonly governance: LoadedGovernance
  readonly sets: string
}

const evaluationLimits = { deadlineMs: 600_000, memoryMb: 4096 }

function policyOf({ governance }: Place, options: CheckOptions): PolicyFile {
  const { policy: id, model, environment = 'production' } = options
  const { set } = governance
  if ((id === undefined) === (model === undefined)) {
    throw usageFault('say --policy ID or --model NAME, one of them')
  }
  if (model !== undefined) return policyFor(set, model, environment)
  const found = set.policies.find((policy) => policy.id === id)
  if (found) return found
  const known = set.policies.map((policy) => policy.id).join(', ')
  throw usageFault(`there is no policy ${id}`, `policies: ${known}`)
}

function wantedOf(policy: PolicyFile, only: string | undefined): readonly CheckName[] {
  const asked = only?.split(',').map((name) => name.trim()) ?? Object.keys(policy.checks)
  const names = asked.map((name) => {
    const read = checkName.safeParse(name)
    if (read.success) return read.data
    throw usageFault(`there is no check ${name}`, `checks: ${checkName.options.join(', ')}`)
  })
  const missing = names.find((name) => policy.checks[name] === undefined)
  if (missing === undefined && names.length > 0) return names
  throw usageFault(`policy ${policy.id} asks for no check ${missing ?? 'at all'}`)
}

/** Nobody tries a model on the held-out set: whoever may try often enough has learnt it. */
function openSetOf({ governance, sets }: Place, clause: EvaluationClause) {
  const { evaluationSets } = governance.set.head
  const open = evaluationSets.find(({ id, kind }) => id === clause.openSet && kind === 'open')
  if (!open) {
    throw new CommandFailure(exitCodes.couldNotVerify, 'the policy names no open evaluation set', {
      remedy: '--only provenance,scan leaves the evaluation out',
    })
  }
  const { id, kind, digest, synthetic } = open
  return { id, kind, digest, synthetic, path: evaluationSetPath(sets, open) }
}

function provenance(place: Place, policy: PolicyFile, files: ModelFiles, run: CheckRun) {
  const clause = policy.checks.provenance
  if (!clause) return null
  const { set, keys } = place.governance
  const signers = set.head.signers.flatMap(({ id, person, file }) => {
    const publicKeyPem = keys.get(file)
    return publicKeyPem === undefined ? [] : [{ id, person, publicKeyPem }]
  })
  return checkProvenance(files, clause, { signers, lineage: null }, run)
}

async function answerOf(
  check: CheckName,
  place: Place,
  policy: PolicyFile,
  files: ModelFiles,
  run: CheckRun,
): Promise<CheckAnswer | null> {
  const { scan, evaluation } = policy.checks
  if (check === 'provenance') return provenance(place, policy, files, run)
  if (check === 'scan') return scan ? checkScan(files, scan, run) : null
  if (!evaluation) return null
  const set = openSetOf(place, evaluation)
  const context = { set, champion: null, limits: evaluationLimits }
  return checkEvaluation(files, evaluation, context, run)
}

type Answers = readonly (readonly [CheckName, CheckAnswer])[]

function exitOf(answers: Answers): ExitCode {
  const outcomes = answers.map(([, { outcome }]) => outcome)
  if (outcomes.includes('failed')) return exitCodes.refused
  return outcomes.every((outcome) => outcome === 'passed')
    ? exitCodes.yes
    : exitCodes.couldNotVerify
}

function showFinding(session: Session, finding: Finding): void {
  const { out } = session
  out.line('  ', bold(finding.severity), `  ${finding.what}`)
  if (finding.where !== null) out.line('    where:  ', finding.where)
  out.line('    why:    ', finding.why)
  out.line('    remedy: ', finding.remedy)
}

function tell(session: Session, files: ModelFiles, answers: Answers): void {
  session.out.line(`model ${files.modelDigest}`)
  for (const [name, { outcome, summary, findings }] of answers) {
    session.out.line(bold(name.padEnd(12)), word(outcome), `  ${summary}`)
    for (const finding of findings) showFinding(session, finding)
  }
  const isOpen = answers.some(([name]) => name === 'evaluation')
  if (isOpen) session.err.line(dim('evaluated on the open set; a promotion uses the held-out one'))
}

/** Runs the policy's checks on a model that lies here: the same engines as in a promotion, no server, no registry. */
export async function check(
  session: Session,
  path: string,
  options: CheckOptions,
): Promise<ExitCode> {
  const governance = await loadGovernance(options.governance ?? session.config().governance)
  const sets = options.evaluationSets ?? session.config().evaluationSets
  const place = { governance, sets }
  const policy = policyOf(place, options)
  const wanted = wantedOf(policy, options.only)
  const files = await localModelFiles(path)
  const stop = new AbortController()
  const run = { signal: stop.signal, onProgress: () => undefined }
  const answers: [CheckName, CheckAnswer][] = []
  for (const name of wanted) {
    session.err.line(dim(`${name} …`))
    const answer = await answerOf(name, place, policy, files, run)
    if (answer) answers.push([name, answer])
  }
  if (session.isJson) {
    const { modelDigest } = files
    session.out.json({ policy: policy.id, modelDigest, checks: Object.fromEntries(answers) })
  } else tell(session, files, answers)
  return exitOf(answers)
}
