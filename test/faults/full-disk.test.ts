import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chosen, createChance, seedOfRun } from './seed.js'
import { startStack, type Stack } from './stack.js'
import { patienceMs, tellStory } from './story.js'
import { expectWell, runEndOf } from './verdict.js'
import { watchAliases, watchLog, type AliasWatch, type LogWatch } from './watch.js'

const seed = seedOfRun()
const chance = createChance(seed)
const fullMs = 5_000
/** A disk of its own for each of the folders that the recorder writes. */
const folders = ['log', 'payloads']

let stack: Stack
let watch: LogWatch
let aliases: AliasWatch

function mount(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const options = ['-t', 'tmpfs', '-o', 'size=8m,mode=700', 'tmpfs', folder]
  execFileSync('mount', options, { stdio: 'ignore' })
}

function unmount(folder: string): void {
  try {
    execFileSync('umount', ['-l', folder], { stdio: 'ignore' })
  } catch {
    // It was not mounted.
  }
}

/** Only root may mount, and not in every container. */
function mayMount(): boolean {
  const folder = join('/tmp', `countersign-mount-${process.pid}`)
  try {
    mount(folder)
    return true
  } catch {
    return false
  } finally {
    unmount(folder)
    rmSync(folder, { recursive: true, force: true })
  }
}

const isAble = mayMount()
if (!isAble) process.stdout.write('full disk: left out, since nothing can be mounted here\n')

function fill(folder: string): string {
  const ballast = join(folder, 'ballast')
  const { bavail, bsize } = statfsSync(folder)
  writeFileSync(ballast, Buffer.alloc(bavail * bsize))
  return ballast
}

/** More than fits into the last block of a file, in leaves as well as in bodies. */
function tooMuch() {
  const event = { type: 'ballast', at: new Date().toISOString(), person: null }
  return Array.from({ length: 60 }, (_, count) => ({
    ...event,
    body: { count, text: 'x'.repeat(200) },
  }))
}

beforeAll(async () => {
  if (!isAble) return
  process.stdout.write(`full disk: COUNTERSIGN_FAULTS_SEED=${seed}\n`)
  stack = await startStack((home) => folders.forEach((name) => mount(join(home, name))))
  watch = watchLog(stack.outside)
  aliases = watchAliases(join(stack.home, 'registry'))
}, 120_000)

afterAll(async () => {
  aliases?.close()
  await watch?.close()
  if (stack) folders.forEach((name) => unmount(join(stack.home, name)))
  await stack?.close()
})

test.skipIf(!isAble).each(
  chosen(chance, [
    ['log', 'requested'],
    ['payloads', 'snapshotted'],
    ['log', 'release-ready'],
    ['log', 'alias-intended'],
  ]),
)(
  'while the disk of the %s is full after %s it is said and nothing is lost; with room again it goes on by itself',
  async (folder, after) => {
    const strike = async () => {
      const ballast = fill(join(stack.home, folder))
      try {
        await expect(stack.outside.log.append('outside:ballast', 0, tooMuch())).rejects.toThrow(
          'disk full',
        )
        await delay(fullMs)
      } finally {
        rmSync(ballast)
      }
    }
    const model = `diabetes-full-${folder}-${after}`
    const sabotage = { moment: { name: after, after, withinMs: 0 }, lateMs: 0, strike }
    const told = await tellStory({ stack, watch, model, sabotage, viaApi: after === 'requested' })
    await expectWell(stack, { watch, aliases }, told)
    expect(await runEndOf(told)).toEqual({ status: 'COMPLETED', phase: 'promoted' })
    process.stdout.write(`full disk: ${folder} after ${after}: ${told.tookMs / 1000} s\n`)
  },
  2 * patienceMs,
)
