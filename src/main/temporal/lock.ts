import { readFileSync, rmSync, statSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { createOnce, isCode } from '../files.js'
import type { Say } from './paths.js'

const pollMs = 500

/** Runs work while no other process of this machine runs work under the same lock file. One whose holder died is free. */
export async function withLock<T>(path: string, say: Say, work: () => Promise<T>): Promise<T> {
  let hasSaid = false
  while (!createOnce(path, String(process.pid))) {
    const holder = holderOf(path)
    if (holder === null) {
      rmSync(path, { force: true })
      continue
    }
    if (!hasSaid) say(`Waiting for process ${holder}, which does the same work.`)
    hasSaid = true
    await delay(pollMs)
  }
  try {
    return await work()
  } finally {
    rmSync(path, { force: true })
  }
}

/** The process that holds a lock, or null where it is free or its holder died. */
export function holderOf(path: string): number | null {
  const pid = pidIn(path)
  return pid !== null && isAlive(pid) ? pid : null
}

export function pidIn(path: string): number | null {
  try {
    if (!statSync(path).isFile()) return null
    const pid = Number(readFileSync(path, 'utf8').trim())
    return Number.isSafeInteger(pid) && pid > 0 ? pid : null
  } catch (error) {
    if (isCode(error, 'ENOENT')) return null
    throw error
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return isCode(error, 'EPERM')
  }
}
