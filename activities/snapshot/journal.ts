import { createHash } from 'node:crypto'
import { mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { canonicalJson } from '../../src/domain/canonical.js'
import { codeOf } from '../registry/files.js'
import { fieldsOf, textOf, wholeNumberOf } from '../registry/json.js'
import type { SnapshotFile } from './manifest.js'

/** Which files of a snapshot are finished, so that a kill does not start them again. */
export interface Journal {
  readonly finished: ReadonlyMap<string, SnapshotFile>
  add(file: SnapshotFile): Promise<void>
  close(): Promise<void>
  /** The snapshot is whole: nothing of it needs to be resumed. */
  remove(): Promise<void>
}

/** What a journal is about; lines about anything else are passed over. */
export interface JournalSubject {
  readonly model: string
  readonly version: string
}

function lineFor(subject: JournalSubject, { path, size, sha256 }: SnapshotFile): string {
  const { model, version } = subject
  return canonicalJson({ model, version, path, size, sha256 })
}

/** A finished file, or null for a line that is torn, malformed or about something else. */
function fileFrom(line: string, subject: JournalSubject): SnapshotFile | null {
  try {
    const fields = fieldsOf(JSON.parse(line))
    const path = textOf(fields?.get('path'))
    const size = wholeNumberOf(fields?.get('size'))
    const sha256 = textOf(fields?.get('sha256'))
    if (path === null || size === null || sha256 === null) return null
    const file = { path, size, sha256 }
    const isOurs = /^[0-9a-f]{64}$/.test(sha256) && line === lineFor(subject, file)
    return isOurs ? file : null
  } catch {
    return null
  }
}

async function textIn(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return ''
    throw error
  }
}

/**
 * Opens the journal of one attempt and of those before it.
 *
 * @param id the caller's name for the work, the same for every attempt; it may hold anything
 */
export async function openJournal(
  dir: string,
  id: string,
  subject: JournalSubject,
): Promise<Journal> {
  await mkdir(dir, { recursive: true })
  const path = join(dir, `${createHash('sha256').update(id).digest('hex')}.jsonl`)
  const lines = (await textIn(path)).split('\n')
  const files = lines.flatMap((line) => fileFrom(line, subject) ?? [])
  const handle = await open(path, 'a')
  return {
    finished: new Map(files.map((file) => [file.path, file])),
    // The line break comes first, so that a line torn by a kill spoils no other.
    add: async (file) => handle.appendFile(`\n${lineFor(subject, file)}`),
    close: () => handle.close(),
    remove: () => rm(path, { force: true }),
  }
}
