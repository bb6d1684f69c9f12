/** Every way in which a request can be refused or a step can fail so that somebody can act on it. */
export const errorCodes = [
  'AMBIGUOUS_POLICY',
  'CONFIG_INVALID',
  'DIGEST_OUT_OF_DATE',
  'EVIDENCE_MISSING',
  'GOVERNANCE_INVALID',
  'IDEMPOTENCY_KEY_MISSING',
  'IDEMPOTENCY_KEY_REUSED',
  'INTERNAL',
  'LIMIT_REACHED',
  'LOG_UNAVAILABLE',
  'MALFORMED',
  'MODEL_NOT_FOUND',
  'NO_OWNER',
  'NO_POLICY',
  'NOT_ALLOWED',
  'NOT_AUTHENTICATED',
  'NOT_ELIGIBLE',
  'NOT_FOUND',
  'NOT_WAIVABLE',
  'PAYLOAD_TOO_LARGE',
  'PROMOTION_UNDER_WAY',
  'REGISTRY_CONFLICT',
  'REGISTRY_UNAVAILABLE',
  'SEAT_UNFILLABLE',
  'SEAT_UNKNOWN',
  'SEQUENCE_CONFLICT',
  'SIGNATURE_INVALID',
  'SNAPSHOT_REFUSED',
  'SNAPSHOT_UNSTABLE',
  'STATEMENT_EXPIRED',
  'STATEMENT_REUSED',
  'UNSUPPORTED_MEDIA_TYPE',
  'WORKER_UNAVAILABLE',
  'WRONG_STATE',
] as const

export type ErrorCode = (typeof errorCodes)[number]

/** What an error can add to its message: the field that was wrong, and what to do about it. */
export interface ErrorDetail {
  readonly field?: string
  readonly remedy?: string
}

/** A refusal or failure that a caller can act on. Anything else that is thrown is a bug. */
export class PromotionError extends Error {
  override readonly name = 'PromotionError'
  readonly code: ErrorCode
  readonly detail: ErrorDetail

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.detail = detail
  }
}

/** True for our own errors, also after they crossed a module boundary that copied the class. */
export function isPromotionError(error: unknown): error is PromotionError {
  return error instanceof Error && error.name === 'PromotionError' && 'code' in error
}
