import { isSignedBy } from '../evidence/statement.js'
import { personKeys } from '../governance/sets.js'
import type { GovernanceSet } from '../src/domain/policy.js'
import type { SignedStatement } from '../src/schema/statement.js'
import type { GovernanceInForce, InstallationFacts } from './deps.js'

/** Why a statement is not proven, as a code and in words. */
export interface Unproven {
  readonly code: 'SIGNATURE_INVALID' | 'NOT_ALLOWED'
  readonly detail: string
}

/** Whether the owners file knows a person or a machine identity of that id. */
export function isKnown(set: GovernanceSet, id: string): boolean {
  return [...set.owners.people, ...set.owners.machines].some((one) => one.id === id)
}

/**
 * Proves that a statement was made here and that its signature is of the key that its key id claims: the API's for level
 * `authenticated`, one of the person's own for `signed`. Whether that person is still somebody here is another question.
 *
 * @returns null when it is proven
 */
export function unsignedBecause(
  signed: SignedStatement,
  governance: GovernanceInForce,
  installation: InstallationFacts,
): Unproven | null {
  const { statement, signature } = signed
  if (statement.installation !== installation.id) {
    return { code: 'SIGNATURE_INVALID', detail: 'the statement was made for another installation' }
  }
  if ((statement.development === true) !== installation.development) {
    return { code: 'SIGNATURE_INVALID', detail: 'the statement says otherwise about development' }
  }
  const isOwn = signature.keyid.startsWith('person:')
  const keys = isOwn
    ? personKeys(governance.set, governance.keys, statement.person)
    : [installation.apiKey]
  if (isSignedBy(signed, keys)) return null
  const whose = isOwn ? `a key of ${statement.person} in the owners file` : 'the API'
  return { code: 'SIGNATURE_INVALID', detail: `the statement was not signed by ${whose}` }
}

/**
 * As `unsignedBecause`, and said by a person or a machine identity whom the set in force knows.
 *
 * @returns null when it is proven
 */
export function unprovenBecause(
  signed: SignedStatement,
  governance: GovernanceInForce,
  installation: InstallationFacts,
): Unproven | null {
  const { person } = signed.statement
  if (isKnown(governance.set, person)) return unsignedBecause(signed, governance, installation)
  return { code: 'NOT_ALLOWED', detail: `the owners file knows no ${person}` }
}
