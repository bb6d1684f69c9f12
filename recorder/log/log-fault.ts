import { PromotionError } from '../../src/domain/errors.js'

const damagedRemedy =
  'the log was changed or the disk lost data: restore the folder from a backup, and keep the damaged one for the inquiry'

/** What is wrong with a log, and where: the file below the data folder and the line, counted from 1. */
export interface LogFault {
  readonly file: string
  readonly line: number
  readonly what: string
}

/** Thrown where a log is damaged in a way that no crash explains. */
export class LogDamaged extends PromotionError {
  readonly fault: LogFault

  constructor(fault: LogFault, options?: ErrorOptions) {
    const message = `${fault.file} line ${fault.line}: ${fault.what}`
    super('LOG_UNAVAILABLE', message, { remedy: damagedRemedy }, options)
    this.fault = fault
  }
}

function errorCodeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message
}

/** Tells what a failed write means for whoever waits, naming a full disk as such. */
export function unavailableFrom(error: unknown, dir: string): PromotionError {
  if (error instanceof PromotionError) return error
  const code = errorCodeOf(error)
  const isFull = code === 'ENOSPC' || code === 'EDQUOT'
  return new PromotionError(
    'LOG_UNAVAILABLE',
    isFull
      ? `disk full: the log in ${dir} cannot grow (${code}); nothing was recorded`
      : `the log in ${dir} cannot be written (${code}); nothing was acknowledged`,
    {
      remedy: isFull
        ? 'free some space; the recorder goes on by itself with the next append'
        : 'look at the disk; the recorder checks its files again with the next append',
    },
    { cause: error },
  )
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
