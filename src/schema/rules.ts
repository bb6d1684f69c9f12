import { z } from 'zod'
import { digest, personId, slug } from './ids.js'
import { assuranceLevel, checkName } from './statement.js'

/** A seat as policy demands it; who may fill it follows from the membership at the moment of decision. */
export const seat = z.strictObject({
  id: slug,
  teams: z.array(slug).min(1),
  teamsNeeded: z.enum(['any', 'all']),
  quorum: z.int().min(1),
  level: assuranceLevel,
  covers: z.array(checkName),
})

/** What one governance set asks of one promotion: the resolved slice, not whole files. */
export const rules = z.strictObject({
  governance: z.strictObject({ digest, sequence: z.int() }),
  policy: slug,
  tier: slug,
  /** The checks that must pass, each with the digest of its clause (RFC 8785, in the evidence store). */
  checks: z.array(
    z.strictObject({ check: checkName, clauseDigest: digest, comparesChampion: z.boolean() }),
  ),
  seats: z.array(seat),
  waivers: z.strictObject({ teams: z.array(slug), longestMs: z.int() }).nullable(),
  /** All in ms. */
  clocks: z.strictObject({
    decideMs: z.int(),
    useMs: z.int(),
    mendWithinMs: z.int(),
    approvalHoldsMs: z.int(),
  }),
  limits: z.strictObject({ reruns: z.int() }),
})

/** Who is in which team and who owns the model, as the set in force says it now. */
export const membership = z.strictObject({
  teams: z.record(slug, z.array(personId)),
  owners: z.array(personId),
})

/** The version that an alias points to; its model digest where a promotion put it there. */
export const champion = z
  .strictObject({ version: z.string(), modelDigest: digest.nullable() })
  .nullable()

export type Seat = z.infer<typeof seat>
export type Rules = z.infer<typeof rules>
export type Membership = z.infer<typeof membership>
export type Champion = z.infer<typeof champion>
