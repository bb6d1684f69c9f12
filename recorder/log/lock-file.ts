import { readFileSync } from 'node:fs'
import { link, readFile, rename, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { PromotionError } from '../../src/domain/errors.js'

const holderSchema = z.object({ pid: z.int(), startedAt: z.string(), nonce: z.string() })

type Holder = z.infer<typeof holderSchema>

/** A held lock. */
export interface Lock {
  /** @throws PromotionError `LOG_UNAVAILABLE` when somebody else took the lock meanwhile */
  assertHeld(): Promise<void>
  release(): Promise<void>
}

/**
 * When a process started, as the kernel tells it, with the boot it belongs to: a process id alone is used again.
 * Undefined when there is no such process; empty where the system does not tell.
 */
function startOf(pid: number): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? undefined : `${boot}:${fields[19] ?? ''}`
  } catch {
    return isRunning(pid) ? '' : undefined
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

function isAlive({ pid, startedAt }: Holder): boolean {
  const start = startOf(pid)
  return start !== undefined && (start === '' || startedAt === '' || start === startedAt)
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  })
}

function holderIn(text: string): Holder | undefined {
  try {
    return holderSchema.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** Links the finished file into place, which succeeds for one process only and never shows half a file. */
async function tryLink(own: string, path: string): Promise<boolean> {
  try {
    await link(own, path)
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  }
}

/** Moves a dead holder's lock out of the way; gives it back if it turns out to be another one by now. */
async function clearStale(path: string, stale: string, aside: string): Promise<void> {
  try {
    await rename(path, aside)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return
    throw error
  }
  if ((await textOf(aside)) !== stale) await tryLink(aside, path)
  await unlink(aside)
}

async function takeOver(own: string, path: string): Promise<void> {
  for (;;) {
    if (await tryLink(own, path)) return
    const found = await textOf(path)
    if (found === undefined) continue
    const holder = holderIn(found)
    if (holder === undefined || isAlive(holder)) {
      const who = holder === undefined ? 'an unknown process' : `process ${holder.pid}`
      throw new PromotionError('LOG_UNAVAILABLE', `${path} is held by ${who}`, {
        remedy: 'only one recorder may write a log: stop the other one first',
      })
    }
    await clearStale(path, found, `${own}.stale`)
  }
}

/**
 * Makes this process the only writer of a folder. A lock that a dead process left is taken over.
 *
 * @throws PromotionError `LOG_UNAVAILABLE` when a living process holds it
 */
export async function acquireLock(dir: string): Promise<Lock> {
  const path = join(dir, 'recorder.lock')
  const nonce = `${process.hrtime.bigint()}`
  const holder: Holder = { pid: process.pid, startedAt: startOf(process.pid) ?? '', nonce }
  const text = `${JSON.stringify(holder)}\n`
  const own = `${path}.${process.pid}.${nonce}`
  await writeFile(own, text, { mode: 0o600 })
  try {
    await takeOver(own, path)
  } finally {
    await unlink(own)
  }
  return {
    async assertHeld() {
      if ((await textOf(path)) === text) return
      throw new PromotionError('LOG_UNAVAILABLE', `${path} was taken over by another recorder`, {
        remedy: 'only one recorder may write a log: stop this one',
      })
    },
    async release() {
      if ((await textOf(path)) === text) await unlink(path)
    },
  }
}
