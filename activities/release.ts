import { promotionStream } from '../src/contract.js'
import { digestOfJson } from '../src/domain/canonical.js'
import { deadlineOf } from '../src/domain/decide.js'
import { isPromotionError, PromotionError } from '../src/domain/errors.js'
import { fold } from '../src/domain/evolve.js'
import type { PromotionState } from '../src/domain/promotion.js'
import { settled } from '../src/domain/standing.js'
import type { PromotionEvent } from '../src/schema/event.js'
import type { Released } from './activities.js'
import { createAliasJournal } from './alias-journal.js'
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
  { model, environment, inForce: rules, membership }: PromotionState,
): Released | null {
  try {
    const ruling = rulingFor(set, model, environment)
    const isSeen = digestOfJson({ ...ruling }) === digestOfJson({ rules, membership })
    return isSeen ? null : { kind: 'governance-changed', ...ruling }
  } catch (error) {
    if (!isPromotionError(error)) throw error
    return refused(error.code, error.message)
  }
}

/** Whether the facts still carry a release at this moment. */
function isReady(state: PromotionState, at: number): boolean {
  const standing = { ...state, releasing: false }
  const deadline = deadlineOf(standing)
  const isInTime = state.releasing || deadline === null || at < deadline
  return state.phase === 'promoting' && isInTime && settled(standing, at).length === 0
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

async function start(deps: ReleaseDeps, state: PromotionState): Promise<PromotionState> {
  if (state.releasing) return state
  const attempt = state.releaseAttempts + 1
  const at = new Date().toISOString()
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

/** The promotion as its log proves it, ready to be released now; anything else says why not. */
async function provenState(
  deps: ReleaseDeps,
  promotion: string,
): Promise<PromotionState | Released> {
  const events = await readPromotion(deps.log, promotion)
  const governance = await deps.governance.current()
  const claimed = fold(events)
  if (claimed.phase !== 'promoting') return { kind: 'unsettled' }
  const change = governanceChange(governance, claimed)
  if (change && !claimed.releasing) return change
  const proven = await provePromotion(deps, governance, promotion, events)
  if (proven.kind === 'unproven') return refused('RELEASE_REFUSED', proven.detail)
  return isReady(proven.state, Date.now()) || proven.state.releasing
    ? proven.state
    : { kind: 'unsettled' }
}

/**
 * Moves the alias of an approved promotion, and of no other. It trusts no argument but the id: the verdict is derived
 * again from log, attestations and statements, the bytes are read again, and the move is made by compare-and-set between
 * an intent and an outcome in the alias stream. Whatever was begun by an attempt before is finished or undone first, so
 * a retry is safe.
 *
 * @throws PromotionError `REGISTRY_UNAVAILABLE`, `LOG_UNAVAILABLE`, `SEQUENCE_CONFLICT`, `GOVERNANCE_INVALID` (all retried)
 */
export async function release(
  deps: ReleaseDeps,
  promotion: string,
  run: CheckRun,
): Promise<Released> {
  const found = await provenState(deps, promotion)
  if ('kind' in found) return found
  const { environment, model } = found
  const journal = createAliasJournal(deps.log, environment, model)
  if (!found.releasing) {
    const champion = await championOf(deps, environment, model)
    if (digestOfJson(champion) !== digestOfJson(found.champion)) {
      return { kind: 'champion-changed', champion }
    }
    const fault = await bytesFault(deps, found, run)
    if (fault) return fault
  }
  const started = await start(deps, found)
  return conclude(deps, started, await moveAlias(deps, journal, started))
}
