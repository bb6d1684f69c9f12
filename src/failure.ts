import { ApplicationFailure, TemporalFailure } from '@temporalio/common'
import { errorCodes, isPromotionError, PromotionError, type ErrorCode } from './domain/errors.js'

/** Whether trying again may help. Everything that a caller must mend first does not. */
const retryable = {
  AMBIGUOUS_POLICY: false,
  CONFIG_INVALID: false,
  DIGEST_OUT_OF_DATE: false,
  EVIDENCE_MISSING: false,
  GOVERNANCE_INVALID: true,
  IDEMPOTENCY_KEY_MISSING: false,
  IDEMPOTENCY_KEY_REUSED: false,
  INTERNAL: true,
  LIMIT_REACHED: true,
  LOG_UNAVAILABLE: true,
  MALFORMED: false,
  MODEL_NOT_FOUND: false,
  NO_OWNER: false,
  NO_POLICY: false,
  NOT_ALLOWED: false,
  NOT_AUTHENTICATED: false,
  NOT_ELIGIBLE: false,
  NOT_FOUND: false,
  NOT_WAIVABLE: false,
  PAYLOAD_TOO_LARGE: false,
  PROMOTION_UNDER_WAY: false,
  REGISTRY_CONFLICT: true,
  REGISTRY_UNAVAILABLE: true,
  SEAT_UNFILLABLE: false,
  SEAT_UNKNOWN: false,
  SEQUENCE_CONFLICT: true,
  SIGNATURE_INVALID: false,
  SNAPSHOT_REFUSED: false,
  SNAPSHOT_UNSTABLE: false,
  STATEMENT_EXPIRED: false,
  STATEMENT_REUSED: false,
  UNSUPPORTED_MEDIA_TYPE: false,
  WORKER_UNAVAILABLE: true,
  WRONG_STATE: false,
} satisfies Record<ErrorCode, boolean>

const known: ReadonlySet<string> = new Set(errorCodes)

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && known.has(code)
}

/** What an activity throws so that Temporal knows whether to try again. Anything that is not ours passes as it is. */
export function toFailure(error: unknown): unknown {
  if (!isPromotionError(error)) return error
  return ApplicationFailure.create({
    type: error.code,
    message: error.message,
    nonRetryable: !retryable[error.code],
    details: [error.detail],
  })
}

function causeOf(error: unknown): ApplicationFailure | null {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof ApplicationFailure) return cause
  }
  return null
}

function detailOf(detail: unknown): { field?: string; remedy?: string } {
  if (typeof detail !== 'object' || detail === null) return {}
  const { field, remedy } = { field: undefined, remedy: undefined, ...detail }
  return {
    ...(typeof field === 'string' && { field }),
    ...(typeof remedy === 'string' && { remedy }),
  }
}

/** Our error again, from what came back through Temporal; null for a bug, a timeout or a cancellation. */
export function fromFailure(error: unknown): PromotionError | null {
  if (isPromotionError(error)) return error
  const failure = causeOf(error)
  if (!failure || !isErrorCode(failure.type)) return null
  return new PromotionError(failure.type, failure.message, detailOf(failure.details?.[0]))
}

/** Whether an error is one that Temporal made or carried, so that a workflow may let it pass. */
export function isTemporalFailure(error: unknown): boolean {
  return error instanceof TemporalFailure
}
