import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { moments } from './moments.js'
import { chosen, createChance, seedOfRun } from './seed.js'
import { makeHome, reach, type Installed } from './stack.js'
import { patienceMs, tellStory } from './story.js'
import { expectWell, runEndOf } from './verdict.js'
import { watchAliases, watchLog, type AliasWatch, type LogWatch } from './watch.js'

const seed = seedOfRun()
const chance = createChance(seed)
const promoted = { status: 'COMPLETED', phase: 'promoted' }

let made: Awaited<ReturnType<typeof makeHome>>
let stack: Installed & { readonly outside: Awaited<ReturnType<typeof reach>> }
let dev: ChildProcess
let said = ''
let watch: LogWatch
let aliases: AliasWatch

/** `npm start` itself; resolves when all that it keeps running is up. */
async function start(): Promise<void> {
  said = ''
  dev = spawn(process.execPath, [resolve('dist/src/main/dev.js')], { env: made.env })
  const hear = (chunk: Buffer) => {
    said += chunk.toString()
  }
  dev.stdout?.on('data', hear)
  dev.stderr?.on('data', hear)
  const giveUpAt = Date.now() + 90_000
  while (!said.includes('Countersign runs.')) {
    if (Date.now() > giveUpAt) throw new Error(`it did not start: ${said}`)
    await delay(50)
  }
}

async function stop(signal: NodeJS.Signals): Promise<void> {
  const ended = once(dev, 'exit')
  dev.kill(signal)
  await ended
}

/** The process of a child, as the operating system tells it. */
function childOf(name: string): number {
  const lines = execFileSync('ps', ['-ww', '-o', 'pid=,args=', '--ppid', `${dev.pid}`])
  const line = lines
    .toString()
    .split('\n')
    .find((one) => one.includes(`/main/${name}.js`))
  return Number(line?.trim().split(' ')[0] ?? Number.NaN)
}

beforeAll(async () => {
  process.stdout.write(`supervisor: COUNTERSIGN_FAULTS_SEED=${seed}\n`)
  made = await makeHome()
  await start()
  stack = { ...made, outside: await reach(made) }
  watch = watchLog(stack.outside)
  aliases = watchAliases(join(stack.home, 'registry'))
}, 120_000)

afterAll(async () => {
  aliases?.close()
  await watch?.close()
  if (dev && dev.exitCode === null) await stop('SIGTERM')
  await stack?.outside.close()
  if (made) rmSync(made.home, { recursive: true, force: true })
})

async function promoteThrough(model: string, strike: () => Promise<unknown>) {
  const [first, ...others] = moments.filter(({ isBlocked }) => !isBlocked)
  if (!first) throw new Error('there are no moments')
  const moment = chance.pick([first, ...others])
  const sabotage = { moment, lateMs: chance.below(moment.withinMs), strike }
  const told = await tellStory({ stack, watch, model, viaApi: true, sabotage })
  await expectWell(stack, { watch, aliases }, told)
  process.stdout.write(`supervisor: ${model}, ${moment.name}: ${told.tookMs / 1000} s\n`)
  return runEndOf(told)
}

test.each(chosen(chance, ['recorder', 'worker', 'release', 'api', 'temporal']))(
  'npm start brings back a %s that was killed, and the promotion under way ends as it should',
  async (name) => {
    const strike = async () => {
      const pid = childOf(name)
      process.kill(pid, 'SIGKILL')
      const giveUpAt = Date.now() + 30_000
      while (Number.isNaN(childOf(name)) || childOf(name) === pid) {
        if (Date.now() > giveUpAt) throw new Error(`${name} did not come back: ${said}`)
        await delay(50)
      }
    }
    expect(await promoteThrough(`diabetes-restarted-${name}`, strike)).toEqual(promoted)
    expect(said).toContain(`${name}: ended (SIGKILL); started again`)
  },
  2 * patienceMs,
)

test.each(chosen<NodeJS.Signals>(chance, ['SIGINT', 'SIGKILL']))(
  'after %s in the middle of a promotion the next start continues it',
  async (signal) => {
    const strike = async () => {
      await stop(signal)
      await start()
    }
    expect(await promoteThrough(`diabetes-stopped-by-${signal}`, strike)).toEqual(promoted)
  },
  2 * patienceMs,
)
