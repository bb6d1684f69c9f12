import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { PromotionError } from '../../domain/errors.js'
import { createOnce } from '../files.js'

/** The development server's database; promotions in flight live in it. */
export function databasePath(home: string): string {
  return join(home, 'temporal', 'temporal.db')
}

/**
 * Refuses a database that another version of Temporal wrote: the development server does not
 * migrate one, and says nothing when it half works. A new database is noted under this version
 * before the server makes it.
 *
 * @throws PromotionError `CONFIG_INVALID` with the remedy
 */
export function assertDatabaseVersion(home: string, serverVersion: string): void {
  const database = databasePath(home)
  const note = join(dirname(database), 'version')
  mkdirSync(dirname(database), { recursive: true, mode: 0o700 })
  if (!existsSync(database)) {
    rmSync(note, { force: true })
    createOnce(note, `${serverVersion}\n`, 0o644)
    return
  }
  const wrote = existsSync(note) ? readFileSync(note, 'utf8').trim() : null
  if (wrote === serverVersion) return
  const who = wrote === null ? 'a version of Temporal that nobody noted' : `Temporal ${wrote}`
  throw new PromotionError(
    'CONFIG_INVALID',
    `${database} was written by ${who}, and this is ${serverVersion}: ` +
      `name a command line with ${wrote ?? 'the one'} by COUNTERSIGN_TEMPORAL_CLI, ` +
      `or move ${dirname(database)} away (promotions in flight end with it; the event log stays)`,
  )
}
