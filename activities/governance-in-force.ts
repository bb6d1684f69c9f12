import { randomBytes } from 'node:crypto'
import type { EventLog, TextStore } from '../recorder/event-log.js'
import { governanceStream } from '../src/contract.js'
import { canonicalJson, type Digest, type Json } from '../src/domain/canonical.js'
import { PromotionError } from '../src/domain/errors.js'
import { membershipFor, policyFor, rulesFor, type GovernanceSet } from '../src/domain/policy.js'
import { governanceEvent } from '../src/schema/event.js'
import type { Membership, Rules } from '../src/schema/rules.js'
import type { GovernanceReader } from './deps.js'

export interface Ruling {
  readonly rules: Rules
  readonly membership: Membership
}

/**
 * What a set asks of one model in one environment.
 *
 * @param pinned the rules that the promotion was requested under: who is in their teams is asked of this set too
 *
 * @throws PromotionError `NO_POLICY`, `AMBIGUOUS_POLICY`, `NO_OWNER`
 */
export function rulingFor(
  set: GovernanceSet,
  model: string,
  environment: string,
  pinned?: Rules,
): Ruling {
  const rules = rulesFor(set, policyFor(set, model, environment))
  return { rules, membership: membershipFor(set, rules, model, pinned) }
}

interface Seen {
  readonly nextSeq: number
  readonly digest: Digest | null
  readonly sequence: number
}

async function lastSeen(log: EventLog): Promise<Seen> {
  const events = await log.read(governanceStream)
  const last = events.at(-1)
  if (!last) return { nextSeq: 0, digest: null, sequence: 0 }
  const { type, at, person } = last.leaf
  const { body } = governanceEvent.parse({ type, at, person, body: last.body })
  return { nextSeq: events.length, digest: body.digest, sequence: body.sequence }
}

/**
 * A reader that begins with the newest set that the log knows, so that a set which was put back is refused after a
 * restart as well. The log is asked at the first question, and again until it answers.
 */
export function readerWithMemory(
  log: EventLog,
  open: (seen: { readonly digest: Digest; readonly sequence: number } | null) => GovernanceReader,
): GovernanceReader {
  let reader: Promise<GovernanceReader> | null = null

  async function begin(): Promise<GovernanceReader> {
    const { digest, sequence } = await lastSeen(log)
    return open(digest === null ? null : { digest, sequence })
  }

  return {
    async current() {
      reader ??= begin().catch((error: unknown) => {
        reader = null
        throw error
      })
      return (await reader).current()
    },
  }
}

/** Whole sets hold names, so they lie with people's words and can be erased. */
async function storeSet(texts: TextStore, set: GovernanceSet): Promise<Digest> {
  const text = canonicalJson(JSON.parse(JSON.stringify(set)) satisfies Json)
  return texts.putText({ salt: randomBytes(16).toString('hex'), text })
}

/**
 * Records that a set was seen, once per set. Sequence numbers only grow: a set that was put back, or changed without a
 * new number, is refused.
 *
 * @throws PromotionError `GOVERNANCE_INVALID`, `LOG_UNAVAILABLE`
 */
export async function rememberGovernance(
  { log, texts }: { readonly log: EventLog; readonly texts: TextStore },
  set: GovernanceSet,
): Promise<void> {
  const seen = await lastSeen(log)
  if (seen.digest === set.digest) return
  if (set.sequence <= seen.sequence) {
    const message = `the governance set has sequence ${set.sequence}, but ${seen.sequence} was seen before`
    const remedy = `give the changed set sequence ${seen.sequence + 1} in governance.yaml`
    throw new PromotionError('GOVERNANCE_INVALID', message, { field: 'sequence', remedy })
  }
  const body = { digest: set.digest, sequence: set.sequence, set: await storeSet(texts, set) }
  const event = { type: 'governance-seen', at: new Date().toISOString(), person: null, body }
  // A conflict means that another activity recorded it at this moment; the next look tells.
  await log.append(governanceStream, seen.nextSeq, [event])
}
