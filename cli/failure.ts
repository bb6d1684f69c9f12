import { LogDamaged } from '../recorder/log/log-fault.js'
import { isPromotionError, type ErrorCode, type ErrorDetail } from '../src/domain/errors.js'
import { exitCodes, type ExitCode } from './exit-codes.js'

/** A problem document of RFC 9457 as far as a person is told of it. */
export interface ProblemTold {
  readonly status: number
  readonly title?: string | undefined
  readonly detail: string
  readonly code?: string | undefined
  readonly field?: string | undefined
  readonly remedy?: string | undefined
  readonly changes?: readonly string[] | undefined
  readonly promotion?: string | undefined
  readonly instance?: string | undefined
}

/** Why a command ends with something else than yes: what, why, and what to do about it. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure'
  readonly exitCode: ExitCode
  readonly why: readonly string[]
  readonly remedy: string | undefined
  readonly problem: ProblemTold | undefined

  constructor(
    exitCode: ExitCode,
    what: string,
    parts: { why?: readonly string[]; remedy?: string | undefined; problem?: ProblemTold } = {},
  ) {
    super(what)
    this.exitCode = exitCode
    this.why = parts.why ?? []
    this.remedy = parts.remedy
    this.problem = parts.problem
  }
}

export function usageFault(what: string, remedy?: string): CommandFailure {
  return new CommandFailure(exitCodes.usage, what, { remedy })
}

const byCode: Partial<Record<ErrorCode, ExitCode>> = {
  CONFIG_INVALID: exitCodes.usage,
  EVIDENCE_MISSING: exitCodes.couldNotVerify,
  IDEMPOTENCY_KEY_MISSING: exitCodes.usage,
  INTERNAL: exitCodes.unexpected,
  LOG_UNAVAILABLE: exitCodes.unreachable,
  MALFORMED: exitCodes.usage,
  NOT_ALLOWED: exitCodes.notAllowed,
  NOT_AUTHENTICATED: exitCodes.notAllowed,
  NOT_ELIGIBLE: exitCodes.notAllowed,
  PAYLOAD_TOO_LARGE: exitCodes.usage,
  REGISTRY_UNAVAILABLE: exitCodes.unreachable,
  WORKER_UNAVAILABLE: exitCodes.unreachable,
}

function exitOfStatus(status: number): ExitCode {
  if (status === 401 || status === 403) return exitCodes.notAllowed
  if (status === 503 || status === 502 || status === 504) return exitCodes.unreachable
  return status < 500 ? exitCodes.refused : exitCodes.unexpected
}

function exitOfCode(code: string | undefined): ExitCode | undefined {
  return Object.entries(byCode).find(([name]) => name === code)?.[1]
}

function lineIf(label: string, value: string | undefined): readonly string[] {
  return value === undefined ? [] : [`${label}: ${value}`]
}

/** The failure that a problem document tells of. */
export function failureOfProblem(problem: ProblemTold): CommandFailure {
  const { status, title, detail, code, field, remedy, changes = [], promotion, instance } = problem
  // A governance set that does not stand is the server's to mend: to the caller it is out of reach.
  const known = status === 503 ? exitCodes.unreachable : exitOfCode(code)
  const why = [
    ...lineIf(code ?? String(status), title),
    ...lineIf('field', field),
    ...changes.map((change) => `changed since you saw it: ${change}`),
    ...lineIf('under way', promotion),
    ...(status >= 500 ? lineIf("in the server's log", instance) : []),
  ]
  return new CommandFailure(known ?? exitOfStatus(status), detail, { why, remedy, problem })
}

function hasDetail(error: Error): error is Error & { readonly detail: ErrorDetail } {
  return 'detail' in error && typeof error.detail === 'object' && error.detail !== null
}

/** Anything that was thrown, as what a person is told. */
export function failureOf(error: unknown): CommandFailure {
  if (error instanceof CommandFailure) return error
  if (error instanceof LogDamaged) {
    const { remedy } = error.detail
    return new CommandFailure(exitCodes.verificationFailed, error.message, { remedy })
  }
  if (isPromotionError(error)) {
    const remedy = hasDetail(error) ? error.detail.remedy : undefined
    const exitCode = byCode[error.code] ?? exitCodes.refused
    const told = remedy !== undefined && error.message.includes(remedy) ? undefined : remedy
    return new CommandFailure(exitCode, error.message, { remedy: told })
  }
  const what = error instanceof Error ? error.message : String(error)
  const remedy = 'this is a fault of the command; COUNTERSIGN_DEBUG=1 shows where'
  return new CommandFailure(exitCodes.unexpected, what, { remedy })
}
