import type { EventLog } from '../recorder/event-log.js'
import { aliasStream } from '../src/contract.js'
import { PromotionError } from '../src/domain/errors.js'
import { aliasEvent, type AliasEvent } from '../src/schema/event.js'
import type { PromotionId } from '../src/schema/ids.js'
import { readAlias, toNewEvent } from './streams.js'

/** An intent to move an alias that has no outcome yet. */
export type OpenIntent = Extract<AliasEvent, { type: 'alias-intended' }>['body']

/** The intent that still waits for its outcome; null where there is none. */
export function openIntent(events: readonly AliasEvent[]): OpenIntent | null {
  const last = events.findLast((event) => event.type !== 'alias-observed')
  return last?.type === 'alias-intended' ? last.body : null
}

/** Whether a promotion's intent stands open, or its move is recorded. */
export function hasBegun(events: readonly AliasEvent[], promotion: string): boolean {
  const isMoved = events.some(
    (event) => event.type === 'alias-moved' && event.body.promotion === promotion,
  )
  return isMoved || openIntent(events)?.promotion === promotion
}

/** The move that put an alias where our records say it is; null before the first. */
export function lastMove(events: readonly AliasEvent[]) {
  const last = events.findLast((event) => event.type === 'alias-moved')
  return last?.type === 'alias-moved' ? last.body : null
}

/** The alias stream of one model in one environment, as the release worker writes it. */
export function createAliasJournal(log: EventLog, environment: string, model: string) {
  return {
    read: () => readAlias(log, environment, model),
    /**
     * Appends one event as the next of the stream.
     *
     * @returns its sequence number
     * @throws PromotionError `SEQUENCE_CONFLICT` when another release or an observation came first: look again
     */
    async append(nextSeq: number, event: AliasEvent): Promise<number> {
      const stream = aliasStream(environment, model)
      // What could not be read again would close the stream for good.
      const sound = aliasEvent.parse(event)
      const appended = await log.append(stream, nextSeq, [toNewEvent(sound)])
      if (appended.kind === 'appended') return nextSeq
      throw new PromotionError('SEQUENCE_CONFLICT', `${stream} has moved on to ${appended.nextSeq}`)
    },
  }
}

export type AliasJournal = ReturnType<typeof createAliasJournal>

/** An alias event of this moment. */
export function aliasEventOf<Type extends 'alias-intended' | 'alias-moved'>(
  type: Type,
  body: OpenIntent,
) {
  return { type, at: new Date().toISOString(), person: null, body }
}

export function aliasLeft(promotion: PromotionId, left: string | null, why: string): AliasEvent {
  const at = new Date().toISOString()
  return { type: 'alias-left', at, person: null, body: { promotion, left, why: why.slice(0, 300) } }
}
