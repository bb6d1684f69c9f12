import type { ActEvent, PromotionRecord } from '../../read-model/promotions.js'
import type { Digest } from '../../src/domain/canonical.js'
import type { DecisionView, Detail } from '../schema/views.js'
import type { PersonOf, Words } from './names.js'

type Decided = Exclude<ActEvent, { type: 'refused' }>

const acts = {
  requested: 'request',
  'signed-off': 'sign-off',
  'sign-off-voided': 'sign-off-voided',
  waived: 'waiver',
  accepted: 'acceptance',
  withdrawn: 'withdrawal',
  'rerun-requested': 'rerun',
  cancelled: 'cancel',
} as const satisfies Record<Decided['type'], DecisionView['act']>

const nothing = {
  seat: null,
  verdict: null,
  level: null,
  decisionDigest: null,
  check: null,
  finding: null,
  resultDigest: null,
  until: null,
  changes: [] as string[],
} satisfies Partial<DecisionView>

/** What an event says beyond who, when and why. */
function contentOf(event: Decided): Partial<DecisionView> {
  switch (event.type) {
    case 'signed-off': {
      const { seat, verdict, level, decisionDigest } = event.body
      return { seat, verdict, level, decisionDigest }
    }
    case 'sign-off-voided': {
      const { seat, was, changes } = event.body
      return { seat, decisionDigest: was, changes: [...changes] }
    }
    case 'waived': {
      const { check, finding, until } = event.body
      return { check, finding, until }
    }
    case 'accepted': {
      const { check, resultDigest, until } = event.body
      return { check, resultDigest, until }
    }
    case 'withdrawn':
      return { seat: event.body.seat }
    case 'rerun-requested':
      return { check: event.body.check }
    case 'requested':
    case 'cancelled':
      return {}
  }
}

async function decisionOf(
  seq: number,
  event: Decided,
  personOf: PersonOf,
  wordsOf: (digest: Digest) => Promise<Words>,
): Promise<DecisionView> {
  // Nobody gives a reason when a sign-off is voided: what changed is the reason.
  const isVoid = event.type === 'sign-off-voided'
  const reason = isVoid ? null : await wordsOf(event.body.reason)
  const who = isVoid ? event.body.person : event.person
  const person = who === null ? null : personOf(who)
  return {
    ...nothing,
    act: acts[event.type],
    seq,
    at: event.at,
    person,
    reason,
    ...contentOf(event),
  }
}

/** What people decided, oldest first, with their reasons. */
export function decisionsOf(
  record: PromotionRecord,
  personOf: PersonOf,
  wordsOf: (digest: Digest) => Promise<Words>,
): Promise<DecisionView[]> {
  return Promise.all(
    record.acts.flatMap(({ seq, event }) =>
      event.type === 'refused' ? [] : [decisionOf(seq, event, personOf, wordsOf)],
    ),
  )
}

export function refusalsOf(record: PromotionRecord, personOf: PersonOf): Detail['refusals'] {
  const recorded = record.acts.flatMap(({ event }) => {
    if (event.type !== 'refused') return []
    const { act, code, detail } = event.body
    const person = event.person === null ? null : personOf(event.person)
    return [{ act, code, detail, at: event.at, person }]
  })
  return { count: record.state.refusals, recorded }
}
