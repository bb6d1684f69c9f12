import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { PromotionError } from '../../src/domain/errors.js'
import { createFolderLock } from '../registry/folder-lock.js'
import { snapshotUnstable } from '../registry/paths.js'
import { blobPath, type BytesSeen, putBlob, readVerified, touchBlob } from './blobs.js'
import { type Collected, collectGarbage, type CollectOptions } from './collect.js'
import type { Snapshot } from './manifest.js'
import { materialiseInto } from './materialise.js'
import { blobsOf, readRecord, removeRecord, type SnapshotRef, writeRecord } from './records.js'

/** Copies of candidates' bytes, by what they are. Checks read nothing else. */
export interface SnapshotStore {
  readonly dir: string
  /** Stores bytes while hashing them; half of them are never there. @throws PromotionError `LIMIT_REACHED` on a full disk */
  putStream(
    source: AsyncIterable<Uint8Array>,
    onBytes?: (count: number) => void,
  ): Promise<BytesSeen>
  /** Whether these bytes are there, with this size where one is given; asking keeps them from the next clean-up. */
  has(sha256: string, sizeBytes?: number): Promise<boolean>
  /** The bytes, hashed again on the way. @throws PromotionError `EVIDENCE_MISSING`; `SNAPSHOT_UNSTABLE` at the end where they changed */
  openBlob(sha256: string): AsyncIterable<Uint8Array>
  /** All of a blob, already checked. @throws PromotionError as `openBlob`, and `LIMIT_REACHED` above `maximumBytes` */
  readBlob(sha256: string, maximumBytes: number): Promise<Buffer>
  /** For readers that can only take a file. Nothing checks what they read there: prefer `materialise`. */
  pathOf(sha256: string): string
  remove(sha256: string): Promise<void>
  /** Remembers a snapshot whose bytes are all there. @throws PromotionError `SNAPSHOT_UNSTABLE` where one's are not */
  record(snapshot: Snapshot): Promise<void>
  /** @throws PromotionError `EVIDENCE_MISSING` */
  recorded(ref: SnapshotRef): Promise<Snapshot>
  /**
   * Reads every byte of a snapshot again: what lies in the store is what was recorded. For whoever then reads files by
   * `pathOf`, where nothing is checked.
   *
   * @throws PromotionError `EVIDENCE_MISSING`, `SNAPSHOT_UNSTABLE`
   */
  verify(snapshot: Snapshot, signal?: AbortSignal): Promise<void>
  /** Forgets a snapshot; its bytes go with the first clean-up that finds them old and named by no other. */
  release(ref: SnapshotRef): Promise<void>
  collect(options: CollectOptions): Promise<Collected>
  /** Writes the files, read-only and checked, into a folder that does not exist yet; `model.sig` is among them. */
  materialise(snapshot: Snapshot, folder: string): Promise<void>
}

async function readBounded(dir: string, sha256: string, maximumBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of readVerified(dir, sha256)) {
    sizeBytes += chunk.length
    if (sizeBytes > maximumBytes)
      throw new PromotionError('LIMIT_REACHED', `${sha256} is longer than ${maximumBytes} bytes`, {
        remedy: 'a file of this kind may not be that long',
      })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

async function verifyAll(dir: string, snapshot: Snapshot, signal?: AbortSignal): Promise<void> {
  for (const { sha256 } of blobsOf(snapshot))
    for await (const chunk of readVerified(dir, sha256))
      if (chunk.length > 0) signal?.throwIfAborted()
}

/** A store in a folder. Several processes may use the same one. */
export function createSnapshotStore({ dir }: { readonly dir: string }): SnapshotStore {
  const lock = createFolderLock({ path: join(dir, '.lock') })
  return {
    dir,
    putStream: (source, onBytes) => putBlob(dir, source, onBytes),
    has: (sha256, sizeBytes) => touchBlob(dir, sha256, sizeBytes),
    openBlob: (sha256) => readVerified(dir, sha256),
    readBlob: (sha256, maximumBytes) => readBounded(dir, sha256, maximumBytes),
    pathOf: (sha256) => blobPath(dir, sha256),
    remove: (sha256) => rm(blobPath(dir, sha256), { force: true }),
    async record(snapshot) {
      await mkdir(dir, { recursive: true })
      // Under the lock, so that no clean-up takes a blob between being seen and being named.
      await lock.run(async () => {
        for (const { path, sha256 } of blobsOf(snapshot))
          if (!(await touchBlob(dir, sha256)))
            throw snapshotUnstable(path, 'went missing from the snapshot store')
        await writeRecord(dir, snapshot)
      })
    },
    recorded: (ref) => readRecord(dir, ref),
    verify: (snapshot, signal) => verifyAll(dir, snapshot, signal),
    release: (ref) => removeRecord(dir, ref),
    async collect(options) {
      await mkdir(dir, { recursive: true })
      return lock.run(() => collectGarbage(dir, options))
    },
    materialise: (snapshot, folder) => materialiseInto(dir, snapshot, folder),
  }
}
