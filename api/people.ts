import { PromotionError } from '../src/domain/errors.js'
import type { GovernanceSet } from '../src/domain/policy.js'
import type { Scope } from '../src/schema/governance.js'
import type { VerifiedToken } from '../identity/verify-token.js'

/** Whoever asks: found by the token's issuer and subject in the governance set, by nothing else. */
export interface Caller {
  readonly kind: 'person' | 'machine'
  readonly id: string
  readonly name: string
  readonly scopes: ReadonlySet<Scope>
  /** The human for whom a machine asks. */
  readonly sponsor: string | null
}

interface Identified {
  readonly issuer: string
  readonly subject: string
}

function isOf(developmentIssuer: string | null, token: VerifiedToken) {
  return ({ issuer, subject }: Identified) => {
    const expected = issuer === 'development' ? developmentIssuer : issuer
    return expected !== null && expected === token.issuer && subject === token.subject
  }
}

function narrowed(granted: readonly Scope[], token: VerifiedToken): ReadonlySet<Scope> {
  const { scopes } = token
  return new Set(scopes === null ? granted : granted.filter((scope) => scopes.includes(scope)))
}

/**
 * The person or machine whose token it is, with the scopes that both the governance set and the token give.
 *
 * @throws PromotionError `NOT_AUTHENTICATED` when the set knows nobody of that issuer and subject
 */
export function callerOf(
  set: GovernanceSet,
  token: VerifiedToken,
  developmentIssuer: string | null,
): Caller {
  const isThem = isOf(developmentIssuer, token)
  const person = set.owners.people.find(isThem)
  if (person) {
    const { id, name } = person
    return { kind: 'person', id, name, scopes: narrowed(person.scopes, token), sponsor: null }
  }
  const machine = set.owners.machines.find(isThem)
  if (machine) {
    const { id, subject, sponsor } = machine
    const scopes = narrowed(['request'], token)
    return { kind: 'machine', id, name: `Machine ${subject}`, scopes, sponsor }
  }
  const remedy = 'ask whoever keeps owners.yaml to add you'
  throw new PromotionError(
    'NOT_AUTHENTICATED',
    'the token is good, but the owners file knows nobody of its issuer and subject',
    { remedy },
  )
}

/** @throws PromotionError `NOT_ALLOWED` unless the caller holds one of the scopes */
export function assertScope(caller: Caller, ...scopes: readonly Scope[]): void {
  if (scopes.some((scope) => caller.scopes.has(scope))) return
  const remedy = 'use a token that carries it, if the owners file grants it to you'
  throw new PromotionError('NOT_ALLOWED', `this needs the scope ${scopes.join(' or ')}`, { remedy })
}

/** The names behind pseudonymous ids, as the set in force says them; null for whom it no longer knows. */
export function namesOf(set: GovernanceSet): (id: string) => string | null {
  const names = new Map(set.owners.people.map(({ id, name }) => [id, name]))
  for (const { id, subject } of set.owners.machines) names.set(id, `Machine ${subject}`)
  return (id) => names.get(id) ?? null
}
