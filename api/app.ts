import { OpenAPIHono } from '@hono/zod-openapi'
import { bodyLimit } from 'hono/body-limit'
import { secureHeaders } from 'hono/secure-headers'
import { authenticate, whenReady } from './authenticate.js'
import type { ApiDeps, ApiEnv } from './deps.js'
import { loopbackOnly } from './guard.js'
import { createMetrics } from './metrics.js'
import { observe } from './observe.js'
import { HttpProblem, problemResponse, toProblem } from './problem.js'
import { fromHono, fromValidation, notFound } from './refusals.js'
import { actRoutes } from './routes/acts.js'
import { eventRoutes } from './routes/events.js'
import { evidenceRoutes } from './routes/evidence.js'
import { frontRoutes } from './routes/front.js'
import { modelRoutes } from './routes/models.js'
import { operateRoutes } from './routes/operate.js'
import { promotionRoutes } from './routes/promotions.js'

const largestBody = 64 * 1024

function tooLarge(): never {
  const remedy = 'send what is needed; evidence is named by digest'
  throw new HttpProblem('PAYLOAD_TOO_LARGE', 'the body is larger than 64 KiB', { remedy })
}

function useGuards(app: OpenAPIHono<ApiEnv>, deps: ApiDeps): void {
  if (deps.development) app.use(loopbackOnly)
  app.use(
    secureHeaders({
      contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
      xFrameOptions: 'DENY',
    }),
  )
  app.use(async (c, next) => {
    await next()
    c.res.headers.set('cache-control', 'no-store')
  })
  app.use('/v1/*', whenReady(deps), authenticate(deps))
  app.use('/v1/*', bodyLimit({ maxSize: largestBody, onError: tooLarge }))
}

/** The API: routes over a read model, and a port that carries decisions out. */
export function createApp(deps: ApiDeps): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>({ defaultHook: fromValidation })
  const metrics = createMetrics(deps.readModel, deps.log)
  const { logger } = deps

  app.onError((thrown, c) => {
    const error = fromHono(thrown)
    const requestId = c.get('requestId')
    const { body } = toProblem(error, requestId)
    metrics.problem(body.code)
    if (body.status >= 500) logger.error({ requestId, code: body.code, err: error }, 'failed')
    else logger.debug({ requestId, code: body.code }, 'refused')
    return problemResponse(error, requestId)
  })
  app.use(observe(logger, metrics))
  useGuards(app, deps)
  promotionRoutes(app, deps)
  actRoutes(app, deps)
  evidenceRoutes(app, deps)
  eventRoutes(app, deps)
  modelRoutes(app, deps)
  operateRoutes(app, deps, metrics)
  frontRoutes(app, deps)
  app.notFound(notFound(app))
  return app
}
