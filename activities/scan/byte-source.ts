import { PromotionError } from '../../src/domain/errors.js'
import type { CheckRun, ManifestEntry, ModelFiles } from '../check.js'

const progressEveryMs = 1000

/** One file of the model as the parsers see it. */
export interface ByteSource {
  readonly path: string
  readonly size: number
  /**
   * Exactly the bytes asked for; the caller has compared the range with `size`.
   *
   * @throws PromotionError `SNAPSHOT_UNSTABLE` when the file is shorter than its manifest says
   */
  read(offset: number, length: number): Promise<Uint8Array>
  /** Up to `length` bytes from the beginning; fewer where the file ends. */
  head(length: number): Promise<Uint8Array>
}

/** Says what is read at most once a second, whoever reads and however often. */
export function createProgress(run: CheckRun): (what: string) => void {
  let last = 0
  return (what) => {
    const now = Date.now()
    if (now - last < progressEveryMs) return
    last = now
    run.onProgress(what)
  }
}

export function createByteSource(
  files: ModelFiles,
  entry: ManifestEntry,
  signal: AbortSignal,
  progress: (what: string) => void,
): ByteSource {
  const read = async (offset: number, length: number) => {
    signal.throwIfAborted()
    progress(`reading ${entry.path} at ${offset} of ${entry.size} bytes`)
    const bytes = length === 0 ? new Uint8Array(0) : await files.read(entry.path, offset, length)
    if (bytes.length === length) return bytes
    throw new PromotionError(
      'SNAPSHOT_UNSTABLE',
      `${entry.path} ended at byte ${offset + bytes.length}, but its manifest says ${entry.size}`,
      { remedy: 'Leave the files alone while they are checked, then run the check again.' },
    )
  }
  return {
    path: entry.path,
    size: entry.size,
    read,
    head: (length) => read(0, Math.min(length, entry.size)),
  }
}
