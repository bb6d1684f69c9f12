import { PromotionError } from '../../src/domain/errors.js'
import { quoted } from './names.js'
import type { RegistryFile } from './registry.js'

/** Files that one version may hold. */
export const maximumFiles = 100_000
/** Length of one path in bytes of UTF-8. */
export const maximumPathBytes = 1024

const unseenOrSeparator = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\\]/u

/** The refusal of one file or folder of a version, with the path that it is about. */
export function snapshotRefused(path: string, why: string, remedy: string): PromotionError {
  return new PromotionError('SNAPSHOT_REFUSED', `${quoted(path)} ${why}`, { field: path, remedy })
}

/** The refusal of bytes that did not hold still while they were read. */
export function snapshotUnstable(path: string, why: string): PromotionError {
  return new PromotionError('SNAPSHOT_UNSTABLE', `${quoted(path)} ${why}`, {
    field: path,
    remedy: 'wait until nobody writes to this version any more, or register a new version',
  })
}

function faultOf(path: string): string | null {
  if (path === '') return 'is an empty path'
  if (Buffer.byteLength(path) > maximumPathBytes) return `is longer than ${maximumPathBytes} bytes`
  if (unseenOrSeparator.test(path)) return 'holds a backslash, a control or an invisible character'
  return path.split('/').some((part) => part === '' || part === '.' || part === '..')
    ? 'has a part that is empty, . or .., so that it could leave the folder'
    : null
}

/**
 * A path means the same on every file system and cannot leave the folder of its version.
 *
 * @throws PromotionError `SNAPSHOT_REFUSED`
 */
export function assertSafePath(path: string): void {
  const fault = faultOf(path)
  if (fault !== null) throw snapshotRefused(path, fault, 'rename it and register a new version')
}

/** @throws PromotionError `SNAPSHOT_REFUSED` once a version holds more than can be examined */
export function assertFewEnough(count: number, what = 'files'): void {
  if (count <= maximumFiles) return
  throw new PromotionError('SNAPSHOT_REFUSED', `more than ${maximumFiles} ${what} in one version`, {
    remedy: 'register the model as fewer files',
  })
}

/** What a file system that ignores case and Unicode normal form would make of a path. */
function foldedOf(path: string): string {
  return path.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC')
}

function parentsOf(path: string): string[] {
  const parts = path.split('/')
  return parts.slice(1).map((_, at) => parts.slice(0, at + 1).join('/'))
}

/**
 * The paths of one version can be written side by side on any file system, none hiding another.
 *
 * @throws PromotionError `SNAPSHOT_REFUSED` naming the first path that cannot
 */
export function assertSafePaths(files: readonly Pick<RegistryFile, 'path'>[]): void {
  assertFewEnough(files.length)
  const seen = new Map<string, string>()
  for (const { path } of files) {
    assertSafePath(path)
    const folded = foldedOf(path)
    const twin = seen.get(folded)
    if (twin !== undefined)
      throw snapshotRefused(
        path,
        `and ${quoted(twin)} are the same file where case or Unicode form does not count`,
        'rename one of them and register a new version',
      )
    seen.set(folded, path)
  }
  for (const { path } of files) {
    const hidden = parentsOf(foldedOf(path)).find((parent) => seen.has(parent))
    if (hidden !== undefined)
      throw snapshotRefused(path, 'lies in a folder that is also a file', 'rename one of them')
  }
}
