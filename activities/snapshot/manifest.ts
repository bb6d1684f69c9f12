import { type Digest, digestOfJson } from '../../src/domain/canonical.js'
import { PromotionError } from '../../src/domain/errors.js'
import { assertSafePaths } from '../registry/paths.js'

/** One file as the model digest covers it. */
export interface SnapshotFile {
  readonly path: string
  /** In bytes. */
  readonly size: number
  /** 64 lower-case hexadecimal digits, bare: the one place where a digest carries no prefix. */
  readonly sha256: string
}

/** A candidate's bytes: what they are, and the one digest that stands for them. */
export interface Snapshot {
  /** SHA-256 of RFC 8785 of `manifest`. */
  readonly modelDigest: Digest
  /** Of a `model.sig` in the root folder, which the model digest does not cover. */
  readonly signatureDigest: Digest | null
  /** How many files the manifest names. */
  readonly files: number
  /** How many bytes those files have together. */
  readonly sizeBytes: number
  /** Sorted by the bytes of the path in UTF-8; without a root `model.sig`. */
  readonly manifest: readonly SnapshotFile[]
}

/** The signature that OpenSSF Model Signing writes beside the files that it signs. */
export const signaturePath = 'model.sig'

const hexPattern = /^[0-9a-f]{64}$/

/** Sorted by the bytes of the paths, which is the order of code points, not of JavaScript's UTF-16 code units. */
export function sortedByPathBytes<T extends { readonly path: string }>(files: readonly T[]): T[] {
  return files
    .map((file) => ({ file, bytes: Buffer.from(file.path, 'utf8') }))
    .toSorted((a, b) => Buffer.compare(a.bytes, b.bytes))
    .map(({ file }) => file)
}

function assertWholeFiles(files: readonly SnapshotFile[]): void {
  const broken = files.find(
    ({ size, sha256 }) => !Number.isSafeInteger(size) || size < 0 || !hexPattern.test(sha256),
  )
  if (broken) throw new TypeError(`${broken.path} has no size or no SHA-256`)
}

/**
 * The snapshot of these files, in whatever order they come.
 *
 * @throws PromotionError `SNAPSHOT_REFUSED` for paths that cannot stand side by side, and where there is nothing to promote
 */
export function snapshotOf(files: readonly SnapshotFile[]): Snapshot {
  assertSafePaths(files)
  assertWholeFiles(files)
  const covered = files.filter(({ path }) => path !== signaturePath)
  if (covered.length === 0)
    throw new PromotionError('SNAPSHOT_REFUSED', 'the version holds no file', {
      remedy: "put the model's files into it, or register a new version",
    })
  const manifest = sortedByPathBytes(covered).map(({ path, size, sha256 }) => ({
    path,
    size,
    sha256,
  }))
  const signature = files.find(({ path }) => path === signaturePath)
  return {
    modelDigest: digestOfJson(manifest),
    signatureDigest: signature ? `sha256:${signature.sha256}` : null,
    files: manifest.length,
    sizeBytes: manifest.reduce((sum, { size }) => sum + size, 0),
    manifest,
  }
}

/** The first path that is not the same in both, and null where the bytes are the same. Signatures are compared too. */
export function differenceOf(a: Snapshot, b: Snapshot): string | null {
  if (a.modelDigest === b.modelDigest)
    return a.signatureDigest === b.signatureDigest ? null : signaturePath
  const others = new Map(b.manifest.map((file) => [file.path, file]))
  const changed = a.manifest.find(({ path, sha256 }) => others.get(path)?.sha256 !== sha256)
  const names = new Set(a.manifest.map(({ path }) => path))
  return changed?.path ?? b.manifest.find(({ path }) => !names.has(path))?.path ?? null
}
