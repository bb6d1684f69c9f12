import { decide, type Decision, type DomainCommand } from '../../../src/domain/decide.js'
import { evolve } from '../../../src/domain/evolve.js'
import { isEnded, nothingYet, type PromotionState } from '../../../src/domain/promotion.js'
import { isoOf } from '../../../src/domain/time.js'
import type { PromotionEvent } from '../../../src/schema/event.js'
import type { ActCommand } from '../../../src/schema/statement.js'
import { anyChampion, anyMembership, anyRules, asker, crowd } from './generated-rules.js'
import { day, hour, minute, request, start } from './support.js'
import type { Tape } from './tape.js'
import { anyCommand } from './generated-commands.js'

/** One step of a story, with all that came before it. */
export interface Step {
  readonly before: PromotionState
  readonly command: DomainCommand | null
  readonly decision: Decision
  readonly after: PromotionState
  /** All events until now, those of this step included. */
  readonly events: readonly PromotionEvent[]
  /** How many of them this step added. */
  readonly added: number
  readonly at: number
}

/** How a story leans: how many of a hundred commands only lead on, and how many change rules or champion. */
export interface Leaning {
  readonly leadingOn: number
  readonly changing: number
}

/** What a story remembers so that later commands can lean on it. */
export interface Plot {
  readonly tape: Tape
  readonly leaning: Leaning
  readonly sent: ActCommand[]
  at: number
  sets: number
}

/** Freezes a value and all in it; what is frozen already is not looked at again. */
export function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const member of Object.values(value)) freeze(member)
  return value
}

const pauses = [0, 0, 0, 0, minute, minute, hour, hour, 6 * hour, day] as const

/** What the driver records of a refused act: who sent it only where that was proven. */
function refusalOf(
  command: ActCommand,
  decision: Decision,
  at: number,
  isProven: boolean,
): PromotionEvent[] {
  if (decision.kind !== 'refused') return []
  const { code, detail } = decision
  const { person, nonce, bodyDigest } = command.signed.statement
  const body = { act: command.act, code, detail, nonce, bodyDigest }
  return [{ type: 'refused', at: isoOf(at), person: isProven ? person : null, body }]
}

/** Tells one generated story, step by step. Everything that the rules get is frozen. */
export function tell(
  tape: Tape,
  leaning: Leaning,
  look: (step: Step) => void,
): readonly PromotionEvent[] {
  const plot: Plot = { tape, leaning, sent: [], at: start, sets: 1 }
  const events: PromotionEvent[] = []
  let state: PromotionState = freeze(nothingYet)

  const step = (command: DomainCommand | null, written: readonly PromotionEvent[]) => {
    const before = state
    const decision: Decision = command
      ? freeze(decide(before, freeze(command)))
      : { kind: 'events', events: written }
    const recorded = [
      ...recordedOf(decision),
      ...(command ? refused(before, command, decision) : []),
    ]
    events.push(...recorded)
    state = freeze(recorded.reduce(evolve, before))
    look({ before, command, decision, after: state, events, added: recorded.length, at: plot.at })
  }
  const refused = (before: PromotionState, command: DomainCommand, decision: Decision) =>
    command.kind === 'act' && before.phase !== 'none' && !isEnded(before.phase)
      ? refusalOf(command.command, decision, plot.at, tape.below(4) > 0)
      : []

  const sponsor = tape.below(3) === 2 ? crowd[1] : null
  const rules = anyRules(tape, 0)
  const membership = anyMembership(tape)
  const champion = anyChampion(tape)
  const environment = tape.pick(['production', 'production', 'staging'])
  const facts = { requester: asker, sponsor, rules, membership, champion, environment }
  step({ kind: 'open', at: plot.at, request: request(facts) }, [])
  while (!tape.isOver() && state.phase !== 'none') {
    plot.at += tape.pick(pauses)
    const next = anyCommand(plot, state)
    if (next.kind === 'written') step(null, freeze(next.events))
    else step(next, [])
    // Two more tries after the end, to see that nothing moves any more.
    if (isEnded(state.phase) && tape.below(3) === 0) break
  }
  return events
}

function recordedOf(decision: Decision): readonly PromotionEvent[] {
  return decision.kind === 'events' ? decision.events : []
}
