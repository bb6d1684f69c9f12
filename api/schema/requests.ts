import { z } from '@hono/zod-openapi'
import { installationId, nonce, personId } from '../../src/schema/ids.js'
import { act, verdict } from '../../src/schema/statement.js'
import {
  check,
  described,
  digestText,
  environment,
  model,
  moment,
  promotion,
  reason,
  seatName,
  version,
} from './common.js'

const statement = z
  .strictObject({
    v: z.literal('countersign-statement/1'),
    installation: described(installationId, { pattern: '^ins_[0-9a-z]{8,40}$' }),
    promotion,
    act,
    bodyDigest: digestText,
    person: personId,
    nonce,
    issued: moment,
    notAfter: moment,
    development: z.literal(true).optional(),
  })
  .openapi('Statement')

const signature = z.strictObject({
  keyid: z.string().regex(/^person:[0-9a-f]{16}$/),
  sig: z
    .string()
    .max(2000)
    .regex(/^[A-Za-z0-9+/]+={0,2}$/),
})

const salt = z.string().regex(/^([0-9a-f]{2}){16,64}$/)

/** Level `signed`: all three or none. The API makes and signs the statement itself where they are left out. */
const proof = {
  statement: statement.optional(),
  signature: signature.optional(),
  /** The salt with which the reason was hashed, in hexadecimal. */
  reasonSalt: salt.optional(),
}

export const requestPromotion = z
  .strictObject({
    model,
    version,
    environment: environment.default('production'),
    reason,
    ...proof,
  })
  .openapi('RequestPromotion')

export const signOff = z
  .strictObject({ seat: seatName, decisionDigest: digestText, verdict, reason, ...proof })
  .openapi('SignOff')

export const waiver = z
  .strictObject({
    check,
    finding: z
      .string()
      .regex(/^[^\p{C}]{1,200}$/u)
      .openapi({ pattern: '^[ -~]{1,200}$', example: 'scan/format:model.joblib' }),
    modelDigest: digestText,
    until: moment,
    reason,
    ...proof,
  })
  .openapi('Waiver')

export const acceptance = z
  .strictObject({ check, resultDigest: digestText, until: moment, reason, ...proof })
  .openapi('Acceptance')

export const withdrawal = z.strictObject({ seat: seatName, reason, ...proof }).openapi('Withdrawal')

export const reasonOnly = z.strictObject({ reason, ...proof }).openapi('Reason')

/** The words behind a digest that somebody sends to Temporal by themselves. */
export const storedReason = z.strictObject({ reason, reasonSalt: salt }).openapi('StoredReason')

export type ProofGiven = Pick<z.output<typeof reasonOnly>, 'statement' | 'signature' | 'reasonSalt'>
