import { createHash, randomUUID } from 'node:crypto'
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

/** Whose lock it is, when that one lives or cannot be told; undefined when it is dead. */
function livingHolder(text: string): string | undefined {
  const holder = holderIn(text)
  if (holder === undefined) return 'an unknown process'
  return isAlive(holder) ? `process ${holder.pid}` : undefined
}

/** Replaces a dead holder's lock. Only who holds the claim to its succession may, so that of many only one does. */
async function succeed(own: string, path: string, dead: string): Promise<boolean> {
  const claim = `${path}.after-${createHash('sha256').update(dead).digest('hex').slice(0, 16)}`
  await takeLock(own, claim)
  try {
    if ((await textOf(path)) !== dead) return false
    const next = `${own}.next`
    await link(own, next)
    await rename(next, path)
    return true
  } finally {
    await unlink(claim)
  }
}

async function takeLock(own: string, path: string): Promise<void> {
  for (;;) {
    if (await tryLink(own, path)) return
    const found = await textOf(path)
    if (found === undefined) continue
    const holder = livingHolder(found)
    if (holder !== undefined) {
      throw new PromotionError('LOG_UNAVAILABLE', `${path} is held by ${holder}`, {
        remedy: 'only one recorder may write a log: stop the other one first',
      })
    }
    if (await succeed(own, path, found)) return
  }
}

/**
 * Makes this process the only writer of a folder. A lock that a dead process left is taken over.
 *
 * @throws PromotionError `LOG_UNAVAILABLE` when a living process holds it
 */
export async function acquireLock(dir: string): Promise<Lock> {
  const path = join(dir, 'recorder.lock')
  const nonce = randomUUID()
  const holder: Holder = { pid: process.pid, startedAt: startOf(process.pid) ?? '', nonce }
  const text = `${JSON.stringify(holder)}\n`
  const own = `${path}.${process.pid}.${nonce}`
  await writeFile(own, text, { mode: 0o600 })
  try {
    await takeLock(own, path)
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
