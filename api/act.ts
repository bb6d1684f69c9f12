import { z } from 'zod'
import { changesBetween, decisionDigests } from '../src/domain/decision.js'
import { digestOfJson, type Digest, type Json } from '../src/domain/canonical.js'
import { actKey, isEnded, type PastAct, type PromotionState } from '../src/domain/promotion.js'
import { promotionStream, type ActAnswer } from '../src/contract.js'
import { actCommand, type ActCommand } from '../src/schema/statement.js'
import type { PromotionRecord } from '../read-model/promotions.js'
import type { ApiDeps } from './deps.js'
import type { Caller } from './people.js'
import { HttpProblem, isErrorCode } from './problem.js'
import type { Acted } from './schema/answers.js'
import type { ProofGiven } from './schema/requests.js'
import {
  asPromotionId,
  assertWholeProof,
  saltedReason,
  signedSaying,
  type Saying,
} from './statements.js'
import { blockersOf } from './view/detail.js'
import { stateNameOf } from './view/summary.js'

export interface ActRequest {
  readonly caller: Caller
  readonly record: PromotionRecord
  readonly key: string
  readonly act: ActCommand['act']
  readonly reason: string
  readonly proof: ProofGiven
  /** The body of the act, once the reason has its digest. */
  readonly body: (reason: Digest) => { readonly [key: string]: Json }
}

/** The default time in which an answer must have come, in ms. */
export const defaultPatienceMs = 10_000

function refusal(code: string, detail: string, changes?: readonly string[]): HttpProblem {
  return isErrorCode(code)
    ? new HttpProblem(code, detail, { ...(changes && { changes }) })
    : new HttpProblem('INTERNAL', 'the run refused it for a reason that this server does not know')
}

function reused(key: string): HttpProblem {
  const why = `Idempotency-Key ${key} was used for something else`
  return new HttpProblem('IDEMPOTENCY_KEY_REUSED', why, { remedy: 'send it with a new key' })
}

const named = z.object({ seat: z.string(), decisionDigest: z.string() })

/** What changed since the decision digest that a repeated sign-off named. */
function changesSince(state: PromotionState, body: Json, at: number): readonly string[] {
  const { data } = named.safeParse(body)
  const now = data && decisionDigests(state, at).get(data.seat)
  return now ? changesBetween(state.slices[data.decisionDigest], now.slice) : []
}

/** Answers a repeat as the first was answered. @throws HttpProblem the refusal that was given then */
function repeated(state: PromotionState, past: PastAct, body: Json, at: number): void {
  if (!past.refusal) return
  const { code, detail } = past.refusal
  const changes = code === 'DIGEST_OUT_OF_DATE' ? changesSince(state, body, at) : undefined
  throw refusal(code, detail, changes)
}

/** @throws HttpProblem when the answer was recorded, but lists and pages do not show it in time */
export async function assertPassed(deps: ApiDeps, stream: string, nextSeq: number): Promise<void> {
  if (await deps.readModel.passed(stream, nextSeq, deps.patienceMs ?? defaultPatienceMs)) return
  const remedy = 'send the same request with the same Idempotency-Key again'
  const why = 'it was recorded, but the read model has not come so far yet'
  throw new HttpProblem('LOG_UNAVAILABLE', why, { remedy })
}

function answered(deps: ApiDeps, id: string): Acted {
  const state = deps.readModel.now().promotions.get(id)?.state
  if (!state) throw new Error(`promotion ${id} left the read model`)
  return {
    promotion: id,
    state: stateNameOf(state.phase),
    blockedBy: blockersOf(state, deps.now()),
  }
}

function refOf({ id, state }: PromotionRecord) {
  const { model, version, environment } = state
  return { promotion: id, model, version, environment }
}

async function send(deps: ApiDeps, request: ActRequest, saying: Saying, body: Json) {
  const { record, act } = request
  const signed = signedSaying(deps, saying, body)
  const command = actCommand.parse({ act, body, signed })
  const answer: ActAnswer = await deps.promotions.act(refOf(record), command)
  await assertPassed(deps, promotionStream(record.id), answer.nextSeq)
  if (answer.kind === 'refused') throw refusal(answer.code, answer.detail, answer.changes)
}

/**
 * Carries one act of a person to the promotion's run and answers with what is still missing, once that can be read
 * everywhere. The same key again gets the same answer.
 *
 * @throws HttpProblem the refusal
 * @throws PromotionError `WORKER_UNAVAILABLE`, `LOG_UNAVAILABLE`
 */
export async function performAct(deps: ApiDeps, request: ActRequest): Promise<Acted> {
  const { caller, record, key, act, proof } = request
  assertWholeProof(proof)
  const saying = { caller, key, promotion: asPromotionId(record.id), act, proof }
  const { salt, text, digest } = saltedReason(deps, saying, request.reason)
  const body = request.body(digest)
  const { state } = record
  const past = state.acts[actKey(caller.id, key)]
  if (past) {
    if (past.act !== act || past.bodyDigest !== digestOfJson(body)) throw reused(key)
    repeated(state, past, body, deps.now())
    return answered(deps, record.id)
  }
  if (isEnded(state.phase)) {
    throw new HttpProblem('WRONG_STATE', `the promotion has ended: it is ${state.phase}`)
  }
  await deps.texts.putText({ salt, text })
  await send(deps, request, saying, body)
  return answered(deps, record.id)
}
