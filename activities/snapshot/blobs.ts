import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, rename, rm, stat, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { PromotionError } from '../../src/domain/errors.js'
import { syncFolder } from '../../src/sync-folder.js'
import { codeOf } from '../registry/files.js'

/** What reading to the end has shown of some bytes. */
export interface BytesSeen {
  readonly sha256: string
  readonly sizeBytes: number
}

const chunkBytes = 1024 * 1024
const hexPattern = /^[0-9a-f]{64}$/

/** Where one file's bytes lie: `blobs/sha256/ab/ab…`. @throws TypeError for anything but 64 hexadecimal digits */
export function blobPath(dir: string, sha256: string): string {
  if (!hexPattern.test(sha256)) throw new TypeError('a blob is named by 64 hexadecimal digits')
  return join(dir, 'blobs', 'sha256', sha256.slice(0, 2), sha256)
}

/** What the disk said, as the error that a caller can act on. */
function storeError(error: unknown): unknown {
  const code = codeOf(error)
  if (code !== 'ENOSPC' && code !== 'EDQUOT' && code !== 'EFBIG') return error
  return new PromotionError(
    'LIMIT_REACHED',
    `there is no space left for the snapshot: ${code}`,
    { remedy: 'make room where the snapshot store lies; nothing half written is left there' },
    { cause: error },
  )
}

async function copyInto(
  handle: FileHandle,
  source: AsyncIterable<Uint8Array>,
  onBytes: (count: number) => void,
): Promise<BytesSeen> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  for await (const chunk of source) {
    hash.update(chunk)
    await handle.writeFile(chunk)
    sizeBytes += chunk.length
    onBytes(chunk.length)
  }
  await handle.sync()
  return { sha256: hash.digest('hex'), sizeBytes }
}

/**
 * Copies bytes into the store while it hashes them. They have their name only once all of them are on the disk, so a
 * kill leaves at most a draft. The same bytes again replace the same bytes, so a copy that went bad is mended.
 *
 * @throws PromotionError `LIMIT_REACHED` on a full disk, and whatever the source throws
 */
export async function putBlob(
  dir: string,
  source: AsyncIterable<Uint8Array>,
  onBytes: (count: number) => void = () => undefined,
): Promise<BytesSeen> {
  const draft = join(dir, 'drafts', randomBytes(16).toString('hex'))
  await mkdir(dirname(draft), { recursive: true })
  try {
    const handle = await open(draft, 'wx', 0o444)
    let seen: BytesSeen
    try {
      seen = await copyInto(handle, source, onBytes)
    } finally {
      await handle.close()
    }
    const path = blobPath(dir, seen.sha256)
    const made = await mkdir(dirname(path), { recursive: true })
    await rename(draft, path)
    await syncFolder(dirname(path))
    if (made !== undefined) await syncFolder(dirname(made))
    return seen
  } catch (error) {
    await rm(draft, { force: true })
    throw storeError(error)
  }
}

/** Reads to the end for the hash alone. */
export async function hashBytes(
  source: AsyncIterable<Uint8Array>,
  onBytes: (count: number) => void = () => undefined,
): Promise<BytesSeen> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  for await (const chunk of source) {
    hash.update(chunk)
    sizeBytes += chunk.length
    onBytes(chunk.length)
  }
  return { sha256: hash.digest('hex'), sizeBytes }
}

/**
 * Whether the blob is there; it is then marked as wanted now, so that a clean-up leaves it alone.
 *
 * @param sizeBytes where given, a blob of another size counts as not there
 */
export async function touchBlob(dir: string, sha256: string, sizeBytes?: number): Promise<boolean> {
  const path = blobPath(dir, sha256)
  try {
    if (sizeBytes !== undefined && (await stat(path)).size !== sizeBytes) return false
    const now = new Date()
    await utimes(path, now, now)
    return true
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
}

/**
 * The bytes of a blob, hashed again on the way: the last step throws where they are not what their name says.
 *
 * @throws PromotionError `EVIDENCE_MISSING` where it is not there, `SNAPSHOT_UNSTABLE` where it was changed
 */
export async function* readVerified(dir: string, sha256: string): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  try {
    const stream = createReadStream(blobPath(dir, sha256), { highWaterMark: chunkBytes })
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      hash.update(chunk)
      yield chunk
    }
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    throw new PromotionError(
      'EVIDENCE_MISSING',
      `the snapshot store no longer holds ${sha256}`,
      { remedy: 'take the snapshot again: rerun the check' },
      { cause: error },
    )
  }
  if (hash.digest('hex') !== sha256)
    throw new PromotionError('SNAPSHOT_UNSTABLE', `the stored copy of ${sha256} has changed`, {
      remedy: 'remove it from the snapshot store and rerun the check; find out who wrote there',
    })
}
