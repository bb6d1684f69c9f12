import { PromotionError } from '../../src/domain/errors.js'
import { timestamp, type Timestamp } from '../../src/schema/ids.js'

/** Values that came from outside are read through these: a field is what it claims to be, or it is not there. */
export type Fields = ReadonlyMap<string, unknown>

/** The members of a JSON object (a Map, so that no name can reach a prototype); null for anything else. */
export function fieldsOf(value: unknown): Fields | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  return new Map(Object.entries(value))
}

export function listOf(value: unknown): readonly unknown[] | null {
  return Array.isArray(value) ? value : null
}

export function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

/** A whole number, also where protocol buffers wrote a 64-bit one as text; null where it is no safe integer. */
export function wholeNumberOf(value: unknown): number | null {
  const number = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : null
}

export function timestampOf(value: unknown): Timestamp | null {
  const parsed = timestamp.safeParse(value)
  return parsed.success ? parsed.data : null
}

/** @param value ms since the Unix epoch; null for anything that no clock of ours could have written */
export function timestampOfMs(value: unknown): Timestamp | null {
  const ms = wholeNumberOf(value)
  const latestMs = Date.UTC(9999, 11, 31)
  return ms === null || ms === 0 || ms > latestMs ? null : new Date(ms).toISOString()
}

/** @throws PromotionError `REGISTRY_UNAVAILABLE` where the text is not JSON */
export function parseRegistryJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new PromotionError('REGISTRY_UNAVAILABLE', `${what} is not JSON`, {}, { cause })
  }
}
