import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { PromotionError } from '../src/domain/errors.js'
import { createBell } from './log/bell.js'
import { createCommitQueue } from './log/commit-queue.js'
import type { EventLog, RecordedEvent } from './event-log.js'
import { appendRequest, parseOrRefuse, type AppendRequest } from './event-rules.js'
import { followEvents, type Followed } from './log/follow.js'
import { acquireLock, type Lock } from './log/lock-file.js'
import { syncFolder } from '../src/sync-folder.js'
import { openLogFile, type OpenLogFile } from './log/log-file.js'
import type { LogIndex } from './log/log-index.js'
import { readPositions, readRange } from './log/log-reader.js'
import { bodiesName, leavesName, type LogFiles } from './log/log-scan.js'
import { openLogWriter, type LogWriter } from './log/log-writer.js'
import { silentLogger, type Logger } from './logger.js'
import { loadSaltKey } from './salt-key.js'
import type { Staged } from './log/stage-appends.js'

const maxBatch = 256

export interface FileLogOptions {
  readonly dir: string
  readonly logger?: Logger
  /** How the writer opens its files; readers always use the real disk. */
  readonly openFile?: OpenLogFile
}

export interface FileLog extends EventLog {
  /** Finishes what waits, ends every `follow` and gives the folder free. */
  close(): Promise<void>
}

interface LogReader extends Followed {
  readPositions(positions: readonly number[]): Promise<readonly RecordedEvent[]>
  close(): Promise<void>
}

interface OpenParts {
  readonly lock: Lock
  readonly writer: LogWriter
  readonly readers: LogFiles
}

async function openParts(options: FileLogOptions, lock: Lock): Promise<OpenParts> {
  const { dir, logger = silentLogger, openFile = openLogFile } = options
  const saltKey = await loadSaltKey(dir)
  const writer = await openLogWriter({ dir, saltKey, lock, logger, openFile })
  for (const folder of ['log', 'payloads', '.']) await syncFolder(join(dir, folder))
  const leaves = await openLogFile(join(dir, leavesName))
  const bodies = await openLogFile(join(dir, bodiesName))
  return { lock, writer, readers: { leaves, bodies } }
}

/**
 * Opens the log in a folder, making it at the first start, and holds the folder's lock until it is closed.
 *
 * @throws PromotionError `LOG_UNAVAILABLE` when another process writes there or the log is damaged (file and line
 *   named), `CONFIG_INVALID` when its salt key is missing or unfit
 */
export async function openFileLog(options: FileLogOptions): Promise<FileLog> {
  const { dir } = options
  for (const folder of ['log', 'payloads']) {
    await mkdir(join(dir, folder), { recursive: true, mode: 0o700 })
  }
  const lock = await acquireLock(dir)
  try {
    return createFileLog(await openParts(options, lock))
  } catch (error) {
    await lock.release()
    throw error
  }
}

/** What readers see: durable events only, and a clear word where the log is closed under them. */
function createLogReader(index: LogIndex, files: LogFiles): LogReader {
  let isClosed = false

  async function unlessClosed<T>(task: () => Promise<T>): Promise<T> {
    try {
      if (!isClosed) return await task()
    } catch (error) {
      if (!isClosed) throw error
    }
    throw new PromotionError('LOG_UNAVAILABLE', 'the recorder is stopping')
  }

  return {
    size: () => index.leafEnds.length,
    isClosed: () => isClosed,
    readRange: (from, to) => unlessClosed(() => readRange(files, index, from, to)),
    readPositions: (positions) => unlessClosed(() => readPositions(files, index, positions)),
    async close() {
      isClosed = true
      await Promise.all([files.leaves.close(), files.bodies.close()])
    },
  }
}

function createFileLog({ lock, writer, readers }: OpenParts): FileLog {
  const { index } = writer
  const bell = createBell()
  const reader = createLogReader(index, readers)
  const queue = createCommitQueue<AppendRequest, Staged>(async (requests) => {
    const before = index.leafEnds.length
    const results = await writer.commit(requests)
    if (index.leafEnds.length > before) bell.ring()
    return results
  }, maxBatch)

  let closing: Promise<void> | undefined

  async function close(): Promise<void> {
    await queue.idle()
    await reader.close()
    bell.ring()
    await writer.close()
    await lock.release()
  }

  return {
    async append(stream, expectedSeq, events) {
      const request = parseOrRefuse(appendRequest, { stream, expectedSeq, events }, 'append')
      if (closing) throw new PromotionError('LOG_UNAVAILABLE', 'the recorder is stopping')
      const result = await queue.push(request)
      if (result.kind === 'conflict') return result
      return { kind: 'appended', events: await reader.readPositions(result.positions) }
    },
    read: async (stream, fromSeq = 0) =>
      reader.readPositions((index.streams.get(stream) ?? []).slice(fromSeq)),
    follow: (fromPosition, signal) => followEvents(reader, bell, fromPosition, signal),
    size: async () => reader.size(),
    close: () => (closing ??= close()),
  }
}
