import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  setHandler,
} from '@temporalio/workflow'
import type { Timing } from '../activities/activities.js'
import type { ActAnswer, OpenAnswer } from '../src/contract.js'
import { commandFault, isActCommand } from '../src/domain/command-shape.js'
import type { Phase } from '../src/domain/promotion.js'
import type { ActCommand, PromotionRequest } from '../src/schema/statement.js'
import { createChronicle, type Chronicle } from './chronicle.js'
import { createDisplay } from './display.js'
import { drive } from './driver.js'
import { act, actSignal, open } from './messages.js'
import { stepsWith } from './steps.js'

/** A new promotion, or one that goes on in a new run: then everything is read from the log. */
export type PromoteModelInput =
  | PromotionRequest
  | {
      readonly resume: string
      /** True where the run before was found dead; it is recorded. */
      readonly isRevived?: boolean
    }

export interface PromotionOutcome {
  readonly promotion: string
  readonly phase: Phase
  readonly code: string | null
}

/** Until the deployment's own values are known: only short calls are made with these. */
const firstTiming: Timing = {
  heartbeatMs: 10_000,
  checkMs: { provenance: 60_000, scan: 60_000, evaluation: 60_000 },
  snapshotMs: 60_000,
  releaseMs: 60_000,
}

/** A run that ends at once waits so long for the Update `open`: whoever started it is about to ask. In ms. */
const hearingMs = 10_000

function refuseMalformed(command: ActCommand): void {
  const fault = commandFault(command)
  if (fault !== null) throw ApplicationFailure.nonRetryable(fault, 'MALFORMED')
}

async function answer(chronicle: Chronicle, command: ActCommand): Promise<ActAnswer> {
  const carried = await chronicle.act(command)
  const { nextSeq, phase } = chronicle.state()
  return carried.kind === 'recorded'
    ? { kind: 'accepted', nextSeq, phase }
    : { ...carried, nextSeq }
}

/**
 * Takes one model version to an environment once its bytes, its evidence and its owners agree.
 * A promotion that is refused, rejected or expired is an outcome, not an error. A cancellation request from
 * Temporal's side is not obeyed: only the statement of somebody who may cancel is.
 */
export async function promoteModel(input: PromoteModelInput): Promise<PromotionOutcome> {
  return unhindered(() => run(input))
}

/** Each handler runs in a scope of its own, below the run's root, so each has to be shielded by itself. */
function unhindered<T>(work: () => Promise<T>): Promise<T> {
  return CancellationScope.nonCancellable(work)
}

async function run(input: PromoteModelInput): Promise<PromotionOutcome> {
  const promotion = 'resume' in input ? input.resume : input.signed.statement.promotion
  let steps = stepsWith(firstTiming)
  let opened: OpenAnswer | undefined
  let underWay = 0
  let isHeard = 'resume' in input
  const chronicle = createChronicle(promotion, () => steps)

  const whenOpen = async (command: ActCommand): Promise<ActAnswer> => {
    underWay += 1
    try {
      await condition(() => opened !== undefined)
      return await answer(chronicle, command)
    } finally {
      underWay -= 1
    }
  }
  setHandler(open, () =>
    unhindered(async () => {
      isHeard = true
      await condition(() => opened !== undefined)
      return opened ?? { kind: 'opened' as const, nextSeq: 0 }
    }),
  )
  setHandler(act, (command) => unhindered(() => whenOpen(command)), { validator: refuseMalformed })
  setHandler(actSignal, async (command) => {
    if (isActCommand(command)) await unhindered(() => whenOpen(command))
  })

  const begun = await begin(input, chronicle, () => steps)
  steps = stepsWith(begun.timing)
  opened = begun.answer
  if (opened.kind === 'opened') await drive(chronicle, steps, createDisplay(), () => underWay === 0)
  if (!isHeard) await condition(() => isHeard, hearingMs)
  await condition(allHandlersFinished)
  const { phase, end } = chronicle.state()
  return { promotion, phase, code: opened.kind === 'refused' ? opened.code : (end?.code ?? null) }
}

async function begin(
  input: PromoteModelInput,
  chronicle: Chronicle,
  steps: () => ReturnType<typeof stepsWith>,
): Promise<{ readonly timing: Timing; readonly answer: OpenAnswer }> {
  if ('resume' in input) {
    const { timing } = await steps().quick.readEvents(input.resume)
    await chronicle.reload()
    if (input.isRevived === true) await chronicle.noteRevival()
    if (chronicle.state().phase === 'none') {
      const detail = `the log knows no promotion ${input.resume}`
      return { timing, answer: { kind: 'refused', code: 'NOT_FOUND', detail } }
    }
    return { timing, answer: { kind: 'opened', nextSeq: chronicle.state().nextSeq } }
  }
  const opening = await steps().quick.openPromotion(input)
  if (opening.kind === 'refused') return { timing: firstTiming, answer: opening }
  const { request, timing } = opening
  const carried = await chronicle.carryOut((at) => ({ kind: 'open', at, request }))
  const answer: OpenAnswer =
    carried.kind === 'refused' ? carried : { kind: 'opened', nextSeq: chronicle.state().nextSeq }
  return { timing, answer }
}
