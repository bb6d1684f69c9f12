import { actOf } from '../../../src/domain/audit.js'
import { fold } from '../../../src/domain/evolve.js'
import { standing } from '../../../src/domain/standing.js'
import { msOf } from '../../../src/domain/time.js'
import type { PromotionEvent } from '../../../src/schema/event.js'
import { sha } from './support.js'
import type { Tape } from './tape.js'

type EventOf<Type extends PromotionEvent['type']> = Extract<PromotionEvent, { type: Type }>
type Events = readonly PromotionEvent[]

/** A way to rewrite a recorded stream; null where the stream offers nothing to rewrite so. */
type Forgery = (events: Events, tape: Tape) => Events | null

function placesOf(events: Events, type: PromotionEvent['type']): readonly number[] {
  return events.flatMap((event, index) => (event.type === type ? [index] : []))
}

function rewritten<Type extends PromotionEvent['type']>(
  type: Type,
  rewrite: (event: EventOf<Type>, tape: Tape) => PromotionEvent | null,
): Forgery {
  return (events, tape) => {
    const place = tape.pickOr(placesOf(events, type), -1)
    const event = events[place]
    if (event?.type !== type) return null
    const forged = rewrite(event as EventOf<Type>, tape)
    return forged && events.with(place, forged)
  }
}

/** The last release-ready and who it says sits where. */
function lastReady(events: Events): readonly [number, EventOf<'release-ready'>] | null {
  const place = events.findLastIndex(({ type }) => type === 'release-ready')
  const event = events[place]
  return event?.type === 'release-ready' ? [place, event] : null
}

const withoutASignOff: Forgery = (events, tape) => {
  const ready = lastReady(events)
  if (!ready) return null
  const [place, { body }] = ready
  const sitting = tape.pickOr<(typeof body.seats)[number] | null>(body.seats, null)
  if (!sitting) return null
  const isTheirs = (event: PromotionEvent, index: number) =>
    index < place &&
    event.type === 'signed-off' &&
    event.person === sitting.person &&
    event.body.seat === sitting.seat
  return events.filter((event, index) => !isTheirs(event, index))
}

const withACheckThatFailed: Forgery = (events, tape) => {
  const ready = lastReady(events)
  if (!ready) return null
  const [place] = ready
  const { checks } = fold(events.slice(0, place))
  const passed = checks.filter(({ report }) => report?.outcome === 'passed')
  const target = tape.pickOr<(typeof passed)[number] | null>(passed, null)
  if (!target) return null
  const outcome = tape.pick(['failed', 'inconclusive', 'error'] as const)
  return events.map((event) =>
    event.type === 'check-completed' &&
    event.body.report.clauseDigest === target.clauseDigest &&
    event.body.attempt === target.attempt
      ? { ...event, body: { ...event.body, report: { ...event.body.report, outcome } } }
      : event,
  )
}

const withAPassAfterAll: Forgery = (events, tape) => {
  const place = tape.pickOr(placesOf(events, 'blocked'), 0) - 1
  const event = events[place]
  if (event?.type !== 'check-completed') return null
  const now = standing(fold(events.slice(0, place + 1)), msOf(event.at))
  const { report } = event.body
  const isTheCause =
    now.kind === 'blocked' &&
    now.checks.every(({ clauseDigest }) => clauseDigest === report.clauseDigest)
  if (!isTheCause) return null
  return events.with(place, {
    ...event,
    body: { ...event.body, report: { ...report, outcome: 'passed' } },
  })
}

const releasedTooEarly: Forgery = (events, tape) => {
  const place = tape.below(Math.max(1, events.length))
  const before = events.slice(0, place + 1)
  const last = before.at(-1)
  const state = fold(before)
  const isDue = state.phase === 'promoting' && state.releasing
  if (!last || isDue || state.phase === 'none') return null
  const modelDigest = state.snapshot?.modelDigest ?? sha('bytes')
  const body = { from: null, to: state.version, modelDigest, aliasSeq: 1, approvedUntil: last.at }
  return [...before, { type: 'promoted', at: last.at, person: null, body }]
}

