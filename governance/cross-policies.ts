import type { GovernanceFile, OwnersFile, PolicyFile } from '../src/schema/governance.js'
import { unknown } from './cross-people.js'
import type { Documents, Placed } from './documents.js'
import { shown, type GovernanceFault } from './faults.js'
import { repeats } from './repeats.js'
import { faultAt } from './shape.js'

type Path = readonly (string | number)[]
type Missing = readonly { readonly path: Path; readonly what: string }[]

function clauseFaults(policy: PolicyFile, head: GovernanceFile): Missing {
  const signers = new Set(head.signers.map(({ id }) => id))
  const { provenance, evaluation } = policy.checks
  return [
    ...(provenance?.signers ?? []).flatMap((id, index) =>
      signers.has(id)
        ? []
        : [{ path: ['checks', 'provenance', 'signers', index], what: unknown('signer', id) }],
    ),
    ...(evaluation ? setFaults(evaluation, head) : []),
  ]
}

const at = (field: string) => ['checks', 'evaluation', field]

function setFaults(
  clause: NonNullable<PolicyFile['checks']['evaluation']>,
  head: GovernanceFile,
): Missing {
  const kinds = new Map(head.evaluationSets.map(({ id, kind }) => [id, kind]))
  const { set, openSet } = clause
  const decides = kinds.has(set) ? [] : [{ path: at('set'), what: unknown('evaluation set', set) }]
  if (openSet === null) return decides
  const open = kinds.get(openSet)
  if (open === undefined) {
    return [...decides, { path: at('openSet'), what: unknown('evaluation set', openSet) }]
  }
  if (open === 'open') return decides
  const what = `names ${shown(openSet)}, which is held out: an open set was expected`
  return [...decides, { path: at('openSet'), what }]
}

function seatFaults(policy: PolicyFile, owners: OwnersFile): Missing {
  const teams = new Set(owners.teams.map(({ id }) => id))
  const strangers = (names: readonly string[], path: Path) =>
    names.flatMap((team, index) =>
      teams.has(team) ? [] : [{ path: [...path, index], what: unknown('team', team) }],
    )
  return [
    ...repeats(policy.seats.map(({ id }) => id)).map(({ index, value }) => ({
      path: ['seats', index, 'id'],
      what: `is ${shown(value)} for a second time`,
    })),
    ...policy.seats.flatMap((seat, index) => strangers(seat.teams, ['seats', index, 'teams'])),
    ...strangers(policy.waivers?.teams ?? [], ['waivers', 'teams']),
  ]
}

function faultsOfPolicy(
  { value, document }: Placed<PolicyFile>,
  { head, owners }: Documents,
): readonly GovernanceFault[] {
  const missing = [...clauseFaults(value, head.value), ...seatFaults(value, owners.value)]
  return missing.map(({ path, what }) => faultAt(document, path, what))
}

/** What policies name and the set does not hold, and two policies with one id. */
export function policyFaults(documents: Documents): readonly GovernanceFault[] {
  const { policies } = documents
  const ids = repeats(policies.map(({ value }) => value.id)).flatMap(({ index, first, value }) => {
    const policy = policies[index]
    const other = policies[first]?.document.file ?? ''
    const what = `is ${shown(value)}, as in ${other}: each policy has its own`
    return policy ? [faultAt(policy.document, ['id'], what)] : []
  })
  return [...ids, ...policies.flatMap((policy) => faultsOfPolicy(policy, documents))]
}
