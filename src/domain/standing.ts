import type { PromotionEvent } from '../schema/event.js'
import type { CheckName } from '../schema/statement.js'
import { digestOfJson } from './canonical.js'
import { clocksOf } from './clocks.js'
import {
  concessionsInForce,
  decisionDigests,
  changesBetween,
  rulesOf,
  seatsOf,
} from './decision.js'
import { isEnded, type CheckState, type PromotionState, type SignOff } from './promotion.js'
import { ineligibility, isStrongEnough, seating, type Assignment, type Slot } from './seats.js'
import { isoOf } from './time.js'

/** What stands between a promotion and the alias, in the order in which it is asked. */
export type Standing =
  | { readonly kind: 'checking'; readonly checks: readonly CheckState[] }
  | { readonly kind: 'blocked'; readonly checks: readonly CheckState[] }
  | { readonly kind: 'awaiting'; readonly empty: readonly Slot[] }
  | { readonly kind: 'ready'; readonly filled: readonly Assignment[] }

function isWaived(state: PromotionState, check: CheckState, at: number): boolean {
  const { report } = check
  if (!report || report.findingCount > report.findings.length) return false
  const waived = new Set(
    concessionsInForce(state, at)
      .filter((concession) => concession.kind === 'waiver' && concession.check === check.check)
      .map((concession) => concession.of),
  )
  const serious = report.findings.filter((finding) => finding.severity !== 'info')
  return serious.length > 0 && serious.every(({ id, waivable }) => waivable && waived.has(id))
}

/** Whether a completed check lets the promotion go on: passed, or conceded by a named person. Unknown is no. */
export function isSatisfied(state: PromotionState, check: CheckState, at: number): boolean {
  const { report } = check
  if (report?.outcome === 'passed') return true
  if (report?.outcome === 'failed') return isWaived(state, check, at)
  if (report?.outcome !== 'inconclusive') return false
  return concessionsInForce(state, at).some(
    ({ kind, check: about, of }) =>
      kind === 'acceptance' && about === check.check && of === report.resultDigest,
  )
}

/** One sign-off fills a place of both sets, so a place that is empty in both is counted once. */
export function emptyOf(sets: readonly (readonly Slot[])[]): readonly Slot[] {
  const most = new Map<string, readonly Slot[]>()
  for (const [place, slots] of sets.flatMap(byPlace)) {
    if (slots.length > (most.get(place) ?? []).length) most.set(place, slots)
  }
  return [...most.values()].flat()
}

function byPlace(slots: readonly Slot[]): readonly (readonly [string, readonly Slot[]])[] {
  const places = new Map<string, Slot[]>()
  for (const slot of slots) {
    const place = `${slot.seat} ${slot.teams.join(' ')}`
    places.set(place, [...(places.get(place) ?? []), slot])
  }
  return [...places]
}

/** Where the promotion stands by its facts alone, whatever phase was recorded last. */
export function standing(state: PromotionState, at: number): Standing {
  const open = state.checks.filter((check) => check.report === null)
  if (open.length > 0) return { kind: 'checking', checks: open }
  const failing = state.checks.filter((check) => !isSatisfied(state, check, at))
  if (failing.length > 0) return { kind: 'blocked', checks: failing }
  const seatings = rulesOf(state).map((rules) => seating(state, rules))
  const empty = emptyOf(seatings.map((one) => one.empty))
  if (empty.length > 0) return { kind: 'awaiting', empty }
  return { kind: 'ready', filled: seating(state, state.inForce).filled }
}

function names(checks: readonly CheckState[]): CheckName[] {
  return [...new Set(checks.map(({ check }) => check))]
}

/** Why a sign-off no longer counts, in words; empty while it does. */
function faultsOf(
  state: PromotionState,
  signOff: SignOff,
  digests: ReturnType<typeof decisionDigests>,
): readonly string[] {
  const seats = seatsOf(state).get(signOff.seat)
  const now = digests.get(signOff.seat)
  if (!seats || !now) return ['the seat is no longer asked for']
  const barred = seats.flatMap((seat) => ineligibility(state, seat, signOff.person) ?? [])
  if (barred.length > 0) return barred
  if (!seats.every((seat) => isStrongEnough(seat, signOff.level))) {
    return ['the seat now demands a stronger proof of the person']
  }
  if (signOff.decisionDigest === now.digest) return []
  return changesBetween(state.slices[signOff.decisionDigest], now.slice)
}

