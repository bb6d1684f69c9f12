import { createPublicKey, type KeyObject } from 'node:crypto'
import { join } from 'node:path'
import { PromotionError } from '../src/domain/errors.js'
import type { GovernanceSet } from '../src/domain/policy.js'
import type { GovernanceFile, ProvenanceClause } from '../src/schema/governance.js'

type Keys = ReadonlyMap<string, string>

/** A key that may have signed a model, and whose it is. */
export interface TrustedSigner {
  readonly id: string
  readonly person: string | null
  readonly file: string
  readonly pem: string
  readonly key: KeyObject
}

function pemOf(keys: Keys, file: string): string {
  const pem = keys.get(file)
  if (pem !== undefined) return pem
  throw new PromotionError('GOVERNANCE_INVALID', `${file} is no key of the governance set`)
}

/** The signers that a provenance clause trusts. */
export function signersOf(
  set: GovernanceSet,
  keys: Keys,
  clause: ProvenanceClause,
): readonly TrustedSigner[] {
  return set.head.signers
    .filter(({ id }) => clause.signers.includes(id))
    .map(({ id, person, file }) => {
      const pem = pemOf(keys, file)
      return { id, person, file, pem, key: createPublicKey(pem) }
    })
}

/** The keys with which a person may sign for themselves; none for somebody who is not in the set. */
export function personKeys(set: GovernanceSet, keys: Keys, personId: string): readonly KeyObject[] {
  const person = set.owners.people.find(({ id }) => id === personId)
  return (person?.keys ?? []).map((file) => createPublicKey(pemOf(keys, file)))
}

/** Where the data of an evaluation set lies below the folder of the sets. */
export function evaluationSetPath(
  folder: string,
  set: GovernanceFile['evaluationSets'][number],
): string {
  return join(folder, set.file)
}
