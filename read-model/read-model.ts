import { PromotionError } from '../src/domain/errors.js'
import type { GovernanceSet } from '../src/domain/policy.js'
import type { EventLog, TextStore } from '../recorder/event-log.js'
import { followLog, sizeOf, type Held } from './follow.js'
import { createGovernanceReader } from './governance.js'
import { emptyProjection, type Projection } from './projection.js'
import { rebuildFrom, type Rebuilt } from './rebuild.js'
import { createWaiters } from './waiters.js'

export interface ReadModel {
  /** Follows the log from its beginning until the signal aborts. Resolves once it has all that was there at the start. */
  start(signal: AbortSignal): Promise<void>
  /** The projection as it stands. Not to be kept over an await: a rebuild puts another in its place. */
  now(): Projection
  /** Whether everything that was in the log when it started has been folded in. */
  isReady(): boolean
  /** Whether a stream was folded in up to a sequence number, or came so far within the time, in ms. */
  passed(stream: string, nextSeq: number, timeoutMs: number): Promise<boolean>
  /** The governance set that was seen last. @throws PromotionError `GOVERNANCE_INVALID`, `LOG_UNAVAILABLE` */
  governance(): Promise<GovernanceSet>
  /** Folds everything again from the log, puts that in place, and says whether it is the same. */
  rebuild(): Promise<Rebuilt>
  /** What stopped it from following; null while it follows. */
  fault(): Error | null
}

export interface ReadModelOptions {
  readonly log: EventLog
  readonly texts: TextStore
  /** How long to wait before the log is asked again after it broke off; 500 where left out. */
  readonly retryMs?: number
}

/** What lists and pages read: projected from the log, and folded again at any time. */
export function createReadModel({ log, texts, retryMs = 500 }: ReadModelOptions): ReadModel {
  const readSet = createGovernanceReader(texts)
  const waiters = createWaiters()
  const held: Held = {
    projection: emptyProjection(),
    target: Number.POSITIVE_INFINITY,
    fault: null,
    gate: null,
  }
  let running: Promise<Rebuilt> | null = null

  return {
    async start(signal) {
      void followLog(log, held, waiters, retryMs, signal)
      held.target = await sizeOf(log, retryMs, signal)
      if (held.projection.position < held.target) await waiters.wait('', held.target, signal)
    },
    now: () => held.projection,
    isReady: () => held.projection.position >= held.target,
    async passed(stream, nextSeq, timeoutMs) {
      if ((held.projection.nextSeqs.get(stream) ?? 0) >= nextSeq) return true
      return waiters.wait(stream, nextSeq, AbortSignal.timeout(timeoutMs))
    },
    async governance() {
      const seen = held.projection.governance
      if (seen) return readSet(seen.body)
      const remedy = 'start the worker; it reads the governance folder'
      throw new PromotionError('GOVERNANCE_INVALID', 'no governance set was seen yet', { remedy })
    },
    rebuild() {
      running ??= rebuildFrom(log, held).finally(() => (running = null))
      return running
    },
    fault: () => held.fault,
  }
}
