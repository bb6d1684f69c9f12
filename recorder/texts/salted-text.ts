import { z } from 'zod'
import { canonicalJson, digestOf, type Digest } from '../../src/domain/canonical.js'
import type { SaltedText } from '../event-log.js'
import { parseOrRefuse } from '../event-rules.js'

export const maxTextBytes = 1024 * 1024

export const saltedText = z.strictObject({
  salt: z
    .string()
    .regex(/^(?:[0-9a-f]{2}){16,64}$/, 'must be 16 to 64 bytes in lower-case hexadecimal'),
  text: z
    .string()
    .refine((text) => !/\p{Surrogate}/u.test(text), 'must not hold lone surrogates')
    .refine(
      (text) => Buffer.byteLength(text) <= maxTextBytes,
      `must be at most ${maxTextBytes} bytes of UTF-8`,
    ),
})

/** A text as it is stored and hashed. */
export interface SealedText {
  readonly line: string
  readonly digest: Digest
}

/** @throws PromotionError `MALFORMED` */
export function sealText(record: SaltedText): SealedText {
  const { salt, text } = parseOrRefuse(saltedText, record, 'text')
  const line = canonicalJson({ salt, text })
  return { line, digest: digestOf(line) }
}
