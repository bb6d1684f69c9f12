import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import type { ApiDeps, ApiEnv } from '../deps.js'
import { openPromotion } from '../open-promotion.js'
import { assertScope, namesOf } from '../people.js'
import { HttpProblem } from '../problem.js'
import { opened } from '../schema/answers.js'
import {
  environment,
  idempotencyHeaders,
  model,
  moment,
  promotion,
  version,
} from '../schema/common.js'
import { requestPromotion } from '../schema/requests.js'
import { always, json, jsonBody, problems, secured, withBody } from '../schema/responses.js'
import { detail, stateName, summary } from '../schema/views.js'
import { aliasViewOf } from '../view/alias.js'
import { decisionsOf } from '../view/decisions.js'
import { detailOf } from '../view/detail.js'
import { pageOf, positionOf } from '../view/list.js'
import { createWordsReader, personViews } from '../view/names.js'
import { summaryOf } from '../view/summary.js'
import { maySee, visibleRecord } from '../visibility.js'
import { aliasStream } from '../../src/contract.js'

export const promotionParams = z.strictObject({ id: promotion })

const request = createRoute({
  method: 'post',
  path: '/v1/promotions',
  operationId: 'requestPromotion',
  summary: 'Ask for a model version to be promoted',
  security: secured,
  request: { headers: idempotencyHeaders, body: jsonBody(requestPromotion) },
  responses: {
    201: {
      ...json('Recorded; a repeat with the same key gets the same answer', opened),
      headers: z.object({ Location: z.string() }),
    },
    ...problems(...always, ...withBody, 404, 409),
  },
})

const query = z.strictObject({
  model: model.optional(),
  version: version.optional(),
  state: stateName.optional(),
  environment: environment.optional(),
  waitingOn: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,63}$/)
    .optional()
    .openapi({ description: 'A team, `requester` or `countersign`' }),
  requestedBy: z
    .string()
    .regex(/^(per|mac)_[0-9a-z]{4,40}$/)
    .optional(),
  since: moment.optional(),
  until: moment.optional(),
  limit: z
    .string()
    .regex(/^([1-9]\d?|100)$/)
    .optional()
    .openapi({ description: '1 to 100; 50 where it is left out' }),
  cursor: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,40}$/)
    .optional()
    .openapi({ description: 'The `next` of the page before' }),
})

const page = z
  .strictObject({ items: z.array(summary), next: z.string().nullable() })
  .openapi('PromotionPage')

const list = createRoute({
  method: 'get',
  path: '/v1/promotions',
  operationId: 'listPromotions',
  summary: 'Promotions that you may see, newest first',
  security: secured,
  request: { query },
  responses: { 200: json('A page', page), ...problems(...always, 422) },
})

const read = createRoute({
  method: 'get',
  path: '/v1/promotions/{id}',
  operationId: 'readPromotion',
  summary: 'All of one promotion',
  security: secured,
  request: { params: promotionParams },
  responses: { 200: json('The promotion', detail), ...problems(...always, 404) },
})

function beforeOf(cursor: string | undefined): number {
  if (cursor === undefined) return Number.POSITIVE_INFINITY
  const position = positionOf(cursor)
  if (position !== undefined) return position
  throw new HttpProblem('MALFORMED', 'cursor is not one of ours', { field: 'cursor' })
}

/** Requests, lists and one promotion with all that is known of it. */
export function promotionRoutes(app: OpenAPIHono<ApiEnv>, deps: ApiDeps): void {
  app.openapi(request, async (c) => {
    const caller = c.get('caller')
    assertScope(caller, 'request')
    const key = c.req.valid('header')['idempotency-key']
    const answer = await openPromotion(deps, caller, key, c.req.valid('json'))
    return c.json(answer, 201, { location: answer.href })
  })

  app.openapi(list, async (c) => {
    const { limit = '50', cursor, ...filter } = c.req.valid('query')
    const caller = c.get('caller')
    const personOf = personViews(namesOf(await deps.readModel.governance()))
    const { records, next } = pageOf(
      deps.readModel.now(),
      filter,
      (record) => maySee(caller, record),
      { before: beforeOf(cursor), limit: Number(limit) },
    )
    return c.json({ items: records.map((record) => summaryOf(record, personOf)), next }, 200)
  })

  app.openapi(read, async (c) => {
    const caller = c.get('caller')
    const personOf = personViews(namesOf(await deps.readModel.governance()))
    const projection = deps.readModel.now()
    const record = visibleRecord(projection, caller, c.req.valid('param').id)
    const { state } = record
    const known = projection.aliases.get(aliasStream(state.environment, state.model))
    const at = deps.now()
    const [decisions, alias] = await Promise.all([
      decisionsOf(record, personOf, createWordsReader(deps.texts)),
      aliasViewOf(deps.notes, known, state, at),
    ])
    return c.json(detailOf({ record, decisions, alias, caller: caller.id, personOf, at }), 200)
  })
}
