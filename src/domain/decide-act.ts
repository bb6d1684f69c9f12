import type { PromotionEvent } from '../schema/event.js'
import type { ActCommand } from '../schema/statement.js'
import { isOverdue } from './clocks.js'
import { changesBetween, decisionDigests, rulesOf, seatsOf } from './decision.js'
import type { Decision } from './decide.js'
import { isEnded, type PromotionState } from './promotion.js'
import { ineligibility, isMember, isStrongEnough } from './seats.js'
import { refuse, statementFault } from './statement-fault.js'
import { isoOf, msOf } from './time.js'

type CommandOf<Act extends ActCommand['act']> = Extract<ActCommand, { act: Act }>

function happened(...events: PromotionEvent[]): Decision {
  return { kind: 'events', events }
}

function signOff(state: PromotionState, command: CommandOf<'sign-off'>, at: number): Decision {
  const { body, signed } = command
  const { person } = signed.statement
  const seats = seatsOf(state).get(body.seat)
  if (!seats) {
    return refuse(
      'SEAT_UNKNOWN',
      `this promotion has no seat ${body.seat}; it has ${[...seatsOf(state).keys()].join(', ') || 'none'}`,
    )
  }
  const [barred] = seats.flatMap((seat) => ineligibility(state, seat, person) ?? [])
  if (barred !== undefined) return refuse('NOT_ELIGIBLE', barred)
  const level = signed.signature.keyid.startsWith('person:') ? 'signed' : 'authenticated'
  const stronger = seats.find((seat) => !isStrongEnough(seat, level))
  if (stronger) {
    return refuse(
      'NOT_ELIGIBLE',
      `seat ${body.seat} demands level ${stronger.level}: sign with your own key`,
    )
  }
  if (body.conditions !== null) return refuse('MALFORMED', 'conditions are not supported')
  if (state.phase !== 'awaiting-sign-off') {
    return refuse('WRONG_STATE', `nobody is asked to sign while the promotion is ${state.phase}`)
  }
  return overWhatWasSeen(state, command, level, at)
}

function overWhatWasSeen(
  state: PromotionState,
  command: CommandOf<'sign-off'>,
  level: 'signed' | 'authenticated',
  at: number,
): Decision {
  const { body, signed } = command
  const now = decisionDigests(state, at).get(body.seat)
  if (!now || now.digest !== body.decisionDigest) {
    const changes = now ? changesBetween(state.slices[body.decisionDigest], now.slice) : []
    return refuse(
      'DIGEST_OUT_OF_DATE',
      `the decision digest is now ${now?.digest ?? 'not known'}: look again, then sign`,
      changes,
    )
  }
  const { person } = signed.statement
  const stamp = { at: isoOf(at), person }
  const given: PromotionEvent = { type: 'signed-off', ...stamp, body: { ...body, level, signed } }
  if (body.verdict === 'approve') return happened(given)
  return happened(given, { type: 'rejected', ...stamp, body: { seat: body.seat, person } })
}

/** Why a person may not concede: each set of rules names the teams, and the separation of duties holds. */
function concessionFault(state: PromotionState, person: string, until: number, at: number) {
  const excluded = state.excluded.find((entry) => entry.person === person)
  if (excluded) return refuse('NOT_ELIGIBLE', `${excluded.why} waives and accepts nothing`)
  for (const { waivers } of rulesOf(state)) {
    if (!waivers) return refuse('NOT_WAIVABLE', 'the policy allows no waiver and no acceptance')
    if (!isMember(state, waivers.teams, person)) {
      return refuse('NOT_ELIGIBLE', `only members of ${waivers.teams.join(' or ')} may do that`)
    }
    if (until <= at || until > at + waivers.longestMs) {
      return refuse(
        'MALFORMED',
        `until must lie ahead, and at most until ${isoOf(at + waivers.longestMs)}`,
      )
    }
  }
  return null
}

