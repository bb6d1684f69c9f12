import type { GovernanceSet } from '../src/domain/policy.js'
import { ownershipResults } from './lint-owners.js'
import { overlapResults } from './lint-overlap.js'
import { seatResults } from './lint-seats.js'
import { thresholdResults } from './lint-thresholds.js'

/** One thing that a set says and that will not do, or will surprise: `error` stops promotions, `warning` waits to. */
export interface LintResult {
  readonly level: 'error' | 'warning'
  readonly file: string
  /** The thing that it is about: a policy, seat, team or person, by id. */
  readonly where: string
  readonly what: string
  readonly remedy: string
}

/** Who owns what, and whether every seat can be filled, whoever asks. */
export function ownersLint(set: GovernanceSet): readonly LintResult[] {
  return [...ownershipResults(set), ...seatResults(set)]
}

/** Whether every model has exactly one policy, and every rule of it an effect. */
export function policyLint(set: GovernanceSet): readonly LintResult[] {
  return [...overlapResults(set), ...thresholdResults(set)]
}
