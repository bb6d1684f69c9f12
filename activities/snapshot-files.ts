import { open } from 'node:fs/promises'
import { PromotionError } from '../src/domain/errors.js'
import type { ModelFiles } from './check.js'
import type { SnapshotRef } from './snapshot/records.js'
import type { SnapshotStore } from './snapshot/store.js'

const longestSignature = 16 * 1024 * 1024

async function readAt(path: string, offset: number, length: number): Promise<Uint8Array> {
  const handle = await open(path, 'r')
  try {
    const buffer = Buffer.alloc(length)
    const { bytesRead } = await handle.read(buffer, 0, length, offset)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

/**
 * The private copy of a candidate's bytes, as checks read it.
 *
 * @throws PromotionError `EVIDENCE_MISSING` where the copy is gone, `SNAPSHOT_UNSTABLE` where it was changed
 */
export async function snapshotFiles(
  store: SnapshotStore,
  ref: SnapshotRef,
  signal?: AbortSignal,
): Promise<ModelFiles> {
  const snapshot = await store.recorded(ref)
  await store.verify(snapshot, signal)
  const { manifest, modelDigest, signatureDigest } = snapshot
  const paths = new Map(manifest.map(({ path, sha256 }) => [path, store.pathOf(sha256)]))
  const localPath = (path: string) => {
    const found = paths.get(path)
    if (found !== undefined) return found
    throw new PromotionError('EVIDENCE_MISSING', `the snapshot holds no file ${path}`)
  }
  return {
    modelDigest,
    manifest,
    signature: async () =>
      signatureDigest === null
        ? null
        : store.readBlob(signatureDigest.slice('sha256:'.length), longestSignature),
    read: (path, offset, length) => readAt(localPath(path), offset, length),
    localPath,
  }
}
