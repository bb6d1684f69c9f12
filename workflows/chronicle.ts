import type { Recorded } from '../activities/activities.js'
import { decide, type Decision, type DomainCommand } from '../src/domain/decide.js'
import { isEnded, type PromotionState } from '../src/domain/promotion.js'
import { isoOf } from '../src/domain/time.js'
import type { PromotionEvent } from '../src/schema/event.js'
import type { ActCommand } from '../src/schema/statement.js'
import { createLedger, type Ledger } from './ledger.js'
import type { Steps } from './steps.js'

export interface Refusal {
  readonly kind: 'refused'
  readonly code: string
  readonly detail: string
  readonly changes?: readonly string[]
}

/** What a command came to, once it is recorded. */
export type Carried = { readonly kind: 'recorded' } | Refusal

/** After so many refusals a promotion counts them instead, so that nobody can fill the log. */
const recordedRefusals = 50

/** As the event's schema has it; what others say may be longer. */
const longestDetail = 500

const done: Carried = { kind: 'recorded' }

function outcomeOf(decision: Exclude<Decision, { kind: 'events' }>): Carried {
  if (decision.kind === 'refused') return decision
  return decision.refusal ? { kind: 'refused', ...decision.refusal } : done
}

/** Decides until what was decided could be recorded as the next thing that happened. */
async function carryOut(ledger: Ledger, command: DomainCommand): Promise<Carried> {
  for (;;) {
    const decision = decide(ledger.state(), command)
    if (decision.kind !== 'events') return outcomeOf(decision)
    if (decision.events.length === 0) return done
    const recorded = await ledger.append(decision.events, null)
    if (recorded.kind === 'recorded') return done
  }
}

/** Records how many there were each time that their number has doubled: the log grows with its logarithm only. */
async function countRefusal(ledger: Ledger): Promise<Recorded | 'not-needed'> {
  const { refusals } = ledger.state()
  const count = ledger.countRefusal()
  if (count < 2 * refusals) return 'not-needed'
  const at = isoOf(Date.now())
  return ledger.append([{ type: 'refusals-counted', at, person: null, body: { count } }], null)
}

/** Records a refusal; without a proof it names nobody, since anybody could have sent it. */
async function refuse(
  ledger: Ledger,
  command: ActCommand,
  { code, detail }: Refusal,
  isProven: boolean,
): Promise<Recorded | 'not-needed'> {
  const { refusals, phase } = ledger.state()
  if (phase === 'none' || isEnded(phase)) return 'not-needed'
  if (refusals >= recordedRefusals) return countRefusal(ledger)
  const { person, nonce, bodyDigest } = command.signed.statement
  const event: PromotionEvent = {
    type: 'refused',
    at: isoOf(Date.now()),
    person: isProven ? person : null,
    body: { act: command.act, code, detail: detail.slice(0, longestDetail), nonce, bodyDigest },
  }
  return ledger.append([event], isProven ? command.signed : null)
}

/** What to do about an act that could not be recorded; `again`: decide it once more. */
async function unrecorded(
  ledger: Ledger,
  command: ActCommand,
  recorded: Recorded,
): Promise<Carried | 'again'> {
  if (recorded.kind === 'governance-changed') {
    const { rules, membership } = recorded
    await carryOut(ledger, { kind: 'observed', at: Date.now(), rules, membership })
  }
  if (recorded.kind !== 'unproven') return 'again'
  const refusal: Refusal = { kind: 'refused', code: recorded.code, detail: recorded.detail }
  for (;;) {
    const written = await refuse(ledger, command, refusal, false)
    if (written === 'not-needed' || written.kind === 'recorded') return refusal
  }
}

async function actOnce(ledger: Ledger, command: ActCommand): Promise<Carried | 'again'> {
  const decision = decide(ledger.state(), { kind: 'act', at: Date.now(), command })
  if (decision.kind === 'repeat') return outcomeOf(decision)
  if (decision.kind === 'refused') {
    const written = await refuse(ledger, command, decision, true)
    if (written === 'not-needed' || written.kind === 'recorded') return decision
    return unrecorded(ledger, command, written)
  }
  const recorded = await ledger.append(decision.events, command.signed)
  return recorded.kind === 'recorded' ? done : unrecorded(ledger, command, recorded)
}

async function noteRevival(ledger: Ledger): Promise<void> {
  for (;;) {
    const { phase } = ledger.state()
    if (phase === 'none' || isEnded(phase)) return
    const at = isoOf(Date.now())
    const recorded = await ledger.append(
      [{ type: 'run-revived', at, person: null, body: {} }],
      null,
    )
    if (recorded.kind === 'recorded') return
  }
}

async function act(ledger: Ledger, command: ActCommand): Promise<Carried> {
  for (;;) {
    const carried = await actOnce(ledger, command)
    if (carried !== 'again') return carried
  }
}

/** The one way to change a promotion: decide, record, then evolve over what came back, one command at a time. */
export interface Chronicle {
  readonly state: () => PromotionState
  readonly reload: () => Promise<void>
  /** @param command made when its turn comes, from the present in ms since the Unix epoch */
  readonly carryOut: (command: (at: number) => DomainCommand) => Promise<Carried>
  readonly act: (command: ActCommand) => Promise<Carried>
  /** Records that the run before this one was found dead; nothing where the promotion has ended. */
  readonly noteRevival: () => Promise<void>
}

export function createChronicle(promotion: string, steps: () => Steps): Chronicle {
  const ledger = createLedger(promotion, steps)
  return {
    state: ledger.state,
    reload: () => ledger.inLine(ledger.reload),
    carryOut: (command) => ledger.inLine(() => carryOut(ledger, command(Date.now()))),
    act: (command) => ledger.inLine(() => act(ledger, command)),
    noteRevival: () => ledger.inLine(() => noteRevival(ledger)),
  }
}
