import { z } from 'zod'
import { canonicalJson, digestOf, type Digest } from '../src/domain/canonical.js'
import { PromotionError } from '../src/domain/errors.js'
import type { GovernanceSet } from '../src/domain/policy.js'
import type { GovernanceEvent } from '../src/schema/event.js'
import { governanceFile, ownersFile, policyFile } from '../src/schema/governance.js'
import { digest } from '../src/schema/ids.js'
import type { TextStore } from '../recorder/event-log.js'

const governanceSet = z.strictObject({
  digest,
  sequence: z.int(),
  head: governanceFile,
  owners: ownersFile,
  policies: z.array(policyFile),
})

function invalid(seen: GovernanceEvent['body'], why: string, cause?: unknown): PromotionError {
  const message = `governance set ${seen.digest} (sequence ${seen.sequence}) ${why}`
  const remedy = 'let the worker read the governance folder again'
  return new PromotionError('GOVERNANCE_INVALID', message, { remedy }, { cause })
}

function parsed(seen: GovernanceEvent['body'], text: string): GovernanceSet {
  try {
    const set = governanceSet.parse(JSON.parse(text))
    if (set.digest === seen.digest && set.sequence === seen.sequence) return set
  } catch (cause) {
    throw invalid(seen, 'cannot be read from the payload store', cause)
  }
  throw invalid(seen, 'is not the one that was recorded')
}

/** Opens recorded governance sets from the payload store, each once. */
export function createGovernanceReader(texts: TextStore) {
  const known = new Map<Digest, GovernanceSet>()

  /** @throws PromotionError `GOVERNANCE_INVALID`, `LOG_UNAVAILABLE` */
  return async (seen: GovernanceEvent['body']): Promise<GovernanceSet> => {
    const found = known.get(seen.set)
    if (found) return found
    const stored = await texts.getText(seen.set)
    if (stored.kind !== 'present') throw invalid(seen, `is ${stored.kind} in the payload store`)
    const { salt, text } = stored
    if (digestOf(canonicalJson({ salt, text })) !== seen.set) {
      throw invalid(seen, 'is not what its digest says')
    }
    const set = parsed(seen, text)
    known.set(seen.set, set)
    return set
  }
}
