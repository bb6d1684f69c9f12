import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import { collectBundle } from '../../evidence/collect.js'
import { writeBundle } from '../../evidence/bundle.js'
import { aliasStream, promotionStream } from '../../src/contract.js'
import { canonicalResult } from '../../src/schema/check.js'
import type { PromotionRecord } from '../../read-model/promotions.js'
import type { ApiDeps, ApiEnv } from '../deps.js'
import { HttpProblem } from '../problem.js'
import { checkAnswer } from '../schema/answers.js'
import { check, promotion } from '../schema/common.js'
import { always, json, problems, secured, textOf } from '../schema/responses.js'
import { checkViewOf } from '../view/checks.js'
import { visibleRecord } from '../visibility.js'
import { promotionParams } from './promotions.js'

const flag = z.enum(['true', 'false']).optional()

const evidence = createRoute({
  method: 'get',
  path: '/v1/promotions/{id}/evidence',
  operationId: 'readEvidence',
  summary: 'The evidence bundle: JSON Lines, each line RFC 8785; open until proofs can seal it',
  security: secured,
  request: {
    params: promotionParams,
    query: z.strictObject({
      redacted: flag.openapi({ description: 'Leaves out what people wrote' }),
      history: flag.openapi({ description: "Adds Temporal's history, where it is still there" }),
    }),
  },
  responses: {
    200: textOf('The bundle', 'application/x-ndjson'),
    ...problems(...always, 404, 422),
  },
})

/** Temporal's own format; only that it is an object is ours to say. */
const historyShape = z.record(z.string(), z.unknown())

const history = createRoute({
  method: 'get',
  path: '/v1/promotions/{id}/history',
  operationId: 'readHistory',
  summary: "Temporal's history of the promotion's latest run, as its own tools read it",
  security: secured,
  request: { params: promotionParams },
  responses: {
    200: json('The history', historyShape),
    ...problems(...always, 404),
  },
})

const report = createRoute({
  method: 'get',
  path: '/v1/promotions/{id}/checks/{name}',
  operationId: 'readCheck',
  summary: 'One check with its whole canonical result',
  security: secured,
  request: { params: z.strictObject({ id: promotion, name: check }) },
  responses: { 200: json('The check', checkAnswer), ...problems(...always, 404) },
})

function refOf({ id, state }: PromotionRecord) {
  const { model, version, environment } = state
  return { promotion: id, model, version, environment }
}

async function bundleOf(
  deps: ApiDeps,
  record: PromotionRecord,
  isRedacted: boolean,
  withHistory: boolean,
) {
  const { state } = record
  const [events, alias] = await Promise.all([
    deps.log.read(promotionStream(record.id)),
    deps.log.read(aliasStream(state.environment, state.model)),
  ])
  const told = withHistory ? await deps.promotions.history(refOf(record)) : null
  const parts = await collectBundle(
    {
      installation: deps.installation,
      promotion: record.id,
      development: deps.development,
      events: [...events, ...alias.filter(({ body }) => body['promotion'] === record.id)],
      history: told,
    },
    deps,
  )
  return writeBundle(parts, { isRedacted })
}

async function resultOf(deps: ApiDeps, record: PromotionRecord, name: string) {
  const all = record.state.checks.filter((one) => one.check === name)
  const one = all.findLast(({ report: given }) => given !== null) ?? all.at(-1)
  if (!one) throw new HttpProblem('NOT_FOUND', `the promotion has no check ${name}`)
  const stored = one.report ? await deps.evidence.get(one.report.resultDigest) : null
  const result = stored === null ? null : canonicalResult.parse(JSON.parse(stored))
  return { check: checkViewOf(record.state, one, deps.now()), result }
}

/** What an auditor takes away. */
export function evidenceRoutes(app: OpenAPIHono<ApiEnv>, deps: ApiDeps): void {
  app.openapi(evidence, async (c) => {
    const record = visibleRecord(deps.readModel.now(), c.get('caller'), c.req.valid('param').id)
    const { redacted, history: wanted } = c.req.valid('query')
    const bundle = await bundleOf(deps, record, redacted === 'true', wanted === 'true')
    const name = `${record.id}${redacted === 'true' ? '.redacted' : ''}.jsonl`
    return c.body(bundle, 200, {
      'content-type': 'application/x-ndjson',
      'content-disposition': `attachment; filename="${name}"`,
    })
  })

  app.openapi(history, async (c) => {
    const record = visibleRecord(deps.readModel.now(), c.get('caller'), c.req.valid('param').id)
    const text = await deps.promotions.history(refOf(record))
    if (text === null) {
      const why = "Temporal no longer holds the history of this promotion's run"
      throw new HttpProblem('NOT_FOUND', why, { remedy: 'read the evidence bundle instead' })
    }
    return c.json(historyShape.parse(JSON.parse(text)), 200)
  })

  app.openapi(report, async (c) => {
    const { id, name } = c.req.valid('param')
    const record = visibleRecord(deps.readModel.now(), c.get('caller'), id)
    return c.json(await resultOf(deps, record, name), 200)
  })
}
