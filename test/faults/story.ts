import { setTimeout as delay } from 'node:timers/promises'
import { aliasStream, promotionStream } from '../../src/contract.js'
import { people } from '../live/support/house.js'
import { createApiClient } from './api-client.js'
import { createClient, type Acknowledged, type PromotionClient } from './client.js'
import { addModel } from './furnish.js'
import type { Moment } from './moments.js'
import type { Installed } from './stack.js'
import type { LogWatch, Wanted } from './watch.js'

/** How long a promotion may take from its request, faults and all. */
export const patienceMs = 90_000

export interface Told {
  readonly model: string
  readonly client: PromotionClient
  readonly acknowledged: readonly Acknowledged[]
  /** From the request to `promoted`. */
  readonly tookMs: number
}

export interface Telling {
  readonly stack: Installed
  readonly watch: LogWatch
  readonly model: string
  readonly sizeMb?: number
  /** Whether people use the API, as they do, or bring their statements to Temporal themselves. */
  readonly viaApi?: boolean
  readonly sabotage?: Sabotage
}

/** What is broken, and when. */
export interface Sabotage {
  readonly moment: Moment
  /** How long after the moment began, in ms. */
  readonly lateMs: number
  /** Breaks it, and mends it. */
  readonly strike: () => Promise<unknown>
}

const idle: Armed = { step: () => undefined, done: Promise.resolve() }

/** Waives every finding that blocks, as an owner who may. */
async function waiveAll(client: PromotionClient): Promise<readonly Acknowledged[]> {
  const state = await client.state()
  const acknowledged: Acknowledged[] = []
  for (const { check, report } of state.checks) {
    if (report?.outcome !== 'failed') continue
    for (const { id } of report.findings) {
      acknowledged.push(await client.waive(check, id, people.chi))
    }
  }
  return acknowledged
}

interface Armed {
  /** Told what the client is about to do. */
  readonly step: (name: string) => void
  /** Resolves when everything was broken and started again. */
  readonly done: Promise<unknown>
}

/** Waits for the moment, then strikes. */
function arm(
  { moment, lateMs, strike }: Sabotage,
  watch: LogWatch,
  streams: ReadonlySet<string>,
): Armed {
  const strikeSoon = () => delay(lateMs).then(strike)
  if (moment.after !== 'requesting' && moment.after !== 'signing') {
    const isIt: Wanted = ({ leaf }) => leaf.type === moment.after && streams.has(leaf.stream)
    const begun = watch.first(isIt, `${moment.after}, to break something`, patienceMs)
    return { step: () => undefined, done: begun.then(strikeSoon) }
  }
  let begin: () => void = () => undefined
  const begun = new Promise<void>((resolve) => {
    begin = resolve
  })
  return { step: (name) => name === moment.after && begin(), done: begun.then(strikeSoon) }
}

function clientOf({ stack, model, viaApi = false }: Telling): PromotionClient {
  const { outside } = stack
  return viaApi
    ? createApiClient(stack, model, patienceMs)
    : createClient(outside, model, people.mira, patienceMs)
}

/** Takes one model from its request to its end as people would, whatever is broken meanwhile. */
export async function tellStory(telling: Telling): Promise<Told> {
  const { stack, watch, model, sabotage, sizeMb = 100 } = telling
  const isBlocked = sabotage?.moment.isBlocked ?? false
  await addModel(`${stack.home}/registry`, { name: model, like: isBlocked ? '4' : '1', sizeMb })
  const client = clientOf(telling)
  const stream = promotionStream(client.promotion)
  const streams = new Set([stream, aliasStream('production', model)])
  const armed = sabotage ? arm(sabotage, watch, streams) : idle
  const until = (type: string) =>
    watch.first(({ leaf }) => leaf.stream === stream && leaf.type === type, type, patienceMs)
  const begun = Date.now()
  const walk = async (): Promise<readonly Acknowledged[]> => {
    armed.step('requesting')
    const requested = await client.request()
    if (isBlocked) await until('blocked')
    const waived = isBlocked ? await waiveAll(client) : []
    await until('sign-off-asked')
    const first = await client.signOff('model-risk', people.ana)
    armed.step('signing')
    const second = await client.signOff('clinical-safety', people.bo)
    await until('promoted')
    return [requested, ...waived, first, second]
  }
  const [acknowledged] = await Promise.all([walk(), armed.done])
  return { model, client, acknowledged, tookMs: Date.now() - begun }
}
