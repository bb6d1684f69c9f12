import { readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fold } from '../src/domain/evolve.js'
import { isEnded, type PromotionState } from '../src/domain/promotion.js'
import type { WorkerDeps } from './deps.js'
import type { SnapshotRef } from './snapshot/records.js'
import { readPromotion } from './streams.js'

const dayMs = 24 * 3_600_000
const releasedName = 'snapshot-released'
/** How an evaluation names what it puts into the temporary folder; a killed worker leaves it there. */
const leftovers = /^countersign-(set|evaluation)-/

function isOver({ phase, since }: PromotionState, before: number): boolean {
  return isEnded(phase) && since < before
}

function nameOf({ modelDigest, signatureDigest }: SnapshotRef): string {
  return `${modelDigest} ${signatureDigest ?? ''}`
}

async function sweepTemporary(before: number): Promise<void> {
  for (const name of (await readdir(tmpdir())).filter((entry) => leftovers.test(entry))) {
    const path = join(tmpdir(), name)
    const modifiedMs = await stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => Number.POSITIVE_INFINITY,
    )
    if (modifiedMs < before) await rm(path, { recursive: true, force: true })
  }
}

/**
 * Removes the private copies of candidates whose promotions ended long enough ago. Bytes that another promotion still
 * needs stay. What was removed already is skipped, so a retry is safe.
 *
 * @param now the present, in ms since the Unix epoch
 * @returns how many promotions' copies were given up
 */
export async function collectSnapshots(deps: WorkerDeps, now: number): Promise<number> {
  const { evidence, log, snapshots, snapshotKeepMs } = deps
  const before = now - snapshotKeepMs
  const over: { readonly promotion: string; readonly ref: SnapshotRef }[] = []
  const kept: SnapshotRef[] = []
  for (const promotion of await evidence.promotions()) {
    const attached = await evidence.attached(promotion)
    if (attached.some(({ name }) => name === releasedName)) continue
    const state = fold(await readPromotion(log, promotion))
    if (!state.snapshot) continue
    if (isOver(state, before)) over.push({ promotion, ref: state.snapshot })
    else kept.push(state.snapshot)
  }
  const needed = new Set(kept.map(nameOf))
  for (const { promotion, ref } of over) {
    if (!needed.has(nameOf(ref))) await snapshots.release(ref)
    await evidence.attach(promotion, releasedName, ref.modelDigest)
  }
  await snapshots.collect({ olderThan: before, keep: kept })
  await sweepTemporary(now - dayMs)
  return over.length
}
