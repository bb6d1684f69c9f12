import type { PromotionEvent } from '../src/schema/event.js'
import type { CheckRun } from './check.js'
import type { WorkerDeps } from './deps.js'
import { takeSnapshot } from './snapshot/take.js'

type SnapshotBody = Extract<PromotionEvent, { type: 'snapshotted' }>['body']

/**
 * Copies the candidate's bytes into the store while hashing them, and keeps the manifest as evidence under the model
 * digest. Finished files are not read again after a kill, so a retry is safe and cheap.
 *
 * @throws PromotionError `SNAPSHOT_REFUSED`, `SNAPSHOT_UNSTABLE`, `MODEL_NOT_FOUND`, `REGISTRY_UNAVAILABLE`, `LIMIT_REACHED`
 */
export async function snapshotOnce(
  deps: WorkerDeps,
  input: { readonly promotion: string; readonly model: string; readonly version: string },
  run: CheckRun,
): Promise<SnapshotBody> {
  const { registry, snapshots: store, evidence } = deps
  const { promotion, model, version } = input
  const { manifest, modelDigest, signatureDigest, files, sizeBytes } = await takeSnapshot({
    registry,
    store,
    model,
    version,
    checkpointId: promotion,
    signal: run.signal,
    onProgress: (progress) => run.onProgress(`${progress.files} files, ${progress.bytes} bytes`),
  })
  await evidence.put(manifest.map(({ path, size, sha256 }) => ({ path, size, sha256 })))
  await evidence.attach(promotion, 'manifest', modelDigest)
  return { modelDigest, signatureDigest, files, sizeBytes }
}
