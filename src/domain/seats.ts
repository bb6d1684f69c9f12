import type { Rules, Seat } from '../schema/rules.js'
import type { PromotionState, SignOff } from './promotion.js'

/** One place to be filled by one person: a seat with a quorum of two has two of them. */
export interface Slot {
  readonly seat: string
  /** The team that must fill it; null where any of the seat's teams may. */
  readonly team: string | null
  readonly teams: readonly string[]
}

export interface Assignment {
  readonly slot: Slot
  readonly person: string
}

/** The slots of a seat: `quorum` for all teams together, or `quorum` for each of them. */
export function slotsOf(seat: Seat): readonly Slot[] {
  const groups: readonly (string | null)[] = seat.teamsNeeded === 'all' ? seat.teams : [null]
  return groups.flatMap((team) =>
    Array.from({ length: seat.quorum }, () => ({
      seat: seat.id,
      team,
      teams: team === null ? seat.teams : [team],
    })),
  )
}

/** Who is in a team, as far as is known. A team may be named like a property that every object has. */
export function membersOf(state: PromotionState, team: string): readonly string[] {
  return Object.entries(state.membership.teams).flatMap(([id, members]) =>
    id === team ? members : [],
  )
}

export function isMember(state: PromotionState, teams: readonly string[], person: string): boolean {
  return teams.some((team) => membersOf(state, team).includes(person))
}

/** Why a person may not sit in a seat, in words; null where they may. */
export function ineligibility(state: PromotionState, seat: Seat, person: string): string | null {
  const excluded = state.excluded.find((entry) => entry.person === person)
  if (excluded) return `${excluded.why} fills no seat`
  if (isMember(state, seat.teams, person)) return null
  return `only members of ${seat.teams.join(' or ')} may fill seat ${seat.id}`
}

/**
 * The largest assignment of people to slots in which nobody fills two (Kuhn's augmenting paths).
 * A greedy choice could block: whoever may sit in two seats is moved to the other one when that fills more.
 *
 * @param mayFill whether a person may fill a slot
 */
export function largestMatching(
  slots: readonly Slot[],
  people: readonly string[],
  mayFill: (person: string, slot: Slot) => boolean,
): readonly Assignment[] {
  const personOf = new Map<number, string>()

  const placed = (person: string, tried: Set<number>): boolean => {
    for (const [index, slot] of slots.entries()) {
      if (tried.has(index) || !mayFill(person, slot)) continue
      tried.add(index)
      const sitting = personOf.get(index)
      if (sitting === undefined || placed(sitting, tried)) {
        personOf.set(index, person)
        return true
      }
    }
    return false
  }

  for (const person of people) placed(person, new Set())
  return slots.flatMap((slot, index) => {
    const person = personOf.get(index)
    return person === undefined ? [] : [{ slot, person }]
  })
}

const levels = ['authenticated', 'signed', 'passkey'] as const

/** Whether a sign-off was made with at least the assurance that the seat demands. */
export function isStrongEnough(seat: Seat, level: SignOff['level']): boolean {
  return levels.indexOf(level) >= levels.indexOf(seat.level)
}

function counts(state: PromotionState, seat: Seat, signOff: SignOff): boolean {
  return (
    signOff.verdict === 'approve' &&
    signOff.seat === seat.id &&
    isStrongEnough(seat, signOff.level) &&
    ineligibility(state, seat, signOff.person) === null
  )
}

/** Who fills which seat of one set of rules, and which slots stay empty. */
export function seating(
  state: PromotionState,
  rules: Rules,
): { readonly filled: readonly Assignment[]; readonly empty: readonly Slot[] } {
  const seats = new Map(rules.seats.map((seat) => [seat.id, seat]))
  const slots = rules.seats.flatMap(slotsOf)
  const people = [...new Set(state.signOffs.map((signOff) => signOff.person))]
  const mayFill = (person: string, slot: Slot) => {
    const seat = seats.get(slot.seat)
    return (
      seat !== undefined &&
      isMember(state, slot.teams, person) &&
      state.signOffs.some((signOff) => signOff.person === person && counts(state, seat, signOff))
    )
  }
  const filled = largestMatching(slots, people, mayFill)
  const taken = new Set(filled.map(({ slot }) => slot))
  return { filled, empty: slots.filter((slot) => !taken.has(slot)) }
}

/**
 * The slots that nobody could ever fill: even if everybody who may sign did so. Empty: the seats can be filled.
 */
export function unfillable(state: PromotionState, rules: Rules): readonly Slot[] {
  const seats = new Map(rules.seats.map((seat) => [seat.id, seat]))
  const slots = rules.seats.flatMap(slotsOf)
  const people = [...new Set(Object.values(state.membership.teams).flat())]
  const mayFill = (person: string, slot: Slot) => {
    const seat = seats.get(slot.seat)
    return (
      seat !== undefined &&
      ineligibility(state, seat, person) === null &&
      isMember(state, slot.teams, person)
    )
  }
  const taken = new Set(largestMatching(slots, people, mayFill).map(({ slot }) => slot))
  return slots.filter((slot) => !taken.has(slot))
}
