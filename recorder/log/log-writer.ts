import { join } from 'node:path'
import { writeBatchMark, batchMarkName } from './batch-mark.js'
import type { AppendRequest } from '../event-rules.js'
import type { Lock } from './lock-file.js'
import { messageOf, unavailableFrom } from './log-fault.js'
import type { OpenLogFile } from './log-file.js'
import { addToIndex, bytesOf, type LogIndex } from './log-index.js'
import { leafLines } from './log-reader.js'
import { assertKept, cutTo, recoverLog, type WriterFiles } from './log-recovery.js'
import { bodiesName, leavesName } from './log-scan.js'
import type { Logger } from '../logger.js'
import { stageAppends, type Stage, type Staged, type StagedEvent } from './stage-appends.js'

export interface WriterOptions {
  readonly dir: string
  readonly saltKey: Uint8Array
  readonly lock: Lock
  readonly logger: Logger
  readonly openFile: OpenLogFile
}

export interface LogWriter {
  readonly index: LogIndex
  /** @throws PromotionError `LOG_UNAVAILABLE`, with nothing of the batch acknowledged */
  commit(requests: readonly AppendRequest[]): Promise<readonly Staged[]>
  close(): Promise<void>
}

interface WriterState {
  files: WriterFiles
  /** After a failed write or fsync nobody knows what is on the disk behind the last durable byte. */
  isSuspect: boolean
  /** Whether the mark on the disk may name positions that a failed batch never filled. */
  isMarkStale: boolean
}

async function openWriterFiles({ dir, openFile }: WriterOptions): Promise<WriterFiles> {
  const leaves = await openFile(join(dir, leavesName))
  const bodies = await openFile(join(dir, bodiesName))
  const mark = await openFile(join(dir, batchMarkName))
  return { leaves, bodies, mark }
}

async function closeFiles({ leaves, bodies, mark }: WriterFiles): Promise<void> {
  await Promise.allSettled([leaves.close(), bodies.close(), mark.close()])
}

/** Opens the files anew, checks that nothing acknowledged is gone, and cuts off the rest. */
async function restore(state: WriterState, index: LogIndex, options: WriterOptions): Promise<void> {
  const files = await openWriterFiles(options)
  await closeFiles(state.files)
  state.files = files
  await assertKept(files, index, options.dir)
  const { length } = index.leafEnds
  await leafLines(files, index, Math.max(0, length - 1), length)
  await cutTo(files, index, options.logger)
  state.isSuspect = false
}

function linesOf(events: readonly StagedEvent[], line: 'leafLine' | 'bodyLine'): Buffer {
  return Buffer.from(events.map((event) => `${event[line]}\n`).join(''))
}

/** Bodies are durable before the first leaf is written: a leaf on the disk always finds its body. */
async function write(state: WriterState, index: LogIndex, stage: Stage): Promise<void> {
  const { leaves, bodies, mark } = state.files
  const durable = bytesOf(index, index.leafEnds.length)
  const markWritten =
    state.isMarkStale || stage.groups.length > 0 ? writeBatchMark(mark, stage.groups) : undefined
  const bodiesWritten = bodies
    .write(durable.bodies, linesOf(stage.events, 'bodyLine'))
    .then(() => bodies.sync())
  const settled = await Promise.allSettled([markWritten, bodiesWritten])
  for (const result of settled) if (result.status === 'rejected') throw result.reason
  state.isMarkStale = false
  await leaves.write(durable.leaves, linesOf(stage.events, 'leafLine'))
  await leaves.sync()
}

async function handleFailure(
  error: unknown,
  state: WriterState,
  index: LogIndex,
  options: WriterOptions,
): Promise<never> {
  const { dir, logger } = options
  logger.error({ dir, reason: messageOf(error) }, 'a batch could not be made durable')
  state.isSuspect = true
  state.isMarkStale = true
  try {
    await restore(state, index, options)
  } catch (cause) {
    logger.error({ dir, reason: messageOf(cause) }, 'the files could not be restored yet')
  }
  throw unavailableFrom(error, dir)
}

/** Opens the log for writing and recovers it. @throws LogDamaged */
export async function openLogWriter(options: WriterOptions): Promise<LogWriter> {
  const { saltKey, lock, logger, dir } = options
  const state: WriterState = {
    files: await openWriterFiles(options),
    isSuspect: false,
    isMarkStale: true,
  }
  const index = await recoverLog(state.files, saltKey, logger).catch(async (error: unknown) => {
    await closeFiles(state.files)
    throw error
  })
  const recorded = {
    get size() {
      return index.leafEnds.length
    },
    positionsOf: (stream: string) => index.streams.get(stream) ?? [],
    leafLineAt: async (position: number) =>
      (await leafLines(state.files, index, position, position + 1))[0] ?? '',
  }

  async function prepare(requests: readonly AppendRequest[]): Promise<Stage> {
    try {
      await lock.assertHeld()
      if (state.isSuspect) await restore(state, index, options)
      return await stageAppends(requests, recorded, saltKey)
    } catch (error) {
      throw unavailableFrom(error, dir)
    }
  }

  return {
    index,
    async commit(requests) {
      const stage = await prepare(requests)
      if (stage.events.length === 0) return stage.results
      await write(state, index, stage).catch((error: unknown) =>
        handleFailure(error, state, index, options),
      )
      for (const { stream, leafLine, bodyLine } of stage.events) {
        addToIndex(index, stream, Buffer.byteLength(leafLine) + 1, Buffer.byteLength(bodyLine) + 1)
      }
      return stage.results
    },
    close: () => closeFiles(state.files),
  }
}
