import { Malformed } from '../verdict.js'

/** A JSON value as read; objects have no prototype, so that no key is special. */
export type JsonValue =
  null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue }

export interface JsonLimits {
  readonly depth: number
  /** Most values in the whole text. */
  readonly values: number
}

interface Reader {
  readonly text: string
  readonly limits: JsonLimits
  at: number
  values: number
}

const defaults: JsonLimits = { depth: 64, values: 5_000_000 }
const blank = /[ \t\n\r]*/y
const numberText = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const words: readonly (readonly [string, JsonValue])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
]

function skipBlank(reader: Reader): void {
  blank.lastIndex = reader.at
  blank.test(reader.text)
  reader.at = blank.lastIndex
}

function match(reader: Reader, pattern: RegExp): string | null {
  pattern.lastIndex = reader.at
  const found = pattern.exec(reader.text)?.[0] ?? null
  if (found !== null) reader.at += found.length
  return found
}

/** Where the string that begins at `from` ends: a regular expression would overflow on a string of some megabytes. */
function stringEnd(text: string, from: number): number {
  let end = text.indexOf('"', from + 1)
  while (end >= 0) {
    let slashes = end
    while (text[slashes - 1] === '\\') slashes -= 1
    if ((end - slashes) % 2 === 0) return end + 1
    end = text.indexOf('"', end + 1)
  }
  throw new Malformed('a JSON string has no end', from)
}

function stringAt(reader: Reader): string {
  const from = reader.at
  if (reader.text[from] !== '"') throw new Malformed('a JSON string is expected', from)
  reader.at = stringEnd(reader.text, from)
  const value = parsedString(reader.text.slice(from, reader.at), from)
  if (/\p{Surrogate}/u.test(value))
    throw new Malformed('a JSON string holds half a character', from)
  return value
}

function parsedString(literal: string, from: number): string {
  try {
    return String(JSON.parse(literal))
  } catch {
    throw new Malformed('a JSON string holds a control character or an unknown escape', from)
  }
}

function expect(reader: Reader, mark: string): void {
  skipBlank(reader)
  if (reader.text[reader.at] !== mark) throw new Malformed(`"${mark}" is expected`, reader.at)
  reader.at += 1
}

/** Whether another member follows; takes the comma or the closing mark. */
function goesOn(reader: Reader, close: string): boolean {
  skipBlank(reader)
  const mark = reader.text[reader.at]
  if (mark !== ',' && mark !== close) {
    throw new Malformed(`"," or "${close}" is expected`, reader.at)
  }
  reader.at += 1
  return mark === ','
}

function isEmpty(reader: Reader, close: string): boolean {
  reader.at += 1
  skipBlank(reader)
  if (reader.text[reader.at] !== close) return false
  reader.at += 1
  return true
}

/** Without a prototype, so that `__proto__` is a key like any other. */
export function emptyObject(): { [key: string]: JsonValue } {
  const empty: { [key: string]: JsonValue } = { __proto__: null }
  return empty
}

function objectAt(reader: Reader, depth: number): JsonValue {
  const members = emptyObject()
  if (isEmpty(reader, '}')) return members
  do {
    skipBlank(reader)
    const from = reader.at
    const key = stringAt(reader)
    // Two readers disagree about which of two equal keys counts: one scans, the other loads.
    if (Object.hasOwn(members, key)) throw new Malformed('a key stands twice in one object', from)
    expect(reader, ':')
    members[key] = valueAt(reader, depth)
  } while (goesOn(reader, '}'))
  return members
}

function listAt(reader: Reader, depth: number): JsonValue {
  const items: JsonValue[] = []
  if (isEmpty(reader, ']')) return items
  do items.push(valueAt(reader, depth))
  while (goesOn(reader, ']'))
  return items
}

function scalarAt(reader: Reader): JsonValue {
  const word = words.find(([text]) => reader.text.startsWith(text, reader.at))
  if (word) {
    reader.at += word[0].length
    return word[1]
  }
  const from = reader.at
  const digits = match(reader, numberText)
  if (digits === null) throw new Malformed('a JSON value is expected', from)
  const value = Number(digits)
  if (!Number.isFinite(value)) throw new Malformed('a number is too large to be read', from)
  return value
}

function valueAt(reader: Reader, depth: number): JsonValue {
  skipBlank(reader)
  reader.values += 1
  if (reader.values > reader.limits.values) {
    throw new Malformed(`more than ${reader.limits.values} values`, reader.at)
  }
  const mark = reader.text[reader.at]
  if (mark === '"') return stringAt(reader)
  if (mark !== '{' && mark !== '[') return scalarAt(reader)
  if (depth >= reader.limits.depth) {
    throw new Malformed(`deeper than ${reader.limits.depth} levels`, reader.at)
  }
  return mark === '{' ? objectAt(reader, depth + 1) : listAt(reader, depth + 1)
}

/**
 * Reads RFC 8259 and nothing else: no key twice, no half character, no comment, no NaN, nothing after the value.
 * `JSON.parse` would keep the last of two equal keys without a word.
 *
 * @throws Malformed with the offset in characters
 */
export function parseStrictJson(text: string, limits: Partial<JsonLimits> = {}): JsonValue {
  const reader: Reader = { text, limits: { ...defaults, ...limits }, at: 0, values: 0 }
  const value = valueAt(reader, 0)
  skipBlank(reader)
  if (reader.at < text.length) throw new Malformed('something follows the JSON value', reader.at)
  return value
}

/** True for a JSON object: neither a list nor null. */
export function isJsonObject(value: JsonValue | undefined): value is { [key: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
