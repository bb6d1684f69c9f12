import type { CheckInput, Released } from '../../../activities/activities.js'
import type { ReleaseDeps } from '../../../activities/deps.js'
import { openPromotion } from '../../../activities/open-promotion.js'
import { release } from '../../../activities/release.js'
import { runCheck } from '../../../activities/run-check.js'
import { snapshotOnce } from '../../../activities/snapshot-once.js'
import { readPromotion, toNewEvent } from '../../../activities/streams.js'
import { aliasStream, promotionStream } from '../../../src/contract.js'
import { decide, type DomainCommand } from '../../../src/domain/decide.js'
import { fold } from '../../../src/domain/evolve.js'
import type { CheckReport } from '../../../src/schema/check.js'
import type { AliasEvent, PromotionEvent } from '../../../src/schema/event.js'
import { requestOf, type Request } from './acting.js'
import type { House } from './house.js'

export const quiet = { signal: new AbortController().signal, onProgress: () => undefined }

/** Writes into a promotion's stream whatever it is given, as whoever holds the worker's token could. */
export async function append(
  house: House,
  promotion: string,
  events: readonly PromotionEvent[],
): Promise<void> {
  const stream = promotionStream(promotion)
  const { length } = await house.log.read(stream)
  const appended = await house.log.append(stream, length, events.map(toNewEvent))
  if (appended.kind !== 'appended') throw new Error('the stream has moved on')
}

/** Writes into an alias stream, as a release worker that is stopped afterwards. */
export async function appendToAlias(
  house: House,
  model: string,
  events: readonly AliasEvent[],
): Promise<void> {
  const stream = aliasStream('production', model)
  const { log } = house.releaseDeps
  const { length } = await log.read(stream)
  const appended = await log.append(stream, length, events.map(toNewEvent))
  if (appended.kind !== 'appended') throw new Error('the stream has moved on')
}

/** Records what the rules give for a command, without any workflow. */
export async function follow(
  house: House,
  promotion: string,
  command: DomainCommand,
): Promise<void> {
  const decision = decide(fold(await readPromotion(house.log, promotion)), command)
  if (decision.kind !== 'events') throw new Error(`the rules refuse: ${JSON.stringify(decision)}`)
  await append(house, promotion, decision.events)
}

/** What a check of a forged promotion claims. */
export type Claim = (input: CheckInput) => Promise<CheckReport>

export function honestly(house: House): Claim {
  return (input) => runCheck(house.workerDeps, input, quiet)
}

/**
 * Writes a promotion into the log by hand, up to the point where its checks are done: a genuine request and a genuine
 * snapshot, and checks that claim whatever they are told to.
 */
export async function forge(house: House, asked: Request, claim = honestly(house)) {
  const { promotion, workflowId, input } = await requestOf(house, asked)
  const opening = await openPromotion(house.workerDeps, input, workflowId)
  if (opening.kind === 'refused') throw new Error(opening.detail)
  await follow(house, promotion, { kind: 'open', at: Date.now(), request: opening.request })
  const { model, version } = asked
  const snapshot = await snapshotOnce(house.workerDeps, { promotion, model, version }, quiet)
  await follow(house, promotion, { kind: 'snapshotted', at: Date.now(), snapshot })
  const { checks } = fold(await readPromotion(house.log, promotion))
  for (const { check, clauseDigest, attempt } of checks) {
    const { modelDigest, signatureDigest } = snapshot
    const about = { promotion, check, clauseDigest, attempt, modelDigest, signatureDigest }
    const report = await claim(about)
    await follow(house, promotion, { kind: 'check', at: Date.now(), attempt, report })
  }
  return { promotion, workflowId }
}

/** Asks the release worker's own code, as anybody can who reaches its task queue. */
export async function releaseNow(
  house: House,
  promotion: string,
  deps: Partial<ReleaseDeps> = {},
): Promise<Released> {
  return release({ ...house.releaseDeps, ...deps }, promotion, quiet)
}
