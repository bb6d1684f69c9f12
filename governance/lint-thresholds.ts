import { durationMs, type GovernanceSet } from '../src/domain/policy.js'
import type { EvaluationClause, PolicyFile } from '../src/schema/governance.js'
import type { LintResult } from './lint.js'

type Say = (level: LintResult['level'], what: string, remedy: string) => LintResult

function sayer({ id }: PolicyFile): Say {
  return (level, what, remedy) => ({
    level,
    file: `policies (${id})`,
    where: `policy ${id}`,
    what,
    remedy,
  })
}

function boundFault(atLeast: number | undefined, atMost: number | undefined): string | null {
  const [low, high] = [atLeast ?? 0, atMost ?? 1]
  if (atLeast === undefined && atMost === undefined) return 'has no bound'
  if (low > 1 || high < 0 || low > high) return 'can never be met'
  return low <= 0 && high >= 1 ? 'is always met' : null
}

function boundFaults(clause: EvaluationClause, say: Say): readonly LintResult[] {
  return Object.entries(clause.overall).flatMap(([metric, { atLeast, atMost }]) => {
    const fault = boundFault(atLeast, atMost)
    const remedy = 'give atLeast or atMost, between 0 and 1'
    return fault === null
      ? []
      : [say('error', `checks.evaluation.overall.${metric} ${fault}`, remedy)]
  })
}

function groupFaults(clause: EvaluationClause, say: Say): readonly LintResult[] {
  return clause.groups.flatMap(({ column, metric, differenceAtMost, ratioAtLeast }) => {
    const name = `checks.evaluation.groups (${metric} by ${column})`
    const bites = (differenceAtMost ?? 1) < 1 || (ratioAtLeast ?? 0) > 0
    return bites ? [] : [say('error', `${name} is always met`, 'differenceAtMost or ratioAtLeast')]
  })
}

function evaluationFaults(policy: PolicyFile, say: Say): readonly LintResult[] {
  const clause = policy.checks.evaluation
  if (!clause) return []
  const nothing = Object.keys(clause.overall).length === 0 && clause.groups.length === 0
  const none = say('error', 'checks.evaluation has no threshold at all', 'give overall or groups')
  const closed = say(
    'warning',
    'checks.evaluation has no openSet, so nobody can try it before asking',
    'name an open evaluation set',
  )
  return [
    ...(nothing ? [none] : []),
    ...(clause.openSet === null ? [closed] : []),
    ...boundFaults(clause, say),
    ...groupFaults(clause, say),
  ]
}

function clockFaults({ clocks, seats, waivers }: PolicyFile, say: Say): readonly LintResult[] {
  const zero = (name: 'decide' | 'use' | 'approvalHolds') => durationMs(clocks[name]) === 0
  const names = (['decide', 'use', 'approvalHolds'] as const).filter(
    (name) => zero(name) && (name !== 'decide' || seats.length > 0),
  )
  const idle =
    waivers && (durationMs(waivers.longest) === 0 || waivers.teams.length === 0)
      ? [say('warning', 'waivers has no team or no time, so nobody can waive', 'take it out')]
      : []
  const useless =
    waivers && durationMs(clocks.mendWithin) === 0
      ? [
          say(
            'warning',
            'ends a promotion at once where a check fails (mendWithin 0), so no waiver comes in time',
            'give mendWithin a time',
          ),
        ]
      : []
  return [
    ...names.map((name) => say('error', `clocks.${name} is 0`, `give clocks.${name} a time`)),
    ...idle,
    ...useless,
  ]
}

function emptyFaults({ checks, seats }: PolicyFile, say: Say): readonly LintResult[] {
  const hasChecks = Object.values(checks).some((clause) => clause !== undefined)
  if (hasChecks) return []
  return seats.length > 0
    ? [say('warning', 'asks for no check', 'name at least one check')]
    : [say('error', 'asks for neither check nor seat: everything passes', 'ask for one')]
}

/** Thresholds that nothing or everything meets, clocks that leave no time, policies that ask nothing. */
export function thresholdResults(set: GovernanceSet): readonly LintResult[] {
  return set.policies.flatMap((policy) => {
    const say = sayer(policy)
    return [
      ...emptyFaults(policy, say),
      ...evaluationFaults(policy, say),
      ...clockFaults(policy, say),
    ]
  })
}
