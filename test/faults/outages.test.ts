import { renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Moment } from './moments.js'
import { chosen, createChance, seedOfRun } from './seed.js'
import { startStack, type Name, type Stack } from './stack.js'
import { patienceMs, tellStory, type Sabotage } from './story.js'
import { expectWell, runEndOf } from './verdict.js'
import { watchAliases, watchLog, type AliasWatch, type LogWatch } from './watch.js'

const seed = seedOfRun()
const chance = createChance(seed)
const outageMs = 10_000

let stack: Stack
let watch: LogWatch
let aliases: AliasWatch

beforeAll(async () => {
  process.stdout.write(`outages: COUNTERSIGN_FAULTS_SEED=${seed}\n`)
  stack = await startStack()
  watch = watchLog(stack.outside)
  aliases = watchAliases(join(stack.home, 'registry'))
}, 120_000)

afterAll(async () => {
  aliases?.close()
  await watch?.close()
  await stack?.close()
})

/** A promotion during which something is away, and which ends as it should all the same. */
async function promoteThrough(model: string, sabotage: Sabotage, viaApi = false) {
  const told = await tellStory({ stack, watch, model, sabotage, viaApi })
  await expectWell(stack, { watch, aliases }, told)
  process.stdout.write(`outages: ${model}: ${(told.tookMs / 1000).toFixed(1)} s\n`)
  return runEndOf(told)
}

const promoted = { status: 'COMPLETED', phase: 'promoted' }

const at = (after: string, withinMs: number): Omit<Sabotage, 'strike'> => {
  const moment: Moment = { name: after, after, withinMs }
  return { moment, lateMs: chance.below(withinMs) }
}

test.each(
  chosen<[readonly [Name, Name], string, number]>(chance, [
    [['recorder', 'worker'], 'snapshotted', 2_000],
    [['recorder', 'worker'], 'signing', 60],
    [['recorder', 'release'], 'release-started', 25],
    [['temporal', 'release'], 'release-ready', 900],
    [['temporal', 'worker'], 'requesting', 200],
  ]),
)(
  'two at once: %s after %s',
  async (both, after, withinMs) => {
    const strike = async () => {
      await Promise.all(both.map((name) => stack.kill(name)))
      for (const name of both) await stack.of(name).start()
    }
    const model = `diabetes-${both.join('-')}-${after}`
    expect(await promoteThrough(model, { ...at(after, withinMs), strike })).toEqual(promoted)
  },
  2 * patienceMs,
)

test.each(
  chosen<[string, number]>(chance, [
    ['requesting', 200],
    ['snapshotted', 500],
    ['signing', 30],
    ['release-ready', 500],
  ]),
)(
  'while the recorder is away after %s nothing is acknowledged, and then it goes on by itself',
  async (after, withinMs) => {
    const strike = async () => {
      await stack.kill('recorder')
      const before = watch.seen.length
      await delay(outageMs)
      expect(watch.seen).toHaveLength(before)
      await stack.of('recorder').start()
    }
    const model = `diabetes-recorder-away-${after}`
    const sabotage = { ...at(after, withinMs), strike }
    expect(await promoteThrough(model, sabotage, after === 'signing')).toEqual(promoted)
  },
  2 * patienceMs,
)

test.each(
  chosen<[Name, string]>(chance, [
    ['recorder', 'snapshotted'],
    ['worker', 'snapshotted'],
    ['release', 'release-started'],
  ]),
)(
  'a %s that hangs after %s, and comes back when others have taken over',
  async (name, after) => {
    const strike = async () => {
      stack.of(name).freeze()
      await delay(outageMs / 2)
      stack.of(name).thaw()
    }
    const model = `diabetes-frozen-${name}`
    expect(await promoteThrough(model, { ...at(after, 20), strike })).toEqual(promoted)
  },
  2 * patienceMs,
)

test.each(
  chosen<[string, number]>(chance, [
    ['snapshotted', 500],
    ['release-ready', 300],
  ]),
)(
  'a registry that cannot be read for a while after %s',
  async (after, withinMs) => {
    const registry = join(stack.home, 'registry')
    const strike = async () => {
      renameSync(registry, `${registry}-away`)
      await delay(outageMs / 2)
      rmSync(registry, { recursive: true, force: true })
      renameSync(`${registry}-away`, registry)
    }
    const model = `diabetes-registry-away-${after}`
    expect(await promoteThrough(model, { ...at(after, withinMs), strike })).toEqual(promoted)
  },
  2 * patienceMs,
)
