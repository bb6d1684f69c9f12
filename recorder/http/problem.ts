import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { isPromotionError, type ErrorCode } from '../../src/domain/errors.js'
import { messageOf } from '../log/log-fault.js'
import type { Logger } from '../logger.js'

/** The codes that the recorder answers with; any other one would be a bug here and is a 500. */
const statusOf: Partial<Record<ErrorCode, ContentfulStatusCode>> = {
  MALFORMED: 422,
  NOT_AUTHENTICATED: 401,
  NOT_ALLOWED: 403,
  NOT_FOUND: 404,
  WRONG_STATE: 409,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  LIMIT_REACHED: 429,
  LOG_UNAVAILABLE: 503,
}

function answer(c: Context, status: ContentfulStatusCode, problem: object): Response {
  const body = JSON.stringify({ type: 'about:blank', status, ...problem })
  return c.body(body, status, { 'content-type': 'application/problem+json' })
}

/** Answers an error as RFC 9457 problem; what is not ours stays in the log. */
export function answerError(c: Context, error: unknown, logger: Logger): Response {
  if (isPromotionError(error)) {
    const { code, message, detail } = error
    return answer(c, statusOf[code] ?? 500, { title: code, code, detail: message, ...detail })
  }
  logger.error({ path: c.req.path, reason: messageOf(error) }, 'a request failed unexpectedly')
  return answer(c, 500, { title: 'INTERNAL', code: 'INTERNAL', detail: 'see the recorder log' })
}
