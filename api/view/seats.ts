import { decisionDigests, rulesOf, seatsOf } from '../../src/domain/decision.js'
import { mayStillSign } from '../../src/domain/blocked-by.js'
import { isEnded, type PromotionState } from '../../src/domain/promotion.js'
import { seating, type Slot } from '../../src/domain/seats.js'
import { emptyOf } from '../../src/domain/standing.js'
import { isoOf } from '../../src/domain/time.js'
import type { SeatView } from '../schema/views.js'
import type { PersonOf } from './names.js'

function waitingFor(empty: readonly Slot[], seat: string): SeatView['waitingFor'] {
  const groups = new Map<string, { teams: string[]; signOffs: number }>()
  for (const slot of empty.filter((one) => one.seat === seat)) {
    const key = slot.team ?? '*'
    const group = groups.get(key) ?? { teams: [...slot.teams], signOffs: 0 }
    groups.set(key, { ...group, signOffs: group.signOffs + 1 })
  }
  return [...groups.values()]
}

function filledBy(state: PromotionState, seat: string, personOf: PersonOf): SeatView['filledBy'] {
  const { filled } = seating(state, state.inForce)
  return filled
    .filter(({ slot }) => slot.seat === seat)
    .flatMap(({ slot, person }) => {
      const given = state.signOffs.find((one) => one.person === person && one.seat === seat)
      if (!given) return []
      const { level, decisionDigest, at } = given
      return [{ person: personOf(person), team: slot.team, level, decisionDigest, at: isoOf(at) }]
    })
}

/** Every seat that must be filled, by the rules pinned and those in force, as it stands at a moment (ms). */
export function seatViewsOf(
  state: PromotionState,
  at: number,
  caller: string,
  personOf: PersonOf,
): SeatView[] {
  const digests = decisionDigests(state, at)
  const empty = isEnded(state.phase)
    ? []
    : emptyOf(rulesOf(state).map((rules) => seating(state, rules).empty))
  return [...seatsOf(state)].flatMap(([id, rules]) => {
    const seat = rules.at(-1)
    if (!seat) return []
    const decision = digests.get(id)
    const { teams, teamsNeeded, quorum, level, covers } = seat
    const isOpen = state.phase === 'awaiting-sign-off'
    return [
      {
        id,
        teams: [...teams],
        teamsNeeded,
        quorum,
        level,
        covers: [...covers],
        decisionDigest: decision?.digest ?? null,
        slice: decision?.slice ?? null,
        filledBy: filledBy(state, id, personOf),
        waitingFor: waitingFor(empty, id),
        yours: isOpen && mayStillSign(state, id).includes(caller),
      },
    ]
  })
}
