import { z } from 'zod'
import { digest, environmentName, lineOfText, personId, slug } from './ids.js'
import { assuranceLevel, checkName } from './statement.js'

/** `*` stands for any run of characters; everything else for itself. */
export const modelPattern = z.string().min(1).max(128)

/** A plain duration: `30 minutes`, `14 days`, `0`. */
export const duration = z.union([
  z.literal(0),
  z.string().regex(/^(0|[1-9]\d{0,5} (milliseconds?|seconds?|minutes?|hours?|days?))$/),
])

const relativeFile = z
  .string()
  .max(300)
  .regex(
    /^(?!.*(^|\/)\.\.?(\/|$))[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/,
    'must be a plain relative path',
  )

/** `governance.yaml`: the head of the governance set. */
export const governanceFile = z.strictObject({
  version: z.literal(1),
  /** Only grows; a set with a smaller one than was seen is refused. */
  sequence: z.int().min(1),
  /** Every other file of the folder, by digest. */
  files: z.record(relativeFile, digest),
  /** Which risk a model carries; the first pattern that matches holds. */
  models: z.array(z.strictObject({ pattern: modelPattern, risk: slug })).default([]),
  /** Keys whose signature on a model we trust, and the person each belongs to, if to one. */
  signers: z
    .array(z.strictObject({ id: slug, file: relativeFile, person: personId.nullable() }))
    .default([]),
  /** The data that policies may name. `file` lies in the evaluation-sets folder, not in this one. */
  evaluationSets: z
    .array(
      z.strictObject({
        id: slug,
        kind: z.enum(['open', 'held-out']),
        digest,
        file: relativeFile,
        owner: slug,
        synthetic: z.boolean().default(false),
      }),
    )
    .default([]),
})

export const scope = z.enum(['request', 'sign', 'operate', 'audit', 'govern'])

/** `owners.yaml`: who there is, in which team, and what each team owns. */
export const ownersFile = z.strictObject({
  version: z.literal(1),
  people: z
    .array(
      z.strictObject({
        id: personId,
        name: lineOfText,
        email: z.email().max(200),
        /** The OpenID issuer's address, or `development` for the development identity. */
        issuer: z.union([z.literal('development'), z.url()]),
        subject: z.string().min(1).max(200),
        scopes: z.array(scope),
        /** The person's own signing keys (SPKI PEM, Ed25519 or ECDSA), for level `signed`. */
        keys: z.array(relativeFile).default([]),
      }),
    )
    .min(1),
  machines: z
    .array(
      z.strictObject({
        id: personId,
        issuer: z.union([z.literal('development'), z.url()]),
        subject: z.string().min(1).max(200),
        sponsor: personId,
      }),
    )
    .default([]),
  teams: z
    .array(
      z.strictObject({
        id: slug,
        name: lineOfText,
        members: z.array(personId).min(1),
        /** Steps in when the team cannot. */
        backup: slug.nullable().default(null),
      }),
    )
    .min(1),
  owns: z.array(
    z.strictObject({
      models: z.array(modelPattern).min(1),
      stage: z.string().min(1).max(40),
      concern: slug,
      team: slug,
    }),
  ),
})

export const provenanceClause = z.strictObject({
  /** Which of the set's signers may have signed the model. */
  signers: z.array(slug).min(1),
  /** Whether the registry must name the training run. */
  requireLineage: z.boolean().default(false),
})

export const verdictClass = z.enum([
  'inert',
  'weights-only',
  'known-library',
  'custom-import',
  'contains-code',
  'malformed',
  'refused',
  'malicious',
])

export const scanClause = z.strictObject({
  /** The highest class that may pass. */
  ceiling: z.enum(['inert', 'weights-only', 'known-library']).default('inert'),
  maxFileBytes: z.int().min(1).default(50_000_000_000),
})

const bound = z.strictObject({ atLeast: z.number().optional(), atMost: z.number().optional() })

export const evaluationClause = z.strictObject({
  /** The set that decides, and the one that anybody may try on a laptop; both by id. */
  set: slug,
  openSet: slug.nullable().default(null),
  label: z.string().min(1).max(100),
  positive: z.string().min(1).max(100),
  features: z.array(z.string().min(1).max(100)).min(1).max(500),
  /** Which output of the model holds the score of the positive class. */
  output: z.string().min(1).max(100),
  threshold: z.number().min(0).max(1).default(0.5),
  /** Each metric of the whole set against its bounds. */
  overall: z.partialRecord(z.enum(['accuracy', 'auc', 'balancedAccuracy', 'brier']), bound),
  groups: z
    .array(
      z.strictObject({
        column: z.string().min(1).max(100),
        metric: z.enum(['selectionRate', 'truePositiveRate', 'falsePositiveRate', 'accuracy']),
        /** Largest difference, and smallest ratio, between any two groups. */
        differenceAtMost: z.number().min(0).max(1).optional(),
        ratioAtLeast: z.number().min(0).max(1).optional(),
        /** A group with fewer rows than this makes the answer inconclusive. */
        minRows: z.int().min(1).default(100),
      }),
    )
    .default([]),
  comparesChampion: z.boolean().default(false),
})

export const seatRule = z.strictObject({
  id: slug,
  teams: z.array(slug).min(1),
  /** `any`: `quorum` people out of all the teams together; `all`: `quorum` people of each team. */
  teamsNeeded: z.enum(['any', 'all']).default('any'),
  quorum: z.int().min(1).max(10).default(1),
  level: assuranceLevel.default('authenticated'),
  /** The checks whose results this seat answers for; all where left out. */
  covers: z.array(checkName).min(1).optional(),
})

/** `policies/*.yaml`: what a model needs. */
export const policyFile = z.strictObject({
  version: z.literal(1),
  id: slug,
  match: z.strictObject({
    models: z.array(modelPattern).min(1),
    environments: z.array(environmentName).min(1),
    risks: z.array(slug).optional(),
  }),
  tier: slug,
  checks: z.strictObject({
    provenance: provenanceClause.optional(),
    scan: scanClause.optional(),
    evaluation: evaluationClause.optional(),
  }),
  seats: z.array(seatRule).default([]),
  /** Who may waive a finding or accept an inconclusive check: members of these teams. */
  waivers: z.strictObject({ teams: z.array(slug).default([]), longest: duration }).optional(),
  clocks: z.strictObject({
    /** Time to decide; then the promotion expires. */
    decide: duration,
    /** Time to use the decision once every seat is filled. */
    use: duration,
    /** Time to mend a failed check; 0 ends the promotion at once. */
    mendWithin: duration.default(0),
    /** How long the approval holds. */
    approvalHolds: duration,
  }),
  limits: z.strictObject({ reruns: z.int().min(0).max(100).default(5) }).default({ reruns: 5 }),
})

export type GovernanceFile = z.infer<typeof governanceFile>
export type OwnersFile = z.infer<typeof ownersFile>
export type PolicyFile = z.infer<typeof policyFile>
export type SeatRule = z.infer<typeof seatRule>
export type ProvenanceClause = z.infer<typeof provenanceClause>
export type ScanClause = z.infer<typeof scanClause>
export type EvaluationClause = z.infer<typeof evaluationClause>
export type VerdictClass = z.infer<typeof verdictClass>
export type Scope = z.infer<typeof scope>
