import type { Detail, SeatView } from '../api/schema/views.js'
import type { Verdict } from '../src/schema/statement.js'
import { exitCodes } from './exit-codes.js'
import { CommandFailure } from './failure.js'
import { isOfDigest, type Report } from './reports.js'
import { bold, dim, word } from './say.js'
import type { Terminal } from './terminal.js'

/** A seat that asks for something: its digest, and the slice that the digest stands for. */
export interface AskedSeat {
  readonly seat: SeatView
  readonly decisionDigest: string
  readonly slice: NonNullable<SeatView['slice']>
}

function forged(what: string): CommandFailure {
  const remedy = 'do not sign; tell whoever runs the server'
  return new CommandFailure(exitCodes.verificationFailed, what, { remedy })
}

/** @throws CommandFailure where there is no such seat, or nothing to sign yet */
export function askedSeat(detail: Detail, id: string): AskedSeat {
  const seat = detail.seats.find((one) => one.id === id)
  if (!seat) {
    const why = [`seats: ${detail.seats.map((one) => one.id).join(', ') || 'none'}`]
    throw new CommandFailure(exitCodes.refused, `there is no seat ${id}`, { why })
  }
  const { decisionDigest, slice } = seat
  if (decisionDigest !== null && slice !== null) return { seat, decisionDigest, slice }
  const why = [`the promotion is ${detail.state}`]
  const remedy = `countersign wait ${detail.id} --for awaiting-sign-off`
  throw new CommandFailure(exitCodes.refused, 'there is nothing to sign yet', { why, remedy })
}

/**
 * What is signed must be what is shown: the digest is computed again from the slice, and the slice held against the
 * promotion and the results that were downloaded.
 *
 * @throws CommandFailure verification failed
 */
export function assertTrue(detail: Detail, asked: AskedSeat, reports: readonly Report[]): void {
  const { seat, slice, decisionDigest } = asked
  if (!isOfDigest(slice, decisionDigest)) {
    throw forged('the decision digest is not that of the evidence that the server sent')
  }
  const parts = [
    slice.seat === seat.id,
    slice.environment === detail.environment,
    slice.modelDigest === detail.snapshot?.modelDigest,
  ]
  if (parts.includes(false)) throw forged('the evidence is of another seat, environment or model')
  for (const { check, resultDigest = null } of slice.results) {
    if (isShown(detail, slice.modelDigest, reports, check, resultDigest)) continue
    throw forged(`the result of check ${check} is not the one that the decision covers`)
  }
}

function isShown(
  detail: Detail,
  modelDigest: string,
  reports: readonly Report[],
  check: string,
  resultDigest: string | null,
): boolean {
  const known = detail.checks.some((one) => one.name === check && one.resultDigest === resultDigest)
  const result = reports.find((one) => one.check.resultDigest === resultDigest)?.result
  return known && (!result || (result.modelDigest === modelDigest && result.check === check))
}

/** Tells a person what their signature would say, in the words of the evidence that was proven. */
export function showWhatIsSigned(
  err: Terminal,
  detail: Detail,
  { seat, slice, decisionDigest }: AskedSeat,
  verdict: Verdict,
): void {
  const { model, version, environment } = detail
  const place = ` → ${environment} at seat ${seat.id}`
  err.line('You ', bold(verdict), ' ', bold(`${model} ${version}`), place)
  err.line('  model       ', slice.modelDigest)
  for (const { name, outcome, summary } of detail.checks) {
    if (!seat.covers.includes(name)) continue
    err.line('  ', name.padEnd(12), word(outcome ?? 'running'), `  ${summary ?? ''}`)
  }
  const { waivers, acceptances, champion } = slice
  if (waivers.length + acceptances.length > 0) {
    err.line(`  ${waivers.length} waivers, ${acceptances.length} acceptances in force`)
  }
  if (champion !== null) err.line('  compared with ', champion)
  err.line('  decision    ', decisionDigest, dim('  (recomputed here)'))
}
