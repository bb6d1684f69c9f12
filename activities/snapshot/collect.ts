import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from '../registry/files.js'
import { isRecordName, recordNameOf, recordsFolder, type SnapshotRef } from './records.js'

export interface CollectOptions {
  /** Nothing younger than this is removed, in ms since the Unix epoch. */
  readonly olderThan: number
  /** Snapshots of promotions that still run, or whose evidence must stay readable. */
  readonly keep: readonly SnapshotRef[]
}

export interface Collected {
  readonly snapshots: number
  readonly blobs: number
  /** Leftovers of processes that were killed: half-written copies and journals. */
  readonly leftovers: number
}

const hex = /[0-9a-f]{64}/g

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
}

async function isOlder(path: string, olderThan: number): Promise<boolean> {
  try {
    return (await stat(path)).mtimeMs < olderThan
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
}

async function removeOld(
  folder: string,
  olderThan: number,
  mayGo: (name: string) => boolean = () => true,
): Promise<number> {
  let removed = 0
  for (const name of await namesIn(folder)) {
    const path = join(folder, name)
    if (!mayGo(name) || !(await isOlder(path, olderThan))) continue
    await rm(path, { force: true })
    removed += 1
  }
  return removed
}

/** Every digest that a record mentions. A record that cannot be parsed still keeps its blobs: unknown means no. */
async function wantedBlobs(dir: string): Promise<ReadonlySet<string>> {
  const wanted = new Set<string>()
  for (const name of await namesIn(recordsFolder(dir))) {
    const text = await readFile(join(recordsFolder(dir), name), 'utf8')
    for (const [digest] of `${name} ${text}`.matchAll(hex)) wanted.add(digest)
  }
  return wanted
}

/**
 * Removes what no promotion needs any more: old records that nobody keeps, then old blobs that no record names.
 * Called under the store's lock, so that no snapshot is being recorded meanwhile.
 */
export async function collectGarbage(dir: string, options: CollectOptions): Promise<Collected> {
  const { olderThan } = options
  const kept = new Set(options.keep.map(recordNameOf))
  const snapshots = await removeOld(
    recordsFolder(dir),
    olderThan,
    (name) => isRecordName(name) && !kept.has(name),
  )
  const wanted = await wantedBlobs(dir)
  const shelves = join(dir, 'blobs', 'sha256')
  let blobs = 0
  for (const shelf of await namesIn(shelves))
    blobs += await removeOld(join(shelves, shelf), olderThan, (name) => !wanted.has(name))
  const drafts = await removeOld(join(dir, 'drafts'), olderThan)
  const journals = await removeOld(join(dir, 'checkpoints'), olderThan)
  return { snapshots, blobs, leftovers: drafts + journals }
}
