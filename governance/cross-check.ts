import type { KeyObject } from 'node:crypto'
import { peopleFaults, teamFaults } from './cross-people.js'
import { policyFaults } from './cross-policies.js'
import type { Documents } from './documents.js'
import type { GovernanceFault } from './faults.js'
import { signerFaults } from './cross-keys.js'

/** Everything that each file may say alone, and that cannot stand together. */
export function crossFaults(
  documents: Documents,
  keys: ReadonlyMap<string, KeyObject>,
): readonly GovernanceFault[] {
  return [
    ...peopleFaults(documents),
    ...teamFaults(documents),
    ...signerFaults(documents, keys),
    ...policyFaults(documents),
  ]
}
