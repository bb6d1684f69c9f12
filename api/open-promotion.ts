import type { z } from '@hono/zod-openapi'
import { promotionIdOf } from '../evidence/statement.js'
import { promotionStream, promotionWorkflowId, type OpenAnswer } from '../src/contract.js'
import type { PromotionId } from '../src/schema/ids.js'
import type { RequestBody } from '../src/schema/statement.js'
import { isoOf } from '../src/domain/time.js'
import type { PromotionRecord } from '../read-model/promotions.js'
import { assertPassed } from './act.js'
import type { ApiDeps } from './deps.js'
import type { Caller } from './people.js'
import { HttpProblem, isErrorCode } from './problem.js'
import type { Opened } from './schema/answers.js'
import type { requestPromotion } from './schema/requests.js'
import { assertWholeProof, saltedReason, signedSaying } from './statements.js'

export type PromotionAsked = z.output<typeof requestPromotion>

function openedOf({ id, state }: PromotionRecord): Opened {
  const { model, version, environment, pinned, requestedAt } = state
  return {
    id,
    model,
    version,
    environment,
    tier: pinned.tier,
    policy: pinned.policy,
    requestedAt: isoOf(requestedAt),
    href: `/v1/promotions/${id}`,
  }
}

function isSame({ state }: PromotionRecord, body: RequestBody): boolean {
  return (
    state.model === body.model &&
    state.version === body.version &&
    state.environment === body.environment &&
    state.reason === body.reason
  )
}

/** The answer to a repeat; null where nothing was opened under that id. @throws HttpProblem `IDEMPOTENCY_KEY_REUSED` */
function earlier(deps: ApiDeps, id: string, body: RequestBody): Opened | null {
  const record = deps.readModel.now().promotions.get(id)
  if (!record || record.state.phase === 'none') return null
  if (isSame(record, body)) return openedOf(record)
  const why = `this Idempotency-Key opened promotion ${id}, of something else`
  const remedy = 'send it with a new key'
  throw new HttpProblem('IDEMPOTENCY_KEY_REUSED', why, { remedy })
}

function refusal(answer: Extract<OpenAnswer, { kind: 'refused' }>): HttpProblem {
  const { code, detail, field, remedy } = answer
  if (!isErrorCode(code)) {
    return new HttpProblem('INTERNAL', 'the request was refused for an unknown reason')
  }
  return new HttpProblem(code, detail, { ...(field && { field }), ...(remedy && { remedy }) })
}

/** @throws HttpProblem `MALFORMED` where the three names together are longer than a workflow id may be */
function assertNameable({ environment, model, version }: PromotionAsked): void {
  if (promotionWorkflowId(environment, model, version) !== undefined) return
  const why = 'environment, model and version are too long together: 255 characters as one id'
  throw new HttpProblem('MALFORMED', why, { field: 'model' })
}

async function assertStarted(deps: ApiDeps, id: PromotionId, request: RequestToStart) {
  const started = await deps.promotions.start(request)
  if (started.kind === 'started' || started.promotion === id) return
  const { promotion } = started
  const { model, version, environment } = request.body
  const why = `a promotion of ${model} ${version} to ${environment} is under way`
  throw new HttpProblem('PROMOTION_UNDER_WAY', why, { ...(promotion && { promotion }) })
}

type RequestToStart = Parameters<ApiDeps['promotions']['start']>[0]

/**
 * Asks for a promotion, and answers once it is recorded and can be read everywhere. The same key again gets the same
 * answer, and opens nothing twice.
 */
export async function openPromotion(
  deps: ApiDeps,
  caller: Caller,
  key: string,
  asked: PromotionAsked,
): Promise<Opened> {
  const { model, version, environment, statement, signature, reasonSalt } = asked
  const proof = { statement, signature, reasonSalt }
  assertWholeProof(proof)
  assertNameable(asked)
  const promotion = promotionIdOf(deps.installation, caller.id, key)
  const saying = { caller, key, promotion, act: 'request', proof } as const
  const { salt, text, digest } = saltedReason(deps, saying, asked.reason)
  const body = { model, version, environment, reason: digest, sponsor: caller.sponsor }
  const before = earlier(deps, promotion, body)
  if (before) return before
  await deps.texts.putText({ salt, text })
  await assertStarted(deps, promotion, { body, signed: signedSaying(deps, saying, body) })
  const answer = await deps.promotions.open({ promotion, model, version, environment })
  if (answer.kind === 'refused') throw refusal(answer)
  await assertPassed(deps, promotionStream(promotion), answer.nextSeq)
  const opened = earlier(deps, promotion, body)
  if (opened) return opened
  throw new Error(`promotion ${promotion} was opened, but its stream does not say so`)
}