function waive(state: PromotionState, command: CommandOf<'waiver'>, at: number): Decision {
  const { body, signed } = command
  const { person } = signed.statement
  const fault = concessionFault(state, person, msOf(body.until), at)
  if (fault) return fault
  const reports = state.checks.flatMap(({ check, report }) =>
    check === body.check && report?.outcome === 'failed' ? [report] : [],
  )
  const found = reports.flatMap((report) => report.findings).find(({ id }) => id === body.finding)
  if (!found || body.modelDigest !== state.snapshot?.modelDigest) {
    return refuse(
      'NOT_FOUND',
      `check ${body.check} has no finding ${body.finding} on that model digest`,
    )
  }
  if (!found.waivable) return refuse('NOT_WAIVABLE', `nobody can waive ${body.finding}`)
  return happened({ type: 'waived', at: isoOf(at), person, body: { ...body, signed } })
}

function accept(state: PromotionState, command: CommandOf<'acceptance'>, at: number): Decision {
  const { body, signed } = command
  const { person } = signed.statement
  const fault = concessionFault(state, person, msOf(body.until), at)
  if (fault) return fault
  const isThere = state.checks.some(
    ({ check, report }) =>
      check === body.check &&
      report?.outcome === 'inconclusive' &&
      report.resultDigest === body.resultDigest,
  )
  if (!isThere) {
    return refuse(
      'NOT_FOUND',
      `check ${body.check} has no inconclusive result ${body.resultDigest}`,
    )
  }
  return happened({ type: 'accepted', at: isoOf(at), person, body: { ...body, signed } })
}

function mayOperate(state: PromotionState, person: string): boolean {
  return [state.requester, state.sponsor, ...state.membership.owners].includes(person)
}

const notYours = refuse(
  'NOT_ALLOWED',
  'only the requester, the sponsor or an owner of the model may do that',
)

function rerun(state: PromotionState, command: CommandOf<'rerun'>, at: number): Decision {
  const { body, signed } = command
  const { person } = signed.statement
  if (!mayOperate(state, person)) return notYours
  const isThere = state.checks.some(({ check, report }) => check === body.check && report !== null)
  if (!isThere) return refuse('WRONG_STATE', `check ${body.check} has not been completed`)
  const limit = Math.min(...rulesOf(state).map(({ limits }) => limits.reruns))
  if (state.reruns >= limit) {
    return refuse('LIMIT_REACHED', `the policy allows ${limit} reruns, and all were used`)
  }
  return happened({ type: 'rerun-requested', at: isoOf(at), person, body: { ...body, signed } })
}

function withdraw(state: PromotionState, command: CommandOf<'withdrawal'>, at: number): Decision {
  const { body, signed } = command
  const { person } = signed.statement
  const isGiven = state.signOffs.some((one) => one.person === person && one.seat === body.seat)
  if (!isGiven) return refuse('NOT_FOUND', `you have no sign-off at seat ${body.seat}`)
  return happened({ type: 'withdrawn', at: isoOf(at), person, body: { ...body, signed } })
}

function cancel(state: PromotionState, command: CommandOf<'cancel'>, at: number): Decision {
  const { body, signed } = command
  const { person } = signed.statement
  if (!mayOperate(state, person)) return notYours
  return happened({ type: 'cancelled', at: isoOf(at), person, body: { ...body, signed } })
}

function perform(state: PromotionState, command: ActCommand, at: number): Decision {
  switch (command.act) {
    case 'sign-off':
      return signOff(state, command, at)
    case 'waiver':
      return waive(state, command, at)
    case 'acceptance':
      return accept(state, command, at)
    case 'withdrawal':
      return withdraw(state, command, at)
    case 'cancel':
      return cancel(state, command, at)
    case 'rerun':
      return rerun(state, command, at)
  }
}

/** What follows from one person's act. Whether the signature is theirs is proven outside, before it is recorded. */
export function decideAct(state: PromotionState, command: ActCommand, at: number): Decision {
  const fault = statementFault(state, command, at)
  if (fault) return fault
  if (isEnded(state.phase) || state.phase === 'none') {
    return refuse('WRONG_STATE', `the promotion is ${state.phase}`)
  }
  if (state.releasing) {
    return refuse('WRONG_STATE', 'the alias is being moved right now; ask again when that is done')
  }
  if (isOverdue(state, at)) return refuse('WRONG_STATE', `the time to act has run out`)
  return perform(state, command, at)
}
