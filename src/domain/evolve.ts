import type { PromotionEvent, PromotionEventType } from '../schema/event.js'
import type { Rules } from '../schema/rules.js'
import { digestOfJson } from './canonical.js'
import { actReducers } from './evolve-act.js'
import type { CheckState, Excluded, Phase, PromotionState } from './promotion.js'
import { nothingYet } from './promotion.js'
import type { EventOf, Reducers } from './reducers.js'
import { msOf } from './time.js'

/** The checks that both sets ask for; what ran under the same clause before keeps its report. */
function requiredChecks(
  sets: readonly Rules[],
  existing: readonly CheckState[],
  at: number,
): readonly CheckState[] {
  const wanted = new Map(
    sets.flatMap((rules) =>
      rules.checks.map(({ check, clauseDigest }) => [
        `${check} ${clauseDigest}`,
        { check, clauseDigest },
      ]),
    ),
  )
  return [...wanted.values()].map(
    ({ check, clauseDigest }) =>
      existing.find((one) => one.check === check && one.clauseDigest === clauseDigest) ?? {
        check,
        clauseDigest,
        attempt: 1,
        report: null,
        since: at,
      },
  )
}

function enter(state: PromotionState, phase: Phase, at: number): PromotionState {
  return state.phase === phase ? state : { ...state, phase, since: at }
}

function requested(state: PromotionState, event: EventOf<'requested'>): PromotionState {
  const { body } = event
  const at = msOf(event.at)
  const excluded: Excluded[] = [{ person: body.requester, why: 'the requester' }]
  if (body.sponsor !== null) excluded.push({ person: body.sponsor, why: 'the sponsor' })
  return {
    ...nothingYet,
    refusals: state.refusals,
    acts: state.acts,
    phase: 'snapshotting',
    since: at,
    promotion: body.promotion,
    installation: body.installation,
    model: body.model,
    version: body.version,
    environment: body.environment,
    requester: body.requester,
    sponsor: body.sponsor,
    reason: body.reason,
    development: body.development,
    requestedAt: at,
    pinned: body.rules,
    inForce: body.rules,
    membership: body.membership,
    excluded,
    champion: body.champion,
    checks: requiredChecks([body.rules], [], at),
  }
}

const roles = {
  author: 'the author of the model',
  committer: 'the committer of its code',
  'model-signer': 'the signer of the model',
} as const

function checkCompleted(state: PromotionState, event: EventOf<'check-completed'>): PromotionState {
  const { report, attempt } = event.body
  // Only production separates those duties: DESIGN.md, rule 4.
  const named = state.environment === 'production' ? report.named : []
  const excluded = new Map(
    [...named.map(({ person, role }) => ({ person, why: roles[role] })), ...state.excluded].map(
      (entry) => [entry.person, entry],
    ),
  )
  return {
    ...state,
    excluded: [...excluded.values()],
    checks: state.checks.map((one) =>
      one.check === report.check &&
      one.clauseDigest === report.clauseDigest &&
      one.attempt === attempt
        ? { ...one, report, since: msOf(event.at) }
        : one,
    ),
  }
}

/** A champion that is compared with is an input: what compared with another one has to run again. */
function championObserved(
  state: PromotionState,
  event: EventOf<'champion-observed'>,
): PromotionState {
  const { champion } = event.body
  const compares = new Set(
    [...state.pinned.checks, ...state.inForce.checks]
      .filter(({ comparesChampion }) => comparesChampion)
      .map(({ clauseDigest }) => clauseDigest),
  )
  return {
    ...state,
    champion,
    checks: state.checks.map((one) =>
      compares.has(one.clauseDigest)
        ? { ...one, report: null, attempt: one.attempt + 1, since: msOf(event.at) }
        : one,
    ),
  }
}

function governanceObserved(
  state: PromotionState,
  event: EventOf<'governance-observed'>,
): PromotionState {
  const { rules, membership } = event.body
  const checks = requiredChecks([state.pinned, rules], state.checks, msOf(event.at))
  return { ...state, inForce: rules, membership, checks }
}

function ended(
  state: PromotionState,
  phase: Phase,
  at: number,
  end: PromotionState['end'],
): PromotionState {
  return { ...enter(state, phase, at), releasing: false, end }
}

function signOffAsked(state: PromotionState, event: EventOf<'sign-off-asked'>): PromotionState {
  const at = msOf(event.at)
  const slices = { ...state.slices }
  for (const { slice } of event.body.seats) slices[digestOfJson(slice)] = slice
  return { ...enter(state, 'awaiting-sign-off', at), slices, askedAt: state.askedAt ?? at }
}

function promoted(state: PromotionState, event: EventOf<'promoted'>): PromotionState {
  const { from, aliasSeq, approvedUntil } = event.body
  const end = ended(state, 'promoted', msOf(event.at), null)
  return { ...end, promoted: { from, aliasSeq, approvedUntil } }
}

const reducers: Reducers = {
  ...actReducers,
  requested,
  snapshotted: (state, { at, body }) => ({ ...enter(state, 'checking', msOf(at)), snapshot: body }),
  'check-completed': checkCompleted,
  blocked: (state, { at }) => enter(state, 'blocked', msOf(at)),
  'checks-reopened': (state, { at }) => enter(state, 'checking', msOf(at)),
  'sign-off-asked': signOffAsked,
  'governance-observed': governanceObserved,
  'champion-observed': championObserved,
  'release-ready': (state, { at, body }) => ({
    ...enter(state, 'promoting', msOf(at)),
    assigned: body.seats,
  }),
  'release-started': (state, { body }) => ({
    ...state,
    releasing: true,
    releaseAttempts: body.attempt,
  }),
  'release-stopped': (state) => ({ ...state, releasing: false }),
  promoted,
  'run-revived': (state) => state,
  rejected: (state, { at, body }) =>
    ended(state, 'rejected', msOf(at), { code: 'REJECTED', detail: `at seat ${body.seat}` }),
  failed: (state, { at, body }) => ended(state, 'failed', msOf(at), body),
  expired: (state, { at, body }) =>
    ended(state, 'expired', msOf(at), {
      code: 'EXPIRED',
      detail: `the time to ${body.clock} ran out`,
    }),
}

function reduced<Type extends PromotionEventType>(
  state: PromotionState,
  event: { readonly [T in Type]: EventOf<T> & { readonly type: T } }[Type],
): PromotionState {
  const reduce: Reducers[Type] = reducers[event.type]
  return reduce(state, event)
}

/** The state after one more event. Total: it never refuses, since what is recorded has happened. */
export function evolve(state: PromotionState, event: PromotionEvent): PromotionState {
  return { ...reduced(state, event), nextSeq: state.nextSeq + 1 }
}

/** The state after all events of a stream. */
export function fold(events: Iterable<PromotionEvent>, from = nothingYet): PromotionState {
  let state = from
  for (const event of events) state = evolve(state, event)
  return state
}
