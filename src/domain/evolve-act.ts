import type { Act, SignedStatement } from '../schema/statement.js'
import { digestOfJson } from './canonical.js'
import {
  actKey,
  type Concession,
  type PastAct,
  type PromotionState,
  type SignOff,
} from './promotion.js'
import { msOf } from './time.js'

import type { EventOf, Reducers } from './reducers.js'

function remember(state: PromotionState, signed: SignedStatement, act: Act): PromotionState {
  const { person, nonce, bodyDigest } = signed.statement
  const past: PastAct = { act, bodyDigest, refusal: null }
  return { ...state, acts: { ...state.acts, [actKey(person, nonce)]: past } }
}

function signedOff(state: PromotionState, event: EventOf<'signed-off'>): PromotionState {
  const { seat, verdict, decisionDigest, reason, conditions, level, signed } = event.body
  const { person } = signed.statement
  const given: SignOff = {
    person,
    seat,
    verdict,
    decisionDigest,
    reason,
    conditions,
    level,
    at: msOf(event.at),
  }
  const others = state.signOffs.filter((one) => one.person !== person || one.seat !== seat)
  return { ...state, signOffs: [...others, given] }
}

function withoutSignOff(
  state: PromotionState,
  person: string | null,
  seat: string,
): PromotionState {
  return {
    ...state,
    signOffs: state.signOffs.filter((one) => one.person !== person || one.seat !== seat),
  }
}

function concede(
  state: PromotionState,
  kind: Concession['kind'],
  event: EventOf<'waived'> | EventOf<'accepted'>,
): PromotionState {
  const { signed, ...body } = event.body
  const concession: Concession = {
    kind,
    check: body.check,
    of: 'finding' in body ? body.finding : body.resultDigest,
    person: signed.statement.person,
    until: msOf(body.until),
    digest: digestOfJson({ kind, person: signed.statement.person, ...body }),
  }
  return { ...state, concessions: [...state.concessions, concession] }
}

function rerun(state: PromotionState, event: EventOf<'rerun-requested'>): PromotionState {
  return {
    ...state,
    reruns: state.reruns + 1,
    checks: state.checks.map((one) =>
      one.check === event.body.check
        ? { ...one, report: null, attempt: one.attempt + 1, since: msOf(event.at) }
        : one,
    ),
  }
}

function refused(state: PromotionState, event: EventOf<'refused'>): PromotionState {
  const { act, code, detail, nonce, bodyDigest } = event.body
  const counted = { ...state, refusals: state.refusals + 1 }
  // A refusal whose statement was not proven binds nobody: else a forger could use up another's nonce.
  if (event.person === null) return counted
  const past: PastAct = { act, bodyDigest, refusal: { code, detail } }
  return { ...counted, acts: { ...state.acts, [actKey(event.person, nonce)]: past } }
}

function cancelled(state: PromotionState, event: EventOf<'cancelled'>): PromotionState {
  return {
    ...remember(state, event.body.signed, 'cancel'),
    phase: 'cancelled',
    since: msOf(event.at),
    end: { code: 'CANCELLED', detail: 'by the requester, the sponsor or an owner' },
  }
}

function withdrawn(state: PromotionState, event: EventOf<'withdrawn'>): PromotionState {
  const { signed, seat } = event.body
  return remember(withoutSignOff(state, signed.statement.person, seat), signed, 'withdrawal')
}

/** What people's acts do to the state. */
export const actReducers = {
  'signed-off': (state, event) => remember(signedOff(state, event), event.body.signed, 'sign-off'),
  'sign-off-voided': (state, { body }) => withoutSignOff(state, body.person, body.seat),
  waived: (state, event) => remember(concede(state, 'waiver', event), event.body.signed, 'waiver'),
  accepted: (state, event) =>
    remember(concede(state, 'acceptance', event), event.body.signed, 'acceptance'),
  withdrawn,
  'rerun-requested': (state, event) => remember(rerun(state, event), event.body.signed, 'rerun'),
  cancelled,
  refused,
  'refusals-counted': (state, { body }) => ({ ...state, refusals: body.count }),
} satisfies Partial<Reducers>
