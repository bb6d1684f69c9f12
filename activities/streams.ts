import type { EventLog, NewEvent, RecordedEvent } from '../recorder/event-log.js'
import { aliasStream, promotionStream } from '../src/contract.js'
import {
  aliasEvent,
  promotionEvent,
  type AliasEvent,
  type PromotionEvent,
} from '../src/schema/event.js'

function bare({ leaf, body }: RecordedEvent) {
  return { type: leaf.type, at: leaf.at, person: leaf.person, body }
}

/** The events of one promotion, each held against its schema. @throws ZodError for what no version of us wrote */
export async function readPromotion(
  log: EventLog,
  promotion: string,
): Promise<readonly PromotionEvent[]> {
  const recorded = await log.read(promotionStream(promotion))
  return recorded.map((event) => promotionEvent.parse(bare(event)))
}

/** The events of one alias. */
export async function readAlias(
  log: EventLog,
  environment: string,
  model: string,
): Promise<readonly AliasEvent[]> {
  const recorded = await log.read(aliasStream(environment, model))
  return recorded.map((event) => aliasEvent.parse(bare(event)))
}

/** An event as the recorder takes it. */
export function toNewEvent(event: PromotionEvent | AliasEvent): NewEvent {
  return { type: event.type, at: event.at, person: event.person, body: event.body }
}
