import { z } from '@hono/zod-openapi'
import { digestText, orNull, personView, wordsView } from './common.js'
import {
  aliasView,
  blocker,
  checkView,
  decisionView,
  findingView,
  outcomeView,
  stateName,
} from './views.js'

export const opened = z
  .strictObject({
    id: z.string(),
    model: z.string(),
    version: z.string(),
    environment: z.string(),
    tier: z.string(),
    policy: z.string(),
    requestedAt: z.string(),
    href: z.string(),
  })
  .openapi('PromotionOpened')

export const stored = z.strictObject({ digest: digestText }).openapi('Stored')

export const acted = z
  .strictObject({
    promotion: z.string(),
    state: stateName,
    /** What is still missing before the alias moves. */
    blockedBy: z.array(blocker),
  })
  .openapi('Acted')

export const inboxItem = z
  .strictObject({
    promotion: z.string(),
    model: z.string(),
    version: z.string(),
    environment: z.string(),
    task: z.enum(['sign-off', 'review', 'mend']),
    seat: z.string().nullable(),
    decisionDigest: z.string().nullable(),
    requestedBy: personView,
    since: z.string(),
    deadline: z.string().nullable(),
    href: z.string(),
  })
  .openapi('InboxItem')

export const inbox = z.strictObject({ items: z.array(inboxItem) }).openapi('Inbox')

export const why = z
  .strictObject({
    model: z.string(),
    environment: z.string(),
    /** What the last promotion put there; null where none did. */
    live: z
      .strictObject({
        version: z.string(),
        modelDigest: z.string(),
        promotion: z.string(),
        since: z.string(),
      })
      .nullable(),
    observation: orNull(aliasView),
    /** True where the alias points elsewhere than our records say. */
    diverged: z.boolean(),
    /** A promotion that is moving the alias right now. */
    moving: z.string().nullable(),
    trail: z
      .strictObject({
        promotion: z.string(),
        requestedBy: personView,
        sponsor: orNull(personView),
        requestedAt: z.string(),
        reason: wordsView,
        tier: z.string(),
        policy: z.string(),
        checks: z.array(checkView),
        decisions: z.array(decisionView),
        approvedUntil: z.string().nullable(),
        trainingRun: z
          .strictObject({ id: z.string(), startedAt: z.string().nullable() })
          .nullable(),
        versionCreatedAt: z.string().nullable(),
        registry: z.string(),
        development: z.boolean(),
      })
      .nullable(),
  })
  .openapi('Why')

export const rebuilt = z
  .strictObject({
    events: z.int(),
    promotions: z.int(),
    aside: z.int(),
    before: z.string(),
    after: z.string(),
    isEqual: z.boolean(),
  })
  .openapi('Rebuilt')

export const whoami = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    kind: z.enum(['person', 'machine']),
    scopes: z.array(z.enum(['request', 'sign', 'operate', 'audit', 'govern'])),
    sponsor: z.string().nullable(),
    installation: z.string(),
    development: z.boolean(),
  })
  .openapi('WhoAmI')

export const checkAnswer = z
  .strictObject({
    check: checkView,
    /** The canonical result, as the evidence store holds it; its RFC 8785 form has the digest. */
    result: z
      .strictObject({
        v: z.string(),
        check: z.string(),
        outcome: outcomeView,
        engine: z.strictObject({ name: z.string(), version: z.string() }),
        clauseDigest: z.string(),
        modelDigest: z.string(),
        inputs: z.record(z.string(), z.string()),
        findings: z.array(
          findingView.omit({ waived: true }).extend({
            what: z.string(),
            where: z.string().nullable(),
            why: z.string(),
            remedy: z.string(),
          }),
        ),
        result: z.unknown(),
      })
      .nullable(),
  })
  .openapi('CheckReport')

export const health = z.strictObject({ ok: z.literal(true) }).openapi('Health')

export const readiness = z
  .strictObject({
    ready: z.boolean(),
    parts: z.array(
      z.strictObject({ name: z.string(), ready: z.boolean(), detail: z.string().nullable() }),
    ),
  })
  .openapi('Readiness')

export type Opened = z.output<typeof opened>
export type Acted = z.output<typeof acted>
export type InboxItem = z.output<typeof inboxItem>
export type Why = z.output<typeof why>
