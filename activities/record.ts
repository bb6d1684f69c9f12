import { envelopeOf } from '../evidence/statement.js'
import { promotionStream } from '../src/contract.js'
import { digestOfJson } from '../src/domain/canonical.js'
import { isPromotionError, PromotionError } from '../src/domain/errors.js'
import { fold } from '../src/domain/evolve.js'
import { promotionEvent, type PromotionEvent } from '../src/schema/event.js'
import type { Recorded, RecordInput } from './activities.js'
import { attestDecisions } from './attest-decisions.js'
import type { WorkerDeps } from './deps.js'
import { rulingFor } from './governance-in-force.js'
import { unprovenBecause } from './proof.js'
import { assertGrounded } from './record-ground.js'
import { readPromotion, toNewEvent } from './streams.js'

/** The set in force may have changed since the run decided; null where it did not. */
async function faultOf(deps: WorkerDeps, input: RecordInput): Promise<Recorded | null> {
  const { proof } = input
  if (!proof) return null
  try {
    const governance = await deps.governance.current()
    const unproven = unprovenBecause(proof, governance, deps.installation)
    if (unproven) return { kind: 'unproven', ...unproven }
    const state = fold(await readPromotion(deps.log, input.promotion))
    const { model, environment, pinned } = state
    const ruling = rulingFor(governance.set, model, environment, pinned)
    if (digestOfJson({ ...ruling }) === input.decidedBy) return null
    return { kind: 'governance-changed', ...ruling }
  } catch (error) {
    // Unknown means no: while nobody can say who may do what, nobody may.
    if (!isPromotionError(error) || error.code === 'LOG_UNAVAILABLE') throw error
    return { kind: 'unproven', code: error.code, detail: error.message }
  }
}

async function isRecorded(
  { log }: WorkerDeps,
  { promotion, expectedSeq }: RecordInput,
  events: readonly PromotionEvent[],
): Promise<boolean> {
  const recorded = (await log.read(promotionStream(promotion), expectedSeq)).map(
    ({ leaf: { type, at, person }, body }) => ({ type, at, person, body }),
  )
  const same = recorded.slice(0, events.length).map((event) => digestOfJson(event))
  return digestOfJson(same) === digestOfJson(events.map((event) => digestOfJson(event)))
}

/** What stands against recording; nothing where it was recorded already, and only the answer was lost. */
async function objectionTo(
  deps: WorkerDeps,
  input: RecordInput,
  events: readonly PromotionEvent[],
): Promise<Recorded | null> {
  try {
    await assertGrounded(deps, input, events)
    const fault = await faultOf(deps, input)
    return fault && (await isRecorded(deps, input, events)) ? null : fault
  } catch (error) {
    if (await isRecorded(deps, input, events)) return null
    throw error
  }
}

/** An event that does not have its shape never will: trying again would only hold the run up. */
function parsed(event: PromotionEvent): PromotionEvent {
  const { data, error } = promotionEvent.safeParse(event)
  if (data) return data
  const [issue] = error.issues
  const where = [event.type, ...(issue?.path ?? [])].join('.')
  throw new PromotionError('MALFORMED', `${where}: ${issue?.message ?? 'is of no known shape'}`)
}

/** Keeps the request's statement as an envelope; by it the promotion is found when its run is not. */
async function keepRequest(
  { evidence }: WorkerDeps,
  promotion: string,
  events: readonly PromotionEvent[],
): Promise<void> {
  const requested = events.find((event) => event.type === 'requested')
  if (requested?.type !== 'requested') return
  const digest = await evidence.put(envelopeOf(requested.body.signed))
  await evidence.attach(promotion, 'request', digest)
}

/**
 * Proves the statement behind some events, then appends them as the next ones of the promotion's stream.
 * The same events at the same place again are a success, so a retry is safe.
 *
 * @throws PromotionError `LOG_UNAVAILABLE` (retried), `MALFORMED`, and as `assertGrounded`
 */
export async function record(deps: WorkerDeps, input: RecordInput): Promise<Recorded> {
  const events = input.events.map(parsed)
  const fault = await objectionTo(deps, input, events)
  if (fault) return fault
  const stream = promotionStream(input.promotion)
  const appended = await deps.log.append(stream, input.expectedSeq, events.map(toNewEvent))
  if (appended.kind === 'conflict') return { kind: 'conflict' }
  await keepRequest(deps, input.promotion, events)
  await attestDecisions(deps, input.promotion, appended.events)
  return { kind: 'recorded', events }
}
