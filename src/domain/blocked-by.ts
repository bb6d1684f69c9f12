import { seatsOf } from './decision.js'
import { isEnded, type PromotionState } from './promotion.js'
import { ineligibility, membersOf, type Slot } from './seats.js'
import { standing } from './standing.js'

/** One condition that is not met, who can meet it, since when (ms since the Unix epoch), and what to do. */
export interface Blocker {
  readonly condition: string
  /** Teams, roles, or Countersign itself; never a person. */
  readonly who: readonly string[]
  readonly since: number
  readonly remedy: string
}

function seatBlocker(state: PromotionState, slot: Slot, open: number): Blocker {
  const teams = slot.team === null ? slot.teams : [slot.team]
  return {
    condition: `seat ${slot.seat} waits for ${open === 1 ? 'a sign-off' : `${open} sign-offs`}`,
    who: teams,
    since: state.askedAt ?? state.since,
    remedy: `a member of ${teams.join(' or ')} reads the evidence and signs: countersign sign ${state.promotion} --seat ${slot.seat}`,
  }
}

function emptySeats(state: PromotionState, empty: readonly Slot[]): readonly Blocker[] {
  const groups = new Map<string, { slot: Slot; count: number }>()
  for (const slot of empty) {
    const key = `${slot.seat} ${slot.team ?? '*'}`
    groups.set(key, { slot, count: (groups.get(key)?.count ?? 0) + 1 })
  }
  return [...groups.values()].map(({ slot, count }) => seatBlocker(state, slot, count))
}

const remedies = {
  failed:
    'mend what the findings say in a new version, or ask for a waiver of each finding that can be waived',
  inconclusive: 'a named reviewer accepts the result, or more data settles it',
  error: 'mend the cause and run the check again: countersign rerun',
  passed: '',
} as const

function machine(condition: string, since: number, remedy: string): Blocker {
  return { condition, who: ['countersign'], since, remedy }
}

/**
 * What keeps a promotion from the alias now, each with the next step. Empty only at an end state.
 *
 * @param at the present, in ms since the Unix epoch
 */
export function blockedBy(state: PromotionState, at: number): readonly Blocker[] {
  if (isEnded(state.phase) || state.phase === 'none') return []
  if (state.phase === 'snapshotting') {
    return [machine('the bytes are being copied and hashed', state.since, 'wait')]
  }
  const now = standing(state, at)
  if (now.kind === 'awaiting') return emptySeats(state, now.empty)
  if (now.kind === 'ready') {
    const remedy =
      'wait; an unreachable registry is tried again until the time to use the decision ends'
    return [machine('the alias is about to be moved', state.since, remedy)]
  }
  return now.checks.map(({ check, report, since }) => {
    if (!report) return machine(`check ${check} is running`, since, 'wait')
    const teams = report.outcome === 'inconclusive' ? (state.inForce.waivers?.teams ?? []) : []
    const who = teams.length > 0 ? teams : ['requester']
    const condition = `check ${check} is ${report.outcome}: ${report.summary}`
    return { condition, who, since, remedy: remedies[report.outcome] }
  })
}

/** Who could fill a seat now: members who are not excluded and have not signed for it yet. */
export function mayStillSign(state: PromotionState, seatId: string): readonly string[] {
  const seats = seatsOf(state).get(seatId) ?? []
  const members = new Set(
    seats.flatMap((seat) => seat.teams.flatMap((team) => membersOf(state, team))),
  )
  return [...members].filter(
    (person) =>
      seats.every((seat) => ineligibility(state, seat, person) === null) &&
      !state.signOffs.some((given) => given.person === person && given.seat === seatId),
  )
}
