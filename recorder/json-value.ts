import type { Json } from '../src/domain/canonical.js'

/** How deeply a body may nest; deeper input is refused before anything recurses into it. */
export const maxDepth = 32

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Whether a value is plain JSON of bounded depth. Class instances (a Date, a Map) are not: they would be written as `{}`. */
export function isJson(value: unknown, depth = 0): value is Json {
  if (depth > maxDepth) return false
  if (value === null || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value === 'string') return !/\p{Surrogate}/u.test(value)
  if (typeof value !== 'object') return false
  if (Array.isArray(value)) return value.every((item) => isJson(item, depth + 1))
  return isPlainObject(value) && areMembers(value, depth)
}

function areMembers(value: object, depth: number): boolean {
  return Object.entries(value).every(
    ([key, member]) => isJson(key) && (member === undefined || isJson(member, depth + 1)),
  )
}

export function isJsonObject(
  value: unknown,
): value is { readonly [key: string]: Json | undefined } {
  return typeof value === 'object' && !Array.isArray(value) && value !== null && isJson(value)
}
