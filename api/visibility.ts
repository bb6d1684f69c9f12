import { PromotionError } from '../src/domain/errors.js'
import { owningTeams, policyFor, type GovernanceSet } from '../src/domain/policy.js'
import type { PromotionRecord } from '../read-model/promotions.js'
import type { Projection } from '../read-model/projection.js'
import type { Caller } from './people.js'

/** Whether a caller may know of a promotion: requester, sponsor, seats, owners, and whoever audits. */
export function maySee(caller: Caller, { state }: PromotionRecord): boolean {
  if (state.phase === 'none') return false
  const { requester, sponsor, membership } = state
  return (
    caller.scopes.has('audit') ||
    caller.id === requester ||
    caller.id === sponsor ||
    membership.owners.includes(caller.id) ||
    Object.values(membership.teams).some((team) => team.includes(caller.id))
  )
}

/**
 * The promotion, if there is one that the caller may know of. The same answer to both, so that ids cannot be tried.
 *
 * @throws PromotionError `NOT_FOUND`
 */
export function visibleRecord(projection: Projection, caller: Caller, id: string): PromotionRecord {
  const record = projection.promotions.get(id)
  if (record && maySee(caller, record)) return record
  throw new PromotionError('NOT_FOUND', `there is no promotion ${id} that you may see`)
}

function teamsOf(set: GovernanceSet, model: string, environment: string): readonly string[] {
  try {
    const policy = policyFor(set, model, environment)
    return [...owningTeams(set, model), ...policy.seats.flatMap(({ teams }) => teams)]
  } catch {
    // Without one policy there are no seats; the owners are still owners.
    return owningTeams(set, model)
  }
}

/** Whether a caller may know what is live of a model: its owners, its seats, whoever audits. */
export function maySeeModel(
  caller: Caller,
  set: GovernanceSet,
  model: string,
  environment: string,
): boolean {
  if (caller.scopes.has('audit')) return true
  const teams = new Set(teamsOf(set, model, environment))
  return set.owners.teams.some(({ id, members }) => teams.has(id) && members.includes(caller.id))
}
