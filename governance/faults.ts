import { PromotionError } from '../src/domain/errors.js'

/** One thing that is wrong with a governance set, and where. Lines and columns count from 1. */
export interface GovernanceFault {
  readonly file: string
  readonly line: number | null
  readonly column: number | null
  /** The place inside the file: `seats.0.teams`; empty where the fault is the file's own. */
  readonly field: string
  /** What is wrong and what was expected. */
  readonly what: string
}

const shownAtMost = 50

/** What no reader sees, or what turns the direction of a text around, written as an escape. */
function visible(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu,
    (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`,
  )
}

/** A value as a message shows it: quoted, escaped, at most 60 characters. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value)
  const line = visible(text)
  return line.length > 60 ? `${line.slice(0, 57)}...` : line
}

function lineOf({ file, line, column, field, what }: GovernanceFault): string {
  const place = line === null ? '' : `:${line}:${column ?? 1}`
  return `${visible(file)}${place}: ${field === '' ? '' : `${visible(field)} `}${visible(what)}`
}

/** Everything that is wrong with a governance set, at once. */
export class GovernanceInvalid extends PromotionError {
  readonly faults: readonly GovernanceFault[]

  constructor(faults: readonly GovernanceFault[], remedy = 'mend each line, then try again') {
    const more = faults.length - shownAtMost
    const lines = [
      ...faults.slice(0, shownAtMost).map(lineOf),
      ...(more > 0 ? [`and ${more} more`] : []),
    ]
    const message =
      lines.length === 1 ? (lines[0] ?? '') : lines.map((one) => `\n  ${one}`).join('')
    const field = faults[0]?.field
    super('GOVERNANCE_INVALID', `the governance set does not stand: ${message}`, {
      remedy,
      ...(field !== undefined && field !== '' && { field }),
    })
    this.faults = faults
  }
}

/** A fault of a whole file. */
export function fileFault(file: string, what: string): GovernanceFault {
  return { file, line: null, column: null, field: '', what }
}
