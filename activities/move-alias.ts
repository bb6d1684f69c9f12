import { isPromotionError, PromotionError } from '../src/domain/errors.js'
import type { PromotionState } from '../src/domain/promotion.js'
import type { AliasEvent } from '../src/schema/event.js'
import { promotionId, versionName } from '../src/schema/ids.js'
import {
  aliasEventOf,
  aliasLeft,
  openIntent,
  type AliasJournal,
  type OpenIntent,
} from './alias-journal.js'
import type { ReleaseDeps } from './deps.js'
import { quoted } from './registry/names.js'

/** What became of a move. `elsewhere`: the alias pointed to something else. `away`: the registry did not answer, and nothing was moved. */
export type Moved =
  | { readonly kind: 'moved'; readonly from: string | null; readonly aliasSeq: number }
  | { readonly kind: 'elsewhere' | 'away'; readonly why: string }

/** An intent that stands in the alias stream, and the sequence number that its outcome is to get. */
interface Begun {
  readonly intent: OpenIntent
  readonly nextSeq: number
}

/** What an alias points to, held against what a version can be called: nothing else can be written down, or be moved back to. */
function named(environment: string, model: string, pointsTo: string | null): string | null {
  if (pointsTo === null || versionName.safeParse(pointsTo).success) return pointsTo
  const why = `alias ${environment} of ${model} points to ${quoted(pointsTo)}, which no version can be called`
  const remedy = 'point it to a version of the model, or remove it'
  throw new PromotionError('REGISTRY_UNAVAILABLE', why, { remedy })
}

async function aliasNow(
  { registry }: ReleaseDeps,
  environment: string,
  model: string,
): Promise<string | null> {
  return named(environment, model, await registry.alias(model, environment))
}

/** Closes the intent that another release left open: the alias tells whether it happened. */
async function closeOther(
  journal: AliasJournal,
  nextSeq: number,
  intent: OpenIntent,
  pointsTo: string | null,
): Promise<never> {
  const event =
    pointsTo === intent.to
      ? aliasEventOf('alias-moved', intent)
      : aliasLeft(intent.promotion, pointsTo, 'closed by the next release: it had not moved')
  await journal.append(nextSeq, event)
  throw new PromotionError('SEQUENCE_CONFLICT', 'another release had been left open: look again')
}

async function intend(
  deps: ReleaseDeps,
  journal: AliasJournal,
  state: PromotionState,
): Promise<Begun | Moved> {
  const { environment, model, version, snapshot } = state
  const promotion = promotionId.parse(state.promotion)
  const events = await journal.read()
  const done = moveOf(events, promotion)
  if (done) return { kind: 'moved', from: done.from, aliasSeq: done.aliasSeq }
  const pointsTo = await aliasNow(deps, environment, model)
  const open = openIntent(events)
  if (open && open.promotion !== promotion) {
    return closeOther(journal, events.length, open, pointsTo)
  }
  if (open) return { intent: open, nextSeq: events.length }
  if (!snapshot) throw new PromotionError('WRONG_STATE', `${promotion} has no snapshot`)
  const { modelDigest } = snapshot
  const intent: OpenIntent = { promotion, from: pointsTo, to: version, modelDigest }
  await journal.append(events.length, aliasEventOf('alias-intended', intent))
  return { intent, nextSeq: events.length + 1 }
}

/** Moves it if it still points where the intent says, and reads the effect back; says where it points now. */
async function attempt(
  deps: ReleaseDeps,
  { model, environment }: PromotionState,
  { from, to }: OpenIntent,
): Promise<{ readonly pointsTo: string | null; readonly why: string }> {
  const before = await aliasNow(deps, environment, model)
  if (before === to) return { pointsTo: to, why: '' }
  try {
    const { moved, found } = await deps.aliases.moveAlias(model, environment, from, to)
    if (!moved) {
      return { pointsTo: named(environment, model, found), why: 'the alias pointed elsewhere' }
    }
  } catch (error) {
    if (!isPromotionError(error)) throw error
    // Whether it was moved is not known: only the alias itself can tell.
    return { pointsTo: await aliasNow(deps, environment, model), why: error.message }
  }
  const pointsTo = await aliasNow(deps, environment, model)
  return { pointsTo, why: 'the alias was moved by somebody else at the same moment' }
}

/** The move that a promotion made, and its place in the alias stream; undefined where it made none. */
function moveOf(events: readonly AliasEvent[], promotion: string) {
  const moves = events.flatMap((event, aliasSeq) =>
    event.type === 'alias-moved' ? [{ ...event.body, aliasSeq }] : [],
  )
  return moves.find((move) => move.promotion === promotion)
}

/**
 * Writes that the alias was moved. Where another release has closed the intent meanwhile, its word holds: a move that
 * it saw stands, one that it did not see is taken back.
 */
async function outcome(
  deps: ReleaseDeps,
  journal: AliasJournal,
  { model, environment }: PromotionState,
  { intent, nextSeq }: Begun,
): Promise<number> {
  try {
    return await journal.append(nextSeq, aliasEventOf('alias-moved', intent))
  } catch (error) {
    if (!isPromotionError(error) || error.code !== 'SEQUENCE_CONFLICT') throw error
    const move = moveOf(await journal.read(), intent.promotion)
    if (move) return move.aliasSeq
    await deps.aliases.moveAlias(model, environment, intent.to, intent.from)
    throw error
  }
}

/**
 * Moves the alias once: intent, compare-and-set, read back, outcome. An intent that was left open is finished or undone
 * first, so two versions in flight cannot race.
 *
 * @throws PromotionError `REGISTRY_UNAVAILABLE` (the intent stays open), `SEQUENCE_CONFLICT`, `LOG_UNAVAILABLE`
 */
export async function moveAlias(
  deps: ReleaseDeps,
  journal: AliasJournal,
  state: PromotionState,
): Promise<Moved> {
  const begun = await intend(deps, journal, state)
  if ('kind' in begun) return begun
  const { intent, nextSeq } = begun
  const { pointsTo, why } = await attempt(deps, state, intent)
  if (pointsTo === intent.to) {
    return {
      kind: 'moved',
      from: intent.from,
      aliasSeq: await outcome(deps, journal, state, begun),
    }
  }
  await journal.append(nextSeq, aliasLeft(intent.promotion, pointsTo, why))
  return { kind: pointsTo === intent.from ? 'away' : 'elsewhere', why }
}
