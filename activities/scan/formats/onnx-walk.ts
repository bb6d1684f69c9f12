import type { Cursor } from '../cursor.js'
import { Malformed } from '../verdict.js'
import { onnxSchema, type FieldRule, type MessageName } from './onnx-schema.js'
import { headerBytes, readEnd, readHeader, readString, readVarint } from './protobuf.js'

/** Protobuf's own limit: a reader that goes deeper can be made to overflow its stack. */
const deepest = 100
const mostFields = 100_000_000
const wires = new Map([
  ['int', [0]],
  ['ints', [0, 2]],
  ['float', [5]],
  ['floats', [5, 2]],
  ['double', [1]],
  ['doubles', [1, 2]],
])

/** Bytes of one packed number where all are alike. */
const packedWidths: ReadonlyMap<string, number> = new Map([
  ['floats', 4],
  ['doubles', 8],
])

/** What one message held, by the names of the schema; the bytes of its tensors only by their number. */
export interface Seen {
  readonly texts: Map<string, string>
  readonly numbers: Map<string, number | bigint>
  readonly dims: (number | bigint)[]
  /** How often each field stood there. */
  readonly counts: Map<string, number>
  readonly sizes: Map<string, number>
  /** Key and value of each `external` entry of a tensor. */
  readonly external: (readonly [string, string])[]
  readonly at: number
}

export interface Walk {
  readonly cursor: Cursor
  readonly visit: (message: MessageName, seen: Seen) => void
  fields: number
}

function createSeen(at: number): Seen {
  const [texts, numbers] = [new Map<string, string>(), new Map<string, number | bigint>()]
  const [counts, sizes] = [new Map<string, number>(), new Map<string, number>()]
  return { texts, numbers, counts, sizes, dims: [], external: [], at }
}

function count(walk: Walk, seen: Seen, rule: FieldRule, wire: number, at: number): void {
  walk.fields += 1
  if (walk.fields > mostFields) throw new Malformed(`more than ${mostFields} fields`, at)
  const times = (seen.counts.get(rule.name) ?? 0) + 1
  if (rule.once && times > 1) throw new Malformed(`field "${rule.name}" stands there twice`, at)
  seen.counts.set(rule.name, times)
  if (!(wires.get(rule.kind) ?? [2]).includes(wire)) {
    throw new Malformed(`field "${rule.name}" has the wrong wire type ${wire}`, at)
  }
}

function keepNumber(seen: Seen, rule: FieldRule, value: number | bigint): void {
  if (rule.once) seen.numbers.set(rule.name, value)
  if (rule.name !== 'dims') return
  if (seen.dims.length >= 1024)
    throw new Malformed('a tensor has more than 1024 dimensions', seen.at)
  seen.dims.push(value)
}

function readScalar(walk: Walk, seen: Seen, rule: FieldRule, wire: number): void {
  const { cursor } = walk
  if (wire === 0) keepNumber(seen, rule, readVarint(cursor))
  else cursor.seek(cursor.position() + (wire === 5 ? 4 : 8))
}

async function readPacked(walk: Walk, seen: Seen, rule: FieldRule, end: number): Promise<void> {
  const { cursor } = walk
  const width = packedWidths.get(rule.kind)
  if (width !== undefined) {
    const length = end - cursor.position()
    if (length % width !== 0)
      throw new Malformed('packed numbers end in the middle of one', seen.at)
    cursor.seek(end)
    return
  }
  while (cursor.position() < end) {
    if (!cursor.has(headerBytes)) await cursor.need(headerBytes)
    keepNumber(seen, rule, readVarint(cursor))
  }
}

async function readChild(walk: Walk, seen: Seen, rule: FieldRule, limits: Limits): Promise<void> {
  const child = await walkMessage(walk, rule.message ?? 'Entry', limits.end, limits.depth + 1)
  if (rule.name !== 'external') return
  seen.external.push([child.texts.get('key') ?? '', child.texts.get('value') ?? ''])
}

interface Limits {
  readonly end: number
  readonly depth: number
}

async function readDelimited(
  walk: Walk,
  seen: Seen,
  rule: FieldRule,
  limits: Limits,
): Promise<void> {
  const { cursor } = walk
  const end = readEnd(cursor, limits.end)
  if (rule.kind === 'message') await readChild(walk, seen, rule, { ...limits, end })
  else if (rule.kind === 'string' || rule.kind === 'strings') {
    const text = await readString(cursor, end)
    if (rule.once) seen.texts.set(rule.name, text)
  } else if (rule.kind === 'bytes' || rule.kind === 'blobs') {
    seen.sizes.set(rule.name, end - cursor.position())
    cursor.seek(end)
  } else await readPacked(walk, seen, rule, end)
}

/**
 * Walks one message to its last byte and calls `visit` for it and for every message inside it, inner ones first.
 * Skips the bytes of tensors.
 *
 * @throws Malformed
 */
export async function walkMessage(
  walk: Walk,
  message: MessageName,
  end: number,
  depth = 0,
): Promise<Seen> {
  const { cursor } = walk
  const rules = onnxSchema.get(message)
  const seen = createSeen(cursor.position())
  if (depth > deepest) throw new Malformed(`deeper than ${deepest} messages`, seen.at)
  while (cursor.position() < end) {
    if (!cursor.has(headerBytes)) await cursor.need(headerBytes)
    const at = cursor.position()
    const { number, wire } = readHeader(cursor)
    const rule = rules?.get(number)
    if (!rule) throw new Malformed(`ONNX's ${message} has no field ${number}`, at)
    count(walk, seen, rule, wire, at)
    if (wire === 2) await readDelimited(walk, seen, rule, { end, depth })
    else readScalar(walk, seen, rule, wire)
  }
  if (cursor.position() !== end)
    throw new Malformed(`a ${message} ends in the middle of a value`, end)
  walk.visit(message, seen)
  return seen
}
