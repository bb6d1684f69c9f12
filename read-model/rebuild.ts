import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import type { EventLog } from '../recorder/event-log.js'
import type { Held } from './follow.js'
import { applyEvent, emptyProjection, linesOf, type Projection } from './projection.js'

export interface Rebuilt {
  readonly events: number
  readonly promotions: number
  readonly aside: number
  /** SHA-256 over the content, of what stood before and of what was folded anew at the same position. */
  readonly before: string
  readonly after: string
  readonly isEqual: boolean
}

/** Folds events into a projection until it has come to a position. */
async function foldUpTo(log: EventLog, projection: Projection, position: number): Promise<void> {
  if (projection.position >= position) return
  const stop = new AbortController()
  for await (const event of log.follow(projection.position, stop.signal)) {
    applyEvent(projection, event)
    if (projection.position >= position) break
  }
  stop.abort()
}

/** How many records are hashed before others get their turn. */
const batch = 50

/** SHA-256 over all that a projection holds: equal where two hold the same. */
export async function digestOfProjection(projection: Projection): Promise<string> {
  const hash = createHash('sha256')
  let count = 0
  for (const line of linesOf(projection)) {
    hash.update(line).update('\n')
    count += 1
    if (count % batch === 0) await setImmediate()
  }
  return `sha256:${hash.digest('hex')}`
}

function noGate(): void {
  // Replaced before anybody waits.
}

/** Folds everything anew beside what stands, then compares the two at the same position and puts the new one in place. */
export async function rebuildFrom(log: EventLog, held: Held): Promise<Rebuilt> {
  const fresh = emptyProjection()
  await foldUpTo(log, fresh, held.projection.position)
  let open = noGate
  held.gate = new Promise((resolve) => (open = resolve))
  try {
    await foldUpTo(log, fresh, held.projection.position)
    const before = await digestOfProjection(held.projection)
    const after = await digestOfProjection(fresh)
    held.projection = fresh
    const { position: events, promotions, asideCount: aside } = fresh
    return { events, promotions: promotions.size, aside, before, after, isEqual: before === after }
  } finally {
    held.gate = null
    open()
  }
}
