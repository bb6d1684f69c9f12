import { aliasStream } from '../src/contract.js'
import { matchesPattern, type GovernanceSet } from '../src/domain/policy.js'
import { lastMove, openIntent } from './alias-journal.js'
import type { WorkerDeps } from './deps.js'
import { shown } from './finding.js'
import { rememberGovernance } from './governance-in-force.js'
import { readAlias, toNewEvent } from './streams.js'

function environmentsOf(set: GovernanceSet, model: string): readonly string[] {
  const governing = set.policies.filter(({ match }) =>
    match.models.some((pattern) => matchesPattern(pattern, model)),
  )
  return [...new Set(governing.flatMap(({ match }) => match.environments))]
}

/** The key under which the latest observation of an alias is noted; unchanged observations are no events. */
export function observationKey(environment: string, model: string): string {
  return `observed:${aliasStream(environment, model)}`
}

async function observe(deps: WorkerDeps, environment: string, model: string): Promise<void> {
  const { log, registry, notes } = deps
  const events = await readAlias(log, environment, model)
  const pointsTo = await registry.alias(model, environment)
  const version = pointsTo === null ? null : shown(pointsTo, 200)
  const at = new Date().toISOString()
  await notes.putNote(observationKey(environment, model), { version, at })
  const moved = lastMove(events)
  const last = events.at(-1)
  // While a release is under way it alone says what the alias does.
  if (openIntent(events) !== null) return
  const known = last?.type === 'alias-observed' ? last.body.version : (moved?.to ?? null)
  if (known === version) return
  const body = { version, diverged: version !== (moved?.to ?? null) }
  const event = toNewEvent({ type: 'alias-observed', at, person: null, body })
  // A conflict means that a release wrote meanwhile; the next round looks again.
  await log.append(aliasStream(environment, model), events.length, [event])
}

/**
 * Looks at the live alias of every governed model and records what changed; a target that no promotion put there is
 * `diverged`. Each change is recorded once, so a retry is safe. One that cannot be looked at keeps no other from being
 * seen; the first such fault is thrown once all were tried.
 *
 * @returns how many aliases were looked at
 * @throws PromotionError `REGISTRY_UNAVAILABLE`, `LOG_UNAVAILABLE`, `GOVERNANCE_INVALID`
 */
export async function observeAliases(deps: WorkerDeps): Promise<number> {
  const { set } = await deps.governance.current()
  await rememberGovernance(deps, set)
  const models = await deps.registry.models()
  const places = models.flatMap((model) =>
    environmentsOf(set, model).map((environment) => ({ environment, model })),
  )
  const faults: unknown[] = []
  for (const { environment, model } of places) {
    await observe(deps, environment, model).catch((error: unknown) => faults.push(error))
  }
  if (faults.length > 0) throw faults[0]
  return places.length
}
