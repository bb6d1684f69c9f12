import type { Hook } from '@hono/zod-openapi'
import type { Hono, NotFoundHandler } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ApiEnv } from './deps.js'
import { HttpProblem } from './problem.js'

function place(path: readonly PropertyKey[]): string {
  return path.map(String).join('.').slice(0, 200)
}

/** What a shape says against a request: by where the fault lies, 400, 404 or 422. */
export const fromValidation: Hook<unknown, ApiEnv, string, unknown> = (result) => {
  if (result.success) return
  const [issue] = result.error.issues
  const field = place(issue?.path ?? [])
  const why = (issue?.message ?? 'it is malformed').slice(0, 300)
  if (result.target === 'param') throw new HttpProblem('NOT_FOUND', 'there is nothing of that name')
  if (result.target === 'header') throw headerFault(field, why)
  throw new HttpProblem('MALFORMED', field === '' ? why : `${field}: ${why}`, {
    ...(field !== '' && { field }),
  })
}

function headerFault(field: string, why: string): HttpProblem {
  if (field === 'idempotency-key' && why.includes('received undefined')) {
    const remedy = 'send the header Idempotency-Key: 8 to 128 visible characters of your choice'
    const parts = { field: 'Idempotency-Key', remedy }
    return new HttpProblem('IDEMPOTENCY_KEY_MISSING', 'the Idempotency-Key is missing', parts)
  }
  return new HttpProblem('MALFORMED', `header ${field}: ${why}`, { status: 400, field })
}

/** What the framework throws, as ours; anything else stays as it is. */
export function fromHono(thrown: unknown): unknown {
  if (!(thrown instanceof HTTPException)) return thrown
  if (thrown.status === 415) {
    const remedy = 'send Content-Type: application/json'
    return new HttpProblem('UNSUPPORTED_MEDIA_TYPE', 'the body must be JSON', { remedy })
  }
  if (thrown.status === 400) {
    return new HttpProblem('MALFORMED', 'the body is not JSON', { status: 400 })
  }
  return thrown
}

function patternOf(path: string): RegExp {
  const source = path
    .split('/')
    .map((part) => (part.startsWith(':') ? '[^/]+' : part.replaceAll('.', '\\.')))
  return new RegExp(`^${source.join('/')}$`)
}

/** 405 with what is allowed where the path is known, 404 where it is not. */
export function notFound(app: Hono<ApiEnv>): NotFoundHandler<ApiEnv> {
  return (c) => {
    const known = app.routes
      .filter(({ method, path }) => method !== 'ALL' && patternOf(path).test(c.req.path))
      .map(({ method }) => method)
    if (known.length === 0) throw new HttpProblem('NOT_FOUND', 'there is nothing at this path')
    const methods = [...new Set(known.includes('GET') ? [...known, 'HEAD'] : known)]
    const allow = methods.toSorted().join(', ')
    const parts = { status: 405, remedy: `use ${allow}` }
    throw new HttpProblem('NOT_ALLOWED', 'that method is not answered here', parts, { allow })
  }
}
