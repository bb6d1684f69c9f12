import { z } from '@hono/zod-openapi'
import { orNull, personView, wordsView } from './common.js'

export const stateName = z.enum([
  'snapshotting',
  'checking',
  'blocked',
  'awaiting-sign-off',
  'promoting',
  'promoted',
  'rejected',
  'failed',
  'expired',
  'cancelled',
])

export const blocker = z
  .strictObject({
    condition: z.string(),
    /** Teams, roles, or Countersign itself. */
    who: z.array(z.string()),
    since: z.string(),
    remedy: z.string(),
  })
  .openapi('Blocker')

export const deadline = z.strictObject({
  clock: z.enum(['mend', 'decide', 'use', 'approval']),
  at: z.string(),
})

const head = {
  id: z.string(),
  model: z.string(),
  version: z.string(),
  environment: z.string(),
  state: stateName,
  tier: z.string(),
  policy: z.string(),
  requestedBy: personView,
  sponsor: orNull(personView),
  requestedAt: z.string(),
  /** When the present state began. */
  since: z.string(),
  waitingOn: z.array(z.string()),
  deadlines: z.array(deadline),
  development: z.boolean(),
}

export const summary = z.strictObject(head).openapi('PromotionSummary')

export const findingView = z.strictObject({
  id: z.string(),
  severity: z.enum(['info', 'low', 'medium', 'high', 'critical']),
  waivable: z.boolean(),
  waived: z.boolean(),
})

export const outcomeView = z.enum(['passed', 'failed', 'inconclusive', 'error'])

export const checkView = z
  .strictObject({
    name: z.string(),
    attempt: z.int(),
    clauseDigest: z.string(),
    /** Null while it runs. */
    outcome: outcomeView.nullable(),
    summary: z.string().nullable(),
    resultDigest: z.string().nullable(),
    attestationDigest: z.string().nullable(),
    findings: z.array(findingView),
    findingCount: z.int(),
    since: z.string(),
  })
  .openapi('Check')

const checkDigests = z.strictObject({
  check: z.string(),
  clauseDigest: z.string(),
  resultDigest: z.string().optional(),
})

export const sliceView = z
  .strictObject({
    v: z.string(),
    seat: z.string(),
    modelDigest: z.string(),
    environment: z.string(),
    tier: z.array(z.string()),
    clauses: z.array(checkDigests),
    rules: z.array(z.string()),
    results: z.array(checkDigests),
    champion: z.string().nullable(),
    waivers: z.array(z.string()),
    acceptances: z.array(z.string()),
    conditions: z.array(z.string()),
  })
  .openapi('DecisionSlice', {
    description: 'What a sign-off covers; the SHA-256 of its RFC 8785 form is the decision digest',
  })

export const level = z.enum(['authenticated', 'signed', 'passkey'])

export const seatView = z
  .strictObject({
    id: z.string(),
    teams: z.array(z.string()),
    teamsNeeded: z.enum(['any', 'all']),
    quorum: z.int(),
    level,
    covers: z.array(z.string()),
    decisionDigest: z.string().nullable(),
    slice: orNull(sliceView),
    filledBy: z.array(
      z.strictObject({
        person: personView,
        team: z.string().nullable(),
        level,
        decisionDigest: z.string(),
        at: z.string(),
      }),
    ),
    waitingFor: z.array(z.strictObject({ teams: z.array(z.string()), signOffs: z.int() })),
    /** Whether the caller could fill it now. */
    yours: z.boolean(),
  })
  .openapi('Seat')

export const decisionView = z
  .strictObject({
    act: z.enum([
      'request',
      'sign-off',
      'sign-off-voided',
      'waiver',
      'acceptance',
      'withdrawal',
      'rerun',
      'cancel',
    ]),
    seq: z.int(),
    at: z.string(),
    person: orNull(personView),
    reason: orNull(wordsView),
    seat: z.string().nullable(),
    verdict: z.enum(['approve', 'reject']).nullable(),
    level: level.nullable(),
    decisionDigest: z.string().nullable(),
    check: z.string().nullable(),
    finding: z.string().nullable(),
    resultDigest: z.string().nullable(),
    until: z.string().nullable(),
    /** With `sign-off-voided`: what changed since it was given. */
    changes: z.array(z.string()),
  })
  .openapi('Decision')

export const aliasView = z
  .strictObject({
    /** Where the alias pointed when somebody last looked. */
    version: z.string().nullable(),
    observedAt: z.string(),
    ageMs: z.int(),
    /** True where no promotion put it there. */
    diverged: z.boolean(),
  })
  .openapi('AliasObservation')

export const detail = z
  .strictObject({
    ...head,
    governance: z.strictObject({
      pinned: z.strictObject({ digest: z.string(), sequence: z.int() }),
      inForce: z.strictObject({ digest: z.string(), sequence: z.int() }),
    }),
    snapshot: z
      .strictObject({
        modelDigest: z.string(),
        signatureDigest: z.string().nullable(),
        files: z.int(),
        sizeBytes: z.int(),
      })
      .nullable(),
    checks: z.array(checkView),
    seats: z.array(seatView),
    decisions: z.array(decisionView),
    blockedBy: z.array(blocker),
    refusals: z.strictObject({
      count: z.int(),
      recorded: z.array(
        z.strictObject({
          act: z.string(),
          code: z.string(),
          detail: z.string(),
          at: z.string(),
          person: orNull(personView),
        }),
      ),
    }),
    champion: z
      .strictObject({ version: z.string(), modelDigest: z.string().nullable() })
      .nullable(),
    alias: orNull(aliasView),
    reruns: z.strictObject({ used: z.int(), allowed: z.int() }),
    end: z.strictObject({ code: z.string(), detail: z.string() }).nullable(),
    promoted: z
      .strictObject({ from: z.string().nullable(), aliasSeq: z.int(), approvedUntil: z.string() })
      .nullable(),
    /** Events of this promotion that this version of the server cannot read. */
    unreadEvents: z.int(),
  })
  .openapi('Promotion')

export type Summary = z.output<typeof summary>
export type Detail = z.output<typeof detail>
export type CheckView = z.output<typeof checkView>
export type SeatView = z.output<typeof seatView>
export type DecisionView = z.output<typeof decisionView>
export type AliasView = z.output<typeof aliasView>
export type Blocker = z.output<typeof blocker>
export type StateName = z.output<typeof stateName>
