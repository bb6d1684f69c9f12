import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { isPromotionError } from '../../src/domain/errors.js'
import type { ApiDeps, ApiEnv } from '../deps.js'
import type { Metrics } from '../metrics.js'
import { assertScope } from '../people.js'
import { health, readiness, rebuilt, whoami } from '../schema/answers.js'
import { always, json, problems, secured } from '../schema/responses.js'
import { z } from '@hono/zod-openapi'

const rebuildRoute = createRoute({
  method: 'post',
  path: '/v1/read-model/rebuild',
  operationId: 'rebuildReadModel',
  summary: 'Fold everything again from the log, and say whether it is the same',
  security: secured,
  responses: { 200: json('What was folded', rebuilt), ...problems(...always) },
})

const whoamiRoute = createRoute({
  method: 'get',
  path: '/v1/whoami',
  operationId: 'whoami',
  summary: 'Who the server takes you for, and what you may',
  security: secured,
  responses: { 200: json('You', whoami), ...problems(...always) },
})

const healthRoute = createRoute({
  method: 'get',
  path: '/healthz',
  operationId: 'healthz',
  summary: 'Whether this process answers',
  responses: { 200: json('It does', health), ...problems(403, 500) },
})

const readyRoute = createRoute({
  method: 'get',
  path: '/readyz',
  operationId: 'readyz',
  summary: 'Whether everything that decisions need is reachable, each part by name',
  responses: {
    200: json('All of it', readiness),
    503: json('Not all of it', readiness),
    ...problems(403, 500),
  },
})

const metricsRoute = createRoute({
  method: 'get',
  path: '/metrics',
  operationId: 'metrics',
  summary: 'Figures in the text format of Prometheus',
  responses: {
    200: { description: 'The figures', content: { 'text/plain': { schema: z.string() } } },
    ...problems(403, 500),
  },
})

type Part = z.output<typeof readiness>['parts'][number]

/** Errors of ours say what is wrong; of others only that something is. */
async function part(name: string, ask: () => Promise<string | null>): Promise<Part> {
  try {
    const detail = await ask()
    return { name, ready: detail === null, detail }
  } catch (error) {
    return { name, ready: false, detail: isPromotionError(error) ? error.message : 'it fails' }
  }
}

async function partsOf({ log, promotions, readModel }: ApiDeps): Promise<Part[]> {
  return Promise.all([
    part('recorder', async () => {
      await log.size()
      return null
    }),
    part('temporal', async () => ((await promotions.isReachable()) ? null : 'it does not answer')),
    part('read-model', async () => {
      if (!readModel.isReady()) return 'it is still catching up with the log'
      return readModel.fault() === null ? null : 'it lost the log, and tries again'
    }),
    part('governance', async () => {
      await readModel.governance()
      return null
    }),
  ])
}

/** For whoever keeps it running. */
export function operateRoutes(app: OpenAPIHono<ApiEnv>, deps: ApiDeps, metrics: Metrics): void {
  app.openapi(rebuildRoute, async (c) => {
    assertScope(c.get('caller'), 'operate')
    return c.json(await deps.readModel.rebuild(), 200)
  })

  app.openapi(whoamiRoute, (c) => {
    const { id, name, kind, scopes, sponsor } = c.get('caller')
    const { installation, development } = deps
    const you = { id, name, kind, scopes: [...scopes], sponsor, installation, development }
    return c.json(you, 200)
  })

  app.openapi(healthRoute, (c) => c.json({ ok: true as const }, 200))

  app.openapi(readyRoute, async (c) => {
    const parts = await partsOf(deps)
    const ready = parts.every((one) => one.ready)
    return ready ? c.json({ ready, parts }, 200) : c.json({ ready, parts }, 503)
  })

  app.openapi(metricsRoute, async (c) =>
    c.text(await metrics.text(), 200, { 'content-type': metrics.contentType }),
  )
}
