import { createBell } from './log/bell.js'
import { createCommitQueue } from './log/commit-queue.js'
import type { EventLog, Notes, RecordedEvent, TextStore } from './event-log.js'
import { appendRequest, parseOrRefuse, type AppendRequest } from './event-rules.js'
import { followEvents, type Followed } from './log/follow.js'
import { createMemoryTexts } from './texts/memory-texts.js'
import { createNotes } from './notes.js'
import { openEvent, type SealedEvent } from './log/sealed-event.js'
import { stageAppends, type Recorded, type Staged } from './log/stage-appends.js'

interface Lines extends Recorded {
  add(stream: string, event: SealedEvent): void
  open(position: number): RecordedEvent
}

function createLines(): Lines {
  const lines: SealedEvent[] = []
  const streams = new Map<string, number[]>()
  return {
    get size() {
      return lines.length
    },
    positionsOf: (stream) => streams.get(stream) ?? [],
    leafLineAt: async (position) => lines[position]?.leafLine ?? '',
    add(stream, event) {
      streams.set(stream, [...(streams.get(stream) ?? []), lines.length])
      lines.push(event)
    },
    open(position) {
      const { leafLine = '', bodyLine = '' } = lines[position] ?? {}
      return openEvent(position, leafLine, bodyLine)
    },
  }
}

/** An event log, text store and notes that live as long as the object: for tests. */
export function createMemoryLog(): EventLog & TextStore & Notes {
  const saltKey = Buffer.alloc(32, 7)
  const lines = createLines()
  const bell = createBell()
  const queue = createCommitQueue<AppendRequest, Staged>(async (requests) => {
    const stage = await stageAppends(requests, lines, saltKey)
    for (const event of stage.events) lines.add(event.stream, event)
    bell.ring()
    return stage.results
  }, 256)
  const followed: Followed = {
    size: () => lines.size,
    isClosed: () => false,
    readRange: async (from, to) =>
      Array.from({ length: to - from }, (_, at) => lines.open(from + at)),
  }

  const log: EventLog = {
    async append(stream, expectedSeq, events) {
      const request = parseOrRefuse(appendRequest, { stream, expectedSeq, events }, 'append')
      const result = await queue.push(request)
      if (result.kind === 'conflict') return result
      return { kind: 'appended', events: result.positions.map((position) => lines.open(position)) }
    },
    read: async (stream, fromSeq = 0) =>
      lines
        .positionsOf(stream)
        .slice(fromSeq)
        .map((position) => lines.open(position)),
    follow: (fromPosition, signal) => followEvents(followed, bell, fromPosition, signal),
    size: async () => lines.size,
  }
  return { ...log, ...createMemoryTexts(), ...createNotes() }
}
