import { createMiddleware } from 'hono/factory'
import type { ApiEnv } from './deps.js'
import { HttpProblem } from './problem.js'

const loopback = new Set(['localhost', '127.0.0.1', '[::1]'])

const forwarding = /^(x-forwarded-.*|x-real-ip|forwarded|via)$/i

/**
 * In development anybody who reaches the server can be anybody, so it answers only whoever names this machine itself:
 * no page of a foreign site that resolved its own name to loopback, and nobody behind a proxy.
 */
export const loopbackOnly = createMiddleware<ApiEnv>(async (c, next) => {
  const names = [...c.req.raw.headers.keys()]
  if (names.some((name) => forwarding.test(name))) {
    throw new HttpProblem('NOT_ALLOWED', 'in development no forwarded request is answered')
  }
  const host = (c.req.header('host') ?? new URL(c.req.url).host).toLowerCase()
  if (!loopback.has(host.replace(/:\d{1,5}$/, ''))) {
    throw new HttpProblem('NOT_ALLOWED', 'in development only localhost is answered')
  }
  await next()
})