const readyBeforeItsCause: Forgery = (events, tape) => {
  const places = placesOf(events, 'release-ready').filter((index) =>
    ['signed-off', 'check-completed', 'sign-off-voided'].includes(events[index - 1]?.type ?? ''),
  )
  const place = tape.pickOr(places, -1)
  const [cause, ready] = [events[place - 1], events[place]]
  if (place < 1 || !cause || !ready) return null
  return [...events.slice(0, place - 1), ready, cause, ...events.slice(place + 1)]
}

const twice: Forgery = (events, tape) => {
  const places = ['signed-off', 'waived', 'release-ready', 'requested', 'snapshotted'] as const
  const place = tape.pickOr(placesOf(events, tape.pick(places)), -1)
  const event = events[place]
  return event ? [...events.slice(0, place + 1), event, ...events.slice(place + 1)] : null
}

const withAnotherReason: Forgery = (events, tape) => {
  const places = events.flatMap((event, index) => (actOf(event) ? [index] : []))
  const place = tape.pickOr(places, -1)
  const event = events[place]
  if (!event || !actOf(event)) return null
  const body = { ...event.body, reason: sha('another reason') }
  return events.with(place, { ...event, body } as PromotionEvent)
}

/** Every way to forge a stream that the rules alone must find. */
export const forgeries: Readonly<Record<string, Forgery>> = {
  'without a sign-off that filled a seat': withoutASignOff,
  'with a check that failed though the release was ready': withACheckThatFailed,
  'with a check that passed though it blocked': withAPassAfterAll,
  'promoted before its release began': releasedTooEarly,
  'ready before what made it so': readyBeforeItsCause,
  'with an event that happened twice': twice,
  'with another verdict': rewritten('signed-off', (event) => {
    const verdict = event.body.verdict === 'approve' ? 'reject' : 'approve'
    return { ...event, body: { ...event.body, verdict } }
  }),
  'with a stronger level': rewritten('signed-off', (event) => ({
    ...event,
    body: { ...event.body, level: 'passkey' },
  })),
  'signed at another seat': rewritten('signed-off', (event) => ({
    ...event,
    body: { ...event.body, seat: 'gamma' },
  })),
  'signed by another person': rewritten('signed-off', (event) => ({
    ...event,
    person: 'per_zzzz',
  })),
  'signed over another digest': rewritten('signed-off', (event) => ({
    ...event,
    body: { ...event.body, decisionDigest: sha('another') },
  })),
  'with a sign-off that was asked over another digest': rewritten('sign-off-asked', (event) => {
    const [first, ...rest] = event.body.seats
    if (!first) return null
    return { ...event, body: { seats: [{ ...first, decisionDigest: sha('another') }, ...rest] } }
  }),
  'with a slice that names other bytes': rewritten('sign-off-asked', (event) => {
    const [first, ...rest] = event.body.seats
    if (!first) return null
    const slice = { ...first.slice, modelDigest: sha('other bytes') }
    return { ...event, body: { seats: [{ ...first, slice }, ...rest] } }
  }),
  'ready by another person': rewritten('release-ready', (event) => {
    const [first, ...rest] = event.body.seats
    if (!first) return null
    return { ...event, body: { seats: [{ ...first, person: 'per_zzzz' }, ...rest] } }
  }),
  'promoted to other bytes': rewritten('promoted', (event) => ({
    ...event,
    body: { ...event.body, modelDigest: sha('other bytes') },
  })),
  'promoted to another version': rewritten('promoted', (event) => ({
    ...event,
    body: { ...event.body, to: '666' },
  })),
  'approved for longer': rewritten('promoted', (event) => ({
    ...event,
    body: { ...event.body, approvedUntil: '2099-01-01T00:00:00.000Z' },
  })),
  'requested by another person': rewritten('requested', (event) => ({
    ...event,
    body: { ...event.body, requester: 'per_zzzz' },
  })),
  'with another reason than was given': withAnotherReason,
}
