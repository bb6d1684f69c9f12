import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes a file whole or not at all, and never over one that is there: of two processes that
 * start together one wins, and both read the same afterwards.
 *
 * @returns false where the file existed already
 */
export function createOnce(path: string, content: string, mode = 0o600): boolean {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const temporary = `${path}.${randomBytes(6).toString('hex')}`
  writeFileSync(temporary, content, { mode, flag: 'wx', flush: true })
  try {
    linkSync(temporary, path)
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false
    throw error
  } finally {
    rmSync(temporary, { force: true })
  }
  syncFolder(dirname(path))
  return true
}

export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

/** Without this a power cut may forget that the file was ever there. */
function syncFolder(path: string): void {
  const folder = openSync(path, 'r')
  fsyncSync(folder)
  closeSync(folder)
}
