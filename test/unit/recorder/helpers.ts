import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { NewEvent } from '../../../recorder/event-log.js'
import { openFileLog, type FileLog, type FileLogOptions } from '../../../recorder/file-log.js'
import type { Logger } from '../../../recorder/logger.js'

export const leavesFile = 'log/leaves.jsonl'
export const bodiesFile = 'payloads/bodies.jsonl'

export async function newFolder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'countersign-recorder-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

export function event(type: string, body: NewEvent['body'] = {}): NewEvent {
  return { type, at: '2026-11-22T20:29:00.000Z', person: null, body }
}

/** Opens a log that is closed when the test ends, if not before. */
export async function openLog(options: FileLogOptions): Promise<FileLog> {
  const log = await openFileLog(options)
  onTestFinished(() => log.close())
  return log
}

/** A folder whose log holds so many single events in one stream and is closed. */
export async function folderWith(count: number): Promise<string> {
  const dir = await newFolder()
  const log = await openLog({ dir })
  for (let seq = 0; seq < count; seq += 1) {
    await log.append('governance', seq, [event('seen', { seq })])
  }
  await log.close()
  return dir
}

export async function changeFile(
  dir: string,
  name: string,
  change: (text: string) => string,
): Promise<void> {
  const path = join(dir, name)
  await writeFile(path, change(await readFile(path, 'utf8')))
}

export interface Said extends Logger {
  readonly lines: string[]
}

/** A logger that remembers what it was told. */
export function createListeningLogger(): Said {
  const lines: string[] = []
  const say = (detail: object, message: string): void => {
    lines.push(`${message} ${JSON.stringify(detail)}`)
  }
  return { lines, info: say, warn: say, error: say }
}
