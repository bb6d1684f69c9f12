import { errorCodes, isPromotionError, type ErrorCode } from '../src/domain/errors.js'

const statuses = {
  AMBIGUOUS_POLICY: 422,
  CONFIG_INVALID: 500,
  DIGEST_OUT_OF_DATE: 409,
  EVIDENCE_MISSING: 500,
  GOVERNANCE_INVALID: 503,
  IDEMPOTENCY_KEY_MISSING: 400,
  IDEMPOTENCY_KEY_REUSED: 422,
  INTERNAL: 500,
  LIMIT_REACHED: 409,
  LOG_UNAVAILABLE: 503,
  MALFORMED: 422,
  MODEL_NOT_FOUND: 404,
  NO_OWNER: 422,
  NO_POLICY: 422,
  NOT_ALLOWED: 403,
  NOT_AUTHENTICATED: 401,
  NOT_ELIGIBLE: 403,
  NOT_FOUND: 404,
  NOT_WAIVABLE: 422,
  PAYLOAD_TOO_LARGE: 413,
  PROMOTION_UNDER_WAY: 409,
  REGISTRY_CONFLICT: 409,
  REGISTRY_UNAVAILABLE: 503,
  SEAT_UNFILLABLE: 422,
  SEAT_UNKNOWN: 404,
  SEQUENCE_CONFLICT: 409,
  SIGNATURE_INVALID: 422,
  SNAPSHOT_REFUSED: 422,
  SNAPSHOT_UNSTABLE: 409,
  STATEMENT_EXPIRED: 422,
  STATEMENT_REUSED: 422,
  UNSUPPORTED_MEDIA_TYPE: 415,
  WORKER_UNAVAILABLE: 503,
  WRONG_STATE: 409,
} as const satisfies Record<ErrorCode, number>

/** The status of each code where nothing more is known; a new code does not compile until it has one. */
export function statusOf(code: ErrorCode): number {
  return statuses[code]
}

const titles: Readonly<Record<number, string>> = {
  400: 'The request cannot be read',
  401: 'Who you are is not known',
  403: 'You may not do that',
  404: 'There is no such thing, or you may not know of it',
  405: 'That cannot be done here',
  409: 'That does not fit what is so now',
  413: 'The body is too large',
  415: 'The body is not JSON',
  422: 'What was sent cannot stand',
  500: 'Something is wrong on our side',
  503: 'Something that this needs is not reachable',
}

/** A document of RFC 9457, with our stable `code`. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: ErrorCode
  readonly field?: string
  readonly remedy?: string
  readonly instance?: string
  /** With `DIGEST_OUT_OF_DATE`: what changed since the signer saw it. */
  readonly changes?: readonly string[]
  /** With `PROMOTION_UNDER_WAY`: the id of the one that is. */
  readonly promotion?: string
}

export type ProblemExtras = Partial<Pick<Problem, 'changes' | 'promotion'>>

/** A refusal that the API itself gives another status or more members than its code alone tells. */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem'
  readonly code: ErrorCode
  readonly parts: ProblemExtras & { status?: number; field?: string; remedy?: string }
  readonly headers: Readonly<Record<string, string>>

  constructor(
    code: ErrorCode,
    detail: string,
    parts: HttpProblem['parts'] = {},
    headers: HttpProblem['headers'] = {},
  ) {
    super(detail)
    this.code = code
    this.parts = parts
    this.headers = headers
  }
}

export function isErrorCode(code: string): code is ErrorCode {
  const codes: readonly string[] = errorCodes
  return codes.includes(code)
}

/** How long to wait before the same request is sent again, in seconds. */
const retryAfterSeconds = 5

function headersFor(status: number): Record<string, string> {
  if (status === 401) return { 'www-authenticate': 'Bearer realm="countersign"' }
  return status === 503 ? { 'retry-after': String(retryAfterSeconds) } : {}
}

function problem(
  code: ErrorCode,
  detail: string,
  parts: HttpProblem['parts'],
  instance: string,
): Problem {
  const status = parts.status ?? statuses[code]
  const type = `urn:countersign:problem:${code.toLowerCase().replaceAll('_', '-')}`
  const title = titles[status] ?? 'It did not work'
  return { type, title, ...parts, status, detail, code, instance }
}

/**
 * The answer to anything that was thrown. Of what is not ours nothing leaves the house.
 *
 * @param instance the id of the request, for whoever reads the log
 */
export function toProblem(
  error: unknown,
  instance: string,
): { readonly body: Problem; readonly headers: Readonly<Record<string, string>> } {
  if (error instanceof HttpProblem) {
    const body = problem(error.code, error.message, error.parts, instance)
    return { body, headers: { ...headersFor(body.status), ...error.headers } }
  }
  if (isPromotionError(error) && statuses[error.code] !== 500) {
    const body = problem(error.code, error.message, error.detail, instance)
    return { body, headers: headersFor(body.status) }
  }
  const code = isPromotionError(error) ? error.code : 'INTERNAL'
  const detail = 'an unexpected error; the log of the server names it by the instance below'
  return { body: problem(code, detail, {}, instance), headers: {} }
}

/** A response with a problem document. */
export function problemResponse(error: unknown, instance: string): Response {
  const { body, headers } = toProblem(error, instance)
  return new Response(JSON.stringify(body), {
    status: body.status,
    headers: { ...headers, 'content-type': 'application/problem+json' },
  })
}
