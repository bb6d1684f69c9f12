import type { Bell } from './bell.js'
import type { RecordedEvent } from '../event-log.js'

const eventsPerRead = 256

/** What can be followed: how much of it is durable, and any part of that. */
export interface Followed {
  size(): number
  isClosed(): boolean
  readRange(from: number, to: number): Promise<readonly RecordedEvent[]>
}

/** Gives every durable event from a position on, then each new one when the bell rings. */
export async function* followEvents(
  log: Followed,
  bell: Bell,
  fromPosition: number,
  signal: AbortSignal,
): AsyncGenerator<RecordedEvent> {
  let next = fromPosition
  while (!signal.aborted && !log.isClosed()) {
    const size = log.size()
    if (next >= size) {
      await bell.wait(signal)
      continue
    }
    const events = await log.readRange(next, Math.min(size, next + eventsPerRead))
    for (const event of events) {
      if (signal.aborted) return
      yield event
    }
    next += events.length
  }
}
