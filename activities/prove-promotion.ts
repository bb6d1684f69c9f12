import { z } from 'zod'
import { attestedPredicate, predicateTypes } from '../evidence/attestation.js'
import { promotionIdOf } from '../evidence/statement.js'
import { actOf, audit } from '../src/domain/audit.js'
import { digestOfJson, type Json } from '../src/domain/canonical.js'
import { concessionsInForce } from '../src/domain/decision.js'
import type { PromotionState } from '../src/domain/promotion.js'
import { msOf } from '../src/domain/time.js'
import type { CheckReport } from '../src/schema/check.js'
import type { PromotionEvent } from '../src/schema/event.js'
import { envelope } from '../src/schema/statement.js'
import type { GovernanceInForce, ReleaseDeps } from './deps.js'
import { isKnown, unsignedBecause } from './proof.js'

/** What the log proves of a promotion, or the first thing in it that does not hold. */
export type Proven =
  | { readonly kind: 'proven'; readonly state: PromotionState }
  | { readonly kind: 'unproven'; readonly detail: string }

/** How far the clocks of Temporal's server and of this machine may lie apart, in ms. */
const clockSkewMs = 5 * 60_000

const canonicalOutcome = z.looseObject({ outcome: z.string(), check: z.string() })

async function checkFault(
  deps: ReleaseDeps,
  event: Extract<PromotionEvent, { type: 'check-completed' }>,
  state: PromotionState,
): Promise<string | null> {
  const { report, attempt } = event.body
  const { attestationDigest, ...claims } = report
  const text = await deps.evidence.get(attestationDigest)
  const sealed = text === null ? null : envelope.safeParse(JSON.parse(text))
  if (!sealed?.success || !state.snapshot) return `the attestation of ${report.check} is missing`
  const keys = [deps.installation.attestationKey]
  const { modelDigest } = state.snapshot
  const said = attestedPredicate(sealed.data, keys, modelDigest, predicateTypes.check)
  const expected: Json = {
    ...claims,
    promotion: state.promotion,
    attempt,
    development: state.development,
  }
  if (said === null || digestOfJson(said) !== digestOfJson(expected)) {
    return `the attestation of ${report.check} does not say what the log says`
  }
  return resultFault(deps, report)
}

async function resultFault(deps: ReleaseDeps, report: CheckReport): Promise<string | null> {
  const text = await deps.evidence.get(report.resultDigest)
  const result = text === null ? null : canonicalOutcome.safeParse(JSON.parse(text))
  if (!result?.success) return `the canonical result of ${report.check} is missing`
  const isSame = result.data.outcome === report.outcome && result.data.check === report.check
  return isSame ? null : `the canonical result of ${report.check} says otherwise than the log`
}

function requestFault(
  deps: ReleaseDeps,
  governance: GovernanceInForce,
  event: Extract<PromotionEvent, { type: 'requested' }>,
  promotion: string,
): string | null {
  const { signed, model, version, environment, reason, sponsor, requester } = event.body
  const { statement } = signed
  const body = { model, version, environment, reason, sponsor }
  const isOver =
    statement.act === 'request' &&
    statement.bodyDigest === digestOfJson(body) &&
    statement.person === requester &&
    statement.promotion === promotion &&
    promotionIdOf(statement.installation, requester, statement.nonce) === promotion
  if (!isOver) return 'the request is not the one that its statement was made over'
  // Who asked may have left since: that they might was proven when the request was recorded.
  const unproven = unsignedBecause(signed, governance, deps.installation)
  return unproven && `the request is not proven: ${unproven.detail}`
}

function isCounted(state: PromotionState, person: string): boolean {
  const counted = [...state.signOffs, ...concessionsInForce(state, Date.now())]
  return counted.some((one) => one.person === person)
}

/** A clock of the rules that is set ahead would let a decision be used for longer than policy allows. */
function clockFault(events: readonly PromotionEvent[], now: number): string | null {
  const ahead = events.find(({ at }) => msOf(at) > now + clockSkewMs)
  return ahead ? `${ahead.type} lies ahead, at ${ahead.at}` : null
}

async function eventFault(
  deps: ReleaseDeps,
  governance: GovernanceInForce,
  event: PromotionEvent,
  state: PromotionState,
): Promise<string | null> {
  if (event.type === 'check-completed') return checkFault(deps, event, state)
  const command = actOf(event)
  if (!command) return null
  const { person } = command.signed.statement
  const hasLeft = !isKnown(governance.set, person)
  // Nothing of theirs counts any more, and the keys to prove it by are gone with them.
  if (hasLeft && !isCounted(state, person)) return null
  const unproven = unsignedBecause(command.signed, governance, deps.installation)
  return unproven && `${event.type} is not proven: ${unproven.detail}`
}

/**
 * Derives a promotion's state from its recorded events alone, and from nothing that Temporal says: every event must be
 * what the rules give, every act carry a statement of that person, every check an attestation over the same bytes.
 */
export async function provePromotion(
  deps: ReleaseDeps,
  governance: GovernanceInForce,
  promotion: string,
  events: readonly PromotionEvent[],
): Promise<Proven> {
  const audited = audit(events)
  if (audited.kind === 'unsound') {
    return { kind: 'unproven', detail: `event ${audited.seq}: ${audited.detail}` }
  }
  const [requested] = events
  if (requested?.type !== 'requested') return { kind: 'unproven', detail: 'nothing was requested' }
  const { state } = audited
  const fault =
    clockFault(events, Date.now()) ?? requestFault(deps, governance, requested, promotion)
  if (fault !== null) return { kind: 'unproven', detail: fault }
  for (const event of events) {
    const found = await eventFault(deps, governance, event, state)
    if (found !== null) return { kind: 'unproven', detail: found }
  }
  return { kind: 'proven', state }
}
