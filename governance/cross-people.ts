import type { OwnersFile } from '../src/schema/governance.js'
import type { Documents } from './documents.js'
import { shown, type GovernanceFault } from './faults.js'
import { repeats } from './repeats.js'
import { faultAt } from './shape.js'

type Identity = { readonly issuer: string; readonly subject: string }

function identitiesOf(owners: OwnersFile) {
  return [
    ...owners.people.map((one, index) => ({ one, path: ['people', index] as const })),
    ...owners.machines.map((one, index) => ({ one, path: ['machines', index] as const })),
  ]
}

const identity = ({ issuer, subject }: Identity) => `${issuer} ${subject}`

/** Ids, subjects and addresses that two have, ids of the wrong kind, and sponsors who do not exist. */
export function peopleFaults({ owners }: Documents): readonly GovernanceFault[] {
  const { value, document } = owners
  const all = identitiesOf(value)
  const at = (index: number, field: string, what: string) =>
    faultAt(document, [...(all[index]?.path ?? []), field], what)
  const twice = (field: string, values: readonly string[]) =>
    repeats(values).map(({ index, first }) =>
      at(index, field, `is that of ${all[first]?.one.id} as well: everybody has their own`),
    )
  const people = new Set(value.people.map(({ id }) => id))
  const emails = value.people.map(({ email }) => email.toLowerCase())
  return [
    ...twice(
      'id',
      all.map(({ one }) => one.id),
    ),
    ...twice(
      'subject',
      all.map(({ one }) => identity(one)),
    ),
    ...twice('email', emails),
    ...all.flatMap(({ one, path }, index) => {
      const kind = path[0] === 'people' ? 'per_' : 'mac_'
      return one.id.startsWith(kind) ? [] : [at(index, 'id', `begins with ${kind} for these`)]
    }),
    ...value.machines.flatMap(({ sponsor }, index) =>
      people.has(sponsor)
        ? []
        : [faultAt(document, ['machines', index, 'sponsor'], unknown('person', sponsor))],
    ),
  ]
}

export function unknown(kind: string, id: string): string {
  return `names ${kind} ${shown(id)}, which is not in the set`
}

/** Teams named twice, members who are nobody, backups and owners that are no team. */
export function teamFaults({ owners }: Documents): readonly GovernanceFault[] {
  const { value, document } = owners
  const people = new Set(value.people.map(({ id }) => id))
  const teams = new Set(value.teams.map(({ id }) => id))
  return [
    ...repeats(value.teams.map(({ id }) => id)).map(({ index, value: id }) =>
      faultAt(document, ['teams', index, 'id'], `is ${shown(id)} for a second time`),
    ),
    ...value.teams.flatMap(({ id, members, backup }, index) => [
      ...members.flatMap((member, place) =>
        people.has(member)
          ? []
          : [faultAt(document, ['teams', index, 'members', place], unknown('person', member))],
      ),
      ...repeats(members).map(({ index: place, value: member }) =>
        faultAt(document, ['teams', index, 'members', place], `names ${member} a second time`),
      ),
      ...backupFaults(id, backup, teams).map((what) =>
        faultAt(document, ['teams', index, 'backup'], what),
      ),
    ]),
    ...value.owns.flatMap(({ team }, index) =>
      teams.has(team) ? [] : [faultAt(document, ['owns', index, 'team'], unknown('team', team))],
    ),
  ]
}

function backupFaults(
  id: string,
  backup: string | null,
  teams: ReadonlySet<string>,
): readonly string[] {
  if (backup === null) return []
  if (backup === id) return ['names the team itself: another one steps in for it']
  return teams.has(backup) ? [] : [unknown('team', backup)]
}
