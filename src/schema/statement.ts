import { z } from 'zod'
import {
  digest,
  environmentName,
  installationId,
  modelName,
  nonce,
  personId,
  promotionId,
  slug,
  timestamp,
  versionName,
} from './ids.js'

/** What a person can do to a promotion. Each travels as a signed statement. */
export const act = z.enum([
  'request',
  'sign-off',
  'waiver',
  'acceptance',
  'withdrawal',
  'cancel',
  'rerun',
  'adopt',
  'stop',
  'revoke',
  'rollback',
  'break-glass',
  'ratification',
])

export const verdict = z.enum(['approve', 'reject'])

/** How sure we are that the person did it: the API checked a token, their own key signed, or their passkey did. */
export const assuranceLevel = z.enum(['authenticated', 'signed', 'passkey'])

/** Digest of the salted text in the payload store; the text itself never travels with a statement. */
const reason = digest

export const checkName = z.enum(['provenance', 'scan', 'evaluation'])

export const requestBody = z.strictObject({
  model: modelName,
  version: versionName,
  environment: environmentName,
  reason,
  /** The human for whom a machine identity asks. */
  sponsor: personId.nullable(),
})

export const signOffBody = z.strictObject({
  seat: slug,
  decisionDigest: digest,
  verdict,
  reason,
  conditions: digest.nullable(),
})

export const waiverBody = z.strictObject({
  check: checkName,
  finding: z
    .string()
    .min(1)
    .max(200)
    .regex(/^[^\p{C}]+$/u, 'must not hold control or bidirectional characters'),
  modelDigest: digest,
  until: timestamp,
  reason,
})

export const acceptanceBody = z.strictObject({
  check: checkName,
  resultDigest: digest,
  until: timestamp,
  reason,
})

export const withdrawalBody = z.strictObject({ seat: slug, reason })
export const cancelBody = z.strictObject({ reason })
export const rerunBody = z.strictObject({ check: checkName, reason })

/** What a person says, before it is signed. RFC 8785 of it is the payload of a DSSE envelope. */
export const statement = z.strictObject({
  v: z.literal('countersign-statement/1'),
  installation: installationId,
  promotion: promotionId,
  act,
  bodyDigest: digest,
  person: personId,
  nonce,
  issued: timestamp,
  notAfter: timestamp,
  /** Present, and true, on everything that was said under the development identity. */
  development: z.literal(true).optional(),
})

/** A DSSE envelope (https://github.com/secure-systems-lab/dsse) with exactly one signature; `payload` and `sig` are base64. */
export const envelope = z.strictObject({
  payloadType: z.string().min(1).max(200),
  payload: z.base64().max(200_000),
  signatures: z
    .array(z.strictObject({ keyid: z.string().max(200), sig: z.base64().max(2000) }))
    .length(1),
})

/** The payload type under which a statement is signed. */
export const statementPayloadType = 'application/vnd.countersign.statement+json'

/**
 * A statement with its signature. The signed bytes are the DSSE pre-authentication encoding of RFC 8785 of `statement`
 * under `statementPayloadType`, so the envelope can be rebuilt from this at any time.
 * `keyid` tells whose key it is: `api:` and 16 hexadecimal digits for an installation, `person:` and 16 for a person.
 */
export const signedStatement = z.strictObject({
  statement,
  signature: z.strictObject({
    keyid: z.string().regex(/^(api|person):[0-9a-f]{16}$/),
    sig: z.base64().max(2000),
  }),
})

/** An act as it is sent to the workflow: the body, and the signed statement that holds its digest. */
export const actCommand = z.discriminatedUnion('act', [
  z.strictObject({ act: z.literal('sign-off'), body: signOffBody, signed: signedStatement }),
  z.strictObject({ act: z.literal('waiver'), body: waiverBody, signed: signedStatement }),
  z.strictObject({ act: z.literal('acceptance'), body: acceptanceBody, signed: signedStatement }),
  z.strictObject({ act: z.literal('withdrawal'), body: withdrawalBody, signed: signedStatement }),
  z.strictObject({ act: z.literal('cancel'), body: cancelBody, signed: signedStatement }),
  z.strictObject({ act: z.literal('rerun'), body: rerunBody, signed: signedStatement }),
])

/** What starts a promotion: the request and the statement that proves it. */
export const promotionRequest = z.strictObject({
  body: requestBody,
  signed: signedStatement,
})

export type Act = z.infer<typeof act>
export type Verdict = z.infer<typeof verdict>
export type AssuranceLevel = z.infer<typeof assuranceLevel>
export type CheckName = z.infer<typeof checkName>
export type Statement = z.infer<typeof statement>
export type Envelope = z.infer<typeof envelope>
export type SignedStatement = z.infer<typeof signedStatement>
export type ActCommand = z.infer<typeof actCommand>
export type PromotionRequest = z.infer<typeof promotionRequest>
export type RequestBody = z.infer<typeof requestBody>
