import { batchMarkName, readBatchMark, wholeAppends } from './batch-mark.js'
import { unavailableFrom } from './log-fault.js'
import type { LogFile } from './log-file.js'
import { bytesOf, cutIndex, type LogIndex } from './log-index.js'
import { bodiesName, leavesName, scanLog, type LogFiles } from './log-scan.js'
import type { Logger } from '../logger.js'

/** Everything that a writer has open. */
export interface WriterFiles extends LogFiles {
  readonly mark: LogFile
}

async function cut(file: LogFile, name: string, size: number, logger: Logger): Promise<void> {
  const found = await file.size()
  if (found > size) {
    logger.warn({ file: name, from: found, to: size }, 'cut off a torn tail that a crash left')
    await file.truncate(size)
  }
  // Also where nothing was cut: what a killed writer left may be in the page cache only, and is answered from now on.
  await file.sync()
}

/**
 * Reads the log at start, cuts off what a crash left unfinished at its end and makes the rest durable.
 *
 * @throws LogDamaged (a PromotionError `LOG_UNAVAILABLE`) when the log is damaged in a way that no crash explains
 */
export async function recoverLog(
  files: WriterFiles,
  saltKey: Uint8Array,
  logger: Logger,
): Promise<LogIndex> {
  const { index } = await scanLog(files, saltKey)
  const found = index.leafEnds.length
  const whole = wholeAppends(await readBatchMark(files.mark), found)
  if (whole < found) {
    logger.warn({ file: batchMarkName, leaves: found - whole }, 'cut off half an append')
    cutIndex(index, whole)
  }
  await cutTo(files, index, logger)
  return index
}

/** Cuts both files back to what the index knows to be durable. Leaves go first: a body without a leaf is harmless. */
export async function cutTo(files: LogFiles, index: LogIndex, logger: Logger): Promise<void> {
  const sound = bytesOf(index, index.leafEnds.length)
  await cut(files.leaves, leavesName, sound.leaves, logger)
  await cut(files.bodies, bodiesName, sound.bodies, logger)
}

/** @throws PromotionError `LOG_UNAVAILABLE` when a file lost bytes that were acknowledged */
export async function assertKept(files: LogFiles, index: LogIndex, dir: string): Promise<void> {
  const durable = bytesOf(index, index.leafEnds.length)
  const leafBytes = await files.leaves.size()
  const bodyBytes = await files.bodies.size()
  if (leafBytes < durable.leaves || bodyBytes < durable.bodies) {
    throw unavailableFrom(new Error('acknowledged bytes are gone'), dir)
  }
}
