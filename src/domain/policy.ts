import type { GovernanceFile, OwnersFile, PolicyFile } from '../schema/governance.js'
import type { Membership, Rules, Seat } from '../schema/rules.js'
import type { CheckName } from '../schema/statement.js'
import { digestOfJson, type Digest, type Json } from './canonical.js'
import { PromotionError } from './errors.js'

/** A governance set after it was read and validated. */
export interface GovernanceSet {
  readonly digest: Digest
  readonly sequence: number
  readonly head: GovernanceFile
  readonly owners: OwnersFile
  readonly policies: readonly PolicyFile[]
}

const unitMs: Readonly<Record<string, number>> = {
  millisecond: 1,
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
}

/** A plain duration (`14 days`, `0`) in ms. */
export function durationMs(duration: string | number): number {
  const [amount = '0', unit = 'day'] = String(duration).split(' ')
  return Number(amount) * (unitMs[unit.replace(/s$/, '')] ?? Number.NaN)
}

/** Whether a model's name matches a pattern in which `*` stands for any run of characters. Linear in the name. */
export function matchesPattern(pattern: string, name: string): boolean {
  const [first = '', ...rest] = pattern.split('*')
  const last = rest.at(-1)
  if (last === undefined) return pattern === name
  if (!name.startsWith(first) || name.length < first.length + last.length) return false
  let from = first.length
  for (const part of rest.slice(0, -1)) {
    const found = name.indexOf(part, from)
    if (found === -1) return false
    from = found + part.length
  }
  return name.endsWith(last) && name.length - last.length >= from
}

/** The risk of a model: of the first pattern that matches; null where none does. */
export function riskOf(set: GovernanceSet, model: string): string | null {
  return set.head.models.find(({ pattern }) => matchesPattern(pattern, model))?.risk ?? null
}

/**
 * The one policy that governs a model in an environment.
 *
 * @throws PromotionError `NO_POLICY`, `AMBIGUOUS_POLICY`
 */
export function policyFor(set: GovernanceSet, model: string, environment: string): PolicyFile {
  const risk = riskOf(set, model)
  const found = set.policies.filter(
    ({ match }) =>
      match.models.some((pattern) => matchesPattern(pattern, model)) &&
      match.environments.includes(environment) &&
      (match.risks === undefined || (risk !== null && match.risks.includes(risk))),
  )
  const [only, second] = found
  const place = `model ${model} in environment ${environment}`
  if (!only) {
    const remedy = 'add a policy that matches it to the governance set'
    throw new PromotionError('NO_POLICY', `no policy covers ${place}`, { field: 'model', remedy })
  }
  if (second) {
    const ids = found.map(({ id }) => id).join(', ')
    const remedy = 'narrow their match so that one is left'
    throw new PromotionError('AMBIGUOUS_POLICY', `policies ${ids} all cover ${place}`, { remedy })
  }
  return only
}

const checkOrder: readonly CheckName[] = ['provenance', 'scan', 'evaluation']

/** The clause of each check that a policy asks for, in a fixed order, with its digest. */
export function clausesOf(
  set: GovernanceSet,
  policy: PolicyFile,
): readonly { readonly check: CheckName; readonly clause: Json; readonly clauseDigest: Digest }[] {
  return checkOrder.flatMap((check) => {
    const wanted = policy.checks[check]
    if (wanted === undefined) return []
    const clause: Json = { check, clause: wanted, inputs: inputsOf(set, policy, check) }
    return [{ check, clause, clauseDigest: digestOfJson(clause) }]
  })
}

/** What a clause names elsewhere in the set, resolved, so that the clause's digest covers it too. */
function inputsOf(set: GovernanceSet, policy: PolicyFile, check: CheckName): Json {
  if (check === 'provenance') {
    return set.head.signers
      .filter(({ id }) => policy.checks.provenance?.signers.includes(id))
      .map(({ id, file, person }) => ({ id, key: set.head.files[file] ?? null, person }))
  }
  if (check === 'evaluation') {
    const id = policy.checks.evaluation?.set
    const found = set.head.evaluationSets.find((one) => one.id === id)
    return found ? { set: { ...found } } : {}
  }
  return {}
}

function seatOf(rule: PolicyFile['seats'][number]): Seat {
  const { id, teams, teamsNeeded, quorum, level, covers } = rule
  return { id, teams, teamsNeeded, quorum, level, covers: [...(covers ?? checkOrder)] }
}

/** The slice of a set that applies to one model in one environment. */
export function rulesFor(set: GovernanceSet, policy: PolicyFile): Rules {
  const { clocks, waivers } = policy
  return {
    governance: { digest: set.digest, sequence: set.sequence },
    policy: policy.id,
    tier: policy.tier,
    checks: clausesOf(set, policy).map(({ check, clauseDigest }) => ({
      check,
      clauseDigest,
      comparesChampion:
        check === 'evaluation' && policy.checks.evaluation?.comparesChampion === true,
    })),
    seats: policy.seats.map(seatOf),
    waivers: waivers ? { teams: waivers.teams, longestMs: durationMs(waivers.longest) } : null,
    clocks: {
      decideMs: durationMs(clocks.decide),
      useMs: durationMs(clocks.use),
      mendWithinMs: durationMs(clocks.mendWithin),
      approvalHoldsMs: durationMs(clocks.approvalHolds),
    },
    limits: { reruns: policy.limits.reruns },
  }
}

/** The teams that own a model, at any stage and for any concern. */
export function owningTeams(set: GovernanceSet, model: string): readonly string[] {
  const teams = set.owners.owns
    .filter(({ models }) => models.some((pattern) => matchesPattern(pattern, model)))
    .map(({ team }) => team)
  return [...new Set(teams)]
}

/**
 * Who is in the teams that the rules name, and who owns the model.
 *
 * @param pinned the rules of the request where they are others: their seats have to be filled too
 *
 * @throws PromotionError `NO_OWNER`
 */
export function membershipFor(
  set: GovernanceSet,
  rules: Rules,
  model: string,
  pinned: Rules = rules,
): Membership {
  const members = new Map(set.owners.teams.map((team) => [team.id, team.members]))
  const owning = owningTeams(set, model)
  if (owning.length === 0) {
    const remedy = 'add a line to owns in owners.yaml'
    throw new PromotionError('NO_OWNER', `nobody owns model ${model}`, { field: 'model', remedy })
  }
  const named = [pinned, rules].flatMap(({ seats, waivers }) =>
    seats.flatMap((seat) => seat.teams).concat(waivers?.teams ?? []),
  )
  const mayWho = new Set(
    set.owners.people.filter(({ scopes }) => scopes.includes('sign')).map(({ id }) => id),
  )
  return {
    teams: Object.fromEntries(
      [...new Set(named)].map((team) => [
        team,
        (members.get(team) ?? []).filter((person) => mayWho.has(person)),
      ]),
    ),
    owners: [...new Set(owning.flatMap((team) => members.get(team) ?? []))],
  }
}
