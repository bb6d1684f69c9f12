import { promotionStream } from '../src/contract.js'
import { digestOfJson } from '../src/domain/canonical.js'
import { isPromotionError, PromotionError } from '../src/domain/errors.js'
import { fold } from '../src/domain/evolve.js'
import type { PromotionState } from '../src/domain/promotion.js'
import { releaseFault } from '../src/domain/release.js'
import { isoOf } from '../src/domain/time.js'
import type { PromotionEvent } from '../src/schema/event.js'
import type { Released } from './activities.js'
import { createAliasJournal, hasBegun } from './alias-journal.js'
import { championOf } from './champion.js'
import type { CheckRun } from './check.js'
import type { GovernanceInForce, ReleaseDeps } from './deps.js'
import { rulingFor } from './governance-in-force.js'
import { moveAlias, type Moved } from './move-alias.js'
import { provePromotion } from './prove-promotion.js'
import { hashSnapshot } from './snapshot/take.js'
import { readPromotion, toNewEvent } from './streams.js'

function refused(code: string, detail: string): Released {
  return { kind: 'refused', code, detail }
}

/** The set in force at this moment, where the run has not seen it yet; null where it has. */
function governanceChange(
  { set }: GovernanceInForce,
  { model, environment, pinned, inForce: rules, membership }: PromotionState,
): Released | null {
  try {
    const ruling = rulingFor(set, model, environment, pinned)
    const isSeen = digestOfJson({ ...ruling }) === digestOfJson({ rules, membership })
    return isSeen ? null : { kind: 'governance-changed', ...ruling }
  } catch (error) {
    if (!isPromotionError(error)) throw error
    return refused(error.code, error.message)
  }
}

/** Whether the facts still carry a release at this moment, as if none had been begun. */
function isReady(state: PromotionState, at: number): boolean {
  return releaseFault({ ...state, releasing: false }, at) === null
}

/** Reads every byte again: what was checked and signed must be what the registry would serve. */
async function bytesFault(
  deps: ReleaseDeps,
  { model, version, snapshot }: PromotionState,
  run: CheckRun,
): Promise<Released | null> {
  const { signal } = run
  const onProgress = () => run.onProgress('reading the bytes again')
  try {
    const now = await hashSnapshot({ registry: deps.registry, model, version, signal, onProgress })
    const isSame =
      now.modelDigest === snapshot?.modelDigest && now.signatureDigest === snapshot.signatureDigest
    if (isSame) return null
    return refused('BYTES_CHANGED', 'the registry holds other bytes than were checked and signed')
  } catch (error) {
    const isFinal =
      isPromotionError(error) &&
      ['SNAPSHOT_REFUSED', 'SNAPSHOT_UNSTABLE', 'MODEL_NOT_FOUND'].includes(error.code)
    if (!isFinal) throw error
    return refused('BYTES_CHANGED', error.message)
  }
}

/**
 * Writes one event into the promotion's stream, so that nobody decides anything while the alias may be moving, and
 * nothing was decided since it was read.
 */
async function mark(
  deps: ReleaseDeps,
  state: PromotionState,
  event: Extract<PromotionEvent, { type: 'release-started' | 'release-stopped' }>,
): Promise<void> {
  const stream = promotionStream(state.promotion)
  const appended = await deps.log.append(stream, state.nextSeq, [toNewEvent(event)])
  if (appended.kind === 'appended') return
  throw new PromotionError('SEQUENCE_CONFLICT', `${stream} moved on while it was being released`)
}

/** Null where the facts no longer carry a release at the very moment of its beginning. */
async function start(deps: ReleaseDeps, state: PromotionState): Promise<PromotionState | null> {
  if (state.releasing) return state
  const attempt = state.releaseAttempts + 1
  const now = Date.now()
  if (releaseFault(state, now) !== null) return null
  const at = isoOf(now)
  await mark(deps, state, { type: 'release-started', at, person: null, body: { attempt } })
  return { ...state, nextSeq: state.nextSeq + 1, releasing: true, releaseAttempts: attempt }
}

async function stop(deps: ReleaseDeps, state: PromotionState, why: string): Promise<void> {
  const at = new Date().toISOString()
  const body = { attempt: state.releaseAttempts, why: why.slice(0, 300) }
  await mark(deps, state, { type: 'release-stopped', at, person: null, body })
}

async function conclude(deps: ReleaseDeps, state: PromotionState, moved: Moved): Promise<Released> {
  if (moved.kind === 'moved') return moved
  await stop(deps, state, moved.why)
  if (moved.kind === 'away') {
    throw new PromotionError('REGISTRY_UNAVAILABLE', `the alias was left as it was: ${moved.why}`)
  }
  return {
    kind: 'champion-changed',
    champion: await championOf(deps, state.environment, state.model),
  }
}

/** What the log, the governance set and the clocks say against a release now; null where nothing does. */
async function verdictFault(
  deps: ReleaseDeps,
  promotion: string,
  claimed: PromotionState,
  events: readonly PromotionEvent[],
): Promise<Released | null> {
  const governance = await deps.governance.current()
  const change = governanceChange(governance, claimed)
  if (change) return change
  const proven = await provePromotion(deps, governance, promotion, events)
  if (proven.kind === 'unproven') return refused('RELEASE_REFUSED', proven.detail)
  return isReady(proven.state, Date.now()) ? null : { kind: 'unsettled' }
}

async function championFault(
  deps: ReleaseDeps,
  { environment, model, champion: known }: PromotionState,
): Promise<Released | null> {
  const champion = await championOf(deps, environment, model)
  if (digestOfJson(champion) === digestOfJson(known)) return null
  return { kind: 'champion-changed', champion }
}

/** All that stands against a move at this moment: rules, proofs and clocks, then the champion, then every byte. */
async function faultNow(
  deps: ReleaseDeps,
  promotion: string,
  events: readonly PromotionEvent[],
  run: CheckRun,
): Promise<Released | null> {
  const claimed = fold(events)
  return (
    (await verdictFault(deps, promotion, claimed, events)) ??
    (await championFault(deps, claimed)) ??
    (await bytesFault(deps, claimed, run))
  )
}

/**
 * Moves the alias of an approved promotion, and of no other. It trusts no argument but the id: the verdict is derived
 * again from log, attestations and statements, the bytes are read again, and the move is made by compare-and-set between
 * an intent and an outcome in the alias stream. An intent is only ever written after all that, and only by a release:
 * one that stands is finished or undone, whatever changed since, so a retry is safe.
 *
 * @throws PromotionError `REGISTRY_UNAVAILABLE`, `LOG_UNAVAILABLE`, `SEQUENCE_CONFLICT`, `GOVERNANCE_INVALID` (all retried)
 */
export async function release(
  deps: ReleaseDeps,
  promotion: string,
  run: CheckRun,
): Promise<Released> {
  const events = await readPromotion(deps.log, promotion)
  const claimed = fold(events)
  if (claimed.phase !== 'promoting') return { kind: 'unsettled' }
  const journal = createAliasJournal(deps.log, claimed.environment, claimed.model)
  const isOwn = claimed.promotion === promotion
  const isBegun = isOwn && claimed.releasing && hasBegun(await journal.read(), promotion)
  if (!isBegun) {
    const fault = await faultNow(deps, promotion, events, run)
    if (fault && isOwn && claimed.releasing) await stop(deps, claimed, 'cut off; not begun again')
    if (fault) return fault
  }
  const started = await start(deps, claimed)
  if (!started) return { kind: 'unsettled' }
  return conclude(deps, started, await moveAlias(deps, journal, started))
}
