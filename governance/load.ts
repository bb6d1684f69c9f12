import type { KeyObject } from 'node:crypto'
import { digestOfJson } from '../src/domain/canonical.js'
import type { GovernanceSet } from '../src/domain/policy.js'
import { crossFaults } from './cross-check.js'
import { readDocuments } from './documents.js'
import { GovernanceInvalid, type GovernanceFault } from './faults.js'
import { readGovernanceFolder } from './folder.js'
import { readPublicKey } from './keys.js'

/** A governance set, and the PEM text of each of its public keys by file. */
export interface LoadedGovernance {
  readonly set: GovernanceSet
  readonly keys: ReadonlyMap<string, string>
}

/**
 * Reads and checks a whole governance folder. Its digest is that of the head (RFC 8785), which holds the digests of
 * all the others.
 *
 * @throws PromotionError `GOVERNANCE_INVALID` with every fault of the set
 */
export async function loadGovernance(folder: string): Promise<LoadedGovernance> {
  const found = await readGovernanceFolder(folder)
  const faults: GovernanceFault[] = [...found.faults]
  const keys = new Map<string, string>()
  const publicKeys = new Map<string, KeyObject>()
  for (const [file, bytes] of found.files) {
    if (!file.startsWith('keys/')) continue
    const read = readPublicKey(file, bytes)
    if ('fault' in read) faults.push(read.fault)
    else {
      keys.set(file, read.pem)
      publicKeys.set(file, read.key)
    }
  }
  const documents = readDocuments(found.files, faults)
  if (documents) faults.push(...crossFaults(documents, publicKeys))
  if (faults.length > 0 || !documents) throw new GovernanceInvalid(faults)
  const head = documents.head.value
  const policies = documents.policies.map(({ value }) => value)
  const { sequence } = head
  const set = {
    digest: digestOfJson(head),
    sequence,
    head,
    owners: documents.owners.value,
    policies,
  }
  return { set, keys }
}
