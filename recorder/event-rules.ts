import { z } from 'zod'
import { canonicalJson } from '../src/domain/canonical.js'
import { PromotionError } from '../src/domain/errors.js'
import { personId, slug, timestamp } from '../src/schema/ids.js'
import type { NewEvent } from './event-log.js'
import { isJsonObject, maxDepth } from './json-value.js'

/** The size of one event's body as canonical JSON, in bytes. */
export const maxBodyBytes = 64 * 1024
export const maxEventsPerAppend = 100

/** A kind, and after a colon what it is about: `alias:production:diabetes-risk`, `governance`. */
export const streamName = z
  .string()
  .regex(
    /^(promotion|alias|approval|governance|outside|installation)(:[^\p{C}]{1,300})?$/u,
    'must be promotion, alias, approval, governance, outside or installation, and may go on with : and 1 to 300 visible characters',
  )

const body = z
  .custom<NewEvent['body']>(
    isJsonObject,
    `must be a JSON object of at most ${maxDepth} levels without lone surrogates`,
  )
  .refine(
    (value) => Buffer.byteLength(canonicalJson(value)) <= maxBodyBytes,
    `must be at most ${maxBodyBytes} bytes of canonical JSON; store what is larger by digest`,
  )

export const newEvent = z.strictObject({
  type: slug,
  at: timestamp,
  person: personId.nullable(),
  body,
})

/** What one append asks for. */
export const appendRequest = z.strictObject({
  stream: streamName,
  expectedSeq: z.int().min(0),
  events: z.array(newEvent).min(1).max(maxEventsPerAppend),
})

export type AppendRequest = z.infer<typeof appendRequest>

/**
 * Checks a value against a schema and says in one line what was wrong with it.
 *
 * @throws PromotionError `MALFORMED` with the path of the first field at fault
 */
export function parseOrRefuse<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const field = issue?.path.join('.') ?? ''
  const place = field === '' ? what : `${what}: ${field}`
  throw new PromotionError('MALFORMED', `${place} ${issue?.message ?? 'is malformed'}`, { field })
}
