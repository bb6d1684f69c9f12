import { join } from 'node:path'
import { snapshotUnstable } from '../registry/paths.js'
import type { ModelRegistry, RegistryFile } from '../registry/registry.js'
import { type BytesSeen, hashBytes } from './blobs.js'
import { type Journal, openJournal } from './journal.js'
import { type Snapshot, type SnapshotFile, snapshotOf, sortedByPathBytes } from './manifest.js'
import type { SnapshotStore } from './store.js'

/** How far a snapshot is: what was finished before counts too. */
export interface SnapshotProgress {
  readonly files: number
  readonly bytes: number
}

export interface HashSnapshotOptions {
  readonly registry: ModelRegistry
  readonly model: string
  readonly version: string
  readonly signal?: AbortSignal
  /** Called with every chunk, and every half second while nothing comes: made for heartbeats. */
  readonly onProgress?: (progress: SnapshotProgress) => void
}

export interface TakeSnapshotOptions extends HashSnapshotOptions {
  readonly store: SnapshotStore
  /** The same for every attempt at the same work; with it, a kill does not start finished files again. */
  readonly checkpointId?: string
  /** Where journals lie; in the store by default. */
  readonly checkpointDir?: string
}

const filesAtOnce = 2
const heartbeatMs = 500

type Consume = (
  source: AsyncIterable<Uint8Array>,
  onBytes: (count: number) => void,
) => Promise<BytesSeen>

/** The bytes of one file, broken off as soon as there are more than were listed. */
async function* bounded(
  source: AsyncIterable<Uint8Array>,
  { path, sizeBytes }: RegistryFile,
): AsyncGenerator<Uint8Array> {
  let seen = 0
  for await (const chunk of source) {
    seen += chunk.length
    if (seen > sizeBytes) throw snapshotUnstable(path, 'grew while it was read')
    yield chunk
  }
  if (seen < sizeBytes) throw snapshotUnstable(path, 'is shorter than the registry says')
}

function createProgress(report: HashSnapshotOptions['onProgress']) {
  let progress: SnapshotProgress = { files: 0, bytes: 0 }
  const tell = () => report?.(progress)
  const timer = setInterval(tell, heartbeatMs)
  tell()
  return {
    add(files: number, bytes: number) {
      progress = { files: progress.files + files, bytes: progress.bytes + bytes }
      tell()
    },
    stop: () => clearInterval(timer),
  }
}

/** Does the work for each item, a few at once; the first failure stops the others and is what the caller gets. */
async function eachOf<T>(
  items: readonly T[],
  work: (item: T, signal: AbortSignal) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const failed = new AbortController()
  const stop = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal
  const queue = items.values()
  const lane = async () => {
    for (const item of queue) {
      stop.throwIfAborted()
      await work(item, stop)
    }
  }
  const lanes = Array.from({ length: filesAtOnce }, () =>
    lane().catch((error: unknown) => {
      failed.abort(error)
      throw error
    }),
  )
  await Promise.allSettled(lanes)
  stop.throwIfAborted()
}

function assertSameListing(before: readonly RegistryFile[], after: readonly RegistryFile[]): void {
  const now = new Map(after.map(({ path, sizeBytes }) => [path, sizeBytes]))
  for (const { path, sizeBytes } of before) {
    if (!now.has(path)) throw snapshotUnstable(path, 'went away while the version was read')
    if (now.get(path) !== sizeBytes) throw snapshotUnstable(path, 'changed its size meanwhile')
    now.delete(path)
  }
  const [added] = now.keys()
  if (added !== undefined) throw snapshotUnstable(added, 'was added while the version was read')
}

type Reading = HashSnapshotOptions & {
  readonly consume: Consume
  readonly isFinished: (file: RegistryFile) => Promise<SnapshotFile | null>
  readonly onFinished: (file: SnapshotFile) => Promise<void>
}

async function readAll(options: Reading): Promise<Snapshot> {
  const { registry, model, version, signal } = options
  const progress = createProgress(options.onProgress)
  try {
    const listed = await registry.files(model, version, signal)
    const files: SnapshotFile[] = []
    const work = async (file: RegistryFile, stop: AbortSignal) => {
      const before = await options.isFinished(file)
      if (before) {
        files.push(before)
        progress.add(1, before.size)
        return
      }
      const source = bounded(await registry.open(model, version, file.path, stop), file)
      const seen = await options.consume(source, (count) => progress.add(0, count))
      const finished = { path: file.path, size: seen.sizeBytes, sha256: seen.sha256 }
      files.push(finished)
      await options.onFinished(finished)
      progress.add(1, 0)
    }
    await eachOf(sortedByPathBytes(listed), work, signal)
    assertSameListing(listed, await registry.files(model, version, signal))
    return snapshotOf(files)
  } finally {
    progress.stop()
  }
}

/** Finished by an attempt before this one, if the registry still says the same size and the copy is still there. */
async function finishedBefore(
  store: SnapshotStore,
  journal: Journal | null,
  { path, sizeBytes }: RegistryFile,
): Promise<SnapshotFile | null> {
  const file = journal?.finished.get(path)
  return file?.size === sizeBytes && (await store.has(file.sha256, sizeBytes)) ? file : null
}

/**
 * Copies every byte of a version into the store while hashing it. May be repeated: what is there already is not doubled,
 * and with a `checkpointId` finished files are not read again.
 *
 * @throws PromotionError `SNAPSHOT_REFUSED`; `SNAPSHOT_UNSTABLE` naming the path that changed meanwhile;
 *   `MODEL_NOT_FOUND`, `REGISTRY_UNAVAILABLE`; `LIMIT_REACHED` on a full disk
 */
export async function takeSnapshot(options: TakeSnapshotOptions): Promise<Snapshot> {
  const { store, model, version, checkpointId } = options
  const dir = options.checkpointDir ?? join(store.dir, 'checkpoints')
  const journal =
    checkpointId === undefined ? null : await openJournal(dir, checkpointId, { model, version })
  try {
    const snapshot = await readAll({
      ...options,
      consume: (source, onBytes) => store.putStream(source, onBytes),
      isFinished: (file) => finishedBefore(store, journal, file),
      onFinished: async (file) => journal?.add(file),
    })
    await store.record(snapshot)
    await journal?.remove()
    return snapshot
  } finally {
    await journal?.close()
  }
}

/** The same without keeping a byte: what the registry holds at the moment of promotion. @throws as `takeSnapshot` */
export async function hashSnapshot(options: HashSnapshotOptions): Promise<Snapshot> {
  return readAll({
    ...options,
    consume: hashBytes,
    isFinished: () => Promise.resolve(null),
    onFinished: () => Promise.resolve(),
  })
}
