import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import { streamSSE, type SSEStreamingApi } from 'hono/streaming'
import { promotionStream } from '../../src/contract.js'
import { isEnded } from '../../src/domain/promotion.js'
import type { RecordedEvent } from '../../recorder/event-log.js'
import type { ApiDeps, ApiEnv } from '../deps.js'
import { always, problems, secured, textOf } from '../schema/responses.js'
import { visibleRecord } from '../visibility.js'
import { promotionParams } from './promotions.js'

/** Proxies and browsers give up a silent stream; this is well below what they allow. */
const heartbeatMs = 15_000

/** Then the stream ends and its reader begins again where it was: a token that ran out does not read on for ever. */
const defaultStreamMs = 10 * 60_000

/** One event of the stream, as its reader gets it. */
const message = {
  type: 'object',
  properties: {
    id: { type: 'string', description: 'The sequence number' },
    event: { type: 'string', description: 'What happened' },
    data: { type: 'string', description: 'JSON of {seq, position, type, at, person, body}' },
  },
  required: ['id', 'event', 'data'],
  additionalProperties: false,
}

const events = createRoute({
  method: 'get',
  path: '/v1/promotions/{id}/events',
  operationId: 'followPromotion',
  summary: 'Server-sent events: everything recorded of the promotion, until it has ended',
  security: secured,
  request: {
    params: promotionParams,
    headers: z.object({
      'last-event-id': z
        .string()
        .regex(/^\d{1,9}$/)
        .optional()
        .openapi({
          description: 'The id of the last event that you have; the next one comes first',
        }),
    }),
  },
  responses: {
    200: textOf('The events', 'text/event-stream', message),
    ...problems(...always, 400, 404),
  },
})

function messageOf({ leaf, position, body }: RecordedEvent) {
  const { seq, type, at, person } = leaf
  const data = JSON.stringify({ seq, position, type, at, person, body })
  return { id: String(seq), event: type, data }
}

/** Sends what the read model has passed, so that its state and the last event sent agree. */
async function send(
  stream: SSEStreamingApi,
  deps: ApiDeps,
  id: string,
  range: { readonly from: number; readonly to: number },
): Promise<number> {
  const recorded = await deps.log.read(promotionStream(id), range.from)
  const passed = recorded.slice(0, range.to - range.from)
  for (const one of passed) await stream.writeSSE(messageOf(one))
  return range.from + passed.length
}

async function follow(stream: SSEStreamingApi, deps: ApiDeps, id: string, fromSeq: number) {
  const { streamMs = defaultStreamMs } = deps
  const endsAt = performance.now() + streamMs
  let next = fromSeq
  while (!stream.aborted && !stream.closed && performance.now() < endsAt) {
    const state = deps.readModel.now().promotions.get(id)?.state
    if (!state) return
    if (state.nextSeq > next) next = await send(stream, deps, id, { from: next, to: state.nextSeq })
    if (isEnded(state.phase)) return
    const waitMs = Math.ceil(Math.max(1, Math.min(heartbeatMs, endsAt - performance.now())))
    const isThere = await deps.readModel.passed(promotionStream(id), next + 1, waitMs)
    if (!isThere) await stream.write(': still here\n\n')
  }
}

export function eventRoutes(app: OpenAPIHono<ApiEnv>, deps: ApiDeps): void {
  app.openapi(events, (c) => {
    const { id } = c.req.valid('param')
    visibleRecord(deps.readModel.now(), c.get('caller'), id)
    const last = c.req.valid('header')['last-event-id']
    const fromSeq = last === undefined ? 0 : Number(last) + 1
    c.header('x-accel-buffering', 'no')
    const requestId = c.get('requestId')
    return streamSSE(
      c,
      (stream) => follow(stream, deps, id, fromSeq),
      async (err) => deps.logger.error({ requestId, err }, 'a stream of events broke off'),
    )
  })
}
