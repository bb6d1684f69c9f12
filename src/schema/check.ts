import { z } from 'zod'
import { digest, personId } from './ids.js'
import { checkName } from './statement.js'

export const severity = z.enum(['info', 'low', 'medium', 'high', 'critical'])

/** One thing that a check saw: what, where, why it matters and how to mend it, in words for people. */
export const finding = z.strictObject({
  /** Stable: the rule, then what it is about: `scan/pickle:model.pkl`. A waiver names it. */
  id: z.string().min(1).max(200),
  severity,
  what: z.string().min(1).max(500),
  where: z.string().max(300).nullable(),
  why: z.string().min(1).max(500),
  remedy: z.string().min(1).max(500),
  /** False for what no waiver may cover: digest mismatch, malicious content. */
  waivable: z.boolean(),
})

export const outcome = z.enum(['passed', 'failed', 'inconclusive', 'error'])

/**
 * What a check found, the same bytes for the same inputs: no times, durations or hosts.
 * `result` holds the check's own figures; `inputs` names by digest all that it read.
 */
export const canonicalResult = z.strictObject({
  v: z.literal('countersign-result/1'),
  check: checkName,
  outcome,
  engine: z.strictObject({ name: z.string(), version: z.string() }),
  /** SHA-256 of RFC 8785 of the policy's clause for this check. */
  clauseDigest: digest,
  modelDigest: digest,
  inputs: z.record(z.string(), digest),
  findings: z.array(finding).max(1000),
  result: z.json(),
})

/** A finding as events and lists carry it; the whole of it stands in the canonical result. */
export const findingBrief = z.strictObject({
  id: z.string().max(200),
  severity,
  waivable: z.boolean(),
})

export const namedPerson = z.strictObject({
  person: personId,
  role: z.enum(['author', 'committer', 'model-signer']),
})

/** What a check activity hands back: digests of what it stored, never the report itself. */
export const checkReport = z.strictObject({
  check: checkName,
  outcome,
  clauseDigest: digest,
  /** Digest of the canonical result in the evidence store. */
  resultDigest: digest,
  /** Digest of the DSSE envelope (RFC 8785) in the evidence store. */
  attestationDigest: digest,
  /** At most 100; `findingCount` tells how many there are. */
  findings: z.array(findingBrief).max(100),
  findingCount: z.int().min(0),
  /** People whom the evidence names, for the separation of duties. */
  named: z.array(namedPerson).max(50),
  /** One line for lists: "AUC 0.83 on 4,000 rows". */
  summary: z.string().max(300),
})

export type Severity = z.infer<typeof severity>
export type Finding = z.infer<typeof finding>
export type Outcome = z.infer<typeof outcome>
export type CanonicalResult = z.infer<typeof canonicalResult>
export type CheckReport = z.infer<typeof checkReport>
