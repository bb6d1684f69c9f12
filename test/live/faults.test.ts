import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { moments } from '../faults/moments.js'
import { createChance, isFull, seedOfRun } from '../faults/seed.js'
import { startStack, victims, type Name, type Stack } from '../faults/stack.js'
import { patienceMs, tellStory } from '../faults/story.js'
import { expectWell, runEndOf } from '../faults/verdict.js'
import { watchAliases, watchLog, type AliasWatch, type LogWatch } from '../faults/watch.js'

const rounds = isFull ? Number(process.env['COUNTERSIGN_FAULTS_ROUNDS'] ?? '1') : 1

const seed = seedOfRun()
const chance = createChance(seed)

/** Each state with one victim in turn, so that each run kills each of them; or each state with every victim. */
const turn = chance.below(victims.length)
const kills = Array.from({ length: rounds }, (_, round) =>
  moments.flatMap((moment, index) => {
    const one = victims[(index + turn) % victims.length]
    const killed = isFull || one === undefined ? victims : [one]
    return killed.map((victim, nth) => ({
      moment,
      victim,
      round,
      viaApi: victim === 'api' || (index + nth + turn) % 2 === 0,
      lateMs: chance.below(moment.withinMs),
    }))
  }),
).flat()

let stack: Stack
let watch: LogWatch
let aliases: AliasWatch

beforeAll(async () => {
  process.stdout.write(`faults: COUNTERSIGN_FAULTS_SEED=${seed}\n`)
  stack = await startStack()
  watch = watchLog(stack.outside)
  aliases = watchAliases(`${stack.home}/registry`)
}, 120_000)

afterAll(async () => {
  aliases?.close()
  await watch?.close()
  await stack?.close()
})

async function killAndStart(victim: Name): Promise<void> {
  await stack.kill(victim)
  await stack.of(victim).start()
}

describe(`killed at any moment, nothing is lost and nothing is done twice (seed ${seed})`, () => {
  test.each(kills)(
    '$victim, $lateMs ms into $moment.name ($round)',
    async ({ moment, victim, round, viaApi, lateMs }) => {
      const model = `diabetes-${moment.name.replaceAll(/[^a-z]+/g, '-')}-${victim}-${round}`
      const strike = () => killAndStart(victim)
      const told = await tellStory({
        stack,
        watch,
        model,
        viaApi,
        sabotage: { moment, lateMs, strike },
      })
      await expectWell(stack, { watch, aliases }, told)
      expect(await runEndOf(told)).toEqual({ status: 'COMPLETED', phase: 'promoted' })
      const took = `${(told.tookMs / 1000).toFixed(1)} s, ${told.client.repeats()} calls repeated`
      process.stdout.write(
        `faults: ${viaApi ? 'over the API: ' : ''}${victim} at ${moment.name} +${lateMs} ms: ${took}\n`,
      )
    },
    2 * patienceMs,
  )

  test('no process ended by itself', () => {
    const falls = [...stack.processes.values()].filter((one) => one.falls() > 0)
    expect(falls.map(({ name }) => name)).toEqual([])
  })
})
