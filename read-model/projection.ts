import type { z } from 'zod'
import { isEnded } from '../src/domain/promotion.js'
import {
  aliasEvent,
  governanceEvent,
  outsideEvent,
  promotionEvent,
  type GovernanceEvent,
  type OutsideEvent,
} from '../src/schema/event.js'
import type { RecordedEvent } from '../recorder/event-log.js'
import { aliasOf, emptyAlias, withAliasEvent, type AliasRecord } from './aliases.js'
import { createInterns, type Interns } from './intern.js'
import { emptyRecord, withEvent, type PromotionRecord } from './promotions.js'

/** An event that this version cannot read: of an unknown kind, or of another shape than it knows. */
export interface AsideEvent {
  readonly position: number
  readonly stream: string
  readonly type: string
}

/** How many events that were kept aside are listed; all are counted. */
const longestAside = 1000

/** Everything that lists and pages read, folded from the log. Only `applyEvent` changes it. */
export interface Projection {
  /** The position that the next event of the log will have. */
  position: number
  readonly promotions: Map<string, PromotionRecord>
  /** Ids in the order of the log, oldest first; of all promotions, and of each model's. */
  readonly order: string[]
  readonly byModel: Map<string, string[]>
  readonly byRequester: Map<string, string[]>
  readonly open: Set<string>
  readonly aliases: Map<string, AliasRecord>
  readonly outside: Map<string, OutsideEvent[]>
  governance: GovernanceEvent | null
  readonly nextSeqs: Map<string, number>
  readonly aside: AsideEvent[]
  asideCount: number
  readonly interns: Interns
}

export function emptyProjection(): Projection {
  return {
    position: 0,
    promotions: new Map(),
    order: [],
    byModel: new Map(),
    byRequester: new Map(),
    open: new Set(),
    aliases: new Map(),
    outside: new Map(),
    governance: null,
    nextSeqs: new Map(),
    aside: [],
    asideCount: 0,
    interns: createInterns(),
  }
}

function pushTo<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}

function readAs<S extends z.ZodType>(schema: S, event: RecordedEvent): z.output<S> | null {
  const { type, at, person } = event.leaf
  const parsed = schema.safeParse({ type, at, person, body: event.body })
  return parsed.success ? parsed.data : null
}

function putAside(projection: Projection, { leaf, position }: RecordedEvent): void {
  projection.asideCount += 1
  if (projection.aside.length < longestAside) {
    projection.aside.push({ position, stream: leaf.stream, type: leaf.type })
  }
}

function index(projection: Projection, record: PromotionRecord): void {
  const { state, id } = record
  projection.order.push(id)
  pushTo(projection.byModel, state.model, id)
  for (const person of new Set([state.requester, state.sponsor ?? state.requester])) {
    pushTo(projection.byRequester, person, id)
  }
}

function applyPromotion(projection: Projection, recorded: RecordedEvent, id: string): boolean {
  const { leaf, position } = recorded
  const event = readAs(promotionEvent, recorded)
  const before = projection.promotions.get(id) ?? emptyRecord(id, position)
  const after = withEvent(before, leaf, position, event, projection.interns)
  projection.promotions.set(id, after)
  if (before.state.phase === 'none' && after.state.phase !== 'none') index(projection, after)
  if (after.state.phase === 'none' || isEnded(after.state.phase)) projection.open.delete(id)
  else projection.open.add(id)
  return event !== null
}

function applyAlias(projection: Projection, recorded: RecordedEvent): boolean {
  const { leaf } = recorded
  const place = aliasOf(leaf.stream)
  if (!place) return false
  const event = readAs(aliasEvent, recorded)
  const before = projection.aliases.get(leaf.stream) ?? emptyAlias(place.environment, place.model)
  projection.aliases.set(leaf.stream, withAliasEvent(before, leaf, event))
  return event !== null
}

function applyGovernance(projection: Projection, recorded: RecordedEvent): boolean {
  const event = readAs(governanceEvent, recorded)
  if (!event) return false
  const before = projection.governance?.body.sequence ?? 0
  if (event.body.sequence >= before) projection.governance = event
  return true
}

function applyOutside(projection: Projection, recorded: RecordedEvent): boolean {
  const event = readAs(outsideEvent, recorded)
  if (event) pushTo(projection.outside, recorded.leaf.stream, event)
  return event !== null
}

function isRead(projection: Projection, recorded: RecordedEvent): boolean {
  const { stream } = recorded.leaf
  const [kind = '', rest = ''] = stream.split(/:(.*)/s)
  if (kind === 'promotion' && rest !== '') return applyPromotion(projection, recorded, rest)
  if (kind === 'alias') return applyAlias(projection, recorded)
  if (stream === 'governance') return applyGovernance(projection, recorded)
  return kind === 'outside' && applyOutside(projection, recorded)
}

/** Folds one more event in. An event that was folded in before changes nothing; one that cannot be read is kept aside. */
export function applyEvent(projection: Projection, recorded: RecordedEvent): void {
  const { leaf, position } = recorded
  if (position < projection.position) return
  if (!isRead(projection, recorded)) putAside(projection, recorded)
  projection.nextSeqs.set(leaf.stream, leaf.seq + 1)
  projection.position = position + 1
}

/**
 * What two projections of the same log must agree on, one line for each thing that it holds. The same fold wrote both,
 * so their properties stand in the same order.
 */
export function* linesOf(projection: Projection): Iterable<string> {
  const { position, asideCount, governance, order } = projection
  yield JSON.stringify({ position, asideCount, governance, order })
  for (const record of projection.promotions.values()) yield JSON.stringify(record)
  for (const record of projection.aliases.values()) yield JSON.stringify(record)
  for (const entry of projection.outside) yield JSON.stringify(entry)
}
