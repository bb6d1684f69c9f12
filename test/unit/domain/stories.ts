import { assert, property, uint8Array } from 'fast-check'
import { fold } from '../../../src/domain/evolve.js'
import type { PromotionEvent } from '../../../src/schema/event.js'
import { rulesThatNeverBend } from './invariants.js'
import { tell, type Leaning } from './story.js'
import { createTape, type Tape } from './tape.js'

const files = 4

/** Fewer would say nothing about how often stories come to each end. */
const fewest = 1000

/** Stories per file of properties. `PROPERTY_STORIES` lowers the 100,000 of all of them for a quick run. */
export const stories = Math.max(
  fewest,
  Math.ceil(Number(process.env['PROPERTY_STORIES'] ?? 100_000) / files),
)

/** More than the slowest machine needs for one file. */
export const patienceMs = 1_800_000

const tapes = uint8Array({ minLength: 60, maxLength: 200, size: 'max' })

/**
 * Tells as many stories as a file has, holds the rules after every step, and then asks what else must hold.
 *
 * @returns how many stories came to each phase
 */
export function tellAll(
  leaning: Leaning,
  afterwards: (events: readonly PromotionEvent[], tape: Tape) => void = () => undefined,
): ReadonlyMap<string, number> {
  const endings = new Map<string, number>()
  assert(
    property(tapes, (bytes) => {
      const events = tell(createTape(bytes), leaning, rulesThatNeverBend())
      const { phase } = fold(events)
      endings.set(phase, (endings.get(phase) ?? 0) + 1)
      afterwards(events, createTape(bytes.toReversed()))
    }),
    { numRuns: stories },
  )
  return endings
}

/** Holds that stories really come to these phases: a property over stories that end at once would prove nothing. */
export function shareOf(endings: ReadonlyMap<string, number>, phase: string): number {
  return (endings.get(phase) ?? 0) / stories
}
