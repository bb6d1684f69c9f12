import { constants, type BigIntStats } from 'node:fs'
import { type FileHandle, lstat, open, readdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { PromotionError } from '../../src/domain/errors.js'
import { codeOf } from './files.js'
import { quoted } from './names.js'
import {
  assertFewEnough,
  assertSafePath,
  assertSafePaths,
  snapshotRefused,
  snapshotUnstable,
} from './paths.js'
import type { RegistryFile } from './registry.js'

/** How much of a file is read at once. */
const chunkBytes = 1024 * 1024

const utf8 = new TextDecoder('utf-8', { fatal: true })

function nameOf(raw: Buffer, parent: string): string {
  try {
    return utf8.decode(raw)
  } catch {
    throw snapshotRefused(
      `${parent}${raw.toString('latin1')}`,
      'is not a name in UTF-8',
      'rename it and register a new version',
    )
  }
}

type Kind = Pick<BigIntStats, 'isDirectory' | 'isFile' | 'isSymbolicLink'>

function assertOrdinary(path: string, stats: Kind): void {
  if (stats.isFile() || stats.isDirectory()) return
  if (stats.isSymbolicLink())
    throw snapshotRefused(path, 'is a link', 'put a copy of the file in its place')
  throw snapshotRefused(path, 'is a device, a socket or a pipe', 'remove it from the version')
}

async function statIn(folder: string, path: string): Promise<BigIntStats> {
  try {
    return await lstat(join(folder, path), { bigint: true })
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? ''))
      throw snapshotUnstable(path, 'went away while the version was read')
    throw error
  }
}

async function namesIn(folder: string, parent: string): Promise<string[]> {
  try {
    const names = await readdir(join(folder, parent), { encoding: 'buffer' })
    return names.map((name) => nameOf(name, parent))
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? ''))
      throw snapshotUnstable(parent, 'went away while the version was read')
    throw error
  }
}

/**
 * Every file below a folder, in no particular order; folders themselves are not named, empty ones are not seen.
 *
 * @param folder real path of the version, without links
 * @throws PromotionError `SNAPSHOT_REFUSED` for links, devices, sockets, pipes and names that cannot travel;
 *   `SNAPSHOT_UNSTABLE` where something goes away meanwhile
 */
export async function listFolder(folder: string, signal?: AbortSignal): Promise<RegistryFile[]> {
  const files: RegistryFile[] = []
  const folders = ['']
  for (const parent of folders) {
    signal?.throwIfAborted()
    for (const name of await namesIn(folder, parent)) {
      const path = `${parent}${name}`
      assertSafePath(path)
      const stats = await statIn(folder, path)
      assertOrdinary(path, stats)
      if (stats.isDirectory()) folders.push(`${path}/`)
      else files.push({ path, sizeBytes: Number(stats.size) })
      assertFewEnough(files.length)
      assertFewEnough(folders.length, 'folders')
    }
  }
  assertSafePaths(files)
  return files
}

/** What tells one state of a file from the next. */
function stateOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(':')
}

async function openUnlinked(folder: string, path: string): Promise<FileHandle> {
  // O_NONBLOCK: opening a pipe must not wait for somebody to write into it.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  try {
    return await open(join(folder, path), flags)
  } catch (error) {
    const code = codeOf(error) ?? ''
    if (code === 'ELOOP') throw snapshotRefused(path, 'is a link', 'put a copy in its place')
    if (code === 'ENXIO') throw snapshotRefused(path, 'is a socket or a device', 'remove it')
    if (['ENOENT', 'ENOTDIR'].includes(code)) throw snapshotUnstable(path, 'is not there any more')
    throw error
  }
}

/** What was opened is what stands at that path now, and no part of the path is a link that leads out of the folder. */
async function assertInside(folder: string, path: string, opened: BigIntStats): Promise<void> {
  assertOrdinary(path, opened)
  if (opened.isDirectory()) throw snapshotUnstable(path, 'became a folder')
  const expected = join(folder, path)
  const real = await realpath(expected).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') throw snapshotUnstable(path, 'is not there any more')
    throw error
  })
  if (real !== expected)
    throw snapshotRefused(path, 'lies behind a link', 'put a copy of the folder in its place')
  const now = await statIn(folder, path)
  if (now.dev !== opened.dev || now.ino !== opened.ino)
    throw snapshotUnstable(path, 'was replaced while it was opened')
}

async function readInto(handle: FileHandle, buffer: Buffer, path: string): Promise<number> {
  try {
    return (await handle.read(buffer, 0, buffer.length)).bytesRead
  } catch (cause) {
    const why = `the folder registry could not read ${quoted(path)}: ${codeOf(cause) ?? 'unknown'}`
    throw new PromotionError('REGISTRY_UNAVAILABLE', why, {}, { cause })
  }
}

async function* chunksOf(
  handle: FileHandle,
  path: string,
  opened: BigIntStats,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  try {
    let left = Number(opened.size)
    for (;;) {
      signal?.throwIfAborted()
      const buffer = Buffer.allocUnsafe(chunkBytes)
      const bytesRead = await readInto(handle, buffer, path)
      if (bytesRead === 0) break
      left -= bytesRead
      // Without an end here, whoever appends could keep us reading for ever.
      if (left < 0) throw snapshotUnstable(path, 'grew while it was read')
      yield buffer.subarray(0, bytesRead)
    }
    if (stateOf(await handle.stat({ bigint: true })) !== stateOf(opened))
      throw snapshotUnstable(path, 'was changed while it was read')
  } finally {
    await handle.close()
  }
}

/**
 * The bytes of one file below a folder, in chunks of up to 1 MiB. Whoever asks reads to the end or breaks off, so that
 * the file is closed.
 *
 * @throws PromotionError `SNAPSHOT_REFUSED`, `SNAPSHOT_UNSTABLE`; the latter also at the end of the bytes, where the
 *   file was written to meanwhile
 */
export async function openInFolder(
  folder: string,
  path: string,
  signal?: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  assertSafePath(path)
  signal?.throwIfAborted()
  const handle = await openUnlinked(folder, path)
  try {
    const opened = await handle.stat({ bigint: true })
    await assertInside(folder, path, opened)
    return chunksOf(handle, path, opened, signal)
  } catch (error) {
    await handle.close()
    throw error
  }
}
