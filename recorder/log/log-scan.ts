import { messageOf, LogDamaged } from './log-fault.js'
import { addToIndex, bytesOf, createLogIndex, nextSeqOf, type LogIndex } from './log-index.js'
import type { LogFile } from './log-file.js'
import { linesOf, type LogLine } from './log-lines.js'
import { assertSealedWith, openBody, parseLeaf } from './sealed-event.js'

export const leavesName = 'log/leaves.jsonl'
export const bodiesName = 'payloads/bodies.jsonl'

/** The two files of a log: line n of one belongs to line n of the other. */
export interface LogFiles {
  readonly leaves: LogFile
  readonly bodies: LogFile
}

/** A log as it was found: its sound part, and how many bytes of either file lie behind that. */
export interface LogScan {
  readonly index: LogIndex
  readonly tornLeafBytes: number
  readonly tornBodyBytes: number
}

async function nextLine(
  lines: AsyncGenerator<LogLine>,
  file: string,
  line: number,
): Promise<LogLine | undefined> {
  try {
    const { value, done } = await lines.next()
    return done === true ? undefined : value
  } catch (error) {
    throw new LogDamaged(
      { file, line, what: `cannot be read: ${messageOf(error)}` },
      { cause: error },
    )
  }
}

/** Takes one pair of lines into the index. @throws LogDamaged naming the file that is at fault */
function admit(index: LogIndex, leaf: LogLine, body: LogLine, saltKey?: Uint8Array): void {
  const position = index.leafEnds.length
  const header = faultsAt(leavesName, position, () => parseLeaf(leaf.text))
  const opened = faultsAt(bodiesName, position, () => openBody(header, body.text))
  faultsAt(leavesName, position, () => {
    if (saltKey !== undefined) assertSealedWith(saltKey, { position, leaf: header, ...opened })
  })
  const { stream, seq } = header
  const expected = nextSeqOf(index, stream)
  if (seq !== expected) {
    const what = `stream ${stream} has sequence number ${seq} where ${expected} must stand`
    throw new LogDamaged({ file: leavesName, line: position + 1, what })
  }
  addToIndex(index, stream, leaf.bytes, body.bytes)
}

function faultsAt<T>(file: string, position: number, task: () => T): T {
  try {
    return task()
  } catch (error) {
    throw new LogDamaged({ file, line: position + 1, what: messageOf(error) }, { cause: error })
  }
}

/** A crash leaves at most the last leaf without its body; more than one means that bodies were lost. */
async function assertLastLeaf(leaves: AsyncGenerator<LogLine>, position: number): Promise<void> {
  if ((await nextLine(leaves, leavesName, position + 2)) === undefined) return
  const what = 'the body is missing, and leaves that need one follow'
  throw new LogDamaged({ file: bodiesName, line: position + 1, what })
}

/**
 * Reads a whole log and checks it: canonical lines, body digests, order, dense sequence numbers, and with the salt
 * key each leaf's header too. What a crash can leave at the end is measured, not judged.
 *
 * @throws LogDamaged for the first fault that no crash explains
 */
export async function scanLog(files: LogFiles, saltKey?: Uint8Array): Promise<LogScan> {
  const index = createLogIndex()
  const leaves = linesOf(files.leaves)
  const bodies = linesOf(files.bodies)
  for (let position = 0; ; position += 1) {
    const leaf = await nextLine(leaves, leavesName, position + 1)
    if (leaf === undefined) break
    const body = await nextLine(bodies, bodiesName, position + 1)
    if (body === undefined) {
      await assertLastLeaf(leaves, position)
      break
    }
    admit(index, leaf, body, saltKey)
  }
  const sound = bytesOf(index, index.leafEnds.length)
  return {
    index,
    tornLeafBytes: (await files.leaves.size()) - sound.leaves,
    tornBodyBytes: (await files.bodies.size()) - sound.bodies,
  }
}
