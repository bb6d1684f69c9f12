import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { PromotionError } from '../../src/domain/errors.js'
import { codeOf } from './files.js'

/**
 * A lock between processes that a kill cannot leave shut.
 *
 * The lock is a folder that always holds exactly one file, whose *name* says who holds it. Every change of hands is
 * one rename of one name, so of several who try exactly one succeeds, also when they take over from the dead.
 */
export interface FolderLock {
  /**
   * Does the work while nobody else does theirs.
   *
   * @throws PromotionError `REGISTRY_UNAVAILABLE` where a living holder does not let go in time
   */
  run<T>(work: (stillHeld: () => Promise<boolean>) => Promise<T>): Promise<T>
}

export interface FolderLockOptions {
  readonly path: string
  /** How long to wait for a living holder, in ms. */
  readonly waitMs?: number
  /** After how long a holder on another machine or in another container counts as dead, in ms. */
  readonly foreignHolderMs?: number
}

const free = 'free'
const heldPattern = /^held-(?<place>[0-9a-f]{12})-(?<pid>\d{1,10})-(?<start>\d{1,20})-[0-9a-f]{16}$/

/** Where process ids mean the same thing: this boot of this machine, and this container. */
function placeOfThisProcess(): string {
  let place = hostname()
  try {
    place = `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')}${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    // Not Linux: there the host's name has to do.
  }
  return createHash('sha256').update(place).digest('hex').slice(0, 12)
}

/** When a process began, in kernel ticks, so that a reused id is not taken for the same process; null once it is dead. */
async function startOf(pid: number): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return ['Z', 'X'].includes(fields[0] ?? '') ? null : (fields[19] ?? '0')
  } catch {
    return startWithoutProc(pid)
  }
}

function startWithoutProc(pid: number): string | null {
  try {
    process.kill(pid, 0)
    return '0'
  } catch (error) {
    return codeOf(error) === 'EPERM' ? '0' : null
  }
}

type Life = 'dead' | 'alive' | 'unknown'

async function lifeOf(token: string, place: string): Promise<Life> {
  const holder = heldPattern.exec(token)?.groups
  if (!holder || holder['place'] !== place) return 'unknown'
  return (await startOf(Number(holder['pid']))) === holder['start'] ? 'alive' : 'dead'
}

async function createLockFolder(path: string): Promise<void> {
  const draft = `${path}.new-${randomBytes(8).toString('hex')}`
  try {
    await mkdir(draft)
    await writeFile(join(draft, free), '')
    // Refused where somebody else's lock folder, which is never empty, is there already.
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(codeOf(error) ?? '')) throw error
  }
}

async function tokenIn(path: string): Promise<string | null> {
  try {
    const names = await readdir(path)
    return names.length === 1 ? (names[0] ?? null) : null
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    await createLockFolder(path)
    return null
  }
}

async function renamed(path: string, from: string, to: string): Promise<boolean> {
  try {
    await rename(join(path, from), join(path, to))
    return true
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
}

/** Drafts of lock folders whose makers were killed; a living maker finds its draft gone and tries again. */
async function removeDrafts(path: string): Promise<void> {
  const parent = dirname(path)
  const prefix = `${basename(path)}.new-`
  const drafts = (await readdir(parent)).filter((name) => name.startsWith(prefix))
  await Promise.all(drafts.map((name) => rm(join(parent, name), { recursive: true, force: true })))
}

export function createFolderLock({
  path,
  waitMs = 60_000,
  foreignHolderMs = 30_000,
}: FolderLockOptions): FolderLock {
  const place = placeOfThisProcess()

  async function acquire(mine: string): Promise<void> {
    const deadline = performance.now() + waitMs
    let seen = { token: '', since: 0 }
    for (;;) {
      const token = await tokenIn(path)
      if (token !== null) {
        if (token !== seen.token) seen = { token, since: performance.now() }
        const life = token === free ? 'dead' : await lifeOf(token, place)
        const isOverdue = life === 'unknown' && performance.now() - seen.since > foreignHolderMs
        if ((life === 'dead' || isOverdue) && (await renamed(path, token, mine))) return
      }
      if (performance.now() > deadline)
        throw new PromotionError(
          'REGISTRY_UNAVAILABLE',
          `another process has held the lock ${basename(path)} for ${waitMs} ms`,
          { remedy: `end the process that its file names: ${seen.token}` },
        )
      await pause(1 + Math.random() * 9)
    }
  }

  return {
    async run(work) {
      const start = (await startOf(process.pid)) ?? '0'
      const mine = `held-${place}-${process.pid}-${start}-${randomBytes(8).toString('hex')}`
      await acquire(mine)
      try {
        await removeDrafts(path)
        return await work(async () => (await tokenIn(path)) === mine)
      } finally {
        await renamed(path, mine, free)
      }
    },
  }
}
