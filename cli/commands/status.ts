import { setTimeout as pause } from 'node:timers/promises'
import type { Detail } from '../../api/schema/views.js'
import { durationMsOf } from '../duration.js'
import { exitCodes, type ExitCode } from '../exit-codes.js'
import { usageFault } from '../failure.js'
import { readDetail, readReports } from '../reports.js'
import { word } from '../say.js'
import type { Session } from '../session.js'
import { showBlocker, showDetail } from '../show.js'

const ends: ReadonlySet<string> = new Set([
  'promoted',
  'rejected',
  'failed',
  'expired',
  'cancelled',
])
const askEveryMs = 500

/** What an end state is worth as an exit code. */
export function exitOfState(state: string): ExitCode {
  if (state === 'promoted') return exitCodes.yes
  return ends.has(state) ? exitCodes.refused : exitCodes.waiting
}

async function show(session: Session, detail: Detail): Promise<void> {
  if (session.isJson) session.out.json(detail)
  else showDetail(session.out, detail, await readReports(session.client(), detail), Date.now())
}

/** What differs between two looks, as far as somebody who watches cares. */
function lookOf({ state, blockedBy }: Detail): string {
  return [state, ...blockedBy.map(({ condition }) => condition)].join('\n')
}

/** Asks again and again, telling each change, until it is as wished, ended, or the time is over. */
async function follow(
  session: Session,
  id: string,
  isDone: (detail: Detail) => boolean,
  untilMs: number,
): Promise<Detail> {
  let seen = ''
  for (;;) {
    const detail = await readDetail(session.client(), id)
    const look = lookOf(detail)
    if (look !== seen) {
      session.err.line(new Date().toISOString(), '  ', word(detail.state))
      for (const blocker of detail.blockedBy) showBlocker(session.err, blocker, Date.now())
    }
    seen = look
    if (isDone(detail) || ends.has(detail.state) || Date.now() >= untilMs) return detail
    await pause(Math.min(askEveryMs, Math.max(0, untilMs - Date.now())))
  }
}

/** Shows a promotion; with `--watch` until it ended, and then its end is the exit code. */
export async function status(
  session: Session,
  id: string,
  options: { readonly watch?: boolean },
): Promise<ExitCode> {
  if (options.watch !== true) {
    await show(session, await readDetail(session.client(), id))
    return exitCodes.yes
  }
  const detail = await follow(session, id, () => false, Number.POSITIVE_INFINITY)
  await show(session, detail)
  return exitOfState(detail.state)
}

/** Waits for a state, at most for a time. */
export async function wait(
  session: Session,
  id: string,
  options: { readonly for?: string; readonly timeout?: string },
): Promise<ExitCode> {
  const wanted = options.for ?? 'promoted'
  if (!states.has(wanted)) throw usageFault(`--for is one of ${[...states].join(', ')}`)
  const { timeout } = options
  const untilMs =
    timeout === undefined
      ? Number.POSITIVE_INFINITY
      : Date.now() + durationMsOf(timeout, '--timeout')
  const detail = await follow(session, id, ({ state }) => state === wanted, untilMs)
  if (session.isJson) session.out.json(detail)
  else session.out.line(detail.state)
  return detail.state === wanted ? exitCodes.yes : exitOfState(detail.state) || exitCodes.refused
}

const states: ReadonlySet<string> = new Set([
  'checking',
  'blocked',
  'awaiting-sign-off',
  'promoting',
  ...ends,
])
