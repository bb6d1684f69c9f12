import { z } from '@hono/zod-openapi'
import {
  digest,
  environmentName,
  modelName,
  nonce,
  promotionId,
  reasonText,
  slug,
  timestamp,
  versionName,
} from '../../src/schema/ids.js'
import { checkName } from '../../src/schema/statement.js'
import { errorCodes } from '../../src/domain/errors.js'

/**
 * A shape of src/schema with what the OpenAPI document says of it. It is cloned, since it may have been made before
 * the shapes learnt to describe themselves.
 */
export function described<S extends z.ZodType>(
  schema: S,
  words: { readonly pattern?: string; readonly description?: string; readonly example?: string },
): S {
  return schema.clone().openapi(words)
}

/** The shapes of src/schema as the OpenAPI document says them. */
export const model = described(modelName, {
  pattern: '^[A-Za-z0-9_-]([A-Za-z0-9 ._-]{0,126}[A-Za-z0-9_-])?$',
  description: 'As the registry names it; letters of every script are allowed',
  example: 'diabetes-risk',
})
export const version = described(versionName, { example: '1' })
export const environment = described(environmentName, { example: 'production' })
export const digestText = described(digest, {
  pattern: '^sha256:[0-9a-f]{64}$',
  example: `sha256:${'0'.repeat(64)}`,
})
export const promotion = described(promotionId, {
  pattern: '^prm_[0-9a-f]{32}$',
  example: `prm_${'0'.repeat(32)}`,
})
export const seatName = described(slug, { example: 'model-risk' })
export const check = described(checkName, { example: 'scan' })
export const moment = described(timestamp, {
  pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$',
  example: '2026-11-22T20:29:00.000Z',
})
export const reason = described(reasonText, {
  pattern: '^[!-~]([ -~]{0,1998}[!-~])?$',
  description: 'In your own words; letters of every script and line breaks are allowed',
  example: 'The figures are good in every group.',
})

/** Out of `components`, so that one page of the document explains it. */
export const idempotencyKey = described(nonce, {
  description: 'Chosen by you; the same key again gets the same answer and does nothing twice',
  example: '7d1c0f6e-promote-1',
})

export const idempotencyHeaders = z.object({ 'idempotency-key': idempotencyKey })

export const problemShape = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(errorCodes),
    field: z.string().optional(),
    remedy: z.string().optional(),
    instance: z.string().optional(),
    changes: z.array(z.string()).optional(),
    promotion: z.string().optional(),
  })
  .openapi('Problem', { description: 'RFC 9457, with a stable code' })

export const personView = z
  .strictObject({ id: z.string(), name: z.string().nullable() })
  .openapi('Person', {
    description: 'A pseudonymous id, and the name that the owners file gives it now',
  })

export const wordsView = z
  .strictObject({
    digest: z.string(),
    text: z.string().nullable(),
    state: z.enum(['present', 'erased', 'unknown']),
  })
  .openapi('Words', { description: 'What a person wrote; its digest stays when it is erased' })

/** A named shape or null. (`nullable()` would ask the document for both at once.) */
export function orNull<S extends z.ZodType>(schema: S) {
  return z.union([schema, z.null()])
}
