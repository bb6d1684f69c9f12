import type { KeyObject } from 'node:crypto'
import type { Promotions, PromotionRef } from '../../../api/promotions.js'
import { isSignedBy } from '../../../evidence/statement.js'
import type { EvidenceStore } from '../../../evidence/store.js'
import type { EventLog } from '../../../recorder/event-log.js'
import {
  aliasStream,
  promotionStream,
  promotionWorkflowId,
  type ActAnswer,
  type OpenAnswer,
} from '../../../src/contract.js'
import { decide, type Decision, type DomainCommand } from '../../../src/domain/decide.js'
import { isPromotionError, PromotionError } from '../../../src/domain/errors.js'
import { evolve } from '../../../src/domain/evolve.js'
import {
  membershipFor,
  policyFor,
  rulesFor,
  type GovernanceSet,
} from '../../../src/domain/policy.js'
import { isEnded, nothingYet, type PromotionState } from '../../../src/domain/promotion.js'
import { isoOf } from '../../../src/domain/time.js'
import type { Finding, Outcome } from '../../../src/schema/check.js'
import type { PromotionEvent } from '../../../src/schema/event.js'
import type { ActCommand, PromotionRequest } from '../../../src/schema/statement.js'

export interface FakeOptions {
  readonly log: EventLog
  readonly evidence: EvidenceStore
  readonly set: GovernanceSet
  readonly installation: `ins_${string}`
  readonly now: () => number
  /** Whose signatures prove a statement. */
  readonly keys: readonly KeyObject[]
  /** How the scan ends; it runs by itself as soon as a promotion is opened. */
  readonly scan?: Outcome
}

const modelDigest = `sha256:${'a'.repeat(64)}` as const

interface Run {
  readonly request: PromotionRequest
  state: PromotionState
}

const finding: Finding = {
  id: 'scan/format:model.joblib',
  severity: 'high',
  what: 'a pickle',
  where: 'model.joblib',
  why: 'it runs code when it is loaded',
  remedy: 'export it as ONNX',
  waivable: true,
}

/**
 * Carries promotions out in memory by the same rules as the workflow, with a scan that ends as it is told and an alias
 * that moves as soon as it may. Nothing of the API's own logic is in it.
 */
