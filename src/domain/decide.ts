import type { CheckReport } from '../schema/check.js'
import type { PromotionEvent } from '../schema/event.js'
import type { Champion, Membership, Rules } from '../schema/rules.js'
import type { ActCommand } from '../schema/statement.js'
import { digestOfJson } from './canonical.js'
import { clocksOf, isOverdue } from './clocks.js'
import { decideAct } from './decide-act.js'
import { evolve } from './evolve.js'
import { isEnded, type PromotionState } from './promotion.js'
import { unfillable } from './seats.js'
import { settled } from './standing.js'
import { requestFault } from './statement-fault.js'
import { isoOf } from './time.js'

type RequestedBody = Extract<PromotionEvent, { type: 'requested' }>['body']
type SnapshotBody = Extract<PromotionEvent, { type: 'snapshotted' }>['body']

/** What the release worker answers once it is done: it moved the alias, or it says why not. */
export type ReleaseResult =
  | { readonly kind: 'moved'; readonly from: string | null; readonly aliasSeq: number }
  | { readonly kind: 'refused'; readonly code: string; readonly detail: string }

/** What the driver asks the rules. `at`: the present, in ms since the Unix epoch. */
export type DomainCommand =
  | { readonly kind: 'open'; readonly at: number; readonly request: RequestedBody }
  | { readonly kind: 'snapshotted'; readonly at: number; readonly snapshot: SnapshotBody }
  | { readonly kind: 'fail'; readonly at: number; readonly code: string; readonly detail: string }
  | {
      readonly kind: 'check'
      readonly at: number
      readonly attempt: number
      readonly report: CheckReport
    }
  | { readonly kind: 'released'; readonly at: number; readonly result: ReleaseResult }
  | {
      readonly kind: 'observed'
      readonly at: number
      readonly rules: Rules
      readonly membership: Membership
    }
  | { readonly kind: 'champion'; readonly at: number; readonly champion: Champion }
  | { readonly kind: 'tick'; readonly at: number }
  | { readonly kind: 'act'; readonly at: number; readonly command: ActCommand }

export { deadlineOf } from './clocks.js'

export type Decision =
  /** What happened; empty where nothing did. */
  | { readonly kind: 'events'; readonly events: readonly PromotionEvent[] }
  | {
      readonly kind: 'refused'
      readonly code: string
      readonly detail: string
      /** What changed since the signer saw it, where that is why. */
      readonly changes?: readonly string[]
    }
  /** The same statement came before: the same answer holds, and nothing is recorded. */
  | {
      readonly kind: 'repeat'
      readonly refusal: { readonly code: string; readonly detail: string } | null
    }

/** Follows the facts until the recorded phase agrees with them. */
function withSettled(
  state: PromotionState,
  events: readonly PromotionEvent[],
  at: number,
): Decision {
  const all = [...events]
  let after = events.reduce(evolve, state)
  for (let next = settled(after, at); next.length > 0; next = settled(after, at)) {
    all.push(...next)
    after = next.reduce(evolve, after)
  }
  return { kind: 'events', events: all }
}

function open(state: PromotionState, at: number, request: RequestedBody): Decision {
  if (state.phase !== 'none') return { kind: 'events', events: [] }
  const fault = requestFault(request, at)
  if (fault) return fault
  const { reason, signed, ...facts } = request
  const event: PromotionEvent = {
    type: 'requested',
    at: isoOf(at),
    person: request.requester,
    body: { ...facts, reason, signed },
  }
  const opened = evolve(state, event)
  const [hole] = unfillable(opened, request.rules)
  if (!hole) return withSettled(state, [event], at)
  const detail = `seat ${hole.seat} cannot be filled: too few people of ${hole.teams.join(' or ')} are neither requester nor sponsor nor needed in another seat`
  return { kind: 'refused', code: 'SEAT_UNFILLABLE', detail }
}

function check(state: PromotionState, at: number, attempt: number, report: CheckReport): Decision {
  if (!state.snapshot) return { kind: 'events', events: [] }
  const expected = state.checks.find(
    (one) =>
      one.check === report.check &&
      one.clauseDigest === report.clauseDigest &&
      one.attempt === attempt &&
      one.report === null,
  )
  // A report that nobody waits for any more: of an older attempt, or of a clause that no longer applies.
  if (!expected) return { kind: 'events', events: [] }
  const event: PromotionEvent = {
    type: 'check-completed',
    at: isoOf(at),
    person: null,
    body: { attempt, report },
  }
  return withSettled(state, [event], at)
}

