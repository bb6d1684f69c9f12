import type { RecordedEvent } from '../event-log.js'
import { LogDamaged, messageOf } from './log-fault.js'
import type { LogFile } from './log-file.js'
import { leavesName, type LogFiles } from './log-scan.js'
import type { LogIndex } from './log-index.js'
import { openEvent } from './sealed-event.js'

const maxRun = 256

/** Splits positions in ascending order into runs without gaps, each one read from either file. */
function runsOf(positions: readonly number[]): [from: number, to: number][] {
  const runs: [number, number][] = []
  for (const position of positions) {
    const last = runs.at(-1)
    if (last?.[1] === position && position - last[0] < maxRun) last[1] = position + 1
    else runs.push([position, position + 1])
  }
  return runs
}

async function linesBetween(
  file: LogFile,
  ends: readonly number[],
  from: number,
  to: number,
): Promise<string[]> {
  const start = ends[from - 1] ?? 0
  const bytes = await file.read(start, (ends[to - 1] ?? start) - start)
  return Array.from({ length: to - from }, (_, at) => {
    const begin = (ends[from + at - 1] ?? 0) - start
    const end = (ends[from + at] ?? 0) - start
    return bytes.toString('utf8', begin, end - 1)
  })
}

/** The leaves' lines of a range of positions that the index knows. */
export async function leafLines(
  files: LogFiles,
  index: LogIndex,
  from: number,
  to: number,
): Promise<string[]> {
  return linesBetween(files.leaves, index.leafEnds, from, to)
}

/**
 * Reads a range of positions, checking every body against its leaf again.
 *
 * @throws LogDamaged when the disk gives back something else than was written
 */
export async function readRange(
  files: LogFiles,
  index: LogIndex,
  from: number,
  to: number,
): Promise<RecordedEvent[]> {
  const [leaves, bodies] = await Promise.all([
    leafLines(files, index, from, to),
    linesBetween(files.bodies, index.bodyEnds, from, to),
  ])
  return leaves.map((leaf, at) => {
    const position = from + at
    try {
      return openEvent(position, leaf, bodies[at] ?? '')
    } catch (error) {
      const what = messageOf(error)
      throw new LogDamaged({ file: leavesName, line: position + 1, what }, { cause: error })
    }
  })
}

export async function readPositions(
  files: LogFiles,
  index: LogIndex,
  positions: readonly number[],
): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = []
  for (const [from, to] of runsOf(positions)) {
    events.push(...(await readRange(files, index, from, to)))
  }
  return events
}
