import { z } from 'zod'
import { canonicalJson, type Json } from '../src/domain/canonical.js'
import { PromotionError } from '../src/domain/errors.js'
import type { Notes } from './event-log.js'
import { maxBodyBytes, parseOrRefuse } from './event-rules.js'
import { isJson } from './json-value.js'

export const maxNotes = 10_000

export const note = z.strictObject({
  key: z.string().regex(/^[^\p{C}]{1,400}$/u, 'must be 1 to 400 visible characters'),
  value: z
    .custom<Json>((value) => isJson(value), 'must be JSON')
    .refine(
      (value) => Buffer.byteLength(canonicalJson(value)) <= maxBodyBytes,
      `must be at most ${maxBodyBytes} bytes of canonical JSON`,
    ),
})

/** Keeps notes in memory. @returns notes whose writes throw `MALFORMED`, and `LIMIT_REACHED` beyond 10,000 keys */
export function createNotes(): Notes {
  const kept = new Map<string, Json>()
  return {
    async putNote(key, value) {
      const parsed = parseOrRefuse(note, { key, value }, 'note')
      if (kept.size >= maxNotes && !kept.has(key)) {
        throw new PromotionError('LIMIT_REACHED', `${maxNotes} notes are kept already`)
      }
      kept.set(key, parsed.value)
    },
    async notes(prefix) {
      return [...kept]
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, value]) => ({ key, value }))
    },
  }
}
