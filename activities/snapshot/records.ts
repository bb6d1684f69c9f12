import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { canonicalJson, type Digest } from '../../src/domain/canonical.js'
import { PromotionError } from '../../src/domain/errors.js'
import { codeOf, replaceFile } from '../registry/files.js'
import { fieldsOf, listOf, textOf, wholeNumberOf } from '../registry/json.js'
import { type Snapshot, type SnapshotFile, signaturePath, snapshotOf } from './manifest.js'

/** What names a recorded snapshot: the same bytes may come with different signatures. */
export type SnapshotRef = Pick<Snapshot, 'modelDigest' | 'signatureDigest'>

const recordName = /^(?<model>[0-9a-f]{64})(?:-(?<signature>[0-9a-f]{64}))?\.json$/

export function recordsFolder(dir: string): string {
  return join(dir, 'manifests')
}

export function hexOf(digest: Digest): string {
  const hex = digest.slice('sha256:'.length)
  if (!/^[0-9a-f]{64}$/.test(hex)) throw new TypeError('a digest has 64 hexadecimal digits')
  return hex
}

/** The name of a snapshot's record: its digests, so that nothing in it can lead elsewhere. */
export function recordNameOf({ modelDigest, signatureDigest }: SnapshotRef): string {
  const signature = signatureDigest === null ? '' : `-${hexOf(signatureDigest)}`
  return `${hexOf(modelDigest)}${signature}.json`
}

export function isRecordName(name: string): boolean {
  return recordName.test(name)
}

/** Every file of a snapshot with its bytes' name, its signature included. */
export function blobsOf(snapshot: Snapshot): readonly Pick<SnapshotFile, 'path' | 'sha256'>[] {
  const { manifest, signatureDigest } = snapshot
  return signatureDigest === null
    ? manifest
    : [...manifest, { path: signaturePath, sha256: hexOf(signatureDigest) }]
}

export async function writeRecord(dir: string, snapshot: Snapshot): Promise<void> {
  const { manifest, signatureDigest } = snapshot
  await mkdir(recordsFolder(dir), { recursive: true })
  const text = canonicalJson({
    v: 'countersign-snapshot/1',
    signatureDigest,
    manifest: manifest.map(({ path, size, sha256 }) => ({ path, size, sha256 })),
  })
  await replaceFile(join(recordsFolder(dir), recordNameOf(snapshot)), text)
}

function unreadable(ref: SnapshotRef, why: string, cause?: unknown): PromotionError {
  return new PromotionError(
    'EVIDENCE_MISSING',
    `the record of snapshot ${ref.modelDigest} ${why}`,
    { remedy: 'take the snapshot again: rerun the check' },
    { cause },
  )
}

function fileFrom(item: unknown): SnapshotFile | null {
  const fields = fieldsOf(item)
  const path = textOf(fields?.get('path'))
  const size = wholeNumberOf(fields?.get('size'))
  const sha256 = textOf(fields?.get('sha256'))
  return path === null || size === null || sha256 === null ? null : { path, size, sha256 }
}

function snapshotFrom(text: string, ref: SnapshotRef): Snapshot {
  const list = listOf(fieldsOf(JSON.parse(text))?.get('manifest')) ?? []
  const snapshot = snapshotOf(list.flatMap((item) => fileFrom(item) ?? []))
  return { ...snapshot, signatureDigest: ref.signatureDigest }
}

/**
 * A snapshot as it was recorded; its digest is computed anew, so a changed record is found.
 *
 * @throws PromotionError `EVIDENCE_MISSING` where there is none, or where it is not what its name says
 */
export async function readRecord(dir: string, ref: SnapshotRef): Promise<Snapshot> {
  let snapshot: Snapshot
  try {
    snapshot = snapshotFrom(
      await readFile(join(recordsFolder(dir), recordNameOf(ref)), 'utf8'),
      ref,
    )
  } catch (error) {
    throw unreadable(ref, codeOf(error) === 'ENOENT' ? 'is not there' : 'is damaged', error)
  }
  if (snapshot.modelDigest !== ref.modelDigest) throw unreadable(ref, 'has been changed')
  return snapshot
}

export async function removeRecord(dir: string, ref: SnapshotRef): Promise<void> {
  await rm(join(recordsFolder(dir), recordNameOf(ref)), { force: true })
}
