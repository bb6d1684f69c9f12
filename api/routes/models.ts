import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import { aliasStream } from '../../src/contract.js'
import { PromotionError } from '../../src/domain/errors.js'
import type { PromotionRecord } from '../../read-model/promotions.js'
import type { ApiDeps, ApiEnv } from '../deps.js'
import { namesOf } from '../people.js'
import { why, inbox, type Why } from '../schema/answers.js'
import { environment, model } from '../schema/common.js'
import { always, json, problems, secured } from '../schema/responses.js'
import { aliasViewOf } from '../view/alias.js'
import { decisionsOf } from '../view/decisions.js'
import { inboxOf } from '../view/inbox.js'
import { createWordsReader, personViews, type PersonOf } from '../view/names.js'
import { trailOf, whyOf } from '../view/why.js'
import { maySee, maySeeModel } from '../visibility.js'

const whyRoute = createRoute({
  method: 'get',
  path: '/v1/models/{name}/environments/{env}',
  operationId: 'why',
  summary: 'What is live there, and why: the whole trail',
  security: secured,
  request: { params: z.strictObject({ name: model, env: environment }) },
  responses: { 200: json('What is live, and why', why), ...problems(...always, 404) },
})

const inboxRoute = createRoute({
  method: 'get',
  path: '/v1/inbox',
  operationId: 'inbox',
  summary: 'What waits for you, the oldest deadline first',
  security: secured,
  request: { query: z.strictObject({}) },
  responses: { 200: json('What waits for you', inbox), ...problems(...always, 422) },
})

async function trail(
  deps: ApiDeps,
  record: PromotionRecord | undefined,
  personOf: PersonOf,
  at: number,
): Promise<Why['trail']> {
  const { reason } = record?.state ?? {}
  if (!record || !reason) return null
  const wordsOf = createWordsReader(deps.texts)
  const decisions = await decisionsOf(record, personOf, wordsOf)
  return trailOf({ record, decisions, reason: await wordsOf(reason), personOf, at })
}

export function modelRoutes(app: OpenAPIHono<ApiEnv>, deps: ApiDeps): void {
  app.openapi(whyRoute, async (c) => {
    const { name, env } = c.req.valid('param')
    const caller = c.get('caller')
    const set = await deps.readModel.governance()
    const projection = deps.readModel.now()
    const alias = projection.aliases.get(aliasStream(env, name))
    const record = projection.promotions.get(alias?.live?.promotion ?? '')
    const isTheirs = record !== undefined && maySee(caller, record)
    const isKnown = alias !== undefined || projection.byModel.has(name)
    if (!isTheirs && !(isKnown && maySeeModel(caller, set, name, env))) {
      throw new PromotionError(
        'NOT_FOUND',
        `nothing is known of ${name} in ${env} that you may see`,
      )
    }
    const at = deps.now()
    const place = { model: name, environment: env }
    const personOf = personViews(namesOf(set))
    const [seen, told] = await Promise.all([
      aliasViewOf(deps.notes, alias, place, at),
      trail(deps, record, personOf, at),
    ])
    return c.json(whyOf(place, alias, seen, told), 200)
  })

  app.openapi(inboxRoute, async (c) => {
    const personOf = personViews(namesOf(await deps.readModel.governance()))
    const { id } = c.get('caller')
    return c.json({ items: inboxOf(deps.readModel.now(), id, deps.now(), personOf) }, 200)
  })
}
