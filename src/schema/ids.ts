import { z } from 'zod'

/** Refuses control, format (bidirectional), private-use, unassigned and line-separating characters. */
const plainText = /^[^\p{C}\p{Zl}\p{Zp}]*$/u

/** A name as a registry gives it: no path separators, no colon, no character that a reader cannot see. */
export const modelName = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[^\p{C}\p{Zl}\p{Zp}/\\:]+$/u, 'must not hold / \\ : or a control or invisible character')
  .refine((name) => name.trim() === name, 'must not begin or end with a space')
  .refine((name) => name !== '.' && name !== '..', 'must not be . or ..')
  .refine((name) => name.normalize('NFC') === name, 'must be in Unicode normal form NFC')

export const versionName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'must be 1 to 64 of A-Z a-z 0-9 . _ -')

export const environmentName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be 1 to 32 of a-z 0-9 -, beginning with a letter')

export const digest = z.templateLiteral(['sha256:', z.string().regex(/^[0-9a-f]{64}$/)])

export const hexSha256 = z.string().regex(/^[0-9a-f]{64}$/)

export const promotionId = z.templateLiteral(['prm_', z.string().regex(/^[0-9a-f]{32}$/)])

export const installationId = z.templateLiteral(['ins_', z.string().regex(/^[0-9a-z]{8,40}$/)])

/** The one pseudonymous id of a person or a machine identity; the owners file gives it, and only that file knows who it is. */
export const personId = z.string().regex(/^(per|mac)_[0-9a-z]{4,40}$/, 'must look like per_4f7a21')

/** A short machine-readable name: a team, a seat, a policy, a key. */
export const slug = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9-]{0,63}$/,
    'must be 1 to 64 of a-z 0-9 -, beginning with a letter or digit',
  )

/** What a client chooses so that a repeat is recognised: 8 to 128 visible ASCII characters. */
export const nonce = z
  .string()
  .regex(/^[\x21-\x7e]{8,128}$/, 'must be 8 to 128 visible ASCII characters')

/** A moment, UTC, to the millisecond: `2026-11-22T20:29:00.000Z`. */
export const timestamp = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)

/** A reason in a person's words: visible text, 1 to 2,000 characters; line breaks and tabs are allowed. */
export const reasonText = z
  .string()
  .trim()
  .min(1)
  .max(2000)
  .refine(
    (text) => plainText.test(text.replaceAll(/[\n\r\t]/g, ' ')),
    'must not hold control or bidirectional characters',
  )

/** A single line that a person wrote: a name or a title. */
export const lineOfText = z
  .string()
  .min(1)
  .max(200)
  .regex(plainText, 'must not hold control or bidirectional characters')

export type PromotionId = z.infer<typeof promotionId>
export type PersonId = z.infer<typeof personId>
export type Timestamp = z.infer<typeof timestamp>
export type InstallationId = z.infer<typeof installationId>
