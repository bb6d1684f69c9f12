import { mkdir, open, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { assertSafePaths } from '../registry/paths.js'
import { readVerified } from './blobs.js'
import type { Snapshot } from './manifest.js'
import { blobsOf } from './records.js'

async function writeFrom(source: AsyncIterable<Uint8Array>, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const handle = await open(path, 'wx', 0o444)
  try {
    for await (const chunk of source) await handle.writeFile(chunk)
  } finally {
    await handle.close()
  }
}

/**
 * Writes a snapshot's files, its `model.sig` included, for a child process that needs a folder. They are copies, not
 * hard links: what a child does to them cannot reach the store. Each is hashed on the way.
 *
 * @param folder must not exist; it is removed again where this fails
 * @throws PromotionError `EVIDENCE_MISSING`, `SNAPSHOT_UNSTABLE` where the store no longer holds the bytes
 */
export async function materialiseInto(
  dir: string,
  snapshot: Snapshot,
  folder: string,
): Promise<void> {
  const blobs = blobsOf(snapshot)
  assertSafePaths(blobs)
  await mkdir(folder, { mode: 0o700 })
  try {
    for (const { path, sha256 } of blobs)
      await writeFrom(readVerified(dir, sha256), join(folder, path))
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}
