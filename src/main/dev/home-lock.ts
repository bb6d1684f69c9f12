import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { PromotionError } from '../../domain/errors.js'
import { createOnce } from '../files.js'
import { holderOf, pidIn } from '../temporal/lock.js'

export interface HomeLock {
  /** True where an earlier start ended without a word; what it started may still be ending. */
  readonly wasLeft: boolean
  release(): void
}

/**
 * One `npm start` for each home: two would write one database.
 *
 * @throws PromotionError `CONFIG_INVALID`
 */
export function lockHome(home: string): HomeLock {
  const path = join(home, 'start.pid')
  let wasLeft = false
  while (!createOnce(path, `${process.pid}\n`)) {
    const holder = holderOf(path)
    if (holder !== null && holder !== process.pid) throw busy(home, holder)
    rmSync(path, { force: true })
    wasLeft = true
  }
  const release = () => {
    if (pidIn(path) === process.pid) rmSync(path, { force: true })
  }
  return { wasLeft, release }
}

function busy(home: string, holder: number): PromotionError {
  return new PromotionError(
    'CONFIG_INVALID',
    `Countersign already runs on ${home} (process ${holder}): ` +
      'stop it with Ctrl-C there, or set COUNTERSIGN_HOME and the ports for a second one',
  )
}
