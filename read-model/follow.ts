import type { EventLog } from '../recorder/event-log.js'
import { applyEvent, type Projection } from './projection.js'
import type { Waiters } from './waiters.js'

/** What follower, rebuild and readers share. */
export interface Held {
  projection: Projection
  /** How long the log was when we began to follow it. */
  target: number
  /** Why it does not follow right now. */
  fault: Error | null
  /** Held by a rebuild while it compares: nothing is folded in meanwhile. */
  gate: Promise<void> | null
}

async function followOnce(
  log: EventLog,
  held: Held,
  waiters: Waiters,
  signal: AbortSignal,
): Promise<void> {
  for await (const event of log.follow(held.projection.position, signal)) {
    for (let { gate } = held; gate; { gate } = held) await gate
    applyEvent(held.projection, event)
    held.fault = null
    waiters.told(event.leaf.stream, event.leaf.seq + 1)
    if (held.projection.position >= held.target) waiters.told('', held.target)
  }
}

/** Folds in whatever the log gets, and begins again where it was when the log breaks off. */
export async function followLog(
  log: EventLog,
  held: Held,
  waiters: Waiters,
  retryMs: number,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await followOnce(log, held, waiters, signal)
    } catch (error) {
      held.fault = error instanceof Error ? error : new Error(String(error))
    }
    if (!signal.aborted) await pause(retryMs, signal)
  }
}

/** How long the log is now; asks until it answers. Infinite when the signal aborted first. */
export async function sizeOf(log: EventLog, retryMs: number, signal: AbortSignal): Promise<number> {
  while (!signal.aborted) {
    try {
      return await log.size()
    } catch {
      await pause(retryMs, signal)
    }
  }
  return Number.POSITIVE_INFINITY
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms)
    function done(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done, { once: true })
  })
}
