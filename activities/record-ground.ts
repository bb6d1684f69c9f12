import { actOf } from '../src/domain/audit.js'
import { digestOfJson } from '../src/domain/canonical.js'
import { PromotionError } from '../src/domain/errors.js'
import type { PromotionEvent } from '../src/schema/event.js'
import type { SignedStatement } from '../src/schema/statement.js'
import type { RecordInput } from './activities.js'
import type { WorkerDeps } from './deps.js'
import { unprovenBecause } from './proof.js'
import { readAlias, readPromotion } from './streams.js'

type EventOf<Type extends PromotionEvent['type']> = Extract<PromotionEvent, { type: Type }>

function assertActProven(event: PromotionEvent, proof: SignedStatement | null): void {
  const command = actOf(event)
  if (!command) return
  const { signed, body, act } = command
  const { statement } = signed
  const isTheirs =
    proof !== null &&
    digestOfJson(signed) === digestOfJson(proof) &&
    statement.act === act &&
    statement.person === event.person &&
    statement.bodyDigest === digestOfJson(body)
  if (isTheirs) return
  const why = `${event.type} does not rest on the statement that was handed in with it`
  throw new PromotionError('SIGNATURE_INVALID', why)
}

async function assertRequestProven(deps: WorkerDeps, event: EventOf<'requested'>): Promise<void> {
  const governance = await deps.governance.current()
  const unproven = unprovenBecause(event.body.signed, governance, deps.installation)
  if (unproven) throw new PromotionError(unproven.code, `the request: ${unproven.detail}`)
}

async function assertMoved(
  deps: WorkerDeps,
  { promotion, expectedSeq }: RecordInput,
  { body }: EventOf<'promoted'>,
): Promise<void> {
  const [requested] = expectedSeq > 0 ? await readPromotion(deps.log, promotion) : []
  if (requested?.type === 'requested') {
    const { environment, model } = requested.body
    const move = (await readAlias(deps.log, environment, model))[body.aliasSeq]
    const { from, to, modelDigest } = body
    const claimed = { promotion, from, to, modelDigest }
    if (move?.type === 'alias-moved' && digestOfJson(move.body) === digestOfJson(claimed)) return
  }
  const why = `no release of ${promotion} moved the alias at ${body.aliasSeq} of its stream`
  throw new PromotionError('WRONG_STATE', why)
}

/**
 * Holds what a run wants recorded against what others vouch for, since whoever reaches Temporal can ask for it too: an
 * act needs its own statement, a request a proven one, and `promoted` the move that the release worker wrote down.
 *
 * @throws PromotionError `SIGNATURE_INVALID`, `NOT_ALLOWED`, `WRONG_STATE` (none is tried again)
 */
export async function assertGrounded(
  deps: WorkerDeps,
  input: RecordInput,
  events: readonly PromotionEvent[],
): Promise<void> {
  for (const event of events) {
    assertActProven(event, input.proof)
    if (event.type === 'requested') await assertRequestProven(deps, event)
    if (event.type === 'promoted') await assertMoved(deps, input, event)
  }
}
