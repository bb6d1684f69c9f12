import { expect, test } from 'vitest'
import { audit } from '../../../src/domain/audit.js'
import { fold } from '../../../src/domain/evolve.js'
import type { PromotionEvent } from '../../../src/schema/event.js'
import { forgeries } from './forgery.js'
import { patienceMs, stories, tellAll } from './stories.js'

type Events = readonly PromotionEvent[]

function holdSound(events: Events): void {
  const found = audit(events)
  if (found.kind === 'unsound') throw new Error(`${found.detail}, at ${found.seq} of a true story`)
  if (JSON.stringify(found.state) === JSON.stringify(fold(events))) return
  throw new Error('the audit ends in another state than the story')
}

function holdUnsound(events: Events, way: string): void {
  if (audit(events).kind === 'unsound') return
  const told = events.map(({ type, at }) => `${at} ${type}`).join('\n')
  throw new Error(`nobody noticed that the stream is ${way}:\n${told}`)
}

const ways = Object.keys(forgeries)

test(
  `an audit finds ${stories} stories sound, and every forgery of them not`,
  { timeout: patienceMs },
  () => {
    const tried = new Set<string>()
    tellAll({ leadingOn: 76, changing: 6 }, (events, tape) => {
      holdSound(events)
      const from = tape.below(ways.length)
      // The first way, from a random one on, in which this story can be forged: rare chances are not passed over.
      for (const way of [...ways.slice(from), ...ways.slice(0, from)]) {
        const forged = forgeries[way]?.(events, tape)
        if (!forged) continue
        tried.add(way)
        holdUnsound(forged, way)
        return
      }
    })
    expect([...tried].toSorted()).toEqual(ways.toSorted())
  },
)