export function createFakePromotions(options: FakeOptions) {
  const { log, evidence, set, now } = options
  const runs = new Map<string, Run>()
  const scan: Outcome = options.scan ?? 'passed'
  const fake = { isDown: false, asked: 0, scan }

  function runOf(ref: PromotionRef): Run | undefined {
    const found = runs.get(promotionWorkflowId(ref.environment, ref.model, ref.version) ?? '')
    return found?.request.signed.statement.promotion === ref.promotion ? found : undefined
  }

  async function record(run: Run, events: readonly PromotionEvent[]): Promise<void> {
    if (events.length === 0) return
    const stream = promotionStream(run.request.signed.statement.promotion)
    const appended = await log.append(stream, run.state.nextSeq, [...events])
    if (appended.kind === 'conflict') throw new Error(`conflict at ${appended.nextSeq}`)
    run.state = events.reduce(evolve, run.state)
  }

  async function take(run: Run, command: DomainCommand): Promise<Decision> {
    const decision = decide(run.state, command)
    if (decision.kind === 'events') await record(run, decision.events)
    return decision
  }

  async function scanned(run: Run): Promise<void> {
    for (const one of run.state.checks.filter(({ report }) => report === null)) {
      const findings = fake.scan === 'passed' ? [] : [finding]
      const { check, clauseDigest, attempt } = one
      const resultDigest = await evidence.put({
        v: 'countersign-result/1',
        check,
        outcome: fake.scan,
        engine: { name: 'fake', version: '1' },
        clauseDigest,
        modelDigest,
        inputs: { model: modelDigest },
        findings,
        result: { files: 1 },
      })
      const attestationDigest = await evidence.put({ attests: resultDigest })
      const report = {
        check,
        outcome: fake.scan,
        clauseDigest,
        resultDigest,
        attestationDigest,
        findings: findings.map(({ id, severity, waivable }) => ({ id, severity, waivable })),
        findingCount: findings.length,
        named: [],
        summary: `scan ${fake.scan}`,
      }
      await take(run, { kind: 'check', at: now(), attempt, report })
    }
  }

  async function released(run: Run): Promise<void> {
    if (run.state.phase !== 'promoting') return
    const { environment, model, version, promotion } = run.state
    const at = isoOf(now())
    await record(run, [{ type: 'release-started', at, person: null, body: { attempt: 1 } }])
    const stream = aliasStream(environment, model)
    const aliasSeq = (await log.read(stream)).length
    const body = { promotion, from: null, to: version, modelDigest }
    await log.append(stream, aliasSeq, [
      { type: 'alias-intended', at, person: null, body },
      { type: 'alias-moved', at, person: null, body },
    ])
    const result = { kind: 'moved', from: null, aliasSeq } as const
    await take(run, { kind: 'released', at: now(), result })
  }

  async function settle(run: Run): Promise<void> {
    await scanned(run)
    await released(run)
  }

  async function opened(run: Run): Promise<Decision> {
    const { body, signed } = run.request
    const { model, version, environment, reason, sponsor } = body
    const rules = rulesFor(set, policyFor(set, model, environment))
    const request = {
      installation: options.installation,
      promotion: signed.statement.promotion,
      model,
      version,
      environment,
      requester: signed.statement.person,
      sponsor,
      reason,
      signed,
      rules,
      membership: membershipFor(set, rules, model),
      champion: null,
      origin: { registry: 'folder', createdAt: null, run: { id: 'run-1', startedAt: null } },
      development: true,
    }
    return take(run, { kind: 'open', at: now(), request })
  }

  async function refused(run: Run, command: ActCommand, code: string, detail: string) {
    const { act, signed } = command
    const { person, nonce, bodyDigest } = signed.statement
    const body = { act, code, detail, nonce, bodyDigest }
    await record(run, [{ type: 'refused', at: isoOf(now()), person, body }])
  }

  async function acted(run: Run, command: ActCommand): Promise<ActAnswer> {
    if (!isSignedBy(command.signed, options.keys)) {
      const answer = { code: 'SIGNATURE_INVALID', detail: 'it is not signed by that person' }
      return { kind: 'refused', nextSeq: run.state.nextSeq, ...answer }
    }
    const decision = await take(run, { kind: 'act', at: now(), command })
    if (decision.kind === 'refused') {
      await refused(run, command, decision.code, decision.detail)
      return { ...decision, nextSeq: run.state.nextSeq }
    }
    if (decision.kind === 'repeat' && decision.refusal) {
      return { kind: 'refused', nextSeq: run.state.nextSeq, ...decision.refusal }
    }
    await settle(run)
    return { kind: 'accepted', nextSeq: run.state.nextSeq, phase: run.state.phase }
  }

  function assertUp(): void {
    fake.asked += 1
    if (fake.isDown) throw new PromotionError('WORKER_UNAVAILABLE', 'no worker answers')
  }

  const port: Promotions = {
    async start(request) {
      assertUp()
      const { environment, model, version } = request.body
      const id = promotionWorkflowId(environment, model, version) ?? ''
      const running = runs.get(id)
      if (running && !isEnded(running.state.phase)) {
        return { kind: 'under-way', promotion: running.request.signed.statement.promotion }
      }
      runs.set(id, { request, state: nothingYet })
      return { kind: 'started' }
    },
    async open(ref): Promise<OpenAnswer> {
      assertUp()
      const run = runOf(ref)
      if (!run) throw new PromotionError('WRONG_STATE', 'the run has ended')
      try {
        if (ref.version === '404') throw new PromotionError('MODEL_NOT_FOUND', 'no such version')
        const decision = await opened(run)
        if (decision.kind === 'refused') {
          runs.delete(promotionWorkflowId(ref.environment, ref.model, ref.version) ?? '')
          return decision
        }
      } catch (error) {
        if (!isPromotionError(error)) throw error
        runs.delete(promotionWorkflowId(ref.environment, ref.model, ref.version) ?? '')
        return { kind: 'refused', code: error.code, detail: error.message, ...error.detail }
      }
      const snapshot = { modelDigest, signatureDigest: null, files: 1, sizeBytes: 10 }
      await take(run, { kind: 'snapshotted', at: now(), snapshot })
      await settle(run)
      return { kind: 'opened', nextSeq: run.state.nextSeq }
    },
    async act(ref, command) {
      assertUp()
      const run = runOf(ref)
      if (!run || isEnded(run.state.phase)) {
        throw new PromotionError('WRONG_STATE', 'the run has ended')
      }
      return acted(run, command)
    },
    async history(ref) {
      assertUp()
      return runOf(ref) ? JSON.stringify({ events: [{ eventId: '1' }] }) : null
    },
    isReachable: async () => !fake.isDown,
  }
  return Object.assign(fake, { port })
}
