import type { AppendRequest } from '../event-rules.js'
import { sealEvent, type SealedEvent } from './sealed-event.js'

/** What became of one request: positions of its events, or the sequence number that is free. */
export type Staged =
  | { readonly kind: 'appended'; readonly positions: readonly number[] }
  | { readonly kind: 'conflict'; readonly nextSeq: number }

/** What already stands in the log. */
export interface Recorded {
  readonly size: number
  /** The positions of a stream's events, by sequence number. */
  positionsOf(stream: string): readonly number[]
  /** The leaf's line at a position. */
  leafLineAt(position: number): Promise<string>
}

export interface StagedEvent extends SealedEvent {
  readonly stream: string
}

/** One batch, decided but not yet written. */
export interface Stage {
  readonly results: readonly Staged[]
  readonly events: readonly StagedEvent[]
  /** First position and number of every append of more than one event, which must stand or fall together. */
  readonly groups: readonly (readonly [from: number, count: number])[]
}

interface Draft {
  readonly events: StagedEvent[]
  readonly groups: [number, number][]
  readonly positions: Map<string, number[]>
}

async function isRecorded(
  request: AppendRequest,
  positions: readonly number[],
  lineAt: (position: number) => Promise<string>,
  saltKey: Uint8Array,
): Promise<boolean> {
  for (const [at, event] of request.events.entries()) {
    const seq = request.expectedSeq + at
    const position = positions[seq]
    if (position === undefined) return false
    const { leafLine } = sealEvent(saltKey, request.stream, seq, event)
    if ((await lineAt(position)) !== leafLine) return false
  }
  return true
}

function admit(draft: Draft, request: AppendRequest, from: number, saltKey: Uint8Array): number[] {
  const { stream, expectedSeq, events } = request
  const sealed = events.map((event, at) => ({
    stream,
    ...sealEvent(saltKey, stream, expectedSeq + at, event),
  }))
  draft.events.push(...sealed)
  if (events.length > 1) draft.groups.push([from, events.length])
  return events.map((_, at) => from + at)
}

/**
 * Decides a batch of appends in order, each seeing those before it. The whole of a request stands there already
 * (a retry), is new, or conflicts; a request of which only the beginning is recorded is another request.
 */
export async function stageAppends(
  requests: readonly AppendRequest[],
  recorded: Recorded,
  saltKey: Uint8Array,
): Promise<Stage> {
  const draft: Draft = { events: [], groups: [], positions: new Map() }
  const lineAt = async (position: number): Promise<string> =>
    draft.events[position - recorded.size]?.leafLine ?? recorded.leafLineAt(position)

  const results: Staged[] = []
  for (const request of requests) {
    const { stream, expectedSeq, events } = request
    const old = recorded.positionsOf(stream)
    const added = draft.positions.get(stream) ?? []
    const nextSeq = old.length + added.length
    if (expectedSeq === nextSeq) {
      const positions = admit(draft, request, recorded.size + draft.events.length, saltKey)
      draft.positions.set(stream, [...added, ...positions])
      results.push({ kind: 'appended', positions })
      continue
    }
    const positions = [...old, ...added]
    const isRetry = expectedSeq < nextSeq && (await isRecorded(request, positions, lineAt, saltKey))
    results.push(
      isRetry
        ? { kind: 'appended', positions: positions.slice(expectedSeq, expectedSeq + events.length) }
        : { kind: 'conflict', nextSeq },
    )
  }
  return { results, events: draft.events, groups: draft.groups }
}
