import type { AliasEvent } from '../src/schema/event.js'
import type { Leaf } from '../recorder/event-log.js'

/** What we recorded of one alias: who it points to by our doing, and what was last seen there. */
export interface AliasRecord {
  readonly environment: string
  readonly model: string
  /** The version that the last promotion put there. */
  readonly live: {
    readonly version: string
    readonly modelDigest: string
    readonly promotion: string
    readonly since: string
    readonly seq: number
  } | null
  /** A promotion that is moving it right now. */
  readonly intent: { readonly promotion: string; readonly to: string; readonly at: string } | null
  readonly observed: {
    readonly version: string | null
    readonly diverged: boolean
    readonly at: string
  } | null
  readonly nextSeq: number
}

/** The parts of `alias:ENV:MODEL`; null for a name that we did not make. */
export function aliasOf(stream: string): { environment: string; model: string } | null {
  const [kind, environment, model, more] = stream.split(':')
  if (kind !== 'alias' || !environment || !model || more !== undefined) return null
  try {
    return { environment: decodeURIComponent(environment), model: decodeURIComponent(model) }
  } catch {
    return null
  }
}

export function emptyAlias(environment: string, model: string): AliasRecord {
  return { environment, model, live: null, intent: null, observed: null, nextSeq: 0 }
}

function evolved(record: AliasRecord, event: AliasEvent, seq: number): AliasRecord {
  switch (event.type) {
    case 'alias-intended': {
      const { promotion, to } = event.body
      return { ...record, intent: { promotion, to, at: event.at } }
    }
    case 'alias-moved': {
      const { promotion, to, modelDigest } = event.body
      const live = { version: to, modelDigest, promotion, since: event.at, seq }
      const observed = { version: to, diverged: false, at: event.at }
      return { ...record, intent: null, live, observed }
    }
    case 'alias-left':
      return { ...record, intent: null }
    case 'alias-observed':
      return { ...record, observed: { ...event.body, at: event.at } }
  }
}

/** The alias after one more event; `event` is null where it could not be read. */
export function withAliasEvent(
  record: AliasRecord,
  leaf: Leaf,
  event: AliasEvent | null,
): AliasRecord {
  const after = event === null ? record : evolved(record, event, leaf.seq)
  return { ...after, nextSeq: leaf.seq + 1 }
}
