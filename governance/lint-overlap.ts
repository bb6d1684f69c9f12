import type { GovernanceSet } from '../src/domain/policy.js'
import type { PolicyFile } from '../src/schema/governance.js'
import type { LintResult } from './lint.js'
import { overlaps } from './pattern.js'

/** Where a policy stands, for people: its id, since file names are the author's own. */
const fileOf = ({ id }: PolicyFile) => `policies (${id})`

/** A model has one risk, so policies for different risks never meet. */
function risksMeet(one: PolicyFile, other: PolicyFile): boolean {
  const [a, b] = [one.match.risks, other.match.risks]
  return a === undefined || b === undefined || a.some((risk) => b.includes(risk))
}

function meet(one: PolicyFile, other: PolicyFile): readonly string[] {
  const isSamePlace = one.match.environments.some((name) => other.match.environments.includes(name))
  if (!isSamePlace || !risksMeet(one, other)) return []
  return one.match.models.flatMap((a) =>
    other.match.models.filter((b) => overlaps(a, b)).map((b) => `${a} and ${b}`),
  )
}

function pairs(set: GovernanceSet): readonly LintResult[] {
  return set.policies.flatMap((one, index) =>
    set.policies.slice(index + 1).flatMap((other): LintResult[] => {
      const [first] = meet(one, other)
      if (first === undefined) return []
      const what = `may match the same model as policy ${other.id}: ${first}`
      const remedy = 'narrow one of them: a model that two policies match cannot be promoted'
      return [{ level: 'error', file: fileOf(one), where: `policy ${one.id}`, what, remedy }]
    }),
  )
}

function unknownRisks(set: GovernanceSet): readonly LintResult[] {
  return set.policies.flatMap((policy) => {
    const possible = new Set(
      set.head.models
        .filter(({ pattern }) => policy.match.models.some((one) => overlaps(one, pattern)))
        .map(({ risk }) => risk),
    )
    return (policy.match.risks ?? [])
      .filter((risk) => !possible.has(risk))
      .map((risk): LintResult => ({
        level: 'error',
        file: fileOf(policy),
        where: `policy ${policy.id}`,
        what: `asks for risk ${risk}, which governance.yaml gives to none of its models`,
        remedy: 'give the risk to a pattern in models, or take it out of match.risks',
      }))
  })
}

/** Models with two policies or none, and risks that no model carries. */
export function overlapResults(set: GovernanceSet): readonly LintResult[] {
  return [...pairs(set), ...unknownRisks(set)]
}
