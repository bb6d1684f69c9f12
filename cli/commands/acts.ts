import type { Acted } from '../../api/schema/answers.js'
import { durationMsOf } from '../duration.js'
import { exitCodes, type ExitCode } from '../exit-codes.js'
import { CommandFailure } from '../failure.js'
import { promotionPath, readDetail } from '../reports.js'
import { word } from '../say.js'
import type { Session } from '../session.js'
import { showBlocker } from '../show.js'
import { reasonOf, type ReasonOptions } from '../words.js'

/** What an act led to, and what is still missing. */
export function tellActed(session: Session, acted: Acted): void {
  if (session.isJson) {
    session.out.json(acted)
    return
  }
  session.out.line(word(acted.state))
  for (const blocker of acted.blockedBy) showBlocker(session.err, blocker, Date.now())
}

async function act(
  session: Session,
  id: string,
  path: string,
  body: Readonly<Record<string, unknown>>,
): Promise<ExitCode> {
  const acted = await session.client().post<Acted>(`${promotionPath(id)}/${path}`, body)
  tellActed(session, acted)
  return exitCodes.yes
}

interface ForATime extends ReasonOptions {
  readonly for: string
}

const untilOf = (options: ForATime) =>
  new Date(Date.now() + durationMsOf(options.for, '--for')).toISOString()

function missing(what: string, why: readonly string[]): CommandFailure {
  return new CommandFailure(exitCodes.refused, what, { why })
}

/** Accepts one named finding for a time, on the bytes that were checked. */
export async function waive(
  session: Session,
  id: string,
  finding: string,
  options: ForATime,
): Promise<ExitCode> {
  const reason = reasonOf(options)
  const until = untilOf(options)
  const detail = await readDetail(session.client(), id)
  const check = detail.checks.find(({ findings }) => findings.some((one) => one.id === finding))
  if (!check || !detail.snapshot) {
    const known = detail.checks.flatMap(({ findings }) => findings.map((one) => one.id))
    throw missing(`there is no finding ${finding}`, [`findings: ${known.join(', ') || 'none'}`])
  }
  const { modelDigest } = detail.snapshot
  return act(session, id, 'waivers', { check: check.name, finding, modelDigest, until, reason })
}

/** Accepts an inconclusive check for a time. */
export async function accept(
  session: Session,
  id: string,
  name: string,
  options: ForATime,
): Promise<ExitCode> {
  const reason = reasonOf(options)
  const until = untilOf(options)
  const detail = await readDetail(session.client(), id)
  const check = detail.checks.find((one) => one.name === name && one.resultDigest !== null)
  if (!check) throw missing(`check ${name} has no result`, [`the promotion is ${detail.state}`])
  const { resultDigest } = check
  return act(session, id, 'acceptances', { check: name, resultDigest, until, reason })
}

/** Takes back the caller's own sign-off. */
export function withdraw(
  session: Session,
  id: string,
  options: ReasonOptions & { readonly seat: string },
): Promise<ExitCode> {
  return act(session, id, 'withdrawals', { seat: options.seat, reason: reasonOf(options) })
}

export function cancel(session: Session, id: string, options: ReasonOptions): Promise<ExitCode> {
  return act(session, id, 'cancel', { reason: reasonOf(options) })
}

export function rerun(
  session: Session,
  id: string,
  check: string,
  options: ReasonOptions,
): Promise<ExitCode> {
  const path = `checks/${encodeURIComponent(check)}/rerun`
  return act(session, id, path, { reason: reasonOf(options) })
}
