import { createHash, type KeyObject } from 'node:crypto'
import { unknown } from './cross-people.js'
import type { Documents } from './documents.js'
import { shown, type GovernanceFault } from './faults.js'
import { repeats } from './repeats.js'
import { faultAt } from './shape.js'

/** One mention of a key file: whose it is said to be, and the fault to give where it cannot be. */
interface Mention {
  readonly file: string
  readonly holder: string
  readonly fault: (what: string) => GovernanceFault
}

function mentionsOf({ head, owners }: Documents): readonly Mention[] {
  return [
    ...owners.value.people.flatMap(({ id, keys }, index) =>
      keys.map((file, place) => ({
        file,
        holder: id,
        fault: (what: string) => faultAt(owners.document, ['people', index, 'keys', place], what),
      })),
    ),
    ...head.value.signers.map(({ id, file, person }, index) => ({
      file,
      holder: person ?? `signer ${id}`,
      fault: (what: string) => faultAt(head.document, ['signers', index, 'file'], what),
    })),
  ]
}

function fingerprint(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex')
}

/** Key files that are not there, and one key that two are said to hold, whatever files it lies in. */
function keyFaults(
  documents: Documents,
  keys: ReadonlyMap<string, KeyObject>,
): readonly GovernanceFault[] {
  const holders = new Map<string, string>()
  return mentionsOf(documents).flatMap(({ file, holder, fault }) => {
    const key = keys.get(file)
    if (!key) return [fault(`names ${shown(file)}, which is no key of the set`)]
    const print = fingerprint(key)
    const first = holders.get(print) ?? holder
    holders.set(print, first)
    return first === holder ? [] : [fault(`is a key of ${first}: no two may share a key`)]
  })
}

/** Everything about signers, people's keys and evaluation sets that does not go together. */
export function signerFaults(
  documents: Documents,
  keys: ReadonlyMap<string, KeyObject>,
): readonly GovernanceFault[] {
  const { value, document } = documents.head
  const people = new Set(documents.owners.value.people.map(({ id }) => id))
  const teams = new Set(documents.owners.value.teams.map(({ id }) => id))
  const twice = (list: 'signers' | 'evaluationSets') =>
    repeats(value[list].map(({ id }) => id)).map(({ index, value: id }) =>
      faultAt(document, [list, index, 'id'], `is ${shown(id)} for a second time`),
    )
  return [
    ...keyFaults(documents, keys),
    ...twice('signers'),
    ...twice('evaluationSets'),
    ...value.signers.flatMap(({ person }, index) =>
      person === null || people.has(person)
        ? []
        : [faultAt(document, ['signers', index, 'person'], unknown('person', person))],
    ),
    ...value.evaluationSets.flatMap(({ owner }, index) =>
      teams.has(owner)
        ? []
        : [faultAt(document, ['evaluationSets', index, 'owner'], unknown('team', owner))],
    ),
  ]
}
