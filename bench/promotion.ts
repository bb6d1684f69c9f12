import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker'
import { request, stateOf } from '../test/live/support/acting.js'
import { openHouse, people, type House } from '../test/live/support/house.js'
import { planLike, type BarePlan, type Shape } from './bare/shape.js'

/**
 * Whole promotions a second, from request to moved alias (three checks that really look, no seat, a tiny model), against
 * a bare workflow with as many activities and events that do nothing, on the same server, turn by turn in the same run.
 */

const [, , given = '4'] = process.argv
const rounds = Number(given)
const perRound = 24
const atOnce = 8
const bareQueue = 'bare'

interface Contender {
  readonly name: string
  /** Runs one workflow to its end. */
  readonly run: (index: number) => Promise<void>
}

async function perSecond({ run }: Contender, round: number): Promise<number> {
  const waiting = Array.from({ length: perRound }, (_, index) => round * perRound + index)
  const start = performance.now()
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await run(next)
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return perRound / ((performance.now() - start) / 1000)
}

function middle(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const half = Math.floor(sorted.length / 2)
  const [low = 0, high = 0] = [sorted[(sorted.length - 1) >> 1], sorted[half]]
  return (low + high) / 2
}

/** Each promotion has a model of its own, so that they do not wait for one another's alias. */
function promotions(house: House): Contender {
  return {
    name: 'promotions',
    async run(index) {
      const asked = await request(house, {
        model: `ward-${index}`,
        version: '1',
        person: people.mira,
      })
      await asked.handle.result()
      const { phase } = await stateOf(house, asked.promotion)
      if (phase !== 'promoted') throw new Error(`ward-${index} ended as ${phase}`)
    },
  }
}

async function shapeOf(house: House, workflowId: string): Promise<Shape> {
  const { events = [] } = await house.client.workflow.getHandle(workflowId).fetchHistory()
  const scheduled = (events ?? []).filter((event) => event.activityTaskScheduledEventAttributes)
  return { events: (events ?? []).length, activities: scheduled.length }
}

async function startBareWorker(house: House) {
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('bare/workflow.js', import.meta.url)),
    logger: new DefaultLogger('ERROR'),
  })
  const worker = await Worker.create({
    connection: house.temporal.nativeConnection,
    taskQueue: bareQueue,
    workflowBundle,
    activities: { nothing: () => Promise.resolve() },
  })
  const ended = worker.run()
  return async () => {
    worker.shutdown()
    await ended
  }
}

function bareRuns(house: House, { batches, notes }: BarePlan): Contender {
  return {
    name: 'bare',
    async run(index) {
      await house.client.workflow.execute('bare', {
        workflowId: `bare-${index}`,
        taskQueue: bareQueue,
        args: [batches, notes],
      })
    },
  }
}

async function measure(house: House) {
  const whole = promotions(house)
  const warm = (rounds + 1) * perRound
  for (let index = 0; index <= warm; index += 1) {
    cpSync(join(house.home, 'registry/ward-forecast'), join(house.home, `registry/ward-${index}`), {
      recursive: true,
    })
  }
  await whole.run(warm)
  const shape = await shapeOf(house, `promotion:production:ward-${warm}:1`)
  const stop = await startBareWorker(house)
  const nothing = bareRuns(house, planLike(shape))
  await nothing.run(warm)
  const bareShape = await shapeOf(house, `bare-${warm}`)
  const figures: { promotions: number[]; bare: number[] } = { promotions: [], bare: [] }
  for (let round = 0; round < rounds; round += 1) {
    figures.promotions.push(await perSecond(whole, round))
    figures.bare.push(await perSecond(nothing, round))
  }
  await stop()
  return { shape, bareShape, ...figures }
}

const house = await openHouse({ under: process.cwd() })
try {
  const { shape, bareShape, promotions: whole, bare } = await measure(house)
  const [a, b] = [middle(whole), middle(bare)]
  const figures = {
    eventsPerPromotion: shape.events,
    eventsPerBareRun: bareShape.events,
    activities: shape.activities,
    atOnce,
    promotionsPerSecond: Number(a.toFixed(2)),
    bareRunsPerSecond: Number(b.toFixed(2)),
    ratio: Number((a / b).toFixed(3)),
  }
  process.stdout.write(
    `${figures.promotionsPerSecond} whole promotions a second (${shape.events} events, ${shape.activities} activities), ` +
      `${figures.bareRunsPerSecond} bare workflows a second (${bareShape.events} events): ${figures.ratio} of it\n` +
      `${JSON.stringify(figures)}\n`,
  )
} finally {
  await house.close()
}