function released(state: PromotionState, at: number, result: ReleaseResult): Decision {
  const { snapshot, version, phase } = state
  if (phase !== 'promoting' || !snapshot) {
    return { kind: 'refused', code: 'WRONG_STATE', detail: `no release belongs to ${phase}` }
  }
  if (result.kind === 'refused') {
    return { kind: 'events', events: [failed(at, result.code, result.detail)] }
  }
  if (!state.releasing) {
    return { kind: 'refused', code: 'WRONG_STATE', detail: 'no release was begun' }
  }
  const { from, aliasSeq } = result
  const approvedUntil = isoOf(at + clocksOf(state).approvalHoldsMs)
  const body = { from, to: version, modelDigest: snapshot.modelDigest, aliasSeq, approvedUntil }
  return { kind: 'events', events: [{ type: 'promoted', at: isoOf(at), person: null, body }] }
}

function championSeen(state: PromotionState, at: number, champion: Champion): Decision {
  if (digestOfJson(champion) === digestOfJson(state.champion)) return withSettled(state, [], at)
  const event: PromotionEvent = {
    type: 'champion-observed',
    at: isoOf(at),
    person: null,
    body: { champion },
  }
  return withSettled(state, [event], at)
}

function observed(
  state: PromotionState,
  at: number,
  rules: Rules,
  membership: Membership,
): PromotionEvent[] {
  const isKnown =
    digestOfJson({ rules, membership }) ===
    digestOfJson({ rules: state.inForce, membership: state.membership })
  if (isKnown) return []
  return [{ type: 'governance-observed', at: isoOf(at), person: null, body: { rules, membership } }]
}

function failed(at: number, code: string, detail: string): PromotionEvent {
  const body = { code: code.slice(0, 60), detail: detail.slice(0, 500) }
  return { type: 'failed', at: isoOf(at), person: null, body }
}

function tick(state: PromotionState, at: number): Decision {
  if (!isOverdue(state, at)) return withSettled(state, [], at)
  if (state.phase === 'blocked') {
    return { kind: 'events', events: [failed(at, 'CHECKS_FAILED', 'not mended in time')] }
  }
  const clock = state.phase === 'promoting' ? 'use' : 'decide'
  return {
    kind: 'events',
    events: [{ type: 'expired', at: isoOf(at), person: null, body: { clock } }],
  }
}

function snapshotted(state: PromotionState, at: number, body: SnapshotBody): Decision {
  if (state.snapshot) return { kind: 'events', events: [] }
  return withSettled(state, [{ type: 'snapshotted', at: isoOf(at), person: null, body }], at)
}

/** What machines report, after the request. */
type MachineCommand = Exclude<DomainCommand, { kind: 'open' | 'act' }>

function onGoing(state: PromotionState, command: MachineCommand): Decision {
  const { at } = command
  switch (command.kind) {
    case 'snapshotted':
      return snapshotted(state, at, command.snapshot)
    case 'fail':
      return { kind: 'events', events: [failed(at, command.code, command.detail)] }
    case 'check':
      return check(state, at, command.attempt, command.report)
    case 'released':
      return released(state, at, command.result)
    case 'observed':
      return withSettled(state, observed(state, at, command.rules, command.membership), at)
    case 'champion':
      return championSeen(state, at, command.champion)
    case 'tick':
      return tick(state, at)
  }
}

/**
 * The rules of a promotion: what follows from one command, given all that was recorded.
 * Pure; it never throws for anything that a caller may send. What it answers is recorded before anybody is told.
 */
export function decide(state: PromotionState, command: DomainCommand): Decision {
  if (command.kind === 'open') return open(state, command.at, command.request)
  if (command.kind === 'act') {
    const decision = decideAct(state, command.command, command.at)
    return decision.kind === 'events' ? withSettled(state, decision.events, command.at) : decision
  }
  if (state.phase === 'none' || isEnded(state.phase)) return { kind: 'events', events: [] }
  const isEnd = command.kind === 'fail' || command.kind === 'released'
  // What is learned too late must not let a promotion go on: the clock comes first.
  if (!isEnd && isOverdue(state, command.at)) return tick(state, command.at)
  return onGoing(state, command)
}
