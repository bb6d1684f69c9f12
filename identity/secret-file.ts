import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { PromotionError } from '../src/domain/errors.js'

/** Where `countersign token --as` finds the secret of a running development provider. */
export function identitySecretPath(home: string): string {
  return join(home, 'identity', 'secret')
}

/**
 * Refuses a secret that other users of the machine could read.
 *
 * @throws PromotionError `CONFIG_INVALID`
 */
export function assertPrivate(path: string): void {
  const { mode, uid } = statSync(path)
  if ((mode & 0o077) !== 0) {
    const remedy = `chmod 600 ${path}`
    throw new PromotionError('CONFIG_INVALID', `${path} is open to other users: ${remedy}`, {
      remedy,
    })
  }
  if (process.getuid && uid !== process.getuid()) {
    throw new PromotionError('CONFIG_INVALID', `${path} belongs to another user`)
  }
}

/**
 * @throws PromotionError `CONFIG_INVALID` where it is missing, or others could read it
 */
export function readSecret(path: string): string {
  try {
    assertPrivate(path)
    return readFileSync(path, 'utf8').trim()
  } catch (cause) {
    if (cause instanceof PromotionError) throw cause
    const message = `${path} cannot be read: is npm start running, and under this user?`
    throw new PromotionError('CONFIG_INVALID', message, {}, { cause })
  }
}
