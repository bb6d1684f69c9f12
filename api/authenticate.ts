import { createMiddleware } from 'hono/factory'
import { callerOf } from './people.js'
import type { ApiDeps, ApiEnv } from './deps.js'
import { HttpProblem } from './problem.js'

function bearerOf(header: string | undefined): string {
  const [, token] = /^Bearer +(\S+)$/i.exec(header ?? '') ?? []
  if (token !== undefined) return token
  const remedy = 'send Authorization: Bearer TOKEN; in development, countersign token --as PERSON'
  throw new HttpProblem('NOT_AUTHENTICATED', 'there is no bearer token', { remedy })
}

/** Who asks comes from the token alone, never from a body or a header that a proxy could set. */
export function authenticate(deps: ApiDeps) {
  return createMiddleware<ApiEnv>(async (c, next) => {
    const token = await deps.verifier.verify(bearerOf(c.req.header('authorization')))
    const set = await deps.readModel.governance()
    c.set('caller', callerOf(set, token, deps.developmentIssuer))
    await next()
  })
}

/** Nothing is answered from a read model that has not seen all that was recorded before it started. */
export function whenReady(deps: ApiDeps) {
  return createMiddleware<ApiEnv>(async (_, next) => {
    if (!deps.readModel.isReady()) {
      const why = 'the read model is still catching up with the log'
      throw new HttpProblem('LOG_UNAVAILABLE', why, { remedy: 'ask again in a moment' })
    }
    await next()
  })
}
