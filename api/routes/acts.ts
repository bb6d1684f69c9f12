import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { performAct, type ActRequest } from '../act.js'
import type { ApiDeps, ApiEnv } from '../deps.js'
import { assertScope, type Caller } from '../people.js'
import { HttpProblem } from '../problem.js'
import { acted, stored } from '../schema/answers.js'
import { check, idempotencyHeaders, promotion } from '../schema/common.js'
import {
  acceptance,
  reasonOnly,
  signOff,
  storedReason,
  waiver,
  withdrawal,
  type ProofGiven,
} from '../schema/requests.js'
import { always, json, jsonBody, problems, secured, withBody } from '../schema/responses.js'
import type { Scope } from '../../src/schema/governance.js'
import { visibleRecord } from '../visibility.js'
import { promotionParams } from './promotions.js'

const responses = {
  200: json('Recorded, and what is still missing', acted),
  ...problems(...always, ...withBody, 404, 409),
}

function actRoute<S extends z.ZodType>(name: string, summary: string, schema: S) {
  return createRoute({
    method: 'post',
    path: `/v1/promotions/{id}/${name}`,
    operationId: name,
    summary,
    security: secured,
    request: { params: promotionParams, headers: idempotencyHeaders, body: jsonBody(schema) },
    responses,
  })
}

const reasons = createRoute({
  method: 'post',
  path: '/v1/promotions/{id}/reasons',
  operationId: 'reasons',
  summary: 'Keep the words of a sign-off that goes to Temporal as a Signal',
  security: secured,
  request: { params: promotionParams, headers: idempotencyHeaders, body: jsonBody(storedReason) },
  responses: {
    200: json('Kept; a statement holds this digest', stored),
    ...problems(...always, ...withBody, 404, 409),
  },
})

const rerun = createRoute({
  method: 'post',
  path: '/v1/promotions/{id}/checks/{name}/rerun',
  operationId: 'rerun',
  summary: 'Run a check again',
  security: secured,
  request: {
    params: z.strictObject({ id: promotion, name: check }),
    headers: idempotencyHeaders,
    body: jsonBody(reasonOnly),
  },
  responses,
})

const signing: readonly Scope[] = ['sign']
/** Cancel and rerun hang on the relation to the model; a token narrowed to reading still may not. */
const steering: readonly Scope[] = ['request', 'sign', 'operate']

function assertHuman(caller: Caller): void {
  if (caller.kind === 'person') return
  const remedy = 'let its sponsor or an owner do it'
  throw new HttpProblem('NOT_ALLOWED', 'a machine identity may only request', { remedy })
}

type Input = Pick<ActRequest, 'key' | 'act' | 'body'> & {
  readonly id: string
  readonly scopes: readonly Scope[]
  readonly said: ProofGiven & { readonly reason: string }
}

function perform(deps: ApiDeps, c: Context<ApiEnv>, input: Input) {
  const caller = c.get('caller')
  const record = visibleRecord(deps.readModel.now(), caller, input.id)
  assertHuman(caller)
  assertScope(caller, ...input.scopes)
  const { key, act, body } = input
  const { reason, statement, signature, reasonSalt } = input.said
  const proof = { statement, signature, reasonSalt }
  return performAct(deps, { caller, record, key, act, reason, proof, body })
}

/** What people do to a promotion; each with a reason, each once. */
export function actRoutes(app: OpenAPIHono<ApiEnv>, deps: ApiDeps): void {
  signingRoutes(app, deps)
  reasonRoute(app, deps)
  steeringRoutes(app, deps)
}

function reasonRoute(app: OpenAPIHono<ApiEnv>, deps: ApiDeps): void {
  app.openapi(reasons, async (c) => {
    const caller = c.get('caller')
    visibleRecord(deps.readModel.now(), caller, c.req.valid('param').id)
    assertHuman(caller)
    assertScope(caller, ...signing)
    const { reason: text, reasonSalt } = c.req.valid('json')
    return c.json({ digest: await deps.texts.putText({ salt: reasonSalt, text }) }, 200)
  })
}

const signOffRoute = actRoute('sign-offs', 'Approve or reject at one seat', signOff)
const waiverRoute = actRoute('waivers', 'Waive a named finding for a time', waiver)
const acceptanceRoute = actRoute('acceptances', 'Accept an inconclusive check', acceptance)
const withdrawalRoute = actRoute('withdrawals', 'Take back your own sign-off', withdrawal)
const cancelRoute = actRoute('cancel', 'End the promotion', reasonOnly)

function signingRoutes(app: OpenAPIHono<ApiEnv>, deps: ApiDeps): void {
  app.openapi(signOffRoute, async (c) => {
    const { seat, decisionDigest, verdict, ...said } = c.req.valid('json')
    const body: Input['body'] = (reason) => ({
      seat,
      decisionDigest,
      verdict,
      reason,
      conditions: null,
    })
    const { id } = c.req.valid('param')
    const key = c.req.valid('header')['idempotency-key']
    const input = { id, key, act: 'sign-off', scopes: signing, said, body } as const
    return c.json(await perform(deps, c, input), 200)
  })

  app.openapi(waiverRoute, async (c) => {
    const { check, finding, modelDigest, until, ...said } = c.req.valid('json')
    const body: Input['body'] = (reason) => ({ check, finding, modelDigest, until, reason })
    const { id } = c.req.valid('param')
    const key = c.req.valid('header')['idempotency-key']
    const input = { id, key, act: 'waiver', scopes: signing, said, body } as const
    return c.json(await perform(deps, c, input), 200)
  })

  app.openapi(acceptanceRoute, async (c) => {
    const { check, resultDigest, until, ...said } = c.req.valid('json')
    const body: Input['body'] = (reason) => ({ check, resultDigest, until, reason })
    const { id } = c.req.valid('param')
    const key = c.req.valid('header')['idempotency-key']
    const input = { id, key, act: 'acceptance', scopes: signing, said, body } as const
    return c.json(await perform(deps, c, input), 200)
  })

  app.openapi(withdrawalRoute, async (c) => {
    const { seat, ...said } = c.req.valid('json')
    const { id } = c.req.valid('param')
    const key = c.req.valid('header')['idempotency-key']
    const body: Input['body'] = (reason) => ({ seat, reason })
    const input = { id, key, act: 'withdrawal', scopes: signing, said, body } as const
    return c.json(await perform(deps, c, input), 200)
  })
}

const reasonAlone: Input['body'] = (reason) => ({ reason })

function steeringRoutes(app: OpenAPIHono<ApiEnv>, deps: ApiDeps): void {
  app.openapi(cancelRoute, async (c) => {
    const { id } = c.req.valid('param')
    const key = c.req.valid('header')['idempotency-key']
    const said = c.req.valid('json')
    const input = { id, key, act: 'cancel', scopes: steering, said, body: reasonAlone } as const
    return c.json(await perform(deps, c, input), 200)
  })

  app.openapi(rerun, async (c) => {
    const { id, name } = c.req.valid('param')
    const key = c.req.valid('header')['idempotency-key']
    const said = c.req.valid('json')
    const body: Input['body'] = (reason) => ({ check: name, reason })
    const input = { id, key, act: 'rerun', scopes: steering, said, body } as const
    return c.json(await perform(deps, c, input), 200)
  })
}