function voided(
  state: PromotionState,
  digests: ReturnType<typeof decisionDigests>,
  at: string,
): PromotionEvent[] {
  return state.signOffs.flatMap((signOff): PromotionEvent[] => {
    const changes = faultsOf(state, signOff, digests)
    if (changes.length === 0) return []
    const { person, seat, decisionDigest: was } = signOff
    const now = digests.get(seat)?.digest ?? null
    return [
      {
        type: 'sign-off-voided',
        at,
        person: null,
        body: { person, seat, was, now, changes: [...changes] },
      },
    ]
  })
}

function whenBlocked(
  state: PromotionState,
  checks: readonly CheckState[],
  at: number,
): PromotionEvent[] {
  if (state.phase === 'blocked') return []
  const { mendWithinMs } = clocksOf(state)
  const stamp = { at: isoOf(at), person: null }
  if (mendWithinMs > 0) {
    const body = { checks: names(checks), until: isoOf(at + mendWithinMs) }
    return [{ type: 'blocked', ...stamp, body }]
  }
  return [{ type: 'failed', ...stamp, body: { code: 'CHECKS_FAILED', detail: failureOf(checks) } }]
}

/** One line that says which checks did not pass, and with what. */
export function failureOf(checks: readonly CheckState[]): string {
  const lines = checks.map(
    ({ check, report }) => `${check} ${report?.outcome ?? 'did not run'}: ${report?.summary ?? ''}`,
  )
  return lines.join('; ').slice(0, 500)
}

/**
 * The event by which the recorded phase follows the facts; empty once it has. To be asked again after each event
 * that it gave.
 */
export function settled(state: PromotionState, at: number): readonly PromotionEvent[] {
  if (isEnded(state.phase) || !state.snapshot || state.releasing) return []
  const now = standing(state, at)
  if (now.kind === 'checking') return whenChecking(state, now.checks, at)
  if (now.kind === 'blocked') return whenBlocked(state, now.checks, at)
  const digests = decisionDigests(state, at)
  const voids = voided(state, digests, isoOf(at))
  if (voids.length > 0) return voids
  return now.kind === 'ready'
    ? whenReady(state, now.filled, isoOf(at))
    : whenAwaiting(state, digests, isoOf(at))
}

function whenChecking(
  state: PromotionState,
  checks: readonly CheckState[],
  at: number,
): PromotionEvent[] {
  if (state.phase === 'checking') return []
  const body = { checks: names(checks) }
  return [{ type: 'checks-reopened', at: isoOf(at), person: null, body }]
}

function whenAwaiting(
  state: PromotionState,
  digests: ReturnType<typeof decisionDigests>,
  at: string,
): PromotionEvent[] {
  const asked = [...digests.values()]
  const isAsked = asked.every(({ digest }) => digest in state.slices)
  if (state.phase === 'awaiting-sign-off' && isAsked) return []
  const seats = asked.map(({ digest, slice }) => ({ decisionDigest: digest, slice }))
  return [{ type: 'sign-off-asked', at, person: null, body: { seats } }]
}

function whenReady(
  state: PromotionState,
  filled: readonly Assignment[],
  at: string,
): PromotionEvent[] {
  const seats = filled.flatMap(({ slot, person }) =>
    state.signOffs
      .filter((one) => one.person === person && one.seat === slot.seat)
      .map(({ seat, decisionDigest }) => ({ seat, team: slot.team, person, decisionDigest })),
  )
  const isKnown = digestOfJson(seats) === digestOfJson(state.assigned)
  if (state.phase === 'promoting' && isKnown) return []
  return [{ type: 'release-ready', at, person: null, body: { seats } }]
}
