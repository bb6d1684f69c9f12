import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { PromotionError } from '../src/domain/errors.js'
import { leavesName } from './log/log-scan.js'
import { readOrMakeSecret, readSecret } from './secret-file.js'

export const saltKeyName = 'keys/recorder-salt.key'

async function hasLeaves(dir: string): Promise<boolean> {
  const found = await stat(join(dir, leavesName)).catch(() => undefined)
  return found !== undefined && found.size > 0
}

/** The key that salts are derived from, if this folder has one. */
export async function findSaltKey(dir: string): Promise<Uint8Array | undefined> {
  const secret = await readSecret(join(dir, saltKeyName))
  return secret === undefined ? undefined : Buffer.from(secret, 'hex')
}

/**
 * The key that salts are derived from, drawn at the first start.
 *
 * @throws PromotionError `CONFIG_INVALID` when a log exists but its key does not: with another key no retried append
 *   would be recognised
 */
export async function loadSaltKey(dir: string): Promise<Uint8Array> {
  const found = await findSaltKey(dir)
  if (found !== undefined) return found
  if (await hasLeaves(dir)) {
    const message = `${join(dir, saltKeyName)} is missing, but there is a log that was written with it`
    throw new PromotionError('CONFIG_INVALID', message, {
      remedy: 'restore the key from the backup that holds the log',
    })
  }
  return Buffer.from(await readOrMakeSecret(join(dir, saltKeyName)), 'hex')
}
