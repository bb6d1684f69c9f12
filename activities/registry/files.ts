import { randomBytes } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncFolder } from '../../src/sync-folder.js'

/** The system's name for what went wrong (`ENOENT`), or undefined where the error is not the system's. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined
}

/** What `replaceFile` adds to a path before it renames; what is left of it after a kill means nothing. */
export const draftMark = '.draft-'

/**
 * Replaces a file's content so that a reader, a kill or a loss of power at any instant finds the old or the new bytes.
 *
 * @param mayCommit asked at the last moment; where it says no, nothing changes
 * @returns whether the new bytes are in place
 */
export async function replaceFile(
  path: string,
  content: string,
  mayCommit: () => Promise<boolean> = () => Promise.resolve(true),
): Promise<boolean> {
  const draft = `${path}${draftMark}${randomBytes(8).toString('hex')}`
  try {
    const handle = await open(draft, 'wx')
    try {
      await handle.writeFile(content)
      await handle.sync()
    } finally {
      await handle.close()
    }
    const committed = await mayCommit()
    if (committed) await rename(draft, path)
    if (committed) await syncFolder(dirname(path))
    return committed
  } finally {
    await rm(draft, { force: true })
  }
}
