import type { AliasRecord } from '../../read-model/aliases.js'
import type { PromotionRecord } from '../../read-model/promotions.js'
import { isoOf } from '../../src/domain/time.js'
import type { Why } from '../schema/answers.js'
import type { AliasView, DecisionView } from '../schema/views.js'
import { checkViewOf } from './checks.js'
import type { PersonOf, Words } from './names.js'

export interface TrailParts {
  readonly record: PromotionRecord
  readonly decisions: DecisionView[]
  readonly reason: Words
  readonly personOf: PersonOf
  readonly at: number
}

/** What the registry said of the version when it was asked for. */
function originOf(record: PromotionRecord) {
  const request = record.acts.find(({ event }) => event.type === 'requested')?.event
  if (request?.type !== 'requested') {
    return { trainingRun: null, versionCreatedAt: null, registry: '' }
  }
  const { run, createdAt, registry } = request.body.origin
  return { trainingRun: run, versionCreatedAt: createdAt, registry }
}

/** Why one promotion's version is live: who asked, what was checked, who agreed. */
export function trailOf({ record, decisions, reason, personOf, at }: TrailParts): Why['trail'] {
  const { state } = record
  return {
    promotion: record.id,
    requestedBy: personOf(state.requester),
    sponsor: state.sponsor === null ? null : personOf(state.sponsor),
    requestedAt: isoOf(state.requestedAt),
    reason,
    tier: state.inForce.tier,
    policy: state.inForce.policy,
    checks: state.checks.map((one) => checkViewOf(state, one, at)),
    decisions,
    approvedUntil: state.promoted?.approvedUntil ?? null,
    ...originOf(record),
    development: state.development,
  }
}

export function whyOf(
  place: { readonly model: string; readonly environment: string },
  alias: AliasRecord | undefined,
  observation: AliasView | null,
  trail: Why['trail'],
): Why {
  const { model, environment } = place
  const live = alias?.live ?? null
  return {
    model,
    environment,
    live: live && {
      version: live.version,
      modelDigest: live.modelDigest,
      promotion: live.promotion,
      since: live.since,
    },
    observation,
    diverged: observation?.diverged ?? false,
    moving: alias?.intent?.promotion ?? null,
    trail,
  }
}
