import { canonicalJson, type Json } from '../src/domain/canonical.js'
import type { Membership, Rules } from '../src/schema/rules.js'

/** Gives back the value that was seen first with the same content, so that it is kept once. */
export interface Interns {
  readonly rules: (value: Rules) => Rules
  readonly membership: (value: Membership) => Membership
}

function createIntern<T extends Json>(): (value: T) => T {
  const seen = new Map<string, T>()
  return (value) => {
    const key = canonicalJson(value)
    const found = seen.get(key) ?? value
    seen.set(key, found)
    return found
  }
}

export function createInterns(): Interns {
  return { rules: createIntern<Rules>(), membership: createIntern<Membership>() }
}
