import { z } from 'zod'
import { errorCodes } from '../../src/domain/errors.js'
import { digest } from '../../src/schema/ids.js'
import type { NewEvent } from '../event-log.js'
import { isJson, isJsonObject } from '../json-value.js'
import type { Json } from '../../src/domain/canonical.js'
import { leafSchema } from '../log/sealed-event.js'

/** What the recorder answers, checked where it arrives. */
export const recordedEvent = z.object({
  position: z.int().min(0),
  leaf: leafSchema,
  salt: z.string(),
  body: z.custom<NewEvent['body']>(isJsonObject),
})

export const appendAnswer = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('appended'), events: z.array(recordedEvent) }),
  z.object({ kind: z.literal('conflict'), nextSeq: z.int() }),
])

export const streamAnswer = z.object({ events: z.array(recordedEvent) })
export const sizeAnswer = z.object({ size: z.int() })
export const digestAnswer = z.object({ digest })

export const textAnswer = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('present'), salt: z.string(), text: z.string() }),
  z.object({ kind: z.literal('erased') }),
  z.object({ kind: z.literal('unknown') }),
])

export const notesAnswer = z.object({
  notes: z.array(z.object({ key: z.string(), value: z.custom<Json>((value) => isJson(value)) })),
})

export const problem = z.object({
  code: z.enum(errorCodes),
  detail: z.string(),
  field: z.string().optional(),
  remedy: z.string().optional(),
})
