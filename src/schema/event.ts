import { z } from 'zod'
import { checkReport } from './check.js'
import {
  digest,
  environmentName,
  installationId,
  modelName,
  personId,
  promotionId,
  slug,
  timestamp,
  versionName,
} from './ids.js'
import { champion, membership, rules } from './rules.js'
import {
  acceptanceBody,
  act,
  assuranceLevel,
  cancelBody,
  checkName,
  rerunBody,
  signedStatement,
  signOffBody,
  waiverBody,
  withdrawalBody,
} from './statement.js'

const proof = { signed: signedStatement }
const changes = z.array(z.string().max(200)).max(50)

/** The slice of a promotion that one seat signs over; its RFC 8785 digest is the decision digest. */
export const decisionSlice = z.strictObject({
  v: z.literal('countersign-decision/1'),
  seat: slug,
  modelDigest: digest,
  environment: environmentName,
  tier: z.array(slug),
  /** The clauses that apply, of the pinned set and of the one in force. */
  clauses: z.array(z.strictObject({ check: checkName, clauseDigest: digest })),
  /** This seat's rules, as digests. */
  rules: z.array(digest),
  /** The canonical results of the checks that the seat covers. */
  results: z.array(
    z.strictObject({ check: checkName, clauseDigest: digest, resultDigest: digest }),
  ),
  champion: digest.nullable(),
  waivers: z.array(digest),
  acceptances: z.array(digest),
  conditions: z.array(digest),
})

const shape = <Type extends string, Body extends z.ZodType>(type: Type, body: Body) =>
  z.strictObject({ type: z.literal(type), at: timestamp, person: personId.nullable(), body })

/** Everything that can happen to a promotion. Bodies hold decisions, digests and pseudonymous ids only. */
export const promotionEvent = z.discriminatedUnion('type', [
  shape(
    'requested',
    z.strictObject({
      installation: installationId,
      promotion: promotionId,
      model: modelName,
      version: versionName,
      environment: environmentName,
      requester: personId,
      sponsor: personId.nullable(),
      reason: digest,
      ...proof,
      rules,
      membership,
      champion,
      /** What the registry said of the version; recorded, not trusted. */
      origin: z.strictObject({
        registry: z.string(),
        createdAt: timestamp.nullable(),
        run: z.strictObject({ id: z.string(), startedAt: timestamp.nullable() }).nullable(),
      }),
      development: z.boolean(),
    }),
  ),
  shape(
    'snapshotted',
    z.strictObject({
      modelDigest: digest,
      signatureDigest: digest.nullable(),
      files: z.int(),
      sizeBytes: z.int(),
    }),
  ),
  shape('check-completed', z.strictObject({ attempt: z.int(), report: checkReport })),
  shape('blocked', z.strictObject({ checks: z.array(checkName), until: timestamp.nullable() })),
  shape('checks-reopened', z.strictObject({ checks: z.array(checkName) })),
  shape(
    'sign-off-asked',
    z.strictObject({
      seats: z.array(z.strictObject({ decisionDigest: digest, slice: decisionSlice })),
    }),
  ),
  shape('signed-off', z.strictObject({ ...signOffBody.shape, level: assuranceLevel, ...proof })),
  shape(
    'sign-off-voided',
    z.strictObject({ person: personId, seat: slug, was: digest, now: digest.nullable(), changes }),
  ),
  shape('waived', z.strictObject({ ...waiverBody.shape, ...proof })),
  shape('accepted', z.strictObject({ ...acceptanceBody.shape, ...proof })),
  shape('withdrawn', z.strictObject({ ...withdrawalBody.shape, ...proof })),
  shape('rerun-requested', z.strictObject({ ...rerunBody.shape, ...proof })),
  shape('governance-observed', z.strictObject({ rules, membership })),
  shape('champion-observed', z.strictObject({ champion })),
  shape(
    'release-ready',
    z.strictObject({
      /** Who fills which seat, as the matching assigned them. */
      seats: z.array(
        z.strictObject({
          seat: slug,
          team: slug.nullable(),
          person: personId,
          decisionDigest: digest,
        }),
      ),
    }),
  ),
  shape('release-started', z.strictObject({ attempt: z.int() })),
  shape('release-stopped', z.strictObject({ attempt: z.int(), why: z.string().max(300) })),
  shape(
    'promoted',
    z.strictObject({
      from: versionName.nullable(),
      to: versionName,
      modelDigest: digest,
      /** Where the alias stream holds the outcome. */
      aliasSeq: z.int(),
      approvedUntil: timestamp,
    }),
  ),
  shape('rejected', z.strictObject({ seat: slug, person: personId })),
  shape('failed', z.strictObject({ code: z.string().max(60), detail: z.string().max(500) })),
  shape('expired', z.strictObject({ clock: z.enum(['decide', 'use']) })),
  shape('cancelled', z.strictObject({ ...cancelBody.shape, ...proof })),
  shape(
    'refused',
    z.strictObject({
      act,
      code: z.string().max(60),
      detail: z.string().max(500),
      nonce: z.string().max(128),
      bodyDigest: digest,
    }),
  ),
  /** The run before was terminated or broke; a new one went on from the log. */
  shape('run-revived', z.strictObject({})),
  /** How many refusals there were in all, once they are no longer recorded one by one. */
  shape('refusals-counted', z.strictObject({ count: z.int().min(1) })),
])

/** What happens to an alias: `alias:ENV:MODEL`. */
export const aliasEvent = z.discriminatedUnion('type', [
  shape(
    'alias-intended',
    z.strictObject({
      promotion: promotionId,
      from: versionName.nullable(),
      to: versionName,
      modelDigest: digest,
    }),
  ),
  shape(
    'alias-moved',
    z.strictObject({
      promotion: promotionId,
      from: versionName.nullable(),
      to: versionName,
      modelDigest: digest,
    }),
  ),
  /** The intent was given up; the alias points to `left`, as it did before. */
  shape(
    'alias-left',
    z.strictObject({
      promotion: promotionId,
      left: versionName.nullable(),
      why: z.string().max(300),
    }),
  ),
  /** Written only when the alias points elsewhere than at the observation before. */
  shape(
    'alias-observed',
    z.strictObject({ version: z.string().max(200).nullable(), diverged: z.boolean() }),
  ),
])

/** `governance`: which sets were seen. The set itself lies in the payload store, since it holds names. */
export const governanceEvent = shape(
  'governance-seen',
  z.strictObject({ digest, sequence: z.int(), set: digest }),
)

/** `outside:MODEL`: what others did, with the source that told us. */
export const outsideEvent = z.discriminatedUnion('type', [
  shape(
    'training-run-started',
    z.strictObject({ source: z.string(), run: z.string().max(200), startedAt: timestamp }),
  ),
  shape(
    'version-created',
    z.strictObject({ source: z.string(), version: z.string().max(200), createdAt: timestamp }),
  ),
])

export type PromotionEvent = z.infer<typeof promotionEvent>
export type PromotionEventType = PromotionEvent['type']
export type AliasEvent = z.infer<typeof aliasEvent>
export type GovernanceEvent = z.infer<typeof governanceEvent>
export type OutsideEvent = z.infer<typeof outsideEvent>
export type DecisionSlice = z.infer<typeof decisionSlice>
