import { randomUUID } from 'node:crypto'
import { createMiddleware } from 'hono/factory'
import { routePath } from 'hono/route'
import type { Logger } from 'pino'
import type { ApiEnv } from './deps.js'
import type { Metrics } from './metrics.js'

/** Gives each request an id of ours, counts it, and logs one line: no body, no token, no query. */
export function observe(logger: Logger, metrics: Metrics) {
  return createMiddleware<ApiEnv>(async (c, next) => {
    const requestId = randomUUID()
    c.set('requestId', requestId)
    const startedAt = performance.now()
    await next()
    const ms = performance.now() - startedAt
    const route = patternOf(routePath(c, -1))
    const { method } = c.req
    const { status } = c.res
    c.res.headers.set('x-request-id', requestId)
    metrics.request(method, route, status, ms)
    logger.info({ requestId, method, route, status, ms: Math.round(ms) }, 'request')
  })
}

/** Where only middleware matched there is no route; its own pattern would say nothing. */
function patternOf(path: string): string {
  return path === '' || path.endsWith('*') ? 'none' : path
}
