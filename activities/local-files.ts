import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { lstat, open, readdir, realpath, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { PromotionError } from '../src/domain/errors.js'
import type { ModelFiles } from './check.js'
import { signaturePath, snapshotOf, type SnapshotFile } from './snapshot/manifest.js'

const hashBytes = 1_048_576
const largestSignature = 64 * 1024 * 1024

function refusedPath(path: string, what: string): PromotionError {
  return new PromotionError('SNAPSHOT_REFUSED', `${path} is ${what}, not a plain file`, {
    remedy: 'Put the file itself there: links and devices can change what they lead to.',
  })
}

/** Never follows a link, even one that was put there after the folder was read. */
async function withFile<T>(path: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    return await use(file)
  } finally {
    await file.close()
  }
}

async function pathsUnder(root: string, folder: string): Promise<string[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true })
  const found: string[] = []
  for (const entry of entries) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) found.push(...(await pathsUnder(root, path)))
    else if (entry.isFile()) found.push(path)
    else throw refusedPath(path, entry.isSymbolicLink() ? 'a link' : 'a special file')
  }
  return found
}

async function readAt(file: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = Buffer.alloc(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, offset + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return bytes.subarray(0, filled)
}

async function hashed(root: string, path: string): Promise<SnapshotFile> {
  return withFile(join(root, path), async (file) => {
    const hash = createHash('sha256')
    let size = 0
    for (;;) {
      const bytes = await readAt(file, size, hashBytes)
      hash.update(bytes)
      size += bytes.length
      if (bytes.length < hashBytes) return { path, size, sha256: hash.digest('hex') }
    }
  })
}

async function signatureOf(
  root: string,
  files: readonly SnapshotFile[],
): Promise<Uint8Array | null> {
  const found = files.find(({ path }) => path === signaturePath)
  if (!found) return null
  // One byte more than is accepted, so that the check sees that it is too large.
  const length = Math.min(found.size, largestSignature + 1)
  return withFile(join(root, signaturePath), (file) => readAt(file, 0, length))
}

/**
 * A model that lies on this machine, for `countersign check PATH`: a folder, or a single file, which then is the whole
 * model. Its files are hashed once; nothing is copied, so they must be left alone while they are checked.
 *
 * @throws PromotionError `SNAPSHOT_REFUSED` for links, devices, names that cannot be kept, and where there is no file;
 * `NOT_FOUND` where there is nothing at all
 */
export async function localModelFiles(path: string): Promise<ModelFiles> {
  const place = await realpath(path).catch(() => null)
  if (place === null) {
    throw new PromotionError('NOT_FOUND', `there is nothing at ${path}`, {
      remedy: 'Name a model file, or the folder that holds the model.',
    })
  }
  const kind = await lstat(place)
  if (!kind.isDirectory() && !kind.isFile()) throw refusedPath(path, 'a special file')
  const root = kind.isDirectory() ? place : dirname(place)
  const paths = kind.isDirectory() ? await pathsUnder(root, '') : [basename(place)]
  const files: SnapshotFile[] = []
  for (const one of paths) files.push(await hashed(root, one))
  const { modelDigest, manifest } = snapshotOf(files)
  return {
    modelDigest,
    manifest,
    signature: () => signatureOf(root, files),
    read: (one, offset, length) =>
      withFile(join(root, one), (file) => readAt(file, offset, length)),
    localPath: (one) => join(root, one),
  }
}
