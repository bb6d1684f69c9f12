import { matchesPattern, type GovernanceSet } from '../src/domain/policy.js'
import { ownersName } from './documents.js'
import type { LintResult } from './lint.js'

const file = ownersName

/** Whether the outer pattern matches every name that the inner one does: a star inside is met only by a star. Unsure is no. */
const covers = (outer: string, inner: string) => matchesPattern(outer, inner)

function unowned(set: GovernanceSet): readonly LintResult[] {
  const patterns = new Set(set.policies.flatMap(({ match }) => match.models))
  const stages = new Set(set.owners.owns.map(({ stage }) => stage))
  return [...patterns].flatMap((pattern): LintResult[] => {
    const owning = set.owners.owns.filter(({ models }) =>
      models.some((own) => covers(own, pattern)),
    )
    const remedy = `add a line to owns for ${pattern}`
    if (owning.length === 0) {
      const what = 'is governed by a policy, but nobody owns all of it'
      return [{ level: 'error', file, where: `models ${pattern}`, what, remedy }]
    }
    const owned = new Set(owning.map(({ stage }) => stage))
    return [...stages]
      .filter((stage) => !owned.has(stage))
      .map((stage) => {
        const what = `has no owner at stage ${stage}, which other models have`
        return { level: 'warning', file, where: `models ${pattern}`, what, remedy }
      })
  })
}

function ungoverned(set: GovernanceSet): readonly LintResult[] {
  const governed = set.policies.flatMap(({ match }) => match.models)
  const owned = new Set(set.owners.owns.flatMap(({ models }) => models))
  return [...owned]
    .filter((pattern) => !governed.some((one) => covers(one, pattern)))
    .map((pattern) => ({
      level: 'warning',
      file,
      where: `models ${pattern}`,
      what: 'has owners, but no policy covers all of it: its models cannot be promoted',
      remedy: 'add a policy that matches it',
    }))
}

function thinTeams(set: GovernanceSet): readonly LintResult[] {
  return set.owners.teams.flatMap(({ id, members, backup }): LintResult[] => {
    const where = `team ${id}`
    const none: LintResult = {
      level: 'error',
      file,
      where,
      what: 'has no backup',
      remedy: 'name in backup the team that steps in when it cannot',
    }
    const one: LintResult = {
      level: 'warning',
      file,
      where,
      what: 'has one member: a holiday stops what it owns',
      remedy: 'add a second member',
    }
    return [...(backup === null ? [none] : []), ...(members.length === 1 ? [one] : [])]
  })
}

function idleKeys(set: GovernanceSet): readonly LintResult[] {
  const used = new Set([
    ...set.head.signers.map(({ file: key }) => key),
    ...set.owners.people.flatMap(({ keys }) => keys),
  ])
  return Object.keys(set.head.files)
    .filter((key) => key.startsWith('keys/') && !used.has(key))
    .map((key) => ({
      level: 'warning',
      file: key,
      where: 'key',
      what: 'belongs to no signer and no person',
      remedy: 'take it out, or say whose it is',
    }))
}

/** What is governed and unowned, owned and ungoverned, and teams that one absence stops. */
export function ownershipResults(set: GovernanceSet): readonly LintResult[] {
  return [...unowned(set), ...ungoverned(set), ...thinTeams(set), ...idleKeys(set)]
}
