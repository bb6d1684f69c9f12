import { rulesFor, type GovernanceSet } from '../src/domain/policy.js'
import { nothingYet, type Excluded } from '../src/domain/promotion.js'
import { unfillable } from '../src/domain/seats.js'
import type { PolicyFile } from '../src/schema/governance.js'
import { ownersName } from './documents.js'
import type { LintResult } from './lint.js'

const file = ownersName

interface Requester {
  readonly label: string
  readonly excluded: readonly Excluded[]
}

/** Everybody who may ask, with whom that bars: a machine bars its sponsor too. */
function requestersOf({ owners }: GovernanceSet): readonly Requester[] {
  return [
    ...owners.people
      .filter(({ scopes }) => scopes.includes('request'))
      .map(({ id }) => ({ label: id, excluded: [{ person: id, why: 'the requester' }] })),
    ...owners.machines.map(({ id, sponsor }) => ({
      label: `${id} for ${sponsor}`,
      excluded: [
        { person: id, why: 'the requester' },
        { person: sponsor, why: 'the sponsor' },
      ],
    })),
  ]
}

/** Whoever's key may have signed the model: one of them will have, and production bars that one. */
function modelSigners(set: GovernanceSet, policy: PolicyFile): readonly (Excluded | null)[] {
  const wanted = policy.checks.provenance?.signers ?? []
  const found = set.head.signers
    .filter(({ id }) => wanted.includes(id))
    .map(({ person }) => (person === null ? null : { person, why: 'the model signer' }))
  return found.length > 0 && policy.match.environments.includes('production') ? found : [null]
}

/** As `membershipFor` says it, for a pattern instead of a model: only who may sign counts. */
function teamsOf(set: GovernanceSet): Readonly<Record<string, string[]>> {
  const may = new Set(
    set.owners.people.filter(({ scopes }) => scopes.includes('sign')).map(({ id }) => id),
  )
  return Object.fromEntries(
    set.owners.teams.map(({ id, members }) => [id, members.filter((person) => may.has(person))]),
  )
}

function emptySeats(set: GovernanceSet, policy: PolicyFile): ReadonlyMap<string, string[]> {
  const rules = rulesFor(set, policy)
  const named = new Set(rules.seats.flatMap(({ teams }) => teams))
  const teams = Object.entries(teamsOf(set)).filter(([id]) => named.has(id))
  const membership = { teams: Object.fromEntries(teams), owners: [] }
  const found = new Map<string, string[]>()
  for (const requester of requestersOf(set)) {
    for (const signer of modelSigners(set, policy)) {
      const excluded = [...requester.excluded, ...(signer ? [signer] : [])]
      const state = { ...nothingYet, membership, excluded }
      const by = signer ? `${requester.label} (model signed by ${signer.person})` : requester.label
      for (const { seat } of unfillable(state, rules)) {
        found.set(seat, [...new Set([...(found.get(seat) ?? []), by])])
      }
    }
  }
  return found
}

function seatsOfPolicy(set: GovernanceSet, policy: PolicyFile): readonly LintResult[] {
  return [...emptySeats(set, policy)].map(([seat, by]) => ({
    level: 'error',
    file,
    where: `policy ${policy.id} seat ${seat}`,
    what: `cannot be filled when the request comes from ${by.slice(0, 5).join(', ')}`,
    remedy: 'add members who may sign to its teams, or ask for fewer people',
  }))
}

function withoutScope(set: GovernanceSet): readonly LintResult[] {
  const seated = new Set(set.policies.flatMap(({ seats }) => seats.flatMap(({ teams }) => teams)))
  const members = new Set(
    set.owners.teams.filter(({ id }) => seated.has(id)).flatMap((team) => team.members),
  )
  return set.owners.people
    .filter(({ id, scopes }) => members.has(id) && !scopes.includes('sign'))
    .map(({ id }) => ({
      level: 'error',
      file,
      where: `person ${id}`,
      what: 'sits in a team that fills a seat, but has no scope sign',
      remedy: 'give the scope, or take the person out of the team',
    }))
}

function withoutKey(set: GovernanceSet): readonly LintResult[] {
  const strict = set.policies.flatMap((policy) =>
    policy.seats.filter(({ level }) => level === 'signed').map((seat) => ({ policy, seat })),
  )
  const keyed = new Set(set.owners.people.filter(({ keys }) => keys.length > 0).map(({ id }) => id))
  return strict.flatMap(({ policy, seat }) => {
    const members = set.owners.teams
      .filter(({ id }) => seat.teams.includes(id))
      .flatMap((team) => team.members)
    return members
      .filter((id) => !keyed.has(id))
      .map((id) => ({
        level: 'warning',
        file,
        where: `person ${id}`,
        what: `has no key, but seat ${seat.id} of policy ${policy.id} asks for a signature`,
        remedy: 'countersign keys new, then add the public half to keys/ and to the person',
      }))
  })
}

/** Seats that stay empty under the separation of duties, and members who could not sign. */
export function seatResults(set: GovernanceSet): readonly LintResult[] {
  return [
    ...set.policies.flatMap((policy) => seatsOfPolicy(set, policy)),
    ...withoutScope(set),
    ...withoutKey(set),
  ]
}
